"""Explained answers over HTTP: what is told, what is kept and by which policy, and that no explanation costs an answer."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.serve.asking import NOON, Asker, Heard, alive, make_app, opened, release
from tests.tasks.tabular.test_trees import fitted
from tidemill.access import tokens as auth
from tidemill.errors import ModelError
from tidemill.scope.project import Project, open_project
from tidemill.serve import explain
from tidemill.serve.explain import drawn
from tidemill.serve.served import Loaded, Served
from tidemill.store.artifacts.codecs import Bundle
from tidemill.tasks.port import MOST
from tidemill.tasks.tabular.inputs import Input
from tidemill.tasks.tabular.learners import linear
from tidemill.tasks.tabular.learners.port import Asked, Problem
from tidemill.tasks.tabular.row import RowScorer
from tidemill.tasks.tabular.tables import as_json
from tidemill.types import HeldClock, JsonObject

PATH = "/predict/shop"
ROW = {"income": 2.5, "age": 30, "town": "oslo", "owner": True, "at": "2011-01-02T07:00:00Z"}
CONTRACT = """\
apiVersion: v3.0.2
kind: DataContract
id: sales
version: 1.0.0
schema:
  - name: sales
    properties:
      - { name: income, logicalType: number, businessName: yearly income }
      - { name: town, logicalType: string, description: A guess. It may be another column. }
