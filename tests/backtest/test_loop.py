"""The past under the loop's policy: a backtest of days that were lived through live decides and answers as they did."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from tests.backtest.sensors import START, lay, rows
from tests.backtest.test_walk import opened as opened_sensors
from tests.backtest.test_walk import quiet
from tests.raised import raised
from tests.retrain.inline import InlineJobs
from tests.retrain.machines import OPENING, Machines, opened
from tidemill.access.caller import Caller
from tidemill.backtest import play as playing
from tidemill.backtest.copy import FOLDER, sweep
from tidemill.backtest.cuts import Asked
from tidemill.backtest.lived import SERVED
from tidemill.backtest.past import log_from, moments_of
from tidemill.backtest.session import Session
from tidemill.errors import NotAvailableYet, NotEnoughData
from tidemill.ops import backtests
from tidemill.scope.project import Project, open_project
from tidemill.store.records import Outcome
from tidemill.tasks.tabular.serving import RowRequest
from tidemill.testing import records as sample
from tidemill.types import DAY, to_iso
from tidemill.web.pages.past import of_play

DAYS, CHANGED = 9, 4  # days that are lived through; from the fifth on another truth holds
SINCE = to_iso(OPENING)
RETRAINS = """\
[gates]
latency = { p99 = "1 s" }
[environment.production]
rollout = [{ share = "100 %" }]
[monitor]
window = "5 days"
[retrain]
on = ["decay"]
cooldown = "5 days"
"""


@contextmanager
def inline(project: Project) -> Iterator[InlineJobs]:
    yield InlineJobs(project)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TIDEMILL_HOME", str(tmp_path / "home"))
    return tmp_path


def noisy(frame: pl.DataFrame) -> pl.DataFrame:
    """With more chance in it: a load that says nearly all of the heat would wait for a person."""
    more = np.random.default_rng(1).normal(0, 1.5, len(frame)).round(4)
    return frame.with_columns(heat=frame["heat"] + pl.Series(more))


def live(machines: Machines) -> None:
    """Nine days by the server's own service: half of the requests have a key, half of the outcomes name their prediction."""

    def before_due(at: int) -> None:
        machines.drop(f"{machines.day:04}", machines.rows(machines.day, machines.day >= CHANGED))

    with Session(machines.project, InlineJobs(machines.project), before_due) as session:
        for machines.day in range(DAYS):
            waiting: list[Outcome] = []
            for number, row in enumerate(
                sorted(machines.rows(machines.day, machines.day >= CHANGED), key=lambda r: r["ts"])
            ):
                session.move(row["ts"])
                due = [one for one in waiting if one.at <= row["ts"]]
                session.tell("machines", due)
                waiting = [one for one in waiting if one not in due]
                inputs = {"kind": row["kind"], "load": row["load"], "ts": to_iso(row["ts"])}
                key = f"{row['machine']}/{row['ts']}" if number % 2 else None
                reply = session.ask("machines", RowRequest(inputs=inputs, subject=row["machine"], key=key))
                named = reply["prediction_id"] if number % 3 else None
                at = row["ts"] + 1_000_000
                waiting.append(
                    Outcome(f"o/{row['machine']}/{row['ts']}", at, row["machine"], "", row["truth"], named, at)
                )
            session.move(machines.start + DAY - 1)
            session.tell("machines", waiting)
            session.move(machines.start + DAY)


def decisions(project: Project) -> list[Any]:
    return [(d.at, d.action, d.code, d.reason, d.evidence) for d in project.store.decisions.list(endpoint="machines")]


def answers(project: Project) -> list[Any]:
    found = project.live.predictions.list(endpoint="machines")
    return sorted((p.at, p.subject, p.model, p.arm, json.loads(p.output)["value"]) for p in found)


def test_a_backtest_equals_the_live_run_of_the_same_days_decision_for_decision(home: Path) -> None:
    for machines in opened(home / "machines", "regress", "mae"):
        live(machines)
        project = machines.project
        found = backtests.play(project, Caller.local(), Asked(every="2 days", since=SINCE, loop=True), quiet)
        (root,) = (project.state / FOLDER).iterdir()
        with open_project(root) as copy:
            assert decisions(copy) == decisions(project)
            assert answers(copy) == answers(project)
            said = [
                [(a.kind, a.opened, a.since, a.now, a.promised) for a in p.store.alarms.list(endpoint="machines")]
                for p in (copy, project)
            ]
            assert said[0] == said[1] and said[0], "the change of the truth is seen in both"
            assert [(r.model, r.status, r.created) for r in copy.store.releases.list()] == [
                (r.model, r.status, r.created) for r in project.store.releases.list()
            ]
        lived = found.lived
        assert lived is not None and len(lived.alarms) == sum(" alarm of " in line for line in found.said)
        assert lived.from_log and lived.requests == len(answers(project)) == DAYS * 96
        retrained = [d for d in decisions(project) if d[1] == "retrain"]
        assert retrained and [(d.at, d.code) for d in lived.decisions] == [(d[0], d[2]) for d in retrained]
        assert lived.gain is not None and lived.gain.verdict == "better", "the loop has learned the other truth"


