"""Sample records with every field set, for suites and tests. ``**fields`` replaces any.

A field that a sample does not name is filled by its annotation, so a new field of a record is tested by being there.
"""

from __future__ import annotations

from dataclasses import fields as fields_of
from dataclasses import replace
from typing import Any, TypeVar

from tidemill.store import payloads as p
from tidemill.store import people as w
from tidemill.store import records as r
from tidemill.store import rights as g

R = TypeVar("R")
_BY_TYPE: dict[str, Any] = {
    "int": 3,
    "Micros": 1_000,
    "float": -2.5,
    "bool": True,
    "bytes": b"\x00\xff",
    "JsonObject": {"a": 1, "deep": {"list": [1, 2.5, None, True, "\u00e9\u0000"]}},
    "tuple[str, ...]": ("load", "split"),
    "tuple[float, ...]": (-2.5, 0.5),
    "ReleaseEvidence": p.ReleaseEvidence({"quality": "blessed"}, ("refit",), {"who": "ann"}),
    "Findings": p.Findings(
        300,
        7,
        (p.Finding("copy", "state", True, "it is the label", "exclude it", {"same": 1.0}, (("a", 0.5, 3),)),),
        "share of yes",
    ),
    "tuple[JsonObject, ...]": ({"share": 0.25, "span": 10, "requests": 200}, {"share": 1.0}),
}


_HERE = {"environment": "", "endpoint": "shop", "dataset": "sales"}
"""Where the samples belong, so that they are found by who asks there."""


def _full(record: type[R], fields: dict[str, Any], **said: Any) -> R:
    """The record with every field set: as asked, else as the sample says, else by its type."""
    filled = {f.name: _BY_TYPE.get(str(f.type).removesuffix(" | None"), f"{f.name} 1") for f in fields_of(record)}  # type: ignore[arg-type]
    filled |= {name: value for name, value in _HERE.items() if name in filled}
    return record(**(filled | said | fields))


def run(id: str = "run_1", **fields: Any) -> r.Run:
    said = {"environment": {"python": "3.12.1"}, "status": "running", "owner": "host:1:2", "ended": 2_000, "seed": 7}
    return _full(r.Run, said | fields, id=id, pipeline="model", key="model|a=1")


def step(run: str = "run_1", name: str = "train", **fields: Any) -> r.Step:
    return _full(r.Step, fields, run=run, name=name, status="done", fingerprint="fp", started=1_100, ended=1_200)


def artifact(digest: str = "sha256:4", **fields: Any) -> r.Artifact:
    return _full(r.Artifact, fields, digest=digest, codec="json")


def edge(source: str = "artifact:a", target: str = "artifact:b", **fields: Any) -> r.Edge:
    return _full(r.Edge, fields, source=source, target=target, relation="read", at=5)


def event(id: str = "event_1", at: int = 10, **fields: Any) -> r.Event:
    return _full(r.Event, fields, id=id, at=at, kind="alarm", subject="model:shop@1", data={"why": ["drift"]})


def dataset(version: int = 1, **fields: Any) -> r.DatasetVersion:
    times = {"time_min": -5, "time_max": 2**53 + 1}
    return _full(r.DatasetVersion, fields, dataset="sales", version=version, generation=1, rows=100, **times)


def file(digest: str = "sha256:f", **fields: Any) -> r.IngestedFile:
    return _full(r.IngestedFile, fields, dataset="sales", digest=digest, name="a.csv", rows=100, version=1)


def model(version: int = 1, **fields: Any) -> r.ModelVersion:
    metrics = {"recall@20": [0.31, 0.29, 0.33], "n": 310}
    return _full(
        r.ModelVersion, fields, name="shop", version=version, kind="first", metrics=metrics, data=("dataset:sales@1",)
    )


def verdict(id: str = "verdict_1", **fields: Any) -> r.Verdict:
    return _full(r.Verdict, fields, id=id, model="model:shop@1", gate="superior", blessing="quality")


def release(id: str = "release_1", version: int = 1, **fields: Any) -> r.Release:
    said = {"model": f"model:shop@{version}", "status": "held", "previous": "release_0", "decision": "decision_1"}
    return _full(r.Release, fields, id=id, endpoint="shop", stage=0, started=1_001, ended=1_002, **said)


def decision(id: str = "decision_1", at: int = 10, **fields: Any) -> r.Decision:
    return _full(r.Decision, fields, id=id, at=at, action="retrain")


def job(id: str = "job_1", **fields: Any) -> r.Job:
    said = {
        "environment": "",
        "kind": "train",
        "subject": "decision:decision_1",
        "status": "running",
        "decision": "decision_1",
    }
    return _full(
        r.Job, {"ended": None, "code": "", "error": "", "times": 1} | fields, id=id, endpoint="shop", started=10, **said
    )


def alarm(id: str = "alarm_1", **fields: Any) -> r.Alarm:
    said = {"environment": "", "endpoint": "shop", "monitor": "drift", "kind": "drift", "model": "model:shop@1"}
    times = {"window": 10, "opened": 12, "since": 0, "closed": None}
    return _full(r.Alarm, fields, id=id, hurts="no", again=False, what=("price 1% -> 40%",), **said, **times)


def drift(**fields: Any) -> p.DriftWindow:
    made = p.DriftWindow(
        model="model:shop@1",
        calibration=p.AlarmRate(threshold=8.0, promised=1.0, expected=0.5, realised=None),
        columns={"price": p.ColumnDrift(1e-9, "price 1% -> 40%", 100, 50.0, 3, 0.4)},
        which=("price",),
        score=20.0,
        skipped={"day": "part of the key"},
    )
    return replace(made, **fields)


def baseline(model: str = "model:shop@1", **fields: Any) -> r.Baseline:
    return _full(r.Baseline, fields, model=model)


