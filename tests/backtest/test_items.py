"""An answer of then is made with what was known of items then: whatever files and programs said is told again when they said it."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.backtest.test_loop import inline
from tests.backtest.test_several import TOML, lay
from tests.data.test_items import ITEMS
from tidemill.backtest import play as playing
from tidemill.backtest.copy import FOLDER
from tidemill.backtest.items import items_of
from tidemill.data.pipeline import ingest
from tidemill.scope.project import Project, open_project
from tidemill.store.records import ItemChange
from tidemill.types import DAY, HeldClock, JsonObject, Micros, parse_time

END = parse_time("2024-05-20")
SINCE = parse_time("2024-05-10")
LISTS = TOML[: TOML.index("[model.leaves]")] + TOML[TOML.index("[endpoint.home]") :].replace(
    '[endpoint.mail]\nmodel = "recommend"\n', ""
)
RULES = """
[data.items]
source = "data/items/*.csv"
contract = "contracts/items.yaml"
[endpoint.home.rules]
in_stock = { column = "stock" }
"""
Known = dict[tuple[str, str], JsonObject]


def laid(root: Path, toml: str) -> Path:
    for name in ("contracts", "data/items"):
        (root / name).mkdir(parents=True, exist_ok=True)
    (root / "contracts/items.yaml").write_text(ITEMS.replace("KEY", "sku"))
    (root / "tidemill.toml").write_text(toml + RULES)
    return root


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    monkeypatch.setenv("TIDEMILL_HOME", str(tmp_path / "home"))
    with open_project(laid(lay(tmp_path / "shop"), LISTS), clock=HeldClock(END)) as project:
        yield project


def standing(project: Project) -> Known:
    found = project.live.items.standing(1 << 60)
    return {(item, store): known for _, _, item, store, text in found if (known := json.loads(text))}


changes = st.builds(
    lambda item, store, at, known, gone, file: ItemChange(
        "items", item, store, at, {} if gone else known, gone, file=file
    ),
    st.sampled_from("ab"),
    st.sampled_from(["", "x"]),
    st.integers(0, 12),
    st.dictionaries(st.sampled_from(["stock", "name"]), st.sampled_from([0, 1, True, None, "cup"]), min_size=1),
    st.integers(0, 3).map(lambda n: n == 0),
    st.sampled_from([None, "sha256:a"]),
)
stories = st.lists(st.tuples(st.integers(0, 3), st.lists(changes, min_size=1, max_size=3)), max_size=8)


def test_told_again_it_is_known_as_it_was_at_every_moment(shop: Project, tmp_path: Path) -> None:
    """In whatever order, of whatever moments, several at once: as of the beginning, and after every word from then on."""
    with open_project(laid(tmp_path / "other", LISTS), clock=HeldClock(END)) as other:

        @settings(max_examples=30, deadline=None)
        @given(stories, st.integers(1, 8))
        def holds(story: list[tuple[int, list[ItemChange]]], since: Micros) -> None:
            for project in (shop, other):
                project.live._db.write(lambda tx: tx.exec_driver_sql("DELETE FROM item_rows"))
            now, were = 0, dict[Micros, Known]()
            for later, some in story:
                now += later
                shop.live.items.set(some, now).result()
                were[now] = standing(shop)
            told: dict[Micros, list[ItemChange]] = {since: []}
            for moment in items_of(shop, since, now + 1):
                told.setdefault(moment.at, []).extend(moment.items)
            was: Known = {}
            for at in sorted({*were, *told}):
                was = were.get(at, was)
                if at in told:
                    other.live.items.load(told[at], at)
                    other.live.items.load(told[at], at)  # a play that is gone on with tells it twice
                if at >= since:
                    assert standing(other) == was, at

        holds()


def said(shop: Project) -> dict[Micros, dict[str, int]]:
    """By day the stock that programs told of: each item is sold out on some days, and nobody has a word of the others."""
    dice, found = random.Random(5), dict[Micros, dict[str, int]]()
    stock = {f"S{n}": 3 for n in range(20)}
    for day in range(-5, (END - SINCE) // DAY):
        changed = {name: dice.choice([0, 0, 2]) for name in dice.sample(sorted(stock), 8)} if day > -5 else stock
        stock |= changed
        at = SINCE + day * DAY + DAY // 3
        shop.live.items.load([ItemChange("items", name, "", at, {"stock": n}) for name, n in changed.items()], at)
        found[at] = dict(stock)
    return found


@pytest.mark.nightly
def test_a_backtest_answers_with_the_stock_of_then(shop: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(playing, "worker_jobs", inline)
    ingest(shop, "sales")
    stock = said(shop)
    playing.play(shop, "home", "then", SINCE, END, lambda *told: None)
    with open_project(shop.state / FOLDER / "then") as copy:
        answers = copy.live.predictions.list(endpoint="home")
        assert copy.live.items.count_now("items") == 20 and len(answers) > 50
        sold_out = 0
        for one in answers:
            then = stock[max(at for at in stock if at <= one.at)]
            output: dict[str, Any] = json.loads(one.output)
            assert all(then[item] > 0 for item in output["items"]), (one.at, output)
            assert len(output["items"]) == min(20, sum(n > 0 for n in then.values())), "and k of what there is"
            sold_out += output["reasons"]["out"].get("in_stock", 0)
        assert sold_out > len(answers)
