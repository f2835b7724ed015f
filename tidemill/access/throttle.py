"""Failed log-ins are slowed: each further one in a row has to wait twice as long, by the name, the network, and both together.

By both together it begins soon and goes far; by the name alone it stays short, so that nobody keeps somebody else out by guessing; by
the network alone it begins late, as an office shares one. What is counted is known by keyed digests: the store tells no names that
there are not, and no addresses.
"""

from __future__ import annotations

import hmac
import math
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tidemill.errors import TooMany
from tidemill.store.people import Attempt
from tidemill.store.records import Tx
from tidemill.types import DAY, SECOND, Micros

if TYPE_CHECKING:
    from tidemill.store.sql.store import MetadataStore

KEY = "throttle_key"
SWEPT = 50
"""Of those that are over, so many at a time."""


@dataclass(frozen=True, slots=True)
class Rule:
    """``free``: so many may fail before the first wait, of a second; each further one doubles it, up to ``longest`` seconds."""

    kind: str
    free: int
    longest: int

    def wait(self, count: int) -> Micros:
        """After so many in a row.

        >>> [Rule("both", 3, 900).wait(n) // 1_000_000 for n in (3, 4, 5, 6, 100)]
        [0, 1, 2, 4, 900]
        """
        over = count - self.free
        return 0 if over <= 0 else SECOND * min(self.longest, 1 << min(over - 1, 30))


BOTH, NAME, NETWORK = Rule("both", 3, 900), Rule("name", 20, 60), Rule("network", 50, 900)


@dataclass(frozen=True, slots=True)
class Watched:
    """What one log-in is counted by."""

    keys: tuple[tuple[Rule, str], ...]


def watched(store: MetadataStore, name: str, network: str) -> Watched:
    """What a log-in by this name from this network is counted by."""
    key = _key(store)
    said = ((BOTH, f"{name.lower()} {network}"), (NAME, name.lower()), (NETWORK, network))
    return Watched(tuple((rule, _digest(key, f"{rule.kind} {text}")) for rule, text in said))


def of_network(store: MetadataStore, network: str) -> Watched:
    """What a log-in is counted by that says no name."""
    return Watched(((NETWORK, _digest(_key(store), f"{NETWORK.kind} {network}")),))


def begin(store: MetadataStore, by: Watched, now: Micros, tx: Tx) -> int:
    """Count this one as failed before it is looked at, so that many at once are no way round; how many in a row it makes.

    Raises TooMany where it has to wait, and counts nothing then.
    """
    found = [(rule, key, store.attempts.look_up(key, tx=tx)) for rule, key in by.keys]
    until = max((one.until for _, _, one in found if one is not None), default=0)
    if until > now:
        seconds = math.ceil((until - now) / SECOND)
        raise TooMany("too many log-ins failed", place="log-in", hint=f"try again in {seconds} s")
    most = 0
    for rule, key, one in found:
        count = 1 if one is None or one.last < now - DAY else one.count + 1
        store.attempts.put(Attempt(key, count, now, now + rule.wait(count)), tx)
        most = max(most, count) if rule is not NETWORK else most
    _sweep(store, now, tx)
    return most


def passed(store: MetadataStore, by: Watched, tx: Tx) -> None:
    """It was the right one: the name begins anew, the network has one failure less."""
    for rule, key in by.keys:
        one = store.attempts.look_up(key, tx=tx)
        if one is not None and rule is NETWORK and one.count > 1:
            store.attempts.put(Attempt(key, one.count - 1, one.last, 0), tx)
        elif one is not None:
            store.attempts.delete(key, tx)


def _sweep(store: MetadataStore, now: Micros, tx: Tx) -> None:
    for one in store.attempts.list(until=now - DAY, limit=SWEPT, tx=tx):
        store.attempts.delete(one.key, tx)


def _key(store: MetadataStore) -> bytes:
    return bytes.fromhex(str(store.settings.get(KEY) or store.settings.keep(KEY, secrets.token_hex(32))))


def _digest(key: bytes, text: str) -> str:
    return hmac.new(key, text.encode("utf-8", "surrogateescape"), "sha256").hexdigest()
