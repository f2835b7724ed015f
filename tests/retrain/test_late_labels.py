"""Labels that come late, in any order: windows, detectors and alarms end as if all had been there in time."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tidemill.monitor.alerts import TAKEN_BACK
from tidemill.monitor.closing import close_quality
from tidemill.monitor.monitors import monitors
from tidemill.monitor.quality import of_quality, recently
from tidemill.ops.snapshot import Snapshot
from tidemill.ops.status import status
from tidemill.recipes.recommend.shop import OPENING
from tidemill.retrain import loop
from tidemill.retrain.evidence import gather
from tidemill.scope.project import Project, open_project
from tidemill.store.records import Alarm, Outcome, Prediction, Window
from tidemill.types import DAY, Micros

from .conftest import add_model, add_release
from .inline import InlineJobs

DAYS, ASKED, LAST = 16, 8, 30
TICKS = range(1, LAST)


@pytest.fixture(autouse=True)
def only_quality(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TIDEMILL_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(loop, "monitors", lambda: {"quality": monitors()["quality"]})


def asked(day: int, model: str = "model:shop@1") -> list[Prediction]:
    answer = json.dumps({"items": ["hit", *(f"no{i}" for i in range(19))], "scores": [1.0] * 20}).encode()
    return [
        Prediction(f"p{day}/{i}", "shop", OPENING + day * DAY + i, f"s{i}", model, "r", "champion", answer, b"{}", 0, 9)
        for i in range(ASKED)
    ]


def labels(day: int, hits: int) -> list[Outcome]:
    """One of each answer, and another of every third: what is added to a label changes what the answer was worth."""
    found = []
    for i in range(ASKED):
        items = ["hit" if i < hits else "miss", *(["other"] if i % 3 == 0 else [])]
        at = OPENING + day * DAY + DAY // 2 + i
        found += [Outcome(f"o{day}/{i}/{x}", at, f"s{i}", x, 1.0, f"p{day}/{i}", at, endpoint="shop") for x in items]
    return found


def tick(project: Project, day: int) -> None:
    """What the loop does of this at a midnight."""
    now = OPENING + day * DAY
    project.store.settings.set("clock", now)
    loop._join(project.endpoint(), now)
    loop._watch(project.endpoint(), InlineJobs(project), now)
    loop.write_state(project, now, idle=True)


Ended = tuple[list[Any], list[Any]]


def played(
    root: Path, opened: Path, hits: Sequence[int], when: dict[int, list[Outcome]], second: int | None = None
) -> Ended:
    """All of it, the labels as they come by the tick before which they do; another version is champion from a day on."""
    shutil.copytree(opened, root)
    with open_project(root) as project:
        model = "model:shop@1"
        for day in range(LAST):
            if day == second:
                project.store.settings.set("clock", OPENING + day * DAY)
                model = add_model(project, (0.35, 0.3, 0.4)).ref
                add_release(project, model)
            project.live.append(asked(day, model) if day < DAYS else [], [], [])
            project.live.append([], when.get(day, []), [])
            project.live.flush()
            if day + 1 in TICKS:
                tick(project, day + 1)
        windows = project.store.windows.list(endpoint="shop", monitor="quality")
        alarms = [a for a in project.store.alarms.list(endpoint="shop") if a.ended != TAKEN_BACK]
        return [_of(w) for w in windows], sorted(map(_told, alarms))


def _of(w: Window) -> Any:
    return w.start, w.n, w.alarm, w.complete, replace(of_quality(w), labels_through=0)


def _told(a: Alarm) -> Any:
    figures = a.now, a.promised, a.interval, a.windows, a.answers, a.subjects
    return a.window, a.id, a.model, a.since, a.what, figures, a.closed or 0, a.ended


@pytest.mark.parametrize("seed", range(6))
def test_any_lateness_ends_as_all_in_time(tmp_path: Path, opened_shop: Path, seed: int) -> None:
    """Quality falls at a random day; labels are up to ten days late, some days' all together; a new version may come between."""
    rng = np.random.default_rng(seed)
    worse = int(rng.integers(3, 9))
    hits = [int(rng.integers(3, 6)) if day < worse else 0 for day in range(DAYS)]
    second = int(rng.integers(worse + 6, DAYS)) if seed % 2 else None
    in_time = {day: labels(day, hits[day]) for day in range(DAYS)}
    late: dict[int, list[Outcome]] = {}
    for day, told in in_time.items():
        whole = int(rng.integers(0, 11)) * int(rng.random() < 0.3)
        for outcome in told:
            came = day + whole + int(rng.integers(0, 11)) * int(rng.random() < 0.3)
            late.setdefault(min(came, LAST - 3), []).append(replace(outcome, received=OPENING + came * DAY))
    for told in late.values():
        rng.shuffle(told)  # type: ignore[arg-type]
    first = played(tmp_path / "in time", opened_shop, hits, in_time, second)
    then = played(tmp_path / "late", opened_shop, hits, late, second)
    assert then == first
    assert any(alarm for _, _, alarm, _, _ in first[0]) and first[1], "there is something to be compared"


@pytest.fixture
def project(tmp_path: Path, opened_shop: Path) -> Iterator[Project]:
    shutil.copytree(opened_shop, tmp_path / "shop")
    with open_project(tmp_path / "shop") as opened:
        yield opened


