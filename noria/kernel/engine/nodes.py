"""The graph that tracing a pipeline draws: definitions of steps, calls of them, and values that are not there yet."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from noria.errors import PipelineError
from noria.types import Json, Micros, did_you_mean

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
    isolate: bool = False
    impure: str = ""
    version: Version | None = None


class Node:
    """A value that a step will make. While tracing nobody can look into it."""

    __slots__ = ()

    def __bool__(self) -> bool:
        raise PipelineError(
            "this value is not there yet, so nothing can be decided on it",
            way_out="when(value, lambda: ..., lambda: ...) decides when it is there",
        )

    def __iter__(self) -> Iterator[Any]:
        raise PipelineError(
            "this value is not there yet, so nothing can go over it",
            way_out="each(step, value) does when it is there; or declare @step(outputs=('train', 'test'))",
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

    def __getattr__(self, name: str) -> Out:
        if name.startswith("__"):
            raise AttributeError(name)
        if self.output or name not in self.call.step.outputs:
            known = self.call.step.outputs
            raise PipelineError(
                f"no output {name!r}",
                place=f"step {self.call.name}",
                way_out=did_you_mean(name, known) if known else "name its outputs: @step(outputs=(...))",
            )
        return Out(self.call, name)


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
    taken: dict[str, int] = field(default_factory=dict)

    def add(self, step: Definition, arguments: dict[str, Tree], over: str = "") -> Out:
        for name, tree in arguments.items():
            check_plain(tree, f"step {step.name}, parameter {name}")
        count = self.taken[step.name] = self.taken.get(step.name, 0) + 1
        name = step.name if count == 1 else f"{step.name}-{count}"
        call = Call(name, step, arguments, self.guards, over, len(self.calls))
        self.calls.append(call)
        return Out(call)


def calls_in(tree: Tree) -> Iterator[str]:
    """Names of the calls that a tree takes values from."""
    if isinstance(tree, Out):
        yield tree.call.name
    elif isinstance(tree, Choice):
        for part in (tree.condition, tree.then, tree.otherwise):
            yield from calls_in(part)
    elif isinstance(tree, dict):
        for part in tree.values():
            yield from calls_in(part)
    elif isinstance(tree, (list, tuple)):
        for part in tree:
            yield from calls_in(part)


def check_plain(tree: Tree, place: str) -> None:
    """Raises PipelineError unless the tree is JSON (tuples may stand for lists) and nodes."""
    if tree is None or isinstance(tree, (bool, int, float, str, Node)):
        return
    if isinstance(tree, (list, tuple)):
        for part in tree:
            check_plain(part, place)
    elif isinstance(tree, dict) and all(isinstance(k, str) for k in tree) and INPUT not in tree:
        for key, part in tree.items():
            check_plain(part, f"{place}.{key}")
    else:
        raise PipelineError(
            f"a {type(tree).__qualname__} cannot be a parameter",
            place=place,
            way_out="pass JSON values and what steps return; project things come by a parameter annotated Context",
        )


tracing: ContextVar[Graph | None] = ContextVar("noria_tracing", default=None)
"""The graph that is being drawn in this context."""
