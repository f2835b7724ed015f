"""Which columns drift looks at, and why it does not look at the others: said by status, doctor and the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tidemill.ops.snapshot import Snapshot
from tidemill.store.payloads import DriftWindow

FEW = 12
"""Names in a line."""


@dataclass(frozen=True, slots=True)
class Watched:
    """The columns, and of those that are not watched why."""

    columns: tuple[str, ...] = ()
    skipped: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        """In a line, as far as one goes.

        >>> str(Watched(("price",), {"day": "the time"}))
        'watched: price; not watched: day (the time)'
        """
        skipped = [f"{name} ({why})" for name, why in self.skipped.items()]
        named = (("watched", self.columns), ("not watched", skipped))
        return "; ".join(f"{what}: {_few(names)}" for what, names in named if names) or "no window yet"


def watched(at: Snapshot) -> Watched:
    """As the latest window of drift that had rows has them, else the latest."""
    found = [w.data for w in reversed(at.windows("drift")) if isinstance(w.data, DriftWindow)]
    data = next((data for data in found if data.columns), found[0] if found else None)
    return Watched(tuple(data.columns), data.skipped) if data else Watched()


def _few(names: Sequence[str]) -> str:
    more = len(names) - FEW
    return ", ".join(names[:FEW]) + (f" and {more} more" if more > 0 else "")
