"""Whatever is changed, taken out, exchanged or put into a ledger is found, and said by its number."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tidemill.ledger.verify import Said, verify
from tidemill.store.chain import link
from tidemill.store.sql import open_metadata
from tidemill.store.sql.store import MetadataStore
from tidemill.testing import records as sample

HASH = "0" * 63 + "1"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[MetadataStore]:
    with closing(open_metadata(tmp_path / "tidemill.db")) as store:
        for n in range(4):
            store.events.add(sample.event(f"event_{n}"))
        store.releases.add(sample.release())
        yield store


def found(store: MetadataStore, *told: Said) -> list[tuple[int, str]]:
    return [(one.record, one.what) for one in verify(store, told).breaks]


def change(tmp_path: Path, *lines: str) -> None:
    with closing(sqlite3.connect(tmp_path / "tidemill.db")) as plain, plain:
        for line in lines:
            plain.execute(line)


def test_one_that_holds(store: MetadataStore) -> None:
    told: list[int] = []
    seen = verify(store, (), lambda done, of: told.append(done))
    assert (seen.records, seen.broken, seen.erased) == (6, 0, 0) and told == [6]


@pytest.mark.parametrize(
    ("line", "breaks"),
    [
        ("UPDATE ledger SET principal = 'principal_x' WHERE seq = 3", [(3, "hash")]),
        ("UPDATE ledger SET at = at + 1 WHERE seq = 1", [(1, "hash")]),
        (f"UPDATE ledger SET hash = '{HASH}' WHERE seq = 3", [(3, "hash"), (4, "previous")]),
        ("UPDATE ledger SET hash = 'no hash' WHERE seq = 3", [(3, "hash"), (4, "previous")]),
        ("DELETE FROM ledger WHERE seq = 3", [(3, "gap"), (0, "unrecorded")]),
        ("DELETE FROM ledger WHERE seq = 1", [(1, "gap")]),
        ("DELETE FROM ledger WHERE seq = 6", [(6, "cut"), (0, "unrecorded")]),
        ("UPDATE events SET data = '{}' WHERE id = 'event_1'", [(3, "details")]),
        ("UPDATE events SET nonce = 'ff' WHERE id = 'event_1'", [(3, "details")]),
        ("UPDATE acts SET kind = 'release.changed'", [(6, "details")]),
        (
            "INSERT INTO events (id, at, kind, subject, data, principal, seq, nonce) VALUES ('e', 1, 'a', 'b', '{}', '', 9, '')",
            [(0, "unrecorded")],
        ),
        (
            "INSERT INTO ledger SELECT -1, at, '', act, '', '', commitment, previous, hash FROM ledger WHERE seq = 3",
            [(-1, "gap")],
        ),
        ("DELETE FROM counters", [(1, "count")]),
        ("UPDATE counters SET value = 4", [(5, "count")]),
    ],
)
def test_what_was_done_to_a_row(store: MetadataStore, tmp_path: Path, line: str, breaks: list[tuple[int, str]]) -> None:
    change(tmp_path, line)
    assert found(store) == breaks


def test_an_event_whose_details_are_kept_true_elsewhere(store: MetadataStore, tmp_path: Path) -> None:
    """What people read is the event: its true details among the acts hide nothing."""
    names = "id, at, kind, subject, data, principal, nonce"
    change(tmp_path, f"INSERT INTO acts ({names}) SELECT {names} FROM events WHERE id = 'event_1'")
    change(tmp_path, "UPDATE events SET principal = 'somebody else' WHERE id = 'event_1'")
    assert found(store) == [(0, "details")]


def test_an_event_that_a_record_before_the_first_names(store: MetadataStore, tmp_path: Path) -> None:
    change(
        tmp_path,
        "INSERT INTO events (id, at, kind, subject, data, principal, seq, nonce) VALUES ('e', 1, 'a', 'b', '{}', '', 9, '')",
        "INSERT INTO ledger SELECT 0, at, '', act, '', 'e', commitment, previous, hash FROM ledger WHERE seq = 3",
    )
    assert found(store) == [(0, "unrecorded"), (0, "gap")]


def test_a_ledger_that_is_gone_as_if_there_had_been_none(store: MetadataStore, tmp_path: Path) -> None:
    change(tmp_path, "DELETE FROM ledger", "DELETE FROM counters")
    assert found(store) == [(0, "unrecorded")] * 5


def test_an_erased_event_leaves_its_record_true(store: MetadataStore, tmp_path: Path) -> None:
    change(tmp_path, "DELETE FROM events WHERE id = 'event_2'")
    seen = verify(store, ())
    assert (seen.broken, seen.erased) == (0, 1)


def test_a_tail_made_anew_is_found_by_who_was_told_its_root(store: MetadataStore, tmp_path: Path) -> None:
    """Whoever can write everything can hash everything again: what was told elsewhere he cannot."""
    before = verify(store, ())
    records = store.ledger.list()
    last = records[-1]
    forged = link(6, last.at, "principal_x", last.act, last.subject, last.event, last.commitment, records[4].hash)
    change(tmp_path, f"UPDATE ledger SET principal = 'principal_x', hash = '{forged.hash}' WHERE seq = 6")
    assert found(store) == []
    assert found(store, Said(6, before.root, "file:/elsewhere")) == [(6, "anchor")]
    assert found(store, Said(6, before.root, "")) == [(6, "head")]
    assert found(store, Said(9, before.root, "file:/elsewhere")) == [(9, "anchor")]


def swapped(records: list[str]) -> list[str]:
    return [records[0], records[2], records[1], *records[3:]]


@pytest.mark.parametrize("exchange", [swapped])
def test_two_that_were_exchanged(
    store: MetadataStore, tmp_path: Path, exchange: Callable[[list[str]], list[str]]
) -> None:
    change(
        tmp_path,
        "UPDATE ledger SET seq = 100 WHERE seq = 2",
        "UPDATE ledger SET seq = 2 WHERE seq = 3",
        "UPDATE ledger SET seq = 3 WHERE seq = 100",
    )
    assert found(store)[:2] == [(2, "previous"), (2, "hash")]
