"""Which steps may begin: each call once all that it takes values from is settled."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from graphlib import TopologicalSorter

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
        self._values, self._calls = values, {call.name: call for call in graph.calls}
        self._sorter = TopologicalSorter({call.name: call.waits_for for call in graph.calls})
        self._sorter.prepare()
        self._units: dict[str, list[Unit]] = {}  # of the calls that were opened
        self._slots: dict[str, Slot] = {}  # of the units that are settled
        self._left: dict[str, int] = {}  # units of a call that are still to be settled

    def open(self) -> None:
        """Open the calls that wait for nothing any more."""
        while names := self._sorter.get_ready():
            for name in names:
                units = self._units[name] = self._units_of(self._calls[name])
                self._left[name] = len(units)
                self.ready.extend(units)
                if not units:
                    self._close(name, [])

    def settle(self, unit: Unit, slot: Slot) -> None:
        """The unit has given this; what waited for it alone becomes ready."""
        self._slots[unit.name] = slot
        name = unit.call.name
        self._left[name] -= 1
        if not self._left[name]:
            self._close(name, slot if unit.item is None else [self._slots[each.name] for each in self._units[name]])
            self.open()

    def after(self, call: Call) -> tuple[str, ...]:
        """Names of the steps that a call waits for; of a call done each, those of its items once they are known."""
        return tuple(
            unit
            for name in call.waits_for
            for unit in ([u.name for u in self._units[name]] if name in self._units else [name])
        )

    def unsettled(self) -> Iterator[Unit]:
        """Units that were not settled, and calls that were never opened."""
        for call in self._calls.values():
            for unit in self._units.get(call.name, [Unit(call, call.name)]):
                if unit.name not in self._slots:
                    yield unit

    def _units_of(self, call: Call) -> list[Unit]:
        """One unit, or one for each item; one where it is unknown what the items would have been."""
        if not call.over:
            return [Unit(call, call.name)]
        slot = self._values.slot(call.arguments[call.over])
        if slot is SKIPPED:
            return [Unit(call, call.name, None, SKIPPED)]
        items = self._values.items(slot, f"step {call.name}")
        return [Unit(call, f"{call.name}[{i}]", i, item) for i, item in enumerate(items)]

    def _close(self, name: str, slot: Slot) -> None:
        self._values.set(name, slot)
        self._sorter.done(name)
