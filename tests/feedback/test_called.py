"""Items by their names, wherever their codes are shown: on pages, in commands, in sentences; and what was known of them then."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from tests.data.test_items import ITEMS
from tests.release.made import add_model
from tests.serve.asking import NOON, TOML, Asker, alive, make_app
from tests.serve.test_items import MORE, STOCK
from tests.tasks.ranking.made import shop as made_up
from tidemill.access import tokens as auth
from tidemill.access.caller import Caller
from tidemill.cli.main import cli
from tidemill.data.pipeline import ingest
from tidemill.feedback.called import called
from tidemill.feedback.explained import explained, known_then
from tidemill.ops import predictions
from tidemill.scope.project import Project, open_project
from tidemill.store.artifacts.codecs import put_bundle
from tidemill.store.records import ItemChange
from tidemill.tasks.ranking import learners
from tidemill.tasks.ranking.bundle import bundle_of, titled
from tidemill.tasks.ranking.serving import RECOMMEND, SCORERS
from tidemill.testing.records import online
from tidemill.types import DAY, HeldClock
from tidemill.web.app import face

HALF = 60 * DAY
STEERS, ESCAPES = "\x1b[2J<b>Teapot</b>\u202e\n", "&lt;b&gt;Teapot&lt;/b&gt;"
SCOPES = ("predict", "read", "items")


@pytest.fixture(scope="module")
def bundle() -> Any:
    """A model that knows what i001 was called when it was made."""
    recipe = learners.recipe_of("blend", HALF)
    return titled(bundle_of(learners.fit(recipe, made_up(users=120)), recipe, NOON), {"i001": "Mug", "i004": "Old pan"})


@pytest.fixture
def shop(tmp_path: Path, bundle: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    monkeypatch.setenv("TIDEMILL_HOME", str(tmp_path / "home"))
    root = tmp_path / "shop"
    (root / "contracts").mkdir(parents=True)
    (root / "contracts/items.yaml").write_text(ITEMS.replace("KEY", "sku"))
    (root / "contracts/stock.yaml").write_text(STOCK)
    (root / "tidemill.toml").write_text(TOML + MORE)
    with open_project(root, clock=HeldClock(NOON)) as project:
        digest = put_bundle(project.artifacts, bundle)
        add_model(project, 1, bundle=digest, evaluation_bundle=digest, data=())
        bought = [("i001", 50), ("i004", 20), ("i001", 10)]
        project.live.append(
            (),
            (),
            [
                online(key=f"e{n}", subject="7", item=item, at=NOON - days * DAY, value=1.0, file=None)
                for n, (item, days) in enumerate(bought)
            ],
        )
        project.live.flush()
        yield project


def asked(project: Project, bundle: Any, *paths: str, **body: Any) -> tuple[Any, list[str]]:
    """The reply to a request, and these pages."""

    async def run() -> Any:
        app = make_app(project, SCORERS["recommend"](bundle), faces=(face,))
        async with alive(app, auth.issue(project.store, "test", SCOPES)) as ask:
            told = await ask("POST", "/predict/shop", {"subject": "7", "k": 25, **body})
            assert told.status == 200, told.body
            return told.json, [await _page(ask, path.format(id=told.json["prediction_id"])) for path in paths]

    return asyncio.run(run())


async def _page(ask: Asker, path: str) -> str:
    heard = await ask("GET", path, headers={"accept": "text/html"})
    assert heard.status == 200, heard.body
    return heard.body.decode()


def say(project: Project, item: str, at: int, **values: Any) -> None:
    project.live.items.set([ItemChange("items", item, "", at, values, principal="shelf")], NOON).result(60)


def test_a_sentence_and_a_trace_say_what_items_were_called_then(shop: Project, bundle: Any) -> None:
    say(shop, "i001", 1, name="Cup & saucer", stock=4)
    told, _ = asked(shop, bundle, explain=True)
    sentences = " ".join(one["sentence"] for one in told["explained"]["answers"])
    assert "“Cup & saucer”" in sentences and "“Old pan”" in sentences and "i001" not in sentences
    say(shop, "i001", 2, name="Renamed", stock=0)
    found = predictions.trace(shop, Caller.local(), told["prediction_id"])
    assert (found["names"]["i001"], found["names"]["i004"]) == ("Cup & saucer", "Old pan")
    (row,) = [one for one in found["items"] if one["item"] == "i001"]
    assert (row["known"]["stock"], row["by"], row["position"]) == (4, "shelf", 4)
    kept = shop.live.predictions.get(told["prediction_id"])
    again = explained(shop, kept, known_then(shop, kept), (RECOMMEND, SCORERS["recommend"](bundle)))
    assert again["verified"]["same"] and again["answers"][0]["sentence"] == told["explained"]["answers"][0]["sentence"]
    shown = predictions.show(shop, told["prediction_id"])
    assert shown.names["i001"] == "Renamed" and set(shown.names) <= {"i001", "i004"}


def test_a_foreign_name_is_shown_and_does_nothing(shop: Project, bundle: Any) -> None:
    say(shop, "i001", 1, name=STEERS)
    told, pages = asked(shop, bundle, "/trace?id={id}", "/predictions", "/live")
    for page in pages:
        assert ESCAPES in page and "<b>Teapot" not in page and not set("\x1b\u202e") & set(page)
    assert "i001" in pages[0] and "Old pan" in pages[0]
    heard = CliRunner().invoke(cli, ["trace", told["prediction_id"], "--project", str(shop.root)])
    assert heard.exit_code == 0, heard.output
    assert "Teapot" in heard.stdout and "(i001)" in heard.stdout and not set("\x1b\u202e") & set(heard.stdout)


def test_the_page_of_a_table_of_items_says_what_is_known(shop: Project, bundle: Any) -> None:
    (shop.root / "data/items").mkdir(parents=True)
    (shop.root / "data/items/1.csv").write_text("sku,name,stock\ni001,Mug,3\n")
    ingest(shop, "items")
    say(shop, "i002", NOON, name=STEERS)
    _, (page,) = asked(shop, bundle, "/data/items/1")
    assert "data/items/1.csv row 0" in page and ESCAPES in page and "\x1b" not in page and "shelf" in page
    _, (other,) = asked(shop, bundle, "/data/items/1?items=i001%1F")
    assert "data/items/1.csv row 0" not in other and ESCAPES in other


def test_a_command_s_answer_has_code_and_name(shop: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    reply = {"prediction_id": "pred_1", "model": "model:shop@1", "items": ["i001", "i002"], "scores": [2.0, 1.0]}
    monkeypatch.setattr("tidemill.ops.server.predict", lambda *_: dict(reply))
    words = ["predict", "7", "--project", str(shop.root)]
    assert json.loads(CliRunner().invoke(cli, [*words, "--json"]).stdout) == {**reply, "names": {"i001": "Mug"}}
    assert "Mug" in CliRunner().invoke(cli, words).stdout


def test_where_no_name_is_there_is_the_code(shop: Project) -> None:
    assert called(shop, ["i001", "i002", ""], ["model:none@1"]) == {}
    assert called(shop, ["i001", "i002"], ["model:shop@1"]) == {"i001": "Mug"}
    say(shop, "i001", 1, name="i001")
    say(shop, "i002", 1, name=" ")
    assert called(shop, ["i001", "i002"], ["model:shop@1"]) == {}
    (shop.root / "contracts/items.yaml").write_text("none")
    assert called(shop, ["i001"], ["model:shop@1"]) == {"i001": "Mug"}
