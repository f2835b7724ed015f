"""Releases: one champion an endpoint, promoted and rolled back in one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from tidemill.errors import Conflict
from tidemill.store.records import Release, Tx
from tidemill.store.sql import counters, schema
from tidemill.store.sql.nouns import Named
from tidemill.store.sql.rows import Rows, insert_new
from tidemill.types import JsonObject, Micros

RELEASES = Rows(Release, schema.releases, "release", "created", "id", subject="release:{id}")
_release = schema.releases.c
_failed = schema.serving_failures.c
_FAILURES = select(_failed.release, _failed["count"]).where(
    _failed.endpoint == bindparam("endpoint"), _failed.environment == bindparam("environment")
)
_ADD_FAILURES = (
    update(schema.serving_failures)
    .where(_failed.release == bindparam("the_release"))
    .values(count=_failed["count"] + bindparam("more"))
)
_NEVER_AGAIN = ("refused", "rolled_back", "replaced")


class Releases(Named[Release]):
    def add(self, release: Release, tx: Tx = None) -> None:
        def work(tx: Connection) -> None:
            if RELEASES.add(tx, release):
                counters.bump(tx, counters.RELEASES)

        self._db.write(work, tx)

    def update(self, id: str, tx: Tx = None, **changes: Any) -> None:
        def work(tx: Connection) -> None:
            RELEASES.update(tx, id, changes)
            counters.bump(tx, counters.RELEASES)

        self._db.write(work, tx)

    def champion(self, endpoint: str, tx: Tx = None, environment: str = "") -> Release | None:
        return self.first(endpoint=endpoint, environment=environment, status="champion", tx=tx)

    def promote(self, release_id: str, at: Micros, tx: Tx = None) -> None:
        """In one transaction: the endpoint's champion becomes superseded, this one champion."""

        def work(tx: Connection) -> None:
            release = self.get(release_id, tx)
            if release.status == "champion":
                return
            if release.status in _NEVER_AGAIN:
                raise Conflict(f"release {release_id} is {release.status}", hint="release the model anew")
            before = self.champion(release.endpoint, tx, release.environment)
            if before is not None:
                _set(tx, before.id, status="superseded", ended=at)
            started = at if release.started is None else release.started
            _set(
                tx,
                release.id,
                status="champion",
                ended=None,
                stage_since=at,
                started=started,
                previous=before and before.id,
            )
            counters.bump(tx, counters.RELEASES)

        self._db.write(work, tx)

    def roll_back(self, release_id: str, at: Micros, reason: JsonObject, tx: Tx = None) -> str | None:
        """This release becomes rolled_back; if it was champion, its `previous` (or the latest superseded one) is
        champion again in the same transaction. Returns the champion's release id."""

        def work(tx: Connection) -> str | None:
            release = self.get(release_id, tx)
            if release.status != "rolled_back":
                evidence = replace(release.evidence, rolled_back=reason)
                _set(tx, release_id, status="rolled_back", ended=at, evidence=evidence)
                heir = self._heir(release, tx) if release.status == "champion" else None
                if heir is not None:
                    _set(tx, heir.id, status="champion", ended=None, stage_since=at)
                counters.bump(tx, counters.RELEASES)
            champion = self.champion(release.endpoint, tx, release.environment)
            return champion.id if champion else None

        return self._db.write(work, tx)

    def _heir(self, release: Release, tx: Tx) -> Release | None:
        """The champion before this one, or the latest that was superseded."""
        pool = self.list(endpoint=release.endpoint, environment=release.environment, status="superseded", tx=tx)
        before = [one for one in pool if one.id == release.previous]
        return max(before or pool, key=lambda one: (one.ended or 0, one.id), default=None)

    def revision(self) -> int:
        """A number that grows with every change of a release: the scorer follows it."""
        return counters.revisions(self._db)[counters.RELEASES]

    def add_failures(self, endpoint: str, counts: Mapping[str, int], environment: str = "") -> None:
        """Add to how often each release failed to answer; several scorers lose none."""

        def work(tx: Connection) -> None:
            for release, count in sorted(
                counts.items()
            ):  # who adds to the same ones waits, and none waits for each other
                row = {"release": release, "environment": environment, "endpoint": endpoint, "count": 0}
                tx.execute(insert_new(tx, schema.serving_failures), row)
                tx.execute(_ADD_FAILURES, {"the_release": release, "more": count})

        self._db.write(work, alone=False)

    def failures(self, endpoint: str, environment: str = "") -> dict[str, int]:
        """How often each release of the endpoint failed to answer so far; those that never did are left out."""
        given = {"endpoint": endpoint, "environment": environment}
        return {row[0]: row[1] for row in self._db.rows(_FAILURES, given=given)}


def _set(tx: Connection, release_id: str, **changes: Any) -> None:
    RELEASES.update(tx, release_id, changes)
