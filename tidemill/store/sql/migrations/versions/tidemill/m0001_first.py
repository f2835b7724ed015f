"""The tables of tidemill.db as the first version made them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import sqlite

revision = "0001"
down_revision = None

text = sa.Text()
whole = sa.BigInteger().with_variant(sqlite.INTEGER(), "sqlite")
flag = sa.Boolean().with_variant(sqlite.INTEGER(), "sqlite")
real: sa.Double[float] = sa.Double().with_variant(sqlite.REAL(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "runs",
        sa.Column("id", text, nullable=False),
        sa.Column("pipeline", text, nullable=False),
        sa.Column("key", text, nullable=False),
        sa.Column("status", text, nullable=False),
        sa.Column("owner", text, nullable=False),
        sa.Column("started", whole, nullable=False),
        sa.Column("ended", whole, nullable=True),
        sa.Column("parent", text, nullable=True),
        sa.Column("params", text, nullable=False),
        sa.Column("seed", whole, nullable=False),
        sa.Column("code", text, nullable=False),
        sa.Column("environment", text, nullable=False),
        sa.Column("cost", text, nullable=False),
        sa.Column("outputs", text, nullable=False),
        sa.Column("error", text, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_runs"),
        sqlite_strict=True,
    )
    op.create_index("ix_runs_pipeline_started", "runs", ["pipeline", "started"], unique=False)
    op.create_index("ix_runs_started", "runs", ["started"], unique=False)
    op.create_index("ix_runs_status_key", "runs", ["status", "key"], unique=False)
    op.create_table(
        "steps",
        sa.Column("run", text, nullable=False),
        sa.Column("name", text, nullable=False),
        sa.Column("status", text, nullable=False),
        sa.Column("position", whole, nullable=False),
        sa.Column("after", text, nullable=False),
        sa.Column("fingerprint", text, nullable=False),
        sa.Column("fingerprint_inputs", text, nullable=False),
        sa.Column("inputs", text, nullable=False),
        sa.Column("outputs", text, nullable=False),
        sa.Column("impure", text, nullable=False),
        sa.Column("attempt", whole, nullable=False),
        sa.Column("started", whole, nullable=True),
        sa.Column("ended", whole, nullable=True),
        sa.Column("cpu_us", whole, nullable=False),
        sa.Column("error", text, nullable=True),
        sa.PrimaryKeyConstraint("run", "name", name="pk_steps"),
        sa.ForeignKeyConstraint(["run"], ["runs.id"], name="fk_steps_run", ondelete="CASCADE"),
        sqlite_strict=True,
    )
    op.create_index("ix_steps_fingerprint_ended", "steps", ["fingerprint", "ended"], unique=False)
    op.create_table(
        "artifacts",
        sa.Column("digest", text, nullable=False),
        sa.Column("codec", text, nullable=False),
        sa.Column("size", whole, nullable=False),
        sa.Column("created", whole, nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_artifacts"),
        sqlite_strict=True,
    )
    op.create_table(
        "edges",
        sa.Column("source", text, nullable=False),
        sa.Column("target", text, nullable=False),
        sa.Column("relation", text, nullable=False),
        sa.Column("at", whole, nullable=False),
        sa.PrimaryKeyConstraint("source", "target", "relation", name="pk_edges"),
        sqlite_strict=True,
    )
    op.create_index("ix_edges_target", "edges", ["target"], unique=False)
    op.create_table(
        "datasets",
        sa.Column("dataset", text, nullable=False),
        sa.Column("version", whole, nullable=False, autoincrement=False),
        sa.Column("generation", whole, nullable=False, autoincrement=False),
        sa.Column("digest", text, nullable=False),
        sa.Column("rows", whole, nullable=False),
        sa.Column("quarantined", whole, nullable=False),
        sa.Column("created", whole, nullable=False),
        sa.Column("run", text, nullable=True),
        sa.Column("time_min", whole, nullable=True),
        sa.Column("time_max", whole, nullable=True),
        sa.Column("profile", text, nullable=True),
        sa.Column("ingest", text, nullable=False),
        sa.PrimaryKeyConstraint("dataset", "version", "generation", name="pk_datasets"),
        sqlite_strict=True,
    )
    op.create_table(
        "files",
        sa.Column("dataset", text, nullable=False),
        sa.Column("digest", text, nullable=False),
        sa.Column("name", text, nullable=False),
        sa.Column("rows", whole, nullable=False),
        sa.Column("quarantined", whole, nullable=False),
        sa.Column("version", whole, nullable=False),
        sa.Column("ingest", text, nullable=False),
        sa.Column("at", whole, nullable=False),
        sa.PrimaryKeyConstraint("dataset", "digest", name="pk_files"),
        sqlite_strict=True,
    )
    op.create_table(
        "models",
        sa.Column("name", text, nullable=False),
        sa.Column("version", whole, nullable=False, autoincrement=False),
        sa.Column("bundle", text, nullable=False),
        sa.Column("evaluation_bundle", text, nullable=False),
        sa.Column("recipe", text, nullable=False),
        sa.Column("kind", text, nullable=False),
        sa.Column("metrics", text, nullable=False),
        sa.Column("data", text, nullable=False),
        sa.Column("trained_through", whole, nullable=False),
        sa.Column("run", text, nullable=True),
        sa.Column("author", text, nullable=False),
        sa.Column("card", text, nullable=True),
        sa.Column("created", whole, nullable=False),
        sa.Column("findings", text, nullable=False),
        sa.PrimaryKeyConstraint("name", "version", name="pk_models"),
        sqlite_strict=True,
    )
    op.create_table(
        "verdicts",
        sa.Column("id", text, nullable=False),
        sa.Column("model", text, nullable=False),
        sa.Column("gate", text, nullable=False),
        sa.Column("blessing", text, nullable=False),
        sa.Column("passed", flag, nullable=False),
        sa.Column("verdict", text, nullable=False),
        sa.Column("evidence", text, nullable=False),
        sa.Column("attestation", text, nullable=True),
        sa.Column("at", whole, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_verdicts"),
        sqlite_strict=True,
    )
    op.create_index("ix_verdicts_model_at", "verdicts", ["model", "at"], unique=False)
    op.create_table(
        "releases",
        sa.Column("id", text, nullable=False),
        sa.Column("endpoint", text, nullable=False),
        sa.Column("model", text, nullable=False),
        sa.Column("status", text, nullable=False),
        sa.Column("stages", text, nullable=False),
        sa.Column("stage", whole, nullable=False),
        sa.Column("stage_since", whole, nullable=False),
        sa.Column("created", whole, nullable=False),
        sa.Column("started", whole, nullable=True),
        sa.Column("ended", whole, nullable=True),
        sa.Column("previous", text, nullable=True),
        sa.Column("override", text, nullable=True),
        sa.Column("attestations", text, nullable=False),
        sa.Column("decision", text, nullable=True),
        sa.Column("author", text, nullable=False),
        sa.Column("evidence", text, nullable=False),
        sa.Column("environment", text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_releases"),
        sqlite_strict=True,
    )
    op.create_index("ix_releases_endpoint_status", "releases", ["endpoint", "status"], unique=False)
    op.create_index(
        "uq_releases_champion",
        "releases",
        ["environment", "endpoint"],
        unique=True,
        sqlite_where=sa.text("status = 'champion'"),
        postgresql_where=sa.text("status = 'champion'"),
    )
    op.create_index(
        "uq_releases_shadow",
        "releases",
        ["environment", "endpoint"],
        unique=True,
        sqlite_where=sa.text("status = 'shadow'"),
        postgresql_where=sa.text("status = 'shadow'"),
    )
    op.create_table(
        "serving_failures",
        sa.Column("release", text, nullable=False),
        sa.Column("environment", text, nullable=False),
        sa.Column("endpoint", text, nullable=False),
        sa.Column("count", whole, nullable=False),
        sa.PrimaryKeyConstraint("release", name="pk_serving_failures"),
        sqlite_strict=True,
    )
    op.create_table(
        "decisions",
        sa.Column("id", text, nullable=False),
        sa.Column("at", whole, nullable=False),
        sa.Column("action", text, nullable=False),
        sa.Column("reason", text, nullable=False),
        sa.Column("code", text, nullable=False),
        sa.Column("evidence", text, nullable=False),
        sa.Column("evidence_digest", text, nullable=False),
        sa.Column("policy", text, nullable=False),
        sa.Column("run", text, nullable=True),
        sa.Column("endpoint", text, nullable=False),
        sa.Column("environment", text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_decisions"),
        sqlite_strict=True,
    )
    op.create_index("ix_decisions_at_id", "decisions", ["at", "id"], unique=False)
    op.create_table(
        "jobs",
        sa.Column("id", text, nullable=False),
        sa.Column("environment", text, nullable=False),
        sa.Column("endpoint", text, nullable=False),
        sa.Column("kind", text, nullable=False),
        sa.Column("subject", text, nullable=False),
        sa.Column("status", text, nullable=False),
        sa.Column("started", whole, nullable=False),
        sa.Column("ended", whole, nullable=True),
        sa.Column("decision", text, nullable=True),
        sa.Column("code", text, nullable=False),
        sa.Column("error", text, nullable=False),
        sa.Column("times", whole, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_jobs"),
        sqlite_strict=True,
    )
    op.create_index("ix_jobs_decision", "jobs", ["decision"], unique=False)
    op.create_index("ix_jobs_endpoint_started", "jobs", ["endpoint", "started"], unique=False)
    op.create_table(
        "events",
        sa.Column("id", text, nullable=False),
        sa.Column("at", whole, nullable=False),
        sa.Column("kind", text, nullable=False),
        sa.Column("subject", text, nullable=False),
        sa.Column("data", text, nullable=False),
        sa.Column("principal", text, nullable=False),
        sa.Column("seq", whole, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_events"),
        sqlite_strict=True,
    )
    op.create_index("ix_events_at_seq", "events", ["at", "seq"], unique=False)
    op.create_index("ix_events_kind_at_seq", "events", ["kind", "at", "seq"], unique=False)
    op.create_index("ix_events_seq", "events", ["seq"], unique=False)
    op.create_table(
        "windows",
        sa.Column("endpoint", text, nullable=False),
        sa.Column("monitor", text, nullable=False),
        sa.Column("start", whole, nullable=False, autoincrement=False),
        sa.Column("end", whole, nullable=False),
        sa.Column("n", whole, nullable=False),
        sa.Column("data", text, nullable=False),
        sa.Column("alarm", flag, nullable=False),
        sa.Column("environment", text, nullable=False),
        sa.Column("complete", flag, nullable=False),
        sa.Column("revision", whole, nullable=False),
        sa.Column("judged", whole, nullable=False),
        sa.PrimaryKeyConstraint("endpoint", "monitor", "start", "environment", name="pk_windows"),
        sqlite_strict=True,
    )
    op.create_table(
        "baselines",
        sa.Column("environment", text, nullable=False),
        sa.Column("endpoint", text, nullable=False),
        sa.Column("model", text, nullable=False),
        sa.Column("artifact", text, nullable=False),
        sa.Column("made", whole, nullable=False),
        sa.PrimaryKeyConstraint("environment", "endpoint", "model", name="pk_baselines"),
        sqlite_strict=True,
    )
    op.create_table(
        "alarms",
        sa.Column("id", text, nullable=False),
        sa.Column("environment", text, nullable=False),
        sa.Column("endpoint", text, nullable=False),
        sa.Column("monitor", text, nullable=False),
        sa.Column("kind", text, nullable=False),
        sa.Column("model", text, nullable=True),
        sa.Column("window", whole, nullable=False),
        sa.Column("opened", whole, nullable=False),
        sa.Column("since", whole, nullable=False),
        sa.Column("what", text, nullable=False),
        sa.Column("hurts", text, nullable=False),
        sa.Column("again", flag, nullable=False),
        sa.Column("evidence", text, nullable=False),
        sa.Column("closed", whole, nullable=True),
        sa.Column("ended", text, nullable=False),
        sa.Column("metric", text, nullable=False),
        sa.Column("now", real, nullable=True),
        sa.Column("promised", real, nullable=True),
        sa.Column("interval", text, nullable=False),
        sa.Column("windows", whole, nullable=True),
        sa.Column("answers", whole, nullable=True),
        sa.Column("subjects", whole, nullable=True),
        sa.Column("blind_below", real, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_alarms"),
        sqlite_strict=True,
    )
    op.create_index("ix_alarms_endpoint_opened", "alarms", ["endpoint", "opened"], unique=False)
    op.create_table(
        "settlements",
        sa.Column("id", text, nullable=False),
        sa.Column("environment", text, nullable=False),
        sa.Column("endpoint", text, nullable=False),
        sa.Column("kind", text, nullable=False),
        sa.Column("what", text, nullable=False),
        sa.Column("subject", text, nullable=False),
        sa.Column("model", text, nullable=False),
        sa.Column("other", text, nullable=False),
        sa.Column("at", whole, nullable=False),
        sa.Column("when", whole, nullable=False),
        sa.Column("metric", text, nullable=False),
        sa.Column("settled", text, nullable=False),
        sa.Column("reason", text, nullable=False),
        sa.Column("expected", real, nullable=True),
        sa.Column("came", real, nullable=True),
        sa.Column("interval", text, nullable=False),
        sa.Column("requests", whole, nullable=False),
        sa.Column("subjects", whole, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_settlements"),
        sqlite_strict=True,
    )
    op.create_index("ix_settlements_endpoint_at", "settlements", ["endpoint", "at"], unique=False)
    op.create_table(
        "leases",
        sa.Column("name", text, nullable=False),
        sa.Column("owner", text, nullable=False),
        sa.Column("expires", whole, nullable=False),
        sa.Column("environment", text, nullable=False),
        sa.Column("term", whole, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_leases"),
        sqlite_strict=True,
    )
    op.create_table(
        "fences",
        sa.Column("name", text, nullable=False),
        sa.Column("term", whole, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_fences"),
        sqlite_strict=True,
    )
    op.create_table(
        "tokens",
        sa.Column("id", text, nullable=False),
        sa.Column("name", text, nullable=False),
        sa.Column("hash", text, nullable=False),
        sa.Column("scopes", text, nullable=False),
        sa.Column("created", whole, nullable=False),
        sa.Column("expires", whole, nullable=True),
        sa.Column("once", flag, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_tokens"),
        sqlite_strict=True,
    )
    op.create_index("ix_tokens_hash", "tokens", ["hash"], unique=True)
    op.create_table(
        "scorers",
        sa.Column("id", text, nullable=False),
        sa.Column("environment", text, nullable=False),
        sa.Column("host", text, nullable=False),
        sa.Column("address", text, nullable=False),
        sa.Column("pid", whole, nullable=False),
        sa.Column("since", whole, nullable=False),
        sa.Column("beat", whole, nullable=False),
        sa.Column("expires", whole, nullable=False),
        sa.Column("releases", whole, nullable=False),
        sa.Column("tokens", whole, nullable=False),
        sa.Column("position", whole, nullable=False),
        sa.Column("endpoints", text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_scorers"),
        sqlite_strict=True,
    )
    op.create_table(
        "settings",
        sa.Column("name", text, nullable=False),
        sa.Column("value", text, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_settings"),
        sqlite_strict=True,
    )
    op.create_table(
        "counters",
        sa.Column("name", text, nullable=False),
        sa.Column("value", whole, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_counters"),
        sqlite_strict=True,
    )
