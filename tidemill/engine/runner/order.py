"""Which steps may begin: each call once all that it takes values from is settled."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from tidemill.engine.graph.nodes import Call, Graph
from tidemill.engine.graph.values import SKIPPED, Slot, Values


@dataclass(frozen=True)
class Unit:
    """One step of the run: a call, or one item of a call that is done each."""

    call: Call
    name: str
    item: int | None = None
    slot: Slot = None


class Order:
    """Follows a graph as its steps are settled; ``ready`` holds the units that may begin."""

    def __init__(self, graph: Graph, values: Values) -> None:
        self.ready: deque[Unit] = deque()
        self._graph, self._values = graph, values
        self._waiting = {call.name: set(call.waits_for) for call in graph.calls}
        self._followers: dict[str, list[Call]] = {}
        for call in graph.calls:
            for name in self._waiting[call.name]:
                self._followers.setdefault(name, []).append(call)
        self._units: dict[str, list[Unit]] = {}
        self._slots: dict[str, list[Slot]] = {}
        self._left: dict[str, int] = {}  # units of a call that are still to be settled
        self._open: dict[str, Unit] = {}

    def begin(self) -> None:
        """Open what waits for nothing."""
        for call in self._graph.calls:
            if not self._waiting[call.name]:
                self._open_call(call)

    def settle(self, unit: Unit, slot: Slot) -> None:
        """The unit has given this; what waited for it alone becomes ready."""
        call = unit.call
        self._slots[call.name][unit.item or 0] = slot
        self._left[call.name] -= 1
        del self._open[unit.name]
        if not self._left[call.name]:
            slots = self._slots[call.name]
            self._close_call(call, slots[0] if unit.item is None else slots)

    def after(self, call: Call) -> tuple[str, ...]:
        """Names of the steps that a call waits for; of a call done each, those of its items once they are known."""
        return tuple(
            unit
            for name in call.waits_for
            for unit in ([u.name for u in self._units[name]] if name in self._units else [name])
        )

    def unsettled(self) -> Iterator[Unit]:
        """Units that were not settled, and calls that were never opened."""
        yield from self._open.values()
        for call in self._graph.calls:
            if call.name not in self._units:
                yield Unit(call, call.name)

    def _open_call(self, call: Call) -> None:
        units = self._units_of(call)
        self._units[call.name] = units
        self._slots[call.name], self._left[call.name] = [SKIPPED] * len(units), len(units)
        self._open.update((unit.name, unit) for unit in units)
        self.ready.extend(units)
        if not units:
            self._close_call(call, [])

    def _units_of(self, call: Call) -> list[Unit]:
        """One unit, or one for each item; one where it is unknown what the items would have been."""
        if not call.over:
            return [Unit(call, call.name)]
        slot = self._values.slot(call.arguments[call.over])
        if slot is SKIPPED:
            return [Unit(call, call.name, None, SKIPPED)]
        items = self._values.items(slot, f"step {call.name}")
        return [Unit(call, f"{call.name}[{i}]", i, item) for i, item in enumerate(items)]

    def _close_call(self, call: Call, slot: Slot) -> None:
        self._values.set(call.name, slot)
        for follower in self._followers.get(call.name, []):
            self._waiting[follower.name].discard(call.name)
            if not self._waiting[follower.name]:
                self._open_call(follower)
