"""kill -9 of writing processes: what was acknowledged is in the file by plain SQL, and nothing is half there."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tidemill.store.sql import open_live, open_metadata
from tidemill.testing import records as sample

CHILD = Path(__file__).with_name("child.py")


@contextmanager
def children(*commands: tuple[str, ...]) -> Iterator[list[subprocess.Popen[str]]]:
    started = [
        subprocess.Popen([sys.executable, str(CHILD), *command], stdout=subprocess.PIPE, text=True)
        for command in commands
    ]
    try:
        yield started
    finally:
        for child in started:
            child.kill()
            child.wait()
            if child.stdout is not None:
                child.stdout.close()


def killed_after(child: subprocess.Popen[str], lines: int) -> list[str]:
    """Kills it once it has said so many lines; all that it has said."""
    assert child.stdout is not None
    said = [child.stdout.readline() for _ in range(lines)]
    child.kill()
    said += child.stdout.readlines()
    child.wait()
    # The last line may be cut: what was not said whole was not acknowledged.
    return [line.strip() for line in said if line.endswith("\n")]


@pytest.mark.postgres
def test_two_processes_write_the_same_keys_and_one_answer_is_kept(postgres: Callable[[], str]) -> None:
    url, many = postgres(), 100
    live = open_live(url)
    with children(*(("keys", url, name, str(many)) for name in "ab")) as started:
        said = [child.communicate(timeout=120)[0].splitlines() for child in started]
        assert [child.returncode for child in started] == [0, 0]
    kept = {f"{p.id} {p.output.decode()}" for p in live.predictions.list()}
    told = [{line.rpartition(" ")[0] for line in lines} for lines in said]
    assert told[0] == told[1] == kept and len(kept) == many
    assert (
        sum(line.endswith("new") for lines in said for line in lines)
        == many
        == len(live.outcomes.known(p.id for p in live.predictions.list()))
    )
    assert [event.seq for event in live.online.list()] == [*range(1, many // 2 + 1)]
    live.close()


@pytest.mark.parametrize("seed", range(2))
def test_every_acknowledged_append_is_there(tmp_path: Path, seed: int) -> None:
    path, dice = tmp_path / "live.db", random.Random(seed)
    open_live(path).close()
    with children(*(("append", str(path), f"child{n}") for n in range(3))) as started:
        said = [line for child in started for line in killed_after(child, dice.randint(1, 400))]
    assert len(said) >= 3 and not [line for line in said if line.startswith("failed")]
    with closing(sqlite3.connect(path)) as plain:
        assert plain.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        there = {
            table: {row[0] for row in plain.execute(f"SELECT {key} FROM {table}")}
            for table, key in (("predictions", "id"), ("outcomes", "key"), ("online", "key"))
        }
    assert set(said) <= there["predictions"]
    assert there["predictions"] == there["outcomes"] == there["online"]  # each append whole or not at all


@pytest.mark.parametrize("seed", range(2))
def test_promotions_killed_at_any_moment_leave_one_champion(tmp_path: Path, seed: int) -> None:
    path, dice = tmp_path / "tidemill.db", random.Random(seed)
    store = open_metadata(path)
    for version in (1, 2, 3):
        store.models.add(sample.model(version))
    store.releases.add(sample.release("first", 1, previous=None))
    store.releases.promote("first", 0)
    before = store.releases.revision()
    with children(*(("promote", str(path), f"child{n}") for n in range(3))) as started:
        for child in started:
            said = killed_after(child, dice.randint(1, 60))
            with closing(sqlite3.connect(path)) as plain:  # the others go on meanwhile
                (champions,) = plain.execute("SELECT count(*) FROM releases WHERE status = 'champion'").fetchone()
                finished = [line.split()[1] for line in said if line.startswith("rolled_back")]
                still = [plain.execute("SELECT status FROM releases WHERE id = ?", (id,)).fetchone() for id in finished]
            assert champions == 1
            assert still == [("rolled_back",)] * len(finished)
    champion = store.releases.champion("shop")
    assert champion is not None
    assert store.releases.revision() > before
    store.releases.add(sample.release("last", 3))
    store.releases.promote("last", 10**6)  # and life goes on
    assert [release.id for release in store.releases.list(endpoint="shop", status="champion")] == ["last"]
    store.close()


def test_two_processes_number_together(tmp_path: Path) -> None:
    path = tmp_path / "tidemill.db"  # both find no file, both make it
    with children(*(("count", str(path), f"child{n}", "40") for n in range(2))) as started:
        said = [[int(line) for line in child.communicate()[0].split()] for child in started]
        assert [child.returncode for child in started] == [0, 0]
    assert sorted(said[0] + said[1]) == list(range(1, 81))
    store = open_metadata(path)
    assert [len([m for m in store.models.list() if m.author == f"child{n}"]) for n in range(2)] == [40, 40]
    store.close()
