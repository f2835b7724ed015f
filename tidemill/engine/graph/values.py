"""Values between steps: kept ones by digest, plain ones as they are, and those of steps that were skipped."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tidemill.engine.graph.nodes import (
    INPUT,
    Choice,
    Definition,
    Node,
    Out,
    Tree,
    calls_in,
    check_plain,
    leaves,
    mapped,
)
from tidemill.errors import PipelineError
from tidemill.store.artifacts import codecs
from tidemill.store.artifacts.port import Artifacts
from tidemill.types import JsonObject


@dataclass(frozen=True, slots=True)
class Kept:
    """An artifact."""

    digest: str
    codec: str
    size: int


@dataclass(frozen=True, slots=True)
class Plain:
    """A JSON value."""

    value: Any


class Skipped:
    """The value of a step that did not run."""


SKIPPED = Skipped()
Slot = Any
"""Kept, Plain, Skipped, or lists and dicts of slots; of several outputs a list in their order."""


class Values:
    """What the calls of one run have given so far."""

    def __init__(self, artifacts: Artifacts) -> None:
        self._artifacts = artifacts
        self._slots: dict[str, Slot] = {}

    def set(self, call: str, slot: Slot) -> None:
        self._slots[call] = slot

    def slot(self, tree: Tree) -> Slot:
        """The tree with slots for its nodes."""
        return mapped(tree, self._slot_of)

    def _slot_of(self, leaf: Tree) -> Slot:
        if isinstance(leaf, Choice):
            return self.slot(leaf.then if self.truth(leaf.condition) else leaf.otherwise)
        if not isinstance(leaf, Out):
            return Plain(leaf)
        whole, names = self._slots[leaf.call.name], leaf.call.step.outputs
        is_part = leaf.output and not leaf.call.over and whole is not SKIPPED
        return whole[names.index(leaf.output)] if is_part else whole

    def truth(self, node: Node) -> bool:
        """Whether a condition holds; that of a skipped step does not. Raises PipelineError for a table and the like."""
        slot = self.slot(node)
        if isinstance(slot, Skipped):
            return False
        value = self.load(slot)
        try:
            return bool(value)
        except Exception as exc:
            raise PipelineError(
                f"nothing can be decided on a {type(value).__qualname__}: {exc}",
                place=f"when() on {', '.join(calls_in(node))}",
                hint="decide in a step that returns True or False",
            ) from exc

    def load(self, slot: Slot) -> Any:
        """The value of a slot, read from the store; None for a skipped one."""
        return mapped(slot, self._value_of)

    def _value_of(self, leaf: Slot) -> Any:
        if isinstance(leaf, Kept):
            return codecs.load(self._artifacts, leaf.digest, leaf.codec)
        return leaf.value if isinstance(leaf, Plain) else None

    def items(self, slot: Slot, place: str) -> list[Slot]:
        """A slot as a list of slots, one an item. Raises PipelineError when it is no list."""
        if isinstance(slot, list):
            return slot
        value = self.load(slot)
        if not isinstance(value, list):
            raise PipelineError(f"each() goes over a list, not a {type(value).__name__}", place=place)
        return [Plain(item) for item in value]


def described(slot: Slot, name: str, inputs: dict[str, Kept]) -> Any:
    """JSON of an argument; artifacts in it are put into ``inputs`` and stand as {"$input": name}."""
    if isinstance(slot, Kept):
        inputs[name] = slot
        return {INPUT: name}
    if isinstance(slot, list):
        return [described(part, f"{name}[{i}]", inputs) for i, part in enumerate(slot)]
    if isinstance(slot, dict):
        return {key: described(part, f"{name}.{key}", inputs) for key, part in slot.items()}
    check_plain(slot.value, name)
    return slot.value


def filled(tree: Any, read: Callable[[str], Any]) -> Any:
    """The argument again, ``read(name)`` standing for {"$input": name}."""
    if isinstance(tree, list):
        return [filled(part, read) for part in tree]
    if isinstance(tree, dict):
        if INPUT in tree:
            return read(tree[INPUT])
        return {key: filled(part, read) for key, part in tree.items()}
    return tree


def any_skipped(slot: Slot) -> bool:
    return any(leaf is SKIPPED for leaf in leaves(slot))


def split_outputs(definition: Definition, value: Any) -> dict[str, Any]:
    """What the function returned, by output name ("result" when there is one). Raises PipelineError."""
    names = definition.outputs
    if not names:
        return {"result": value}
    if isinstance(value, Mapping) and set(value) == set(names):
        return {name: value[name] for name in names}
    if isinstance(value, (tuple, list)) and len(value) == len(names):
        return dict(zip(names, value))
    raise PipelineError(
        f"the step says it gives {', '.join(names)}, but returned something else",
        place=f"step {definition.name}",
        hint=f"return a tuple of {len(names)} or a dict with these names",
    )


def slot_of_outputs(definition: Definition, outputs: Mapping[str, JsonObject]) -> Slot:
    """The slot of a finished step from its record."""
    kept = {name: Kept(o["digest"], o["codec"], o["bytes"]) for name, o in outputs.items()}
    return [kept[name] for name in definition.outputs] if definition.outputs else kept["result"]


class Outputs(Mapping[str, Any]):
    """A run's results by name, read (and verified) when asked for."""

    def __init__(self, values: Values, slots: dict[str, Slot]) -> None:
        self._values, self._slots = values, slots

    @property
    def digests(self) -> JsonObject:
        """Digests by name, lists of them for a step done `each`; a plain value as it is, None for a skipped one."""
        return {name: mapped(slot, _digest_of) for name, slot in self._slots.items()}

    def __getitem__(self, name: str) -> Any:
        return self._values.load(self._slots[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self._slots)

    def __len__(self) -> int:
        return len(self._slots)


def _digest_of(leaf: Slot) -> Any:
    if isinstance(leaf, Kept):
        return leaf.digest
    return leaf.value if isinstance(leaf, Plain) else None
