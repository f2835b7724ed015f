"""Cron lines in event time, in any time zone: five fields, by the rules of Debian's cron (also where clocks change)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, available_timezones

from tidemill.errors import ConfigError
from tidemill.types import SECOND, Micros, did_you_mean


@dataclass(frozen=True, slots=True)
class Cron:
    """A schedule. Make it with `parse`; ``text`` is what `read` takes back."""

    line: str
    zone: str = "UTC"

    @property
    def text(self) -> str:
        return self.line if self.zone == "UTC" else f"{self.line} {self.zone}"

    def next_after(self, at: Micros) -> Micros:
        """The first moment strictly after this one."""
        return self._next(at)

    def last_in(self, after: Micros, until: Micros) -> Micros | None:
        """The latest moment with ``after < moment <= until``, if there is one."""
        last = self._next(until + SECOND, reverse=True)
        return last if last > after else None

    def _next(self, at: Micros, *, reverse: bool = False) -> Micros:
        """Raises ConfigError for a line that is none, or never comes."""
        from cronsim import CronSim, CronSimError  # most processes have no schedule

        try:
            found = next(CronSim(self.line, datetime.fromtimestamp(at // SECOND, _zone(self.zone)), reverse))
        except CronSimError as exc:
            raise ConfigError(f"the schedule {self.line!r} cannot be read: {exc}", hint="as in '0 3 * * 1'") from exc
        except StopIteration:
            raise ConfigError(f"the schedule {self.line!r} never comes", hint="such a day does not exist") from None
        return int(found.timestamp()) * SECOND


def parse(text: str, zone: str = "UTC") -> Cron:
    """The schedule that this line says. Raises ConfigError.

    >>> from tidemill.types import parse_time, to_iso
    >>> to_iso(parse("0 3 * * 1", "Europe/London").next_after(parse_time("2011-07-01")))
    '2011-07-04T02:00:00Z'
    """
    parts = text.lower().split()
    if len(parts) != 5:
        raise ConfigError(
            f"a schedule has five fields, {text!r} has {len(parts)}",
            hint="write minute hour day-of-month month day-of-week, as in '0 3 * * 1'",
        )
    cron = Cron(" ".join(parts), zone)
    cron.next_after(0)
    return cron


def read(text: str) -> Cron:
    """The schedule of a `Cron.text`."""
    *line, zone = text.split() if len(text.split()) == 6 else [*text.split(), "UTC"]
    return Cron(" ".join(line), zone)


def _zone(name: str) -> tzinfo:
    try:
        return UTC if name == "UTC" else ZoneInfo(name)
    except (KeyError, OSError, ValueError) as exc:  # not there; a folder; a path
        raise ConfigError(f"no time zone {name!r}", hint=did_you_mean(name, available_timezones())) from exc
