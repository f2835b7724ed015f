"""Rules at the server: never sold out, k whenever k are there, said in the answer and the log, and the same when asked again."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.data.small import CONTRACT
from tests.data.test_items import ITEMS
from tests.release.made import add_model, hold
from tests.serve.asking import NOON, TOML, Asker, alive
from tests.serve.test_fallback import damage
from tests.tiers import both
from tests.web.serving import traced
from tidemill.access import tokens as auth
from tidemill.access.tokens import SCOPES
from tidemill.errors import ConfigError
from tidemill.feedback.explained import known_then, opened
from tidemill.feedback.ruled import ruled_again
from tidemill.model import prepare as prepare_run
from tidemill.ops.doctor import examine
from tidemill.ops.ruled import lately
from tidemill.release.pairs import ask_again
from tidemill.retrain.mirrored import asked_again as mirrored_request
from tidemill.rules.kept import check_project
from tidemill.scope.project import Project, open_project
from tidemill.serve.bodies import candidate_body
from tidemill.serve.http.app import App
from tidemill.serve.service import PredictionService
from tidemill.serve.serving import Serving, prepare
from tidemill.store.artifacts.codecs import put_bundle
from tidemill.tasks.ranking.bundle import recommend_bundle
from tidemill.tasks.ranking.rank import Ranking
from tidemill.types import DAY, HeldClock
from tidemill.web.app import face
from tidemill.web.pages import trace as pages

NAMES = [f"i{n:02}" for n in range(40)]
MODEL = NAMES[:30]
RULES = """
[data.items]
source = "data/items/*.csv"
contract = "contracts/items.yaml"
[endpoint.shop.rules]
in_stock = { column = "stock" }
exclude = [{ name = "basket", items = ["$basket"] }, { where = { name = "mug" }, when = { channel = "kids" } }]
bought_within = "7 days"
boosts = [{ name = "cheap", where = { price = { at_most = 1 } }, by = 3 }]
popularity = "price"
"""


def laid(root: Path, rules: str = RULES) -> Path:
    (root / "contracts").mkdir(parents=True)
    (root / "contracts/items.yaml").write_text(ITEMS.replace("KEY", "sku"))
    (root / "tidemill.toml").write_text(TOML + rules)
    return root


def laid_anew(root: Path) -> Path:
    """With one rule less."""
    text = (root / "tidemill.toml").read_text()
    (root / "tidemill.toml").write_text(text.replace('in_stock = { column = "stock" }\n', ""))
    return root


def release(project: Project, version: int, items: list[str]) -> str:
    """A model that likes the later items more, released; its bundle."""
    base = np.arange(1.0, len(items) + 1) * (1 if version == 1 else -1)
    plain = Ranking.plain(items, base)
    made = Ranking(items, base, plain.factor, plain.neighbours, plain.weights, again=1.0)
    digest = put_bundle(project.artifacts, recommend_bundle(made, {"method": "made", "half_life": 30 * DAY}, 0))
    held = hold(project, add_model(project, version, bundle=digest, evaluation_bundle=digest), f"rel_{version}")
    if version == 1:
        project.store.releases.promote(held.id, project.clock.now())
    return digest


@pytest.fixture
def project(tmp_path: Path, home: Path) -> Iterator[Project]:
    with open_project(laid(tmp_path / "shop"), clock=HeldClock(NOON)) as opened:
        release(opened, 1, MODEL)
        yield opened


@pytest.fixture
def run(project: Project) -> Callable[..., Any]:
    def go(work: Callable[[Asker], Any]) -> Any:
        async def main() -> Any:
            serving = prepare(project)
            app = App(serving, lambda: [face])
            async with alive(app, auth.issue(project.store, "test", SCOPES)) as ask:
                return await work(ask)

        return asyncio.run(main())

    return go


async def feed(ask: Asker, stock: dict[str, int], **values: Any) -> int:
    rows = [{"item": name, "values": {"stock": n, "price": 2.0, **values}} for name, n in stock.items()]
    return int((await ask("POST", "/items/items", rows)).json["position"])


async def predict(ask: Asker, position: int = 0, **body: Any) -> Any:
    answer = await ask("POST", "/predict/shop", {"subject": "7", **body}, headers={"Position": str(position)})
    assert answer.status == 200, answer.json
    return answer.json


def verified(project: Project, prediction: str) -> Any:
    found = project.live.predictions.get(prediction)
    model = opened(project, project.store.models.get(found.model))
    assert not isinstance(model, str)
    return ruled_again(project, *model, found, known_then(project, found))


def test_an_answer_says_what_rules_did_and_is_given_again_from_the_log(
    project: Project, run: Callable[..., Any]
) -> None:
    other = release(project, 2, MODEL)

    async def work(ask: Asker) -> Any:
        at = await feed(ask, {name: int(name not in ("i29", "i35")) for name in NAMES})
        bought = {"key": "o1", "at": NOON - DAY, "subject": "7", "item": "i28", "value": 1.0}
        at = max(at, (await ask("POST", "/feedback?endpoint=shop", bought)).json["position"])
        said = await predict(ask, at, k=5, context={"basket": ["i27"], "channel": "app"}, explain=True)
        project.clock.move(NOON + DAY)  # type: ignore[attr-defined]
        await feed(ask, dict.fromkeys(NAMES, 0))  # what is sold out later changes nothing of what was said
        return said

    said = run(work)
    assert said["items"] == ["i26", "i25", "i24", "i23", "i22"]
    assert said["reasons"]["out"] == {"in_stock": 2, "basket": 1, "bought_within": 1}
    assert said["reasons"]["of"] == 40 and said["reasons"]["moved"] == {}
    assert said["explained"]["answers"][0]["score"] == said["scores"][0]
    logged = project.live.predictions.get(said["prediction_id"])
    assert json.loads(logged.output)["reasons"] == said["reasons"]
    assert json.loads(logged.inputs)["context"] == {"basket": ["i27"], "channel": "app"}
    assert verified(project, logged.id) == {"same_items": True, "largest_difference": 0.0, "same_reasons": True}
    (output,) = ask_again(project.endpoint(), other, [logged]).values()
    assert json.loads(output)["items"] == ["i00", "i01", "i02", "i03", "i04"]  # by the rules and the stock of then
    own = project.store.models.get(logged.model).bundle
    assert ask_again(project.endpoint(), own, [logged]) == {logged.id: logged.output}


def test_boosts_and_what_the_model_does_not_know_are_marked(project: Project, run: Callable[..., Any]) -> None:
    async def work(ask: Asker) -> Any:
        await feed(ask, {"i12": 1}, price=0.5)
        at = await feed(ask, {"i10": 1, "i11": 1, "i38": 1, "i39": 1})
        project.clock.move(NOON + 1)  # type: ignore[attr-defined]
        more = {"item": "i39", "values": {"stock": 1, "price": 9.0}}
        at = (await ask("POST", "/items/items", more)).json["position"]
        return await predict(ask, at, k=5), await predict(ask, k=9, subject="8"), await feed(ask, {"i10": 0})

    five, nine, _ = run(work)
    assert five["items"] == ["i12", "i11", "i10", "i39", "i38"]
    assert five["reasons"]["moved"] == {"i12": ["cheap"], "i38": ["popularity"], "i39": ["popularity"]}
    assert five["scores"][:3] == [13.0, 12.0, 11.0] and "short" not in five["reasons"]
    assert nine["items"] == five["items"] and nine["reasons"]["short"]  # no more are there, and that is said


def test_what_was_taken_just_now_is_not_shown_known_to_the_model_or_not(
    project: Project, run: Callable[..., Any]
) -> None:
    async def work(ask: Asker) -> Any:
        at = await feed(ask, {"i10": 1, "i38": 1, "i39": 1})
        return await predict(ask, at, k=5, recent=["i39"], explain=True)

    said = run(work)
    assert said["items"] == ["i10", "i38"] and said["reasons"]["out"]["bought_within"] == 1
    filled = said["explained"]["answers"][1]
    assert (filled["answer"], filled["score"], filled["because"]) == ("i38", 0.0, [])


@pytest.mark.parametrize("wrong", [{"store": ["1", "2"]}, {"floor": 10**400}, {"Store": "1"}, {"floor": {"a": 1}}])
def test_a_context_that_is_none_is_the_requests_fault(
    project: Project, run: Callable[..., Any], wrong: dict[str, Any]
) -> None:
    async def work(ask: Asker) -> Any:
        await feed(ask, {"i10": 1})
        return await ask("POST", "/predict/shop", {"subject": "7", "context": wrong})

    assert run(work).status == 400


def test_an_empty_answer_is_explained_by_nothing(project: Project, run: Callable[..., Any]) -> None:
    async def work(ask: Asker) -> Any:
        return await predict(ask, explain=True)

    said = run(work)
    assert (said["items"], said["explained"]["answers"], said["explained"].get("why")) == ([], [], None)


def test_nothing_to_show_is_an_empty_answer_that_is_counted(project: Project, run: Callable[..., Any]) -> None:
    async def work(ask: Asker) -> Any:
        return await predict(ask), (await ask("GET", "/metrics")).body.decode()

    said, metrics = run(work)
    assert (said["items"], said["reasons"]["out"], said["reasons"]["short"]) == ([], {"in_stock": 30}, True)
    assert 'tidemill_rules_short_total{endpoint="shop",how="empty"} 1.0' in metrics
    assert 'tidemill_rules_out_total{endpoint="shop",rule="in_stock"} 30.0' in metrics


def test_the_pages_of_a_prediction_and_of_what_is_live_say_it(
    project: Project, run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "_traced", traced)

    async def work(ask: Asker) -> Any:
        at = await feed(ask, {"i10": 1, "i11": 1, "i38": 1})
        said = await predict(ask, at, k=5, context={"basket": ["<b>"], "channel": "app"})
        host = {"headers": {"Accept": "text/html"}}
        return said, [
            (await ask("GET", path, **host)).body.decode() for path in (f"/trace?id={said['prediction_id']}", "/live")
        ]

    said, (trace, live) = run(work)
    assert said["reasons"]["moved"] == {"i38": ["popularity"]} and said["reasons"]["short"]
    for shown in ('id="rules"', said["reasons"]["rules"], "in_stock took out", "popularity", "&lt;b&gt;"):
        assert shown in trace
    assert 'id="rules"' in live and "in_stock" in live and "too few items" in live


def test_what_is_usual_keeps_the_rules_too(project: Project, run: Callable[..., Any]) -> None:
    async def before(ask: Asker) -> Any:
        return await predict(ask, await feed(ask, {name: int(name not in ("i29", "i27")) for name in NAMES}), k=2)

    async def after(ask: Asker) -> Any:
        return await predict(ask, k=2)

    assert run(before)["items"] == ["i28", "i26"]  # and what is usual by this champion is kept
    damage(project, project.store.releases.get("rel_1"))
    said = run(after)
    assert (said["arm"], said["items"], said["reasons"]["out"]) == ("baseline", ["i28", "i26"], {"in_stock": 2})


def test_rules_change_when_the_server_is_told_to_look(project: Project, run: Callable[..., Any]) -> None:
    path = project.root / "tidemill.toml"

    async def work(ask: Asker) -> Any:
        at = await feed(ask, dict.fromkeys(NAMES, 2))
        before = await predict(ask, at, k=1)
        path.write_text(TOML + RULES.replace('"stock" }', '"stock", at_least = 3 }'))
        assert (await predict(ask, k=1))["reasons"] == before["reasons"]
        assert (await ask("POST", "/control/refresh")).status == 200
        after = await predict(ask, k=1)
        path.write_text(TOML + RULES.replace('"stock" }', '"stok" }'))
        assert (await ask("POST", "/control/refresh")).status == 200
        return before, after, await predict(ask, k=1)

    before, after, still = run(work)
    assert before["items"] == ["i29"] and after["items"] == [] and still["items"] == []
    assert before["reasons"]["rules"] != after["reasons"]["rules"] == still["reasons"]["rules"]
    assert verified(project, before["prediction_id"])["same_items"] is True


def test_all_scorers_of_a_store_read_rules_anew_when_one_is_told(project: Project) -> None:
    path = project.root / "tidemill.toml"

    async def work(first: Asker, second: Asker, serving: Serving) -> Any:
        at = await feed(first, dict.fromkeys(NAMES, 2))
        assert (await predict(second, at, k=1))["items"] == ["i29"]
        path.write_text(TOML + RULES.replace('"stock" }', '"stock", at_least = 3 }'))
        assert (await first("POST", "/control/refresh")).status == 200
        await serving._look()
        return await predict(first, k=1), await predict(second, k=1)

    async def main() -> Any:
        with open_project(project.root, clock=HeldClock(NOON)) as other:
            servings, token = [prepare(project), prepare(other)], auth.issue(project.store, "test", SCOPES)
            for one in servings:
                one.workers = 2
            async with AsyncExitStack() as stack:
                asks = [await stack.enter_async_context(alive(App(one, lambda: ()), token)) for one in servings]
                return await work(*asks, servings[1])

    first, second = asyncio.run(main())
    assert first["items"] == second["items"] == [] and first["reasons"] == second["reasons"]


@pytest.mark.parametrize(
    ("rules", "line"),
    [
        ('in_stock = { column = "stok" }', 16),
        ('diversity = { by = "stock_", at_most = 2 }', 16),
        ('exclude = [{ where = { stock = "none" } }]', 16),
        ("exclude = [{ where = { name = 3 } }]", 16),
        ('popularity = "name"', 16),
    ],
)
def test_a_rule_of_a_column_that_is_not_there_is_refused_when_it_is_loaded(
    tmp_path: Path, home: Path, rules: str, line: int
) -> None:
    head = RULES[: RULES.index("in_stock")]
    with open_project(laid(tmp_path / "shop", head + rules + "\n"), clock=HeldClock(NOON)) as project:
        for refuses in (check_project, prepare):
            with pytest.raises(ConfigError) as refused:
                refuses(project)
            assert refused.value.place == f"tidemill.toml:{line}"


@pytest.mark.parametrize("size", both((120, 30), (10_000, 17_280)))
def test_a_day_of_a_shop(tmp_path: Path, home: Path, size: tuple[int, int]) -> None:
    """Every five seconds some stock changes, here or in another process, and somebody asks: nothing sold out, and k whenever k are there."""
    items, steps = size
    rules = RULES[: RULES.index("exclude")] + 'diversity = { by = "name", at_most = 2 }\n'
    rng, names = random.Random(7), [f"i{n:05}" for n in range(items)]
    truth: dict[str, int] = {}
    with open_project(laid(tmp_path / "shop", rules), clock=HeldClock(NOON)) as project:
        release(project, 1, names[: items * 9 // 10])

        async def work(ask: Asker) -> None:
            await told(ask, {name: rng.choice((0, 0, 1, 3)) for name in names})
            for step in range(steps):
                project.clock.move(NOON + 5_000_000 * (step + 1))  # type: ignore[attr-defined]
                at = await told(ask, {name: rng.choice((0, 0, 2)) for name in rng.sample(names, 5)})
                left = sum(map(bool, truth.values()))
                k = rng.choice((10, 10, 10, min(left + 1, 1_000)))
                said = await predict(ask, at, k=k, subject=str(step % 50))
                assert all(truth[name] for name in said["items"]), step
                assert len(said["items"]) == len(set(said["items"])) == min(k, left), step
                assert said["reasons"].get("short", False) == (k > left)

        async def told(ask: Asker, stock: dict[str, int]) -> int:
            truth.update(stock)
            every, at = [*stock.items()], 0
            for start in range(0, len(every), 500):
                some = dict(every[start : start + 500])
                at = await feed(ask, some, name=f"kind {rng.randrange(9)}")
            return at

        async def main() -> None:
            app = App(prepare(project), lambda: ())
            async with alive(app, auth.issue(project.store, "test", SCOPES)) as ask:
                await work(ask)

        asyncio.run(main())


def test_a_candidate_is_asked_again_by_the_rules_of_then(project: Project, run: Callable[..., Any]) -> None:
    async def work(ask: Asker) -> Any:
        at = await feed(ask, {name: int(name not in ("i29", "i28")) for name in NAMES})
        said = await predict(ask, at, k=2)
        project.clock.move(NOON + 1)  # type: ignore[attr-defined]
        await feed(ask, dict.fromkeys(NAMES, 0))
        return said

    said = run(work)
    logged = project.live.predictions.get(said["prediction_id"])
    service = PredictionService(prepare(project))
    predictor = service.serving.at("shop")
    predictor.rules = None  # as of a candidate's server
    asked = {**mirrored_request(logged), "k": 2}
    body = candidate_body(json.dumps(asked).encode(), predictor.task.request)
    again = json.loads(service.probe("shop", body)[0])
    assert again["items"] == said["items"] == ["i27", "i26"] and again["reasons"] == said["reasons"]
    plain = candidate_body(b'{"subject": "7", "k": 2, "at": 1, "watermark": 0}', predictor.task.request)
    assert json.loads(service.probe("shop", plain)[0])["items"] == ["i29", "i28"]  # gates ask the model alone


def test_answers_that_are_often_too_short_are_found_by_the_doctor(project: Project, run: Callable[..., Any]) -> None:
    async def work(ask: Asker, of: dict[str, int]) -> None:
        at = await feed(ask, of)
        for _ in range(4):
            await predict(ask, at, k=5)

    def found() -> bool:
        (rules,) = [one for one in examine(project) if one.what == "rules of shop"]
        return rules.well

    run(partial(work, of=dict.fromkeys(NAMES, 2)))
    assert found()
    project.clock.move(NOON + 1)  # type: ignore[attr-defined]
    run(partial(work, of=dict.fromkeys(NAMES, 0)))
    assert not found()
    told = lately(project.endpoint())
    assert told is not None and (told.answers, told.short, told.empty) == (8, 4, 4)
    with open_project(laid_anew(project.root), clock=HeldClock(NOON + 2)) as eased:
        assert lately(eased.endpoint()) is None, "what other rules did says nothing of these"
        assert [one for one in examine(eased) if one.what == "rules of shop"] == []


def test_the_card_of_a_model_says_that_it_was_tested_without_them(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prepare_run, "refs_of", lambda model, version: ["dataset:sales@1"])
    (project.root / "contracts/sales.yaml").write_text(CONTRACT)
    assert prepare_run.parameters(project.endpoint(), 1, "")["ruled"] == "shop"
