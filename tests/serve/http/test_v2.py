"""The Open Inference Protocol: its paths, its bodies, its errors; and that its answers are ours."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from tests.serve.asking import NOON, Asker, BuyAgain, alive, make_app, opened, release
from tests.serve.test_explain import ROW, served
from tests.tasks.tabular.test_trees import fitted
from tidemill.access import tokens as auth
from tidemill.scope.project import Project
from tidemill.serve.served import Loaded, Served
from tidemill.tasks.tabular.row import RowScorer

SHOP = "/v2/models/shop"
TENSOR = {
    "type": "object",
    "required": ["name", "datatype", "shape"],
    "properties": {
        "name": {"type": "string"},
        "datatype": {"enum": ["BYTES", "BOOL", "FP64", "INT64"]},
        "shape": {"type": "array", "items": {"type": "integer"}},
    },
}
OUTPUT = {**TENSOR, "required": [*TENSOR["required"], "data"]}
SERVER = {
    "type": "object",
    "required": ["name", "version", "extensions"],
    "properties": {"extensions": {"type": "array", "items": {"type": "string"}}},
}
MODEL = {
    "type": "object",
    "required": ["name", "platform", "inputs", "outputs"],
    "properties": {
        "versions": {"type": "array", "items": {"type": "string"}},
        "platform": {"type": "string"},
        "inputs": {"type": "array", "items": TENSOR},
        "outputs": {"type": "array", "items": TENSOR},
    },
}
ANSWER = {
    "type": "object",
    "required": ["model_name", "outputs"],
    "properties": {
        "model_name": {"type": "string"},
        "model_version": {"type": "string"},
        "id": {"type": "string"},
        "parameters": {"type": "object", "additionalProperties": {"type": ["string", "number", "boolean"]}},
        "outputs": {"type": "array", "items": OUTPUT},
    },
}
ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {"error": {"type": "string"}},
    "additionalProperties": False,
}
"""As the protocol's published document (open_inference_rest.yaml, 2.0) says them."""


@pytest.fixture(scope="module")
def trees() -> RowScorer:
    return fitted("binary")[2]


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Project]:
    with opened(tmp_path / "shop") as project:
        yield project


def tensor(name: str, datatype: str, *data: Any, shape: list[int] | None = None) -> dict[str, Any]:
    return {"name": name, "datatype": datatype, "shape": shape or [len(data)], "data": list(data)}


def row(n: int = 1) -> list[dict[str, Any]]:
    kinds = {"income": "FP64", "age": "INT64", "town": "BYTES", "owner": "BOOL", "at": "BYTES"}
    return [tensor(name, kinds[name], *[ROW[name]] * n) for name in ROW]


def data(heard: Any) -> dict[str, Any]:
    return {one["name"]: one["data"] for one in heard.json["outputs"]}


def test_what_it_says_of_itself_is_in_the_protocol_s_form(shop: Project, trees: RowScorer) -> None:
    async def calls(ask: Asker) -> Any:
        paths = ["/v2", "/v2/", SHOP, f"{SHOP}/versions/1", f"{SHOP}/ready", f"{SHOP}/versions/1/ready"]
        open_ones = [await ask("GET", f"/v2/health/{name}", token=None) for name in ("live", "ready")]
        return open_ones, [await ask("GET", path) for path in paths], await ask("GET", f"{SHOP}/versions/9")

    open_ones, told, missing = served(shop, trees, calls)
    assert [heard.status for heard in (*open_ones, *told)] == [200] * 8 and open_ones[0].json == {"live": True}
    for heard, form in zip(told[:4], (SERVER, SERVER, MODEL, MODEL), strict=True):
        jsonschema_rs.validate(form, heard.json)
    model = told[2].json
    assert (model["name"], model["versions"], model["platform"]) == ("shop", ["1"], "tidemill_classify")
    assert {one["name"]: one["datatype"] for one in model["inputs"]} == {
        "income": "FP64",
        "age": "INT64",
        "town": "BYTES",
        "owner": "BOOL",
        "at": "BYTES",
    }
    assert told[4].json == {"name": "shop", "ready": True}
    assert missing.status == 404
    jsonschema_rs.validate(ERROR, missing.json)


