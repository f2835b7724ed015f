"""The recipe of demand: from its own sales to a released model that is better than each baseline, with intervals that hold, live too."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl
import pytest

from tidemill.feedback.settle import settle_labels
from tidemill.model.prepare import refs_of, rows
from tidemill.model.questions import questions
from tidemill.recipes.demand import sample
from tidemill.recipes.new import new_project
from tidemill.retrain.run_all import RunSummary, run_all
from tidemill.scope.project import Project, open_project
from tidemill.store.artifacts.codecs import get_bundle
from tidemill.tasks.table import load, outcome_scorer_of
from tidemill.tasks.tabular.learners import series
from tidemill.tasks.tabular.tables import TARGET
from tidemill.testing.records import prediction
from tidemill.types import DAY, canonical

Built = tuple[Project, RunSummary]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Built]:
    base = tmp_path_factory.mktemp("demand")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TIDEMILL_HOME", str(base / "home"))
        patch.setattr(series, "is_installed", lambda: False)
        new_project(base / "shop", "demand", data=True)
        config = base / "shop" / "tidemill.toml"
        config.write_text(config.read_text().replace('"60 s"', '"10 minutes"'))
        with open_project(base / "shop") as project:
            yield project, run_all(project)


def test_it_is_released_and_better_than_every_baseline(built: Built) -> None:
    project, turned = built
    said = {v.gate: v for v in project.store.verdicts.list(model=turned.model.ref)}
    assert all(v.passed for v in said.values()), {g: v.evidence for g, v in said.items() if not v.passed}
    assert turned.release is not None and turned.release.status == "champion"
    baselines = {"constant", "last_value", "seasonal_naive", "window_average", "linear"}
    assert set(turned.model.metrics["baselines"]) == baselines
    own = turned.model.metrics["mae"][0]
    assert turned.model.recipe["method"] in ("trees", "blend"), project.artifacts.get(turned.model.card).decode()
    assert own < min(one["mae"][0] for one in turned.model.metrics["baselines"].values())
    assert said["coverage"].evidence["coverage"] == turned.model.metrics["coverage"]


def test_a_week_without_a_sale_is_nought_and_each_series_is_whole(built: Built) -> None:
    project, _ = built
    frame = rows(project.model(), refs_of(project.model()))
    sales = sample.sales()
    asked = frame.filter(pl.col("_at").is_in(frame["_at"].unique().sort()[-3:].implode()))
    assert (asked[TARGET] == 0).any()
    for row in asked.sample(25, seed=1).iter_rows(named=True):
        own = sales.filter(pl.col("product") == row["_unit"]).with_columns(at=pl.col("sold_at").dt.epoch("us"))
        shift = project.store.datasets.get("sales").time_max - own_last(sales)

        def total(since: int, until: int) -> float:
            at = own["at"] + shift
            return float(
                own.filter((at >= row["_at"] + since * DAY) & (at < row["_at"] + until * DAY))["quantity"].sum()
            )

        assert row[TARGET] == total(0, 7)
        assert (row["week"], row["week_before"]) == (total(-7, 0), total(-14, -7))
        assert row["last_year"] == total(-364, -357), "the week of the label, a year ago"


def own_last(sales: pl.DataFrame) -> int:
    """When the last of these sales was, in the source's own time."""
    return int(sales["sold_at"].dt.epoch("us").max())  # type: ignore[arg-type]


def test_everybody_who_is_active_is_answered_with_an_interval_that_a_settled_label_judges(built: Built) -> None:
    project, turned = built
    scorer, model = load(get_bundle(project.artifacts, turned.model.bundle)), project.model()
    newest = project.store.datasets.get("sales").time_max
    assert newest is not None
    at = newest - 14 * DAY
    asked = questions(model, at)
    answers = {one["subject"]: scorer.predict(one["inputs"]) for one in asked}
    assert len(answers) > sample.PRODUCTS / 2
    assert all(0 <= one["lower"] <= one["value"] <= one["upper"] and one["level"] == 0.9 for one in answers.values())
    scope = project.endpoint()
    told = [
        prediction(
            id=f"pred_{who}", at=at, **scope.here, subject=who, key=None, output=canonical(one), model=turned.model.ref
        )
        for who, one in answers.items()
    ]
    project.live.append(told, (), ())
    project.live.flush()
    project.store.settings.set(f"labels:{':'.join(scope.salt)}", {"until": at, "version": 1})
    assert settle_labels(scope, newest) == len(told)
    settled = {one.prediction: one for one in project.live.outcomes.list(endpoint=scope.name)}
    judged = [outcome_scorer_of(model).judge(one, [settled[one.id]]) for one in told]
    window = outcome_scorer_of(model).told(judged, judged, {})["calibration"]["within the interval"]
    assert window["predicted"] == 0.9
    within = [
        answers[j.prediction.subject]["lower"] <= j.truth <= answers[j.prediction.subject]["upper"] for j in judged
    ]
    assert window["observed"][0] == pytest.approx(sum(within) / len(within), abs=1e-4)
