"""What `tidemill gc` deletes, and what it never does."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.release.made import TOML
from tidemill.access.caller import Caller
from tidemill.errors import NotFound
from tidemill.ops.gc import GRACE, collect, reachable
from tidemill.scope.project import Project, open_project
from tidemill.store.artifacts.codecs import Bundle, parts_of, put_bundle
from tidemill.store.records import Artifact, Baseline, Edge
from tidemill.testing import records as sample
from tidemill.types import HeldClock


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    monkeypatch.setenv("TIDEMILL_HOME", str(tmp_path / "home"))
    root = tmp_path / "shop"
    root.mkdir()
    (root / "tidemill.toml").write_text(TOML)
    with open_project(root, clock=HeldClock(1_000)) as made:
        yield made


def named(project: Project) -> dict[str, str]:
    """An artifact of every place that a record names one in, by the place."""
    put, store = project.artifacts.put, project.store
    found = {
        place: put(place.encode())
        for place in (
            "card",
            "verdict",
            "statement",
            "profile",
            "contract",
            "baseline",
            "diff",
            "pins",
            "output",
            "input",
        )
    }
    for place in ("bundle", "evaluation_bundle", "step"):
        found[place] = put_bundle(project.artifacts, Bundle({"of": place}, {"weights": f"weights of {place}".encode()}))
        (found[f"{place}'s file"],) = parts_of(project.artifacts, found[place])
    model = sample.model(1, bundle=found["bundle"], evaluation_bundle=found["evaluation_bundle"], card=found["card"])
    store.models.add(model)
    store.verdicts.add(sample.verdict(model=model.ref, attestation=found["verdict"]))
    store.releases.add(sample.release("rel_1", 1, status="canary", attestations=(found["statement"],)))
    store.datasets.add_with(sample.dataset(1, profile=found["profile"]), [])
    store.edges.add_new([Edge(f"artifact:{found['contract']}", "dataset:sales@1", "read", 1)])
    store.baselines.put(Baseline("", "shop", model.ref, found["baseline"], 1))
    store.runs.add(
        sample.run(
            "run_2",
            code={"diff": found["diff"]},
            environment={"pins": found["pins"]},
            outputs={"result": found["output"]},
        )
    )
    outputs = {"result": {"digest": found["step"], "codec": "bundle", "bytes": 1}}
    store.steps.put(sample.step("run_2", inputs={"rows": found["input"]}, outputs=outputs))
    return found


def test_what_a_living_record_names_stays(project: Project) -> None:
    found = named(project)
    assert reachable(project) == set(found.values())
    assert collect(project, Caller.local(), grace=0.0).deleted == ()
    assert set(project.artifacts.digests()) == set(found.values())


def test_the_rest_goes_and_is_counted(project: Project) -> None:
    kept = set(named(project).values())
    lost, unrecorded = project.artifacts.put(b"x" * 10), project.artifacts.plain.put(b"y" * 100)
    project.store.artifacts.add(Artifact("sha256:" + "0" * 64, "bytes", 5, 1))
    dry = collect(project, Caller.local(), dry_run=True, grace=0.0)
    assert {lost, unrecorded} < set(project.artifacts.digests()), "a dry run deletes nothing"
    made = collect(project, Caller.local(), grace=0.0)
    assert replace(dry, dry_run=False) == made
    assert (set(made.deleted), made.size, made.unrecorded, made.rows) == ({lost, unrecorded}, 110, 1, 1)
    assert {row.digest for row in project.store.artifacts.list()} == set(project.artifacts.digests()) == kept
    assert collect(project, Caller.local(), grace=0.0).deleted == ()


def test_what_was_put_or_verified_today_stays(project: Project) -> None:
    old, put, verified = (project.artifacts.put(text) for text in (b"old", b"put", b"verified"))
    for digest in (old, put, verified):
        os.utime(project.artifacts.path(digest), (0, 0))
    project.artifacts.put(b"put")
    project.artifacts.verify(verified)
    found = collect(project, Caller.local())
    assert (found.deleted, found.young) == ((old,), 2)
    assert project.artifacts.stat(put).idle < GRACE
    with pytest.raises(NotFound):
        project.artifacts.stat(old)


def test_an_older_run_loses_its_results_and_a_running_one_never(project: Project) -> None:
    digests = [project.artifacts.put(f"result {n}".encode()) for n in range(3)]
    for n, (status, digest) in enumerate(zip(("running", "done", "done"), digests, strict=True)):
        project.store.runs.add(sample.run(f"run_{n}", started=n, status=status, code={}, outputs={"result": digest}))
    assert collect(project, Caller.local(), grace=0.0).deleted == (digests[1],)


def test_the_baseline_of_a_model_that_serves_no_more_goes(project: Project) -> None:
    found = named(project)
    project.store.releases.update("rel_1", status="halted")
    assert collect(project, Caller.local(), grace=0.0).deleted == (found["baseline"],)


def test_bytes_that_are_put_again_while_their_row_goes_have_a_row(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who puts comes between the look for the bytes and the row's end: its own row is written after that."""
    digest, rows, asked = project.artifacts.put(b"again"), project.store.artifacts, threading.Event()
    putting = threading.Thread(target=lambda: project.artifacts.put(b"again"))
    add_new, delete = rows.add_new, rows.delete

    def asks(records: Any) -> None:
        asked.set()
        add_new(records)

    def late(id: str, tx: Any) -> bool:
        putting.start()
        while putting.is_alive() and not asked.wait(0.01):
            pass
        return delete(id, tx)

    monkeypatch.setattr(rows, "add_new", asks)
    monkeypatch.setattr(rows, "delete", late)
    assert collect(project, Caller.local(), grace=0.0).deleted == (digest,)
    putting.join()
    assert project.artifacts.has(digest) and rows.get(digest).digest == digest
