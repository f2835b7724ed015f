"""Releases: one champion an endpoint, promoted and rolled back in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from tidemill.errors import Conflict
from tidemill.ref import Ref
from tidemill.store.ports import Tx
from tidemill.store.records import Release, Verdict
from tidemill.store.sql import schema
from tidemill.store.sql.database import Database
from tidemill.store.sql.models import set_alias
from tidemill.store.sql.paging import by_id, given, page
from tidemill.store.sql.rows import OptionalFilters, Rows, insert_new
from tidemill.types import JsonObject, Micros

RELEASES = Rows(Release, schema.releases, "release")
VERDICTS = Rows(Verdict, schema.verdicts, "verdict")
_release, _verdict = schema.releases.c, schema.verdicts.c
_GET = RELEASES.where("id")
_CHAMPION = RELEASES.where("endpoint", "environment").where(_release.status == "champion")
_LIST = OptionalFilters(
    RELEASES.select.order_by(_release.created, _release.id),
    endpoint=_release.endpoint == bindparam("endpoint"),
    status=_release.status == bindparam("status"),
    environment=_release.environment == bindparam("environment"),
)
_REVISION = schema.counters.c.name == "releases"
_COUNT = select(schema.counters.c.value).where(_REVISION)
_failed = schema.serving_failures.c
_FAILURES = select(_failed.release, _failed["count"]).where(_failed.endpoint == bindparam("endpoint"))
_ADD_FAILURES = (
    update(schema.serving_failures)
    .where(_failed.release == bindparam("the_release"))
    .values(count=_failed["count"] + bindparam("more"))
)
_NEVER_AGAIN = ("refused", "rolled_back")


class Releases:
    def __init__(self, database: Database) -> None:
        self._db = database

    def add(self, release: Release, tx: Tx = None) -> None:
        def work(tx: Connection) -> None:
            if RELEASES.add(tx, release):
                _bump(tx)

        self._db.write(work, tx)

    def get(self, release_id: str, tx: Tx = None) -> Release:
        return _get(self._db.first(_GET, tx, {"id": release_id}), release_id)

    def update(self, release_id: str, tx: Tx = None, **changes: Any) -> None:
        def work(tx: Connection) -> None:
            RELEASES.update(tx, {"id": release_id}, changes)
            _bump(tx)

        self._db.write(work, tx)

    def list(
        self, endpoint: str | None = None, status: str | None = None, tx: Tx = None, environment: str = ""
    ) -> Sequence[Release]:
        here = None if endpoint is None else environment
        narrow = {"endpoint": endpoint, "status": status, "environment": here}
        return RELEASES.records(self._db.rows(_LIST.by(narrow), tx, narrow))

    def page(
        self, *, endpoint: str | None = None, status: str | None = None, before: str | None = None, limit: int = 50
    ) -> Sequence[Release]:
        where = given((_release.endpoint, endpoint), (_release.status, status))
        return page(self._db, RELEASES, (_release.created, _release.id), by_id(before), limit, *where)

    def champion(self, endpoint: str, tx: Tx = None, environment: str = "") -> Release | None:
        row = self._db.first(_CHAMPION, tx, {"endpoint": endpoint, "environment": environment})
        return None if row is None else RELEASES.record(row)

    def promote(self, release_id: str, at: Micros, tx: Tx = None) -> None:
        self._db.write(lambda tx: _promote(tx, release_id, at), tx)

    def roll_back(self, release_id: str, at: Micros, reason: JsonObject, tx: Tx = None) -> str | None:
        return self._db.write(lambda tx: _roll_back(tx, release_id, at, reason), tx)

    def revision(self) -> int:
        return int(self._db.value(_COUNT) or 0)

    def add_failures(self, endpoint: str, counts: Mapping[str, int], tx: Tx = None) -> None:
        def work(tx: Connection) -> None:
            for release, count in counts.items():
                row = {"release": release, "environment": "", "endpoint": endpoint, "count": 0}
                tx.execute(insert_new(tx, schema.serving_failures), row)
                tx.execute(_ADD_FAILURES, {"the_release": release, "more": count})

        self._db.write(work, tx)

    def failures(self, endpoint: str) -> dict[str, int]:
        return {row[0]: row[1] for row in self._db.rows(_FAILURES, given={"endpoint": endpoint})}

    def add_verdict(self, verdict: Verdict, tx: Tx = None) -> None:
        self._db.write(lambda tx: VERDICTS.add(tx, verdict), tx)

    def verdicts(self, model: str) -> Sequence[Verdict]:
        query = VERDICTS.select.where(_verdict.model == model).order_by(_verdict.at, _verdict.id)
        return VERDICTS.records(self._db.rows(query))


def _get(row: Any, release_id: str) -> Release:
    if row is None:
        raise RELEASES.missing({"id": release_id})
    return RELEASES.record(row)


def _place(release: Release) -> dict[str, str]:
    return {"endpoint": release.endpoint, "environment": release.environment}


def _bump(tx: Connection) -> None:
    counters = schema.counters
    if not tx.execute(update(counters).where(_REVISION).values(value=counters.c.value + 1)).rowcount:
        tx.execute(counters.insert().values(name="releases", value=1))


def _set(tx: Connection, release_id: str, **changes: Any) -> None:
    tx.execute(update(schema.releases).where(_release.id == release_id).values(**changes))


def _crown(tx: Connection, release: Release, **changes: Any) -> None:
    """The alias `champion` of a model goes with the record."""
    _set(tx, release.id, status="champion", ended=None, **changes)
    name, version = Ref.versioned("model", release.model)
    set_alias(tx, name, "champion", version)


def _promote(tx: Connection, release_id: str, at: Micros) -> None:
    release = _get(tx.execute(_GET, {"id": release_id}).first(), release_id)
    if release.status == "champion":
        return
    if release.status in _NEVER_AGAIN:
        raise Conflict(f"release {release_id} is {release.status}", hint="release the model anew")
    before = tx.execute(_CHAMPION, _place(release)).first()
    previous = None if before is None else RELEASES.record(before).id
    if previous is not None:
        _set(tx, previous, status="superseded", ended=at)
    started = at if release.started is None else release.started
    _crown(tx, release, stage_since=at, started=started, previous=previous)
    _bump(tx)


def _roll_back(tx: Connection, release_id: str, at: Micros, reason: JsonObject) -> str | None:
    release = _get(tx.execute(_GET, {"id": release_id}).first(), release_id)
    if release.status != "rolled_back":
        evidence = replace(release.evidence, rolled_back=reason)
        _set(tx, release_id, status="rolled_back", ended=at, evidence=evidence)
        if release.status == "champion":
            heir = _heir(tx, release)
            if heir is not None:
                _crown(tx, heir, stage_since=at)
        _bump(tx)
    champion = tx.execute(_CHAMPION, _place(release)).first()
    return None if champion is None else RELEASES.record(champion).id


def _heir(tx: Connection, release: Release) -> Release | None:
    """The champion before this one, or the latest that was superseded."""
    here = _release.endpoint == release.endpoint, _release.environment == release.environment
    pool = RELEASES.select.where(*here, _release.status == "superseded")
    row = tx.execute(pool.where(_release.id == release.previous)).first() if release.previous else None
    if row is None:
        row = tx.execute(pool.order_by(_release.ended.desc(), _release.id.desc()).limit(1)).first()
    return None if row is None else RELEASES.record(row)
