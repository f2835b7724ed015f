"""What calls for a retraining, and what one may cost, as the words of ``[retrain]`` say it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from tidemill.config import cron
from tidemill.errors import ConfigError
from tidemill.types import Micros, did_you_mean, parse_span

PLACE = "tidemill.toml [retrain]"
KNOWN = ("drift", "decay", "new data 5%", "new data 1000 rows", "schedule 0 3 * * 1")
"""One of each kind, as it is written."""
_NEW = re.compile(r"^new data\s+(\d+(?:\.\d+)?)\s*(%|rows?)$")
_BUDGET = re.compile(r"^(\d+(?:\.\d+)?)\s*cpu[- ](second|minute|hour)s?\s*/\s*(.+)$")
_CPU = {"second": 1.0, "minute": 60.0, "hour": 3600.0}


@dataclass(frozen=True, slots=True)
class NewData:
    """So many rows since the last attempt, or such a share of those there were."""

    share: float | None = None
    rows: int | None = None


@dataclass(frozen=True, slots=True)
class Schedule:
    """A cron line, UTC."""

    line: str


def trigger(text: str) -> Literal["drift", "decay"] | NewData | Schedule:
    """One line of ``on``. Raises ConfigError.

    >>> trigger("new data 5%"), trigger("schedule 0 3 * * 1").line
    (NewData(share=0.05, rows=None), '0 3 * * 1')
    """
    text = text.strip()
    if text == "drift":
        return "drift"
    if text == "decay":
        return "decay"
    if text.startswith("schedule "):
        return Schedule(cron.parse(text.removeprefix("schedule ")).text)
    new = _NEW.match(text)
    if not new:
        raise ConfigError(
            f"{text!r} is nothing that can call for a retraining", place=PLACE, hint=did_you_mean(text, KNOWN)
        )
    share = new[2] == "%"
    amount = float(new[1]) / 100 if share else int(float(new[1]))
    if amount <= 0:
        raise ConfigError(f"{text!r} is always true", place=PLACE, hint="ask for more than 0")
    return NewData(share=amount) if share else NewData(rows=int(amount))


def budget(text: str) -> tuple[float, Micros]:
    """CPU seconds, and the span of event time in which they may be spent. Raises ConfigError.

    >>> budget("1 cpu-hour / week")
    (3600.0, 604800000000)
    """
    found = _BUDGET.match(text.strip())
    if not found:
        raise ConfigError(f"{text!r} is no budget", place=PLACE, hint="write it as '1 cpu-hour / week'")
    over = found[3].strip()
    return float(found[1]) * _CPU[found[2]], span(over if over[:1].isdigit() else f"1 {over}", "budget")


def span(text: str, key: str) -> Micros:
    """A length of time under this key. Raises ConfigError, naming the key."""
    try:
        return parse_span(text)
    except ConfigError as exc:
        raise ConfigError(f"{key}: {exc.message}", place=PLACE, hint=exc.hint) from exc
