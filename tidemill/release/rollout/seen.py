"""Who was answered by a release: counted once when it was taken back or halted, and listed as long as the log keeps it."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import replace
from hashlib import blake2b
from typing import TYPE_CHECKING

from tidemill.store.payloads import Saw
from tidemill.store.records import Release, Tx
from tidemill.types import SECOND, Micros

if TYPE_CHECKING:
    from tidemill.scope.project import Endpoint
    from tidemill.store.sql.predictions import Given

ENDED = ("rolled_back", "halted")
SETTLED: Micros = 10 * SECOND
"""So long after its end every answer is in the log that a scorer had begun before it switched: its lease is no longer."""
_KEPT = 1 << 20  # subjects that are told apart at a time


def seen_by(scope: Endpoint, release: Release) -> Iterator[Given]:
    """Each answer that it gave, oldest first, read as they are asked for."""
    since = release.created if release.started is None else min(release.created, release.started)
    until = max(scope.clock.now(), release.ended or 0) + SETTLED
    return scope.live.predictions.answers_of(release.id, **scope.here, since=since, until=until)


def count(scope: Endpoint, release: Release) -> Saw:
    """How many requests, of how many subjects, from when to when: 8 bytes of memory for each subject."""
    n = nobody = 0
    first: Micros | None = None
    last: Micros | None = None
    subjects, fresh = array("Q"), set[int]()
    for one in seen_by(scope, release):
        n, last = n + 1, one.at
        first = one.at if first is None else first
        if not one.subject:
            nobody += 1
            continue
        fresh.add(int.from_bytes(blake2b(one.subject.encode(), digest_size=8).digest()))
        if len(fresh) >= _KEPT:
            subjects, fresh = _merged(subjects, fresh), set()
    began = release.created if release.started is None else release.started
    whole = scope.project.kept_since <= began
    return Saw(n, len(_merged(subjects, fresh)), nobody, first, last, whole)


def _merged(kept: array[int], fresh: set[int]) -> array[int]:
    import numpy as np

    return array("Q", np.union1d(np.array(kept, np.uint64), np.array(sorted(fresh), np.uint64)).tobytes())


def count_ended(scope: Endpoint, now: Micros) -> None:
    """Write down who was answered by each release that has ended and was not counted yet."""
    for status in ENDED:
        for release in scope.releases(status):
            if release.evidence.saw is None and release.started is not None and (release.ended or now) + SETTLED <= now:
                _write(scope, release.id, count(scope, release))


def _write(scope: Endpoint, id: str, saw: Saw) -> None:
    def work(tx: Tx) -> None:
        release = scope.store.releases.get(id, tx)
        if release.status in ENDED and release.evidence.saw is None:
            scope.store.releases.update(id, tx, evidence=replace(release.evidence, saw=saw))

    scope.store.transact(work)
