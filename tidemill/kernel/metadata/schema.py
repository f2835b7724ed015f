"""The tables of `tidemill.db`, one a noun. Columns are the record's fields; `migrations/` brings older files here."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, ColumnDefault, ForeignKey, Index, MetaData, Table, func, select
from sqlalchemy.types import TypeEngine

from tidemill.kernel.metadata.columns import Flag, JsonText, JsonTuple, Whole, Words

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}
tables = MetaData(naming_convention=NAMES)


def key(name: str, kind: TypeEngine[Any] = Words) -> Column[Any]:
    return Column(name, kind, primary_key=True, autoincrement=False)


def must(name: str, kind: TypeEngine[Any] = Words) -> Column[Any]:
    return Column(name, kind, nullable=False)


def may(name: str, kind: TypeEngine[Any] = Words) -> Column[Any]:
    return Column(name, kind, nullable=True)


def _table(name: str, *columns: Column[Any]) -> Table:
    return Table(name, tables, *columns, sqlite_strict=True)


runs = _table(
    "runs",
    key("id"),
    must("pipeline"),
    must("key"),
    must("status"),
    must("owner"),
    must("started", Whole),
    may("ended", Whole),
    may("parent"),
    must("params", JsonText()),
    must("seed", Whole),
    must("code", JsonText()),
    must("environment", JsonText()),
    must("cost", JsonText()),
    must("outputs", JsonText()),
    may("error"),
)
Index(None, runs.c.pipeline, runs.c.started)
Index(None, runs.c.status, runs.c.key)
Index(None, runs.c.started)

steps = _table(
    "steps",
    Column("run", Words, ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    key("name"),
    must("status"),
    must("position", Whole),
    must("after", JsonTuple()),
    must("fingerprint"),
    must("made_of", JsonText()),
    must("inputs", JsonText()),
    must("outputs", JsonText()),
    must("impure", JsonTuple()),
    must("attempt", Whole),
    may("started", Whole),
    may("ended", Whole),
    must("cpu_us", Whole),
    may("error"),
)
Index(None, steps.c.fingerprint, steps.c.ended)

artifacts = _table("artifacts", key("digest"), must("codec"), must("size", Whole), must("created", Whole))

edges = _table("edges", key("source"), key("target"), key("relation"), must("at", Whole))
Index(None, edges.c.target)

datasets = _table(
    "datasets",
    key("dataset"),
    key("version", Whole),
    key("generation", Whole),
    must("digest"),
    must("rows", Whole),
    must("quarantined", Whole),
    must("created", Whole),
    may("run"),
    may("time_min", Whole),
    may("time_max", Whole),
    may("profile"),
    must("ingest"),
)

files = _table(
    "files",
    key("dataset"),
    key("digest"),
    must("name"),
    must("rows", Whole),
    must("quarantined", Whole),
    must("version", Whole),
    must("ingest"),
    must("at", Whole),
)

models = _table(
    "models",
    key("name"),
    key("version", Whole),
    must("bundle"),
    must("evaluated"),
    must("recipe", JsonText()),
    must("kind"),
    must("metrics", JsonText()),
    must("data", JsonTuple()),
    must("trained_through", Whole),
    may("run"),
    must("author"),
    may("card"),
    must("created", Whole),
)

aliases = _table("aliases", key("name"), key("alias"), must("version", Whole))

verdicts = _table(
    "verdicts",
    key("id"),
    must("model"),
    must("gate"),
    must("blessing"),
    must("passed", Flag()),
    must("rubber_stamp", Flag()),
    must("evidence", JsonText()),
    may("attestation"),
    must("at", Whole),
)
Index(None, verdicts.c.model, verdicts.c.at)

releases = _table(
    "releases",
    key("id"),
    must("endpoint"),
    must("model"),
    must("status"),
    must("stages", JsonTuple()),
    must("stage", Whole),
    must("stage_since", Whole),
    must("created", Whole),
    may("started", Whole),
    may("ended", Whole),
    may("previous"),
    may("forced"),
    must("attestations", JsonTuple()),
    may("decision"),
    must("author"),
    must("evidence", JsonText()),
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

decisions = _table(
    "decisions",
    key("id"),
    must("at", Whole),
    must("action"),
    must("reason"),
    must("evidence", JsonText()),
    must("evidence_digest"),
    must("policy", JsonText()),
    may("run"),
)
Index(None, decisions.c.at, decisions.c.id)

# `seq` counts what is written, so that cause stands before effect where both are of one instant. No field of the record:
# the insert itself takes the next number, and there is one writer, which holds the lock of the database.
events = _table(
    "events",
    key("id"),
    must("at", Whole),
    must("kind"),
    must("subject"),
    must("data", JsonText()),
    must("seq", Whole),
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
    must("end", Whole),
    must("n", Whole),
    must("data", JsonText()),
    must("alarm", Flag()),
)

leases = _table("leases", key("name"), must("owner"), must("expires", Whole))

tokens = _table(
    "tokens",
    key("id"),
    must("name"),
    must("hash"),
    must("scopes", JsonTuple()),
    must("created", Whole),
    may("expires", Whole),
    must("once", Flag()),
)
Index(None, tokens.c.hash, unique=True)

settings = _table("settings", key("name"), must("value", JsonText()))

counters = _table("counters", key("name"), must("value", Whole))
