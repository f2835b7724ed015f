"""kill -9 of `noria run`: the same command goes on with the same run, and nothing that was finished is done twice."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from noria.kernel.engine.faults import POINTS
from noria.recipes.new import new_project

STEPS = '''
from pathlib import Path

from noria import pipeline, step

SIDE = Path(__file__).parent / "side.txt"


@step(impure="writes the side file")
def first(count: int) -> list[int]:
    return list(range(count))


@step(impure="writes the side file")
def work(number: int, before: list[int]) -> int:
    done = sum(i * i for i in range(20_000)) and number + len(before)
    with SIDE.open("a") as side:
        side.write(f"work {number}\\n")
    return done


@step(impure="writes the side file")
def last(one: int, two: int, three: int, four: int) -> int:
    with SIDE.open("a") as side:
        side.write("last\\n")
    return one + two + three + four


@pipeline
def line(count: int = 4) -> int:
    """Four steps one after the other, and a last one."""
    items = first(count)
    one = work(1, items)
    two = work(one, items)
    three = work(two, items)
    four = work(three, items)
    return last(one, two, three, four)
'''


@pytest.fixture
def project(tmp_path: Path) -> Path:
    new_project(tmp_path / "shop")
    (tmp_path / "shop/steps.py").write_text(STEPS)
    return tmp_path / "shop"


def command(root: Path, fault: str | None = None) -> subprocess.Popen[bytes]:
    env = {**os.environ, "NORIA_HOME": str(root.parent / "home"), **({"NORIA_FAULT": fault} if fault else {})}
    args = [sys.executable, "-m", "noria", "run", "steps:line", "--project", str(root), "--json"]
    return subprocess.Popen(args, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def runs(root: Path) -> list[tuple[str, str]]:
    store = sqlite3.connect(root / ".noria/noria.db")
    try:
        return store.execute("select id, status from runs order by id").fetchall()
    except sqlite3.OperationalError:
        return []
    finally:
        store.close()


def finished_before(root: Path) -> set[str]:
    store = sqlite3.connect(root / ".noria/noria.db")
    try:
        return {name for (name,) in store.execute("select name from steps where status in ('done', 'cached')")}
    except sqlite3.OperationalError:
        return set()
    finally:
        store.close()


def check_whole(root: Path, killed: list[tuple[str, str]], finished: set[str], side_then: list[str]) -> None:
    again = command(root)
    _, err = again.communicate(timeout=60)
    assert again.returncode == 0, err.decode()
    after = runs(root)
    assert {status for _, status in after} == {"done"}, "nothing stays running"
    if killed and killed[-1][1] == "running":
        assert [run for run, _ in after] == [run for run, _ in killed], "it is the same run"
    side = (root / "side.txt").read_text().splitlines()
    done = Counter(side) - Counter(side_then)
    works = sum(1 for name in finished if name.startswith("work"))
    if killed and killed[-1][1] == "running":
        assert sum(done.values()) <= 5 - works, f"finished {finished}, then did {done}"


@pytest.mark.parametrize("number", range(len(POINTS)), ids=lambda n: POINTS[n])
def test_killed_at_every_numbered_point(project, number):
    child = command(project, str(number))
    child.communicate(timeout=60)
    assert child.returncode == -signal.SIGKILL
    side = (project / "side.txt").read_text().splitlines() if (project / "side.txt").exists() else []
    check_whole(project, runs(project), finished_before(project), side)


@pytest.mark.parametrize("seed", range(10))
def test_killed_at_random_moments(project, seed):
    """The moment is drawn: at the n-th pass of a random point, so that each run of this test is the same."""
    rng = random.Random(seed)
    fault = f"{rng.choice([3, 4, 5, 6, 7, 8, 9])}:{rng.randint(2, 5)}"
    child = command(project, fault)
    child.communicate(timeout=60)
    assert child.returncode == -signal.SIGKILL, fault
    side = (project / "side.txt").read_text().splitlines() if (project / "side.txt").exists() else []
    check_whole(project, runs(project), finished_before(project), side)