@pytest.mark.nightly
def test_the_past_of_a_table_that_was_never_asked_is_played_from_its_rows(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(playing, "worker_jobs", inline)
    root = lay(home / "sensors", noisy(rows(120)))
    toml = root / "tidemill.toml"
    toml.write_text(toml.read_text() + RETRAINS)
    with opened_sensors(root) as project:
        asked = Asked(every="20 days", since="2024-04-12", loop=True)
        found = backtests.play(project, Caller.local(), asked, quiet)
        lived = found.lived
        assert lived is not None and not lived.from_log
        assert lived.requests == 20 * 98 and lived.start == START + 102 * DAY and lived.end == START + 200 * DAY
        assert lived.decisions and lived.decisions[0].at >= START + 120 * DAY, "nothing has changed before"
        assert lived.gain is not None and 0 < lived.gain.requests < lived.requests, (
            "the truth of the last window is not in yet"
        )
        assert lived.gain.verdict == "better" and len(lived.releases) > 1 and lived.months[0].month == "2024-04"
        assert lived.cpu_s["model"] > 0
        served = sum(one.status in SERVED for one in lived.releases)
        assert of_play(found)["quality"].count("mark-line") == served + len(lived.alarms), "the first one, too"
        again = backtests.play(project, Caller.local(), asked, quiet).lived
        assert again == lived, "what was played is not played again"
        (root,) = (project.state / FOLDER).iterdir()
        with open_project(root) as copy:
            copy.store.alarms.put(replace(sample.alarm("slow"), endpoint="heat", kind="platform"))
            told = playing._lived(copy.endpoint(), lived.start, lived.end, lived.end)
            assert told.alarms == lived.alarms, "this machine was slow, not the past"


def test_what_was_before_the_first_release_is_played_from_its_rows(home: Path) -> None:
    """Whoever asked once, today, has a past all the same."""
    since, began, until = (START + day * DAY for day in (140, 150, 160))
    with opened_sensors(lay(home / "sensors", rows(None))) as project:
        scope = project.endpoint()
        assert log_from(scope, since, until) == until
        project.store.releases.add(sample.release(endpoint="heat", started=began))
        one = sample.prediction(endpoint="heat", at=began + DAY, inputs=b'{"inputs":{"load":0.5}}')
        project.live.append([one], (), ())
        project.live.flush()
        assert [log_from(scope, moment, until) for moment in (since, began, until - 1)] == [began, began, until]
        found = moments_of(scope, since, until)
        asked = [moment.at for moment in found if moment.request is not None]
        assert len(asked) == 10 * 20 + 1 and max(asked[:-1]) < began and asked[-1] == one.at
        assert sum(moment.outcome is not None for moment in found) == 10 * 20, "also what is told of them later"


@pytest.mark.nightly
def test_a_play_that_is_cut_short_goes_on_and_ends_the_same(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(playing, "worker_jobs", inline)

    class Killed(BaseException):
        pass

    found = []
    for name, kill in (("whole", False), ("killed", True)):
        root = lay(home / name, noisy(rows(105)).filter(pl.col("ts").cast(pl.Int64) < START + 162 * DAY))
        toml = root / "tidemill.toml"
        toml.write_text(toml.read_text() + RETRAINS)
        with opened_sensors(root) as project:
            asked = Asked(every="20 days", since="2024-04-12", loop=True)
            if kill:

                def until(done: int, of: int, text: str) -> None:
                    if text == "2024-05-17":
                        raise Killed

                scope = project.endpoint()
                params: Any = {
                    "endpoint": scope.name,
                    "name": "cut",
                    "since": START + 102 * DAY,
                    "until": START + 162 * DAY,
                }
                with pytest.raises(Killed):
                    playing.play(project, **params, progress=until)
                sweep(project, "cut")
                found.append(playing.play(project, **params, progress=lambda *said: None))
                sweep(project, "another")
                assert list((project.state / FOLDER).iterdir()) == [], "no run has ended with it, and none is at it"
            else:
                found.append(backtests.play(project, Caller.local(), asked, quiet).lived)
                sweep(project, "another")
                assert len(list((project.state / FOLDER).iterdir())) == 1, "what was played is there to be looked at"
    whole, gone_on = found
    assert whole is not None and whole.decisions, "a training is in it"
    assert (gone_on.requests, gone_on.arms, gone_on.decisions) == (whole.requests, whole.arms, whole.decisions)


def test_what_cannot_be_copied_or_begun_is_said(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(playing, "worker_jobs", inline)
    root = lay(home / "sensors", rows(None))
    toml = root / "tidemill.toml"
    asked = toml.read_text()
    toml.write_text(asked + '[gates]\nlatency = { p99 = "0.001 ms" }\n')  # no server can: nothing serves
    with opened_sensors(root) as project, pytest.raises(NotEnoughData):
        backtests.play(project, Caller.local(), Asked(loop=True), quiet)
    toml.write_text(
        asked.replace("[data.readings]\n", "[data]\nreadings = { ")
        .replace('source = "data/*.csv"\ncontract =', 'source = "data/*.csv", contract =')
        .replace('readings.yaml"\n', 'readings.yaml" }\n')
    )
    with opened_sensors(root) as project, raised(NotAvailableYet, "tidemill.toml"):
        backtests.play(project, Caller.local(), Asked(loop=True), quiet)