"""


@pytest.fixture(scope="module")
def trees() -> RowScorer:
    return fitted("binary")[2]


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Project]:
    with opened(tmp_path / "shop") as project:
        yield project


def served(project: Project, scorer: Any, calls: Any, says: str = "") -> Any:
    """What ``calls``, given an asker, comes to; the project answers rows by this scorer."""
    path = project.root / "tidemill.toml"
    text = path.read_text().replace('"recommend"', '"classify"' if scorer.labels else '"regress"')
    path.write_text(f"{text}\n{says}")
    (project.root / "contracts").mkdir(exist_ok=True)
    (project.root / "contracts" / "sales.yaml").write_text(CONTRACT)

    async def run() -> Any:
        with open_project(project.root, clock=HeldClock(NOON)) as opened:
            app = make_app(opened, scorer)
            (predictor,) = app.serving.predictors.values()
            variants = {"champion": Loaded(release(), "sha256:a", scorer, predictor.task)}
            predictor.served = Served(variants, opened.store.releases.revision())
            async with alive(app, auth.issue(opened.store, "test", ("predict",))) as asker:
                return await calls(asker)

    return asyncio.run(run())


def asking(*bodies: JsonObject) -> Any:
    async def calls(ask: Asker) -> list[Heard]:
        return [await ask("POST", PATH, body) for body in bodies]

    return calls


def adds_up(said: JsonObject, within: float = 1e-6) -> bool:
    (one,) = said["answers"]
    total = one["base"] + sum(part["value"] for part in one["because"]) + one.get("rest", 0.0)
    return bool(abs(total - one["score"]) <= within)


def test_an_answer_is_explained_where_it_is_asked_and_kept_so(shop: Project, trees: RowScorer) -> None:
    plain, told, again = served(
        shop, trees, asking({"inputs": ROW}, *[{"inputs": ROW, "explain": True, "key": "7"}] * 2)
    )
    assert plain.status == told.status == 200 and told.body == again.body
    said = told.json["explained"]
    (one,) = said["answers"]
    assert (said["method"], said["unit"], one["answer"]) == ("tree_shap", "log-odds", "yes")
    assert adds_up(said) and one["then"][-1]["value"] == pytest.approx(told.json["probabilities"]["yes"], abs=1e-9)
    assert {part["what"] for part in one["because"]} <= {*ROW, "hour"} and "yearly income is 2.5" in one["sentence"]
    assert {key: value for key, value in told.json.items() if key in plain.json and key != "prediction_id"} == {
        key: value for key, value in plain.json.items() if key != "prediction_id"
    }, "the answer is the same, and so is all else"
    kept = {found.id: found.explained for found in shop.live.predictions.list()}
    assert kept[plain.json["prediction_id"]] == b"" and kept[told.json["prediction_id"]] in told.body


def test_the_same_key_is_the_same_answer_also_where_it_was_not_explained(shop: Project, trees: RowScorer) -> None:
    first, later = served(
        shop, trees, asking({"inputs": ROW, "key": "7"}, {"inputs": ROW, "key": "7", "explain": True})
    )
    assert later.json["prediction_id"] == first.json["prediction_id"] and later.json["value"] == first.json["value"]
    assert later.json["explained"]["method"] == "none" and later.json["explained"]["why"]


def test_a_policy_keeps_what_nobody_asked_for(shop: Project, trees: RowScorer) -> None:
    (heard,) = served(shop, trees, asking({"inputs": ROW}), '[endpoint.shop]\nexplain = "always"')
    assert "explained" not in heard.json
    assert shop.live.predictions.get(heard.json["prediction_id"]).explained.startswith(b'{"method":"tree_shap"')


def test_a_share_is_drawn_by_the_id_so_that_it_is_the_same_again() -> None:
    names = [f"pred_{place}" for place in range(4_000)]
    found = [drawn(name, 0.25) for name in names]
    assert found == [drawn(name, 0.25) for name in names] and 900 < sum(found) < 1_100
    assert not any(drawn(name, 0.0) for name in names) and all(drawn(name, 1.0) for name in names)


def test_what_is_missing_or_was_never_seen_is_explained_as_it_is(shop: Project, trees: RowScorer) -> None:
    row = {"age": 30, "town": "atlantis", "at": ROW["at"]}
    (heard,) = served(shop, trees, asking({"inputs": row, "explain": True}))
    assert heard.json["flags"] == {"town": "never seen"} and adds_up(heard.json["explained"])
    (one,) = heard.json["explained"]["answers"]
    assert any(part["what"] == "income" for part in one["because"]) and "no yearly income is known" in one["sentence"]


def opaque(scorer: RowScorer, rows: Any) -> RowScorer:
    """The scorer as one of a learner that nobody looks into."""
    made = object.__new__(RowScorer)
    made.__dict__ |= {**scorer.__dict__, "_asked": Asked(lambda row: scorer._ask(row), rows)}
    made._tried = np.random.default_rng(0).normal(size=(16, len(scorer.inputs)))
    return made


def test_an_opaque_model_is_sampled_beside_the_other_answers(shop: Project, trees: RowScorer) -> None:
    loop = []

    def rows(x: np.ndarray) -> np.ndarray:
        loop.append(threading.current_thread() is threading.main_thread())
        return trees._rows(x)

    (heard,) = served(shop, opaque(trees, rows), asking({"inputs": ROW, "explain": True}))
    said = heard.json["explained"]
    assert (said["method"], said["unit"]) == ("sampled_shapley", "probability") and said["samples"] >= 4
    assert adds_up(said, 1e-9) and all(part["error"] >= 0 for part in said["answers"][0]["because"] if "error" in part)
    assert not any(loop), "never in the event loop's own thread"


@pytest.mark.parametrize("fault", [ModelError("it did not answer /predict within 1 s"), ValueError("boom")])
def test_an_explanation_that_fails_costs_no_answer_and_says_why(
    shop: Project, trees: RowScorer, fault: Exception
) -> None:
    def rows(x: np.ndarray) -> np.ndarray:
        raise fault

    (heard,) = served(shop, opaque(trees, rows), asking({"inputs": ROW, "explain": True}))
    said = heard.json["explained"]
    assert heard.status == 200 and heard.json["value"] and (said["method"], said["answers"]) == ("none", [])
    assert str(fault).rsplit(": ", 1)[-1] in said["why"]


def test_contributions_that_are_no_number_are_told_as_none(shop: Project, trees: RowScorer) -> None:
    (heard,) = served(
        shop, opaque(trees, lambda x: np.full((len(x), 1), np.nan)), asking({"inputs": ROW, "explain": True})
    )
    assert heard.status == 200 and heard.json["explained"]["method"] == "none"


def test_who_asks_with_the_same_key_meanwhile_gets_the_same_answer(shop: Project, trees: RowScorer) -> None:
    asked, go = threading.Event(), threading.Event()

    def rows(x: np.ndarray) -> np.ndarray:
        asked.set()
        assert go.wait(60)
        return trees._rows(x)

    async def calls(ask: Asker) -> list[Heard]:
        body = {"inputs": ROW, "explain": True, "key": "7"}
        first = asyncio.create_task(ask("POST", PATH, body))
        await asyncio.to_thread(asked.wait, 60)
        second = asyncio.create_task(ask("POST", PATH, body))
        other = await ask("POST", PATH, {"inputs": ROW})
        go.set()
        return [await first, await second, other]

    first, second, other = served(shop, opaque(trees, rows), calls)
    assert first.body == second.body and first.json["explained"]["method"] == "sampled_shapley"
    assert other.status == 200, "others are answered meanwhile"
    assert len(shop.live.predictions.list()) == 2


def test_however_many_are_explained_other_threads_are_free(shop: Project, trees: RowScorer) -> None:
    asked, go, late = threading.Event(), threading.Event(), list[bool]()

    def rows(x: np.ndarray) -> np.ndarray:
        asked.set()
        late.append(not go.wait(30))
        return trees._rows(x)

    async def calls(ask: Asker) -> list[Heard]:
        body = {"inputs": ROW, "explain": True}
        tasks = [asyncio.create_task(ask("POST", PATH, body)) for _ in range(40)]  # more than there are threads
        await asyncio.to_thread(asked.wait, 30)
        go.set()
        return [await task for task in tasks]

    heard = served(shop, opaque(trees, rows), calls)
    assert {one.status for one in heard} == {200} and not any(late)


def test_who_waits_too_long_for_a_turn_is_told_so(
    shop: Project, trees: RowScorer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(explain, "SECONDS", -1.0)
    (heard,) = served(shop, trees, asking({"inputs": ROW, "explain": True}))
    assert heard.status == 200 and heard.json["explained"]["why"] == explain.BUSY


def test_of_a_thousand_inputs_the_greatest_are_told_and_what_the_others_add_up_to(shop: Project) -> None:
    rng = np.random.default_rng(0)
    inputs = tuple(Input(f"x{place}", "number", f"x{place}") for place in range(1_000))
    x = rng.normal(size=(60, 1_000))
    made = Problem(x, x @ rng.normal(size=1_000), inputs)
    files = linear.fit({"l2": 1.0, "loss": "squared"}, made)
    said = {"columns": as_json(inputs), "labels": None, "learner": "linear"}
    scorer = RowScorer(Bundle(said, files))
    row = {one.name: value for one, value in zip(inputs, x[3].tolist(), strict=True)}
    (heard,) = served(shop, scorer, asking({"inputs": row, "explain": True}))
    (one,) = heard.json["explained"]["answers"]
    assert len(one["because"]) == MOST and one["others"] == 1_000 - MOST
    assert adds_up(heard.json["explained"], 1e-9) and one["error"] <= 1e-9
    assert len(shop.live.predictions.get(heard.json["prediction_id"]).explained) < 5_000
