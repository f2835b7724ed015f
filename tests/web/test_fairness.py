"""What the page and a notebook show of groups: figures with intervals, what is said of a gap, a group too small, production over time."""

from __future__ import annotations

import numpy as np

from tests.evaluation.fairness.test_fairness import BOTH, labelled, looked, only
from tidemill.config.fairness import FairnessSection
from tidemill.evaluation.fairness.fairness import fairness as examined
from tidemill.ops.fair import OpenFairness, OpenGroups
from tidemill.ops.records import WindowShown
from tidemill.store.payloads import FairnessWindow
from tidemill.store.records import Window
from tidemill.types import DAY, JsonObject
from tidemill.web.pages.examined import sections
from tidemill.web.pages.fairness import fairness, over_time

MITIGATED = {
    "method": "thresholds",
    "metric": "cost",
    "price": {"cost": [0.03, 0.01, 0.05]},
    "level": {"cost": 0.5},
    "before": {"by": "sex", "gap": [0.2, 0.1, 0.3]},
}


def test_each_group_stands_with_its_intervals_and_one_that_is_too_small_without() -> None:
    sex = np.array(["f", "<m>"] * 2000, object)
    sex[7] = "x"
    found = looked(labelled(4000, 0.15, sex=sex), BOTH) | {"mitigated": MITIGATED, "inputs": ["sex"], "unit": "rows"}
    shown = fairness(found)
    rows = {row.name: row for row in shown.rows}
    assert rows["sex=x"].figures == [None] * 5 and rows["sex=x"].n == 1
    figure = rows["sex=f"].figures[shown.names.index("selection_rate")]
    assert figure and figure[1] < figure[0] < figure[2]
    assert (shown.tone, shown.inputs) == ("warn", ["sex"]) and "thresholds" in shown.price
    assert all("<m>" not in str(picture) for _, picture in shown.pictures) and "&lt;m&gt;" in str(shown.pictures[0][1])
    assert [drawn.section.name for drawn in sections({"fairness": found})] == ["fairness"]
    html = OpenFairness(found)._repr_html_()
    assert "<m>" not in html and html.count("<svg") == 3
    frame = OpenFairness(found).frame()
    assert frame.filter(frame["group"] == "x")["mean"].null_count() == 5 and frame.height == 5 * len(rows)


def test_of_a_version_of_which_nobody_asked_there_is_nothing() -> None:
    assert OpenFairness(None).frame().height == 0
    assert "10 rows" in OpenFairness({"error": "10 rows are too few"})._repr_html_()


def windows() -> list[Window]:
    groups: dict[str, JsonObject] = {
        "sex": {"f": {"n": 30, "error": [0.2, 0.1, 0.3]}, "m": {"n": 40, "error": [0.4, 0.3, 0.5]}, "x": {"n": 1}}
    }
    return [
        Window(
            "loans",
            "fairness",
            at * DAY,
            (at + 1) * DAY,
            71,
            FairnessWindow("model:loans@1", "error", 0.05, 1.0, groups, which=which),
            bool(which),
        )
        for at, which in enumerate([(), ("error by sex: m above f",)])
    ]


def test_groups_in_production_are_drawn_over_time() -> None:
    shown = over_time(windows(), ())
    assert shown is not None and over_time([], ()) is None
    ((name, picture),) = shown["pictures"]
    assert name == "sex" and "error by sex" in str(picture) and shown["alarmed"] == ["error by sex: m above f"]
    told = [
        WindowShown(
            "loans",
            "fairness",
            w.start,
            w.end,
            w.n,
            w.alarm,
            "closed",
            0,
            {"groups": w.data.groups, "which": w.data.which},
        )
        for w in reversed(windows())
        if isinstance(w.data, FairnessWindow)
    ]
    frame = OpenGroups(told).frame()
    assert frame.height == 4 and frame.columns[:3] == ["from", "by", "group"]
    assert "m above f" in OpenGroups(told)._repr_html_() and OpenGroups([]).frame().height == 0


def test_a_version_with_one_attribute_has_no_intersections() -> None:
    found = examined(only(labelled(600), "sex"), FairnessSection(attributes=("sex",)), "classify")
    assert {row.name for row in fairness(found | {"inputs": []}).rows} == {"sex=f", "sex=m"}
