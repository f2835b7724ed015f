"""The control API through the app: every noun, its errors, its scopes."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
from typing import Any

import pytest

from tests.serve.asking import NOON, Asker, alive, make_app, opened
from tidemill.access import tokens as auth
from tidemill.access.tokens import SCOPES
from tidemill.api.app import face
from tidemill.serve.http.routes import OPEN
from tidemill.store.records import (
    DatasetVersion,
    Decision,
    Event,
    IngestedFile,
    ModelVersion,
    OnlineEvent,
    Outcome,
    Prediction,
    Release,
    Run,
    Step,
    Verdict,
)
from tidemill.testing import records as sample
from tidemill.types import DAY


def model(version: int, **changes: Any) -> ModelVersion:
    made: dict[str, Any] = {
        "name": "shop",
        "version": version,
        "bundle": f"sha256:{version}",
        "evaluation_bundle": f"sha256:e{version}",
        "recipe": {"method": "blend", "weight": version},
        "kind": "refit",
        "metrics": {"ndcg@10": [0.2 + version / 100, 0.1, 0.3]},
        "data": ("dataset:sales@1",),
        "trained_through": NOON - DAY,
        "run": "run_1",
        "author": "loop",
        "card": None,
        "created": NOON,
    }
    return ModelVersion(**(made | changes))


def release(name: str, version: int, status: str, **changes: Any) -> Release:
    return Release(name, "shop", f"model:shop@{version}", status, ({"share": 1.0},), 0, NOON, NOON + version, **changes)


def tell(project: Any) -> Any:
    """Let something happen in the project."""
    store, live = project.store, project.live
    profile = project.artifacts.put(b'{"columns": {"price": {"mean": 2.5}}}')
    card = project.artifacts.put(b"# A card")
    for version in (1, 2):
        found = DatasetVersion("sales", version, 0, "sha256:d", 100 * version, 3, NOON, "run_1", profile=profile)
        store.datasets.add_with(
            found, [IngestedFile("sales", f"sha256:f{version}", "a.csv", 100, 3, version, "i", NOON)]
        )
    store.runs.add(Run("run_1", "model", "k", "done", "me", NOON))
    store.runs.add(Run("run_2", "data", "k2", "failed", "me", NOON + 1, error="no"))
    store.steps.put(Step("run_1", "train", "done", 0, outputs={"bundle": {"digest": "sha256:1"}}))
    for version in (1, 2, 3):
        store.models.add(model(version, card=card if version == 1 else None))
    store.releases.add(release("rel_1", 1, "superseded"))
    store.releases.add(release("rel_2", 2, "held", previous="rel_1"))
    store.releases.promote("rel_2", NOON)
    store.releases.add(release("rel_3", 3, "canary", previous="rel_2"))
    store.verdicts.add(Verdict("v1", "model:shop@2", "refit", "quality", True, False, {"said": "yes"}, None, NOON))
    for i in range(5):
        store.decisions.add(
            Decision(f"dec_{i}", NOON + i, "retrain" if i == 3 else "none", "why", "quiet", {}, "sha256:x", {})
        )
        store.events.add(Event(f"ev_{i}", NOON + i, "alarm" if i == 2 else "ingested", "dataset:sales@1", {"i": i}))
        store.windows.put(sample.window(NOON + i * DAY, alarm=i == 2))
    for i in (0, 1):
        store.alarms.add(
            sample.alarm(f"al_{i}", endpoint="shop", opened=NOON + i, what=("price",), closed=None if i else NOON + 9)
        )
    output, inputs = b'{"items":["mug"],"scores":[0.5]}', b'{"k":20}'
    given = Prediction("pred_1", "shop", NOON, "7", "model:shop@2", "rel_2", "champion", output, inputs, 0, 90)
    live.append(
        [given],
        [Outcome("o1", NOON, "7", "mug", 1.0, "pred_1", NOON, endpoint="shop")],
        [OnlineEvent(0, "o1", "7", "mug", NOON, 1.0, dataset="sales", endpoint="shop")],
    )
    live.flush()
    live.outcomes.join([("o1", "pred_1", "id")], "shop")
    return project


class Api:
    """Asks the API with a token of these scopes; GET unless there is a body. One app for all questions."""

    def __init__(self, project: Any) -> None:
        self.project, self._runner = project, asyncio.Runner()
        self._app = self._runner.run(self._begin())

    async def _begin(self) -> Any:
        app = make_app(self.project, faces=[face])
        app.serving.begin()
        return app

    def __call__(self, path: str, body: Any = None, scopes: Any = SCOPES) -> Any:
        asker = Asker(self._app, auth.issue(self.project.store, "tester", scopes))
        return self._runner.run(asker("GET" if body is None else "POST", path, body))

    def close(self) -> None:
        self._runner.run(self._app.serving.end())
        self._runner.close()


@pytest.fixture(scope="module")
def ask(tmp_path_factory: Any) -> Any:
    """For tests that only read."""
    root = tmp_path_factory.mktemp("told") / "shop"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TIDEMILL_HOME", str(root.parent / "home"))
        with opened(root) as project, contextlib.closing(Api(tell(project))) as api:
            yield api


@pytest.fixture
def told(project: Any) -> Any:
    return tell(project)


@pytest.fixture
def decide(told: Any) -> Any:
    """For tests that change something."""
    with contextlib.closing(Api(told)) as api:
        yield api


READS = [
    (
        "/api/status",
        lambda r: (r["champion"]["id"], r["canary"]["id"], r["predictions"], r["data"][0]["version"]),
        ("rel_2", "rel_3", 1, 2),
    ),
    ("/api/data", lambda r: [(d["name"], d["rows"], d["quarantined"]) for d in r["items"]], [("sales", 200, 6)]),
    ("/api/data/sales", lambda r: r["latest"]["version"], 2),
    ("/api/data/sales/versions", lambda r: [v["version"] for v in r["items"]], [2, 1]),
    ("/api/data/sales/files", lambda r: [f["digest"] for f in r["items"]], ["sha256:f2", "sha256:f1"]),
    ("/api/data/sales/versions/2/profile", lambda r: r["columns"]["price"]["mean"], 2.5),
    ("/api/runs", lambda r: [x["id"] for x in r["items"]], ["run_2", "run_1"]),
    ("/api/runs?status=failed", lambda r: [x["error"] for x in r["items"]], ["no"]),
    ("/api/runs/run_1", lambda r: r["pipeline"], "model"),
    ("/api/runs/run_1/steps", lambda r: r["items"][0]["outputs"]["bundle"]["digest"], "sha256:1"),
    ("/api/models", lambda r: [m["version"] for m in r["items"]], [3, 2, 1]),
    (
        "/api/models/champion",
        lambda r: (r["ref"], r["aliases"], r["verdicts"][0]["gate"]),
        ("model:shop@2", ["champion"], "refit"),
    ),
    ("/api/models/model:shop@3", lambda r: r["model"]["recipe"]["weight"], 3),
    ("/api/models/1/card", lambda r: (r["card"].endswith("\n# A card"), r["format"]), (True, "md")),
    ("/api/models/1/card?format=html", lambda r: (r["card"][:15], r["format"]), ("<!doctype html>", "html")),
    ("/api/models/1/bom", lambda r: r["metadata"]["component"]["type"], "machine-learning-model"),
    (
        "/api/models/1/provenance",
        lambda r: (r["statement"]["subject"][0]["name"], r["signed"]),
        ("model:shop@1", False),
    ),
    ("/api/compare?first=1&second=champion", lambda r: r["recipe"]["weight"], [1, 2]),
    ("/api/releases", lambda r: [x["id"] for x in r["items"]], ["rel_3", "rel_2", "rel_1"]),
    ("/api/releases/rel_2", lambda r: (r["release"]["status"], len(r["verdicts"])), ("champion", 1)),
    ("/api/decisions?action=retrain", lambda r: [d["id"] for d in r["items"]], ["dec_3"]),
    ("/api/decisions/dec_1", lambda r: r["reason"], "why"),
    ("/api/events?kind=ingested", lambda r: [e["id"] for e in r["items"]], [f"ev_{i}" for i in (4, 3, 1, 0)]),
    (f"/api/events?since={NOON + 3}", lambda r: [e["id"] for e in r["items"]], ["ev_4", "ev_3"]),
    ("/api/alarms", lambda r: [(a["id"], a["what"]) for a in r["items"]], [("al_1", ["price"]), ("al_0", ["price"])]),
    ("/api/alarms?is_open=true", lambda r: [a["id"] for a in r["items"]], ["al_1"]),
    (
        "/api/data/sales/diff?one=1&other=2",
        lambda r: (r["files"], [v["rows"] for v in r["versions"]]),
        (["a.csv"], [100, 200]),
    ),
    ("/api/runs/run_1/steps/train/why", lambda r: (r["step"], r["hit"]), ("train", False)),
    ("/api/compare/runs?first=run_1&second=run_2", lambda r: r["items"][0]["one"], "done"),
    ("/api/impact?ref=model:shop@2", lambda r: r["predictions"], 1),
    ("/api/windows/drift", lambda r: r["items"][0]["data"]["columns"]["price"]["words"], "price 1% -> 40%"),
    ("/api/windows/parity", lambda r: r["items"], []),
    ("/api/windows/drift", lambda r: [w["alarm"] for w in r["items"]], [False, False, True, False, False]),
    ("/api/predictions", lambda r: r["items"][0]["output"]["items"], ["mug"]),
    ("/api/predictions/pred_1", lambda r: (r["prediction"]["inputs"], r["outcomes"][0]["how"]), ({"k": 20}, "id")),
]


@pytest.mark.parametrize("path, look, right", READS, ids=[r[0] for r in READS])
def test_reads(ask, path, look, right):
    heard = ask(path)
    assert heard.status == 200, heard.body
    found = look(heard.json)
    assert (tuple(found) if isinstance(right, tuple) else found) == right


def test_the_status_tells_which_process_does_not_stay_up(decide, told):
    assert decide("/api/status").json["trouble"] == {}
    trouble = {"loop": {"crashes": 3, "since": "2011-01-01T00:00:00Z", "reason": "no room"}}
    (told.state / "up.json").write_text(json.dumps({"pid": os.getpid(), "trouble": trouble}))
    assert decide("/api/status").json["trouble"] == trouble


MISSING = [
    "/api/windows/drfit",
    "/api/data/slaes",
    "/api/runs/run_9",
    "/api/runs/run_9/steps",
    "/api/models/9",
    "/api/models/champoin",
    "/api/models/2/card",
    "/api/releases/rel_9",
    "/api/decisions/dec_9",
    "/api/predictions/pred_9",
]


@pytest.mark.parametrize("path", MISSING)
def test_what_is_missing_is_a_problem_in_words(ask, path):
    heard = ask(path)
    assert (heard.status, heard.json["code"], heard.headers["content-type"]) == (
        404,
        "not_found",
        "application/problem+json",
    )
    assert heard.json["message"]


@pytest.mark.parametrize(
    "path",
    [
        "/api/runs?limit=0",
        "/api/runs?limit=x",
        "/api/runs?status=dnoe",
        "/api/runs?limti=3",
        "/api/runs?limit=99999999999999999999",
        "/api/data/sales/diff?one=99999999999999999999&other=1",
        "/api/events?since=yesterday",
        "/api/compare?first=1",
    ],
)
def test_wrong_questions_are_bad_requests(ask, path):
    heard = ask(path)
    assert (heard.status, heard.json["code"]) == (400, "bad_request") and heard.json["place"]


def test_pages_follow_one_another(ask):
    seen, after = [], ""
    while True:
        found = ask(f"/api/decisions?limit=2{after}").json
        seen += [d["id"] for d in found["items"]]
        if found["next"] is None:
            break
        after = f"&before={found['next']}"
    assert seen == [f"dec_{i}" for i in (4, 3, 2, 1, 0)]


def test_roll_back_is_done_by_who_asks_and_followed_at_once(decide, told):
    heard = decide("/api/releases/rel_3/rollback", {"reason": "customers complain"})
    assert (heard.status, heard.json["status"]) == (200, "rolled_back")
    event = told.store.events.list(kind="rolled_back")[0]
    assert event.data["by"] == "tester" and event.data["reason"] == "customers complain"


def test_halt(decide, told):
    assert decide("/api/releases/rel_3/halt", {"reason": "wait"}).json["status"] == "halted"
    again = decide("/api/releases/rel_3/halt", {"reason": "wait"})
    assert (again.status, again.json["code"]) == (409, "release")


def test_a_release_is_named_by_its_beginning_or_as_a_reference_in_whatever_is_done_to_it(decide, told):
    told.store.releases.roll_back("rel_3", NOON, {})
    told.store.releases.add(release("rel_abcdefg1", 3, "canary", previous="rel_2"))
    told.store.releases.add(release("rel_abcdefh2", 3, "held", previous="rel_2"))
    for verb in ("halt", "rollback", "approve", "reject", "advance"):
        heard = decide(f"/api/releases/rel_abcdef/{verb}", {} if verb == "advance" else {"reason": "which?"})
        assert heard.status == 404, verb
        assert {"rel_abcdefg1", "rel_abcdefh2"} <= {word.strip(",:") for word in heard.json["hint"].split()}, verb
    heard = decide("/api/releases/rel_abcdefg/halt", {"reason": "by its beginning"})
    assert (heard.json["id"], heard.json["status"]) == ("rel_abcdefg1", "halted")
    heard = decide("/api/releases/release:rel_abcdefh2/reject", {"reason": "as a reference"})
    assert (heard.json["id"], heard.json["status"]) == ("rel_abcdefh2", "refused")


@pytest.mark.parametrize("body", [{}, {"reason": ""}, {"reason": 7}, {"reason": "x" * 3_000}, [], "rollback"])
def test_a_decision_needs_a_reason(ask, body):
    assert ask("/api/releases/rel_3/rollback", body).status == 400
    assert ask.project.store.releases.get("rel_3").status == "canary"


@pytest.mark.parametrize("verb", ["approve", "reject", "rollback", "halt"])
def test_deciding_needs_the_scope_operate(ask, verb):
    heard = ask(f"/api/releases/rel_3/{verb}", {"reason": "why"}, scopes=[s for s in SCOPES if s != "operate"])
    assert heard.status == 403


@pytest.mark.parametrize("verb, status", [("approve", "champion"), ("reject", "refused")])
def test_approval_is_signed_in_a_child(decide, told, verb, status):
    """The server's own process opens no key: the child makes the approval key where there was none."""
    told.store.releases.roll_back("rel_3", NOON, {})
    told.store.releases.add(release("rel_4", 3, "held", previous="rel_2"))
    heard = decide(f"/api/releases/rel_4/{verb}", {"reason": "looks right"})
    assert (heard.status, heard.json["status"]) == (200, status), heard.body
    assert (told.keys_dir / "approval.ed25519").exists()
    verdict = next(v for v in told.store.verdicts.list(model="model:shop@3") if v.gate == "approval")
    assert verdict.evidence["who"] == "tester" and verdict.attestation
    again = decide(f"/api/releases/rel_4/{verb}", {"reason": "again"})
    assert (again.status, again.json["code"]) == (409, "release") and "nothing to decide" in again.json["message"]


