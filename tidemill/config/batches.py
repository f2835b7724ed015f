"""``[batch.NAME]``: rows that the loop has answered when their time comes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

import msgspec

from tidemill.config import cron
from tidemill.config.sections import Section
from tidemill.errors import ConfigError
from tidemill.types import Micros, did_you_mean


class BatchSection(Section, frozen=True):
    """``[batch.NAME]``: the rows (``in``) that the loop has an ``endpoint`` answer into ``out``: on a ``schedule`` (a cron line, in a ``zone``),
    or ``after = "ingest"`` of the dataset that they are; in an ``environment``, else the first."""

    given: ClassVar[tuple[str, ...]] = ("name",)
    in_: str = msgspec.field(name="in")
    out: str
    name: str = ""
    endpoint: str = ""
    environment: str = ""
    schedule: str = ""
    zone: str = "UTC"
    after: Literal["", "ingest"] = ""
    k: Annotated[int, msgspec.Meta(ge=1, le=1_000)] = 20
    keep: tuple[str, ...] = ()

    @property
    def dataset(self) -> str:
        """The dataset that its rows are, if they are one."""
        return self.in_.removeprefix("dataset:").partition("@")[0]

    def due(self, since: Micros, now: Micros) -> Micros | None:
        """The latest moment of its schedule in ``since < moment <= now``: of several that were missed the last one."""
        return cron.parse(self.schedule, self.zone).last_in(since, now) if self.schedule else None

    def next(self, now: Micros) -> Micros | None:
        """The next moment of its schedule."""
        return cron.parse(self.schedule, self.zone).next_after(now) if self.schedule else None


def check_batch(
    batch: BatchSection,
    endpoints: Mapping[str, object],
    environments: Mapping[str, object],
    datasets: Mapping[str, object],
) -> tuple[str, str, str] | None:
    """(key, what is wrong with it, hint); None where nothing is."""
    if bool(batch.schedule) == bool(batch.after):
        hint = 'write schedule = "0 3 * * *", or after = "ingest"'
        return "schedule", "a batch has a schedule, or comes after each ingest", hint
    if batch.schedule:
        try:
            cron.parse(batch.schedule, batch.zone).next_after(0)
        except ConfigError as exc:
            return "schedule", exc.message, exc.hint
    if batch.after and (batch.dataset not in datasets or "@" in batch.in_):
        return "in", f"{batch.in_!r} is no dataset that rows come into", f"in = {next(iter(datasets), 'NAME')!r}"
    if batch.endpoint and batch.endpoint not in endpoints:
        return "endpoint", f"no endpoint {batch.endpoint!r}", did_you_mean(batch.endpoint, endpoints)
    if not batch.endpoint and len(endpoints) > 1:
        return "in", "of several endpoints it does not say which one", f"endpoint = {next(iter(endpoints))!r}"
    if batch.environment and batch.environment not in environments:
        return "environment", f"no environment {batch.environment!r}", did_you_mean(batch.environment, environments)
    return None
