"""``[stores]``: where a team's records, artifacts and tables are; left out, they are files of the project."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import SplitResult, parse_qsl, urlsplit

from tidemill.config.network import LOOPBACK
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
SSLMODES = ("require", "verify-ca", "verify-full", "disable")
"""What may be asked of the way to the server: never whether it happens to be encrypted (``prefer``, ``allow``)."""
BUCKET_OPTIONS = ("endpoint", "region")


class StoresSection(Section, frozen=True):
    """``[stores]``: where records, artifacts and tables are that a team shares.

    ``metadata``: ``postgresql://ROLE@HOST/DATABASE``: records, predictions and histories in PostgreSQL, in a schema named after
    the project. Left out: SQLite in ``.tidemill/``. The password is never written here, see `SECRET`. A server on another
    machine is spoken to by TLS (``sslmode=require``; ``verify-full`` where ``sslrootcert`` is given), unless ``sslmode`` says otherwise.
    ``artifacts``: ``s3://BUCKET/PREFIX``: models and what steps made, in object storage; ``?endpoint=…&region=…`` where it is not
    Amazon's. Keys as every S3 client takes them from the environment. ``tables``: dataset versions, likewise; may be the same prefix.
    ``copies``: how much of both a machine keeps in ``.tidemill/copies``; what was used least recently goes first.
    """

    metadata: str = ""
    artifacts: str = ""
    tables: str = ""
    copies: str = "20 GB"


def check_database(address: str) -> None:
    """Raises ConfigError for what is no address of a server, or holds a secret; the message never repeats one.

    >>> check_database("postgresql://tidemill@db/shop?sslmode=verify-full")
    """
    hint = "postgresql://ROLE@HOST/DATABASE"
    parts, given = _parts(address, hint)
    if parts.scheme not in SCHEMES:
        raise ConfigError("records are kept in PostgreSQL", hint=hint)
    if parts.password is not None or "@" in parts.path or {"password", "passfile"} & given.keys():
        raise ConfigError(
            "a password does not belong into a file that is shared",
            hint=f"take it out (and change it), and set {SECRET}, or {SECRET}_FILE",
        )
    if not parts.path.strip("/"):
        raise ConfigError("the address names no database", hint=hint)
    _check_options(given, OPTIONS)
    if given.get("sslmode", SSLMODES[0]) not in SSLMODES:
        raise ConfigError(
            "this sslmode is no promise that the way to the server is encrypted",
            hint=f"{', '.join(SSLMODES[:-1])}; or disable, where nobody else is on the way",
        )


def encrypted(address: str) -> str:
    """The address with how the way is encrypted, where it does not say so itself: a server on another machine is spoken to
    by TLS, and its certificate is checked where there is something to check it by.

    >>> encrypted("postgresql://tidemill@db/shop")
    'postgresql://tidemill@db/shop?sslmode=require'
    >>> encrypted("postgresql://tidemill@127.0.0.1/shop")
    'postgresql://tidemill@127.0.0.1/shop'
    """
    parts = urlsplit(address)
    given = dict(parse_qsl(parts.query, keep_blank_values=True))
    host = given.get("host") or parts.hostname or ""
    if "sslmode" in given or host in LOOPBACK or host.startswith("/"):
        return address
    mode = "verify-full" if "sslrootcert" in given else "require"
    return f"{address}{'&' if parts.query else '?'}sslmode={mode}"


def check_bucket(address: str) -> None:
    """As `check_database`, of a bucket.

    >>> check_bucket("s3://models/shop?endpoint=https://storage.example")
    """
    hint = "s3://BUCKET/PREFIX"
    parts, given = _parts(address, hint)
    if parts.scheme != "s3":
        raise ConfigError("artifacts and tables are kept in storage that speaks S3", hint=hint)
    if "@" in parts.netloc:
        raise ConfigError(
            "a key does not belong into a file that is shared",
            hint="take it out (and change it), and set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
        )
    if not parts.netloc or not parts.path.strip("/") or "#" in address or ".." in parts.path:
        raise ConfigError("a bucket and a prefix of the project's own are needed", hint=hint)
    _check_options(given, BUCKET_OPTIONS)
    endpoint, _ = _parts(given.get("endpoint", "https://aws"), "endpoint=https://HOST")
    if "@" in endpoint.netloc or endpoint.query or endpoint.fragment:
        raise ConfigError(
            "the endpoint is a host, and no more: a key does not belong into a file that is shared",
            hint="endpoint=https://HOST",
        )
    if endpoint.scheme != "https" and not (endpoint.scheme == "http" and endpoint.hostname in LOOPBACK):
        raise ConfigError("the way to the storage is open to everybody on it", hint="endpoint=https://…")


def _parts(address: str, hint: str) -> tuple[SplitResult, dict[str, str]]:
    try:
        parts = urlsplit(address)
        given = dict(parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query)))
        parts.port  # noqa: B018 - read now, so that a wrong one is said here
    except ValueError as exc:
        raise ConfigError("this is no address of a store", hint=hint) from exc
    return parts, given


def _check_options(given: Mapping[str, str], options: Sequence[str]) -> None:
    if unknown := next((name for name in given if name not in options), None):
        said = f"{unknown[:60]!r} is nothing that may be said of the way there"
        raise ConfigError(said, hint=did_you_mean(unknown, options))
