"""What somebody may do: one permission for each verb that reads or changes something, named noun.verb, and the scope that a token needs for it.

What is in no line here, nobody may: a route or a verb that names something else is no route and no verb.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Permission:
    """``scope``: what a token has to be good for; ``text``: what it lets somebody do, after "may"."""

    scope: str
    text: str


PERMISSIONS: dict[str, Permission] = {
    "project.read": Permission("read", "read the project's pages and records"),
    "session.own": Permission("read", "use a session of their own"),
    "metrics.read": Permission("read", "read the server's metrics"),
    "rows.read": Permission("read", "read rows of the data, those in quarantine too"),
    "person.read": Permission("read", "read what is kept of one person: predictions, traces, exports with subjects"),
    "predict": Permission("predict", "ask a model"),
    "feedback": Permission("feedback", "report outcomes"),
    "items.set": Permission("items", "say what is so of items"),
    "replay.clock": Permission("replay", "move the clock of a replay"),
    "server.refresh": Permission("operate", "have a server look at its stores anew"),
    "data.retry": Permission("operate", "have files read again"),
    "data.recall": Permission("operate", "recall a file or a column: what it changed, and without it"),
    "run.start": Permission("operate", "start a pipeline"),
    "run.resume": Permission("operate", "go on with a run"),
    "model.examine": Permission("operate", "examine a version: features, what it represents, rebuilds, causes"),
    "backtest.start": Permission("operate", "play the past again"),
    "release.start": Permission("operate", "start a release"),
    "release.override": Permission("operate", "pass the gates by hand"),
    "release.promote": Permission("operate", "promote to the next environment"),
    "release.approve": Permission("operate", "approve or reject a release"),
    "release.advance": Permission("operate", "look at a release now"),
    "release.pause": Permission("operate", "pause a release"),
    "release.resume": Permission("operate", "resume a release"),
    "release.halt": Permission("operate", "halt a release"),
    "release.rollback": Permission("operate", "roll a release back"),
    "experiment.start": Permission("operate", "start an experiment"),
    "experiment.stop": Permission("operate", "stop an experiment"),
    "alarm.close": Permission("operate", "close an alarm"),
    "inbox.read": Permission("read", "read what waits for them"),
    "approval.vote": Permission("operate", "say yes or no to what is asked"),
    "approval.ask": Permission("operate", "ask for an approval, and take the question back"),
    "comment.write": Permission("operate", "write comments"),
    "people.read": Permission("read", "read who the principals are"),
    "people.manage": Permission("operate", "make, change and disable principals"),
    "token.manage": Permission("operate", "make and revoke tokens"),
    "key.trust": Permission("operate", "trust the keys of a project"),
    "policy.read": Permission("read", "read the policy"),
    "ledger.read": Permission("read", "read the ledger"),
    "ledger.anchor": Permission("operate", "anchor the ledger's head"),
    "project.gc": Permission("operate", "remove what nothing needs"),
    "project.backup": Permission("operate", "make backups"),
    "project.move": Permission("operate", "move the project to other stores"),
    "subject.read": Permission("read", "read what is held of a subject"),
    "subject.request": Permission("operate", "take down what people ask for, and hold their data"),
    "subject.limit": Permission("operate", "limit what is done with a subject's data, and lift it"),
    "subject.rectify": Permission("operate", "correct a row of a subject"),
    "subject.contest": Permission("operate", "ask that a person decides on an answer"),
    "subject.erase": Permission("operate", "erase a subject"),
}
"""Every permission. Those of ``subject`` are for the rights of the people whom the data is about."""

EVERYBODY = frozenset({"session.own"})
"""What whoever is logged in may, in any role or none."""


def scope_of(permission: str) -> str:
    """The scope that it needs; of a whole scope itself."""
    return PERMISSIONS[permission].scope if permission in PERMISSIONS else permission


def text_of(permission: str) -> str:
    """What it lets somebody do, in words.

    >>> text_of("release.start"), text_of("operate")
    ('start a release', 'operate')
    """
    return PERMISSIONS[permission].text if permission in PERMISSIONS else permission


def matching(pattern: str) -> frozenset[str]:
    """The permissions that a pattern names: itself, all of a noun (``release.*``), or every one (``*``); none where nothing is called so.

    >>> sorted(matching("run.*")), matching("runs.*")
    (['run.resume', 'run.start'], frozenset())
    """
    if pattern == "*":
        return frozenset(PERMISSIONS)
    if pattern.endswith(".*"):
        return frozenset(name for name in PERMISSIONS if name.startswith(pattern[:-1]))
    return frozenset({pattern} & PERMISSIONS.keys())


def patterns() -> Iterable[str]:
    """What a role may list, for who misspelt one."""
    return [*PERMISSIONS, *dict.fromkeys(f"{name.partition('.')[0]}.*" for name in PERMISSIONS if "." in name), "*"]
