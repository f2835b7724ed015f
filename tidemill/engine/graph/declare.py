"""`step`, `pipeline`, `each` and `when`: calling steps draws a graph.

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

import copy
import dataclasses
import functools
import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Generic, ParamSpec, TypeVar, cast, overload

from tidemill.config.amounts import some_memory
from tidemill.engine.graph.nodes import Choice, Definition, Graph, Node, Tree, Version, check_plain, tracing
from tidemill.engine.raised import named, placed
from tidemill.errors import PipelineError, TidemillError
from tidemill.process.memory import machine_memory
from tidemill.types import JsonObject, did_you_mean, parse_span

P = ParamSpec("P")
R = TypeVar("R")


class StepFunction(Generic[P, R]):
    """What `step` makes of a function. Inside a pipeline that is traced a call is a node; elsewhere it runs."""

    def __init__(self, fn: Callable[P, R], definition: Definition) -> None:
        self.fn, self.definition = fn, definition
        functools.update_wrapper(self, fn)
        _check(definition)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        graph = tracing.get()
        if graph is None:
            return self.fn(*args, **kwargs)
        node: Any = graph.add(self.definition, self.bind(args, kwargs))
        return node  # type: ignore[no-any-return]

    def named(self, name: str) -> StepFunction[P, R]:
        """The same step under another name in the graph. Raises PipelineError for one with ``[`` or ``/``."""
        other = copy.copy(self)
        other.definition = dataclasses.replace(self.definition, name=name)
        _check(other.definition)
        return other

    def bind(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> dict[str, Tree]:
        """Arguments by parameter, defaults filled in. Raises PipelineError."""
        signature, place = self.definition.signature, f"step {self.definition.name}"
        try:
            bound = signature.bind(*args, **kwargs)
        except TypeError as exc:
            raise PipelineError(str(exc), place=place, hint=f"it takes {signature}") from exc
        bound.apply_defaults()
        return dict(bound.arguments)


@overload
def step(fn: Callable[P, R], /) -> StepFunction[P, R]: ...
@overload
def step(
    *,
    name: str = "",
    outputs: Sequence[str] = (),
    retry: Sequence[type[BaseException]] = (),
    attempts: int = 3,
    backoff: str = "1 s",
    timeout: str = "",
    memory: str = "",
    isolate: bool = False,
    impure: str = "",
    version: Version | None = None,
    gpus: int = 0,
    cpus: int = 1,
) -> Callable[[Callable[P, R]], StepFunction[P, R]]: ...
def step(
    fn: Callable[P, R] | None = None,
    /,
    *,
    name: str = "",
    outputs: Sequence[str] = (),
    retry: Sequence[type[BaseException]] = (),
    attempts: int = 3,
    backoff: str = "1 s",
    timeout: str = "",
    memory: str = "",
    isolate: bool = False,
    impure: str = "",
    version: Version | None = None,
    gpus: int = 0,
    cpus: int = 1,
) -> Any:
    """Make a step of a function. Its result is kept and reused while its fingerprint stays the same.

    - ``outputs``: names of several results (the function returns a tuple in this order, or a dict by name).
    - ``retry``, ``attempts``, ``backoff``: for these exceptions only; the wait doubles each time.
    - ``timeout`` (``"20 s"``), ``memory`` (``"2 GB"``, or a share of the machine's): runs in a child process that is killed at
      the limit, or cannot take more. ``isolate``: a child without limit.
    - What the fingerprint cannot see (files, clock, network …) makes a step impure: seen, recorded, and the result not
      reused by later runs. Two ways to say that it is meant:
      ``impure="why"``: it always runs. ``version=``: it is reused while this stays the same; a text, or a function
      ``(ctx, arguments) -> JSON`` of what the step depends on outside, such as a dataset's digest.
    - ``gpus``: so many must be there, else the step fails before it begins; part of the fingerprint.
    - ``cpus``: cores that it uses: so many fewer steps run beside it. A cluster keeps cpus, memory and gpus for it.
    - A parameter annotated `Context` (or named ``ctx``) is given by the engine and is no part of the fingerprint.
    """

    def make(function: Callable[..., Any]) -> StepFunction[..., Any]:
        signature, context = _signature(function)
        definition = Definition(
            fn=function,
            name=name or function.__name__,
            signature=signature,
            context=context,
            outputs=tuple(outputs),
            retry=tuple(retry),
            attempts=attempts if retry else 1,
            backoff=parse_span(backoff),
            timeout=parse_span(timeout) if timeout else None,
            memory=some_memory(memory, machine_memory()) if memory else None,
            isolate=isolate or bool(timeout or memory),
            impure=impure,
            version=version,
            gpus=gpus,
            cpus=cpus,
        )
        return StepFunction(function, definition)

    return make(fn) if fn is not None else make


def _check(definition: Definition) -> None:
    place, parameters = f"step {definition.name!a:.100}", definition.signature.parameters.values()
    if not definition.name.isprintable() or set(definition.name) & set("[]/"):
        raise PipelineError("a step's name has no '[', ']' or '/': they name its parts", place=place, hint="use '-'")
    if any(p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD, p.POSITIONAL_ONLY) for p in parameters):
        raise PipelineError("a step names its parameters: no *args, **kwargs or '/'", place=place)
    if inspect.iscoroutinefunction(definition.fn) or inspect.isgeneratorfunction(definition.fn):
        raise PipelineError("a step is a plain function that returns its value", place=place)
    if definition.impure and definition.version is not None:
        raise PipelineError("impure= says never reuse, version= says when to; give one", place=place)
    if definition.gpus < 0:
        raise PipelineError("gpus counts GPUs", place=place, hint="gpus=1")
    if definition.cpus < 1:
        raise PipelineError("cpus counts cores", place=place, hint="cpus=2")
    if definition.attempts < 1:
        raise PipelineError("attempts counts the first one too", place=place, hint="attempts=3")


def _signature(fn: Callable[..., Any]) -> tuple[inspect.Signature, str]:
    """The signature without the `Context` parameter, and that parameter's name or ""."""
    signature = inspect.signature(fn)
    context = next((n for n, p in signature.parameters.items() if _is_context(p)), "")
    kept = [p for n, p in signature.parameters.items() if n != context]
    return signature.replace(parameters=kept, return_annotation=signature.empty), context


def _is_context(parameter: inspect.Parameter) -> bool:
    annotation = parameter.annotation
    name = annotation.rpartition(".")[2] if isinstance(annotation, str) else getattr(annotation, "__name__", "")
    return parameter.name == "ctx" or name == "Context"


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
    check_plain(outputs, f"pipeline {name}, its result")
    return outputs
