"""A recommender's batch: a list for each subject, by its history, as the server would give it."""

from __future__ import annotations

import json
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


def test_the_same_subjects_are_another_batch_once_something_became_of_them(shop: Any) -> None:
    """Yesterday's lists are no answers for today; one that was killed goes on as it was begun."""
    pl.DataFrame({"subject": ["s0", "s1"]}).write_parquet(shop.root / "who.parquet")

    def ask(out: str) -> verbs.Batched:
        return verbs.predict_batch(shop, Caller.local(), "who.parquet", str(shop.root / out), None, lambda *told: None)

    first = ask("first")
    assert (ask("again").batch, ask("again").met) == (first.batch, 1), "nothing has moved"
    shop.live.online.load([OnlineEvent(0, "new", "s1", "mug", shop.clock.now() - 1, 1.0, dataset="sales")])
    second = ask("second")
    assert second.batch != first.batch and second.met == 0
    shop.live.online.load([OnlineEvent(0, "newer", "s1", "mug", shop.clock.now() - 1, 1.0, dataset="sales")])
    shop.store.runs.update(second.run, status="failed")
    assert ask("second").batch == second.batch, "one that is not done"


def test_rules_and_context_are_those_of_requests(shop: Any) -> None:
    """What a rule takes out is in no list, and the answer says so; what is asked beside the subject may stand as JSON."""
    path = shop.root / "tidemill.toml"
    path.write_text(path.read_text() + '\n[endpoint.shop.rules]\nexclude = [{ name = "recalled", items = ["mug"] }]\n')
    lines = ["subject,k,context", *(f's{n},1,"{{""store"": ""north""}}"' for n in range(4)), "s9,1,{broken", "s9,two,"]
    (shop.root / "who.csv").write_text("\n".join(lines) + "\n")
    with open_project(shop.root) as project:
        verbs.predict_batch(project, Caller.local(), "who.csv", str(shop.root / "out"), None, lambda *told: None)
        found = pl.read_parquet(shop.root / "out" / "*.parquet").sort("row")
        assert found["error"].is_not_null().to_list() == [False] * 4 + [True, True]
        assert {len(items) for items in found["items"].drop_nulls()} == {1}
        assert not any("mug" in items for items in found["items"].drop_nulls())
        said = [json.loads(text) for text in found["reasons"].drop_nulls()]
        assert said and project.live.predictions.get(found["prediction_id"][0]).output
        kept = json.loads(project.live.predictions.get(found["prediction_id"][0]).inputs)
        assert kept["context"] == {"store": "north"}
