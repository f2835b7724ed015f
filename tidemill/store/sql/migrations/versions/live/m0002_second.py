"""What came after the first version: one function for each matter, called in the order in which they stand."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import sqlite

revision = "0002"
down_revision = "0001"

text = sa.Text()
blob = sa.LargeBinary()
whole = sa.BigInteger().with_variant(sqlite.INTEGER(), "sqlite")
real: sa.types.TypeEngine[float] = sa.Double().with_variant(sqlite.REAL(), "sqlite")


def upgrade() -> None:
    predictions()
    item_rows()
    batches()
    deferred()


def predictions() -> None:
    """How likely the variant was that answered: before, nobody wrote it down, and 1 is what stands where nothing is drawn."""
    propensity = sa.Column("propensity", real, nullable=False, server_default="1.0")
    if op.get_bind().dialect.name != "sqlite":
        op.add_column("predictions", propensity)
        return
    with op.batch_alter_table("predictions", recreate="always", table_kwargs={"sqlite_strict": True}) as table:
        table.add_column(propensity)


def item_rows() -> None:
    """What is known of items, from which position on and until which."""
    op.create_table(
        "item_rows",
        sa.Column("seq", whole, nullable=False, autoincrement=False),
        sa.Column("dataset", text, nullable=False),
        sa.Column("item", text, nullable=False),
        sa.Column("store", text, nullable=False),
        sa.Column("at", whole, nullable=False),
        sa.Column("known", text, nullable=False),
        sa.Column("moments", text, nullable=False),
        sa.Column("gone", whole, nullable=False),
        sa.Column("received", whole, nullable=False),
        sa.Column("principal", text, nullable=False),
        sa.Column("file", text, nullable=True),
        sa.Column("row", whole, nullable=True),
        sa.Column("ingest", text, nullable=True),
        sa.Column("until", whole, nullable=True),
        sa.PrimaryKeyConstraint("seq", name="pk_item_rows"),
        sqlite_strict=True,
    )
    op.create_index(
        "uq_item_rows_now",
        "item_rows",
        ["dataset", "item", "store"],
        unique=True,
        sqlite_where=sa.text("until IS NULL"),
        postgresql_where=sa.text("until IS NULL"),
    )
    op.create_index("ix_item_rows_dataset_item_seq", "item_rows", ["dataset", "item", "seq"], unique=False)
    op.create_index(
        "ix_item_rows_replaced",
        "item_rows",
        ["until"],
        unique=False,
        sqlite_where=sa.text("until IS NOT NULL"),
        postgresql_where=sa.text("until IS NOT NULL"),
    )


def batches() -> None:
    """The partitions of batches that are answered."""
    texts, numbers = ("endpoint", "environment"), ("at", "rows", "answered")
    op.create_table(
        "batch_parts",
        sa.Column("name", text, nullable=False, autoincrement=False),
        sa.Column("batch", text, nullable=False),
        sa.Column("number", whole, nullable=False),
        *(sa.Column(name, text, nullable=False) for name in texts),
        *(sa.Column(name, whole, nullable=False) for name in numbers),
        *(sa.Column(name, text, nullable=False) for name in ("by", "log", "out", "run")),
        sa.PrimaryKeyConstraint("name", name="pk_batch_parts"),
        sqlite_strict=True,
    )
    op.create_index("ix_batch_parts_batch_number", "batch_parts", ["batch", "number"], unique=False)
    op.create_index("ix_batch_parts_at_endpoint", "batch_parts", ["at", "endpoint"], unique=False)


def deferred() -> None:
    """Questions that are answered later."""
    op.create_table(
        "deferred",
        sa.Column("id", text, nullable=False),
        sa.Column("endpoint", text, nullable=False),
        sa.Column("environment", text, nullable=False),
        sa.Column("at", whole, nullable=False),
        sa.Column("subject", text, nullable=False),
        sa.Column("body", blob, nullable=False),
        sa.Column("asker", text, nullable=False),
        sa.Column("position", whole, nullable=False),
        sa.Column("expires", whole, nullable=False),
        sa.Column("status", text, nullable=False),
        sa.Column("due", whole, nullable=False),
        sa.Column("owner", text, nullable=False),
        sa.Column("tries", whole, nullable=False),
        sa.Column("problem", blob, nullable=False),
        sa.Column("callback", text, nullable=False),
        sa.Column("told", text, nullable=False),
        sa.Column("settled", whole, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_deferred"),
        sqlite_strict=True,
    )
    op.create_index("ix_deferred_due", "deferred", ["due"], unique=False)
    op.create_index("ix_deferred_subject", "deferred", ["subject"], unique=False)
