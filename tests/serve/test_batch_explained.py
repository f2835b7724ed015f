"""A table of explained answers: the sentence, the base, and what each input added, a column each."""

from __future__ import annotations

import asyncio
import json
from tempfile import TemporaryFile
from types import SimpleNamespace
from typing import Any

import msgspec
import polars as pl
import pytest

from tidemill.serve import batch
from tidemill.types import JsonObject


def table_of(found: list[JsonObject]) -> pl.DataFrame:
    with TemporaryFile() as kept:
        kept.writelines(json.dumps(one).encode() + b"\n" for one in found)
        return batch._table(kept, batch._Said.of(batch._told(kept)))


def reply(subject: str, explained: JsonObject) -> JsonObject:
    return {"subject": subject, "prediction_id": f"pred_{subject}", "value": 1.0, "explained": explained}


def test_each_input_is_a_column_and_nothing_is_made_up() -> None:
    parts = [{"what": "age", "kind": "input", "value": 0.5}, {"what": "town", "kind": "input", "value": -0.2}]
    whole = {"answer": "value", "base": 0.7, "score": 1.0, "error": 0.0, "because": parts, "sentence": "Because."}
    cut = {**whole, "because": parts[:1], "others": 1, "rest": -0.2}
    none = {"method": "none", "why": "too slow", "answers": []}
    found = [
        reply("ann", {"method": "linear", "answers": [whole]}),
        reply("bob", {"method": "linear", "answers": [{**whole, "because": parts[1:]}]}),
        reply("cec", {"method": "linear", "answers": [cut]}),
        reply("dan", none),
        {"subject": "eve", "error": "input 'age' is missing"},
    ]
    table = table_of(found)
    assert table["because"].to_list() == ["Because.", "Because.", "Because.", "too slow", None]
    assert table["base"].to_list() == [0.7, 0.7, 0.7, None, None]
    assert table["added(age)"].to_list() == [0.5, 0.0, 0.5, None, None]
    assert table["added(town)"].to_list() == [-0.2, -0.2, None, None, None], "beyond the told ones: not known"
    assert "explained" not in table.columns


def test_without_explanations_there_are_no_such_columns() -> None:
    assert not {"because", "base"} & set(table_of([{"subject": "ann", "value": 1.0}]).columns)


def test_some_answers_at_a_time_are_the_same_table(monkeypatch: pytest.MonkeyPatch) -> None:
    part, whole = {"what": "age", "value": 0.5}, {"base": 0.7, "because": [], "sentence": "Because."}
    found: list[JsonObject] = [
        {"subject": "ann", "value": 1},
        {"subject": "bob", "error": "input 'age' is missing"},
        {"subject": "cec", "value": 2.5, "low": 1.0, "probabilities": {"no": 0.25}, "model": "model:m@1"},
        reply("dan", {"answers": [whole]}),
        reply("eve", {"answers": [{**whole, "because": [part]}]}),
        {"subject": "fay", "value": None, "probabilities": {"yes": 0.5, "no": 0.5}},
    ]
    expected = table_of(found)
    monkeypatch.setattr(batch, "AT_ONCE", 1)
    assert table_of(found).equals(expected) and expected.height == 6
    assert {"low", "p(no)", "p(yes)", "added(age)", "error"} < {*expected.columns}


class Body(msgspec.Struct):
    subject: str
    n: int


@pytest.mark.parametrize(
    ("remote", "explained", "width"), [(True, False, batch.BESIDE), (True, True, 1), (False, False, 1)]
)
def test_answers_of_a_store_on_a_server_share_a_commit(
    monkeypatch: pytest.MonkeyPatch, remote: bool, explained: bool, width: int
) -> None:
    """Each waits for its own there; what is explained one at a time is not told that too many are."""
    under_way, most = 0, 0

    class Service:
        def __init__(self, serving: object) -> None:
            pass

        async def predict(self, endpoint: str, body: Body, ack: str) -> tuple[bytes, bool]:
            nonlocal under_way, most
            under_way, most = under_way + 1, max(most, under_way + 1)
            await asyncio.sleep(0)
            under_way -= 1
            return json.dumps({"value": body.n}).encode(), False

    async def nothing() -> None:
        pass

    at = SimpleNamespace(task=SimpleNamespace(request=Body))
    log = SimpleNamespace(drain=nothing)
    serving = SimpleNamespace(remote=remote, begin=lambda: None, end=nothing, at=lambda name: at, log=log)
    monkeypatch.setattr(batch, "open_serving", lambda project: serving)
    monkeypatch.setattr(batch, "PredictionService", Service)
    questions: list[JsonObject] = [{"subject": str(n), "n": n} for n in range(250)]
    scope: Any = SimpleNamespace(name="shop", project=None)
    with TemporaryFile() as kept:
        asyncio.run(batch._all(scope, 0, len(questions), questions, lambda *told: None, kept, explained))
        assert [one["value"] for one in batch._told(kept)] == list(range(250))
    assert most == width
