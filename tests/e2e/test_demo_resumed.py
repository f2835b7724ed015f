"""`tidemill demo` killed and typed again: the same story goes on, nothing is asked twice.

Beside it stands a story of more days that nobody killed: a shorter one is its beginning, answer for answer.
"""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

# by night: kills of the loop at work and of a run at every point are in every run (tests/faults), the story itself in test_golden
pytestmark = [pytest.mark.timeout(1200), pytest.mark.nightly]

DAYS = 12  # of the sixty beside it; a retrain, its canary and its promotion are in them
OPENING = datetime(2010, 12, 1)
DAY = 86_400_000_000
END = 1_291_161_600_000_000 + DAYS * DAY  # of the last day, µs


@dataclass(frozen=True)
class Demo:
    """One folder in which the same command is typed again and again."""

    base: Path

    @property
    def state(self) -> Path:
        return self.base / "shop/.tidemill"

    def start(self, *args: str) -> subprocess.Popen[str]:
        command = [
            sys.executable,
            "-m",
            "tidemill",
            "demo",
            "--once",
            "--port",
            "0",
            "--folder",
            str(self.base / "shop"),
        ]
        command += ["--json", str(self.base / "out.json"), "--log", str(self.base / "log.parquet"), *args]
        env = {**os.environ, "TIDEMILL_HOME": str(self.base / "home")}
        return subprocess.Popen(
            command, cwd=self.base, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    def finish(self, *args: str) -> tuple[dict[str, Any], pl.DataFrame]:
        process = self.start(*args)
        said, _ = process.communicate(timeout=300)
        assert process.returncode == 0, said[-3000:]
        return json.loads((self.base / "out.json").read_text()), pl.read_parquet(self.base / "log.parquet")

    def killed(self, when: Callable[[], bool], *args: str, server: bool = False) -> None:
        """Start it, and send SIGKILL as soon as this is so; to its server too where said."""
        process = self.start(*(args or ("--days", str(DAYS))))
        until = time.monotonic() + 120
        while not when():
            assert process.poll() is None, f"it ended before it was killed: {process.communicate()[0][-3000:]}"
            assert time.monotonic() < until
            time.sleep(0.002)
        if server:
            os.kill(json.loads((self.state / "up.json").read_text())["pid"], signal.SIGKILL)
        process.kill()
        process.communicate()

    def ask(self, name: str, question: str) -> list[tuple[Any, ...]]:
        """Plain SQL; nothing while the file or its tables are not there yet."""
        try:
            with closing(sqlite3.connect(f"file:{self.state / name}?mode=ro", uri=True)) as store:
                return store.execute(question).fetchall()
        except sqlite3.OperationalError:
            return []

    def counted(self, table: str) -> int:
        return sum(n for (n,) in self.ask("live.db", f"select count(*) from {table}"))

    def played(self) -> int:
        """Days in the journal."""
        journal = self.state / "replay.jsonl"
        return journal.read_text().count("\n") if journal.exists() else 0


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    return Demo(tmp_path_factory.mktemp("resumed"))


@pytest.fixture(scope="module")
def resumed(demo: Demo) -> tuple[dict[str, Any], pl.DataFrame]:
    """Killed in year one's training, while the loop trains, and in the middle of a day; typed again each time."""
    training = "select 1 from steps where name = 'search' and status = 'running'"
    demo.killed(lambda: bool(demo.ask("tidemill.db", training)))
    assert demo.counted("predictions") == 0
    loop_trains = "select 1 from runs where pipeline = 'model' and parent is not null and status = 'running'"
    demo.killed(lambda: bool(demo.ask("tidemill.db", loop_trains)), server=True)
    assert demo.counted("predictions") > 0
    demo.killed(lambda: demo.played() >= 6 and demo.counted("predictions") >= 95)
    assert demo.played() < DAYS
    return demo.finish("--days", str(DAYS))


def test_the_same_command_goes_on_and_tells_the_story_of_one_that_nobody_killed(demo, resumed, days):
    summary, log = resumed
    one = log.sort("at", "request")
    other = pl.read_parquet(days.log).filter(pl.col("at") < OPENING + timedelta(DAYS))
    assert one.equals(other.sort("at", "request"))
    assert one.height == summary["requests"] > 100
    assert summary["decisions"] == days.summary["decisions"][: len(summary["decisions"])]
    assert len(summary["decisions"]) == DAYS and summary["retrains"] == summary["promoted"] == summary["refused"] == 1


def test_nothing_is_lost_nor_asked_twice(demo, resumed, days):
    summary, log = resumed
    assert summary["lost"] == 0
    assert summary["requests"] == summary["predictions"] == demo.counted("predictions") == log["prediction"].n_unique()
    assert summary["outcomes"] == demo.counted("outcomes")
    undisturbed = Demo(days.folder.parent)
    for question in (
        f"select id, at, subject, model, release, arm, cold, key, output from predictions where at < {END} order by 1",
        f"select key, at, subject, item, value, prediction from outcomes where at < {END} order by 1",
        f"select key, joined, how from outcomes where at < {END - DAY} order by 1",  # later ones are still tried
        f"select key, subject, item, at, value, file, row from online where at < {END} order by 1",
    ):
        found = demo.ask("live.db", question)
        assert found and found == undisturbed.ask("live.db", question), question


def test_what_was_built_and_what_happened_is_the_same(demo, resumed, days):
    undisturbed = Demo(days.folder.parent)
    for question in (
        f"select name, version, bundle, evaluation_bundle, kind, trained_through, metrics from models where created <= {END}",
        f"select id, at, kind, subject from events where at < {END} and kind != 'alarm' order by at, id",
        f"select dataset, version, rows, quarantined, digest from datasets where created < {END}",
    ):
        found = demo.ask("tidemill.db", question)
        assert found and found == undisturbed.ask("tidemill.db", question), question
    windows = "select monitor, start, n, data from windows where monitor != 'platform' and {} order by 1, 2"
    later = {row[:2] for row in undisturbed.ask("tidemill.db", windows.format(f"judged >= {END}"))}  # what came since
    ended = windows.format(f'"end" < {END - DAY}')
    found, other = ([w for w in each.ask("tidemill.db", ended) if w[:2] not in later] for each in (demo, undisturbed))
    assert len(found) >= DAYS and found == other
    assert demo.ask("tidemill.db", "select id from runs where status = 'running'") == []


def test_another_seed_is_refused_and_with_fresh_it_begins_anew(demo, resumed):
    process = demo.start("--days", "3", "--seed", "5")
    said = process.communicate(timeout=60)[0]
    assert process.returncode != 0 and "was played with seed 0" in said and "--fresh" in said
    assert demo.played() == DAYS, "what is there was left alone"
    (demo.base / "shop/data/mine.txt").write_text("of the old story")
    seed = "select value from settings where name = 'seed'"
    demo.killed(lambda: demo.ask("tidemill.db", seed) == [("5",)], "--days", "3", "--seed", "5", "--fresh")
    assert not (demo.base / "shop/data/mine.txt").exists()  # the folder is the demo's, and starts anew
    assert demo.played() == demo.counted("predictions") == 0
