"""Rows as arrays: nothing later is seen, histories are those of serving, baskets are requests."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from tests.data.small import CONTRACT
from tests.raised import raised
from tests.tasks.ranking.made import shop
from tidemill.data.contract.contract import Contract
from tidemill.errors import ContractError
from tidemill.features.online import History
from tidemill.features.transaction_time import TransactionTime
from tidemill.tasks.check import check_roles
from tidemill.tasks.ranking.interactions import Interactions, from_frame, from_table, requests_between
from tidemill.tasks.table import task_of

rows = st.lists(
    st.tuples(
        st.sampled_from("uvw"), st.sampled_from("abcd"), st.integers(0, 50), st.sampled_from([-1.0, 0.0, 1.0, 3.0])
    ),
    min_size=1,
    max_size=40,
)


def of(given_rows):
    users, items, at, value = zip(*given_rows)
    return Interactions.of(users, items, at, value)


@given(rows, st.integers(0, 60), st.integers(1, 100))
def test_histories_are_those_of_serving(given_rows, at, half_life):
    data, online = of(given_rows), History()
    for seq, (user, item, when, value) in enumerate(given_rows, 1):
        online.load([(seq, user, item, when, value)])
    for user in (*data.users, "stranger"):
        codes, counts = data.histories.of(user, at, half_life)
        names, values = online.items(user, at, half_life)
        assert [data.items[c] for c in codes] == names
        np.testing.assert_allclose(counts, values, rtol=0, atol=1e-12)


@given(rows, st.integers(0, 60))
def test_before_knows_nothing_of_later_rows(given_rows, end):
    known = of(given_rows).before(end)
    earlier = [r for r in given_rows if r[2] < end]
    assert sorted(
        (known.users[u], known.items[i], a, v) for u, i, a, v in zip(known.user, known.item, known.at, known.value)
    ) == sorted(earlier)
    assert known.users == sorted({r[0] for r in earlier})
    assert known.items == sorted({r[1] for r in earlier})
    assert known.end <= end


@given(rows, st.lists(st.integers(0, 70), min_size=40, max_size=40), st.integers(0, 60), st.integers(0, 60))
def test_late_rows_are_unseen_until_they_came(given_rows, came, began, at):
    """A history, and what a model learns from, are those of the rows that were known then; the truth is what happened."""
    known = np.array([max(row[2], when) for row, when in zip(given_rows, came)])
    data = replace(of(given_rows), transaction_time=TransactionTime(known, began))
    seen = [row for row, when in zip(given_rows, known.tolist()) if row[2] < at and (at <= began or when < at)]
    alone = of(seen) if seen else None
    for user in (*data.users, "stranger"):
        codes, counts = data.histories.of(user, at, 10)
        own, expected = alone.histories.of(user, at, 10) if alone else ([], [])
        assert [data.items[c] for c in codes] == [alone.items[c] for c in own]
        np.testing.assert_allclose(counts, expected, rtol=0, atol=1e-12)
    if at < data.end:
        learned = data.known_before(at)
        assert (len(learned), learned.users, learned.end) == (len(seen), sorted({r[0] for r in seen}), at)
    assert len(data.known_before(data.end)) == len(given_rows), "a released model learns from all that is there"
    assert requests_between(data, 0, 51) == requests_between(of(given_rows), 0, 51)
    half = data.before(30).purchases
    assert half.transaction_time.known.tolist() == [
        w for r, w in zip(given_rows, known.tolist()) if r[2] < 30 and r[3] > 0
    ]


@given(rows)
def test_requests_are_baskets_of_purchases(given_rows):
    data = of(given_rows)
    found = requests_between(data, 0, 51)
    expected = {}
    for user, item, at, value in given_rows:
        if value > 0:
            expected.setdefault((at, user), set()).add(item)
    assert {(a, s): set(t) for a, s, t, *_ in found} == expected
    assert [(a, s) for a, s, *_ in found] == sorted(expected)


def test_a_basket_is_asked_for_at_its_first_moment():
    data = Interactions.of(["u"] * 3, ["b", "a", "b"], [5, 3, 9], basket=[7, 7, 8])
    found = requests_between(data, 0, 10)
    assert found == [(3, "u", ["a", "b"], 1), (9, "u", ["b"], 2)], "each with its first row"
    assert len(requests_between(data, 4, 9)) == 0


@given(rows, st.integers(0, 50), st.integers(1, 51))
def test_requests_are_the_baskets_that_begin_in_the_window(given_rows, start, length):
    """A basket here is what a customer bought within ten minutes of the clock, of one or several moments."""
    users, items, at, value = zip(*given_rows)
    baskets = [ord(user) * 10 + when // 10 for user, when in zip(users, at)]
    found = requests_between(Interactions.of(users, items, at, value, baskets), start, start + length)
    expected = {}
    for user, item, when, worth, basket in zip(users, items, at, value, baskets):
        if worth > 0:
            expected.setdefault((basket, user), []).append((when, item))
    begun = {key: min(lines)[0] for key, lines in expected.items()}
    assert [each[:3] for each in found] == sorted(
        (begun[key], key[1], sorted({item for _, item in lines}))
        for key, lines in expected.items()
        if start <= begun[key] < start + length
    )


@given(rows)
def test_a_table_of_names_becomes_the_same_codes(given_rows):
    data = of(given_rows)
    columns = {
        name: [row[place] for row in given_rows] for place, name in enumerate(("subject", "item", "_at", "value"))
    }
    found = from_table(pl.DataFrame({**columns, "basket": data.basket}))
    assert (found.users, found.items, found.end) == (data.users, data.items, data.end)
    for name in ("user", "item", "at", "value", "basket"):
        np.testing.assert_array_equal(getattr(found, name), getattr(data, name))
        assert getattr(found, name).dtype == getattr(data, name).dtype


def test_without_an_invoice_number_a_moment_is_a_basket():
    contract = Contract.parse(CONTRACT.replace("value: [invoice, sku]", "value: [customer, sku]"))
    at = [datetime(2011, 1, 2), datetime(2011, 1, 1), datetime(2011, 1, 2), datetime(2011, 1, 2)]
    frame = pl.DataFrame(
        {"sku": ["mug", "mug", "lamp", "mug"], "quantity": 1, "at": at, "customer": ["b", "a", "a", "b"]}
    )
    data = from_frame(frame, contract)
    named = zip(data.at.tolist(), (data.users[u] for u in data.user.tolist()), data.basket.tolist())
    first, second = sorted(set(data.at.tolist()))
    assert list(named) == [(first, "a", 0), (second, "a", 1), (second, "b", 2), (second, "b", 2)]


def test_rows_come_from_a_dataset_by_the_contract_s_roles():
    contract = Contract.parse(CONTRACT)
    at = [datetime(2011, 1, 1, 10), datetime(2011, 1, 1, 10, 1), datetime(2011, 1, 2), datetime(2011, 1, 3)]
    frame = pl.DataFrame(
        {
            "invoice": ["1", "1", "2", "C3"],
            "sku": ["mug", "lamp", "mug", "lamp"],
            "quantity": [2, 1, 1, -1],
            "at": at,
            "price": [1.0, 2.0, 1.0, 2.0],
            "customer": ["ann", "ann", "ann", "ann"],
        }
    )
    data = from_frame(frame, contract)
    found = requests_between(data, 0, data.end)
    assert [asked.truth for asked in found] == [["lamp", "mug"], ["mug"]], (
        "an invoice is a basket though its lines have two moments"
    )
    assert len(data) == 4 and data.value.min() == -1
    assert from_frame(frame.lazy(), contract).items == ["lamp", "mug"]
    with raised(ContractError, "contract.yaml"):
        check_roles(task_of("recommend"), Contract.parse(CONTRACT.replace("value: subject", "value: target")))


def test_since_and_purchases_leave_rows_out():
    data = shop()
    late = data.since(data.end // 2)
    assert late.at.min() >= data.end // 2 and len(late) == (data.at >= data.end // 2).sum()
    assert data.purchases.value.min() > 0 and len(data.purchases) == (data.value > 0).sum()
