"""The retrain policy: what calls for a new model, how often at most, for how much. From ``[retrain]``, kept as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from tidemill.config import cron
from tidemill.config.amounts import every
from tidemill.config.policies import RetrainSection
from tidemill.errors import ConfigError
from tidemill.types import DAY, SECOND, JsonObject, Micros, canonical, did_you_mean, digest, parse_span


@dataclass(frozen=True, slots=True)
class Policy:
    """When to build the model again.

    >>> Policy.of(RetrainSection(on=("drift",), cooldown="3 days")).drift
    True
    """

    drift: bool = False
    decay: bool = False
    new_share: float | None = None  # rows since the last attempt, as a share of the rows then
    new_rows: int | None = None
    schedules: tuple[str, ...] = ()  # cron lines, with their zone where it is not UTC
    cooldown: Micros = 3 * DAY  # between the starts of two attempts
    budget_cpu_s: float | None = None  # CPU seconds in any `budget_span`
    budget_span: Micros = 7 * DAY

    @classmethod
    def of(cls, section: RetrainSection) -> Policy:
        """The policy that tidemill.toml says."""
        values: dict[str, Any] = {"cooldown": parse_span(section.cooldown)}
        for trigger in section.on:
            if isinstance(trigger, str):
                values[trigger] = True
            elif trigger.schedule:
                line = cron.parse(trigger.schedule, trigger.zone).text
                values["schedules"] = (*values.get("schedules", ()), line)
            else:
                share, rows = trigger.amount()
                values["new_rows" if rows else "new_share"] = rows or share
        if not isinstance(section.budget, str):
            values["budget_cpu_s"] = parse_span(section.budget.cpu) / SECOND
            values["budget_span"] = every(section.budget.every)
        return cls(**values)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Policy:
        """The policy as it was kept with a decision. Raises ConfigError for a key that no policy has."""
        known = [f.name for f in fields(cls)]
        for key in stored:
            if key not in known:
                raise ConfigError(f"no policy has {key!r}", place="stored policy", hint=did_you_mean(key, known))
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
        return min((cron.read(line).next_after(after) for line in self.schedules), default=None)