def test_every_route_of_the_api_asks_for_its_scope(told):
    async def work() -> None:
        app = make_app(told, faces=[face])
        async with alive(app) as asker:
            asker.token = auth.issue(told.store, "any", ["read"])
            assert (await asker("GET", "/api/status")).status == 200
            mine = [r for r in app.table.routes if r not in app.handlers]
            assert len(mine) > 25
            for scope in SCOPES:
                token = auth.issue(told.store, scope, [scope])
                for route in mine:
                    path = route.path.replace("{version}", "1").replace("{", "").replace("}", "")
                    heard = await asker(route.method, path, token=token)
                    assert route.scope != OPEN
                    assert (heard.status == 403) == (route.scope != scope), (route, scope, heard)
                    assert (await asker(route.method, path, token=None)).status == 401

    asyncio.run(work())


def test_the_document_tells_every_route(ask):
    found = ask("/api/openapi.json").json
    assert found["openapi"].startswith("3.1")
    told_routes = {(m.upper(), p) for p, ops in found["paths"].items() for m in ops}
    assert {("POST", "/predict/{endpoint}"), ("POST", "/feedback"), ("GET", "/api/runs")} <= told_routes
    body = found["components"]["schemas"]["ItemsRequest"]
    assert body["additionalProperties"] is False and body["properties"]["k"]["maximum"] == 1000
    for operations in found["paths"].values():
        for operation in operations.values():
            assert {"x-tidemill-scope", "x-tidemill-permission"} <= operation.keys() and "default" in operation[
                "responses"
            ]
    assert "422" not in json.dumps(found["paths"])
