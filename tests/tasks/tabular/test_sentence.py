"""The sentence for the person concerned agrees with the numbers: it names the largest ones, in their order, each the right way."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tasks.tabular.test_trees import fitted, inputs
from tidemill.tasks.port import Contribution, Question, Reason
from tidemill.tasks.tabular.inputs import Input
from tidemill.tasks.tabular.sentence import AGAINST, FOR, LEAST, SURE, sentence
from tidemill.tasks.tabular.serving import CLASSIFY, REGRESS, RowRequest

NAMES = [f"input{place:02}" for place in range(12)]
INPUTS = [Input(name, "number", name) for name in NAMES]
MOVED = st.lists(
    st.tuples(st.floats(-5, 5).filter(lambda v: abs(v) > 1e-6), st.floats(0, 2)), min_size=1, max_size=len(NAMES)
)


@given(MOVED, st.booleans())
def test_it_names_the_largest_ones_in_their_order_and_each_the_right_way(
    moved: list[tuple[float, float]], drawn: bool
) -> None:
    each = [Contribution(name, value, error=error * drawn) for name, (value, error) in zip(NAMES, moved, strict=False)]
    each.sort(key=lambda one: -abs(one.value))
    total = sum(one.value for one in each)
    said = sentence(
        Reason("value", total, 0.0, tuple(each), 0.0), {"value": total}, INPUTS, dict.fromkeys(NAMES, 1.0), {}
    )
    named = re.findall(r"(input\d\d) is 1 \((raised|lowered) it\)", said)
    by_name = {one.what: one for one in each}
    assert [way for _, way in named] == ["raised" if by_name[name].value > 0 else "lowered" for name, _ in named]
    assert len(set(named)) == len(named) == said.count("input"), "each once, and none in other words"
    sure = [one for one in each if abs(one.value) >= SURE * one.error]
    if not sure:
        assert not named
        return
    assert sure[0].what in dict(named), "the largest that is sure is always named"
    because, _, although = said.partition(", although ")
    most = abs(sure[0].value) * LEAST
    for part, way, n in ((because, total > 0, FOR), (although, total <= 0, AGAINST)):
        wanted = [one.what for one in sure if (one.value > 0) is way and abs(one.value) >= most][:n]
        if total:
            assert re.findall(r"input\d\d", part) == wanted
    assert ("more than usual" in said) is (total > 0 or (total == 0 and sure[0].value > 0))


@pytest.mark.parametrize("task", ["regress", "binary", "multi"])
def test_of_a_fitted_model_it_says_what_the_contributions_say(task: str) -> None:
    table, _, scorer, frame = fitted(task)
    port = REGRESS if task == "regress" else CLASSIFY
    for place in range(0, len(table), 97):
        row = inputs(frame.row(place, named=True))
        request = RowRequest(inputs=row)
        question = Question(request, None, 0, 0, scorer.predict(row))  # type: ignore[arg-type]
        found = port.contributions(scorer, question)
        (reason,) = found.reasons
        said = port.sentence(scorer, question, reason, {"town": "home town"})
        ways = {True: ("raised it", "spoke for it"), False: ("lowered it", "spoke against it")}
        for one in reason.contributions[:1]:
            name = {"town": "home town"}.get(one.what, one.what)
            assert re.search(rf"\b{name} (is|known|is known)\b", said) or f"no {name} is known" in said
            after = said.split(name, 1)[1]
            assert re.search(r"\(([^)]*)\)", after)[1] in ways[one.value > 0]  # type: ignore[index]
        assert "tree" not in said and "odds" not in said and "w" + str(place % 50) not in said.split()


@pytest.mark.parametrize(
    ("kind", "value", "words"),
    [
        ("hour", "2011-06-01T07:30:00Z", "7:00 UTC"),
        ("weekday", "2011-06-01T07:30:00Z", "Wednesday"),
        ("month", "2011-06-01T07:30:00Z", "June"),
        ("trend", "2011-06-01T07:30:00Z", "2011-06-01"),
        ("number", None, "no seen on is known"),
        ("category", "x" * 100, "“" + "x" * 60 + "…”"),
        ("category", True, "seen on is yes"),
        ("number", 1_234_567, "seen on is 1234567 "),
        ("number", 2.5e6, "seen on is 2500000 "),
    ],
)
def test_values_are_said_as_people_say_them(kind: str, value: Any, words: str) -> None:
    one = Reason("value", 2.0, 1.0, (Contribution("seen_on", 1.0),), 0.0)
    assert words in sentence(one, {"value": 2.0}, [Input("seen_on", kind, "at")], {"at": value}, {})


@pytest.mark.parametrize("answer", ["yes", "no"])
def test_where_a_threshold_decides_it_says_from_where_on(answer: str) -> None:
    one = Reason("yes", -1.4, -2.0, (Contribution("input00", 0.6),), 0.0)
    output = {"value": answer, "probabilities": {"no": 0.8, "yes": 0.2}}
    decided = sentence(one, {**output, "threshold": 0.125}, INPUTS, {"input00": 1}, {})
    assert decided.index("20 %") < decided.index("12.5 %")
    assert "12.5 %" not in sentence(one, output, INPUTS, {"input00": 1}, {})


def test_where_nothing_was_moved_it_says_so() -> None:
    said = sentence(Reason("value", 2.0, 2.0, (), 0.0), {"value": 2.0}, INPUTS, {}, {})
    assert "usual" not in said and "because" not in said
