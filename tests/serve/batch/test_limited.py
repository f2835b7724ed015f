"""Whose data may not be used, in rows of a table: each is answered what is usual, in a request and in a batch."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.serve.asking import Asker, about_customers
from tests.serve.batch.conftest import rows
from tests.serve.test_limited import served
from tidemill.access.caller import Caller
from tidemill.data.limited import LIMITED
from tidemill.ops.rights import limits
from tidemill.serve.batch.answer import Answerer, Asking

ME = Caller.local()


def test_of_a_table_it_is_the_middle_of_what_was_answered_to_others_and_until_then_an_error(tables):
    about_customers(tables)
    limits.object_to(tables, ME, "town 1")

    async def work(ask: Asker) -> Any:
        async def one(subject: str) -> Any:
            body = {"subject": subject, "inputs": {"warmth": 1.5, "rain": 0.5, "day": "mo"}}
            return (await ask("POST", "/predict/shop", body)).json

        early, other = await one("town 1"), await one("town 2")
        return early, other, await one("town 1")

    early, other, late = served(tables, work)
    assert early["code"] == "no_model" and early["place"] == "$.subject"
    assert (late["arm"], late["value"]) == (LIMITED, other["value"]) and other["arm"] == "champion"


def test_rows_of_a_batch_too(tables):
    scope = tables.endpoint()
    about_customers(tables)
    limits.object_to(tables, ME, "town 1")
    answerer = Answerer(scope)
    served(tables, lambda ask: ask("POST", "/predict/shop", {"subject": "x", "inputs": {"warmth": 1.0, "day": "mo"}}))
    frame = rows(120)
    found = answerer.answers(frame.drop("ticket"), False, "part", Asking(scope.name, 0))
    arms: dict[int, str] = {int(row): who.arm for who, places, _ in found.fast for row in places}
    arms |= {one.row: one.answer.arm for one in found.slow}
    mine = set(np.flatnonzero((frame["subject"] == "town 1").to_numpy()).tolist())
    assert {row for row, arm in arms.items() if arm == LIMITED} == mine and len(mine) == 3
    assert {arm for row, arm in arms.items() if row not in mine} == {"champion"}
