"""Whether a dataset is as fresh as its contract promises: from its newest row, the contract and the clock, at any moment.

One function for everybody who tells of it: the page, `tidemill status`, `tidemill doctor`, the API and the loop. A source that dries up
brings no ingest to notice it, so nothing here waits for one. Of the contract only the promise is read: the server looks at it, too,
and loads nothing that checks rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from tidemill.data.contract.odcs import freshness_of, parse_document, read_text
from tidemill.errors import ContractError
from tidemill.types import Micros, to_iso

if TYPE_CHECKING:
    from tidemill.scope.project import Project


@dataclass(frozen=True, slots=True)
class Stale:
    """A promise that is broken: the newest row is older than the contract's freshness."""

    dataset: str
    version: int
    latest: Micros  # of the newest row
    since: Micros  # when the promise was broken
    late: Micros

    def __str__(self) -> str:
        return f"the newest row of {self.dataset} is of {to_iso(self.latest)}, stale since {to_iso(self.since)}"


def staleness(project: Project, dataset: str, now: Micros) -> Stale | None:
    """By how much the dataset breaks its contract's freshness now; None while it keeps it, or promises nothing.

    Raises ContractError when the contract cannot be read.
    """
    path = project.root / project.datasets[dataset].contract
    promised = _promise(read_text(path), f"{path.parent.name}/{path.name}")
    last = project.store.datasets.first(dataset=dataset)
    if promised is None or last is None or last.time_max is None or now - last.time_max <= promised:
        return None
    since = last.time_max + promised
    return Stale(dataset, last.version, last.time_max, since, now - since)


def complete_through(project: Project, dataset: str, now: Micros) -> Micros | None:
    """Until when the dataset's rows have come: no moment after it is judged as if nothing more would come. None: nothing has.

    ``[data.NAME] complete_after``, where it is said: that long before now. Else the newest row, for rows come in order
    of time, and none from the future; what comes late all the same is seen by its ingest.
    """
    after = project.datasets[dataset].complete_after
    if after is not None:
        return now - after
    last = project.store.datasets.first(dataset=dataset)
    return None if last is None or last.time_max is None else min(last.time_max, now)


@lru_cache(maxsize=64)
def _promise(text: str, name: str) -> Micros | None:
    return freshness_of(*parse_document(text, name))


def stale_now(project: Project, now: Micros) -> dict[str, str]:
    """Each dataset that is not as fresh as promised, in words; also one whose contract cannot be read, and so is not known to be."""
    found: dict[str, str] = {}
    for name in project.datasets:
        try:
            stale = staleness(project, name, now)
        except ContractError as exc:
            found[name] = str(exc)
        else:
            found |= {name: str(stale)} if stale else {}
    return found
