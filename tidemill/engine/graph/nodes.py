"""The graph that tracing a pipeline draws: definitions of steps, calls of them, and values that are not there yet."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from tidemill.errors import PipelineError
from tidemill.types import Json, Micros

Tree = Any
"""A plain value, a node, or lists and dicts of them."""

Version = str | Callable[[Any, Mapping[str, Any]], Json]
"""What stands in a fingerprint for what it cannot see: a text, or a function of (ctx, arguments)."""

INPUT = "$input"


@dataclass(frozen=True, eq=False)
class Definition:
    """What a step is, as `step` was told."""

    fn: Callable[..., Any]
    name: str
    signature: inspect.Signature  # without the Context parameter
    context: str  # name of the Context parameter, or ""
    outputs: tuple[str, ...] = ()
    retry: tuple[type[BaseException], ...] = ()
    attempts: int = 1
    backoff: Micros = 0
    timeout: Micros | None = None
    memory: int | None = None
    isolate: bool = False
    impure: str = ""
    version: Version | None = None
    gpus: int = 0
    cpus: int = 1


def _not_yet(what: str) -> Callable[..., Any]:
    """A method that refuses: what Python would make of a node is no value, and the graph would be silently wrong."""

    def refuse(self: Node, *args: Any) -> Any:
        raise PipelineError(f"this value is not there yet, so it cannot be {what}", hint="do it in a step")

    return refuse


class Node:
    """A value that a step will make. While tracing nobody can look into it, compare it or print it."""

    __slots__ = ()
    __hash__ = object.__hash__
    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = _not_yet("compared")
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = _not_yet(
        "reckoned with"
    )
    __floordiv__ = __rfloordiv__ = __mod__ = __rmod__ = __pow__ = __rpow__ = __matmul__ = __rmatmul__ = __add__
    __and__ = __rand__ = __or__ = __ror__ = __xor__ = __rxor__ = __lshift__ = __rlshift__ = __rshift__ = __add__
    __rrshift__ = __neg__ = __pos__ = __abs__ = __invert__ = __divmod__ = __rdivmod__ = __add__
    __int__ = __float__ = __complex__ = __index__ = __round__ = _not_yet("reckoned with")
    __str__ = __format__ = __bytes__ = _not_yet("put into a text")
    __getitem__ = __setitem__ = __delitem__ = __contains__ = __len__ = __reversed__ = _not_yet("looked into")
    __call__ = _not_yet("called")

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: a value that a step will make>"

    def __bool__(self) -> bool:
        raise PipelineError(
            "this value is not there yet, so nothing can be decided on it",
            hint="when(value, lambda: ..., lambda: ...) decides when it is there",
        )

    def __iter__(self) -> Iterator[Any]:
        raise PipelineError(
            "this value is not there yet, so nothing can go over it",
            hint="each(step, value) does when it is there; or declare @step(outputs=('train', 'test'))",
        )


class Out(Node):
    """What a call gives; ``output`` is "" for all of it."""

    __slots__ = ("call", "output")

    def __init__(self, call: Call, output: str = "") -> None:
        self.call, self.output = call, output

    def __iter__(self) -> Iterator[Any]:
        if self.output or not self.call.step.outputs or self.call.over:
            return super().__iter__()
        return iter([Out(self.call, name) for name in self.call.step.outputs])


class Choice(Node):
    """What one of two branches gives."""

    __slots__ = ("condition", "otherwise", "then")

    def __init__(self, condition: Tree, then: Tree, otherwise: Tree) -> None:
        self.condition, self.then, self.otherwise = condition, then, otherwise


@dataclass(frozen=True, eq=False)
class Call:
    """One step's call in a graph; with ``over`` it is done once an item, each item going to that parameter."""

    name: str
    step: Definition
    arguments: dict[str, Tree]
    guards: tuple[tuple[Node, bool], ...] = ()
    over: str = ""
    position: int = 0

    @cached_property
    def waits_for(self) -> tuple[str, ...]:
        """Names of the calls that have to be settled first."""
        found = dict.fromkeys(n for tree in self.arguments.values() for n in calls_in(tree))
        found.update(dict.fromkeys(n for guard, _ in self.guards for n in calls_in(guard)))
        return tuple(found)


@dataclass(eq=False)
class Graph:
    """The calls of a pipeline in the order they were made, and what it returns."""

    pipeline: str
    calls: list[Call] = field(default_factory=list)
    outputs: dict[str, Tree] = field(default_factory=dict)
    guards: tuple[tuple[Node, bool], ...] = ()
    taken: dict[str, int] = field(default_factory=dict)  # names, and how far their numbers have come

    def add(self, step: Definition, arguments: dict[str, Tree], over: str = "") -> Out:
        for name, tree in arguments.items():
            check_plain(tree, f"step {step.name}, parameter {name}")
        call = Call(self._free(step.name), step, arguments, self.guards, over, len(self.calls))
        self.calls.append(call)
        return Out(call)

    def _free(self, wanted: str) -> str:
        """The name, or with the first number that nobody has: ``load``, ``load-2`` …"""
        name, count = wanted, self.taken.setdefault(wanted, 0)
        while count and name in self.taken:
            count += 1
            name = f"{wanted}-{count}"
        self.taken[name], self.taken[wanted] = 1, max(count, 1)
        return name


def mapped(tree: Tree, change: Callable[[Any], Any]) -> Any:
    """The tree with its leaves changed; a tuple becomes a list, as it would be read back."""
    if isinstance(tree, (list, tuple)):
        return [mapped(part, change) for part in tree]
    if isinstance(tree, dict):
        return {key: mapped(part, change) for key, part in tree.items()}
    return change(tree)


def leaves(tree: Tree) -> Iterator[Any]:
    """All that is neither a list nor a dict."""
    if isinstance(tree, (list, tuple, dict)):
        for part in tree.values() if isinstance(tree, dict) else tree:
            yield from leaves(part)
    else:
        yield tree


def calls_in(tree: Tree) -> Iterator[str]:
    """Names of the calls that a tree takes values from."""
    for leaf in leaves(tree):
        if isinstance(leaf, Out):
            yield leaf.call.name
        elif isinstance(leaf, Choice):
            yield from calls_in([leaf.condition, leaf.then, leaf.otherwise])


def check_plain(tree: Tree, place: str) -> None:
    """Raises PipelineError unless the tree is JSON (tuples may stand for lists) and nodes."""
    if isinstance(tree, (float, str)):
        _check_sayable(tree, place)
    elif tree is None or isinstance(tree, (bool, int, Node)):
        return
    elif isinstance(tree, (list, tuple)):
        for part in tree:
            check_plain(part, place)
    elif isinstance(tree, dict) and all(isinstance(k, str) for k in tree) and INPUT not in tree:
        for key, part in tree.items():
            _check_sayable(key, place)
            check_plain(part, f"{place}.{key}")
    else:
        raise PipelineError(
            f"a {type(tree).__qualname__} cannot be a parameter",
            place=place,
            hint="pass JSON values and what steps return; project things come by a parameter annotated Context",
        )


def _check_sayable(value: float | str, place: str) -> None:
    if isinstance(value, float) and not math.isfinite(value):
        raise PipelineError(f"{value} cannot be a parameter", place=place, hint="None for what is not a number")
    if isinstance(value, str) and not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError as exc:
            raise PipelineError(
                f"{value!r} cannot be a parameter: it is no whole text",
                place=place,
                hint="pass text that UTF-8 can say",
            ) from exc


tracing: ContextVar[Graph | None] = ContextVar("tidemill_tracing", default=None)
"""The graph that is being drawn in this context."""
