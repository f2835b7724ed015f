"""What the records say about one endpoint at one moment: each list is read once, when it is first needed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from time import monotonic
from typing import TypeVar
from weakref import WeakKeyDictionary

from tidemill.data.ingest.refused import Refused, refused
from tidemill.engine.lease import is_held
from tidemill.errors import NotAttested
from tidemill.model.registry import HOLDOUT
from tidemill.ops.scorers import ScorerShown, scorers
from tidemill.scope.names import loop_key
from tidemill.scope.project import Project
from tidemill.store.payloads import QualityWindow
from tidemill.store.records import (
    Alarm,
    DatasetVersion,
    Event,
    Experiment,
    ModelVersion,
    Prediction,
    Release,
    Run,
    Window,
)
from tidemill.tasks.table import task_of
from tidemill.types import DAY, Micros, parse_span

T = TypeVar("T", int, dict[str, int])
SHARE = 40
"""A total that took t to count is good for so many t: at a million rows that is seconds."""
LARGE = 100_000  # Rows: fewer are counted in no time, and anew whenever somebody looks
WEEK: Micros = 7 * DAY
FEW, MANY = 30, 1_000
"""Of so many answers that are old enough it is judged whether outcomes come: each row has a label, few visits a purchase."""
RECENT = 200  # Predictions that "now" is made of


def seldom(count: Callable[[Project, str | None], T]) -> Callable[[Project, str | None], T]:
    """A total over a table that may be very large, counted so seldom that counting stays a small part of the time."""
    kept: WeakKeyDictionary[object, dict[str | None, tuple[float, T]]] = WeakKeyDictionary()

    def total(project: Project, endpoint: str | None) -> T:
        mine, began = kept.setdefault(project.live, {}), monotonic()
        if endpoint in mine and mine[endpoint][0] > began:
            return mine[endpoint][1]
        found = count(project, endpoint)
        if (found if isinstance(found, int) else sum(found.values())) >= LARGE:
            mine[endpoint] = monotonic() + SHARE * (monotonic() - began), found
        return found

    return total


count_predictions = seldom(lambda project, endpoint: project.live.predictions.count(endpoint))
"""Of an endpoint, or of all."""
count_outcomes = seldom(lambda project, _: project.live.outcomes.count())


@dataclass(frozen=True, slots=True)
class Asked:
    """The subjects of the latest predictions, each by its last answer."""

    subjects: int
    strangers: int  # nothing is known of them
    stale: int  # all that is known of them is too old to change the answer


class Snapshot:
    """One endpoint of a project at one moment: the one of this name, or the first. ``health``: what the server says of
    each endpoint (`Serving.health`); of none, where it is down."""

    def __init__(self, project: Project, now: Micros, health: Mapping[str, str], endpoint: str | None = None) -> None:
        self.project, self.now = project, now
        self.serving = project.endpoint(endpoint or next(iter(project.endpoints)))
        self.endpoint = self.serving.name
        self.health = health.get(self.endpoint, "down")

    @cached_property
    def scorers(self) -> Sequence[ScorerShown]:
        """Of a team's stores."""
        return scorers(self.project)

    @cached_property
    def answering(self) -> Sequence[ScorerShown]:
        """Those of them that answer for this endpoint here, or should."""
        mine = self.serving.environment
        return [one for one in self.scorers if one.environment == mine and self.endpoint in one.endpoints]

    @cached_property
    def outcomes(self) -> dict[str, int]:
        """How many by `how` they were joined."""
        return count_outcomes(self.project, None)

    @cached_property
    def versions(self) -> Sequence[DatasetVersion]:
        return self.project.store.datasets.list(dataset=self.serving.model.dataset.name)

    @cached_property
    def refused(self) -> dict[str, Refused]:
        """Files of its dataset that are not taken in."""
        return refused(self.project.store, self.serving.model.dataset.name)

    @cached_property
    def models(self) -> Sequence[ModelVersion]:
        """The loop's own: what is built to answer a holdout is no newer version."""
        made = self.project.store.models.list(name=self.serving.model.name)
        return sorted((m for m in made if m.author != HOLDOUT), key=lambda m: (m.created, m.version))

    @cached_property
    def releases(self) -> Sequence[Release]:
        return sorted(
            self.project.store.releases.list(endpoint=self.endpoint, environment=self.serving.environment),
            key=lambda r: (r.created, r.id),
        )

    @cached_property
    def experiment(self) -> Experiment | None:
        """The A/B that runs."""
        return self.project.store.experiments.first(
            endpoint=self.endpoint, environment=self.serving.environment, status="running"
        )

    @cached_property
    def champion(self) -> Release | None:
        return self.project.store.releases.champion(self.endpoint, environment=self.serving.environment)

    @cached_property
    def canary(self) -> Release | None:
        return next((r for r in reversed(self.releases) if r.status == "canary"), None)

    @cached_property
    def shadow(self) -> Release | None:
        """The candidate that is asked too, and does not answer."""
        return next((r for r in self.releases if r.status == "shadow"), None)

    @cached_property
    def held(self) -> list[Release]:
        return [r for r in self.releases if r.status == "held"]

    @cached_property
    def week(self) -> Sequence[Event]:
        return self.project.store.events.list(since=self.now - WEEK, limit=300)

    @cached_property
    def running(self) -> Sequence[Run]:
        return self.project.store.runs.unfinished()

    @cached_property
    def recent(self) -> Sequence[Prediction]:
        return self.project.live.predictions.page(endpoint=self.endpoint, limit=RECENT)

    @cached_property
    def within(self) -> Micros:
        """After this time an answer should have its outcome."""
        return parse_span(self.serving.monitor.outcomes_within)

    @cached_property
    def unlabelled(self) -> int:
        """How many of the latest answers that should have an outcome by now have none: none of them, or 0."""
        least = MANY if task_of(self.serving.model.task).history else FEW
        due = self.project.live.predictions.page(until=self.now - self.within, limit=least, **self.serving.here)
        return least if len(due) == least and not self.project.live.outcomes.of([p.id for p in due]) else 0

    @cached_property
    def labels_through(self) -> Micros | None:
        """The newest answer that had an outcome when a window closed last; none after it is told to have none."""
        last = next(iter(self.windows("quality")[-1:]), None)
        return last.data.labels_through or None if last and isinstance(last.data, QualityWindow) else None

    @cached_property
    def awaited(self) -> Sequence[Window]:
        """The windows whose labels should be there by now and are not, oldest first."""
        return [w for w in self.windows("quality") if not w.complete]

    @cached_property
    def doubted(self) -> str | None:
        """Why this machine does not trust the keys that the champion was released with; None where it does, or nobody signed here."""
        signed = (self.project.state / "keys").is_dir()  # the public ones go with the folder
        if self.champion is None or not self.champion.attestations or not signed:
            return None
        from tidemill.release.signing.trust import public_keys

        try:
            public_keys(self.project)
        except NotAttested as exc:
            return exc.message
        return None

    @cached_property
    def asked(self) -> Asked:
        """For whom the latest predictions were, where answers rest on a history."""
        whose = {p.subject: p.cold for p in reversed(self.recent) if p.subject}
        cold = [subject for subject, is_cold in whose.items() if is_cold]
        stale = {row[1] for row in self.project.live.online.rows_of(cold)}
        return Asked(len(whose), len(cold) - len(stale), len(stale))

    @cached_property
    def quarantined(self) -> dict[str, int]:
        """How many outcomes wait for each item that nobody sells."""
        return self.project.live.outcomes.quarantined()

    @cached_property
    def alarms(self) -> Sequence[Alarm]:
        """The latest, the last one first."""
        return self.project.store.alarms.page(endpoint=self.endpoint, environment=self.serving.environment, limit=6)

    def windows(self, monitor: str, back: Micros = 31 * DAY) -> Sequence[Window]:
        """The closed windows of a monitor, oldest first."""
        return self.project.store.windows.list(
            endpoint=self.endpoint, monitor=monitor, since=self.now - back, environment=self.serving.environment
        )

    def latest(self, *kinds: str) -> Event | None:
        """The latest event of these kinds in the last week."""
        since = self.now - WEEK
        found = [e for k in kinds for e in self.project.store.events.list(kind=k, since=since, limit=1)]
        return max(found, key=lambda e: e.at, default=None)

    def running_pipeline(self, *names: str) -> Run | None:
        """A run of one of these pipelines that goes on now."""
        return next((r for r in self.running if r.pipeline in names), None)


def leader_of(project: Project) -> str:
    """The process whose loop leads in this environment; nothing where none does."""
    held = project.store.leases.look_up(f"run:{loop_key(project.environment)}")
    return held.owner if held is not None and is_held(project.store, held) else ""


def new_rows(versions: Sequence[DatasetVersion]) -> list[int]:
    """How many rows each version has more than the one before it; the versions in order."""
    before = [0, *(version.rows for version in versions)]
    return [max(version.rows - rows, 0) for rows, version in zip(before, versions)]
