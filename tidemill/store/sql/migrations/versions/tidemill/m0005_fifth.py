"""What people ask for, and by when: one function for each matter, called in the order in which they stand."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import sqlite

revision = "0005"
down_revision = "0004"

text = sa.Text()
whole = sa.BigInteger().with_variant(sqlite.INTEGER(), "sqlite")


def upgrade() -> None:
    requests()


def requests() -> None:
    """What was asked for about a person, and how it ended."""
    op.create_table(
        "subject_requests",
        sa.Column("id", text, nullable=False),
        sa.Column("of", text, nullable=False),
        sa.Column("subject", text, nullable=False),
        sa.Column("mark", text, nullable=False),
        sa.Column("kind", text, nullable=False),
        sa.Column("received", whole, nullable=False),
        sa.Column("due", whole, nullable=True),
        sa.Column("by", text, nullable=False),
        sa.Column("why", text, nullable=False),
        sa.Column("extended", text, nullable=False),
        sa.Column("ended", whole, nullable=True),
        sa.Column("ended_by", text, nullable=False),
        sa.Column("how", text, nullable=False),
        sa.Column("reason", text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_subject_requests"),
        sqlite_strict=True,
    )
    op.create_index("ix_subject_requests_mark", "subject_requests", ["mark"], unique=False)
