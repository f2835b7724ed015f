"""People's rights: one function for each matter, called in the order in which they stand."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import sqlite

revision = "0004"
down_revision = "0003"

text = sa.Text()
whole = sa.BigInteger().with_variant(sqlite.INTEGER(), "sqlite")


def upgrade() -> None:
    limits()


def limits() -> None:
    """Whose data may not be used, and what each scorer knows of it."""
    op.add_column("scorers", sa.Column("limits", whole, nullable=False, server_default="0"))
    op.create_table(
        "subject_limits",
        sa.Column("id", text, nullable=False),
        sa.Column("of", text, nullable=False),
        sa.Column("subject", text, nullable=False),
        sa.Column("mark", text, nullable=False),
        sa.Column("kind", text, nullable=False),
        sa.Column("purpose", text, nullable=False),
        sa.Column("since", whole, nullable=False),
        sa.Column("by", text, nullable=False),
        sa.Column("begun", whole, nullable=False),
        sa.Column("ended", whole, nullable=True),
        sa.Column("ended_by", text, nullable=False),
        sa.Column("over", whole, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_subject_limits"),
        sqlite_strict=True,
    )
    op.create_index("ix_subject_limits_mark", "subject_limits", ["mark"], unique=False)
