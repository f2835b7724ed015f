"""`step`: a plain typed function whose results are kept, reused and traced."""

from __future__ import annotations

import copy
import dataclasses
import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, ParamSpec, TypeVar, overload

from tidemill.engine.graph.nodes import Definition, Tree, Version, tracing
from tidemill.errors import PipelineError
from tidemill.types import parse_span

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
    isolate: bool = False,
    impure: str = "",
    version: Version | None = None,
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
    isolate: bool = False,
    impure: str = "",
    version: Version | None = None,
) -> Any:
    """Make a step of a function. Its result is kept and reused while its fingerprint stays the same.

    - ``outputs``: names of several results (the function returns a tuple in this order, or a dict by name).
    - ``retry``, ``attempts``, ``backoff``: for these exceptions only; the wait doubles each time.
    - ``timeout`` (``"20 s"``): runs in a child process that is killed at the limit. ``isolate``: a child without limit.
    - What the fingerprint cannot see (files, clock, network …) makes a step impure: seen, recorded, and the result not
      reused by later runs. Two ways to say that it is meant:
      ``impure="why"``: it always runs. ``version=``: it is reused while this stays the same; a text, or a function
      ``(ctx, arguments) -> JSON`` of what the step depends on outside, such as a dataset's digest.
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
            isolate=isolate or bool(timeout),
            impure=impure,
            version=version,
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
