"""The gates there are: a table with one entry a gate, open to other packages by the entry points of ``tidemill.gates``.

Adding one is a class and an entry in `OWN`, or one in a package's own metadata. Each says itself which candidates it is for.
What ``[gates.NAME]`` may say for a supplied one is a `Section` of its package, under the same name in the entry points of
``tidemill.gate_settings``: decoded strictly with the file, and given by `GateContext.settings`.
"""

from __future__ import annotations

from importlib.metadata import entry_points

from tidemill.release.gates.infrastructure import Infrastructure, Latency
from tidemill.release.gates.port import Gate, GateContext
from tidemill.release.gates.quality import Baseline, Method, Refit

OWN: tuple[Gate, ...] = (Infrastructure(), Latency(), Refit(), Method(), Baseline())


def gates_of(context: GateContext) -> list[Gate]:
    """Those that this candidate has to pass: Tidemill's own in their order, then supplied ones by name."""
    points = sorted(entry_points(group="tidemill.gates"), key=lambda point: point.name)
    return [gate for gate in (*OWN, *(point.load()() for point in points)) if gate.applies(context)]
