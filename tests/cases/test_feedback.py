"""What a recommender's server is told, and what it answers: purchases that count twice, items that nobody sells, old history."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cases.projects import SALES, SALES_TOML, Folder, lay, replayed, sale, sales
from tests.serve import released
from tests.serve.real import Scorer, scorer
from tidemill.ops import predictions
from tidemill.scope.project import Project, open_project
from tidemill.types import parse_time

NOW = parse_time("2024-11-02")
AT = "2024-11-01T09:00:00Z"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Folder, Project, Scorer]]:
    """A shop whose model answers with what was bought, then with what is popular; its server runs."""
    folder = lay(tmp_path_factory.mktemp("told") / "shop", "sales", SALES, SALES_TOML)
    old = sale(60, customer_id="old", invoice_date="2022-11-01 09:00:00", stock_code="clock")
    folder.write("data/sales/a.csv", *sales(20), old)
    with replayed(folder, NOW):
        pass
    folder.ingest()
    with open_project(folder.root) as project:
        released.champion(project)
        with scorer(project) as running:
            yield folder, project, running


def rows_of(project: Project, subject: str) -> int:
    """How many rows a subject's history has, by the verb that says what a subject touched."""
    return int(predictions.impact(project, f"subject:{subject}")["rows"])


def test_a_purchase_that_is_told_and_comes_by_a_file_counts_once(store: tuple[Folder, Project, Scorer]) -> None:
    """The feedback's key is the contract's key, joined by a slash: then it is one row."""
    folder, project, server = store
    told = {"key": "7000/mug", "subject": "ann", "item": "mug", "value": 1, "at": AT}
    assert server.ask("POST", "/feedback", told)[0] == 200
    line = sale(0, invoice=7000, stock_code="mug", customer_id="ann")
    folder.write("data/sales/b.csv", *sales(0), line)
    folder.ingest()
    assert rows_of(project, "ann") == 1


def test_the_key_of_feedback_is_documented() -> None:
    """How a program has to spell the key, so that a purchase counts once, stands where feedback is documented."""
    docs = Path(__file__).parents[2] / "docs"
    pages = [(docs / name).read_text() for name in ("serve.md", "data.md")]
    assert any("tidemill.key" in part and "feedback" in part.lower() for page in pages for part in page.split("\n\n"))


def test_the_same_purchase_under_another_key_counts_once(store: tuple[Folder, Project, Scorer]) -> None:
    """The same customer, item and moment under a key of the sender's own, then by a file."""
    folder, project, server = store
    told = {"key": "order-1", "subject": "bob", "item": "mug", "value": 1, "at": AT}
    assert server.ask("POST", "/feedback", told)[0] == 200
    line = sale(0, invoice=7001, stock_code="mug", customer_id="bob")
    folder.write("data/sales/c.csv", *sales(0), line)
    folder.ingest()
    assert rows_of(project, "bob") == 1


def test_an_item_that_nobody_sells_is_not_recommended(store: tuple[Folder, Project, Scorer]) -> None:
    """Feedback alone makes no catalogue: an item that no file has is not offered to whoever sent it."""
    _, _, server = store
    told = {"key": "lie/1", "subject": "17000", "item": "nobody sells this", "value": 1_000, "at": AT}
    status, _ = server.ask("POST", "/feedback", told)
    found = server.ask("POST", "/predict/shop", {"subject": "17000"})[1]
    assert status in (400, 409, 422) or "nobody sells this" not in found["items"]


def test_the_weight_of_a_subject_is_capped(store: tuple[Folder, Project, Scorer]) -> None:
    """One outcome of a huge value does not outweigh a history: what was bought before stays first."""
    _, _, server = store
    before = server.ask("POST", "/predict/shop", {"subject": "17001"})[1]["items"][0]
    other = "A" if before == "B" else "B"
    told = {"key": "lie/2", "subject": "17001", "item": other, "value": 1e6, "at": AT}
    status, _ = server.ask("POST", "/feedback", told)
    found = server.ask("POST", "/predict/shop", {"subject": "17001"})[1]
    ratio = found["scores"][0] / found["scores"][1] if len(found["scores"]) > 1 else 1.0
    assert status in (400, 409, 422) or ratio < 1_000


