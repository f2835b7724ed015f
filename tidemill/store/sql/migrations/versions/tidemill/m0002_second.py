"""What came after the first version: one function for each matter, called in the order in which they stand."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import sqlite

revision = "0002"
down_revision = "0001"

text = sa.Text()
whole = sa.BigInteger().with_variant(sqlite.INTEGER(), "sqlite")
real: sa.types.TypeEngine[float] = sa.Double().with_variant(sqlite.REAL(), "sqlite")


def upgrade() -> None:
    experiments()


def experiments() -> None:
    """A/B tests, of which an endpoint runs one at a time."""
    op.create_table(
        "experiments",
        sa.Column("id", text, nullable=False),
        sa.Column("endpoint", text, nullable=False),
        sa.Column("environment", text, nullable=False),
        sa.Column("status", text, nullable=False),
        sa.Column("arms", text, nullable=False),
        sa.Column("models", text, nullable=False),
        sa.Column("share", real, nullable=False),
        sa.Column("metric", text, nullable=False),
        sa.Column("margin", real, nullable=False),
        sa.Column("effect", real, nullable=False),
        sa.Column("alpha", real, nullable=False),
        sa.Column("started", whole, nullable=False),
        sa.Column("until", whole, nullable=False),
        sa.Column("author", text, nullable=False),
        sa.Column("then", text, nullable=False),
        sa.Column("ended", whole, nullable=True),
        sa.Column("verdict", text, nullable=False),
        sa.Column("reason", text, nullable=False),
        sa.Column("settled", text, nullable=False),
        sa.Column("plan", text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_experiments"),
        sqlite_strict=True,
    )
    op.create_index("ix_experiments_endpoint_started", "experiments", ["endpoint", "started"], unique=False)
    op.create_index(
        "uq_experiments_running",
        "experiments",
        ["environment", "endpoint"],
        unique=True,
        sqlite_where=sa.text("status = 'running'"),
        postgresql_where=sa.text("status = 'running'"),
    )
