"""Rules against what they mean (`tests.rules.oracle`), on models of both kinds and tables of any shape."""

from __future__ import annotations

from collections import Counter
from math import sqrt
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.rules.oracle import Oracle
from tidemill.config.rules import (
    BoostSection,
    DiversitySection,
    ExposureSection,
    FilterSection,
    QuotaSection,
    RangeSection,
    RulesSection,
    StockSection,
)
from tidemill.errors import BadRequest
from tidemill.features.items import EMPTY, ItemTable
from tidemill.rules.exposure import drawn
from tidemill.rules.rules import Rules
from tidemill.tasks.ranking.ranked import Dense, Listed, Offer, Ranked

COLUMNS = {"stock": "number", "kind": "string", "price": "number"}
NAMES = [f"i{n:02}" for n in range(30)]
CATALOGUE, STRANGE = NAMES[:20], NAMES[20:22]
CONTEXT: dict[str, Any] = {"basket": ["i03", "i21", "i29"], "region": "a", "channel": "app"}

kinds = st.sampled_from(["a", "b", "c"])
kinds_said = st.one_of(kinds, st.lists(kinds, min_size=1, max_size=2).map(tuple), st.just("$region"))
between = st.builds(RangeSection, at_least=st.sampled_from([None, 1.0]), at_most=st.just(2.0))
wheres = st.one_of(
    st.fixed_dictionaries({"kind": kinds_said}),
    st.fixed_dictionaries({"price": st.integers(0, 3)}),
    st.fixed_dictionaries({"price": between, "kind": kinds}),
)
whens = st.sampled_from([{}, {"channel": "app"}, {"channel": ("web",)}, {"absent": "x"}])
named = st.lists(st.sampled_from([*NAMES, "$basket", "$absent"]), min_size=1, max_size=8).map(tuple)
filters = st.one_of(
    st.builds(FilterSection, where=wheres, when=whens), st.builds(FilterSection, items=named, when=whens)
)


def several(of: Any) -> Any:
    return st.lists(of, max_size=2).map(tuple)


most = st.sampled_from([None, 3, 5])
sections = st.builds(
    RulesSection,
    in_stock=st.sampled_from([None, StockSection(column="stock", at_least=2.0)]),
    include=st.one_of(st.just(()), several(filters)),
    exclude=several(filters),
    boosts=several(st.builds(BoostSection, where=wheres, by=st.sampled_from([0.5, 1.5, 4.0]), when=whens)),
    quotas=several(st.builds(QuotaSection, where=wheres, at_least=st.integers(0, 3), at_most=most, when=whens)),
    diversity=st.sampled_from([None, DiversitySection(by="kind", at_most=1), DiversitySection(by="kind", at_most=3)]),
    popularity=st.sampled_from(["", "stock"]),
)
stock = st.one_of(st.none(), st.integers(0, 4))
cells = st.fixed_dictionaries({"stock": stock, "kind": st.one_of(st.none(), kinds), "price": st.integers(0, 3)})
tables = st.dictionaries(st.sampled_from(NAMES), cells, max_size=30)
scores = st.lists(st.integers(-8, 8).map(lambda n: n / 4), min_size=len(CATALOGUE), max_size=len(CATALOGUE))


def dense(values: list[float], strange: bool) -> tuple[Offer, list[tuple[str, float]]]:
    others = STRANGE if strange else []
    given = np.array([0.25, -0.5][: len(others)])
    every = [*zip(CATALOGUE, values), *zip(others, given.tolist())]
    return Dense(CATALOGUE, np.array(values), others, given), sorted(every, key=lambda one: (-one[1], one[0]))


def listed(values: list[float], strange: bool) -> tuple[Offer, list[tuple[str, float]]]:
    """One whose list is in an order of its own, and leaves some of its catalogue out."""
    every = [*zip(CATALOGUE, values), *zip(STRANGE if strange else [], [0.25, -0.5])]
    every = sorted(every, key=lambda one: (-one[1], one[0][::-1]))[:-3]

    def list_of(n: int) -> tuple[list[str], Any]:
        return [name for name, _ in every[:n]], np.array([score for _, score in every[:n]])

    return Listed({name: code for code, name in enumerate(CATALOGUE)}, STRANGE, list_of, 6), every


