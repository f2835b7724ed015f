"""The quality of a window is told before its labels come, stands beside the truth when they have, and is withdrawn where labels contradict it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.retrain.machines import MACHINES, OPENING, Machines, opened
from tidemill.cli import estimates as cli
from tidemill.monitor.estimate import of_estimate
from tidemill.monitor.quality import of_quality
from tidemill.ops import models
from tidemill.ops.estimates import coverage, estimates, lately
from tidemill.ops.foretold import OpenEstimates
from tidemill.ops.snapshot import Snapshot
from tidemill.store.payloads import EstimateWindow
from tidemill.store.records import Window
from tidemill.types import DAY
from tidemill.web.pages.estimated import estimated
from tidemill.web.pages.shown import estimate as of_version
from tidemill.web.render import environment

PARTIAL = '{% import "_parts.html" as p %}{% include "_before_labels.html" %}'


@pytest.fixture(params=[("regress", "mae"), ("classify", "log_loss")], ids=["values", "labels"])
def machines(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Machines]:
    monkeypatch.setenv("TIDEMILL_HOME", str(tmp_path / "home"))
    yield from opened(tmp_path / "machines", *request.param)


def windows(machines: Machines, monitor: str = "estimate") -> Sequence[Window]:
    return machines.project.store.windows.list(endpoint="machines", monitor=monitor)


def test_an_estimate_is_there_before_the_labels_and_beside_them_after(machines: Machines) -> None:
    machines.play()
    first = of_estimate(windows(machines)[0])
    assert not windows(machines, "quality"), "labels are mature a day later"
    assert first.state == "estimated" and not first.checked and first.metric in first.estimates
    for value, low, high in first.estimates.values():
        assert 0 <= low < value < high
    machines.play()
    machines.play()
    kept, judged = windows(machines), windows(machines, "quality")
    assert [w.revision for w in kept] == [1, 1, 0] and [w.n for w in kept] == [MACHINES * 4] * 3
    for window, quality in zip(kept, judged, strict=False):
        data, figures = of_estimate(window), of_quality(quality).figures
        assert (data.state == "checked" and data.estimates == first.estimates) or window.start != kept[0].start
        for name, one in data.checked.items():
            if name == "cost":
                assert one.truth == pytest.approx(wrong(machines, window)), "the share of wrong labels"
            else:
                assert one.truth == pytest.approx(figures[name][0], rel=1e-3), name
            assert one.n == MACHINES * 4
    assert all(inside == of == 2 for inside, of in coverage(kept).values()), "nothing has changed"
    shown(machines)
    assert not machines.project.store.alarms.list(monitor="estimate")


def wrong(machines: Machines, window: Window) -> float:
    """The share of wrong labels, read from the story."""
    rows = {(r["machine"], r["ts"]): r["truth"] for r in machines.rows((window.start - OPENING) // DAY, False)}
    found = machines.project.live.predictions.list(endpoint="machines", since=window.start, until=window.end)
    return float(np.mean([json.loads(p.output)["value"] != rows[p.subject, p.at] for p in found]))


def shown(machines: Machines) -> None:
    """By every face: the verb, the status, the page, the notebook."""
    scope = machines.project.endpoint("machines")
    last, *before = estimates(machines.project).items
    assert (last.state, [one.state for one in before]) == ("estimated", ["checked", "checked"])
    assert (
        "no concept drift" in last.said
        and last.estimate is not None
        and set(before[0].truth) == set(before[0].estimates)
    )
    told = lately(scope)
    assert told is not None and (told["inside"], told["of"], told["state"]) == (2, 2, "estimated")
    kept = windows(machines)
    page = estimated(Snapshot(machines.project, scope.clock.now(), {}, "machines"), windows(machines), ())
    assert page is not None and page["held"] == "the truth lay within in 2 of 2 windows, stated 95 %"
    written = environment().from_string(PARTIAL).render(x=page)
    assert "2 of 2 windows" in written and "assumes that" in written
    none = replace(kept[0], data=EstimateWindow(None, why="no test"))
    empty = estimated(Snapshot(machines.project, 0, {}, "machines"), [none], ())
    assert "no test" in environment().from_string(PARTIAL).render(x=empty)
    nothing = EstimateWindow("model:machines@9", why="it was evaluated without one")
    later = replace(kept[-1], start=kept[-1].end, end=kept[-1].end + DAY, n=0, data=nothing)
    page_ = estimated(Snapshot(machines.project, 0, {}, "machines"), [*kept[:2], later], ())
    assert page_ is not None and (page_["state"], page_["tone"], page_["said"]) == ("none", "idle", nothing.why), (
        "the champion has none, whatever the one before had"
    )
    assert cli.COLUMNS["estimate"](last) and cli.COLUMNS["truth"](before[0])
    picture = str(page["picture"])
    assert f"{last.metric} estimated before labels" in picture and f"{last.metric} as labels showed it" in picture
    found = models.show(machines.project, "champion").examined["estimate"]
    written = environment().from_string('{% include "_estimate.html" %}').render(x=of_version(found))
    assert written.count('class="rhombus"') == len(found["past"][found["metric"]]) + 1 and found["metric"] in written
    frame = OpenEstimates(estimates(machines.project).items).frame().filter(metric=last.metric)
    assert frame["truth"].null_count() == 1 and (frame["low"] < frame["high"]).all()
    assert "2 of 2 windows" in OpenEstimates(estimates(machines.project).items)._repr_html_()


def withdrawn(machines: Machines) -> None:
    for _ in range(2):
        machines.play()
    assert all(of_estimate(w).unusable_since is None for w in windows(machines))
    for _ in range(2):
        machines.play(changed=True)
    scope = machines.project.endpoint("machines")
    told, page = lately(scope), estimated(Snapshot(machines.project, 0, {}, "machines"), windows(machines), ())
    assert told is not None and "lie outside" in told["doubt"], "one window is said before it is shown"
    assert page is not None and page["tone"] == "warn" and "lie outside" in page["held"]
    for _ in range(4):
        machines.play(changed=True)
    changed_at = windows(machines)[2].start
    unusable = [w for w in windows(machines) if of_estimate(w).state == "unusable"]
    assert unusable and {of_estimate(w).unusable_since for w in unusable} <= {changed_at, changed_at + DAY}
    assert unusable[0].start <= changed_at + 2 * DAY, "in the third window of the change at the latest"
    first, last = of_estimate(unusable[0]), of_estimate(windows(machines)[-1])
    assert last.model != first.model and last.state != "unusable", "the next version begins anew"
    assert not machines.project.store.alarms.list(monitor="estimate"), "an estimate tells and does not act"


@pytest.mark.nightly
@pytest.mark.parametrize("machines", [("regress", "mae")], indirect=True, ids=["values"])
def test_labels_that_contradict_it_withdraw_it_until_another_version_serves(machines: Machines) -> None:
    withdrawn(machines)


@pytest.mark.nightly
@pytest.mark.parametrize("machines", [("classify", "log_loss")], indirect=True, ids=["labels"])
def test_labels_of_labels_withdraw_it_too(machines: Machines) -> None:
    withdrawn(machines)
