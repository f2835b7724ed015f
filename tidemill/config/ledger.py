"""``[ledger]``: how often the ledger's head is signed, and where it is told; left out, it is signed and stays here."""

from __future__ import annotations

from pathlib import PurePosixPath

from tidemill.config.network import check_callback
from tidemill.config.sections import Section
from tidemill.errors import ConfigError
from tidemill.types import DAY, SECOND, Micros, parse_span

MOST_ANCHORS = 16


class LedgerSection(Section, frozen=True):
    """``[ledger]``: a head is signed ``every`` so long, or after so many ``records``, whichever comes first. ``anchors``: where each is
    told, so that a ledger that was cut or written anew is found: ``file:/PATH`` (a line more, outside the project), ``git:/PATH``
    (a commit in that repository), ``https://…`` (posted there, signed as callbacks are)."""

    every: str = "1 hour"
    records: int = 1_000
    anchors: tuple[str, ...] = ()

    @property
    def span(self) -> Micros:
        return parse_span(self.every)


def check_every(span: str) -> Micros:
    """Raises ConfigError.

    >>> check_every("10 min") // SECOND
    600
    """
    found = parse_span(span)
    if not SECOND <= found <= 30 * DAY:
        raise ConfigError(f"{span!r} is no time between two heads", hint="between 1 s and 30 days")
    return found


def check_records(n: int) -> int:
    """Raises ConfigError."""
    if not 1 <= n <= 1_000_000:
        raise ConfigError(f"{n} records from a head to the next", hint="1 to 1,000,000")
    return n


def check_anchor(address: str) -> None:
    """Raises ConfigError.

    >>> check_anchor("file:/mnt/worm/shop-ledger.jsonl"); check_anchor("https://anchors.example/shop")
    """
    kind, _, path = address.partition(":")
    if kind not in ("file", "git"):
        check_callback(address)
        return
    plain = PurePosixPath(path)
    if not plain.is_absolute() or ".." in plain.parts or not path.isprintable() or path.startswith("//"):
        raise ConfigError(f"{address[:80]!r} is no anchor", hint=f"a whole path: {kind}:/mnt/elsewhere/ledger")
