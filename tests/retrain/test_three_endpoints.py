"""One project, three endpoints with different subjects: items by customer, a label by visit, hourly demand of nobody.

One run releases all, one loop turns all, and each one that is broken stops no other.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from tests.retrain.inline import InlineJobs
from tests.serve.asking import alive
from tests.tiers import both
from tidemill.access import tokens
from tidemill.errors import TidemillError
from tidemill.ops import releases as verbs
from tidemill.release.gates import quality
from tidemill.retrain.loop import tick
from tidemill.retrain.run_all import run_every
from tidemill.scope.project import Project, open_project
from tidemill.serve.http.app import App
from tidemill.serve.serving import prepare
from tidemill.tasks.table import training_of
from tidemill.types import DAY, parse_time, to_iso

OPENING = parse_time("2020-03-01")
BEFORE = 24
TOML = """
[project]
name = "mill"
[data.sales]
source = "data/sales/*.parquet"
contract = "contracts/sales.yaml"
[data.visits]
source = "data/visits/*.parquet"
contract = "contracts/visits.yaml"
[data.hours]
source = "data/hours/*.parquet"
contract = "contracts/hours.yaml"
[model.recommend]
task = "recommend"
rows = { from = "sales" }
split = { test = "4 days" }
search = { trials = 1 }
[model.returns]
task = "classify"
rows = { from = "visits" }
split = { test = "2 days" }
search = { trials = 1 }
[model.demand]
task = "regress"
rows = { from = "hours" }
split = { test = "7 days" }
search = { trials = 1 }
[gates]
latency = { p99 = "5 s" }
baseline = { superior_to = "popularity", confidence = 0.5 }
method = { confidence = 0.5 }
refit = { margin = "90 %", confidence = 0.5 }
[environment.production]
rollout = [{ share = "100 %" }]
rollback_on = { errors = "5 %" }
[retrain]
on = [{ new_data = "1 rows" }]
cooldown = "1 hour"
"""
KEY = "customProperties: [{ property: tidemill.key, value: [%s] }]"
ROLES: dict[str, tuple[str, dict[str, tuple[str, str]]]] = {
    "sales": (
        "invoice, item",
        {
            "invoice": ("string", ""),
            "item": ("string", "item"),
            "ts": ("timestamp", "time"),
            "customer": ("string", "subject"),
        },
    ),
    "visits": (
        "id",
        {
            "id": ("string", "subject"),
            "ts": ("timestamp", "time"),
            "load": ("number", ""),
            "returned": ("string", "target"),
        },
    ),
    "hours": ("ts", {"ts": ("timestamp", "time"), "load": ("number", ""), "hires": ("number", "target")}),
}


def contract(name: str) -> str:
    key, columns = ROLES[name]
    lines = [
        "apiVersion: v3.0.2",
        "kind: DataContract",
        f"id: {name}",
        "version: 1.0.0",
        "schema:",
        f"  - name: {name}",
    ]
    lines += [f"    {KEY % key}", "    properties:"]
    for column, (kind, role) in columns.items():
        said = f", customProperties: [{{ property: tidemill.role, value: {role} }}]" if role else ""
        lines.append(f"      - {{ name: {column}, logicalType: {kind}, required: true{said} }}")
    return "\n".join(lines) + "\n"


def rows(day: int) -> dict[str, list[dict[str, Any]]]:
    """What happens on a day: each customer takes of three favourites; a heavy load is returned; demand follows the load."""
    rng, noise = np.random.default_rng(500 + day), np.random.default_rng(900 + day)
    start, found = OPENING + day * DAY, dict[str, list[dict[str, Any]]](sales=[], visits=[], hours=[])
    for n in range(24):
        at, load = start + n * DAY // 24, float(rng.random())
        for line in rng.choice(3, 2, replace=False):
            found["sales"].append({"invoice": f"{day}/{n}", "item": f"i{n}-{line}", "ts": at, "customer": f"c{n}"})
        sent = "yes" if load + 0.25 * noise.normal() > 0.5 else "no"
        found["visits"].append({"id": f"v{day}/{n}", "ts": at, "load": load, "returned": sent})
        found["hours"].append({"ts": at, "load": load, "hires": 50 * load + float(rng.normal() + 8 * noise.normal())})
    return found


def drop(root: Path, name: str, days: range) -> None:
    for dataset in ROLES:
        said = [row for day in days for row in rows(day)[dataset]]
        moments = [datetime.fromtimestamp(row["ts"] / 1e6, UTC).replace(tzinfo=None) for row in said]
        frame = pl.DataFrame(said).with_columns(pl.Series("ts", moments, dtype=pl.Datetime("us")))
        (root / "data" / dataset).mkdir(parents=True, exist_ok=True)
        frame.write_parquet(root / "data" / dataset / f"{name}.parquet")  # the same file name in three datasets


@pytest.fixture
def mill(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    monkeypatch.setenv("TIDEMILL_HOME", str(tmp_path / "home"))
    root = tmp_path / "mill"
    (root / "contracts").mkdir(parents=True)
    (root / "tidemill.toml").write_text(TOML)
    for name in ROLES:
        (root / "contracts" / f"{name}.yaml").write_text(contract(name))
    drop(root, "before", range(-BEFORE, 0))
    with open_project(root) as first:
        first.store.settings.set("mode", "replay")
        first.store.settings.set("clock", OPENING)
    with open_project(root) as project:
        yield project


Broken = tuple[str, str]  # how, and which endpoint
EACH: list[Broken] = [(how, name) for how in ("contract", "training") for name in ("recommend", "returns", "demand")]


@pytest.mark.parametrize("days", both([EACH[0], EACH[4], EACH[2]], EACH))
def test_one_run_releases_all_and_one_loop_turns_all_whichever_is_broken(mill: Project, days: list[Broken]) -> None:
    made = run_every(mill)
    said = {
        name: one if isinstance(one, TidemillError) else (one.model.ref, one.release.endpoint, one.release.status)
        for name, one in made.items()
    }
    assert said == {name: (f"model:{name}@1", name, "champion") for name in ("recommend", "returns", "demand")}
    asyncio.run(asked(mill))
    for name in mill.endpoints:
        asyncio.run(asked_without(mill, name))
    for day, (how, bad) in enumerate(days):
        (without_contract if how == "contract" else without_training)(mill, day, bad)
    for name in mill.endpoints:
        by_loop = [r for r in mill.endpoint(name).releases() if r.decision]
        assert len(by_loop) >= 2, f"{name}: the loop judged {by_loop}"


def without_contract(mill: Project, day: int, bad: str) -> None:
    path = mill.endpoint(bad).model.dataset.contract_path
    whole = path.read_text()
    path.write_text("schema: [")
    failed = turned_without(mill, day, bad)
    path.write_text(whole)
    assert f"dataset:{mill.endpoint(bad).model.dataset.name}" in failed


def without_training(mill: Project, day: int, bad: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        break_training(patch, mill.endpoint(bad).model.task)
        failed = turned_without(mill, day, bad)
    (decision,) = [d for d in mill.store.decisions.list(endpoint=bad) if d.at == mill.clock.now()]
    assert decision.action == "retrain" and failed == {f"decision:{decision.id}"}
    (job,) = mill.store.jobs.list(endpoint=bad, status="failed", decision=decision.id)
    assert (job.kind, job.code) == ("train", "step_failed")


def break_training(patch: pytest.MonkeyPatch, task: str) -> None:
    """The trainings of this task raise, as a learner of somebody's own may."""

    def broken(text: str) -> Any:
        if text == task:
            raise ZeroDivisionError("in the learner's own code")
        return training_of(text)

    patch.setattr("tidemill.model.pipeline.training_of", broken)


