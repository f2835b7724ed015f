"""`pipeline`, `each` and `when`: calling steps draws a graph.

    @step
    def load(days: int) -> Table: ...

    @step(retry=(ConnectionError,), attempts=3, timeout="20 s")
    def score(part: int, table: Table, ctx: Context) -> dict[str, float]: ...

    @pipeline
    def nightly(days: int = 28) -> dict[str, Any]:
        table = load(days)
        scores = each(score, [1, 2, 3], table=table)      # steps score[0], score[1], score[2]
        return {"best": when(good(scores), lambda: publish(scores), lambda: keep())}

Called outside the engine all of it is plain Python, so that steps and pipelines can be tested as such.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Generic, ParamSpec, TypeVar, cast, overload

from tidemill.engine.graph.nodes import Choice, Graph, Node, Tree, check_plain, tracing
from tidemill.engine.graph.steps import StepFunction
from tidemill.engine.raised import named, placed
from tidemill.errors import PipelineError, TidemillError
from tidemill.types import JsonObject, did_you_mean

P = ParamSpec("P")
R = TypeVar("R")


class Pipeline(Generic[P, R]):
    """What `pipeline` makes of a function that calls steps."""

    def __init__(self, fn: Callable[P, R], name: str = "") -> None:
        self.fn, self.name = fn, name or fn.__name__
        functools.update_wrapper(self, fn)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Inside another pipeline its steps join that one; elsewhere it is the plain function."""
        return self.fn(*args, **kwargs)

    def parameters(self, given: Mapping[str, Any]) -> JsonObject:
        """All parameters, defaults filled in. Raises PipelineError for one that is missing or unknown."""
        signature = inspect.signature(self.fn)
        if wrong := next((k for k in given if k not in signature.parameters), None):
            raise PipelineError(
                f"no parameter {wrong!r}",
                place=f"pipeline {self.name}",
                hint=did_you_mean(wrong, signature.parameters) if signature.parameters else "it has none",
            )
        try:
            bound = signature.bind(**given)
        except TypeError as exc:
            raise PipelineError(str(exc), place=f"pipeline {self.name}", hint=f"it takes {signature}") from exc
        bound.apply_defaults()
        check_plain(dict(bound.arguments), f"pipeline {self.name}")
        return dict(bound.arguments)

    def trace(self, params: Mapping[str, Any]) -> Graph:
        """The graph that these parameters draw. Raises PipelineError, and what Tidemill itself raises in its body."""
        graph, fn, given = Graph(self.name), cast("Callable[..., Any]", self.fn), self.parameters(params)
        token = tracing.set(graph)
        try:
            returned = fn(**given)
        except TidemillError as exc:
            exc.place = exc.place or placed(exc, f"pipeline {self.name}")
            raise
        except (Exception, SystemExit) as exc:
            place, hint = (
                placed(exc, f"pipeline {self.name}"),
                "mend it; what needs a step's value belongs in a step",
            )
            raise PipelineError(named(exc), place=place, hint=hint) from exc
        finally:
            tracing.reset(token)
        graph.outputs = _named_outputs(returned, self.name)
        return graph


@overload
def pipeline(fn: Callable[P, R], /) -> Pipeline[P, R]: ...
@overload
def pipeline(*, name: str = "") -> Callable[[Callable[P, R]], Pipeline[P, R]]: ...
def pipeline(fn: Callable[P, R] | None = None, /, *, name: str = "") -> Any:
    """Make a pipeline of a function that calls steps and returns a dict of results, one result, or nothing."""
    return Pipeline(fn, name) if fn is not None else lambda f: Pipeline(f, name)


def each(step: Callable[..., R], items: Iterable[Any], **fixed: Any) -> list[R]:
    """The step once for each item (a list, or what a step gives as one); an item goes to its first free parameter.

    Called outside a pipeline it is ``[step(item, **fixed) for item in items]``.
    """
    graph = tracing.get()
    if graph is None:
        return [step(item, **fixed) for item in items]
    if not isinstance(step, StepFunction):
        raise PipelineError(f"each() takes a step, not {step!r}", hint="decorate it with @step")
    over = next((n for n in step.definition.signature.parameters if n not in fixed), "")
    if not over:
        raise PipelineError("no parameter is left for the items", place=f"step {step.definition.name}")
    listed = items if isinstance(items, Node) else list(items)
    node: Any = graph.add(step.definition, {**step.bind((), {**fixed, over: None}), over: listed}, over)
    return node  # type: ignore[no-any-return]


def when(condition: Any, then: Callable[[], R], otherwise: Callable[[], R] | None = None) -> R | None:
    """What one of the branches gives, chosen when the condition's value is there; steps of the other are skipped."""
    graph = tracing.get()
    if graph is None or not isinstance(condition, Node):
        return then() if condition else otherwise() if otherwise else None
    outer, branches = graph.guards, []
    for branch, wanted in ((then, True), (otherwise, False)):
        graph.guards = (*outer, (condition, wanted))
        try:
            branches.append(branch() if branch else None)
        finally:
            graph.guards = outer
    node: Any = Choice(condition, *branches)
    return node  # type: ignore[no-any-return]


def _named_outputs(returned: Any, name: str) -> dict[str, Tree]:
    if returned is None:
        return {}
    outputs = returned if isinstance(returned, dict) else {"result": returned}
    try:
        check_plain(outputs, "its result")
    except TidemillError as exc:
        raise PipelineError(exc.message, place=f"pipeline {name}", hint="return nodes and JSON values") from exc
    return outputs