def settlement(id: str = "settlement_1", at: int = 10, **fields: Any) -> r.Settlement:
    return _full(r.Settlement, fields, id=id, at=at, kind="alarm", subject="alarm:alarm_1", settled="right")


def lease(name: str = "run:model|a=1", **fields: Any) -> r.Lease:
    return _full(r.Lease, fields, name=name)


def window(start: int = 0, **fields: Any) -> r.Window:
    made = r.Window(endpoint="shop", monitor="drift", start=start, end=start + 10, n=4, data=drift(), alarm=True)
    return replace(made, **fields)


def token(id: str = "token_1", **fields: Any) -> r.Token:
    return _full(r.Token, fields, id=id, hash="hash of " + id, scopes=("predict", "read"), created=1, expires=9)


def scorer(id: str = "scorer_1", **fields: Any) -> r.Scorer:
    return _full(r.Scorer, fields, id=id, since=0, endpoints={"shop": {"health": "ok", "variants": {}}})


def limit(id: str = "limit_1", **fields: Any) -> g.SubjectLimit:
    """One that stands; it begins with the next revision."""
    return _full(
        g.SubjectLimit, {"kind": "object", "begun": 0, "ended": None, "ended_by": "", "over": None} | fields, id=id
    )


def request(id: str = "request_1", **fields: Any) -> g.SubjectRequest:
    """One that waits."""
    waiting = {"kind": "access", "received": 100, "due": 200, "extended": "", "ended": None}
    return _full(g.SubjectRequest, waiting | {"ended_by": "", "how": "", "reason": ""} | fields, id=id)


def item_change(item: str = "85123A", at: int = 110, **fields: Any) -> r.ItemChange:
    said = {"values": {"stock": 3, "name": "LANTERN"}, "gone": False}
    return _full(
        r.ItemChange, said | fields, item=item, at=at, store="north", file="sha256:x", row=7, ingest="ingest_1"
    )


def entity(subject: str = "12345", at: int = 100, **fields: Any) -> r.EntityInputs:
    return _full(r.EntityInputs, fields, model="churn", subject=subject, at=at, inputs=b'{"month":2.0}')


def experiment(id: str = "experiment_1", started: int = 100, **fields: Any) -> r.Experiment:
    said = {"arms": ("rel_a", "rel_b"), "models": ("model:shop@1", "model:shop@2"), "share": 0.5, "margin": 0.02}
    return _full(
        r.Experiment, fields, id=id, started=started, status="running", endpoint="shop", environment="", **said
    )


def prediction(id: str = "pred_1", at: int = 100, **fields: Any) -> r.Prediction:
    said = {"endpoint": "shop", "subject": "12345", "model": "model:shop@1", "release": "release_1", "arm": "canary"}
    kept = {"output": b'{"items":["a"]}', "explained": b'{"method":"none","why":"a sample","answers":[]}'}
    return _full(r.Prediction, fields, id=id, at=at, watermark=4, key="536365", **kept, **said)


def batch_part(name: str = "b" * 16 + "0002", at: int = 100, **fields: Any) -> r.BatchPart:
    by = {"model": "model:shop@1", "release": "release_1", "arm": "champion", "propensity": 1.0, "n": 8}
    said = {"batch": "b" * 16, "number": 2, "endpoint": "shop", "rows": 10, "answered": 8, "by": (by,)}
    return _full(r.BatchPart, said | fields, name=name, at=at, log="sha256:l", out="sha256:o", run="run_1")


def outcome(key: str = "o1", at: int = 110, **fields: Any) -> r.Outcome:
    said = {"subject": "12345", "item": "85123A", "prediction": "pred_1", "received": 120, "joined": None, "how": ""}
    said["joined_at"] = 0
    return _full(r.Outcome, fields, key=key, at=at, **said)


def online(key: str = "o1", at: int = 110, **fields: Any) -> r.OnlineEvent:
    return _full(r.OnlineEvent, fields, seq=0, key=key, subject="12345", item="85123A", at=at, row=7, ingest="ingest_1")


def principal(id: str = "principal_1", **fields: Any) -> w.Principal:
    said = {"name": f"ann.{id}", "kind": "person", "roles": ("data-scientist",), "issuer": ""}
    return _full(w.Principal, said | fields, id=id)


def password(principal: str = "principal_1", **fields: Any) -> w.Password:
    return _full(w.Password, fields, principal=principal)


def attempt(key: str = "attempt_1", **fields: Any) -> w.Attempt:
    return _full(w.Attempt, fields, key=key)


def login(id: str = "state_1", **fields: Any) -> w.LogIn:
    return _full(w.LogIn, fields, id=id, started=1, expires=9)


def vouched(session: str = "token_1", **fields: Any) -> w.Vouched:
    return _full(w.Vouched, {"principal": "principal_1"} | fields, session=session)


def approval(id: str = "approval_1", asked: int = 100, **fields: Any) -> w.Approval:
    said = {"kind": "release", "subject": "release:release_1", "status": "open", "roles": ("product-owner",)}
    return _full(w.Approval, said | fields, id=id, asked=asked)


def vote(id: str = "vote_1", at: int = 100, **fields: Any) -> w.Vote:
    said = {"approval": "approval_1", "principal": "principal_1", "person": id.replace("vote", "principal")}
    return _full(w.Vote, said | fields, id=id, at=at)


def comment(id: str = "comment_1", at: int = 100, **fields: Any) -> w.Comment:
    return _full(w.Comment, {"about": "release:release_1"} | fields, id=id, at=at)


def visit(principal: str = "principal_1", place: str = "inbox", **fields: Any) -> w.Visit:
    return _full(w.Visit, fields, principal=principal, place=place)
