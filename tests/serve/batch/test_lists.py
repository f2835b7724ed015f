"""A recommender's batch: a list for each subject, by its history, as the server would give it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tests.serve import released
from tests.serve.asking import opened
from tidemill.access.caller import Caller
from tidemill.ops import batch as verbs
from tidemill.scope.project import open_project
from tidemill.store.records import OnlineEvent


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("TIDEMILL_HOME", str(tmp_path / "home"))
    with opened(tmp_path / "shop") as project:
        released.champion(project)
        released.canary(project, 2, share=0.5)
        at, dataset = project.clock.now() - 1, "sales"
        project.live.online.load(
            OnlineEvent(0, f"k{n}", f"s{n}", "mug", at, 1.0, dataset=dataset) for n in range(0, 20, 2)
        )
    with open_project(tmp_path / "shop") as project:
        yield project


def test_each_subject_has_its_list_of_its_variant(shop: Any) -> None:
    subjects = [*(f"s{n}" for n in range(20)), "", "NA"]
    pl.DataFrame({"subject": subjects}).write_parquet(shop.root / "who.parquet")
    made = verbs.predict_batch(
        shop, Caller.local(), "who.parquet", str(shop.root / "out"), None, lambda *told: None, k=3
    )
    found = pl.read_parquet(shop.root / "out" / "*.parquet").sort("row")
    assert (made.answered, made.errors) == (20, 2) and found["error"].is_not_null().to_list() == [False] * 20 + [
        True
    ] * 2
    assert set(found["arm"].drop_nulls()) == {"champion", "canary"}
    arms = dict(zip(found["subject"], found["arm"], strict=True))
    logged = shop.live.predictions.list()
    assert {p.subject: p.arm for p in logged} == {name: arm for name, arm in arms.items() if arm}
    assert {p.subject for p in logged if not p.cold} == {f"s{n}" for n in range(0, 20, 2)}
    assert [len(items) <= 3 for items in found["items"].drop_nulls()] == [True] * 20
