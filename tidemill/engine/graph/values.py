"""Values between steps: kept ones by digest, plain ones as they are, and those of steps that were skipped."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from tidemill.engine.graph.nodes import INPUT, Choice, Definition, Node, Out, Tree, calls_in, check_plain
from tidemill.errors import PipelineError
from tidemill.store.artifacts import codecs
from tidemill.store.artifacts.base import ArtifactStore
from tidemill.types import JsonObject


class Kept(NamedTuple):
    """An artifact."""

    digest: str
    codec: str
    size: int


class Plain(NamedTuple):
    """A JSON value."""

    value: Any


class Skipped:
    """The value of a step that did not run."""


SKIPPED = Skipped()
Slot = Any
"""Kept, Plain, Skipped, or lists and dicts of slots."""


class Named(list[Slot]):
    """Slots of several outputs in their order."""

    def __init__(self, names: tuple[str, ...], slots: list[Slot]) -> None:
        super().__init__(slots)
        self.names = names

    def output(self, name: str) -> Slot:
        return self[self.names.index(name)]


class Values:
    """What the calls of one run have given so far."""

    def __init__(self, artifacts: ArtifactStore) -> None:
        self._artifacts = artifacts
        self._slots: dict[str, Slot] = {}

    def set(self, call: str, slot: Slot) -> None:
        self._slots[call] = slot

    def slot(self, tree: Tree) -> Slot:
        """The tree with slots for its nodes."""
        if isinstance(tree, Out):
            whole = self._slots[tree.call.name]
            return whole.output(tree.output) if tree.output and isinstance(whole, Named) else whole
        if isinstance(tree, Choice):
            return self.slot(tree.then if self.truth(tree.condition) else tree.otherwise)
        if isinstance(tree, (list, tuple)):
            return [self.slot(part) for part in tree]
        if isinstance(tree, dict):
            return {key: self.slot(part) for key, part in tree.items()}
        return Plain(tree)

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
        if isinstance(slot, Kept):
            return codecs.load(self._artifacts, slot.digest, slot.codec)
        if isinstance(slot, Plain):
            return slot.value
        if isinstance(slot, list):
            return [self.load(part) for part in slot]
        if isinstance(slot, dict):
            return {key: self.load(part) for key, part in slot.items()}
        return None

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
    if isinstance(slot, list):
        return any(any_skipped(part) for part in slot)
    if isinstance(slot, dict):
        return any(any_skipped(part) for part in slot.values())
    return isinstance(slot, Skipped)


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
    if definition.outputs:
        return Named(definition.outputs, [kept[name] for name in definition.outputs])
    return kept["result"]


def digests(slot: Slot) -> Any:
    """Digests in the shape of the slot; a plain value as it is, None for a skipped one."""
    if isinstance(slot, Kept):
        return slot.digest
    if isinstance(slot, list):
        return [digests(part) for part in slot]
    if isinstance(slot, dict):
        return {key: digests(part) for key, part in slot.items()}
    return slot.value if isinstance(slot, Plain) else None


class Outputs(Mapping[str, Any]):
    """A run's results by name, read (and verified) when asked for."""

    def __init__(self, values: Values, slots: dict[str, Slot]) -> None:
        self._values, self._slots = values, slots

    @property
    def digests(self) -> JsonObject:
        """Digests by name, lists of them for a step done `each`."""
        return {name: digests(slot) for name, slot in self._slots.items()}

    def __getitem__(self, name: str) -> Any:
        return self._values.load(self._slots[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self._slots)

    def __len__(self) -> int:
        return len(self._slots)
