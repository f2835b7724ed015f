"""Fraud, declared: a payment is one where a chargeback comes within 30 days; live answers are settled by the payment's key."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.cases.projects import Folder, replayed
from tests.labels.worlds import BEGAN, FRAUD, START, lay, payments, until, write
from tests.retrain.inline import InlineJobs
from tests.serve.real import scorer
from tidemill.data.pipeline import ingest
from tidemill.errors import ConfigError, DataError, NotEnoughData
from tidemill.model.prepare import refs_of, rows
from tidemill.retrain.loop import tick
from tidemill.retrain.run_all import run_all
from tidemill.scope.project import open_project
from tidemill.tasks.tabular.tables import TARGET
from tidemill.types import DAY, Micros, parse_time

DAYS = 190
PAID, BACK = payments(DAYS + 40)


def at(day: float) -> Micros:
    return parse_time(BEGAN) + int(day * DAY)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Folder]:
    monkeypatch.setenv("TIDEMILL_HOME", str(tmp_path / "home"))
    made = lay(tmp_path / "payments", FRAUD)
    write(made, "payments", "a", until(PAID, DAYS))
    write(made, "chargebacks", "a", until(BACK, DAYS))
    return made


def test_it_is_learned_released_and_settled_by_key(folder: Folder) -> None:
    with replayed(folder, at(DAYS)) as project:
        made = run_all(project)
        assert made.release.status == "champion" and made.model.metrics["auc"][1] > 0.8
        known = {str(t): 1 for _, _, t, _ in BACK}
        learned = rows(project.model(), refs_of(project.model()))
        assert int(learned["_at"].max()) == at(DAYS - 31), "a day that chargebacks need to come, beyond the thirty"
        ripe = [str(t) for t, when, _, _ in PAID if when <= START + timedelta(days=DAYS - 31)]  # type: ignore[operator]
        assert (learned.height, learned[TARGET].sum()) == (len(ripe), sum(known.get(t, 0) for t in ripe))
        now = until(PAID, DAYS + 1, DAYS)
        with scorer(project) as server:
            for name, _, amount, country in now:
                body = {"key": name, "inputs": {"amount": amount, "country": country}}
                assert server.ask("POST", "/predict/fraud", body)[0] == 200
            server.ask("POST", "/predict/fraud", {"inputs": {"amount": 9.0, "country": "DE"}})
        jobs, scope = InlineJobs(project), project.endpoint()
        for day in (DAYS + 30, DAYS + 33):
            write(folder, "payments", f"d{day}", until(PAID, day, DAYS if day < DAYS + 31 else DAYS + 30))
            write(folder, "chargebacks", f"d{day}", until(BACK, day, DAYS if day < DAYS + 31 else DAYS + 30))
            project.store.settings.set("clock", at(day))
            tick(project, jobs)
            told = sum(project.live.outcomes.count().values())
            assert told == (len(now) if day > DAYS + 31 else 0)
        predictions = {p.key: p.id for p in project.live.predictions.list(**scope.here)}
        outcomes = project.live.outcomes.of(predictions.values())
        said = {name: [o.item for o in outcomes.get(predictions[str(name)], ())] for name, *_ in now}
        assert said == {name: [str(known.get(str(name), 0))] for name, *_ in now}
        assert None in predictions, "what named no payment waits for one who tells"


def test_rows_as_of_a_moment_are_what_was_known_and_ripe_then(folder: Folder) -> None:
    with replayed(folder, at(DAYS)) as project:
        for name in project.datasets:
            ingest(project, name)
        model = project.model()
        then = rows(model, refs_of(model), as_of=at(100))
        alone = rows(model, refs_of(model))
        assert then.height == sum(1 for row in alone["_at"].to_list() if row <= at(69))
        assert then.drop("_known", "_began", strict=False).equals(
            alone.head(then.height).drop("_known", "_began", strict=False)
        )


CASES = {
    "two labels of one key": (
        ('within = "30 days", else = 0', 'within = "30 days", column = "reason", else = "none"'),
        [("x1", "2024-03-02", "t1300", "fraud"), ("x2", "2024-03-03", "t1300", "mistake")],
        DataError,
    ),
    "unripe labels only": (('within = "30 days"', 'within = "400 days"'), [], NotEnoughData),
    "one class": (('within = "30 days", else', 'within = "1 m", else'), [], NotEnoughData),
    "no such key": (('on = "transaction_id"', 'on = "transaction"'), [], ConfigError),
    "no such column": (("else = 0", 'column = "why"'), [], ConfigError),
}


@pytest.mark.parametrize("case", [name for name, (_, _, error) in CASES.items() if error])
def test_a_label_that_is_none_is_said_with_its_place_and_a_hint(folder: Folder, case: str) -> None:
    (old, new), more, error = CASES[case]
    folder.change("tidemill.toml", old, new)
    if more:
        write(folder, "chargebacks", "b", list(more))
    with open_project(folder.root) as project, pytest.raises(error) as caught:
        run_all(project)
    assert caught.value.place == "[model.fraud] label" and caught.value.hint


def test_nothing_is_chosen_by_labels_that_had_not_come_when_the_test_begins(folder: Folder) -> None:
    folder.change("tidemill.toml", 'within = "30 days"', 'within = "5 days"')
    folder.change("tidemill.toml", 'complete_after = "1 day"', 'complete_after = "70 days"')
    with open_project(folder.root) as project, pytest.raises(NotEnoughData) as caught:
        run_all(project)
    assert caught.value.place == "[model] split" and caught.value.hint