def table(rows: dict[str, Any]) -> ItemTable:
    return ItemTable.of(COLUMNS, [(name, "", row) for name, row in rows.items()], position=7)


def ranked(offer: Offer, k: int, context: dict[str, Any] = CONTEXT) -> Ranked:
    return Ranked(CATALOGUE, offer, k, context, (), False, {})


bought_lately = st.lists(st.sampled_from(NAMES), max_size=4)


@settings(max_examples=150, deadline=None)
@given(sections, tables, scores, st.booleans(), st.sampled_from([dense, listed]), st.integers(1, 12), bought_lately)
def test_what_is_answered_is_what_the_rules_mean(
    section: RulesSection,
    rows: dict[str, Any],
    values: list[float],
    strange: bool,
    kind: Any,
    k: int,
    bought: list[str],
) -> None:
    offer, every = kind(values, strange)
    said = Rules(section).apply(ranked(offer, k), bought, table(rows), "").output
    oracle, reasons, of_model = Oracle(section, rows, CATALOGUE, CONTEXT), said["reasons"], dict(every)
    scored = sorted(every) if kind is dense else every  # of equal ones the name decides, or the list's own order
    assert (said["items"], reasons.get("relaxed", {})) == oracle.answer(scored, bought, k)
    eligible = [name for name in {*rows, *CATALOGUE, *of_model} if not oracle.taken_out(name, bought)]
    assert len(said["items"]) == min(k, len(eligible))
    assert reasons.get("short", False) == (len(eligible) < k)
    assert said["scores"] == [of_model.get(name, 0.0) for name in said["items"]]
    filled = {name for name, why in reasons["moved"].items() if "popularity" in why}
    assert filled == {name for name in said["items"] if name not in of_model}


@settings(max_examples=30, deadline=None)
@given(scores, st.booleans(), st.sampled_from([dense, listed]), st.integers(1, 12))
def test_rules_that_take_nothing_out_change_nothing(values: list[float], strange: bool, kind: Any, k: int) -> None:
    offer, every = kind(values, strange)
    section = RulesSection(exclude=(FilterSection(items=("nothing",)),))
    said = Rules(section).apply(ranked(offer, k), (), EMPTY, "").output
    assert list(zip(said["items"], said["scores"])) == every[:k]


def test_each_item_is_counted_by_the_first_rule_that_takes_it_out() -> None:
    rows = {
        name: {"stock": 2 if n % 2 else 0, "kind": "a" if n < 10 else "b", "price": 1}
        for n, name in enumerate(CATALOGUE)
    }
    section = RulesSection(
        in_stock=StockSection(column="stock"),
        exclude=(FilterSection(name="no a", where={"kind": "a"}),),
        bought_within="7 days",
    )
    offer, _ = dense([0.0] * 20, False)
    said = Rules(section).apply(ranked(offer, 20), ["i11", "i10", "i99"], table(rows), "").output["reasons"]
    assert said["out"] == {"in_stock": 10, "no a": 5, "bought_within": 1}
    assert said["of"] == 20 and said["short"]


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 6), st.integers(0, 4), st.sampled_from([0.05, 0.3, 1.0]), st.integers(0, 5))
def test_the_chance_of_a_place_is_how_often_it_is_drawn_so(k: int, group: int, share: float, seed: int) -> None:
    """Each draw says the same chance of the same thing, so often does it come, and the chances of all that may stand at a place are 1
    together."""
    said, came = dict[tuple[int, bool, int], float](), Counter[tuple[int, bool, int]]()
    for unit in range(200):
        for nth, place in enumerate(drawn(f"{seed}:{unit}", k, group, share)):
            key = nth, place.of_group, 0 if place.of_group else place.number
            assert said.setdefault(key, place.propensity) == place.propensity
            came[key] += 1
    for key, n in came.items():
        expected = 200 * said[key] * (group if key[1] else 1)
        assert abs(n - expected) < 6 * sqrt(expected) + 4
    for nth in range(k):
        chance = sum(p * (group if of_group else 1) for (at, of_group, _), p in said.items() if at == nth)
        assert 0.75 < chance < 1 + 1e-9  # what none of so few draws shows is not counted


