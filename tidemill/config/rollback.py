"""What rolls a release back, as the words of tidemill.toml say it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tidemill.errors import ConfigError
from tidemill.types import did_you_mean, parse_span

_ABOVE = re.compile(r"^\s*(errors|p99)\s*>\s*(.+?)\s*$")
_DROPS = re.compile(r"^\s*(?:hit rate|quality)\s+drops\s+(\d+(?:\.\d+)?)\s*%\s*$")
_RISES = re.compile(r"^\s*(?:mae|rmse|log[ _]loss|loss)\s+rises\s+(\d+(?:\.\d+)?)\s*%\s*$")
_KNOWN = ("errors > 1%", "p99 > 50 ms", "hit rate drops 20%", "quality drops 20%", "mae rises 20%")
_WAY_OUT = "write it as 'errors > 1%', 'p99 > 50 ms', 'hit rate drops 20%' or 'mae rises 20%'"


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of ``rollback_on``."""

    text: str
    kind: str  # errors | p99 | quality
    limit: float  # a share, microseconds, or a share of loss


def parse_rule(text: str) -> Rule:
    """One rule. Raises ConfigError.

    >>> parse_rule("errors > 1%"), parse_rule("p99 > 50 ms").limit, parse_rule("hit rate drops 20%").limit
    (Rule(text='errors > 1%', kind='errors', limit=0.01), 50000, 0.2)
    """
    drops, rises, above = _DROPS.match(text), _RISES.match(text), _ABOVE.match(text)
    if drops and 0 < float(drops[1]) < 100:
        return Rule(text, "quality", float(drops[1]) / 100)
    if rises and float(rises[1]) > 0:
        return Rule(text, "quality", float(rises[1]) / 100)
    if above and above[1] == "p99":
        return Rule(text, "p99", parse_span(above[2]))
    share = re.match(r"^(\d+(?:\.\d+)?)\s*%$", above[2]) if above else None
    if not share or not 0 < float(share[1]) < 100:
        near = did_you_mean(text, _KNOWN)
        hint = near if near.startswith("did") else _WAY_OUT
        raise ConfigError(f"{text!r} is no rule to roll back by", place="release.rollback_on", hint=hint)
    return Rule(text, "errors", float(share[1]) / 100)
