"""Learners that a project brings: what is wrong with them is evidence, and one that is better is let out."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import polars as pl
import pytest

from noria.project import Project, open_project
from noria.recipes.new import new_project
from noria.recipes.recommend.shop import read_cut, shuffled
from noria.retrain.cycle import run_cycle

pytestmark = [pytest.mark.timeout(600), pytest.mark.xdist_group("learners")]

STEPS = '''
"""Learners of this project."""

import time

import numpy as np


class popular:
    """What is bought most."""

    def fit(self, train):
        bought = train.item[train.value > 0]
        return {"count": np.bincount(bought, minlength=len(train.items)).astype(float)}

    def score(self, state, items, values, at, k):
        best = np.argsort(-state["count"], kind="stable")[:k]
        return state["items"][best].tolist(), state["count"][best]


class timid(popular):
    """Six things that this customer bought before, then what is bought most."""

    own = 6

    def score(self, state, items, values, at, k):
        names, counts = super().score(state, items, values, at, k)
        own = sorted(zip((-np.asarray(values)).tolist(), items))[: min(k, self.own)]
        rest = [(n, c) for n, c in zip(names, counts) if n not in {name for _, name in own}]
        top = float(counts.max()) if len(counts) else 0.0
        found = [(name, top + 1 - negative) for negative, name in own] + rest
        return [n for n, _ in found[:k]], [s for _, s in found[:k]]


class better(timid):
    """All that this customer bought before, then what is bought most."""

    own = 20


class backwards(popular):
    """The worst first."""

    def score(self, state, items, values, at, k):
        worst = np.argsort(state["count"], kind="stable")[:k]
        return state["items"][worst].tolist(), -state["count"][worst]


class broken(popular):
    """Scores that are no numbers."""

    def score(self, state, items, values, at, k):
        names, counts = super().score(state, items, values, at, k)
        return names, counts * float("nan")


class slow(better):
    """Right, and too late."""

    def score(self, state, items, values, at, k):
        time.sleep(0.09)
        return super().score(state, items, values, at, k)
'''


def use(root: Path, learner: str) -> None:
    """Say in noria.toml that this learner is the task."""
    path = root / "noria.toml"
    lines = [f'task = "{learner}"' if line.startswith("task = ") else line for line in path.read_text().splitlines()]
    path.write_text("\n".join(lines))


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("learners")
    patch = pytest.MonkeyPatch()
    patch.setenv("NORIA_HOME", str(base / "home"))
    new_project(base / "shop")
    (base / "shop/steps.py").write_text(STEPS)
    (base / "shop/data/sales").mkdir(parents=True)
    autumn = pl.col("invoice_date").is_between(datetime(2010, 8, 1), datetime(2010, 12, 1), closed="left")
    half = pl.col("customer_id").cast(pl.Int64) % 2 == 0  # a learner that sleeps is asked every request of it
    rows = read_cut().filter(autumn & half)
    rows.write_parquet(base / "shop/data/sales/autumn.parquet")
    use(base / "shop", "steps:timid")
    with open_project(base / "shop") as project:
        first = run_cycle(project)
    assert first.release.status == "champion", first.release
    yield base / "shop"
    patch.undo()


def turn(root: Path, learner: str) -> tuple[Project, object]:
    use(root, learner)
    with open_project(root) as project:
        turned = run_cycle(project)
        return turned.release, {v.gate: v for v in project.store.releases.verdicts(turned.model.ref)}


@pytest.mark.parametrize(
    ("learner", "gates"),
    [
        ("steps:backwards", {"method"}),
        ("steps:broken", {"infrastructure"}),
        ("steps:slow", {"latency"}),
    ],
)
def test_what_is_wrong_is_refused_with_evidence(shop, learner, gates):
    release, verdicts = turn(shop, learner)
    assert release.status == "refused"
    refused = {name for name, verdict in verdicts.items() if not verdict.passed}
    assert refused & gates, {name: v.evidence for name, v in verdicts.items()}
    for name in refused:
        assert verdicts[name].evidence
        assert verdicts[name].attestation


def test_one_that_is_truly_better_is_let_out(shop):
    release, verdicts = turn(shop, "steps:better")
    assert release.status in ("canary", "champion"), {name: v.evidence for name, v in verdicts.items()}
    assert all(verdict.passed for verdict in verdicts.values())


def test_with_customers_dealt_out_anew_no_gate_says_that_personal_is_better(tmp_path, monkeypatch):
    """What is personal is gone: the model falls to popularity's quality, and the baseline gate refuses it."""
    monkeypatch.setenv("NORIA_HOME", str(tmp_path / "home"))
    new_project(tmp_path / "shop")
    (tmp_path / "shop/data/sales").mkdir(parents=True)
    rows = shuffled(read_cut().filter(pl.col("invoice_date") < datetime(2010, 12, 1)), 3)
    rows.write_parquet(tmp_path / "shop/data/sales/shuffled.parquet")
    with open_project(tmp_path / "shop") as project:
        turned = run_cycle(project)
        verdicts = {v.gate: v for v in project.store.releases.verdicts(turned.model.ref)}
    mean, low, high = turned.model.metrics["recall@20"]
    figures = verdicts["baseline"].evidence
    assert not verdicts["baseline"].passed, figures
    assert turned.release.status == "refused"
    assert high < 0.15, (mean, low, high)