def turned_without(mill: Project, day: int, bad: str) -> set[str]:
    """A day's rows and a tick, in which the other two are watched, retrained and released; the subjects of what failed."""
    others = set(mill.endpoints) - {bad}
    before = {name: mill.endpoint(name).champion() for name in others}
    drop(mill.root, f"day{day}", range(day, day + 1))
    mill.store.settings.set("clock", OPENING + (day + 1) * DAY)
    events = tick(mill, InlineJobs(mill))
    now = mill.clock.now()
    turned = {d.endpoint: d for d in mill.store.decisions.list() if d.at == now}
    assert {name for name, d in turned.items() if d.action == "retrain" and d.run} == others
    for name in others:
        for monitor in ("drift", "platform"):
            window = mill.store.windows.first(endpoint=name, monitor=monitor)
            assert window is not None and window.end == now
        (judged,) = [r for r in mill.endpoint(name).releases() if r.decision == turned[name].id]
        champion = mill.endpoint(name).champion()
        assert judged.status in ("champion", "refused"), "what the gates say of it is their own affair"
        assert champion == (judged if judged.status == "champion" else before[name])
    return {e.subject for e in events if e.kind == "failed"}


BODIES: dict[str, Any] = {
    "recommend": {"subject": "c1"},
    "returns": {"subject": "c1", "inputs": {"load": 0.9}},
    "demand": {"inputs": {"load": 0.9}},
}


async def asked_without(mill: Project, refused: str) -> None:
    """The bundle of one endpoint is damaged: the other two answer, and the health says which one does not."""
    path = mill.artifacts.path(mill.store.models.get(f"model:{refused}@1").bundle)
    whole = path.read_bytes()
    path.chmod(0o600)
    path.write_bytes(b"X" + whole[1:])
    try:
        serving = prepare(mill)
    finally:
        path.write_bytes(whole)
    token = tokens.issue(mill.store, "test", ("predict",))
    async with alive(App(serving, lambda: ()), token) as ask:
        heard = {name: await ask("POST", f"/predict/{name}", body) for name, body in BODIES.items()}
        usual = refused == "recommend"  # of what was served before it is kept what is usual
        assert {n: one.status for n, one in heard.items()} == {
            n: 503 if n == refused and not usual else 200 for n in BODIES
        }
        assert [n for n, one in heard.items() if one.json.get("arm") == "baseline"] == ["recommend"] * usual
        health = (await ask("GET", "/healthz")).json
        assert health["status"] == "degraded"
        said = "fallback" if usual else "no_model"
        assert health["endpoints"] == {name: said if name == refused else "ok" for name in BODIES}