def test_a_group_has_its_share_of_all_places_each_item_alike() -> None:
    rows = {name: {"stock": 1, "kind": "a" if n < 16 else "new", "price": 1} for n, name in enumerate(CATALOGUE)}
    rules = Rules(RulesSection(exposure=ExposureSection(where={"kind": "new"}, share="20 %")))
    offer, _ = dense([float(20 - n) for n in range(20)], False)
    counts, weighed, of = dict.fromkeys(CATALOGUE, 0), dict.fromkeys(CATALOGUE, 0.0), table(rows)
    for unit in range(1_500):
        said = rules.apply(ranked(offer, 5), (), of, f"pred_{unit}").output
        for name, propensity in zip(said["items"], said["reasons"]["propensity"]):
            counts[name] += 1
            weighed[name] += 1 / propensity
    new = [counts[name] for name in CATALOGUE[16:]]
    assert abs(sum(new) / 7_500 - 0.2) < 0.02
    assert max(new) - min(new) < 0.25 * sum(new) / 4
    # weighed by its chance each item of the group counts once for each of the five places of an answer
    assert abs(weighed["i16"] / 7_500 - 1) < 0.2
    assert rules.apply(ranked(offer, 5), (), of, "pred_1") == rules.apply(ranked(offer, 5), (), of, "pred_1")


def asked(
    section: RulesSection, rows: dict[str, Any], context: dict[str, Any] = CONTEXT, k: int = 20
) -> dict[str, Any]:
    offer, _ = dense([float(20 - n) for n in range(20)], False)
    return Rules(section).apply(ranked(offer, k, context), (), table(rows), "pred_1").output


def test_contexts_that_python_holds_for_equal_are_not_mixed_up() -> None:
    rows = {name: {"stock": n % 2, "kind": ("1", "true", "1.5")[n % 3], "price": 1} for n, name in enumerate(CATALOGUE)}
    section = RulesSection(include=(FilterSection(where={"kind": "$x"}),))
    offer, _ = dense([0.0] * 20, False)
    rules, of = Rules(section), table(rows)
    for x, kind in ((1, "1"), (True, "true"), (1.0, "1"), ("true", "true"), (1.5, "1.5")):
        said = rules.apply(ranked(offer, 20, {"x": x}), (), of, "").output["items"]
        assert said and {rows[name]["kind"] for name in said} == {kind}, x
    flags = RulesSection(include=(FilterSection(where={"stock": "$x"}, when={"x": True}),))
    for x in (True, "true"):
        assert {rows[name]["stock"] for name in asked(flags, rows, {"x": x})["items"]} == {1}


def test_a_limit_that_exposure_breaks_is_said() -> None:
    rows = {name: {"stock": 1, "kind": "a" if n < 4 else "new", "price": 1} for n, name in enumerate(CATALOGUE)}
    section = RulesSection(
        quotas=(QuotaSection(where={"kind": "new"}, at_most=1, name="new"),),
        exposure=ExposureSection(where={"kind": "new"}, share="0.999"),
    )
    said = asked(section, rows, k=5)
    assert all(rows[name]["kind"] == "new" for name in said["items"])
    assert said["reasons"]["relaxed"] == {"new": 4}


def test_what_could_not_be_answered_anyway_is_not_counted_as_taken_out() -> None:
    section = RulesSection(exclude=(FilterSection(name="basket", items=("$basket",)),))
    assert asked(section, {})["reasons"]["out"] == {"basket": 1}  # i21 and i29 are in no catalogue and no table


def test_a_store_of_which_nothing_is_known_is_said() -> None:
    of = ItemTable.of(COLUMNS, [(name, "12", {"stock": 1}) for name in CATALOGUE])
    rules, (offer, _) = Rules(RulesSection(in_stock=StockSection(column="stock"))), dense([0.0] * 20, False)

    def answer(context: dict[str, Any]) -> Any:
        said = rules.apply(ranked(offer, 5, context), (), of, "").output
        return len(said["items"]), said["reasons"].get("unknown_store")

    assert [answer({"store": store}) for store in (12, "12", 12.0)] == [(5, None)] * 3
    assert (answer({"store": "13"}), answer({})) == ((0, "13"), (0, ""))
    with pytest.raises(BadRequest) as refused:
        answer({"store": ["12"]})
    assert refused.value.place == "$.context.store"
