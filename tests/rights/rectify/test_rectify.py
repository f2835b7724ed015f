"""A person's row is corrected: a new version, seen by the next answer; what may not be is refused, and nothing changes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from tests.cases.projects import SALES, SALES_TOML, Folder, lay, sales
from tests.raised import raised
from tidemill.access.caller import Caller
from tidemill.data.ingest import changes
from tidemill.data.ingest import rectify as corrections
from tidemill.data.ingest.ingest import reconcile
from tidemill.data.tables.tables import open_tables
from tidemill.errors import BadRequest, DataBlocked, NotFound, TidemillError
from tidemill.features.held import HeldHistory
from tidemill.ops.rights import rectify as verbs
from tidemill.scope.project import Project, open_project
from tidemill.serve.histories import Histories
from tidemill.testing import records as sample

ME = Caller.local()
KEY = {"invoice": "5003", "stock_code": "B"}
WHO = "17003"


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    monkeypatch.setenv("TIDEMILL_HOME", str(tmp_path / "home"))
    made: Folder = lay(tmp_path / "shop", "sales", SALES, SALES_TOML)
    made.write("data/sales/one.csv", *sales(20))
    made.ingest()
    with open_project(made.root) as project:
        project.store.models.add(sample.model(1, data=("dataset:sales@1",)))
        yield project


def rows(project: Project, version: int | None = None) -> pl.DataFrame:
    return open_tables(project).read("sales", version).select(pl.exclude("^_.*$")).collect().sort("invoice")


def times(history: HeldHistory) -> int:
    """How many of the person's rows count."""
    return int(history.times(WHO, 2**60).counts.sum())


def acts(project: Project) -> list[tuple[str, dict[str, object]]]:
    return [(e.kind, e.data) for e in project.store.events.list() if e.kind.startswith("rectif")]


def test_the_next_version_says_it_right_and_the_next_answer_goes_by_it(shop: Project) -> None:
    before, histories = rows(shop), Histories(shop.live)
    history = histories.of("sales")
    assert times(history) == 3
    found = verbs.rectify(shop, ME, WHO, "sales", KEY, {"quantity": "-4", "country": "", "price": "1.5"})
    assert (found.version, found.columns, found.models) == (2, ("quantity", "country"), ("model:shop@1",))
    mine = (pl.col("invoice") == "5003") & (pl.col("stock_code") == "B")
    changed = before.with_columns(
        pl.when(mine).then(-4).otherwise(pl.col("quantity")).alias("quantity"),
        pl.when(~mine).then(pl.col("country")).alias("country"),
    )
    assert rows(shop).equals(changed) and rows(shop, 1).equals(before)
    histories.follow()
    (event,) = (e for e in shop.live.online.of_all([WHO], "sales") if e.key == "5003/B")
    assert event.value == -4.0 and times(history) == times(Histories(shop.live).of("sales")) == 2
    assert [e.target for e in shop.store.edges.list(source="dataset:sales@2") if e.relation == verbs.CORRECTS] == [
        "model:shop@1"
    ]
    (asked, _), (done, told) = acts(shop)
    assert (asked, done) == ("rectification_asked", "rectified")
    assert (told["columns"], told["models"]) == (["country", "quantity"], ["model:shop@1"])
    assert WHO not in str(acts(shop)) and WHO not in str(shop.store.ledger.list())


def test_what_it_says_already_makes_no_version(shop: Project) -> None:
    verbs.rectify(shop, ME, WHO, "sales", KEY, {"quantity": "4"})
    again = verbs.rectify(shop, ME, WHO, "sales", KEY, {"quantity": "4"})
    assert (again.version, again.columns, again.models) == (2, (), ())


@pytest.mark.parametrize(
    ("who", "key", "said", "error", "place"),
    [
        (WHO, KEY, {"quantity": "many"}, DataBlocked, "sales"),
        (WHO, KEY, {"price": "-1"}, DataBlocked, "sales"),
        (WHO, KEY, {"quantity": ""}, DataBlocked, "sales"),
        (WHO, KEY, {"quantity": "2", "invoice_date": "2999-01-01"}, DataBlocked, "sales"),
        (WHO, KEY, {"invoice": "1"}, BadRequest, "set"),
        (WHO, KEY, {"customer_id": "17004"}, BadRequest, "set"),
        (WHO, KEY, {"colour": "red"}, BadRequest, "set"),
        (WHO, KEY, {}, BadRequest, "set"),
        (WHO, {"invoice": "5003"}, {"quantity": "2"}, BadRequest, "key"),
        (WHO, {**KEY, "invoice": "1"}, {"quantity": "2"}, NotFound, "key"),
        ("17004", KEY, {"quantity": "2"}, NotFound, "key"),
    ],
)
def test_what_may_not_be_is_refused_and_nothing_changes(
    shop: Project, who: str, key: dict[str, str], said: dict[str, str], error: type[TidemillError], place: str
) -> None:
    before, events = rows(shop), list(shop.live.online.list())
    with raised(error, place), corrections.correction(shop, "sales", key, said, lambda name: name == who) as found:
        found.make()
    assert rows(shop).equals(before) and open_tables(shop).version("sales") == 1
    assert list(shop.live.online.list()) == events and shop.store.datasets.get("sales").version == 1


def test_a_refusal_of_the_process_that_corrects_is_raised_as_it_is_and_written_down(shop: Project) -> None:
    with raised(DataBlocked, "sales"):
        verbs.rectify(shop, ME, WHO, "sales", KEY, {"quantity": "many"})
    assert [(kind, told.get("code")) for kind, told in acts(shop)] == [
        ("rectification_asked", None),
        ("rectification_refused", DataBlocked.code),
    ]


def test_what_a_kill_leaves_after_the_commit_is_made_good(shop: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(changes, "register", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError), corrections.correction(shop, "sales", KEY, {"quantity": "-3"}) as found:
            found.make()
    assert shop.store.datasets.get("sales").version == 1
    for _ in range(2):
        reconcile(shop)
        (event,) = (e for e in shop.live.online.of_all([WHO], "sales") if e.key == "5003/B")
        assert (event.value, shop.store.datasets.get("sales").version) == (-3.0, 2)


def test_by_the_command(shop: Project) -> None:
    folder = Folder(shop.root)
    words = ("subject", "rectify", WHO, "--dataset", "sales", "--key", "invoice=5003", "--key", "stock_code=B")
    found = folder.json(*words, "--set", "quantity=2")
    assert (found["version"], found["columns"], found["serving"]) == (2, ["quantity"], [])
    assert folder.tidemill(*words, "--set", "quantity").returncode != 0
