"""The examination of slices whole: what is kept, and that page, notebook and card show the same of it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from tests.evaluation.answered import planted
from tidemill.errors import NotEnoughData
from tidemill.evaluation.port import Look
from tidemill.evaluation.slices.slices import SLICES, card, look, read
from tidemill.learning.evaluate import Scored
from tidemill.learning.trainer import Report
from tidemill.ops.sliced import OpenSlices
from tidemill.types import JsonObject, canonical
from tidemill.web.pages.examined import sections


def seen(asked: JsonObject | None = None, attributes: Any = None, champion: bool = True) -> Look:
    one = planted(4)
    known = dict(one.scored.attributes) if attributes is None else attributes
    n = len(one.values)

    def report(values: Any) -> Report:
        none = np.zeros(n, np.int64)
        return Report({"accuracy": Scored(values, np.arange(n), none, none > 0, known)}, {})

    worse = report(one.values * (np.arange(n) % 5 > 0))
    told = SimpleNamespace(
        own=report(one.values),
        champion=report(one.values) if champion else None,
        baselines={"popularity": worse, "buy_again": report(one.values * (np.arange(n) % 9 > 0))},
        asked={"slices": asked} if asked else {},
        settings=SimpleNamespace(metric="accuracy"),
        seed=1,
    )
    return cast(Look, told)


NAMED: JsonObject = {"by": ["c0", "x0"], "max_gap": 0.2, "confidence": 0.95, "metric": ""}


def test_named_slices_stand_beside_the_champion_the_best_simple_model_and_the_simplest() -> None:
    found = look(seen(NAMED))
    canonical(found)
    told = read(found)
    assert told is not None and told.named and {one.column for one in told.slices} == {"c0", "x0"}
    assert set(told.whole) == {"candidate", "champion", "buy_again", "popularity"}
    (bad,) = [one for one in told.slices if one.name == "c0 e"]
    assert bad.verdict == "worse" and set(bad.against) == {"champion", "buy_again", "popularity"}
    assert bad.against["champion"] == (0.0, 0.0, 0.0) and bad.against["popularity"][0] < 0
    assert told.searched.worst is not None and ("c0", "e") in told.searched.worst.by


def test_where_none_is_named_those_of_the_columns_with_the_worst_slices_are_shown() -> None:
    told = read(look(seen(champion=False)))
    assert told is not None and not told.named and "c0" in {one.column for one in told.slices}
    assert "champion" not in told.whole and told.grid is not None and "c0" in told.grid.columns
    assert len(told.said) == 1 and told.said[0].startswith("Worst: c0 e")


def test_page_notebook_and_card_show_the_same() -> None:
    found = look(seen(NAMED))
    told, opened = read(found), OpenSlices(found)
    (section,) = sections({"slices": found})
    assert told is not None and section.section.name == SLICES.name
    assert [row.one.name for row in section.x.rows] == [one.name for one in told.slices]
    assert {row.word for row in section.x.rows} >= {"shown worse", "not worse"}
    assert "c0 e" in section.x.by_model and section.x.by_model.count("<rect") == 4 * (len(told.slices) + 1)
    assert opened.frame().height == 4 * len(told.slices) and all(
        line[:20] in opened._repr_html_() for line in told.said
    )
    assert all(line in card(found) for line in told.said)


def test_a_metric_that_the_test_does_not_give_is_said() -> None:
    with pytest.raises(NotEnoughData):
        look(seen({**NAMED, "metric": "auc"}))


def test_requests_of_which_nothing_is_known_have_no_slices() -> None:
    with pytest.raises(NotEnoughData):
        look(seen(attributes={"subject": np.arange(3_000).astype(str)}))


def test_a_column_that_is_the_same_for_all_is_no_slice() -> None:
    told = read(look(seen(attributes={"site": np.array(["A"] * 3_000, object)})))
    assert told is not None and told.searched.columns == 0 and told.searched.worst is None and told.slices == []
    assert "No slice is shown" in told.said[0]
