"""What came after the first version: one function for each matter, called in the order in which they stand."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import sqlite

revision = "0002"
down_revision = "0001"

real: sa.types.TypeEngine[float] = sa.Double().with_variant(sqlite.REAL(), "sqlite")


def upgrade() -> None:
    predictions()


def predictions() -> None:
    """How likely the variant was that answered: before, nobody wrote it down, and 1 is what stands where nothing is drawn."""
    propensity = sa.Column("propensity", real, nullable=False, server_default="1.0")
    if op.get_bind().dialect.name != "sqlite":
        op.add_column("predictions", propensity)
        return
    with op.batch_alter_table("predictions", recreate="always", table_kwargs={"sqlite_strict": True}) as table:
        table.add_column(propensity)
