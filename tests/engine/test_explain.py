"""`why`: a hit, or exactly what changed."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from tests.engine.conftest import Place
from tests.raised import raised
from tidemill.engine.explain import why
from tidemill.errors import NotFound

Load = Callable[..., ModuleType]
STEPS = """
    from tidemill import pipeline, step
    from helpers import scale

    @step
    def load(n: int) -> list[int]:
        return list(range(n))

    @step
    def score(values: list[int], by: int) -> int:
        return scale(sum(values)) * by

    @pipeline
    def flow(n: int = 3, by: int = 2):
        return score(load(n), by)
"""
HELPERS = "def scale(x):\n    return x * 1\n"


def test_the_first_run_has_nothing_to_compare_with(place: Place, load_module: Load) -> None:
    result = place.run(load_module(steps=STEPS, helpers=HELPERS).flow)
    found = why(place.store, result.run.id, "score")
    assert not found.hit and found.compared_with is None and found.changes == ()
    assert "no earlier run" in str(found)


def test_a_hit_names_the_run_that_made_it(place: Place, load_module: Load) -> None:
    flow = load_module(steps=STEPS, helpers=HELPERS).flow
    first, second, third = (place.run(flow) for _ in range(3))
    for later in (second, third):
        found = why(place.store, later.run.id, "score")
        assert found.hit and found.made_by == first.run.id
        assert f"reused from {first.run.id}" in str(found)


@pytest.mark.parametrize(
    "steps,helpers,params,says",
    [
        (STEPS, HELPERS, {"by": 3}, ["parameter by: 2 → 3"]),
        (STEPS.replace("* by", "+ by"), HELPERS, {}, ["source of steps:score changed"]),
        (STEPS, HELPERS.replace("* 1", "* 2"), {}, ["source of helpers:scale changed"]),
        (
            STEPS.replace("scale(sum(values))", "sum(values)"),
            HELPERS,
            {},
            ["source: helpers:scale is not used any more"],
        ),
        (STEPS, HELPERS, {"n": 4}, ["input values: sha256:", "parameter n: 3 → 4"]),
    ],
)
def test_what_changed_is_named(
    place: Place, load_module: Load, steps: str, helpers: str, params: dict[str, Any], says: list[str]
) -> None:
    first = place.run(load_module(steps=STEPS, helpers=HELPERS).flow)
    second = place.run(load_module(steps=steps, helpers=helpers).flow, params)
    found = why(place.store, second.run.id, "score")
    assert not found.hit and found.compared_with == first.run.id
    for words in says:
        assert words in str(found)
    assert bool(found.because) == ("n" in params)


def test_a_library_of_another_version_is_named(place: Place, load_module: Load, monkeypatch: Any) -> None:
    from tidemill.engine.fingerprint import environment

    source = """
        import numpy as np
        from tidemill import pipeline, step
        @step
        def work() -> float:
            return float(np.sqrt(4.0))
        @pipeline
        def flow():
            return work()
    """
    place.run(load_module(steps=source).flow)
    monkeypatch.setattr(environment, "library_version", lambda name: "99.0")
    second = place.run(load_module(steps=source).flow)
    found = why(place.store, second.run.id, "work")
    assert [c.part for c in found.changes] == ["libraries"]
    assert "library numpy: " in str(found) and "'99.0'" in str(found)


def test_an_impure_step_is_told_why_it_always_runs(place: Place, load_module: Load) -> None:
    source = """
        import os
        from tidemill import pipeline, step
        @step
        def work() -> bool:
            return bool(os.listdir('/'))
        @pipeline
        def flow():
            return work()
    """
    flow = load_module(steps=source).flow
    place.run(flow)
    found = why(place.store, place.run(flow).run.id, "work")
    assert found.changes == () and found.impure == ("reads /",)
    assert "it is impure" in str(found) and "version=" in str(found)


@pytest.mark.parametrize(
    "options,reused,says",
    [
        ("", False, "later runs do not reuse it: @step(version=...)"),
        ("(version='1')", True, "(reads /): later runs reuse it"),
        ("(impure='follows the folder')", False, "so it always runs"),
    ],
)
def test_what_is_said_of_reuse_is_what_the_engine_does(
    place: Place, load_module: Load, options: str, reused: bool, says: str
) -> None:
    source = f"""
        import os
        from tidemill import pipeline, step
        @step{options}
        def work() -> bool:
            return bool(os.listdir('/'))
        @pipeline
        def flow():
            return work()
    """
    flow = load_module(steps=source).flow
    first = place.run(flow).run.id
    found, again = why(place.store, first, "work"), why(place.store, place.run(flow).run.id, "work")
    assert found.reusable == again.hit == reused
    assert says in str(found)
    assert bool(found.undeclared) == (not options) and found.impure
    assert ("cannot see" in str(found)) == (not reused), "what version= stands for is not warned about"


def test_a_step_that_is_not_there(place: Place, load_module: Load) -> None:
    run = place.run(load_module(steps=STEPS, helpers=HELPERS).flow).run
    with raised(NotFound, f"run {run.id}") as caught:
        why(place.store, run.id, "scor")
    assert "'score'" in caught.value.hint
    with pytest.raises(NotFound):
        why(place.store, "run_none", "score")
