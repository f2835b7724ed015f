"""A share, and a promise about false alarms, as the words of tidemill.toml say them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tidemill.errors import ConfigError
from tidemill.types import Micros, parse_span

_PROMISE = re.compile(r"^\s*(\d+(?:\.\d+)?)\s*(?:per|/|a)\s*(.+?)\s*$")


@dataclass(frozen=True, slots=True)
class Promise:
    """At most ``count`` false alarms in ``span`` (micros)."""

    count: float
    span: Micros

    def per_window(self, window: Micros) -> float:
        """The false alarms that one window may raise, on average."""
        return min(0.5, self.count * window / self.span)


def parse_promise(text: str) -> Promise:
    """``1 per quarter``. Raises ConfigError.

    >>> round(1 / parse_promise("1 per quarter").per_window(parse_span("1 day")))
    91
    """
    found = _PROMISE.match(text)
    hint = "write it as '1 per quarter'"
    if not found or float(found[1]) <= 0:
        raise ConfigError(
            f"{text!r} is no promise about false alarms", place="tidemill.toml [monitor] drift", hint=hint
        )
    try:
        span = parse_span(found[2] if found[2][:1].isdigit() else f"1 {found[2]}")
    except ConfigError as exc:
        raise ConfigError(f"false_alarms: {exc.message}", place="tidemill.toml [monitor] drift", hint=hint) from exc
    return Promise(float(found[1]), span)


def parse_share(text: str, place: str) -> float:
    """A share from ``2 %`` or ``0.02``. Raises ConfigError.

    >>> parse_share("2 %", "gates.refit.margin"), parse_share("0.05", "")
    (0.02, 0.05)
    """
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(%?)\s*", text)
    share = float(found[1]) / (100 if found[2] else 1) if found else -1.0
    if not 0 <= share < 1:
        raise ConfigError(f"{text!r} is not a share", place=place, hint="write it as '2 %'")
    return share
