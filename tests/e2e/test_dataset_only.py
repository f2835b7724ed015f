"""A training reads the dataset and nothing else: what serving was told, true or false, cannot get into a model."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from tests.faults.small_shop import rows, small_shop
from tidemill.retrain.run_all import run_all
from tidemill.scope.project import open_project
from tidemill.store.records import ModelVersion, OnlineEvent, Outcome
from tidemill.types import DAY, SECOND

LIES = 3_000
ITEM = "22189"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A turn of the wheel is behind it; the next training has other settings, so that nothing is taken from the cache."""
    base = tmp_path_factory.mktemp("told")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TIDEMILL_HOME", str(base / "home"))
        small_shop(base / "shop", rows())
        with open_project(base / "shop") as project:
            assert run_all(project).release.status == "champion"
        config = base / "shop/tidemill.toml"
        config.write_text(config.read_text().replace('half_life = "180 days"', 'half_life = "90 days"'))
        yield base / "shop"


@pytest.fixture(scope="module")
def honest(shop: Path) -> ModelVersion:
    """What is learned next where nobody lied."""
    return retrained(another(shop, "honest"))


def another(shop: Path, name: str) -> Path:
    return Path(shutil.copytree(shop, shop.parent / name))


def retrained(root: Path) -> ModelVersion:
    with open_project(root) as project:
        model = run_all(project).model
        assert model.version == 2 and model.run is not None
        steps = {step.name: step.status for step in project.store.steps.list(run=model.run)}
        assert steps["search"] == steps["train"] == "done"
    return model


def lie(root: Path) -> None:
    """Everybody, it is said, bought the same item day after day; acknowledged outcomes, as the server keeps them."""
    with open_project(root) as project:
        now = project.clock.now()
        subjects = sorted({str(c) for c in rows()["customer_id"].to_list()})
        told = [(f"lie{n}", now - n % 200 * DAY - n * SECOND, subjects[n % len(subjects)]) for n in range(LIES)]
        outcomes = [Outcome(key, at, subject, ITEM, 9.0, None, now) for key, at, subject in told]
        events = [OnlineEvent(0, key, subject, ITEM, at, 9.0) for key, at, subject in told]
        project.live.append([], outcomes, events)
        project.live.flush()
        assert sum(project.live.outcomes.count().values()) == LIES


def test_what_serving_was_told_is_not_in_the_model(shop: Path, honest: ModelVersion) -> None:
    deceived = another(shop, "deceived")
    lie(deceived)
    one, other = honest, retrained(deceived)
    assert (one.bundle, one.evaluation_bundle, one.metrics) == (other.bundle, other.evaluation_bundle, other.metrics)
    assert one.data == other.data


def test_the_same_rows_in_the_dataset_are(shop: Path, honest: ModelVersion) -> None:
    """The counterpart: had they come by the source, the model would be another."""
    told = another(shop, "told")
    kept = rows()
    line = kept.filter(pl.col("quantity") > 0).head(300)
    more = line.with_columns(
        invoice=pl.lit("9") + pl.int_range(10_000, 10_000 + pl.len()).cast(pl.String), stock_code=pl.lit(ITEM)
    )
    more.write_parquet(told / "data/sales/more.parquet")
    assert honest.bundle != retrained(told).bundle
