"""A champion whose bake is over decays, and its labels come a week later: the real loop takes it back, or says why it cannot."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from tests.retrain.inline import InlineJobs
from tests.retrain.machines import Machines, opened
from tests.retrain.test_shadow_loop import reload
from tidemill.release.pipeline import release_candidate
from tidemill.release.rollout import after
from tidemill.retrain.evidence import gather
from tidemill.retrain.loop import tick
from tidemill.store.records import Event, Outcome, Release
from tidemill.types import DAY

pytestmark = pytest.mark.nightly  # by day tests/release/test_after.py, without a model
LATE = 7  # days
WAITS = (
    (
        'rollout = [{ share = "100 %" }]',
        'rollout = [{ share = "0 %", for = "1 h" }, { share = "100 %", for = "1 day" }]',
    ),
    (', quality_drop = "30 %"', ""),
    ('on = ["decay"]', 'on = ["drift"]'),
    ('window = "1 day"', 'window = "1 day"\noutcomes_within = "8 days"'),
)


@dataclass
class Late:
    """Days on which nobody knows yet what was true."""

    machines: Machines
    waiting: list[list[Outcome]] = field(default_factory=list)

    def play(self, days: int = 1) -> list[Event]:
        events: list[Event] = []
        for _ in range(days):
            made = self.machines
            rows = made.rows(made.day, False)
            asked = [made.ask(row) for row in rows]
            told = [made.tell(row, p, 1) for row, p in zip(rows, asked, strict=True)]  # by the prediction's id
            self.waiting.append([replace(one, received=one.at + LATE * DAY) for one in told])
            due = self.waiting.pop(0) if len(self.waiting) > LATE else []
            made.project.live.append(asked, due, [])
            made.project.live.flush()
            made.day += 1
            made.at(made.start)
            events += tick(made.project, InlineJobs(made.project))
        return events

    def found(self, release: str) -> Release:
        return self.machines.project.store.releases.get(release)


@pytest.fixture
def late(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Late]:
    """The same bytes once more, as a champion that was switched to; what it answers can be spoilt."""
    monkeypatch.setenv("TIDEMILL_HOME", str(tmp_path / "home"))
    for made in opened(tmp_path / "machines", "regress", "mae"):
        toml = made.project.root / "tidemill.toml"
        text = toml.read_text()
        for was, now in WAITS:
            assert was in text
            text = text.replace(was, now)
        toml.write_text(text)
        reload(made)
        models = made.project.store.models
        models.add(replace(models.get("model:machines@1"), version=2))
        release_candidate(made.project, "model:machines@2", override="to be watched")
        yield Late(made)


def champion(late: Late) -> Release:
    found = late.machines.project.endpoint().champion()
    assert found is not None
    return found


def to_baked(late: Late) -> Release:
    """Tried for an hour, switched to, baked for a day: it has served for two when its bake is over."""
    events = late.play(3)
    assert [e.kind for e in events if e.kind in ("promoted", "baked")] == ["promoted", "baked"]
    found = champion(late)
    assert found.model == "model:machines@2" and after.is_watched(found) and found.evidence.watch is not None
    return found


def test_a_decay_after_baking_is_taken_back_on_labels_that_come_a_week_later(late: Late) -> None:
    second = to_baked(late)
    late.play(2)
    broken = late.machines.start
    late.machines.broken.add(second.id)
    late.play(LATE)
    assert champion(late).id == second.id, "nobody can know it yet"
    events = late.play(4)
    (back,) = [event for event in events if event.kind == "rolled_back"]
    (finding,) = [one for one in back.data["findings"] if one["broken"]]
    print("broken", broken, "back after days", (back.at - broken) / DAY, finding["text"])
    assert finding["figures"]["gain"] < -0.1 and back.data["after_bake"] and back.at - broken <= 10 * DAY
    first = champion(late)
    assert first.model == "model:machines@1" and first.evidence.bake_until is None
    late.play(3)
    assert champion(late).id == first.id, "who came back is not taken back in its turn"


def test_without_a_way_back_it_stays_that_is_told_once_and_calls_for_a_retraining(late: Late) -> None:
    second, project = to_baked(late), late.machines.project
    project.store.releases.update(str(second.previous), status="rolled_back")
    project.store.releases.add_failures("machines", {second.id: 40})
    (told,) = [event for event in late.play(3) if event.kind == "no_way_back"]
    assert champion(late).id == second.id and "is rolled back" in told.data["reason"]
    alarms = gather(project.endpoint(), project.clock.now(), None)["alarms"]
    assert [a["at"] for a in alarms if a["monitor"] == "decay" and a["hurts"] == "yes"] == [told.at]


def test_errors_after_the_bake_take_a_champion_back_and_a_span_of_them_is_a_week(late: Late) -> None:
    second = to_baked(late)
    store = late.machines.project.store
    store.releases.add_failures("machines", {second.id: 2})
    assert not [e for e in late.play() if e.kind == "rolled_back"], "two of three hundred"
    store.releases.add_failures("machines", {second.id: 40})
    (back,) = [e for e in late.play() if e.kind == "rolled_back"]
    assert "42 of" in back.data["reason"] and champion(late).model == "model:machines@1"


def test_what_failed_before_a_span_is_not_held_against_it(late: Late) -> None:
    second = to_baked(late)
    late.machines.project.store.releases.add_failures("machines", {second.id: 3})
    late.play(8)
    watch = late.found(second.id).evidence.watch
    assert watch is not None and (watch.number, watch.failed) == (2, 3)
    assert champion(late).id == second.id
