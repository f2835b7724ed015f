"""kill -9 of a bare `tidemill run` (data → model → release): the same command goes on with the same runs.

A side file has two lines for each call of a step's function: when it begins, and when its outputs are kept. A step
that the records call finished never begins again. What is killed between a step's last act and its record is done
again, once: no engine can know of it.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tests.faults.side import ask, left, settled
from tests.faults.small_shop import rows, small_shop
from tidemill.engine.faults import POINTS
from tidemill.store.artifacts.local import LocalArtifacts

REPO = Path(__file__).parents[2]
PIPELINES = {
    "data": ["ingest"],
    "model": ["features", "split", "findings", "search", "train", "evaluate", "describe", "register"],
    "release": ["judge", "start"],
}
LOOKS_AGAIN = {"ingest"}
"""A command that is killed after its data run has ended looks at the source again: files come and go."""

Call = tuple[str, str]  # run id, step


@dataclass(frozen=True)
class Shop:
    """A folder with a project, killed and started again by the command a user types."""

    root: Path

    @property
    def side(self) -> Path:
        return self.root / "side.txt"

    def start(self, pipeline: str = "", fault: str = "") -> subprocess.Popen[str]:
        """`tidemill run`, to be killed at this fault point of this pipeline."""
        env = {
            **os.environ,
            "TIDEMILL_HOME": str(self.root.parent / "home"),
            **({"TIDEMILL_FAULT": fault} if fault else {}),
        }
        words = [str(self.side), pipeline, "run", "--project", str(self.root), "--json"]
        line = [sys.executable, "-m", "tests.faults.told_tidemill", *words]
        return subprocess.Popen(line, cwd=REPO, env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def finish(self) -> dict[str, Any]:
        """The same command to its end; what it says."""
        process = self.start()
        out, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
        told: dict[str, Any] = json.loads(out)
        return told

    def runs(self) -> dict[str, tuple[str, str]]:
        """Run id -> (pipeline, status)."""
        return {run: (name, status) for run, name, status in ask(self.root, "select id, pipeline, status from runs")}

    def finished(self) -> set[Call]:
        """What the records call finished."""
        return set(ask(self.root, "select run, name from steps where status in ('done', 'cached')"))

    def calls(self, word: str) -> Counter[Call]:
        return Counter((run, step) for said, run, step in left(self.side) if said == word)


@dataclass(frozen=True)
class Killed:
    """What a kill left: records and side file as they were then."""

    runs: dict[str, tuple[str, str]]
    finished: set[Call]
    began: Counter[Call]
    kept: Counter[Call]

    @classmethod
    def of(cls, shop: Shop) -> Killed:
        return cls(shop.runs(), shop.finished(), shop.calls("begin"), shop.calls("finish"))

    @property
    def under_way(self) -> dict[str, str]:
        """Pipeline -> run that was killed."""
        return {pipeline: run for run, (pipeline, status) in self.runs.items() if status != "done"}

    @property
    def in_flight(self) -> set[Call]:
        """Begun, and not recorded as finished."""
        return set(self.began) - self.finished

    def check(self, later: Killed) -> None:
        """What the same command has done since: nothing that was finished, and no new run beside one that was killed."""
        assert len(self.in_flight) <= 1, "one step at a time, and each is recorded before the next begins"
        since = later.began - self.began
        assert not set(since) & self.finished, "a finished step began again"
        assert max(since.values(), default=1) == 1, "one command begins a step once"
        assert set(self.kept) - self.finished <= self.in_flight
        for pipeline, run in self.under_way.items():
            new = {r for r, (name, _) in later.runs.items() if name == pipeline} - set(self.runs)
            assert not new, f"{pipeline} was killed in {run}, and goes on as {new}"
        self._check_across_runs(since)

    def _check_across_runs(self, since: Counter[Call]) -> None:
        """Nor does another run do again what a finished step of this command has done, until its last run has ended."""
        if ("release", "done") in self.runs.values():
            return  # nothing was left to do but to say so: the same command turns the wheel anew
        done = {step for _, step in self.finished}
        again = {step for _, step in since} & done
        model_is_done = ("model", "done") in self.runs.values()
        assert again <= LOOKS_AGAIN | ({"register"} if model_is_done else set()), f"done again in another run: {again}"


@pytest.fixture(scope="module")
def before() -> pl.DataFrame:
    return rows().filter(pl.col("invoice_date") < pl.datetime(2010, 12, 1))


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory, before: pl.DataFrame) -> Path:
    """The project as it is before the first run."""
    root = tmp_path_factory.mktemp("untouched") / "shop"
    small_shop(root, before)
    return root


@dataclass(frozen=True)
class Undisturbed:
    """A run that nobody killed, and what it made."""

    made: dict[str, Any]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, untouched: Path) -> Undisturbed:
    shop = fresh(untouched, tmp_path_factory.mktemp("undisturbed"))
    shop.finish()
    begun = [step for word, _, step in left(shop.side) if word == "begin"]
    assert sorted(begun) == sorted(step for steps in PIPELINES.values() for step in steps)
    assert (
        begun[0] == "ingest" and begun[-2:] == PIPELINES["release"]
    )  # what asks for nothing of another may begin before it
    return Undisturbed(made(shop))


def fresh(untouched: Path, folder: Path) -> Shop:
    shutil.copytree(untouched, folder / "shop")
    return Shop(folder / "shop")


def ended(process: subprocess.Popen[str], seconds: float) -> bool:
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return False
    return True


def made(shop: Shop) -> dict[str, Any]:
    """What a user has in the end: the same however often the command was killed."""
    root = shop.root
    return {
        "datasets": ask(root, "select dataset, version, rows, quarantined from datasets order by version"),
        "models": ask(root, "select name, version, bundle, evaluation_bundle, kind from models"),
        "releases": ask(root, "select endpoint, model, status from releases"),
        "verdicts": ask(root, "select model, gate, passed from verdicts order by gate"),
        "happened": ask(root, "select kind, count(*) from events where kind != 'again' group by kind order by kind"),
    }


def check_end(shop: Shop, killed: Killed, undisturbed: Undisturbed) -> None:
    told = shop.finish()
    after = Killed.of(shop)
    killed.check(after)
    assert told["status"] == "champion"
    assert {status for _, status in after.runs.values()} == {"done"}
    assert set(killed.runs) <= set(after.runs)
    assert made(shop) == undisturbed.made
    assert ask(shop.root, "select count(*) from releases where status = 'champion'") == [(1,)]
    assert list(settled(shop.root)) == []
    steps = ask(shop.root, "select s.run, s.name, s.status, s.attempt from steps s order by s.run, s.position")
    for run, step, status, attempt in steps:  # the records and the side file tell the same story
        assert status in ("done", "cached")
        if status == "done":
            assert 1 <= after.kept[run, step] <= after.began[run, step] <= attempt
        else:
            assert after.began[run, step] == 0
    unfinished = shop.root / ".tidemill/artifacts/tmp"
    for left_over in unfinished.iterdir():
        os.utime(left_over, (0, 0))
    LocalArtifacts(unfinished.parent)  # sweeps what nobody has written to for an hour
    assert not list(unfinished.iterdir())


UNBORN, OVER = ("3:1", "0:1", "1:1"), "9:1"
"""Before the run has a record, and after its end."""
FIRST = [*UNBORN, "2:1", "4:1", "5:2", "6:1", "7:1", "1:2", "8:1"]
"""Of one run, each a little further: at its first step, in its second, before its end."""
CHAINS = [
    ("data", [*UNBORN, *(f"{n}:1" for n in (2, 4, 5, 6, 7, 8)), OVER]),
    ("model", [*FIRST[:-1], "2:2", "2:3", FIRST[-1], OVER]),
    ("release", [*FIRST, OVER]),
]
SHORT = ("model", ["1:1", "5:2", "8:1"])
"""The points are the engine's, and each is tried each day by test_engine_kill: of the command before its run has a record,
within a step, and before the run's end; by night every one in every pipeline."""


