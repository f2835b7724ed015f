"""Drawing a graph: what is wrong in it is said with its line, before anything runs where that can be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tests.engine.conftest import Place
from tests.engine.test_run import double, mapped, numbers, total
from tests.raised import raised
from tidemill.engine import each, pipeline, step, when
from tidemill.errors import PipelineError, StepFailed


def test_mistakes_in_a_graph_are_told_while_it_is_drawn(place: Place) -> None:
    def check(body: Any, where: str, named: str, hint: bool = True) -> None:
        with raised(PipelineError, where, hint=hint) as caught:
            place.engine().run(pipeline(body))
        assert named in str(caught.value)

    check(lambda: 1 if numbers(1) else 2, "pipeline <lambda>", "when(")
    check(lambda: list(numbers(1)), "pipeline <lambda>", "each(")
    check(lambda: double(), "step double", "'x'")
    check(lambda: double(1, wrong=2), "step double", "'wrong'")
    check(lambda: double(Path("x")), "step double, parameter x", "PosixPath")
    check(lambda: numbers(2).real, "pipeline <lambda>", "'real'")
    check(lambda: each(lambda x: x, [1]), "pipeline <lambda>", "@step")
    check(lambda: each(double, total(numbers(2))), "step double", "int", hint=False)
    check(lambda: object(), "pipeline <lambda>, its result.result", "object")


@pytest.mark.parametrize(
    "body",
    [
        lambda node: node == 1,
        lambda node: node != 1,
        lambda node: node > 1,
        lambda node: 1 in [node],
        lambda node: node + 1,
        lambda node: 2 * node,
        lambda node: -node,
        lambda node: int(node),
        lambda node: f"{node}",
        lambda node: str(node),
        lambda node: node[0],
        lambda node: len(node),
        lambda node: 1 in node,
        lambda node: node(),
    ],
)
def test_nothing_can_be_made_of_a_value_that_is_not_there(place: Place, body: Any) -> None:
    """Each of these would be a plain value to Python, and the graph another one than the pipeline says."""

    @pipeline
    def flow() -> Any:
        return {"made": body(numbers(1))}

    with raised(PipelineError, "pipeline flow") as caught:
        place.run(flow)
    assert "(test_graph.py:" in caught.value.place
    assert place.store.runs.page() == []


def test_nodes_are_told_apart_and_shown_to_whom_debugs() -> None:
    graph = pipeline(lambda: [numbers(1), numbers(2)]).trace({})
    one, other = graph.outputs["result"]
    assert len({one, other}) == 2 and repr(one) == "<Out: a value that a step will make>"


@pytest.mark.parametrize("kind", [KeyError, SystemExit])
def test_an_exception_in_a_pipelines_body_is_told_with_its_line(place: Place, kind: Any) -> None:
    @pipeline
    def flow() -> Any:
        raise kind("days")

    with raised(PipelineError, "pipeline flow"):
        place.run(flow)


def test_names_in_a_graph_never_meet(place: Place) -> None:
    @pipeline
    def flow() -> Any:
        early = double.named("double-2")(100)
        return [early, double(1), double(2), double.named("double-2")(3), each(double, [4])]

    result = place.run(flow)
    assert dict(result.outputs) == {"result": [200, 2, 4, 6, [8]]}
    assert set(place.status(result.run.id)) == {"double-2", "double", "double-3", "double-2-2", "double-4[0]"}


@pytest.mark.parametrize("name", ["double[0]", "a/b", "half \udcff", "line\n"])
def test_a_name_that_would_be_read_as_another_is_refused(name: str) -> None:
    with raised(PipelineError, f"step {name!r}"):
        double.named(name)


def test_what_nothing_can_be_decided_on_is_said(place: Place) -> None:
    @step
    def table() -> Any:
        return pl.DataFrame({"a": [1]})

    @pipeline
    def flow() -> Any:
        return when(table(), lambda: numbers(1))

    with raised(PipelineError, "when() on table"):
        place.run(flow)
    assert place.store.runs.page()[0].status == "failed"


@pytest.mark.parametrize(
    "version,kind,named",
    [
        (lambda ctx, arguments: 1 // 0, StepFailed, "ZeroDivisionError"),
        (lambda ctx, arguments: object(), PipelineError, "object"),
        (lambda ctx, arguments: float("nan"), PipelineError, "nan"),
    ],
)
def test_a_version_that_cannot_be_had_is_said(place: Place, version: Any, kind: Any, named: str) -> None:
    @step(version=version)
    def look() -> int:
        return 1

    with raised(kind, "version= of step look") as caught:
        place.run(pipeline(lambda: look(), name="flow"))
    assert named in caught.value.message
    assert place.store.runs.page()[0].status == "failed"


def test_parameters_of_a_pipeline_are_checked(place: Place) -> None:
    with raised(PipelineError, "pipeline mapped"):
        place.run(mapped, {"bye": 1})
    with raised(PipelineError, "pipeline mapped.n"):
        place.run(mapped, {"n": object()})
    for wrong in (float("nan"), float("-inf"), "half \udcff", {"half \udcff": 1}):
        with raised(PipelineError, "pipeline mapped.n"):
            place.run(mapped, {"n": [wrong]})


@pytest.mark.parametrize("options", [{"impure": "x", "version": "1"}, {"retry": (OSError,), "attempts": 0}])
def test_options_that_contradict_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(PipelineError):
        step(**options)(lambda: 1)


def test_steps_name_their_parameters() -> None:
    with raised(PipelineError, "step '<lambda>'", hint=False):
        step(lambda *args: 1)
