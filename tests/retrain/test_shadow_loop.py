"""A candidate on which the real gates cannot decide, in the real loop: shadow, looks at pairs of real answers, release; killed and done again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.retrain.inline import InlineJobs
from tests.retrain.machines import Machines, opened
from tidemill.ops import releases as verbs
from tidemill.ops.status import status
from tidemill.release import pipeline, shadow
from tidemill.release.pipeline import release_candidate
from tidemill.release.shadow import shadow_of
from tidemill.retrain import looks, worker
from tidemill.retrain.loop import tick
from tidemill.store.records import Release
from tidemill.types import DAY


@pytest.fixture
def machines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Machines]:
    """A gate that sees next to nothing in its window, and a policy that retrains daily."""
    monkeypatch.setenv("TIDEMILL_HOME", str(tmp_path / "home"))
    real = pipeline.judge_all

    def blind(*given: Any) -> Any:
        results = real(*given)
        for result in results:
            if result["gate"] in ("refit", "method"):
                result |= {"passed": False, "verdict": "not_enough_data"}
                result["evidence"]["comparison"] |= {"gain": -0.001, "error": 0.2}
        return results

    for made in opened(tmp_path / "machines", "regress", "mae"):
        toml = made.project.root / "tidemill.toml"
        toml.write_text(
            toml.read_text().replace(
                'on = ["decay"]\ncooldown = "2 days"', 'on = [{ new_data = "1 rows" }]\ncooldown = "1 day"'
            )
        )
        reload(made)
        monkeypatch.setattr(pipeline, "judge_all", blind)
        yield made


def reload(machines: Machines) -> None:
    from tidemill.config.decode import load

    object.__setattr__(machines.project, "config", load(machines.project.root / "tidemill.toml"))
    for name in ("endpoints", "models", "datasets"):
        vars(machines.project).pop(name, None)


def in_shadow(machines: Machines) -> Release:
    """The next candidate is undecided; from then on the champion answers nonsense."""
    machines.play()
    release, champion = shadow_of(machines.project.endpoint()), machines.project.endpoint().champion()
    said = [(r.model, r.status, verbs.refused_by(machines.project, r)) for r in machines.project.store.releases.list()]
    assert release is not None and champion is not None, said
    machines.broken.add(champion.id)
    return release


def played(machines: Machines, release: Release, days: int = 5) -> Release:
    for _ in range(days):
        machines.play()
        found = machines.project.store.releases.get(release.id)
        if found.status != "shadow":
            break
    return found


@pytest.mark.nightly
def test_what_the_gate_cannot_decide_live_pairs_do(machines: Machines) -> None:
    release = in_shadow(machines)
    endpoint, store = machines.project.endpoint(), machines.project.store
    champion = endpoint.champion()
    assert champion is not None and champion.model == "model:machines@1"
    assert verbs.show(machines.project, release.id).pairs == 0
    assert next(p for p in status(machines.project, {}).parts if p.key == "release").code == "shadow"
    ended = played(machines, release)
    found = ended.evidence.shadow
    assert found is not None and (ended.status in ("champion", "superseded") and found.ended == "promoted"), found
    (look,) = found.looks
    assert look.pairs >= release.evidence.shadow.next and look.gain > 0.1  # type: ignore[union-attr]
    kinds = [e.kind for e in store.events.list() if e.subject == f"release:{release.id}"]
    assert (
        kinds[:2] == ["shadow", "look"]
        and "promoted" in kinds
        and "failed" not in [e.kind for e in store.events.list()]
    )
    answered = {p.release for p in machines.project.live.predictions.list(endpoint="machines", until=look.at)}
    assert release.id not in answered, "it never answered while it was in shadow"


@pytest.mark.nightly
def test_new_data_waits_for_a_shadow_and_an_alarm_does_not(machines: Machines) -> None:
    from tidemill.retrain.decide import Policy, decide

    release = in_shadow(machines)
    machines.play()
    decision = machines.project.store.decisions.list()[-1]
    assert (decision.action, decision.code) == ("none", "under_way+new_data")
    assert decision.evidence["under_way"] == {"model": release.model, "status": "shadow", "since": release.created}
    alarm = {"monitor": "decay", "at": decision.at, "since": decision.at, "what": ["worse"], "hurts": "yes"}
    told = {**decision.evidence, "alarms": [alarm], "fresh": True, "attempts": []}
    assert decide(Policy(decay=True, new_rows=1), told).action == "retrain"
    canary = {**told, "under_way": {**told["under_way"], "status": "canary"}}
    assert decide(Policy(decay=True, new_rows=1), canary).code == "under_way+decay+new_data"


NIGHTLY = pytest.mark.nightly


@pytest.mark.parametrize(
    "killed_in", ["the look's transaction", *(pytest.param(x, marks=NIGHTLY) for x in ("the pairs", "after it"))]
)
def test_killed_in_a_look_the_next_tick_ends_the_same(
    machines: Machines, monkeypatch: pytest.MonkeyPatch, killed_in: str
) -> None:
    class Killed(BaseException):
        pass

    def die(*args: Any, **more: Any) -> Any:
        raise Killed

    release = in_shadow(machines)
    project = machines.project
    real_look, real_begin = shadow.look, shadow.rollout.begin
    died = []

    def once(work: Any) -> Any:
        def dying(*args: Any, **more: Any) -> Any:
            made = work(*args, **more)
            if not died:
                died.append(True)
                raise Killed
            return made

        return dying

    place = {
        "the pairs": (looks, "pairs", looks.pairs),
        "the look's transaction": (shadow.rollout, "begin", real_begin),
        "after it": (shadow, "look", real_look),
    }
    where, name, real = place[killed_in]
    monkeypatch.setattr(where, name, once(real))
    with pytest.raises(Killed):
        for _ in range(5):
            machines.play()
    tick(project, InlineJobs(project))
    found = project.store.releases.get(release.id)
    dark = found.evidence.shadow
    assert dark is not None and (dark.ended, len(dark.looks)) == ("promoted", 1)
    assert found.status in ("champion", "superseded"), "a newer one may have followed in the same tick"
    own = [e.kind for e in project.store.events.list() if e.subject == f"release:{release.id}"]
    assert own.count("look") == own.count("promoted") == 1
    refits = [v.verdict for v in project.store.verdicts.list(model=release.model) if v.gate in ("refit", "method")]
    assert refits == ["not_enough_data", "promoted"]


@pytest.mark.nightly
def test_a_look_that_fails_is_told_once_and_holds_up_nothing(
    machines: Machines, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tidemill.errors import ModelError

    release = in_shadow(machines)

    def broken(*given: Any) -> Any:
        raise ModelError("it cannot be loaded")

    monkeypatch.setattr(worker.looks, "take", broken)
    while (events := machines.play()) is not None and not any(e.kind == "failed" for e in events):
        assert machines.day < 12
    (failed,) = [e for e in events if e.kind == "failed"]
    assert (failed.data["job"], failed.data["code"]) == ("look", "model")
    assert tick(machines.project, InlineJobs(machines.project)) == []
    assert machines.project.store.releases.get(release.id).status == "shadow"
    dark = release.evidence.shadow
    assert dark is not None
    machines.at(dark.until + machines.project.endpoint().monitor.reach + DAY)
    tick(machines.project, InlineJobs(machines.project))
    ended = machines.project.store.releases.get(release.id)
    assert ended.status == "refused", "its time is over: it would be looked at for ever, and nothing retrain"


@pytest.mark.nightly
def test_a_shadow_that_nobody_asks_ends_with_its_time(machines: Machines) -> None:
    release = in_shadow(machines)
    found = release.evidence.shadow
    assert found is not None and found.until == found.since + DAY
    machines.at(found.until + machines.project.endpoint().monitor.reach)
    tick(machines.project, InlineJobs(machines.project))
    ended = machines.project.store.releases.get(release.id)
    assert ended.evidence.shadow is not None
    assert (ended.status, ended.evidence.shadow.ended) == ("refused", "not_enough_data")


def baked(machines: Machines) -> Release:
    """The same bytes once more, released by hand past the gates: champion, and in its bake."""
    project = machines.project
    first = project.store.models.get("model:machines@1")
    project.store.models.add(replace(first, version=2))
    return release_candidate(project, "model:machines@2", override="to be watched")


@pytest.mark.nightly
@pytest.mark.parametrize("broken", [False, True])
def test_a_bake_is_judged_by_pairs(machines: Machines, broken: bool) -> None:
    """No rule looks at quality here: what is asked of the new champion is asked of the one before, too."""
    toml = machines.project.root / "tidemill.toml"
    quiet = toml.read_text().replace(', quality_drop = "30 %"', "").replace('{ new_data = "1 rows" }', '"drift"')
    toml.write_text(quiet)
    reload(machines)
    release = baked(machines)
    assert release.status == "champion" and release.evidence.bake_until == machines.start + 7 * DAY
    if broken:
        machines.broken.add(release.id)
    for _ in range(7):
        machines.play()
    found = machines.project.store.releases.get(release.id)
    if not broken:
        assert found.status == "champion" and found.evidence.bake is not None
        (pairs,) = [f for f in found.evidence.bake["findings"] if f["rule"].startswith("not worse")]
        assert pairs["figures"]["gain"] == 0 and pairs["figures"]["requests"] >= 4 * 96
        return
    (back,) = machines.project.store.events.list(kind="rolled_back")
    (finding,) = [f for f in back.data["findings"] if f["broken"]]
    assert finding["figures"]["gain"] < -0.1 and back.at <= machines.start - 3 * DAY
    champion = machines.project.endpoint().champion()
    assert champion is not None and champion.model == "model:machines@1"
