"""Somebody forgotten beside models that learned from them: they are told apart, replaced by one without them, and come back no more."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import polars as pl
import pytest

from tests.model.test_pipeline import START, as_sales, crown, lay
from tests.raised import raised
from tests.tasks.ranking.made import shop as made_up
from tidemill.access.caller import Caller
from tidemill.data.pipeline import ingest
from tidemill.errors import ReleaseError
from tidemill.model.history import NOTHING
from tidemill.model.pipeline import build_candidate
from tidemill.model.recorded import recorded
from tidemill.model.redacted import redaction_of
from tidemill.ops.rights import forget
from tidemill.ops.rights.forget import Forgotten
from tidemill.rebuild.verify.verify import verified
from tidemill.release.forgotten import why_forgotten
from tidemill.release.rollout import rollout
from tidemill.retrain.decide import Policy, decide
from tidemill.retrain.evidence import gather
from tidemill.rights.forget.kept import receipts
from tidemill.rights.recall.refit import built
from tidemill.scope.project import Project, open_project
from tidemill.store.artifacts.codecs import Bundle, get_bundle
from tidemill.tasks.ranking.learners import recipe_of
from tidemill.types import DAY, HeldClock, JsonObject

ME = Caller.local()
WHO = "u007"
RECIPES: dict[str, JsonObject] = {
    "item_knn": {"baseline": "item_knn"},
    "ease": {**recipe_of("ease", 90 * DAY), "head": 40},
    "popularity": {"baseline": "popularity"},
    "buy_again": {"baseline": "buy_again"},
}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDEMILL_HOME", str(tmp_path / "home"))


def sold(without: str = "") -> pl.DataFrame:
    return as_sales(made_up(users=30).before(150 * DAY)).filter(pl.col("customer") != without)


def opened(root: Path, rows: pl.DataFrame) -> Project:
    rows.write_parquet(lay(root) / "data/sales/one.parquet")
    project = open_project(root, clock=HeldClock(START + 150 * DAY))
    ingest(project, "sales")
    return project


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Project]:
    with opened(tmp_path / "shop", sold()) as project:
        yield project


def forgotten(project: Project) -> Forgotten:
    done = forget.forget(project, ME, WHO)
    assert isinstance(done, Forgotten) and done.done
    return done


def later(project: Project, days: int) -> None:
    assert isinstance(project.clock, HeldClock)
    project.clock.move(project.clock.now() + days * DAY)


def test_a_version_that_learned_from_them_is_not_reproducible_redacted(shop: Project) -> None:
    model = build_candidate(shop, only=RECIPES["item_knn"])
    assert redaction_of(shop, model) is None
    later(shop, 1)
    done = forgotten(shop)
    found = redaction_of(shop, model)
    assert found is not None and (found.receipt, found.at) == (done.receipt, shop.clock.now())
    told = verified(shop, model, "same", lambda *_: None)
    assert (told.verdict, told.held, told.passes) == ("redacted", None, False)
    assert done.receipt in told.why[0].said and list(receipts(shop).values()) == [done.receipt]
    later(shop, 1)
    assert redaction_of(shop, build_candidate(shop, only=RECIPES["item_knn"])) is None


def test_a_new_version_is_made_whatever_the_policy_says_and_once(shop: Project) -> None:
    model = build_candidate(shop, only=RECIPES["item_knn"])
    crown(shop, model)
    scope, quiet = shop.endpoint(), Policy()
    assert "forgotten" not in gather(scope, shop.clock.now(), None)
    later(shop, 1)
    forgotten(shop)
    seen = gather(scope, shop.clock.now(), None)
    assert seen["fresh"] is False and seen["forgotten"] == shop.clock.now()
    chosen = decide(quiet, seen)
    assert (chosen.action, chosen.code) == ("retrain", "forgotten")
    again = {"at": shop.clock.now(), "rows": 0, "cpu_hours": None, "status": "done"}
    assert decide(quiet, seen | {"attempts": [again], "at": shop.clock.now() + 9 * DAY}).action == "none"


def test_after_its_time_it_is_no_way_back(shop: Project) -> None:
    first = build_candidate(shop, only=RECIPES["item_knn"])
    crown(shop, first)
    later(shop, 1)
    forgotten(shop)
    later(shop, 1)
    crown(shop, build_candidate(shop, only=RECIPES["popularity"]))
    (champion,) = shop.store.releases.list(status="champion")
    shop.store.releases.update(champion.id, previous="release_1")
    champion = shop.store.releases.get(champion.id)
    assert not why_forgotten(shop.endpoint(), first.ref, shop.clock.now())
    later(shop, 40)
    assert why_forgotten(shop.endpoint(), first.ref, shop.clock.now())
    assert not why_forgotten(shop.endpoint(), champion.model, shop.clock.now())
    with raised(ReleaseError, "shop"):
        rollout.roll_back(shop, champion.id, by="ann", reason="it is worse")
    assert shop.endpoint().champion() == champion


def told_of(project: Project) -> list[tuple[int, dict[str, Any]]]:
    """Of each version how many rows it has, and what its profile says of each column; the sketches behind it say the same in other bytes."""
    found = project.store.datasets.list(dataset="sales")
    profiles = [json.loads(project.artifacts.get(str(one.profile)))["columns"] for one in found]
    plain = [{name: {**one, "sketches": None} for name, one in columns.items()} for columns in profiles]
    return [(one.rows, columns) for one, columns in zip(found, plain, strict=True)]


def test_each_version_is_told_of_as_if_they_never_were(tmp_path: Path) -> None:
    """Three versions, the second of which is by them alone."""
    every = sold().sort("at")
    theirs, half = pl.col("customer") == WHO, every.height // 2
    first, later = every[:half].filter(~theirs), every[half:]
    with opened(tmp_path / "shop", first) as one, opened(tmp_path / "other", first) as two:
        for project, name, rows in (
            (one, "two", every[:half].filter(theirs)),
            (one, "three", later),
            (two, "two", later.filter(~theirs)),
        ):
            rows.write_parquet(project.root / f"data/sales/{name}.parquet")
            ingest(project, "sales")
        forgotten(one)
        mine, expected = told_of(one), told_of(two)
    assert [mine[0], mine[1], mine[2]] == [expected[0], expected[0], expected[1]]


def weights(bundle: Bundle) -> dict[str, Any]:
    """All that is in it: arrays by their names, and the words of the manifest without names of versions and files."""
    import io

    found: dict[str, Any] = {}
    for name, data in bundle.files.items():
        if data[:4] == b"PK\x03\x04":
            with np.load(io.BytesIO(data), allow_pickle=False) as archive:
                found |= {f"{name} {key}": archive[key] for key in archive.files}
        else:
            found[name] = data
    return found


@pytest.mark.parametrize("name", RECIPES)
def test_a_model_made_after_is_the_one_of_a_shop_where_they_never_were(name: str, tmp_path: Path) -> None:
    """The recipe as it was chosen, its hyper-parameters frozen, built again on what is left."""
    with opened(tmp_path / "shop", sold()) as project, opened(tmp_path / "other", sold(without=WHO)) as other:
        model = build_candidate(project, only=RECIPES[name])
        later(project, 1)
        forgotten(project)
        record = recorded(project, model)
        made = built(project, record, NOTHING)
        never = build_candidate(other, only=model.recipe)
        theirs = get_bundle(other.artifacts, never.bundle)
    ours, expected = weights(made), weights(theirs)
    assert ours.keys() == expected.keys() and ours
    for key, value in expected.items():
        if isinstance(value, np.ndarray) and value.dtype.kind == "f":
            np.testing.assert_allclose(ours[key], value, rtol=1e-9, atol=1e-9)
        elif isinstance(value, np.ndarray):
            np.testing.assert_array_equal(ours[key], value)
        else:
            assert ours[key] == value
    assert msgspec.json.encode(made.manifest["recipe"]) == msgspec.json.encode(theirs.manifest["recipe"])
