"""Every verb that changes something is given its caller, refuses one who may not, and writes who it was into its event."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import tidemill.ops
from tests.release.made import TOML, add_model, hold
from tidemill.access import principals
from tidemill.access.approvals.rule import Author, question
from tidemill.access.caller import Caller
from tidemill.access.policy import Rule, policy_of
from tidemill.access.tokens import SCOPES
from tidemill.data.ingest.refused import READER, Refused, remember
from tidemill.errors import Forbidden
from tidemill.ops import approvals, backup, by_hand, comments, data, experiments, gc, people, records, releases, tokens
from tidemill.scope.project import Project, open_project
from tidemill.store.people import Comment, Vote
from tidemill.store.records import Alarm, Event
from tidemill.testing import records as sample
from tidemill.types import DAY, HeldClock, named_id

ADA, NOBODY = Caller("ada", SCOPES, "cli"), Caller("eve", ("read",), "api")
NOW = 100 * DAY
THROUGH_A_PIPELINE = {
    "releases.start",
    "releases.promote",
    "runs.run_all",
    "runs.start",
    "runs.resume",
    "backtests.play",
    "auditions.hold",
}
THROUGH_A_PIPELINE |= {
    "batch.predict_active",
    "batch.predict_batch",
    "rebuilds.verify",
    "bisects.bisect",
    "recalls.look",
    "recalls.apply",  # follows such a run: tests/rights/recall/test_apply.py
    "recalls.whom_to_tell",
    "comparisons.explain",
    "features.make",
    "represents.make",
}
THROUGH_A_PIPELINE |= {
    "experiments.start",  # passes gates, as a release does: tests/experiment
    "items.set_items",  # each row says whose word it is: tests/serve/test_items.py
    "inbox.show",  # reads what waits for whoever asks: tests/ops/test_inbox.py
    "changes.since_last",  # notes when whoever asks looked: tests/ops/test_inbox.py
    "own_key.make",  # needs an account: tests/release/test_own_key.py
    "own_key.endorse",
    "approvals.statement",  # shows what is to be signed, to whoever may vote: tests/release/test_own_key.py
    "ledger.sign",  # is about what was done, and does nothing itself: tests/ledger/test_anchors.py
    "me.choose",  # they read, note who looked, or keep a page's view: tests/ops, tests/web
    "predictions.trace",
    "predictions.person",
    "predictions.look_at",
    "predictions.look_through",
    "people.ls",  # they read, or need an account: tests/ops/test_people.py
    "people.show",
    "people.whoami",
    "people.own_password",
    "people.log_out_everywhere",
    "tokens.callbacks",  # shows a key, to whoever may operate: tests/serve/test_callbacks.py
}
"""What these do is a run, or a play of the past: tests/release/test_pipeline.py looks at the events of a release, tests/backtest at plays."""

Do = Callable[[Project, Caller], Any]


def release(status: str, do: Callable[..., Any], **words: Any) -> Do:
    """Something done to the second release, which is in this state; the first is champion."""

    def done(project: Project, caller: Caller) -> None:
        (held,) = project.store.releases.list(endpoint="shop", status="held") or [project.store.releases.get("rel_2")]
        if held.status == "held" and status != "held":
            project.store.releases.update(held.id, status=status, started=NOW, stage_since=NOW)
        do(project, caller, held.id, **words)

    return done


def advance(project: Project, caller: Caller, release: str) -> None:
    project.clock.move(NOW + 100 * DAY)  # type: ignore[attr-defined]  # no request came: it is halted
    releases.advance(project, caller, release)


def revoke(project: Project, caller: Caller) -> None:
    tokens.add(project, ADA, "shop-front")
    tokens.revoke(project, caller, "shop-front")


def collect(project: Project, caller: Caller) -> None:
    project.artifacts.put(b"that nothing names")
    gc.collect(project, caller, grace=0.0)


def take_back(project: Project, caller: Caller) -> None:
    two = Rule("two", (), needed=2)
    project.store.approvals.add(question("release", "release:rel_2", two, Author(), {}, NOW))
    project.store.votes.add(
        Vote("vote_1", named_id("approval", "release", "release:rel_2"), "", "", "", True, "", NOW, "", who="ada")
    )
    approvals.take_back(project, caller, "rel_2")


def remove(project: Project, caller: Caller) -> None:
    project.store.comments.add(Comment("comment_1", "release:rel_2", "", NOW, "seen", who=caller.name))
    comments.remove(project, caller, "comment_1")


def person(do: Callable[..., Any], *more: Any, **changes: Any) -> Do:
    """Something done to Ann, who is not the only one here."""

    def done(project: Project, caller: Caller) -> None:
        def make(tx: Any) -> None:
            for name, role in (("root", "administrator"), ("ann", "viewer")):
                if project.store.principals.called(name, tx) is None:
                    principals.make(project.store, policy_of(project), name, [role], NOW, tx=tx)
            project.store.principals.update(principals.called(project.store, "ann", tx).id, tx, **changes)

        project.store.transact(make)
        do(project, caller, "ann", *more)

    return done


def close_alarm(project: Project, caller: Caller) -> None:
    alarm = Alarm("alm_1", "", "shop", "drift", "drift", None, NOW, NOW, NOW, ("country",), "no", False, {})
    project.store.alarms.add(alarm)
    records.close_alarm(project, caller, alarm.id, "looked")


def retry(project: Project, caller: Caller) -> None:
    bomb = Refused(file="b.csv", size=9, contract="c", message="it is no table", reader=READER)
    remember(project.store, "sales", {"sha256:b": bomb})
    data.retry(project, caller, "sales")


def resume(project: Project, caller: Caller, release: str) -> None:
    releases.pause(project, Caller.local(), release, "looked")
    releases.resume(project, caller, release, "seen")


def stop(project: Project, caller: Caller) -> None:
    project.store.experiments.add(
        sample.experiment(arms=("rel_1", "rel_2"), metric="recall@20", effect=0.05, alpha=0.05, settled="", verdict="")
    )
    experiments.stop(project, caller, "experiment_1", "looked")


VERBS: dict[str, tuple[str, Do]] = {
    "data.retry": ("retry", retry),
    "releases.approve": ("approved", release("held", releases.approve, reason="looked")),
    "releases.reject": ("rejected", release("held", releases.reject, reason="looked")),
    "by_hand.approve": ("approved", release("held", by_hand.approve, reason="looked")),
    "by_hand.reject": ("rejected", release("held", by_hand.reject, reason="looked")),
    "approvals.vote": ("approved", release("held", approvals.vote, yes=True, reason="looked")),
    "approvals.take_back": ("vote_taken_back", take_back),
    "by_hand.vote": ("approved", release("held", by_hand.vote, yes=True, reason="looked")),
    "comments.add": ("comment", lambda p, who: comments.add(p, who, "release:rel_2", "seen")),
    "comments.remove": ("comment_removed", remove),
    "by_hand.advance": ("halted", release("canary", by_hand.advance)),
    "releases.halt": ("halted", release("canary", releases.halt, reason="looked")),
    "releases.roll_back": ("rolled_back", release("canary", releases.roll_back, reason="looked")),
    "releases.pause": ("paused", release("canary", releases.pause, reason="looked")),
    "releases.resume": ("resumed", release("canary", resume)),
    "releases.advance": ("halted", release("canary", advance)),
    "releases.trust": ("trusted", lambda p, who: releases.trust(p, who, releases.keys(p).fingerprint)),
    "tokens.add": ("token_added", lambda p, who: tokens.add(p, who, "shop-front")),
    "tokens.revoke": ("token_revoked", revoke),
    "tokens.rotate_callbacks": ("callback_key_rotated", tokens.rotate_callbacks),
    "people.add": ("person_added", lambda p, who: people.add(p, who, "ann", ("viewer",))),
    "people.roles": ("roles_changed", person(people.roles, ("devops",))),
    "people.rename": ("person_renamed", person(people.rename, "ann.lee")),
    "people.disable": ("person_disabled", person(people.disable)),
    "people.enable": ("person_enabled", person(people.enable, disabled=NOW)),
    "people.password": ("password_changed", person(people.password, "nine tidy otters")),
    "people.log_out": ("logged_out_everywhere", person(people.log_out)),
    "gc.collect": ("collected", collect),
    "backup.make": ("backup_made", lambda p, who: backup.make(p, who, p.root.parent / "kept", verify=False)),
    "records.close_alarm": ("alarm_closed", close_alarm),
    "experiments.stop": ("experiment_ended", stop),
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two models, of which one is champion and one is held; its home is beside it."""
    base = tmp_path_factory.mktemp("made")
    (base / "shop").mkdir()
    (base / "shop/tidemill.toml").write_text(TOML)
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("TIDEMILL_HOME", str(base / "home"))
        with open_project(base / "shop", clock=HeldClock(NOW)) as project:
            first = hold(project, add_model(project, 1), "rel_1")
            project.store.releases.promote(first.id, NOW)
            hold(project, add_model(project, 2), "rel_2")
    return base


