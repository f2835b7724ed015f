"""Whose items a recommender shows, from the configuration to the version's record, the card and the page."""

from __future__ import annotations

import json
import math
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.cases.projects import END, HEADER, SALES, SALES_TOML, Folder, lay, replayed
from tidemill.learning.split import Cut
from tidemill.model import prepare
from tidemill.model.pipeline import build_candidate
from tidemill.ops import evidence, models
from tidemill.store.artifacts.codecs import get_bundle
from tidemill.tasks.table import training_of
from tidemill.types import DAY, to_iso
from tidemill.web.pages.shown import exposure
from tidemill.web.render import environment

TOML = SALES_TOML + '[fairness]\nsuppliers = "supplier"\n'
CONTRACT = SALES.replace("name: country", "name: supplier")
"""The column of a country becomes that of a supplier."""


def rows() -> list[str]:
    """Ninety days of twelve invoices; the supplier goes with the item, and some are nobody's."""
    rng, found = np.random.default_rng(0), [HEADER.replace("country", "supplier")]
    for day in range(90):
        for n in range(12):
            at = to_iso(END - (90 - day) * DAY + n * 3_600_000_000)
            for item in rng.choice(30, 3, replace=False, p=np.arange(1, 31) / 465).tolist():
                whose = "" if item % 7 == 0 else ("acme", "bolt", "cog")[item % 3]
                found.append(f"{day * 12 + n:05},i{item},1,{at},1.0,c{rng.integers(40)},{whose}")
    return found


PARTIAL = '{% import "_parts.html" as p %}{% include "_exposure.html" %}'


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    made = lay(tmp_path_factory.mktemp("shop") / "shop", "sales", CONTRACT, TOML)
    made.write("data/sales/a.csv", *rows())
    made.ingest("sales")
    return made


def test_a_version_tells_whose_items_it_shows(shop: Folder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TIDEMILL_HOME", str(tmp_path / "home"))
    with replayed(shop, END) as project:
        version = build_candidate(project)
        shown = models.show(project, version.ref)
        found = shown.examined["exposure"]
        card = evidence.card(project, version.ref).card
        assert found["by"] == "supplier" and set(found["suppliers"]) <= {"acme", "bolt", "cog", "(missing)"}
        plain = by_hand(project, version)
        for name, one in found["suppliers"].items():
            if one["exposure"] is not None:
                assert one["exposure"][0] == pytest.approx(plain["shown"][name])
                assert one["outcomes"][0] == pytest.approx(plain["taken"][name])
        assert "## Exposure" in card
        written = environment().from_string(PARTIAL).render(x=exposure(found))
        assert "Exposure and outcomes by supplier" in written and "of the catalogue" in written.lower()
        page = exposure(found)
        tones = {"within": "ok", "beyond": "bad", "insufficient data": "warn"}
        assert (page["verdict"], page["tone"]) == (found["verdict"], tones[found["verdict"]])
        assert "share of all" in str(page["picture"])


def by_hand(project: Any, version: Any) -> dict[str, dict[str, float]]:
    """The shares from the answers and the rows themselves."""
    model = project.endpoint().model
    rows = prepare.rows(model, list(version.data))
    trainer = training_of(model.task).open_trainer(rows, prepare.settings(model))
    steps = {step.name: step for step in project.store.steps.list(run=version.run)}
    cut = Cut.read(json.loads(project.artifacts.get(steps["split"].outputs["result"]["digest"])))
    report = trainer.report(get_bundle(project.artifacts, version.evaluation_bundle), cut.test_start, cut.end)
    whose = dict(zip(rows["item"].to_list(), rows["_beside supplier"].to_list(), strict=True))
    shown, taken = Counter[str](), Counter[str]()
    assert report.listed is not None
    for items, wanted in zip(report.listed.shown, report.listed.taken, strict=True):
        for place, item in enumerate(items, 1):
            shown[whose.get(item) or "(missing)"] += 1 / math.log2(place + 1)  # type: ignore[assignment]
        taken.update(whose.get(item) or "(missing)" for item in wanted)
    return {
        "shown": {name: one / shown.total() for name, one in shown.items()},
        "taken": {name: one / taken.total() for name, one in taken.items()},
    }
