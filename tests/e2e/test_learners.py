"""Learners that a project brings: what is wrong with them is evidence, and one that is better is let out."""

from __future__ import annotations

import json
import sqlite3
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tests.dealt import shuffled
from tidemill.recipes.new import new_project
from tidemill.recipes.recommend.demo import server
from tidemill.recipes.recommend.folder import fit_to_shop
from tidemill.recipes.recommend.replay import Replay
from tidemill.recipes.recommend.shop import OPENING, days, read_cut
from tidemill.retrain.run_all import run_all
from tidemill.scope.project import Project, open_project
from tidemill.types import DAY

pytestmark = pytest.mark.timeout(600)

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
    """Right, and too late for two milliseconds."""

    def score(self, state, items, values, at, k):
        time.sleep(0.003)
        return super().score(state, items, values, at, k)
'''


def say(root: Path, key: str, value: str) -> None:
    """Another value of this key in tidemill.toml."""
    path = root / "tidemill.toml"
    lines = [f"{key} = {value}" if line.startswith(f"{key} = ") else line for line in path.read_text().splitlines()]
    path.write_text("\n".join(lines))


def use(root: Path, learner: str) -> None:
    """Say in tidemill.toml that this learner is the task."""
    say(root, "task", f'"{learner}"')


def some(rows: pl.DataFrame) -> pl.DataFrame:
    """Every third customer: a learner that sleeps is asked each of their requests."""
    return rows.filter(pl.col("customer_id").cast(pl.Int64) % 3 == 0)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("learners")
    patch = pytest.MonkeyPatch()
    patch.setenv("TIDEMILL_HOME", str(base / "home"))
    new_project(base / "shop")
    fit_to_shop(base / "shop")
    (base / "shop/steps.py").write_text(STEPS)
    autumn = pl.col("invoice_date").is_between(datetime(2010, 8, 1), datetime(2010, 12, 1), closed="left")
    some(read_cut().filter(autumn)).write_parquet(base / "shop/data/sales/autumn.parquet")
    use(base / "shop", "steps:timid")
    say(base / "shop", "baseline", '{ superior_to = "popularity" }')  # it is no match for buy-again
    with open_project(base / "shop") as project:
        project.store.settings.set("clock", OPENING)
        project.store.settings.set("mode", "replay")
    with open_project(base / "shop") as project:
        first = run_all(project)
    assert first.release.status == "champion", first.release
    yield base / "shop"
    patch.undo()


def turn(root: Path, learner: str) -> tuple[Project, object]:
    use(root, learner)
    with open_project(root) as project:
        turned = run_all(project)
        return turned.release, {v.gate: v for v in project.store.verdicts.list(model=turned.model.ref)}


@pytest.mark.parametrize(
    ("learner", "gates", "p99"),
    [
        ("steps:backwards", {"method"}, "1 s"),
        pytest.param(
            "steps:broken", {"infrastructure"}, "1 s", marks=pytest.mark.nightly
        ),  # tests/release has it each day
        pytest.param("steps:slow", {"latency"}, "2 ms", marks=pytest.mark.nightly),
    ],
)
def test_what_is_wrong_is_refused_with_evidence(shop, learner, gates, p99):
    say(shop, "latency", f'{{ p99 = "{p99}" }}')
    release, verdicts = turn(shop, learner)
    say(shop, "latency", '{ p99 = "1 s" }')
    assert release.status == "refused"
    refused = {name for name, verdict in verdicts.items() if not verdict.passed}
    assert refused & gates, {name: v.evidence for name, v in verdicts.items()}
    for name in refused:
        assert verdicts[name].evidence
        assert verdicts[name].attestation


class Alone:
    """Nobody to be compared with: the replay asks the loop only."""

    def learn(self, customer: str, lines: Any) -> None:
        """Learns nothing."""

    def answer(self, visit: Any, at: int) -> dict[str, list[str]]:
        return {}


def visited(root: Path, most: int) -> None:
    """Real days of the shop against ``tidemill up``, until the release is champion and has baked, or so many have passed."""
    with open_project(root) as project, server(project, 0, lambda what, facts: None) as client:
        replay = Replay(client, "shop", Alone(), root / "data/sales", project.state / "replay.jsonl")
        for day in days(some(read_cut()), most):
            replay.play(day)
            if project.store.events.list(kind="baked"):
                return


@pytest.mark.nightly  # one that the loop lets out and promotes is in every run: test_golden, test_foreign
def test_one_that_is_truly_better_is_built_let_out_and_promoted_by_the_loop(shop):
    """From a changed line in tidemill.toml to champion, by nobody's hand: decision, gates, canary, live quality, bake."""
    use(shop, "steps:better")
    say(shop, "shown_moves_outcomes", "true")  # no pairs: the bake is of seven days
    say(shop, "on", '[{ new_data = "1 rows" }]')
    say(shop, "cooldown", '"90 days"')
    say(shop, "rollout", '[{ share = "50 %", for = "2 days", min_requests = 10 }, { share = "100 %" }]')
    visited(shop, 30)
    store = sqlite3.connect(shop / ".tidemill/tidemill.db")
    store.row_factory = sqlite3.Row
    (made,) = store.execute(
        "select r.*, d.action, d.at from releases r join decisions d on r.decision = d.id"
    ).fetchall()
    events = store.execute("select kind, at, data from events where subject = ? order by at", [f"release:{made['id']}"])
    told = {row["kind"]: (row["at"], json.loads(row["data"])) for row in events}
    assert (made["action"], made["status"], made["override"]) == ("retrain", "champion", None), list(told)
    recipe = store.execute("select recipe from models where 'model:' || name || '@' || version = ?", [made["model"]])
    assert json.loads(recipe.fetchone()[0])["method"] == "steps:better"
    verdicts = store.execute("select gate, passed, verdict from verdicts where model = ?", [made["model"]])
    better, loads = (1, "promoted"), (1, "")
    assert {row["gate"]: tuple(row)[1:] for row in verdicts} == {
        "method": better, "baseline": better, "latency": loads, "infrastructure": loads, "repeats": loads
    }  # fmt: skip
    started, ended = told["canary"][0], told["promoted"][0]
    assert ended - started >= 2 * DAY  # its stage took its time
    findings = told["promoted"][1]["findings"]
    assert findings and not any(f["broken"] for f in findings)
    assert told["promoted"][1]["in_stage"] >= 10
    assert "baked" in told
    first = store.execute("select status, model from releases where id = ?", [made["previous"]]).fetchone()
    assert tuple(first) == ("superseded", "model:shop@1")
    answered = sqlite3.connect(shop / ".tidemill/live.db").execute(
        "select case when at < ? then 'before' when at < ? then 'canary' else 'after' end, model, count(*) "
        "from predictions group by 1, 2",
        [started, ended],
    )
    found = {(when, model): n for when, model, n in answered}
    mine = made["model"]
    assert set(found) == {("before", "model:shop@1"), ("canary", "model:shop@1"), ("canary", mine), ("after", mine)}


def test_with_customers_dealt_out_anew_no_gate_says_that_personal_is_better(tmp_path, monkeypatch):
    """What is personal is gone: popularity is the best there is, is chosen, and serves as no more than that."""
    monkeypatch.setenv("TIDEMILL_HOME", str(tmp_path / "home"))
    new_project(tmp_path / "shop")
    fit_to_shop(tmp_path / "shop")
    rows = shuffled(read_cut().filter(pl.col("invoice_date") < datetime(2010, 12, 1)), 3)
    rows.write_parquet(tmp_path / "shop/data/sales/shuffled.parquet")
    with open_project(tmp_path / "shop") as project:
        turned = run_all(project)
        verdicts = {v.gate: v for v in project.store.verdicts.list(model=turned.model.ref)}
    mean, low, high = turned.model.metrics["recall@20"]
    figures = verdicts["baseline"].evidence
    assert turned.model.recipe["method"] == "popularity" and figures["lead"] == 0.0, figures
    assert verdicts["method"].evidence["baseline"] == "popularity" and min(figures["baselines"].values()) == 0.0
    assert high < 0.15, (mean, low, high)
