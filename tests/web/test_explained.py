"""What the page draws of importance and dependence: no line over a stretch without rows, and why where one could not be made."""

from __future__ import annotations

from tidemill.ops.explained import OpenDependence, OpenImportance
from tidemill.web.pages.examined import sections
from tidemill.web.pages.explained import dependence, worth

POINTS = [{"at": float(x), "answer": float(x), "low": x - 1.0, "high": x + 1.0} for x in (0, 1, 9, 10)]
DENSITY = [
    {"from": 0.0, "to": 1.0, "rows": 30},
    {"from": 1.0, "to": 9.0, "rows": 0},
    {"from": 9.0, "to": 10.0, "rows": 60},
]
GAP = {"input": "<gap>", "kind": "number", "missing": 0, "method": "partial dependence", "points": POINTS}
LEVELS = [{"at": "<oslo>", "answer": 0.7, "low": 0.5, "high": 0.9, "rows": 40}]
FOUND = {
    "answer": "yes",
    "of": "the probability of 'yes'",
    "rows": 90,
    "mean": 0.5,
    "inputs": [
        {**GAP, "density": DENSITY, "empty": [[1.0, 9.0]]},
        {"input": "town", "kind": "category", "missing": 0, "method": "partial dependence", "levels": LEVELS},
    ],
}
WORTH = {
    "metric": "mae",
    "rows": 90,
    "units": 9,
    "unit": "subjects",
    "repeats": 3,
    "values": [
        {"name": "<a>", "lost": [2.0, 1.0, 3.0], "alike": ["b"]},
        {"name": "b", "lost": [0.1, None, None], "alike": ["<a>"]},
        {"name": "still", "lost": [0.0, 0.0, 0.0], "constant": True},
    ],
    "groups": [{"names": ["<a>", "b"], "lost": [4.0, 3.0, 5.0]}],
}


def test_no_line_crosses_where_no_row_lies() -> None:
    (name, said, _, picture), (_, _, _, levels) = dependence(FOUND).curves
    assert "the probability of 'yes' is least, 0, at <gap> 0" in said
    assert name == "<gap>" and "<gap>" not in picture and "&lt;oslo&gt;" in levels
    (line,) = [part.split('"')[0] for part in str(picture).split('<path d="')[1:]]
    assert line.count("M") == 2 and line.count("L") == 2, "two lines of two points"
    assert picture.count("polygon") == 2 and "nothing is known of its answers there" in picture
    assert "30 rows between 0 and 1" in picture and "0 rows between 1 and 9" not in picture


def test_each_value_has_its_interval_and_what_shares_stands_together() -> None:
    found = worth(WORTH)
    assert "&lt;a&gt; + b" in found.picture and "<a>" not in found.picture
    assert found.notes == ("still is the same in every row of the test",) and "share 4" in found.said


def test_what_was_not_made_says_why_and_what_is_of_no_table_is_not_there() -> None:
    found = sections({"importance": {"error": "too few"}, "dependence": FOUND})
    assert [(one.section.name, one.error) for one in found] == [("importance", "too few"), ("dependence", "")]


def test_a_notebook_has_the_same_pictures_and_tables_to_go_on_with() -> None:
    one, other = OpenImportance(WORTH), OpenDependence(FOUND)
    assert one.frame()["value"].to_list() == ["<a>", "b", "still", "<a> + b"]
    assert "&lt;a&gt; + b" in one._repr_html_() and "<a>" not in one._repr_html_()
    assert other.frame().height == 5 and other._repr_html_().count("<polyline") == 2
    assert (
        "too few" in OpenImportance({"error": "too few"})._repr_html_()
        and "nothing" in OpenDependence(None)._repr_html_()
    )
