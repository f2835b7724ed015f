"""The tables of live.db as the first version made them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import sqlite

revision = "0001"
down_revision = None

text = sa.Text()
blob = sa.LargeBinary()
whole = sa.BigInteger().with_variant(sqlite.INTEGER(), "sqlite")
real: sa.types.TypeEngine[float] = sa.Double().with_variant(sqlite.REAL(), "sqlite")
flag = sa.Boolean().with_variant(sqlite.INTEGER(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "predictions",
        sa.Column("id", text, nullable=False),
        sa.Column("endpoint", text, nullable=False),
        sa.Column("at", whole, nullable=False),
        sa.Column("subject", text, nullable=False),
        sa.Column("model", text, nullable=False),
        sa.Column("release", text, nullable=False),
        sa.Column("arm", text, nullable=False),
        sa.Column("output", blob, nullable=False),
        sa.Column("inputs", blob, nullable=False),
        sa.Column("watermark", whole, nullable=False),
        sa.Column("latency_us", whole, nullable=False),
        sa.Column("cold", flag, nullable=False),
        sa.Column("key", text, nullable=True),
        sa.Column("environment", text, nullable=False),
        sa.Column("explained", blob, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_predictions"),
        sqlite_strict=True,
    )
    op.create_index("ix_predictions_at_endpoint", "predictions", ["at", "endpoint"], unique=False)
    op.create_index("ix_predictions_subject_at", "predictions", ["subject", "at"], unique=False)
    op.create_table(
        "live_fences",
        sa.Column("name", text, nullable=False),
        sa.Column("term", whole, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_live_fences"),
        sqlite_strict=True,
    )
    op.create_table(
        "outcomes",
        sa.Column("key", text, nullable=False),
        sa.Column("at", whole, nullable=False),
        sa.Column("subject", text, nullable=False),
        sa.Column("item", text, nullable=False),
        sa.Column("value", real, nullable=False),
        sa.Column("prediction", text, nullable=True),
        sa.Column("received", whole, nullable=False),
        sa.Column("joined", text, nullable=True),
        sa.Column("how", text, nullable=False),
        sa.Column("endpoint", text, nullable=False),
        sa.Column("environment", text, nullable=False),
        sa.Column("quarantined", flag, nullable=False),
        sa.Column("joined_at", whole, nullable=False),
        sa.PrimaryKeyConstraint("key", "endpoint", "environment", name="pk_outcomes"),
        sqlite_strict=True,
    )
    op.create_index("ix_outcomes_endpoint_received", "outcomes", ["endpoint", "received"], unique=False)
    op.create_index(
        "ix_outcomes_joined",
        "outcomes",
        ["joined"],
        unique=False,
        sqlite_where=sa.text("joined IS NOT NULL"),
        postgresql_where=sa.text("joined IS NOT NULL"),
    )
    op.create_index(
        "ix_outcomes_joined_at",
        "outcomes",
        ["joined_at"],
        unique=False,
        sqlite_where=sa.text("joined IS NOT NULL"),
        postgresql_where=sa.text("joined IS NOT NULL"),
    )
    op.create_index(
        "ix_outcomes_unjoined",
        "outcomes",
        ["endpoint", "environment", "at", "key"],
        unique=False,
        sqlite_where=sa.text("how = ''"),
        postgresql_where=sa.text("how = ''"),
    )
    op.create_index(
        "ix_outcomes_quarantined",
        "outcomes",
        ["item"],
        unique=False,
        sqlite_where=sa.text("quarantined"),
        postgresql_where=sa.text("quarantined"),
    )
    for name in ("subjects", "items"):
        op.create_table(
            name,
            sa.Column("id", whole, nullable=False, autoincrement=False),
            sa.Column("name", text, nullable=False),
            sa.Column("dataset", text, nullable=False),
            sa.PrimaryKeyConstraint("id", name=f"pk_{name}"),
            sqlite_strict=True,
        )
        op.create_index(f"ix_{name}_name_dataset", name, ["name", "dataset"], unique=True)
    op.create_table(
        "sources",
        sa.Column("id", whole, nullable=False, autoincrement=False),
        sa.Column("file", text, nullable=False),
        sa.Column("ingest", text, nullable=False),
        sa.Column("endpoint", text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sources"),
        sqlite_strict=True,
    )
    op.create_index("ix_sources_file_ingest_endpoint", "sources", ["file", "ingest", "endpoint"], unique=True)
    op.create_table(
        "history",
        sa.Column("seq", whole, nullable=False, autoincrement=False),
        sa.Column("key", text, nullable=False),
        sa.Column("subject", whole, nullable=False),
        sa.Column("item", whole, nullable=False),
        sa.Column("at", whole, nullable=False),
        sa.Column("value", real, nullable=False),
        sa.Column("source", whole, nullable=False),
        sa.Column("row", whole, nullable=True),
        sa.PrimaryKeyConstraint("seq", name="pk_history"),
        sqlite_strict=True,
    )
    op.create_index("ix_history_key", "history", ["key"], unique=False)
    op.create_index("ix_history_subject_item", "history", ["subject", "item"], unique=False)
    op.create_index(
        "ix_history_told",
        "history",
        ["subject", "item"],
        unique=False,
        sqlite_where=sa.text('"row" IS NULL'),
        postgresql_where=sa.text('"row" IS NULL'),
    )
    op.execute(
        "CREATE VIEW online AS SELECT h.seq AS seq, h.key AS key, s.name AS subject, i.name AS item, h.at AS at,\n"
        "h.value AS value, nullif(o.file, '') AS file, h.row AS row, nullif(o.ingest, '') AS ingest, s.dataset AS dataset,\n"
        "o.endpoint AS endpoint FROM history h JOIN subjects s ON s.id = h.subject JOIN items i ON i.id = h.item\n"
        "JOIN sources o ON o.id = h.source"
    )
    op.create_table(
        "gone",
        sa.Column("seq", whole, nullable=False, autoincrement=False),
        sa.Column("mark", text, nullable=False),
        sa.Column("dataset", text, nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_gone"),
        sqlite_strict=True,
    )
    op.create_table(
        "entity_inputs",
        sa.Column("model", text, nullable=False),
        sa.Column("subject", text, nullable=False),
        sa.Column("at", whole, nullable=False),
        sa.Column("inputs", blob, nullable=False),
        sa.PrimaryKeyConstraint("model", "subject", name="pk_entity_inputs"),
        sqlite_strict=True,
    )
    op.create_index("ix_entity_inputs_subject", "entity_inputs", ["subject"], unique=False)