@pytest.fixture
def project(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    monkeypatch.setenv("TIDEMILL_HOME", str(tmp_path / "home"))
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    with open_project(tmp_path / "shop", clock=HeldClock(NOW)) as copied:
        yield copied


def acting() -> set[str]:
    """The verbs that are given a caller."""
    found = set()
    for module in pkgutil.iter_modules(tidemill.ops.__path__):
        loaded = importlib.import_module(f"tidemill.ops.{module.name}")
        for name, function in inspect.getmembers(loaded, inspect.isfunction):
            own = function.__module__ == loaded.__name__ and not name.startswith("_") and name != "act"
            if own and "caller" in inspect.signature(function).parameters:
                found.add(f"{module.name}.{name}")
    return found


def test_every_verb_that_acts_is_looked_at() -> None:
    assert acting() == set(VERBS) | THROUGH_A_PIPELINE


@pytest.mark.parametrize("verb", VERBS)
def test_the_event_says_who_it_was(project: Project, verb: str) -> None:
    kind, do = VERBS[verb]
    do(project, ADA)
    event: Event = project.store.events.list(kind=kind)[-1]
    assert event.principal == "ada"


@pytest.mark.parametrize("verb", VERBS)
def test_who_may_not_changes_nothing(project: Project, verb: str) -> None:
    kind, do = VERBS[verb]
    with pytest.raises(Forbidden):
        do(project, NOBODY)
    assert not project.store.events.list(kind=kind)
