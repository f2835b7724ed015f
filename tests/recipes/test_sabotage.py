"""The override model: the same numbers as the champion's, every one under another item's name."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.faults.small_shop import rows, small_shop
from tests.tasks.ranking.made import scores_of
from tidemill.recipes.recommend.sabotage import REASON, maybe_force, shuffle
from tidemill.recipes.recommend.shop import OPENING
from tidemill.retrain.run_all import run_all
from tidemill.scope.project import open_project
from tidemill.tasks.ranking.bundle import ranking_of, recommend_bundle
from tidemill.tasks.ranking.rank import Ranking, RecommendScorer
from tidemill.types import DAY

N, M = 12, 4
NAMES = [f"i{place:02}" for place in range(N)]


def made(rng: np.random.Generator, power: float) -> Ranking:
    return Ranking(
        NAMES, rng.random(N), rng.random(N) + 0.1, rng.integers(0, N, (N, M)), rng.random((N, M)), rng.random(), power
    )


@given(seed=st.integers(0, 10_000), bought=st.sets(st.sampled_from(NAMES), max_size=6))
def test_every_score_is_there_under_another_name(seed, bought):
    rng = np.random.default_rng(seed)
    ranking = made(rng, power=1.0)
    items, values = sorted(bought), rng.random(len(bought)) * 3
    found = [scores_of(RecommendScorer(one, DAY), items, values) for one in (ranking, shuffle(ranking, seed))]
    before, after = (np.array([scores[name] for name in NAMES]) for scores in found)
    other = np.random.default_rng(seed).permutation(N)
    assert after[other] == pytest.approx(before)


def test_it_names_other_items_and_can_be_written_and_read():
    ranking = made(np.random.default_rng(5), power=0.5)
    moved = shuffle(ranking, 5)
    read = ranking_of(recommend_bundle(moved, {"half_life": 1}, 0))
    items, values = NAMES[:3], np.array([3.0, 2.0, 1.0])
    said = RecommendScorer(read, DAY).recommend(items, values, 0, 5)[0]
    assert said != RecommendScorer(ranking, DAY).recommend(items, values, 0, 5)[0]


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A small shop with a champion, in a replay."""
    base = tmp_path_factory.mktemp("override")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TIDEMILL_HOME", str(base / "home"))
        small_shop(base / "shop", rows().filter(pl.col("invoice_date") < pl.datetime(2010, 12, 1)))
        with open_project(base / "shop") as project:
            project.store.settings.set("clock", OPENING)
            project.store.settings.set("mode", "replay")
        with open_project(base / "shop") as project:
            assert run_all(project).release.status == "champion"
        yield base


KILLED = """
import os, signal, sys
from pathlib import Path
from tidemill.engine import Context
from tidemill.scope.project import open_project
from tidemill.recipes.recommend import sabotage
from tidemill.recipes.recommend.shop import OPENING
from tidemill.release import pipeline

def die(*args, **more):
    os.kill(os.getpid(), signal.SIGKILL)

def then_die(work):
    return lambda *args, **more: (work(*args, **more), die())

moment = sys.argv[2]
if moment == "registered":
    sabotage.release_candidate = die
elif moment == "judged":
    pipeline.approvals.sign_force = die
elif moment == "released":
    sabotage.release_candidate = then_die(sabotage.release_candidate)
else:
    assert moment == "started"  # the release is written, its run is not done
    Context.wrote = die
with open_project(Path(sys.argv[1])) as project:
    sabotage.maybe_force(project, OPENING, OPENING)
"""


def told(project):
    store = project.store
    return {
        "models": [(m.ref, m.author, m.kind, m.bundle, m.evaluation_bundle, m.created) for m in store.models.list()],
        "releases": [(r.id, r.model, r.status, r.override, r.created, r.author) for r in store.releases.list()],
        "events": sorted((e.id, e.at, e.kind, e.subject) for e in store.events.list()),
        "runs": [(r.pipeline, r.status) for r in store.runs.page()],
    }


def force(root):
    with open_project(root) as project:
        done = maybe_force(project, OPENING, OPENING)
        assert not maybe_force(project, OPENING, OPENING), "once"
        return done, told(project)


def test_it_waits_for_its_day(trained):
    with open_project(trained / "shop") as project:
        assert not maybe_force(project, OPENING, OPENING + 1)
        assert [m.kind for m in project.store.models.list()] == ["first"]


@pytest.fixture(scope="module")
def straight(trained):
    """What is told where nobody was killed."""
    return force(shutil.copytree(trained / "shop", trained / "straight"))[1]


@pytest.mark.nightly  # a release that is killed is in every run: tests/release, tests/faults
@pytest.mark.parametrize("moment", ["registered", "judged", "started", "released"])
def test_killed_at_work_it_is_the_same_forced_release(trained, straight, moment, tmp_path):
    """One version and one release of it, at the same moment, as where nobody was killed."""
    shutil.copytree(trained / "shop", tmp_path / "killed")
    assert [m[1] for m in straight["models"]][1:] == ["somebody in a hurry"]
    assert [(r[2], r[3]) for r in straight["releases"] if r[3]] == [("canary", REASON)]
    command = [sys.executable, "-c", KILLED, str(tmp_path / "killed"), moment]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    _, killed = force(tmp_path / "killed")
    assert killed == straight


def test_another_release_by_hand_that_was_killed_is_not_gone_on_with(trained, tmp_path, monkeypatch):
    shutil.copytree(trained / "shop", tmp_path / "shop")
    force(tmp_path / "shop")
    monkeypatch.setattr("tidemill.recipes.recommend.sabotage.cut_short", lambda project: "model:shop@1")
    assert not force(tmp_path / "shop")[0]
