"""Principals, what is asked of them, and the ledger: one function for each matter, called in the order in which they stand."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import sqlite

revision = "0003"
down_revision = "0002"

text = sa.Text()
whole = sa.BigInteger().with_variant(sqlite.INTEGER(), "sqlite")
flag = sa.Boolean().with_variant(sqlite.INTEGER(), "sqlite")


def upgrade() -> None:
    tokens()
    principals()
    approvals()
    ledger()


def tokens() -> None:
    """Whose a token is, and what a session was begun with beside its cookie."""
    op.add_column("tokens", sa.Column("principal", text, nullable=False, server_default=""))
    op.add_column("tokens", sa.Column("bound", text, nullable=False, server_default=""))
    op.create_index("ix_tokens_principal", "tokens", ["principal"], unique=False)


def principals() -> None:
    """People and programs, their passwords, and who tried to be one of them."""
    op.create_table(
        "principals",
        sa.Column("id", text, nullable=False),
        sa.Column("name", text, nullable=False),
        sa.Column("kind", text, nullable=False),
        sa.Column("roles", text, nullable=False),
        sa.Column("created", whole, nullable=False),
        sa.Column("by", text, nullable=False),
        sa.Column("display", text, nullable=False),
        sa.Column("owner", text, nullable=False),
        sa.Column("issuer", text, nullable=False),
        sa.Column("subject", text, nullable=False),
        sa.Column("key", text, nullable=False),
        sa.Column("key_envelope", text, nullable=False),
        sa.Column("disabled", whole, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_principals"),
        sqlite_strict=True,
    )
    op.create_index("ix_principals_name", "principals", ["name"], unique=True)
    op.create_index("uq_principals_vouched", "principals", ["issuer", "subject"], unique=True, sqlite_where=sa.text("issuer != ''"), postgresql_where=sa.text("issuer != ''"))
    op.create_table(
        "passwords",
        sa.Column("principal", text, nullable=False),
        sa.Column("hash", text, nullable=False),
        sa.Column("changed", whole, nullable=False),
        sa.Column("must_change", flag, nullable=False),
        sa.PrimaryKeyConstraint("principal", name="pk_passwords"),
        sqlite_strict=True,
    )
    op.create_table(
        "attempts",
        sa.Column("key", text, nullable=False),
        sa.Column("count", whole, nullable=False),
        sa.Column("last", whole, nullable=False),
        sa.Column("until", whole, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_attempts"),
        sqlite_strict=True,
    )
    op.create_index("ix_attempts_last", "attempts", ["last"], unique=False)
    op.create_table(
        "logins",
        sa.Column("id", text, nullable=False),
        sa.Column("browser", text, nullable=False),
        sa.Column("sealed", text, nullable=False),
        sa.Column("origin", text, nullable=False),
        sa.Column("started", whole, nullable=False),
        sa.Column("expires", whole, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_logins"),
        sqlite_strict=True,
    )
    op.create_index("ix_logins_origin", "logins", ["origin"], unique=False)
    op.create_index("ix_logins_expires", "logins", ["expires"], unique=False)
    op.create_table(
        "vouched",
        sa.Column("session", text, nullable=False),
        sa.Column("principal", text, nullable=False),
        sa.Column("issuer", text, nullable=False),
        sa.Column("sealed", text, nullable=False),
        sa.Column("checked", whole, nullable=False),
        sa.Column("asked", whole, nullable=False),
        sa.PrimaryKeyConstraint("session", name="pk_vouched"),
        sqlite_strict=True,
    )


def approvals() -> None:
    """Questions to people, their words, comments, and when who looked last."""
    op.create_table(
        "approvals",
        sa.Column("id", text, nullable=False),
        sa.Column("kind", text, nullable=False),
        sa.Column("subject", text, nullable=False),
        sa.Column("rule", text, nullable=False),
        sa.Column("author", text, nullable=False),
        sa.Column("roles", text, nullable=False),
        sa.Column("needed", whole, nullable=False),
        sa.Column("four_eyes", flag, nullable=False),
        sa.Column("asked", whole, nullable=False),
        sa.Column("due", whole, nullable=True),
        sa.Column("status", text, nullable=False),
        sa.Column("inputs", text, nullable=False),
        sa.Column("inputs_digest", text, nullable=False),
        sa.Column("ended", whole, nullable=True),
        sa.Column("environment", text, nullable=False),
        sa.Column("endpoint", text, nullable=False),
        sa.Column("person", text, nullable=False),
        sa.Column("who", text, nullable=False),
        sa.Column("why", text, nullable=False),
        sa.Column("asks_reason", flag, nullable=False),
        sa.Column("own_key", flag, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_approvals"),
        sqlite_strict=True,
    )
    op.create_index("ix_approvals_status_asked", "approvals", ["status", "asked"], unique=False)
    op.create_index("ix_approvals_subject", "approvals", ["subject"], unique=False)
    op.create_table(
        "votes",
        sa.Column("id", text, nullable=False),
        sa.Column("approval", text, nullable=False),
        sa.Column("principal", text, nullable=False),
        sa.Column("person", text, nullable=False),
        sa.Column("role", text, nullable=False),
        sa.Column("yes", flag, nullable=False),
        sa.Column("reason", text, nullable=False),
        sa.Column("at", whole, nullable=False),
        sa.Column("seen", text, nullable=False),
        sa.Column("envelope", text, nullable=False),
        sa.Column("self_approved", flag, nullable=False),
        sa.Column("who", text, nullable=False),
        sa.Column("own_key", flag, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_votes"),
        sqlite_strict=True,
    )
    op.create_index("ix_votes_approval_person", "votes", ["approval", "person"], unique=True)
    op.create_table(
        "comments",
        sa.Column("id", text, nullable=False),
        sa.Column("about", text, nullable=False),
        sa.Column("principal", text, nullable=False),
        sa.Column("at", whole, nullable=False),
        sa.Column("text", text, nullable=False),
        sa.Column("reply_to", text, nullable=False),
        sa.Column("removed", whole, nullable=True),
        sa.Column("who", text, nullable=False),
        sa.Column("mentions", text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_comments"),
        sqlite_strict=True,
    )
    op.create_index("ix_comments_about_at", "comments", ["about", "at"], unique=False)
    op.create_index("ix_comments_at", "comments", ["at"], unique=False)
    op.create_table(
        "visits",
        sa.Column("principal", text, nullable=False),
        sa.Column("place", text, nullable=False),
        sa.Column("at", whole, nullable=False),
        sa.Column("before", whole, nullable=True),
        sa.PrimaryKeyConstraint("principal", "place", name="pk_visits"),
        sqlite_strict=True,
    )


def ledger() -> None:
    """The chain of what was done, its details and its signed heads."""
    op.add_column("events", sa.Column("nonce", text, nullable=False, server_default=""))
    op.create_table(
        "acts",
        sa.Column("id", text, nullable=False),
        sa.Column("at", whole, nullable=False),
        sa.Column("kind", text, nullable=False),
        sa.Column("subject", text, nullable=False),
        sa.Column("data", text, nullable=False),
        sa.Column("principal", text, nullable=False),
        sa.Column("nonce", text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_acts"),
        sqlite_strict=True,
    )
    op.create_table(
        "ledger",
        sa.Column("seq", whole, autoincrement=False, nullable=False),
        sa.Column("at", whole, nullable=False),
        sa.Column("principal", text, nullable=False),
        sa.Column("act", text, nullable=False),
        sa.Column("subject", text, nullable=False),
        sa.Column("event", text, nullable=False),
        sa.Column("commitment", text, nullable=False),
        sa.Column("previous", text, nullable=False),
        sa.Column("hash", text, nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_ledger"),
        sqlite_strict=True,
    )
    op.create_index("ix_ledger_event", "ledger", ["event"], unique=False)
    op.create_index("ix_ledger_principal_seq", "ledger", ["principal", "seq"], unique=False)
    op.create_table(
        "ledger_heads",
        sa.Column("size", whole, autoincrement=False, nullable=False),
        sa.Column("root", text, nullable=False),
        sa.Column("at", whole, nullable=False),
        sa.Column("envelope", text, nullable=False),
        sa.Column("anchors", text, nullable=False),
        sa.PrimaryKeyConstraint("size", name="pk_ledger_heads"),
        sqlite_strict=True,
    )
