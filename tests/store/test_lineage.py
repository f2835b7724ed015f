"""Lineage: breadth first over the edges, both ways, within limits; and what the engine writes into it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tidemill.engine import Context, pipeline, step
from tidemill.engine.runner.engine import Engine
from tidemill.store.artifacts.local import LocalArtifacts
from tidemill.store.lineage import Walk, downstream, upstream
from tidemill.store.records import Edge
from tidemill.store.sql import open_metadata
from tidemill.store.sql.store import MetadataStore
from tidemill.types import HeldClock

count = itertools.count()


def of_kind(walk: Walk, kind: str) -> list[str]:
    """Refs of one kind, nearest first."""
    return [ref for ref in walk.refs if ref.partition(":")[0] == kind]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[MetadataStore]:
    opened = open_metadata(tmp_path / "tidemill.db")
    yield opened
    opened.close()


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pairs=st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=15))
def test_both_ways_reach_what_a_closure_reaches(store: MetadataStore, pairs: list[tuple[int, int]]) -> None:
    salt = next(count)

    def ref(n: int) -> str:
        return f"n{salt}:{n}"

    store.edges.add_new([Edge(ref(a), ref(b), "read", 0) for a, b in pairs])
    reached = {a: {a} for a in range(7)}
    for _ in range(7):
        for a, b in pairs:
            for start in range(7):
                if a in reached[start]:
                    reached[start].add(b)
    down, up = downstream(store, ref(0)), upstream(store, ref(0))
    assert set(down.refs) == {ref(n) for n in reached[0]} and not down.cut
    assert set(up.refs) == {ref(n) for n in range(7) if 0 in reached[n]} and not up.cut
    assert len(set(down.edges)) == len(down.edges)


def test_nearest_first_and_cut_at_the_limits(store: MetadataStore) -> None:
    store.edges.add_new([Edge(f"a:{i}", f"a:{i + 1}", "read", i) for i in range(10)])
    walk = downstream(store, "a:0")
    assert list(walk.refs.values()) == list(range(11)) and not walk.cut
    near = downstream(store, "a:0", depth=3)
    assert list(near.refs) == ["a:0", "a:1", "a:2", "a:3"] and near.cut
    few = downstream(store, "a:0", limit=4)
    assert len(few.edges) == 4 and few.cut
    assert not downstream(store, "a:7", depth=3).cut
    assert [e.target for e in downstream(store, "a:8").edges] == ["a:9", "a:10"]
    assert [e.source for e in upstream(store, "a:2").edges] == ["a:1", "a:0"]


@step
def load(ctx: Context) -> list[int]:
    ctx.read("dataset:sales@3")
    return [1, 2]


@step
def train(rows: list[int], ctx: Context) -> int:
    ctx.wrote("model:shop@1")
    return sum(rows)


@pipeline
def flow() -> Any:
    return train(load())  # type: ignore[call-arg]


def test_the_engine_links_data_steps_artifacts_and_runs(store: MetadataStore, tmp_path: Path) -> None:
    engine = Engine(store, LocalArtifacts(tmp_path / "a"), HeldClock(5), tmp_path)
    first = engine.run(flow).run
    trace = upstream(store, "model:shop@1")
    assert of_kind(trace, "dataset") == ["dataset:sales@3"]
    assert of_kind(trace, "step") == [f"step:{first.id}/train", f"step:{first.id}/load"]
    impact = downstream(store, "dataset:sales@3")
    assert of_kind(impact, "model") == ["model:shop@1"]
    assert of_kind(impact, "run") == [f"run:{first.id}"]
    assert len(of_kind(impact, "artifact")) == 2


def test_a_reused_result_leads_back_to_the_run_that_made_it(store: MetadataStore, tmp_path: Path) -> None:
    engine = Engine(store, LocalArtifacts(tmp_path / "a"), HeldClock(5), tmp_path)
    engine.run(flow)
    second = engine.run(flow).run
    assert of_kind(upstream(store, f"run:{second.id}"), "dataset") == ["dataset:sales@3"]
