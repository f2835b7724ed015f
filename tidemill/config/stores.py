"""``[stores]``: where a team's records are; left out, they are files of the project."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

from tidemill.config.sections import Section
from tidemill.errors import ConfigError
from tidemill.types import did_you_mean

SCHEMES = ("postgresql", "postgres")
SECRET = "TIDEMILL_METADATA_PASSWORD"  # noqa: S105 - a name
"""The environment's name for the role's password; with ``_FILE`` behind it, for a file that holds it."""
OPTIONS = (
    "host",
    "port",
    "sslmode",
    "sslrootcert",
    "sslcert",
    "sslkey",
    "target_session_attrs",
    "application_name",
    "connect_timeout",
    "keepalives_idle",
)
"""What may stand behind the question mark: how to get there. Secrets, and what the session is, may not."""


class StoresSection(Section, frozen=True):
    """``[stores]``: where records are that a team shares.

    ``metadata``: ``postgresql://ROLE@HOST/DATABASE``: records, predictions and histories in PostgreSQL, in a schema named after
    the project. Left out: SQLite in ``.tidemill/``. The password is never written here, see `SECRET`.
    """

    metadata: str = ""


def check_address(address: str) -> None:
    """Raises ConfigError for what is no address of a server, or holds a secret; the message never repeats one.

    >>> check_address("postgresql://tidemill@db/shop?sslmode=verify-full")
    """
    hint = "postgresql://ROLE@HOST/DATABASE"
    try:
        parts = urlsplit(address)
        given = parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
        parts.port  # noqa: B018 - read now, so that a wrong one is said here
    except ValueError as exc:
        raise ConfigError("this is no address of a server", hint=hint) from exc
    if parts.scheme not in SCHEMES:
        raise ConfigError("records are kept in PostgreSQL", hint=hint)
    if parts.password is not None or any(name in ("password", "passfile") for name, _ in given):
        raise ConfigError(
            "a password does not belong into a file that is shared",
            hint=f"take it out (and change it), and set {SECRET}, or {SECRET}_FILE",
        )
    if not parts.path.strip("/"):
        raise ConfigError("the address names no database", hint=hint)
    if unknown := next((name for name, _ in given if name not in OPTIONS), None):
        raise ConfigError(
            f"{unknown!r} is nothing that may be said of the connection", hint=did_you_mean(unknown, OPTIONS)
        )