async def asked(mill: Project) -> None:
    """One scorer answers at all three; an outcome says where it belongs, or names a prediction."""
    token = tokens.issue(mill.store, "test", ("predict", "feedback"))
    async with alive(App(prepare(mill), lambda: ()), token) as ask:
        answers = {name: await ask("POST", f"/predict/{name}", body) for name, body in BODIES.items()}
        assert {name: a.json["model"] for name, a in answers.items()} == {name: f"model:{name}@1" for name in BODIES}
        assert set(answers["recommend"].json["items"][:2]) <= {"i1-0", "i1-1", "i1-2"}
        assert answers["returns"].json["probabilities"]["yes"] > 0.5 and 30 < answers["demand"].json["value"] < 60
        missing = await ask("POST", "/predict/recomend", BODIES["recommend"])
        assert (missing.status, missing.json["hint"]) == (404, "did you mean 'recommend'?")
        at = to_iso(mill.clock.now())
        named = {"key": "k", "value": "yes", "at": at, "prediction_id": answers["returns"].json["prediction_id"]}
        items = {"key": "k", "subject": "c1", "item": "i1-0", "value": 1.0, "at": at}
        assert (await ask("POST", "/feedback", named)).status == 200
        assert (await ask("POST", "/feedback", {**items, "endpoint": "recommend"})).json["new"] == 1
        assert (await ask("POST", "/feedback", items)).json["code"] == "bad_request"
        assert (await ask("POST", "/feedback", {**items, "endpoint": "recomend"})).status == 404
    kept = {name: mill.live.outcomes.look_up("k", name, "") for name in BODIES}
    assert [name for name, outcome in kept.items() if outcome] == ["recommend", "returns"], "one key, two outcomes"


@pytest.mark.nightly
def test_each_endpoint_has_a_shadow_of_its_own(mill: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two undecided refits, of items by customer and of nobody's hourly demand: each is looked at by its own pairs, in its own time."""
    toml = mill.root / "tidemill.toml"
    said = "[model.recommend]\nshown_moves_outcomes = false"
    toml.write_text(toml.read_text().replace("[model.recommend]", said))
    run_every(mill)
    real = quality.compare
    monkeypatch.setattr(quality, "compare", lambda *given: replace(real(*given), gain=-0.001, error=2.0))
    with open_project(mill.root) as fair:
        turned(fair, 0)
        dark = {name: found for name in ("recommend", "demand") for found in fair.endpoint(name).releases("shadow")}
        assert list(dark) == ["recommend", "demand"]
        asyncio.run(lived(fair, 50))
        for day in (1, 2):
            turned(fair, day)
        seen = {name: fair.store.releases.get(found.id) for name, found in dark.items()}
        looked = {name: found.evidence.shadow for name, found in seen.items()}
        assert {name: found and [look.pairs for look in found.looks] for name, found in looked.items()} == {
            "recommend": [50],
            "demand": [],
        }
        assert verbs.pairs_of(fair, seen["demand"]) == 50
        assert not fair.store.events.list(kind="failed")


def turned(mill: Project, day: int) -> None:
    drop(mill.root, f"day{day}", range(day, day + 1))
    mill.store.settings.set("clock", OPENING + (day + 1) * DAY)
    tick(mill, InlineJobs(mill))


async def lived(mill: Project, n: int) -> None:
    """So many requests at two endpoints, and what came of each."""
    token, rng = tokens.issue(mill.store, "live", ("predict", "feedback")), np.random.default_rng(1)
    mill.store.settings.set("clock", mill.clock.now() + 3_600_000_000)
    at = to_iso(mill.clock.now())
    async with alive(App(prepare(mill), lambda: ()), token) as ask:
        for number in range(n):
            load, who = float(rng.random()), f"c{number % 24}"
            said = await ask("POST", "/predict/demand", {"inputs": {"load": load}})
            came = {"key": str(number), "value": 50 * load, "at": at, "prediction_id": said.json["prediction_id"]}
            assert (await ask("POST", "/feedback", came)).status == 200
            said = await ask("POST", "/predict/recommend", {"subject": who})
            came = {"key": str(number), "value": 1.0, "at": at, "prediction_id": said.json["prediction_id"]}
            took = {"subject": who, "item": f"i{number % 24}-0"}
            assert (await ask("POST", "/feedback", {**came, **took})).status == 200
