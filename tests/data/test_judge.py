"""Rows that are in the dataset already: they count once, whatever file or function brings them again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.data.small import CONTRACT, DAY_1, DAY_2, NOW, drop, lay, rows
from tests.raised import raised
from tidemill.data.ingest.judge import preview
from tidemill.data.ingest.quarantine import quarantine
from tidemill.data.pipeline import ingest
from tidemill.data.tables.tables import Tables, open_tables
from tidemill.errors import DataBlocked
from tidemill.scope.project import Project, open_project
from tidemill.store.records import DatasetVersion
from tidemill.types import HeldClock

KEY = "      - { property: tidemill.key, value: [invoice, sku] }\n"
ONE = rows(("1", "mug", 2, "2011-01-01 10:00:00", 1.5, "ann"))
OTHER = ("9", "mug", 1, "2011-01-03", 1.0, "eve")


@pytest.fixture(params=["key", "no key"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    root = lay(tmp_path / "shop")
    if request.param == "no key":
        (root / "contracts/sales.yaml").write_text(CONTRACT.replace(KEY, ""))
    return root


def taken(project: Project) -> DatasetVersion:
    made = ingest(project, "sales")
    assert made is not None
    return made


def body(text: str) -> str:
    return text.partition("\n")[2]


def said(project: Project) -> list[str]:
    return [str(event.data["message"]) for event in project.store.events.list(kind="again")]


def test_a_file_that_grows_adds_what_is_new(project: Project, folder: Path) -> None:
    drop(folder, "1.csv", ONE)
    taken(project)
    drop(folder, "1.csv", ONE + body(DAY_2))
    (looked,) = preview(project, "sales")
    assert looked.checked is not None
    assert (looked.checked.rows, looked.checked.known, looked.error) == (3, 1, None)
    made = taken(project)
    assert (made.version, made.rows, made.quarantined) == (2, 3, 0)
    name = "data/sales/1.csv was ingested before with other bytes: "
    assert said(project) == [name + "1 of its 3 rows are in sales already and count once"]
    newest = max(project.store.events.list(kind="ingested"), key=lambda event: event.data["rows"])
    assert (newest.data["rows"], newest.data["known"]) == (2, 1)
    assert sum(f.rows for f in project.store.files.list(dataset="sales")) == 3
    drop(folder, "1.csv", ONE + body(DAY_2) + body(rows(OTHER)))
    assert taken(project).rows == 4
    assert len(project.live.online.list()) == 4


def test_ten_rows_that_are_in_and_one_that_is_new_are_no_bad_file(project: Project, folder: Path) -> None:
    (folder / "contracts/sales.yaml").write_text(
        (folder / "contracts/sales.yaml")
        .read_text()
        .replace("tidemill.max_bad_share, value: 0.5", "tidemill.max_bad_share, value: 0")
    )
    ten = rows(*((f"{i}", "mug", 1, "2011-01-01", 1.0, "ann") for i in range(10)))
    drop(folder, "1.csv", ten)
    taken(project)
    drop(folder, "1.csv", ten + body(rows(("77", "mug", 1, "2011-01-02", 1.0, "ann"))))
    assert taken(project).rows == 11


def test_other_bytes_under_an_old_name_are_said_though_all_is_new(project: Project, folder: Path) -> None:
    drop(folder, "1.csv", DAY_1)
    taken(project)
    drop(folder, "1.csv", DAY_2)
    assert taken(project).rows == 5
    assert said(project) == ["data/sales/1.csv was ingested before with other bytes: none of its rows is in already"]


def test_nothing_but_the_order_has_changed(project: Project, folder: Path) -> None:
    drop(folder, "1.csv", DAY_1)
    before = taken(project)
    head, *lines = DAY_1.splitlines()
    drop(folder, "1.csv", "\n".join([head, *reversed(lines)]) + "\n")
    after = taken(project)
    assert (after.version, after.rows, after.digest, after.profile) == (2, 3, before.digest, before.profile)
    assert ingest(project, "sales") is None


BAD = rows(("5", "mug", 1, "2011-01-01", -1.0, "ann"))


def test_a_bad_row_that_comes_again_is_in_quarantine_once_and_counts_in_each_file(
    project: Project, folder: Path
) -> None:
    drop(folder, "1.csv", DAY_1 + body(BAD) * 2)
    assert taken(project).quarantined == 2
    drop(folder, "1.csv", DAY_1 + body(BAD) * 2 + body(DAY_2))
    assert taken(project).quarantined == 0
    name = "data/sales/1.csv was ingested before with other bytes: "
    both = "3 of its 7 rows are in sales already and count once, 2 bad ones are in quarantine already"
    assert said(project) == [name + both]
    drop(folder, "1.csv", DAY_1 + body(BAD) * 3 + body(DAY_2))
    made = taken(project)
    assert (made.rows, made.quarantined, quarantine(project, "sales").height) == (5, 1, 3)
    assert "5 of its 8 rows" in said(project)[-1] and "2 bad ones" in said(project)[-1]
    drop(folder, "2.csv", BAD)
    with raised(DataBlocked, "data/sales/2.csv") as caught:
        ingest(project, "sales")
    assert "1 of 1 " in caught.value.message
    drop(folder, "1.csv", DAY_1 + body(BAD) * 9)
    (folder / "data/sales/2.csv").unlink()
    with raised(DataBlocked, "data/sales/1.csv") as caught:
        ingest(project, "sales")
    assert "9 of 12 " in caught.value.message


def test_the_same_duplicate_again_is_in_quarantine_once(tmp_path: Path) -> None:
    root = with_key(tmp_path)
    drop(root, "1.csv", DAY_1)
    changed = DAY_1.replace("mug,2", "mug,3")
    with open_project(root, clock=HeldClock(NOW)) as project:
        taken(project)
        for more in (DAY_2, DAY_2 + body(rows(OTHER))):
            drop(root, "1.csv", changed + body(more))
            taken(project)
        assert quarantine(project, "sales")["_reasons"].to_list() == [["duplicate"]]


def test_with_a_key_what_the_name_brought_is_read_for_rows_without_a_whole_one_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = lay(tmp_path / "keyed")
    (root / "contracts/sales.yaml").write_text(CONTRACT.replace("[invoice, sku]", "[invoice, price]"))
    read: list[list[int]] = []
    added = Tables.added

    def watched(self: Tables, dataset: str, versions: Iterable[int], *more: Any, **how: Any) -> pl.DataFrame:
        read.append(list(versions))
        return added(self, dataset, read[-1], *more, **how)

    with open_project(root, clock=HeldClock(NOW)) as project:
        half = rows(("7", "mug", 1, "2011-01-01", "", "ann"))  # type: ignore[arg-type]
        drop(root, "1.csv", ONE)
        taken(project)
        monkeypatch.setattr(Tables, "added", watched)
        drop(root, "1.csv", ONE + body(DAY_2))
        assert (taken(project).rows, read) == (3, [[1]]), "for its key, and nothing for its name"
        drop(root, "1.csv", ONE + body(half) * 2)
        assert taken(project).rows == 5
        drop(root, "1.csv", ONE + body(half) * 3)
        assert taken(project).rows == 6, "two that were in, and a third"


def with_key(tmp_path: Path, share: float = 0.5) -> Path:
    root = lay(tmp_path / "keyed")
    (root / "contracts/sales.yaml").write_text(CONTRACT.replace("value: 0.5", f"value: {share}"))
    return root


def test_with_a_key_the_name_of_the_file_does_not_matter(tmp_path: Path) -> None:
    root = with_key(tmp_path, share=0)
    drop(root, "1.csv", DAY_1)
    drop(root, "2.csv", DAY_1 + body(DAY_2))  # in one ingest with the first, and below in another
    with open_project(root, clock=HeldClock(NOW)) as project:
        assert (taken(project).rows, quarantine(project, "sales").height) == (5, 0)
        drop(root, "3.csv", DAY_2 + body(rows(OTHER)))
        assert taken(project).rows == 6
        assert sorted(said(project)) == [
            "data/sales/2.csv: 3 of its 5 rows are in sales already and count once",
            "data/sales/3.csv: 2 of its 3 rows are in sales already and count once",
        ]


def test_another_value_under_a_key_that_is_in_is_a_duplicate_still(tmp_path: Path) -> None:
    root = with_key(tmp_path)
    drop(root, "1.csv", DAY_1)
    with open_project(root, clock=HeldClock(NOW)) as project:
        taken(project)
        drop(root, "1.csv", DAY_1.replace("mug,2", "mug,3") + body(DAY_2))
        made = taken(project)
        assert (made.rows, made.quarantined) == (5, 1)
        assert quarantine(project, "sales")["_reasons"].to_list() == [["duplicate"]]
        (root / "contracts/sales.yaml").write_text(CONTRACT.replace("value: 0.5", "value: 0.1"))
        drop(root, "1.csv", DAY_1.replace("mug,2", "mug,4") + body(rows(OTHER)))
        with raised(DataBlocked, "data/sales/1.csv") as caught:
            ingest(project, "sales")
        assert "1 of 4 " in caught.value.message


def test_an_item_that_is_twice_in_one_file_goes_to_quarantine_as_ever(tmp_path: Path) -> None:
    root = with_key(tmp_path)
    drop(root, "1.csv", DAY_1 + body(ONE))
    with open_project(root, clock=HeldClock(NOW)) as project:
        made = taken(project)
        assert (made.rows, made.quarantined) == (3, 1)
        assert said(project) == []


LINES = st.lists(st.sampled_from(["a,1", "a,", ",1", "b,1"]), max_size=6)


@settings(max_examples=12)
@given(st.lists(LINES.filter(bool), min_size=1, max_size=4))
def test_without_a_key_a_name_holds_the_most_equals_that_it_ever_brought(
    tmp_path_factory: pytest.TempPathFactory, contents: list[list[str]]
) -> None:
    root = lay(tmp_path_factory.mktemp("grows"))
    head = CONTRACT.partition("    customProperties")[0]
    columns = "[{ name: x, logicalType: string }, { name: n, logicalType: integer }]"
    (root / "contracts/sales.yaml").write_text(f"{head}    properties: {columns}\n")
    most: Counter[str] = Counter()
    with open_project(root, clock=HeldClock(NOW)) as project:
        for lines in contents:
            drop(root, "1.csv", "x,n\n" + "".join(f"{line}\n" for line in lines))
            ingest(project, "sales")
            most |= Counter(lines)
        held = open_tables(project).read("sales").select("x", "n").collect().rows()
    assert Counter(f"{x or ''},{'' if n is None else n}" for x, n in held) == most
