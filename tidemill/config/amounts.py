"""Single amounts as tidemill.toml writes them: a share, a length of time, "every week"."""

from __future__ import annotations

import re

from tidemill.errors import ConfigError
from tidemill.types import Micros, parse_span

_BYTES = {"B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
_MOST_BYTES = 10**15


def parse_share(text: str, place: str = "", *, most: float = 1.0) -> float:
    """A share from ``2 %`` or ``0.02``, below ``most``. Raises ConfigError.

    >>> parse_share("2 %", "gates.refit.margin"), parse_share("0.05"), parse_share("150 %", most=10)
    (0.02, 0.05, 1.5)
    """
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(%?)\s*", text)
    share = float(found[1]) / (100 if found[2] else 1) if found else -1.0
    if not 0 <= share < most:
        raise ConfigError(f"{text!r} is not a share", place=place, hint="write it as '2 %'")
    return share


def some_share(text: str, *, most: float = 1.0) -> float:
    """As `parse_share`, and above 0."""
    share = parse_share(text, most=most)
    if share <= 0:
        raise ConfigError(f"{text!r} is no share at all", hint="write it as '2 %'")
    return share


def some_time(text: str, place: str = "") -> Micros:
    """A length of time above 0. Raises ConfigError."""
    span = parse_span(text, place)
    if span <= 0:
        raise ConfigError(f"{text!r} is no time at all", place=place, hint="write it as '28 days', '12 h' or '20 s'")
    return span


def every(text: str) -> Micros:
    """A length of time that may be one word.

    >>> every("week") == every("7 days")
    True
    """
    return some_time(text if text[:1].isdigit() else f"1 {text}")


def percent(share: float) -> str:
    """As people read it.

    >>> percent(0.01), percent(0.125)
    ('1%', '12.5%')
    """
    return f"{share * 100:g}%"


def some_bytes(text: str) -> int:
    """A size in bytes, above 0. Raises ConfigError.

    >>> some_bytes("2 GB"), some_bytes("512 MB"), some_bytes("100 kB")
    (2000000000, 512000000, 100000)
    """
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([kMGT]?B)\s*", text)
    size = round(float(found[1]) * _BYTES[found[2]]) if found else 0
    if not 0 < size <= _MOST_BYTES:
        raise ConfigError(f"{text!r} is no size", hint="write it as '2 GB' or '512 MB'")
    return size


def some_memory(text: str, whole: int) -> int:
    """A size in bytes, or a share of the ``whole``. Raises ConfigError.

    >>> some_memory("1.5 GB", 0), some_memory("75 %", 8_000_000_000)
    (1500000000, 6000000000)
    """
    return some_bytes(text) if "B" in text else int(some_share(text, most=1.0 + 1e-9) * whole)
