"""Sample records with every field set, for suites and tests. ``**fields`` replaces any."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tidemill.store import payloads as p
from tidemill.store import records as r


def run(id: str = "run_1", **fields: Any) -> r.Run:
    made = r.Run(
        id=id,
        pipeline="model",
        key="model|a=1",
        status="running",
        owner="host:1:2",
        started=1_000,
        ended=2_000,
        parent="decision_1",
        params={"a": 1, "deep": {"list": [1, 2.5, None, True, "é\u0000"]}},
        seed=7,
        code={"commit": "abc", "dirty": False},
        environment={"python": "3.11"},
        cost={"cpu_s": 0.25},
        outputs={"model": "sha256:1"},
        error="what went wrong",
    )
    return replace(made, **fields)


def step(run: str = "run_1", name: str = "train", **fields: Any) -> r.Step:
    made = r.Step(
        run=run,
        name=name,
        status="done",
        position=3,
        after=("load", "split"),
        fingerprint="fp",
        fingerprint_inputs={"source": "sha256:2"},
        inputs={"x": "sha256:3"},
        outputs={"y": {"digest": "sha256:4", "codec": "json", "bytes": 12}},
        impure=("open:/etc/hosts",),
        attempt=2,
        started=1_100,
        ended=1_200,
        cpu_us=55,
        error="none, really",
    )
    return replace(made, **fields)


def artifact(digest: str = "sha256:4", **fields: Any) -> r.Artifact:
    return replace(r.Artifact(digest=digest, codec="json", size=12, created=1_000), **fields)


def edge(source: str = "artifact:a", target: str = "artifact:b", **fields: Any) -> r.Edge:
    return replace(r.Edge(source=source, target=target, relation="read", at=5), **fields)


def event(id: str = "event_1", at: int = 10, **fields: Any) -> r.Event:
    return replace(r.Event(id=id, at=at, kind="alarm", subject="model:shop@1", data={"why": ["drift"]}), **fields)


def dataset(version: int = 1, **fields: Any) -> r.DatasetVersion:
    made = r.DatasetVersion(
        dataset="sales",
        version=version,
        generation=1,
        digest="sha256:d",
        rows=100,
        quarantined=3,
        created=1_000,
        run="run_1",
        time_min=-5,
        time_max=2**53 + 1,
        profile="sha256:p",
        ingest="ingest_1",
    )
    return replace(made, **fields)


def file(digest: str = "sha256:f", **fields: Any) -> r.IngestedFile:
    made = r.IngestedFile(
        dataset="sales", digest=digest, name="a.csv", rows=100, quarantined=3, version=1, ingest="ingest_1", at=1_000
    )
    return replace(made, **fields)


def model(version: int = 1, **fields: Any) -> r.ModelVersion:
    made = r.ModelVersion(
        name="shop",
        version=version,
        bundle="sha256:b",
        evaluation_bundle="sha256:e",
        recipe={"method": "blend", "weights": [0.25, 0.75]},
        kind="first",
        metrics={"recall@20": [0.31, 0.29, 0.33], "n": 310},
        data=("dataset:sales@1", "dataset:stock@2"),
        trained_through=900,
        run="run_1",
        author="me",
        card="sha256:c",
        created=1_000,
    )
    return replace(made, **fields)


def verdict(id: str = "verdict_1", **fields: Any) -> r.Verdict:
    made = r.Verdict(
        id=id,
        model="model:shop@1",
        gate="superior",
        blessing="quality",
        passed=True,
        no_baseline=True,
        evidence={"difference": [0.01, 0.0, 0.02]},
        attestation="sha256:a",
        at=1_000,
    )
    return replace(made, **fields)


def release(id: str = "release_1", version: int = 1, **fields: Any) -> r.Release:
    made = r.Release(
        id=id,
        endpoint="shop",
        model=f"model:shop@{version}",
        status="held",
        stages=({"share": 0.25, "span": 10, "requests": 200}, {"share": 1.0}),
        stage=0,
        stage_since=1_000,
        created=1_000,
        started=1_001,
        ended=1_002,
        previous="release_0",
        override="a reason",
        attestations=("sha256:a", "sha256:b"),
        decision="decision_1",
        author="me",
        evidence={"n": 3},
    )
    return replace(made, **fields)


def decision(id: str = "decision_1", at: int = 10, **fields: Any) -> r.Decision:
    made = r.Decision(
        id=id,
        at=at,
        action="retrain",
        reason="quality fell",
        evidence={"recall": [0.3, 0.2]},
        evidence_digest="sha256:e",
        policy={"cooldown": 5},
        run="run_1",
    )
    return replace(made, **fields)


def job(id: str = "job_1", **fields: Any) -> r.Job:
    made = r.Job(
        id=id,
        environment="",
        endpoint="shop",
        kind="train",
        subject="decision:decision_1",
        status="running",
        started=10,
        decision="decision_1",
    )
    return replace(made, **fields)


def alarm(id: str = "alarm_1", **fields: Any) -> r.Alarm:
    made = r.Alarm(
        id=id,
        environment="",
        endpoint="shop",
        monitor="drift",
        kind="drift",
        model="model:shop@1",
        window=10,
        opened=12,
        since=0,
        what=("price 1% -> 40%",),
        hurts="no",
        again=False,
        evidence={"score": 9.5},
    )
    return replace(made, **fields)


def drift(**fields: Any) -> p.DriftWindow:
    made = p.DriftWindow(
        model="model:shop@1",
        calibration=p.AlarmRate(threshold=8.0, promised=1.0, expected=0.5, realised=None),
        columns={"price": p.ColumnDrift(1e-9, "price 1% -> 40%", 100, 50.0, 3, 0.4, 0.5)},
        which=("price",),
        score=20.0,
        threshold=8.0,
        skipped={"day": "part of the key"},
    )
    return replace(made, **fields)


def window(start: int = 0, **fields: Any) -> r.Window:
    made = r.Window(endpoint="shop", monitor="drift", start=start, end=start + 10, n=4, data=drift(), alarm=True)
    return replace(made, **fields)


def token(id: str = "token_1", **fields: Any) -> r.Token:
    made = r.Token(id=id, name="ci", hash="hash of " + id, scopes=("predict", "read"), created=1, expires=9, once=True)
    return replace(made, **fields)


def prediction(id: str = "pred_1", at: int = 100, **fields: Any) -> r.Prediction:
    made = r.Prediction(
        id=id,
        endpoint="shop",
        at=at,
        subject="12345",
        model="model:shop@1",
        release="release_1",
        arm="canary",
        output=b'{"items":["a"]}',
        inputs=b"\x00\xff",
        watermark=4,
        latency_us=180,
        cold=True,
        key="536365",
    )
    return replace(made, **fields)


def outcome(key: str = "o1", at: int = 110, **fields: Any) -> r.Outcome:
    made = r.Outcome(
        key=key,
        at=at,
        subject="12345",
        item="85123A",
        value=-2.5,
        prediction="pred_1",
        received=120,
        joined=None,
        how="",
    )
    return replace(made, **fields)


def online(key: str = "o1", at: int = 110, **fields: Any) -> r.OnlineEvent:
    made = r.OnlineEvent(
        seq=0, key=key, subject="12345", item="85123A", at=at, value=-2.5, file="sha256:f", row=7, ingest="ingest_1"
    )
    return replace(made, **fields)
