"""A rollout that begins in shadow: asked what was asked live, by the real server apart; shown to nobody; judged, and let out or taken back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.release.made import sign
from tests.retrain.inline import InlineJobs
from tests.retrain.machines import HOURS, MACHINES, Machines, opened
from tests.retrain.test_pairs import second
from tests.web.test_pages import get
from tidemill.errors import StoreBusy
from tidemill.monitor.quality import evidence
from tidemill.ops import releases as verbs
from tidemill.release import pairs
from tidemill.release.rollout import rollout
from tidemill.release.rollout.mirror import Look, Mirrored, added
from tidemill.release.variants import in_shadow
from tidemill.retrain import mirrored
from tidemill.retrain.loop import tick
from tidemill.serve.candidate import NOT_LOADED, SILENT, SubprocessCandidateServer
from tidemill.store.payloads import Mirror
from tidemill.store.records import Release
from tidemill.types import DAY, JsonObject

A_DAY = MACHINES * HOURS
STAGES = (
    {"share": 0.0, "span": 2 * DAY, "requests": 20, "shadow": True},
    {"share": 0.5, "span": DAY, "requests": 10},
    {"share": 1.0, "span": 0, "requests": 0},
)
Server = Callable[[Sequence[JsonObject]], Look]


class Killed(BaseException):
    pass


@pytest.fixture
def machines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Machines]:
    monkeypatch.setenv("TIDEMILL_HOME", str(tmp_path / "home"))
    yield from opened(tmp_path / "machines", "regress", "mae")


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Callable[[Server], None]:
    """The server answers so, whatever it is asked."""

    def use(server: Server) -> None:
        monkeypatch.setattr(SubprocessCandidateServer, "mirror", lambda self, digest, requests: server(requests))

    return use


def as_the_champion(machines: Machines) -> Server:
    """What the champion says, 5 ms slow."""

    def server(requests: Sequence[JsonObject]) -> Look:
        scorer = next(iter(machines.scorers.values()))
        return Look(
            [Mirrored(scorer.predict(asked["inputs"]), "", 5_000) for asked in requests], (100 << 20, 101 << 20)
        )

    return server


def released(machines: Machines, **changes: Any) -> Release:
    """Another version, on its way."""
    project, made = machines.project, second(machines, **changes)
    champion = project.endpoint().champion()
    assert champion is not None
    release = Release(
        id="release_dark",
        endpoint="machines",
        model=made.ref,
        status="held",
        stages=STAGES,
        stage=0,
        stage_since=project.clock.now(),
        created=project.clock.now(),
        previous=champion.id,
        attestations=sign(project, made, "release_dark", endpoint="machines"),
        author="ada",
    )
    project.store.releases.add(release)
    rollout.begin(project, release.id, project.clock.now())
    return now(machines)


def now(machines: Machines) -> Release:
    return machines.project.store.releases.get("release_dark")


def kinds(machines: Machines) -> list[str]:
    return [e.kind for e in machines.project.store.events.list() if e.subject == "release:release_dark"]


def test_it_is_asked_by_the_real_server_and_shown_to_nobody(machines: Machines) -> None:
    release = released(machines)
    assert (release.status, in_shadow(release)) == ("canary", True)
    machines.play()
    seen = now(machines).evidence.mirror
    assert seen is not None and (seen.asked, seen.of, seen.errors) == (A_DAY, A_DAY, {})
    assert (seen.compared, seen.agreed) == (A_DAY, A_DAY), "its bytes are the champion's"
    assert sum(seen.took.values()) == sum(seen.champion_took.values()) == A_DAY
    assert 0 < seen.memory[0] <= seen.memory[1] and not seen.stopped
    assert in_shadow(now(machines)), "its time is two days"
    shown = verbs.show(machines.project, release.id)
    assert shown.mirror is not None and (shown.mirror.asked, shown.mirror.agreement) == (A_DAY, 1.0)
    assert all(p.release != release.id for p in machines.project.live.predictions.list(endpoint="machines"))


def test_when_its_time_is_over_it_answers_its_first_share(
    machines: Machines, answers: Callable[[Server], None]
) -> None:
    machines.play()
    answers(as_the_champion(machines))
    released(machines)
    machines.play()
    machines.play()
    release = now(machines)
    assert (release.status, release.stage) == ("canary", 1)
    (ended,) = release.evidence.stages
    assert ended["in_stage"] == 2 * A_DAY
    assert {f["rule"] for f in ended["findings"]} >= {"errors > 1%", "memory stays"}
    assert kinds(machines) == ["canary", "stage"]
    machines.play()
    assert any(p.release == release.id for p in machines.project.live.predictions.list(endpoint="machines"))


@pytest.mark.parametrize(
    ("look", "rule"),
    [
        (lambda asked: Look([Mirrored(None, SILENT)] * 3, (1 << 27, 1 << 27), "3 requests in a row"), "errors > 1%"),
        (lambda asked: Look([Mirrored(None, "model")] * len(asked), (1 << 27, 1 << 27)), "errors > 1%"),
        (lambda asked: Look([Mirrored(None, NOT_LOADED)] * 3, stopped="it does not load"), "errors > 1%"),
        (lambda asked: Look([Mirrored({"value": 30.0}, "", 900)] * len(asked), (1 << 27, 1 << 29)), "memory stays"),
    ],
    ids=["hangs", "answers nonsense", "does not load", "leaks"],
)
def test_what_it_would_do_to_a_server_takes_it_back(
    machines: Machines, answers: Callable[[Server], None], look: Server, rule: str
) -> None:
    answers(look)
    release = released(machines)
    machines.play()
    ended = now(machines)
    assert ended.status == "rolled_back" and ended.evidence.rolled_back is not None
    broken = [f["rule"] for f in ended.evidence.rolled_back["findings"] if f["broken"]]
    assert broken == [rule]
    champion = machines.project.endpoint().champion()
    assert champion is not None and champion.id == release.previous


def test_where_pairs_are_fair_what_is_worse_never_answers(
    machines: Machines, answers: Callable[[Server], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it would have said is held against what happened, as soon as labels are there."""
    machines.play()
    answers(as_the_champion(machines))
    monkeypatch.setattr(pairs, "ask_again", lambda scope, bundle, lacking: {p.id: b'{"value": 99.0}' for p in lacking})
    released(machines)
    machines.play()
    machines.play()
    ended = now(machines)
    assert ended.status == "rolled_back", ended.evidence
    assert any(
        f["rule"].startswith("not worse") and f["broken"] for f in (ended.evidence.rolled_back or {})["findings"]
    )


