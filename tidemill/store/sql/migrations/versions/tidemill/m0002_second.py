"""What came after the first version: one function for each matter, called in the order in which they stand."""

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Nothing yet."""