@pytest.mark.parametrize(
    ("pipeline", "faults"),
    [
        pytest.param(*chain, id=f"{chain[0]}-{len(chain[1])}", marks=[] if chain is SHORT else [pytest.mark.nightly])
        for chain in (SHORT, *CHAINS)
    ],
)
def test_killed_at_every_numbered_point(
    tmp_path: Path, untouched: Path, undisturbed: Undisturbed, pipeline: str, faults: list[str]
) -> None:
    """Again and again, at each point of this pipeline, until the command is left alone."""
    shop = fresh(untouched, tmp_path)
    killed = Killed.of(shop)
    for fault in faults:
        process = shop.start(pipeline, fault)
        _, err = process.communicate(timeout=120)
        assert process.returncode == -signal.SIGKILL, (fault, err)
        now = Killed.of(shop)
        killed.check(now)
        killed = now
        assert list(killed.under_way) == ([] if fault in (*UNBORN, OVER) else [pipeline]), fault
    check_end(shop, killed, undisturbed)


def test_every_point_is_in_every_pipeline() -> None:
    for pipeline in PIPELINES:
        tried = {int(fault.split(":")[0]) for name, faults in CHAINS if name == pipeline for fault in faults}
        assert tried == set(range(len(POINTS)))


@pytest.mark.nightly
@pytest.mark.parametrize("kills", [4])
@pytest.mark.parametrize("pipeline", PIPELINES)
def test_killed_at_work(tmp_path: Path, untouched: Path, undisturbed: Undisturbed, pipeline: str, kills: int) -> None:
    """Wherever the command is when it has been seen to begin or to finish a drawn step of this pipeline.

    By night: what it kills is a command of some seconds, again and again; random moments of a run each day: test_engine_kill.
    """
    chance = random.Random(7)
    for number in range(kills):
        shop = killed_in(pipeline, chance.choice(PIPELINES[pipeline]), untouched, tmp_path / str(number))
        check_end(shop, Killed.of(shop), undisturbed)


def killed_in(pipeline: str, step: str, untouched: Path, folder: Path) -> Shop:
    """A shop whose command was killed in this pipeline; one that was quicker than who looks is begun anew."""
    for attempt in range(20):
        (folder / str(attempt)).mkdir(parents=True)
        shop = fresh(untouched, folder / str(attempt))
        process = shop.start()
        while not any(found == step for _, _, found in left(shop.side)) and not ended(process, 0.002):
            pass
        process.kill()
        _, err = process.communicate(timeout=60)
        assert process.returncode in (0, -signal.SIGKILL), err
        if list(Killed.of(shop).under_way) == [pipeline]:
            return shop
    raise AssertionError(f"no kill fell into {pipeline}")
