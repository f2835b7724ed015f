"""The loop on a table: the target changes, live quality falls, an alarm calls for a new model, and that is released."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import log_loss, mean_absolute_error, mean_squared_error, roc_auc_score

from tests.retrain.machines import HOURS, KINDS, MACHINES, OPENING, Machines, opened
from tidemill.monitor.quality import of_quality
from tidemill.ops.status import status
from tidemill.retrain.replay import replay
from tidemill.store.records import Window
from tidemill.types import DAY


@pytest.fixture
def regress(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Machines]:
    monkeypatch.setenv("TIDEMILL_HOME", str(tmp_path / "home"))
    yield from opened(tmp_path / "machines", "regress", "mae")


@pytest.fixture
def classify(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Machines]:
    monkeypatch.setenv("TIDEMILL_HOME", str(tmp_path / "home"))
    yield from opened(tmp_path / "machines", "classify", "auc")


def quality(machines: Machines) -> list[Window]:
    return list(machines.project.store.windows.list(endpoint="machines", monitor="quality"))


def answers(machines: Machines, window: Window) -> list[tuple[dict, object]]:
    """What was answered in a window beside what was true, read from the story and not from the joins."""
    truths = {
        (r["machine"], r["ts"]): r["truth"] for r in machines.rows((window.start - OPENING) // DAY, machines.day > 4)
    }
    found = machines.project.live.predictions.list(endpoint="machines", since=window.start, until=window.end)
    return [(json.loads(p.output), truths[p.subject, p.at]) for p in found]


def test_the_target_changes_and_the_loop_learns_it(regress: Machines) -> None:
    quiet = [event for _ in range(4) for event in regress.play()]
    assert not [e for e in quiet if e.data.get("monitor") == "decay" or e.kind == "retrain"]
    first = regress.project.store.releases.champion("machines")
    assert first is not None
    events = []
    for _ in range(6):
        events += regress.play(changed=True)
    told = [e for e in events if e.data.get("monitor") == "decay" or e.kind in ("retrain", "promoted")]
    assert [e.kind for e in told][:3] == ["alarm", "retrain", "promoted"]

    alarm = told[0]
    assert alarm.data["hurts"]["answer"] == "yes"
    assert alarm.data["metric"] == "mae" and alarm.data["promised"] < alarm.data["interval"][0] < alarm.data["now"]
    assert alarm.data["since"] >= OPENING + 3 * DAY, "nothing was wrong before"
    decision = regress.project.store.decisions.list(action="retrain")[0]
    assert decision.reason.startswith("decay since ") and "mae" in decision.reason
    promoted = next(e for e in events if e.kind == "promoted")
    assert regress.project.store.releases.get(promoted.subject.removeprefix("release:")).decision == decision.id

    windows = quality(regress)
    at = {(w.start - OPENING) // DAY: w for w in windows}
    promise = of_quality(at[0]).promised
    assert of_quality(at[3]).figures["mae"][1] < promise < of_quality(at[4]).figures["mae"][0] / 2, (
        "the change is seen in the first window of it"
    )
    assert of_quality(windows[-1]).figures["mae"][0] < of_quality(at[4]).figures["mae"][0] / 3, "and learned"
    assert windows[-1].data.model != first.model
    assert all(r.same for r in replay(regress.project))


def test_figures_of_a_window_are_those_of_scikit_learn(regress: Machines) -> None:
    for _ in range(3):
        regress.play()
    windows = quality(regress)
    assert [w.start for w in windows] == [OPENING, OPENING + DAY], "labels are mature a day later"
    for window in windows:
        said = answers(regress, window)
        told, true = [a["value"] for a, _ in said], [t for _, t in said]
        assert window.n == len(said) == MACHINES * HOURS and of_quality(window).figures["subjects"] == MACHINES
        assert of_quality(window).figures["mae"][0] == pytest.approx(mean_absolute_error(true, told), rel=1e-5)
        assert of_quality(window).figures["rmse"][0] == pytest.approx(mean_squared_error(true, told) ** 0.5, rel=1e-5)
        low, high = of_quality(window).figures["mae"][1:]
        assert low < of_quality(window).figures["mae"][0] < high
        assert (of_quality(window).metric, of_quality(window).figures["better"], of_quality(window).mature) == (
            "mae",
            "lower",
            1.0,
        )
        assert of_quality(window).models["model:machines@1"]["mae"] == of_quality(window).figures["mae"]
        assert not window.alarm and "recall@20" not in of_quality(window).figures
    model = regress.project.store.models.get("model:machines@1")
    assert of_quality(windows[0]).promised == model.metrics["mae"][2], "the high end of what it was evaluated with"
    assert regress.project.live.outcomes.count() == {
        "id": MACHINES * HOURS * 3 // 2,
        "subject": MACHINES * HOURS * 3 // 2,
    }


def test_labels_are_judged_by_their_probability(classify: Machines) -> None:
    for _ in range(3):
        classify.play()
    for window in quality(classify):
        said = answers(classify, window)
        told, true = [a["probabilities"]["hot"] for a, _ in said], [t == "hot" for _, t in said]
        assert of_quality(window).figures["log_loss"][0] == pytest.approx(log_loss(true, told), rel=1e-5)
        assert of_quality(window).figures["auc"][0] == pytest.approx(roc_auc_score(true, told), abs=1e-4)
        assert (
            of_quality(window).figures["auc"][1]
            <= of_quality(window).figures["auc"][0]
            <= of_quality(window).figures["auc"][2]
        )
        assert (of_quality(window).metric, of_quality(window).figures["better"]) == ("log_loss", "lower"), (
            "AUC is no mean over answers"
        )
    before = classify.project.store.models.get("model:machines@1").metrics["log_loss"]
    assert of_quality(quality(classify)[0]).promised == before[2]
    events = [event for _ in range(4) for event in classify.play(changed=True)]
    assert "decay" in [e.data["monitor"] for e in events if e.kind == "alarm"]
    assert "retrain" in [e.kind for e in events]


def test_the_status_says_how_good_it_is(regress: Machines) -> None:
    assert status(regress.project).quality is None
    for _ in range(3):
        regress.play()
    windows = quality(regress)
    found = status(regress.project).quality
    assert (found["metric"], found["better"], found["answers"]) == ("mae", "lower", sum(w.n for w in windows))
    assert found["value"] == pytest.approx(np.mean([of_quality(w).figures["mae"][0] for w in windows]), rel=1e-5)
    assert found["promised"] == of_quality(windows[0]).promised


@pytest.mark.parametrize("broken", [True, pytest.param(False, marks=pytest.mark.nightly)])
def test_a_canary_on_a_table_is_judged_by_its_errors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: bool
) -> None:
    monkeypatch.setenv("TIDEMILL_HOME", str(tmp_path / "home"))
    stages = '[{ share = "50 %", for = "2 days", min_requests = 40 }, { share = "100 %" }]'
    for machines in opened(tmp_path / "machines", "regress", "rmse", stages):
        store = machines.project.store
        for _ in range(2):
            machines.play()
        machines.project.store.settings.set("loop", {})
        from tidemill.model.pipeline import build_candidate
        from tidemill.release.pipeline import release_candidate

        made = release_candidate(machines.project, build_candidate(machines.project).ref)
        assert made.status == "canary", store.verdicts.list(model=made.model)
        machines.broken = {made.id} if broken else set()
        events = [event for _ in range(5) for event in machines.play()]
        said = [e for e in events if e.subject == f"release:{made.id}"]
        assert ("rolled_back" if broken else "promoted") in [e.kind for e in said]
        assert ("promoted" if broken else "rolled_back") not in [e.kind for e in said]
        quality = next(f for f in said[0].data["findings"] if f["rule"] == "quality drops 30%")
        assert quality["broken"] is broken and (quality["powered"] or broken)
        assert quality["figures"]["canary"]["subjects"] + quality["figures"]["champion"]["subjects"] <= MACHINES + len(
            KINDS
        )