def days(project: Project, since: int, until: int, hits: int | None) -> None:
    """Days with their answers, and their labels at once; without labels where no hits are said."""
    for day in range(since, until):
        project.live.append(asked(day) if day < DAYS else [], [] if hits is None else labels(day, hits), [])
        project.live.flush()
        tick(project, day + 1)


def kept(project: Project) -> list[Window]:
    return list(project.store.windows.list(endpoint="shop", monitor="quality"))


def test_a_window_waits_for_its_labels(project: Project) -> None:
    """Misses alone would be a loss; where labels stop there is nothing to say, and that is said."""
    days(project, 0, 3, 4)
    days(project, 3, 8, None)
    last = kept(project)[-1]
    assert [w.state for w in kept(project)] == ["quiet"] * 3 + ["incomplete"] * 4
    assert of_quality(last).detector == of_quality(kept(project)[2]).detector and of_quality(last).decay is None
    through = OPENING + 2 * DAY + ASKED - 1
    assert Snapshot(project, project.clock.now(), {}).labels_through == through == status(project).labels_through
    found = recently(project.endpoint())
    assert found is not None and found["until"] == OPENING + 3 * DAY, "only what is judged is told"
    project.live.append([], [o for day in range(3, 8) for o in labels(day, 4)], [])
    project.live.flush()
    tick(project, 9)
    found_now = kept(project)
    assert [w.state for w in found_now] == ["quiet"] * 8
    assert [w.revision for w in found_now] == [0, 0, 0, 1, 1, 1, 1, 0] and found_now[3].judged == OPENING + 9 * DAY


def test_labels_that_come_late_take_an_alarm_back_and_raise_it_again(project: Project) -> None:
    """The misses come first, then the hits, then what makes them worth little: told, taken back, told again."""
    days(project, 0, 4, 4)
    for day in range(4, 11):
        missed = [replace(o, key=f"{o.key}/-", item="miss") for o in labels(day, ASKED) if o.item == "hit"]
        project.live.append(asked(day), missed, [])
        project.live.flush()
        tick(project, day + 1)
    (alarm,) = project.store.alarms.list(endpoint="shop")
    assert alarm.closed is None and alarm.since == OPENING + 4 * DAY
    assert gather(project.endpoint(), project.clock.now(), None)["alarms"]
    project.live.append([], [o for day in range(4, 11) for o in labels(day, 7) if o.item == "hit"], [])
    project.live.flush()
    tick(project, 12)
    (back,) = project.store.alarms.list(endpoint="shop")
    assert (back.id, back.ended, back.closed) == (alarm.id, TAKEN_BACK, alarm.window)
    assert gather(project.endpoint(), project.clock.now(), None)["alarms"] == [], "no policy acts on it"
    spoiled = [
        replace(o, key=f"{o.key}/{n}", item=f"more{n}")
        for day in range(4, 11)
        for o in labels(day, ASKED)
        if o.item == "hit"
        for n in range(9)
    ]
    project.live.append([], spoiled, [])
    project.live.flush()
    tick(project, 13)
    (again,) = project.store.alarms.list(endpoint="shop")
    assert (again.id, again.closed, again.ended) == (alarm.id, None, "")
    assert again.opened == OPENING + 13 * DAY and again.since == alarm.since
    events = project.store.events.list(kind="alarm")
    assert [e.at for e in events] == [alarm.opened, again.opened] and events[0].id == alarm.id
    assert [e.at for e in project.store.events.list(kind="alarm_taken_back")] == [OPENING + 12 * DAY]


def test_an_alarm_is_dated_by_what_is_known_now(project: Project) -> None:
    """A bad day whose labels came late was the first: the alarm that was raised later is part of it."""
    days(project, 0, 3, 4)
    days(project, 3, 8, None)
    days(project, 8, 13, 0)
    project.live.append([], [o for day in (3, 4) for o in labels(day, 4)], [])
    project.live.flush()
    tick(project, 14)
    first = [a for a in project.store.alarms.list(endpoint="shop") if a.ended != TAKEN_BACK]
    assert [a.since for a in first] == [OPENING + 8 * DAY]
    project.live.append([], [o for day in (5, 6, 7) for o in labels(day, 0)], [])
    project.live.flush()
    tick(project, 15)
    (alarm,) = [a for a in project.store.alarms.list(endpoint="shop") if a.ended != TAKEN_BACK]
    assert alarm.since == OPENING + 5 * DAY and alarm.window < first[0].window


def test_only_what_changed_is_read_again(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """One late label of one day: that day's answers are read, and the others are stepped from what they have stored."""
    days(project, 0, 10, 4)
    project.live.append([], [replace(labels(2, 4)[0], key="late", item="late")], [])
    project.live.flush()
    now: Micros = OPENING + 11 * DAY
    project.store.settings.set("clock", now)
    loop._join(project.endpoint(), now)
    read: list[Micros] = []
    predictions = project.live.predictions
    whole = predictions.watched

    def heard(**where: Any) -> Any:
        read.append(where["since"])
        return whole(**where)

    monkeypatch.setattr(predictions, "watched", heard)
    again = close_quality(project.endpoint(), now)
    assert read == [OPENING + 2 * DAY, OPENING + 9 * DAY]
    assert [w.start for w in again] == [OPENING + day * DAY for day in range(2, 10)]
    assert [w.revision for w in again] == [1] * 7 + [0]
    assert close_quality(project.endpoint(), now) == []
