"""The tables of both databases, one a noun. Columns are the record's fields; `migrations/` brings older files here."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKeyConstraint, Index, MetaData, Table
from sqlalchemy.event import listen

from tidemill.store import chain, people, records, rights
from tidemill.store.payloads import WINDOWS, Findings, ReleaseEvidence
from tidemill.store.sql.columns import JsonText, Next, Real, Tagged, Whole, Words, table_of

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}
tables = MetaData(naming_convention=NAMES)
# What serving writes is in tables, and on SQLite in a file, apart: a job never holds the scoring commit.
live = MetaData(naming_convention=NAMES)


runs = table_of(tables, "runs", records.Run, "id")
Index(None, runs.c.pipeline, runs.c.started)
Index(None, runs.c.status, runs.c.key)
Index(None, runs.c.started)

steps = table_of(tables, "steps", records.Step, "run", "name")
steps.append_constraint(ForeignKeyConstraint(["run"], ["runs.id"], ondelete="CASCADE"))
Index(None, steps.c.fingerprint, steps.c.ended)

artifacts = table_of(tables, "artifacts", records.Artifact, "digest")

edges = table_of(tables, "edges", records.Edge, "source", "target", "relation")
Index(None, edges.c.target)

datasets = table_of(tables, "datasets", records.DatasetVersion, "dataset", "version", "generation")

files = table_of(tables, "files", records.IngestedFile, "dataset", "digest")

models = table_of(tables, "models", records.ModelVersion, "name", "version", findings=Tagged(("", Findings)))

verdicts = table_of(tables, "verdicts", records.Verdict, "id")
Index(None, verdicts.c.model, verdicts.c.at)

releases = table_of(tables, "releases", records.Release, "id", evidence=Tagged(("", ReleaseEvidence)))
Index(None, releases.c.endpoint, releases.c.status)
# The promise "one champion record per environment and endpoint" is the database's, not the program's; so of a shadow.
# (`postgres.py` gives every index its `where`: naming PostgreSQL here would load that dialect for everybody.)
for _alone in ("champion", "shadow"):
    Index(
        f"uq_releases_{_alone}",
        releases.c.environment,
        releases.c.endpoint,
        unique=True,
        sqlite_where=releases.c.status == _alone,
    )

serving_failures = Table(
    "serving_failures",
    tables,
    Column("release", Words, primary_key=True),
    Column("environment", Words, nullable=False),
    Column("endpoint", Words, nullable=False),
    Column("count", Whole, nullable=False),
    sqlite_strict=True,
)

experiments = table_of(tables, "experiments", records.Experiment, "id")
Index(None, experiments.c.endpoint, experiments.c.started)
Index(
    "uq_experiments_running",
    experiments.c.environment,
    experiments.c.endpoint,
    unique=True,
    sqlite_where=experiments.c.status == "running",
)

decisions = table_of(tables, "decisions", records.Decision, "id")
Index(None, decisions.c.at, decisions.c.id)

jobs = table_of(tables, "jobs", records.Job, "id")
Index(None, jobs.c.endpoint, jobs.c.started)
Index(None, jobs.c.decision)

# `seq` grows as they are written, so that cause stands before effect where both are of one instant. No field of the record:
# the insert itself takes the next number.
events = table_of(tables, "events", records.Event, "id")
events.append_column(Column("seq", Whole, default=Next("events", "seq"), nullable=False))
events.append_column(Column("nonce", Words, nullable=False, server_default=""))  # of its record in the ledger
Index(None, events.c.seq)
Index(None, events.c.at, events.c.seq)
Index(None, events.c.kind, events.c.at, events.c.seq)

windows = table_of(
    tables, "windows", records.Window, "endpoint", "monitor", "start", "environment", data=Tagged(*WINDOWS.items())
)

baselines = table_of(tables, "baselines", records.Baseline, "environment", "endpoint", "model")

alarms = table_of(tables, "alarms", records.Alarm, "id")
Index(None, alarms.c.endpoint, alarms.c.opened)

settlements = table_of(tables, "settlements", records.Settlement, "id")
Index(None, settlements.c.endpoint, settlements.c.at)

leases = table_of(tables, "leases", records.Lease, "name")

tokens = table_of(tables, "tokens", records.Token, "id", defaults={"principal": "", "bound": ""})
Index(None, tokens.c.hash, unique=True)
Index(None, tokens.c.principal)

principals = table_of(tables, "principals", people.Principal, "id")
Index(None, principals.c.name, unique=True)
Index(
    "uq_principals_vouched",
    principals.c.issuer,
    principals.c.subject,
    unique=True,
    sqlite_where=principals.c.issuer != "",
)

passwords = table_of(tables, "passwords", people.Password, "principal")

attempts = table_of(tables, "attempts", people.Attempt, "key")
Index(None, attempts.c.last)

logins = table_of(tables, "logins", people.LogIn, "id")
Index(None, logins.c.origin)
Index(None, logins.c.expires)

vouched = table_of(tables, "vouched", people.Vouched, "session")

approvals = table_of(tables, "approvals", people.Approval, "id")
Index(None, approvals.c.status, approvals.c.asked)
Index(None, approvals.c.subject)

# One word a person, whatever the token or session that it was said by.
votes = table_of(tables, "votes", people.Vote, "id")
Index(None, votes.c.approval, votes.c.person, unique=True)

comments = table_of(tables, "comments", people.Comment, "id")
Index(None, comments.c.about, comments.c.at)
Index(None, comments.c.at)

visits = table_of(tables, "visits", people.Visit, "principal", "place")

ledger = table_of(tables, "ledger", chain.LedgerRecord, "seq")
Index(None, ledger.c.event)
Index(None, ledger.c.principal, ledger.c.seq)

# The details of what people are told nothing of, each with the nonce of its record: as events are, and in no list of them.
acts = table_of(tables, "acts", records.Event, "id")
acts.append_column(Column("nonce", Words, nullable=False))

ledger_heads = table_of(tables, "ledger_heads", chain.LedgerHead, "size")

# The latest term of a lease whose owners are fenced: in both databases, as a transaction is of one.
fences, live_fences = (
    Table(
        name,
        kept,
        Column("name", Words, primary_key=True),
        Column("term", Whole, nullable=False),
        sqlite_strict=True,
    )
    for name, kept in (("fences", tables), ("live_fences", live))
)
scorers = table_of(tables, "scorers", records.Scorer, "id", defaults={"limits": "0"})

subject_limits = table_of(tables, "subject_limits", rights.SubjectLimit, "id")
Index(None, subject_limits.c.mark)
subject_requests = table_of(tables, "subject_requests", rights.SubjectRequest, "id")
Index(None, subject_requests.c.mark)

settings, counters = (
    Table(
        name,
        tables,
        Column("name", Words, primary_key=True),
        Column("value", kind, nullable=False),
        sqlite_strict=True,
    )
    for name, kind in (("settings", JsonText()), ("counters", Whole))
)


predictions = table_of(live, "predictions", records.Prediction, "id", defaults={"propensity": "1.0"})
# (at, endpoint) serves between, recent and the counts; (subject, at) the attribution of outcomes.
Index(None, predictions.c.at, predictions.c.endpoint)
Index(None, predictions.c.subject, predictions.c.at)

batch_parts = table_of(live, "batch_parts", records.BatchPart, "name")
Index(None, batch_parts.c.batch, batch_parts.c.number)
Index(None, batch_parts.c.at, batch_parts.c.endpoint)

outcomes = table_of(live, "outcomes", records.Outcome, "key", "endpoint", "environment")
Index(None, outcomes.c.endpoint, outcomes.c.received)
Index(
    "ix_outcomes_unjoined",
    outcomes.c.endpoint,
    outcomes.c.environment,
    outcomes.c.at,
    outcomes.c.key,
    sqlite_where=outcomes.c.how == "",
)
Index("ix_outcomes_joined", outcomes.c.joined, sqlite_where=outcomes.c.joined.is_not(None))
Index("ix_outcomes_joined_at", outcomes.c.joined_at, sqlite_where=outcomes.c.joined.is_not(None))
Index("ix_outcomes_quarantined", outcomes.c.item, sqlite_where=outcomes.c.quarantined)

# The histories are the largest table of all: names that many rows share stand in tables of their own, and a row has their
# numbers (a file with its ingest, and where a row was told, are one). Whoever numbers is alone, and a key is of one row of
# its dataset because he looks: an index that promised it would need the dataset in each row.
subjects, items = (
    Table(
        name,
        live,
        Column("id", Whole, primary_key=True, autoincrement=False),
        Column("name", Words, nullable=False),
        Column("dataset", Words, nullable=False),
        Index(None, "name", "dataset", unique=True),
        sqlite_strict=True,
    )
    for name in ("subjects", "items")
)
sources = Table(
    "sources",
    live,
    Column("id", Whole, primary_key=True, autoincrement=False),
    *(Column(name, Words, nullable=False) for name in ("file", "ingest", "endpoint")),  # "": of no file, told nowhere
    Index(None, "file", "ingest", "endpoint", unique=True),
    sqlite_strict=True,
)
history = Table(
    "history",
    live,
    Column("seq", Whole, primary_key=True, autoincrement=False),
    Column("key", Words, nullable=False),
    Column("subject", Whole, nullable=False),
    Column("item", Whole, nullable=False),
    Column("at", Whole, nullable=False),
    Column("value", Real, nullable=False),
    Column("source", Whole, nullable=False),
    Column("row", Whole, nullable=True),
    sqlite_strict=True,
)
Index(None, history.c.key)
Index(None, history.c.subject, history.c.item)
Index("ix_history_told", history.c.subject, history.c.item, sqlite_where=history.c.row.is_(None))

ONLINE_VIEW = """CREATE VIEW online AS SELECT h.seq AS seq, h.key AS key, s.name AS subject, i.name AS item, h.at AS at,
h.value AS value, nullif(o.file, '') AS file, h.row AS row, nullif(o.ingest, '') AS ingest, s.dataset AS dataset,
o.endpoint AS endpoint FROM history h JOIN subjects s ON s.id = h.subject JOIN items i ON i.id = h.item
JOIN sources o ON o.id = h.source"""
listen(live, "after_create", lambda target, connection, **_: connection.exec_driver_sql(ONLINE_VIEW))
online = table_of(MetaData(), "online", records.OnlineEvent, "seq")
"""A view: the rows of `history` with their names."""

gone = table_of(live, "gone", records.Gone, "seq")

# The latest row of an item is the one whose `until` is nobody's yet: that there is one, the database promises.
item_rows = table_of(live, "item_rows", records.ItemRow, "seq")
Index(
    "uq_item_rows_now",
    item_rows.c.dataset,
    item_rows.c.item,
    item_rows.c.store,
    unique=True,
    sqlite_where=item_rows.c.until.is_(None),
)
Index(None, item_rows.c.dataset, item_rows.c.item, item_rows.c.seq)
Index("ix_item_rows_replaced", item_rows.c.until, sqlite_where=item_rows.c.until.is_not(None))

entity_inputs = table_of(live, "entity_inputs", records.EntityInputs, "model", "subject")
Index(None, entity_inputs.c.subject)

deferred = table_of(live, "deferred", records.Deferred, "id")
Index(None, deferred.c.due)
Index(None, deferred.c.subject)
