"""The stages of a rollout, as the words of tidemill.toml say them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from itertools import pairwise

from tidemill.errors import ConfigError, NotAvailableYet
from tidemill.types import JsonObject, Micros, parse_span

_STAGE = re.compile(r"^\s*(\d+(?:\.\d+)?)\s*%(?:\s+(?!min\b)(.+?))?(?:\s+min\s+(\d+)\s+requests?)?\s*$")
_WAY_OUT = "write it as '25% 2 days min 200 requests' or '100%'"


@dataclass(frozen=True, slots=True)
class Stage:
    """A share of the subjects, for at least this long *and* at least so many answers of the new model."""

    share: float  # 0 < share <= 1
    span: Micros = 0  # event time
    requests: int = 0

    def json(self) -> JsonObject:
        return asdict(self)


def parse_stage(text: str) -> Stage:
    """One stage. Raises ConfigError, or NotAvailableYet for the kinds that are not built.

    >>> parse_stage("25% 2 days min 200 requests")
    Stage(share=0.25, span=172800000000, requests=200)
    >>> parse_stage("100%")
    Stage(share=1.0, span=0, requests=0)
    """
    kind = re.match(r"\s*(shadow|linear|blue-green)", text)
    if kind:
        raise NotAvailableYet(f"the stage {text!r}: {kind[1]} is not available yet", hint=_WAY_OUT)
    found = _STAGE.match(text)
    if not found:
        raise ConfigError(f"{text!r} is not a stage of a rollout", hint=_WAY_OUT)
    share = float(found[1]) / 100
    if not 0 < share <= 1:
        raise ConfigError(f"{text!r}: a share is above 0 and at most 100 %", hint=_WAY_OUT)
    return Stage(share, parse_span(found[2]) if found[2] else 0, int(found[3] or 0))


def parse_rollout(texts: Iterable[str]) -> tuple[Stage, ...]:
    """The stages in order: shares that grow, the last one 100 %. Raises ConfigError.

    >>> [stage.share for stage in parse_rollout(["10% 1 day", "50% 1 day", "100%"])]
    [0.1, 0.5, 1.0]
    """
    stages = tuple(parse_stage(text) for text in texts)
    shares = [stage.share for stage in stages]
    if not shares or shares[-1] != 1:
        raise ConfigError(
            "a rollout must end with '100%'", place="release.rollout", hint='add "100%" as the last stage'
        )
    if any(later <= earlier for earlier, later in pairwise(shares)):
        raise ConfigError("the shares of a rollout must grow from stage to stage", place="release.rollout")
    return stages