def test_killed_while_it_is_asked_each_request_counts_once(
    machines: Machines, answers: Callable[[Server], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    machines.play()
    asked: list[int] = []
    server = as_the_champion(machines)
    answers(lambda requests: (asked.append(len(requests)), server(requests))[1])
    released(machines)
    real = mirrored.added

    def die(*given: Any) -> Any:
        monkeypatch.setattr(mirrored, "added", real)
        raise Killed

    monkeypatch.setattr(mirrored, "added", die)
    with pytest.raises(Killed):
        machines.play()
    assert now(machines).evidence.mirror is None
    tick(machines.project, InlineJobs(machines.project))
    seen = now(machines).evidence.mirror
    assert asked == [A_DAY, A_DAY] and seen is not None and seen.asked == A_DAY


def test_who_pauses_it_while_it_is_asked_has_paused_it(machines: Machines, answers: Callable[[Server], None]) -> None:
    """A look takes minutes, and writes down what it saw alone."""
    server = as_the_champion(machines)

    def paused(requests: Sequence[JsonObject]) -> Look:
        rollout.pause(machines.project, "release_dark", by="ada", reason="wait")
        return server(requests)

    answers(paused)
    released(machines)
    machines.play()
    seen = now(machines).evidence
    assert seen.paused is not None and seen.mirror is not None and seen.mirror.asked == A_DAY
    answers(lambda requests: pytest.fail("it is asked nothing while it is paused"))
    machines.play()
    assert now(machines).evidence.mirror == seen.mirror


def test_a_clock_set_back_begins_the_shadow_anew(machines: Machines, answers: Callable[[Server], None]) -> None:
    answers(as_the_champion(machines))
    released(machines)
    machines.play()
    assert now(machines).evidence.mirror is not None
    before = machines.project.clock.now() - 30 * DAY
    machines.at(before)
    rollout.clock_moved(machines.project, "machines", before, -30 * DAY)
    release = now(machines)
    assert (mirrored.seen_of(release).asked, mirrored.seen_of(release).through) == (0, before)
    assert mirrored.mirror_due(release, before + DAY), "and not a month later"


def test_it_is_asked_once_more_when_its_time_is_over_also_after_a_pause(machines: Machines) -> None:
    release = released(machines)
    ends = release.stage_since + 5 * DAY
    seen = replace(release.evidence, uncounted=3 * DAY, mirror=Mirror(ends - DAY // 100))
    late = replace(release, evidence=seen)
    assert mirrored.mirror_due(late, ends) and not mirrored.mirror_due(late, ends - 1)


def test_the_champion_s_answers_of_the_shadow_are_no_arm_beside_it(
    machines: Machines, answers: Callable[[Server], None]
) -> None:
    """They were of other days: what the days differ by is not what the models differ by."""
    answers(as_the_champion(machines))
    released(machines)
    for _ in range(3):
        machines.play()
    release = now(machines)
    assert (release.status, release.stage) == ("canary", 1)
    seen = evidence(machines.project.endpoint(), release, machines.start)
    assert seen.own.n > 0 and seen.own.n + seen.other.n == A_DAY


def test_what_cannot_be_asked_is_tried_each_hour_and_halted_in_the_end(
    machines: Machines, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[int] = []

    def fails(self: Any, digest: str, requests: Any) -> Look:
        tried.append(1)
        raise StoreBusy("the store is not there")

    monkeypatch.setattr(SubprocessCandidateServer, "mirror", fails)
    release = released(machines)
    machines.project.store.releases.update(release.id, stages=({**STAGES[0], "requests": 0}, *STAGES[1:]))
    machines.play()
    tick(machines.project, InlineJobs(machines.project))
    assert tried == [1] and now(machines).status == "canary"
    unasked = replace(mirrored.of_mirror(now(machines)), looked=False)
    found = [
        rollout.check(machines.project, "machines", release.stage_since + days * DAY, unasked) for days in (19, 21)
    ]
    assert [[e.kind for e in events] for events in found] == [[], ["halted"]]


def test_nobody_asks_for_its_least_number_of_requests_for_ever(machines: Machines) -> None:
    release = released(machines)
    machines.day += 29
    machines.at(machines.start)
    events = rollout.check(machines.project, "machines", machines.start, mirrored.of_mirror(release))
    assert [e.kind for e in events] == ["halted"] and now(machines).status == "halted"


def test_the_page_and_the_commands_tell_of_it(machines: Machines, answers: Callable[[Server], None]) -> None:
    from tidemill.ops.status import status

    machines.play()
    answers(as_the_champion(machines))
    release = released(machines)
    part = next(p for p in status(machines.project, {}).parts if p.key == "release")
    assert part.code == "mirrored"
    machines.play()
    page = get(machines.project, f"/releases/{release.id}").body.decode()
    assert f"{A_DAY} of {A_DAY} requests" in page and "In shadow" in page and "100 %" in page


def test_an_answer_of_a_batch_says_nothing_of_how_fast_the_champion_is() -> None:
    look = Look([Mirrored({"value": 3.0}, "", 900)] * 2, (1, 1))
    seen = added(Mirror(0), look, [({"value": 3.0}, 0), ({"value": 3.0}, 700)], 2, 9)
    assert sum(seen.champion_took.values()) == 1 and (seen.asked, seen.compared) == (2, 2)