def test_history_that_is_years_old_is_said(store: tuple[Folder, Project, Scorer]) -> None:
    """A customer whose history weighs nothing any more gets the list of a stranger: the answer says so."""
    _, _, server = store
    old = server.ask("POST", "/predict/shop", {"subject": "old", "k": 1})[1]
    stranger = server.ask("POST", "/predict/shop", {"subject": "never seen", "k": 1})[1]
    assert old["items"] != stranger["items"] or old["cold"]


def test_a_subject_is_read_alike_in_files_and_requests(store: tuple[Folder, Project, Scorer]) -> None:
    """Blanks around a subject's id make no stranger of it."""
    _, _, server = store
    known = server.ask("POST", "/predict/shop", {"subject": "17002"})[1]
    blank = server.ask("POST", "/predict/shop", {"subject": " 17002 "})[1]
    assert known["cold"] is False and blank.get("items") == known["items"]


def test_a_purchase_that_a_file_brought_and_is_told_later_counts_once(store: tuple[Folder, Project, Scorer]) -> None:
    """The other way round: the file first, then the feedback under a key of the sender's own."""
    folder, project, server = store
    line = sale(0, invoice=7002, stock_code="mug", customer_id="cid")
    folder.write("data/sales/d.csv", *sales(0), line)
    folder.ingest()
    assert server.ask("POST", "/control/refresh")[0] == 200
    told = {"key": "order-2", "subject": "cid", "item": "mug", "value": 1, "at": AT}
    assert server.ask("POST", "/feedback", told)[0] == 200
    assert rows_of(project, "cid") == 1


def test_a_key_may_be_told_by_the_columns_of_the_contract(store: tuple[Folder, Project, Scorer]) -> None:
    """In any order, and a number where the file has one: it is the key of the file's row."""
    folder, project, server = store
    told = {"key": {"stock_code": "mug", "invoice": 7003}, "subject": "dan", "item": "mug", "value": 1}
    assert server.ask("POST", "/feedback", {**told, "at": "2024-11-01T09:00:30Z"})[0] == 200
    folder.write("data/sales/e.csv", *sales(0), sale(0, invoice=7003, stock_code="mug", customer_id="dan"))
    folder.ingest()
    assert rows_of(project, "dan") == 1
    wrong = server.ask("POST", "/feedback", {**told, "key": {"invoice": 7003}, "at": AT})
    assert wrong[0] == 400 and wrong[1]["place"] == "$.key"


def test_feedback_about_an_item_is_in_quarantine_until_a_file_has_it(store: tuple[Folder, Project, Scorer]) -> None:
    """Kept, counted and shown; part of the history from the moment on that somebody sells the item."""
    folder, project, server = store
    told = {"key": "early/1", "subject": "eve", "item": "new lamp", "value": 1, "at": AT}
    status, said = server.ask("POST", "/feedback", told)
    assert (status, said["new"], said["unknown_items"]) == (200, 1, ["new lamp"])
    assert folder.json("status")["quarantined"]["new lamp"] == 1
    assert server.ask("POST", "/predict/shop", {"subject": "eve"})[1]["cold"] is True
    folder.write("data/sales/f.csv", *sales(0), sale(0, invoice=7004, stock_code="new lamp", customer_id="flo"))
    folder.ingest()
    assert server.ask("POST", "/control/refresh")[0] == 200
    assert server.ask("POST", "/predict/shop", {"subject": "eve"})[1]["items"][0] == "new lamp"
    assert "new lamp" not in folder.json("status")["quarantined"] and rows_of(project, "eve") == 1


def test_feedback_about_an_item_of_the_newest_file_is_in_no_quarantine(store: tuple[Folder, Project, Scorer]) -> None:
    """Also when it comes before the server has looked at that file by itself."""
    folder, _, server = store
    folder.write("data/sales/g.csv", *sales(0), sale(0, invoice=7005, stock_code="new vase", customer_id="flo"))
    folder.ingest()
    told = {"key": "early/2", "subject": "eve", "item": "new vase", "value": 1, "at": AT}
    status, said = server.ask("POST", "/feedback", told)
    assert (status, said["new"]) == (200, 1) and "unknown_items" not in said


def test_the_share_of_subjects_whose_history_is_too_old_is_shown(store: tuple[Folder, Project, Scorer]) -> None:
    folder, _, server = store
    for subject in ("old", "nobody yet"):
        assert server.ask("POST", "/predict/shop", {"subject": subject, "k": 1})[1]["cold"] is True
    asked = folder.json("status")["asked"]
    assert asked["stale"] >= 1 and asked["strangers"] >= 1 and asked["subjects"] > asked["stale"] + asked["strangers"]
