"""The policy: what it says, whether anybody could satisfy it and the project keeps to it, and the examples that stand beside it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from tidemill.access.policy import examples as written
from tidemill.access.policy import policy_of
from tidemill.access.policy.examples import Tested
from tidemill.access.policy.held import known_in, read_now, text_of
from tidemill.access.policy.limits import Refusal, place_of_rule
from tidemill.access.policy.policy import Policy
from tidemill.access.policy.read import shipped
from tidemill.access.policy.rules import FILE
from tidemill.access.policy.satisfied import Person, unsatisfiable
from tidemill.errors import ConfigError, NotAttested, NotFound
from tidemill.model.allowed import learning, released, spending
from tidemill.release.signing.attested import unattested
from tidemill.scope.project import Project


@dataclass(frozen=True)
class KeyShown:
    """A key that signs for the project: the gate's, the approval's or a person's, and its fingerprint."""

    name: str
    fingerprint: str


@dataclass(frozen=True)
class PolicyShown:
    """``digest``: of the project's own file, "" where it has none; ``broken``: why that file, as it is now, is not what counts."""

    digest: str
    roles: dict[str, list[str]]  # role -> what it permits
    rules: list[str]  # of the project's own file
    keys: list[KeyShown]
    text: str  # of the file; where there is none, what comes with Tidemill
    broken: str = ""


@dataclass(frozen=True)
class Lack:
    """A rule that nobody could satisfy, or that the project does not keep to."""

    rule: str
    place: str
    message: str
    hint: str


@dataclass(frozen=True)
class Checked:
    """A policy that was looked at as its file says it now."""

    digest: str
    rules: list[str]
    lacks: list[Lack]


def show(project: Project) -> PolicyShown:
    """The policy that counts now."""
    found = policy_of(project)
    roles = {name: sorted(permissions) for name, permissions in found.roles.items()}
    broken = str(found.broken) if found.broken else ""
    return PolicyShown(found.digest, roles, list(found.own), _keys(project), found.text or shipped(), broken)


def check(project: Project) -> Checked:
    """The policy as its file says it at this moment: read anew, and what nobody could satisfy. Raises ConfigError."""
    found = read_now(project)
    return Checked(found.digest, list(found.own), list(lacks(project, found)))


def troubles(project: Project) -> list[Lack]:
    """What is not all right about the policy: its file cannot be read, or a rule cannot be satisfied or is not kept to."""
    try:
        found = policy_of(project).whole()
    except ConfigError as exc:
        return [Lack("", exc.place, exc.message, exc.hint or "tidemill policy check")]
    return list(lacks(project, found))


def test(project: Project) -> Tested:
    """Ask the policy, as its file says it, each example of policy_tests.toml. Raises ConfigError, and NotFound where there are none."""
    text = text_of(project.root / written.FILE, written.FILE)
    if text is None:
        hint = f'write one beside {FILE}: [[example]] roles = ["viewer"], verb = "release.start", expect = "refused"'
        raise NotFound("no examples", place=written.FILE, hint=hint)
    found, known = read_now(project), known_in(project)
    return written.judge_all(found, written.read(text, found, known))


def lacks(project: Project, policy: Policy) -> Iterator[Lack]:
    """The rules of this policy that nobody could satisfy as things are, and those that the project, as it is declared, does not keep to."""
    if policy.digest:
        yield from dict.fromkeys(map(_lack, _refused(project, policy)))
    for scope in project.endpoints.values() if policy.attestations else ():
        if (champion := scope.champion()) and (why := unattested(project, champion)) is not None:
            yield Lack(
                "attestation",
                why.place,
                f"{champion.model} serves, and no scorer would load it: {why.message}",
                why.hint,
            )


def _refused(project: Project, policy: Policy) -> Iterator[Refusal]:
    people = Person.among(project.store.principals.list())
    keys = [key.fingerprint for key in _keys(project)]
    yield from unsatisfiable(policy, known_in(project), people, keys)
    yield from policy.limits.kept(project.reached.keep)
    for scope in project.endpoints.values():
        yield from spending(scope, policy.limits)


def declared(project: Project) -> list[Lack]:
    """What the policy refuses of the models as the project declares them, and of those that serve: it reads contracts and bundles."""
    found, policy = list[Refusal](), policy_of(project)
    for scope in project.endpoints.values() if policy.digest else ():
        found += learning(scope.model, policy.limits)
        if champion := scope.champion():
            found += released(scope, project.store.models.get(champion.model), policy.limits)
    return list(dict.fromkeys(map(_lack, found)))


def _lack(one: Refusal) -> Lack:
    return Lack(one.rule, place_of_rule(one.rule), one.message, one.hint)


def _keys(project: Project) -> list[KeyShown]:
    """Those whose signatures count here: the project's, and those of its people."""
    from tidemill.release.signing.trust import NAMES, keyid, public_keys
    from tidemill.release.signing.votes import key_of

    try:
        own = public_keys(project)
    except NotAttested:
        return []
    people = [one for one in project.store.principals.list() if one.key and not one.disabled]
    theirs = list[KeyShown]()
    for one in people:
        with suppress(NotAttested):  # a key that the approval key has not signed signs for nobody
            theirs += [KeyShown(f"{one.name}'s", keyid(key))] if (key := key_of(project, one)) else []
    return [*(KeyShown(f"{name} key", keyid(getattr(own, name))) for name in NAMES), *theirs]
