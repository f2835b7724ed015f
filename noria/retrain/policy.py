"""The retrain policy: what calls for a new model, how often at most, for how much. From ``[retrain]``, kept as JSON."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from noria.config import Config, RetrainSection
from noria.errors import ConfigError
from noria.retrain import cron
from noria.types import DAY, JsonObject, Micros, canonical, did_you_mean, digest, parse_span

_PLACE = "noria.toml [retrain]"
_NEW = re.compile(r"^new data\s+(\d+(?:\.\d+)?)\s*(%|rows?)$")
_BUDGET = re.compile(r"^(\d+(?:\.\d+)?)\s*cpu[- ](second|minute|hour)s?\s*/\s*(.+)$")
_CPU = {"second": 1.0, "minute": 60.0, "hour": 3600.0}


@dataclass(frozen=True, slots=True)
class Policy:
    """When to build the model again.

    >>> Policy.from_config(RetrainSection(on=("drift", "new data 5%"), cooldown="3 days")).new_share
    0.05
    """

    drift: bool = False
    decay: bool = False
    new_share: float | None = None  # rows since the last attempt, as a share of the rows then
    new_rows: int | None = None
    schedules: tuple[str, ...] = ()  # cron lines, UTC
    cooldown: Micros = 3 * DAY  # between the starts of two attempts
    budget_cpu_s: float | None = None  # CPU seconds in any `budget_span`
    budget_span: Micros = 7 * DAY

    @classmethod
    def from_config(cls, section: Config | RetrainSection) -> Policy:
        """The policy that noria.toml says. Raises ConfigError with the way out."""
        found = section.retrain if isinstance(section, Config) else section
        values: dict[str, Any] = {"cooldown": _span(found.cooldown, "cooldown")}
        for trigger in found.on:
            _trigger(trigger.strip(), values)
        if found.budget:
            values["budget_cpu_s"], values["budget_span"] = _budget(found.budget)
        return cls(**values)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Policy:
        """The policy as it was kept with a decision. Raises ConfigError for a key that no policy has."""
        known = [f.name for f in fields(cls)]
        for key in stored:
            if key not in known:
                raise ConfigError(f"no policy has {key!r}", place="stored policy", way_out=did_you_mean(key, known))
        return cls(**{**stored, "schedules": tuple(stored.get("schedules", ()))})

    def to_json(self) -> JsonObject:
        """As kept with each decision."""
        return {**asdict(self), "schedules": list(self.schedules)}

    @property
    def digest(self) -> str:
        """The policy's version: the digest of what it says."""
        return digest(canonical(self.to_json()))

    def next_schedule(self, after: Micros) -> Micros | None:
        """The next moment at which a schedule is due, strictly after this one."""
        return min((cron.parse(line).next_after(after) for line in self.schedules), default=None)


def _trigger(text: str, values: dict[str, Any]) -> None:
    if text in ("drift", "decay"):
        values[text] = True
    elif text.startswith("schedule "):
        line = cron.parse(text.removeprefix("schedule ")).text
        values["schedules"] = (*values.get("schedules", ()), line)
    elif new := _NEW.match(text):
        amount = float(new[1])
        if amount <= 0:
            raise ConfigError(f"{text!r} is always true", place=_PLACE, way_out="ask for more than 0")
        values.update({"new_share": amount / 100} if new[2] == "%" else {"new_rows": int(amount)})
    else:
        known = ["drift", "decay", "new data 5%", "schedule 0 3 * * 1"]
        raise ConfigError(
            f"{text!r} is nothing that can call for a retraining", place=_PLACE, way_out=did_you_mean(text, known)
        )


def _budget(text: str) -> tuple[float, Micros]:
    found = _BUDGET.match(text.strip())
    if not found:
        raise ConfigError(f"{text!r} is no budget", place=_PLACE, way_out="write it as '1 cpu-hour / week'")
    span = found[3].strip()
    return float(found[1]) * _CPU[found[2]], _span(span if span[:1].isdigit() else f"1 {span}", "budget")


def _span(text: str, key: str) -> Micros:
    try:
        return parse_span(text)
    except ConfigError as exc:
        raise ConfigError(f"{key}: {exc.message}", place=_PLACE, way_out=exc.way_out) from exc
