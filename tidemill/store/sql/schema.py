"""The tables of `tidemill.db`, one a noun. Columns are the record's fields; `migrations/` brings older files here."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, ColumnDefault, ForeignKey, Index, MetaData, Table, func, select
from sqlalchemy.types import TypeEngine

from tidemill.store.payloads import WINDOWS
from tidemill.store.sql.columns import Flag, JsonText, JsonTuple, Tagged, Whole, Words

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}
tables = MetaData(naming_convention=NAMES)


def key(name: str, kind: TypeEngine[Any] = Words) -> Column[Any]:
    return Column(name, kind, primary_key=True, autoincrement=False)


def not_null(name: str, kind: TypeEngine[Any] = Words) -> Column[Any]:
    return Column(name, kind, nullable=False)


def nullable(name: str, kind: TypeEngine[Any] = Words) -> Column[Any]:
    return Column(name, kind, nullable=True)


def _table(name: str, *columns: Column[Any]) -> Table:
    return Table(name, tables, *columns, sqlite_strict=True)


runs = _table(
    "runs",
    key("id"),
    not_null("pipeline"),
    not_null("key"),
    not_null("status"),
    not_null("owner"),
    not_null("started", Whole),
    nullable("ended", Whole),
    nullable("parent"),
    not_null("params", JsonText()),
    not_null("seed", Whole),
    not_null("code", JsonText()),
    not_null("environment", JsonText()),
    not_null("cost", JsonText()),
    not_null("outputs", JsonText()),
    nullable("error"),
)
Index(None, runs.c.pipeline, runs.c.started)
Index(None, runs.c.status, runs.c.key)
Index(None, runs.c.started)

steps = _table(
    "steps",
    Column("run", Words, ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    key("name"),
    not_null("status"),
    not_null("position", Whole),
    not_null("after", JsonTuple()),
    not_null("fingerprint"),
    not_null("fingerprint_inputs", JsonText()),
    not_null("inputs", JsonText()),
    not_null("outputs", JsonText()),
    not_null("impure", JsonTuple()),
    not_null("attempt", Whole),
    nullable("started", Whole),
    nullable("ended", Whole),
    not_null("cpu_us", Whole),
    nullable("error"),
)
Index(None, steps.c.fingerprint, steps.c.ended)

artifacts = _table("artifacts", key("digest"), not_null("codec"), not_null("size", Whole), not_null("created", Whole))

edges = _table("edges", key("source"), key("target"), key("relation"), not_null("at", Whole))
Index(None, edges.c.target)

datasets = _table(
    "datasets",
    key("dataset"),
    key("version", Whole),
    key("generation", Whole),
    not_null("digest"),
    not_null("rows", Whole),
    not_null("quarantined", Whole),
    not_null("created", Whole),
    nullable("run"),
    nullable("time_min", Whole),
    nullable("time_max", Whole),
    nullable("profile"),
    not_null("ingest"),
)

files = _table(
    "files",
    key("dataset"),
    key("digest"),
    not_null("name"),
    not_null("rows", Whole),
    not_null("quarantined", Whole),
    not_null("version", Whole),
    not_null("ingest"),
    not_null("at", Whole),
)

models = _table(
    "models",
    key("name"),
    key("version", Whole),
    not_null("bundle"),
    not_null("evaluation_bundle"),
    not_null("recipe", JsonText()),
    not_null("kind"),
    not_null("metrics", JsonText()),
    not_null("data", JsonTuple()),
    not_null("trained_through", Whole),
    nullable("run"),
    not_null("author"),
    nullable("card"),
    not_null("created", Whole),
)

aliases = _table("aliases", key("name"), key("alias"), not_null("version", Whole))

verdicts = _table(
    "verdicts",
    key("id"),
    not_null("model"),
    not_null("gate"),
    not_null("blessing"),
    not_null("passed", Flag()),
    not_null("no_baseline", Flag()),
    not_null("evidence", JsonText()),
    nullable("attestation"),
    not_null("at", Whole),
)
Index(None, verdicts.c.model, verdicts.c.at)

releases = _table(
    "releases",
    key("id"),
    not_null("endpoint"),
    not_null("model"),
    not_null("status"),
    not_null("stages", JsonTuple()),
    not_null("stage", Whole),
    not_null("stage_since", Whole),
    not_null("created", Whole),
    nullable("started", Whole),
    nullable("ended", Whole),
    nullable("previous"),
    nullable("override"),
    not_null("attestations", JsonTuple()),
    nullable("decision"),
    not_null("author"),
    not_null("evidence", JsonText()),
)
Index(None, releases.c.endpoint, releases.c.status)
# The promise "one champion record per endpoint" is the database's, not the program's.
# (`postgres.py` gives every index its `where`: naming PostgreSQL here would load that dialect for everybody.)
Index(
    "uq_releases_champion",
    releases.c.endpoint,
    unique=True,
    sqlite_where=releases.c.status == "champion",
)

serving_failures = _table(
    "serving_failures", key("release"), not_null("environment"), not_null("endpoint"), not_null("count", Whole)
)

decisions = _table(
    "decisions",
    key("id"),
    not_null("at", Whole),
    not_null("action"),
    not_null("reason"),
    not_null("evidence", JsonText()),
    not_null("evidence_digest"),
    not_null("policy", JsonText()),
    nullable("run"),
)
Index(None, decisions.c.at, decisions.c.id)

jobs = _table(
    "jobs",
    key("id"),
    not_null("environment"),
    not_null("endpoint"),
    not_null("kind"),
    not_null("subject"),
    not_null("status"),
    not_null("started", Whole),
    nullable("ended", Whole),
    nullable("decision"),
    not_null("code"),
    not_null("error"),
)
Index(None, jobs.c.endpoint, jobs.c.started)
Index(None, jobs.c.decision)

# `seq` counts what is written, so that cause stands before effect where both are of one instant. No field of the record:
# the insert itself takes the next number, and there is one writer, which holds the lock of the database.
events = _table(
    "events",
    key("id"),
    not_null("at", Whole),
    not_null("kind"),
    not_null("subject"),
    not_null("data", JsonText()),
    not_null("seq", Whole),
)
events.c.seq.default = ColumnDefault(select(func.coalesce(func.max(events.c.seq), 0) + 1).scalar_subquery())
Index(None, events.c.seq, unique=True)
Index(None, events.c.at, events.c.seq)
Index(None, events.c.kind, events.c.at, events.c.seq)

windows = _table(
    "windows",
    key("endpoint"),
    key("monitor"),
    key("start", Whole),
    not_null("end", Whole),
    not_null("n", Whole),
    not_null("data", Tagged(*WINDOWS.items())),
    not_null("alarm", Flag()),
)

alarms = _table(
    "alarms",
    key("id"),
    not_null("environment"),
    not_null("endpoint"),
    not_null("monitor"),
    not_null("kind"),
    nullable("model"),
    not_null("window", Whole),
    not_null("opened", Whole),
    not_null("since", Whole),
    not_null("what", JsonTuple()),
    not_null("hurts"),
    not_null("again", Flag()),
    not_null("evidence", JsonText()),
    nullable("closed", Whole),
)
Index(None, alarms.c.endpoint, alarms.c.opened)

leases = _table("leases", key("name"), not_null("owner"), not_null("expires", Whole))

tokens = _table(
    "tokens",
    key("id"),
    not_null("name"),
    not_null("hash"),
    not_null("scopes", JsonTuple()),
    not_null("created", Whole),
    nullable("expires", Whole),
    not_null("once", Flag()),
)
Index(None, tokens.c.hash, unique=True)

settings = _table("settings", key("name"), not_null("value", JsonText()))

counters = _table("counters", key("name"), not_null("value", Whole))
