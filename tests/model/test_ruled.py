"""The card says what the rules of today would have made of the test; gates and figures are of the model's own list, as before."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.cases.projects import END, SALES, SALES_TOML, Folder, lay, replayed
from tests.data.test_items import ITEMS
from tests.model.test_exposure import rows
from tidemill.features.online import History
from tidemill.learning.split import Cut
from tidemill.learning.trainer import Trainer
from tidemill.model import ruled
from tidemill.model.pipeline import build_candidate
from tidemill.ops import evidence
from tidemill.scope.project import Project
from tidemill.store.artifacts.codecs import Bundle
from tidemill.store.records import ItemChange
from tidemill.tasks.table import load
from tidemill.types import DAY

RULES = """
[data.items]
source = "data/items/*.csv"
contract = "contracts/items.yaml"
[endpoint.shop.rules]
in_stock = { column = "stock" }
"""
THERE = [f"i{n}" for n in range(1, 31, 3)]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    made = lay(tmp_path_factory.mktemp("shop") / "shop", "sales", SALES, SALES_TOML + RULES)
    (made.root / "contracts/items.yaml").write_text(ITEMS.replace("KEY", "sku"))
    made.write("data/sales/a.csv", *[row.replace("supplier", "country") for row in rows()])
    made.ingest("sales")
    return made


def by_hand(project: Project, trainer: Trainer, where: Cut, bundle: Bundle) -> float:
    """The metric where what is not there is crossed off the model's whole list."""
    scorer, history, lists = load(bundle), History(), dict[str, Any]()
    history.load(project.live.online.rows_since(0))
    for one in trainer.happened(where.test_start, where.end):
        items, values = history.items(one.body["subject"], one.at, scorer.half_life, 1 << 60)
        names, _ = scorer.recommend(items, values, one.at, 1_000)
        lists[one.key] = [name for name in names if name in THERE][:20]
    report = trainer.judge(lists, where.test_start, where.end)
    return float(report.of(trainer.settings.metric).values.mean())


def test_the_card_says_what_the_rules_of_today_would_have_made_of_the_test(
    shop: Folder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TIDEMILL_HOME", str(tmp_path / "home"))
    seen: list[Any] = []
    of = ruled._of

    def looked(*asked: Any) -> Any:
        seen.append((asked, of(*asked)))
        return seen[-1][1]

    monkeypatch.setattr(ruled, "_of", looked)
    with replayed(shop, END) as project:
        stock = [ItemChange("items", f"i{n}", "", END - DAY, {"stock": int(f"i{n}" in THERE)}) for n in range(31)]
        project.live.items.load(stock, END - DAY)
        version = build_candidate(project)
        ((_, *of_test, _), found) = seen.pop()
        assert found["with"][0] == pytest.approx(by_hand(project, *of_test))
        assert found["short"] == found["n"] > 100, "ten are there, twenty were asked for"
        assert found["without"][0] == pytest.approx(version.metrics[found["metric"]][0], abs=0.02)
        card = evidence.card(project, version.ref).card
        assert f"Under the rules of shop as they are now: {found['metric']} {found['with'][0]:.3f}" in card
        assert "No gate reads it" in card
