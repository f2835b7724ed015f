"""A gap between groups in production: alarmed where it opens, as labels come; where none does, no oftener than is promised."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.release.test_fairness_gate import CONTRACT, TOML, loans
from tests.tiers import both
from tidemill.data.pipeline import ingest
from tidemill.evaluation.fairness.exposure import OTHERS
from tidemill.evaluation.fairness.gap import drawn
from tidemill.evaluation.fairness.rates import Answers
from tidemill.learning.attributes import groups_of
from tidemill.monitor import decay
from tidemill.monitor.alerts import raise_alarms
from tidemill.monitor.closing import close_quality, matured
from tidemill.monitor.fairness import Seen, close_fairness, largest, stepped
from tidemill.monitor.gaps import Totals, apart
from tidemill.monitor.monitors import monitors
from tidemill.monitor.promise import LEAST_LOSS
from tidemill.monitor.windows import FAIRNESS
from tidemill.scope.project import Endpoint, Project, open_project
from tidemill.store.payloads import FairnessWindow
from tidemill.store.records import Tx, Window
from tidemill.testing import records
from tidemill.types import DAY, HeldClock, Micros, parse_time

QUARTER = 91.0
Rates = tuple[float, ...]


def alarms(
    rates: Rates, a_day: Rates, projects: int, days: int = 182, then: Rates | None = None
) -> np.ndarray[Any, Any]:
    """(days, projects): whether a daily window is an alarm, at most one in a quarter being promised; ``then``: from half time on."""
    rng, groups = np.random.default_rng(0), len(rates)
    limits, state = np.asarray(decay.thresholds(QUARTER * groups * (groups - 1))), None
    n_all, sum_all, found = np.zeros(projects), np.zeros(projects), []
    for day in range(days):
        n = rng.poisson(a_day, (projects, groups)).astype(np.float64)
        came = rng.binomial(n.astype(np.int64), rates if then is None or day < days // 2 else then)
        mean = came / np.maximum(n, 1)
        n_all, sum_all = n_all + n.sum(1), sum_all + came.sum(1)
        share = (sum_all + 1) / (n_all + 2)
        pairs = apart(drawn(mean, n * mean * (1 - mean), n, n), 0.05, share * (1 - share))
        state = state or decay.fresh(np.where(pairs.there, pairs.error2, 0.25))
        beyond = np.where(pairs.there, pairs.beyond, LEAST_LOSS)  # of an empty group nothing is added
        state, step = decay.advance(state, beyond, pairs.error2, np.maximum(pairs.units, 1), limits)
        found.append((step.score >= 1).any(-1))
    return np.array(found)


@pytest.mark.parametrize("projects", both(60, 2000))
@pytest.mark.parametrize(
    ("rates", "a_day"),
    [
        ((0.2, 0.2), (10.0, 10.0)),
        ((0.2, 0.25), (100.0, 2.0)),
        ((0.02, 0.07), (40.0, 3.0)),
        ((0.2, 0.2, 0.25), (30.0, 5.0, 5.0)),
    ],
)
def test_a_steady_half_year_raises_no_more_than_is_promised(rates: Rates, a_day: Rates, projects: int) -> None:
    """Two are promised in it; also where groups are apart by just what is allowed."""
    assert alarms(rates, a_day, projects).sum(0).mean() <= 0.5


@pytest.mark.parametrize("projects", both(40, 1000))
@pytest.mark.parametrize(
    ("then", "a_day", "days"),
    [((0.2, 0.35), (10.0, 10.0), 60), ((0.2, 0.3), (50.0, 50.0), 45), ((0.2, 0.4), (100.0, 5.0), 40)],
)
def test_a_gap_that_opens_is_alarmed(then: Rates, a_day: Rates, days: int, projects: int) -> None:
    found = alarms((0.2, 0.2), a_day, projects, then=then)
    opened = len(found) // 2
    assert found[:opened].any(0).mean() <= 0.05
    assert found[opened : opened + days].any(0).mean() >= 0.5 and found[opened:].any(0).mean() >= 0.9


def test_a_share_is_never_sure_of_itself() -> None:
    assert Totals().variance(rates=True) == 0.25
    assert 0 < Totals().more(np.zeros(10)).variance(rates=True) < 0.1
    values = np.array([1.0, 5.0, 3.0])
    assert Totals().more(values[:1]).more(values[1:]).variance(rates=False) == pytest.approx(values.var())


# on a project's own log ---------------------------------------------------------------------------------------------

START = parse_time("2026-01-01")  # where a window of weeks begins
WEEK = 7 * DAY
A_WEEK = 160


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    """With a champion, and nothing answered yet."""
    monkeypatch.setenv("TIDEMILL_HOME", str(tmp_path / "home"))
    toml = TOML + '[monitor]\nwindow = "7 days"\noutcomes_within = "7 days"\n'
    for name, text in (("contracts/loans.yaml", CONTRACT), ("data/a.csv", loans(400)), ("tidemill.toml", toml)):
        (tmp_path / "loans" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "loans" / name).write_text(text)
    with open_project(tmp_path / "loans", clock=HeldClock(START)) as opened:

        def work(tx: Tx) -> None:
            opened.store.models.add(records.model(name="loans", metrics={"log_loss": [0.5, 0.4, 0.6], "n": 500}), tx)
            release = records.release(
                endpoint="loans", model="model:loans@1", status="champion", started=START, ended=None, previous=None
            )
            opened.store.releases.add(release, tx)

        opened.store.transact(work)
        yield opened


def answer(scope: Endpoint, week: int, selected: dict[str, float], body: Callable[[int, str], dict[str, Any]]) -> None:
    """A week's answers with their outcomes: of each group so many are answered "true". ``body``: what the request said."""
    rng = np.random.default_rng(week)
    predictions, outcomes = [], []
    for number in range(A_WEEK):
        sex, at = ("f", "m")[number % 2], START + week * WEEK + number * (WEEK // A_WEEK)
        said = bool(rng.random() < selected[sex])
        chance = 0.7 if said else 0.3
        told = {"value": said, "probability": 0.7, "probabilities": {"false": 1 - chance, "true": chance}}
        name, asked = f"pred_{week}_{number}", body(week * A_WEEK + number, sex)
        own = {"id": name, "at": at, "endpoint": "loans", "environment": "", "model": "model:loans@1", "subject": ""}
        own |= {
            "inputs": json.dumps(asked).encode(),
            "output": json.dumps(told).encode(),
            "key": asked.pop("key", None),
        }
        predictions.append(records.prediction(**own))
        true = bool(rng.random() < chance)
        kept = {
            "endpoint": "loans",
            "environment": "",
            "subject": "",
            "joined_at": at + 1,
            "item": str(true).lower(),
            "value": float(true),
        }
        outcomes.append(
            records.outcome(
                f"o_{name}", at + 1, prediction=name, joined=name, how="prediction", received=at + 1, **kept
            )
        )
    scope.live.append(predictions, outcomes, ())
    scope.live.flush()


def watched(
    project: Project, weeks: Sequence[dict[str, float]], body: Callable[[int, str], dict[str, Any]]
) -> list[Window]:
    """The windows of these weeks, closed one after the other as the loop does it, with the alarms that they raise."""
    scope, found, clock = project.endpoint(), list[Window](), project.clock
    assert isinstance(clock, HeldClock)
    for week, selected in enumerate(weeks):
        answer(scope, week, selected, body)
    for week in range(len(weeks)):
        now: Micros = START + (week + 2) * WEEK
        clock.move(now)
        closed = [*close_quality(scope, now), *close_fairness(scope, now)]
        raise_alarms(scope, closed, now)
        found += [one for one in closed if one.monitor == FAIRNESS]
    return found


def in_request(number: int, sex: str) -> dict[str, Any]:
    return {"inputs": {"income": 30.0, "sex": sex}}


EVEN, WIDE = {"f": 0.3, "m": 0.3}, {"f": 0.2, "m": 0.5}


def test_a_gap_that_opens_in_production_is_alarmed_as_labels_come(project: Project) -> None:
    found = watched(project, [EVEN] * 12 + [WIDE] * 8, in_request)
    assert [one.n for one in found] == [A_WEEK] * 20 and not any(one.alarm for one in found[:12])
    (alarm,) = project.store.alarms.list(endpoint="loans", environment="")
    assert (alarm.monitor, alarm.kind, alarm.model, alarm.hurts) == (FAIRNESS, FAIRNESS, "model:loans@1", "yes")
    assert "m above f" in alarm.what[0] and alarm.since >= START + 11 * WEEK
    last = found[-1].data
    assert isinstance(last, FairnessWindow) and set(last.groups["sex"]) == {"f", "m"}
    mean, low, high = last.groups["sex"]["m"]["selection_rate"]
    assert low < mean < high and mean > 0.35
    assert close_fairness(project.endpoint(), project.clock.now()) == [], "the same windows are not closed twice"


def test_a_steady_half_year_on_the_log_raises_nothing(project: Project) -> None:
    found = watched(project, [EVEN] * 26, in_request)
    assert len(found) == 26 and project.store.alarms.list(endpoint="loans", environment="") == []


def test_whose_group_a_row_is_of_is_found_by_its_key_where_the_request_does_not_say_it(project: Project) -> None:
    """The model never sees it, and need not be sent it; who is in no row is of the group that nobody knows."""
    ingest(project, "loans")

    def by_key(number: int, sex: str) -> dict[str, Any]:
        return {"inputs": {"income": 30.0}, "key": f"L{number}"}

    first, *_, last = watched(project, [EVEN] * 4, by_key)
    assert isinstance(first.data, FairnessWindow) and isinstance(last.data, FairnessWindow)
    assert set(first.data.groups["sex"]) == {"(missing)", "f", "m"}
    assert first.data.groups["sex"]["f"]["n"] > 40 and first.data.groups["sex"]["(missing)"]["n"] < 10
    assert set(last.data.groups["sex"]) == {"(missing)"}, "of later loans there is no row"


def test_a_window_waits_until_labels_have_passed_it(project: Project) -> None:
    scope = project.endpoint()
    answer(scope, 0, EVEN, in_request)
    assert matured(scope, FAIRNESS, START + WEEK) == [] and close_fairness(scope, START + 2 * WEEK) == []
    close_quality(scope, START + 2 * WEEK)
    assert monitors()[FAIRNESS].is_due is not None
    assert [one.start for one in matured(scope, FAIRNESS, START + 2 * WEEK)] == [START]


# a window's step ------------------------------------------------------------------------------------------------------


def valued(rng: np.random.Generator, unit: float, wide: float = 1.0) -> Seen:
    """Answers to values in some unit; those to the second of two groups are so many times as far off."""
    sex = rng.choice(["f", "m"], 200)
    off = np.abs(rng.normal(0, 1, 200)) * np.where(sex == "m", wide, 1.0)
    answers = Answers(np.zeros((200, 1)), unit * off)
    return Seen(answers, np.arange(200), {"sex": groups_of("sex", sex)})


@pytest.mark.parametrize("unit", [1e-4, 1.0, 1e4])
def test_a_gap_of_values_is_found_in_whatever_unit_they_are(unit: float) -> None:
    rng, last = np.random.default_rng(0), FairnessWindow("model:loads@1", "error", 0.1)
    alarms = []
    for day in range(40):
        last = stepped(last, valued(rng, unit, 1.0 if day < 20 else 2.0), day * DAY, QUARTER)
        alarms.append(last.which)
    assert not any(alarms[:20]) and any("m above f" in name for which in alarms[20:30] for name in which)
    assert last.scale == pytest.approx(unit, rel=0.3)


def test_what_clients_send_neither_stops_the_watch_nor_makes_it_grow() -> None:
    """Of a group of one nothing is watched; beyond as many groups as an attribute may have all others are one."""
    rng, last = np.random.default_rng(0), FairnessWindow("model:loans@1", "selection_rate", 0.05)
    for day in range(30):
        sex = np.array([*rng.choice(["f", "m"], 170), *(f"x{day}.{number}" for number in range(30))], object)
        chance = rng.random(200)
        groups = {"sex": groups_of("sex", largest(sex.tolist()))}
        answers = Answers(np.stack([1 - chance, chance], 1), (rng.random(200) < chance) * 1.0, (chance > 0.5) * 1)
        last = stepped(last, Seen(answers, np.arange(200), groups), day * DAY, QUARTER)
    assert len(last.groups["sex"]) == 20 and last.groups["sex"][OTHERS]["n"] == 13
    assert len(last.detectors) == 3 * 2 and all("x" not in name.partition(": ")[2] for name in last.detectors)