def test_rows_are_answered_as_ours_are(shop: Project, trees: RowScorer) -> None:
    async def calls(ask: Asker) -> Any:
        ours = await ask("POST", "/predict/shop", {"inputs": ROW})
        body = {"id": "42", "inputs": row(3)}
        few = {
            "inputs": row(),
            "outputs": [{"name": "value"}, {"name": "probabilities"}],
            "parameters": {"key": "7", "explain": True},
        }
        versioned = await ask("POST", f"{SHOP}/versions/1/infer", few)
        return ours, await ask("POST", f"{SHOP}/infer", body), versioned, await ask("POST", f"{SHOP}/infer", few)

    ours, three, one, again = served(shop, trees, calls)
    for heard in (three, one, again):
        jsonschema_rs.validate(ANSWER, heard.json)
    assert (three.json["model_name"], three.json["model_version"], three.json["id"]) == ("shop", "1", "42")
    said = data(three)
    assert said["value"] == [ours.json["value"]] * 3 and said["arm"] == ["champion"] * 3
    chances = ours.json["probabilities"]
    assert said["labels"] == list(chances) and said["probabilities"] == [*chances.values()] * 3
    kept = shop.live.predictions.find(said["prediction_id"])
    assert len(kept) == 3 and {one.arm for one in kept.values()} == {"champion"}
    assert [one["name"] for one in one.json["outputs"]] == ["value", "probabilities"] and "id" not in one.json
    assert one.body == again.body, "the same key is the same answer"
    (keyed,) = [p for p in shop.live.predictions.list() if p.key == "7"]
    assert keyed.explained and shop.live.predictions.count() == 5


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"inputs": []}, "length >= 1"),
    ({"inputs": [tensor("income", "FP64", 1.0, 2.0, shape=[3])]}, "2 values in the shape"),
    ({"inputs": [tensor("income", "FP64", [1.0], [2.0, 3.0, 4.0], shape=[2, 2])]}, "4 values in the shape"),
    ({"inputs": [tensor("income", "FP64", [1.0, 2.0], 3.0, 4.0, shape=[2, 2])]}, "values in the shape"),
    ({"inputs": [tensor("income", "FP64", 1.0), tensor("age", "INT64", 1, 2)]}, "2 rows"),
    ({"inputs": [tensor("income", "FP63", 1.0)]}, "unknown datatype"),
    ({"inputs": [tensor("income", "FP64", "a")]}, "no FP64"),
    ({"inputs": [tensor("income", "FP64", True)]}, "no FP64"),
    ({"inputs": [tensor("age", "INT8", 128)]}, "no INT8"),
    ({"inputs": [tensor("age", "UINT8", -1)]}, "no UINT8"),
    ({"inputs": [tensor("town", "BYTES", 5)]}, "no BYTES"),
    ({"inputs": [tensor("owner", "BOOL", 1)]}, "no BOOL"),
    ({"inputs": [tensor("income", "FP64", 1.0), tensor("income", "FP64", 1.0)]}, "twice"),
    ({"inputs": [tensor("colour", "BYTES", "red")]}, "unknown input 'colour'"),
    ({"inputs": [tensor("income", "FP64", *[1.0] * 1_001)]}, "1001 rows"),
    ({"inputs": [tensor("income", "FP64", shape=[0])]}, "0 rows"),
    ({"inputs": row(2), "parameters": {"key": "a"}}, "one key of several rows"),
    ({"inputs": row(), "parameters": {"explian": True}}, "unknown parameter 'explian'"),
    ({"inputs": row(), "outputs": [{"name": "vlue"}]}, "no output 'vlue'"),
    ({"inputs": [*row(2), tensor("key", "BYTES", "a", "a"), tensor("subject", "BYTES", "1", "2")]}, "row 1: $.key"),
]


def test_what_does_not_fit_is_refused_whole_in_its_form(shop: Project, trees: RowScorer) -> None:
    async def calls(ask: Asker) -> Any:
        heard = [await ask("POST", f"{SHOP}/infer", body) for body, _ in REFUSED]
        binary = await ask("POST", f"{SHOP}/infer", raw=b"{}", headers={"Inference-Header-Content-Length": "2"})
        others = [
            await ask("POST", "/v2/models/none/infer", {}),
            await ask("GET", SHOP, token="wrong"),
            await ask("GET", f"{SHOP}/x"),
        ]
        return heard, [binary, *others]

    heard, others = served(shop, trees, calls)
    for (_, says), one in zip(REFUSED, heard, strict=True):
        assert one.status in (400, 409, 422) and says in one.json["error"], one.json
    assert [one.status for one in others] == [415, 404, 401, 404]
    for one in (*heard, *others):
        jsonschema_rs.validate(ERROR, one.json)
    assert {p.id for p in shop.live.predictions.list()} == set(), "nothing of them is kept"


def test_a_recommender_takes_subjects_and_answers_lists(run: Any, project: Project) -> None:
    async def work(ask: Asker) -> Any:
        recent = tensor("recent", "BYTES", "mug", "", "cup", "tea", shape=[2, 2])
        body = {"inputs": [tensor("subject", "BYTES", "1", "2"), recent], "parameters": {"k": 2}}
        await ask("POST", "/feedback", {"key": "o", "subject": "1", "item": "mug", "value": 1, "at": "2011-01-01"})
        one = {**body, "inputs": [body["inputs"][0], tensor("recent", "BYTES", "mug", "", shape=[2, 1])]}
        nested = {
            **body,
            "inputs": [body["inputs"][0], tensor("recent", "BYTES", ["mug", ""], ["cup", "tea"], shape=[2, 2])],
        }
        return (
            await ask("GET", SHOP),
            await ask("POST", f"{SHOP}/infer", body),
            await ask("POST", f"{SHOP}/infer", one),
            await ask("POST", f"{SHOP}/infer", nested),
        )

    model, heard, one, nested = run(work)
    assert data(one)["items"] == ["mug", "popular"] and data(nested)["items"] == data(heard)["items"]
    assert [one["name"] for one in model.json["inputs"]] == ["subject", "k", "recent"]
    jsonschema_rs.validate(ANSWER, heard.json)
    items = next(one for one in heard.json["outputs"] if one["name"] == "items")
    assert items == {"name": "items", "datatype": "BYTES", "shape": [2, 2], "data": ["mug", "", "tea", "cup"]}


def test_a_version_pins_where_only_one_answers(project: Project) -> None:
    async def main() -> Any:
        app = make_app(project, BuyAgain(), canary=BuyAgain())
        async with alive(app, auth.issue(project.store, "test", ("predict",))) as ask:
            body = {"inputs": [tensor("subject", "BYTES", "1")]}
            both = await ask("GET", SHOP), await ask("POST", f"{SHOP}/versions/2/infer", body)
            (predictor,) = app.serving.predictors.values()
            predictor.served = Served({"champion": Loaded(release(), "sha256:a", BuyAgain(), predictor.task)})
            return both, await ask("POST", f"{SHOP}/versions/1/infer", body)

    (model, refused), alone = asyncio.run(main())
    assert model.json["versions"] == ["1", "2"] and (refused.status, alone.status) == (409, 200)
    assert alone.json["parameters"]["at"].startswith("2011") and NOON
