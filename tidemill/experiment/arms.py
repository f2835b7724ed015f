"""An A/B of two releases: its sides, and its end in one transaction with its arms and its event (`start` begins one)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tidemill.experiment import holdout
from tidemill.experiment.sequence import tuned
from tidemill.experiment.verdict import WORDS
from tidemill.experiment.windows import Comparison
from tidemill.release.variants import ARM, HOLDOUT, place
from tidemill.release.variants import end as end_beside
from tidemill.store.records import Event, Experiment, Release, Tx
from tidemill.types import JsonObject, Micros, named_id

if TYPE_CHECKING:
    from tidemill.scope.project import Endpoint

NAMES = "a", "b"
"""What the arms are called: what it is compared with, and what is compared."""
RUNNING, SETTLING, ENDED = "running", "settling", "ended"


def running(scope: Endpoint, tx: Tx = None) -> Experiment | None:
    """The one that runs here."""
    return scope.store.experiments.first(**scope.here, status=RUNNING, tx=tx)


def comparison(scope: Endpoint, experiment: Experiment) -> Comparison:
    """Its sides: by the very draw that the scorers make, and without who is held out, also where another answered for the holdout."""
    half, until = experiment.share / 2, experiment.ended or experiment.until
    held_out = holdout.drawn(scope)

    def drawn(unit: str, arm: str) -> str | None:
        at = place(experiment.id, unit)
        if arm == HOLDOUT or half <= at < 1 - half or held_out(unit):
            return None
        return NAMES[at >= 0.5]

    own = dict(zip(NAMES, (f"{ARM}:{release}" for release in experiment.arms)))
    return Comparison(
        f"experiment/{experiment.id}",
        experiment.id,
        experiment.metric,
        NAMES,
        experiment.started,
        min(until, experiment.until),
        drawn,
        lambda name, arm: own[name] == arm,
        tuned(experiment.effect, experiment.alpha),
        experiment.alpha,
        dict.fromkeys(NAMES, 0.5),
    )


def end(
    scope: Endpoint,
    experiment: Experiment,
    verdict: str,
    reason: str,
    *,
    by: str = "rule",
    tx: Tx = None,
    figures: JsonObject | None = None,
) -> list[Event]:
    """Its arms answer no more, and its verdict stands; labels that are still to come may settle it otherwise. Nothing where it has ended."""
    now = scope.clock.now()

    def work(tx: Tx) -> list[Event]:
        current = scope.store.experiments.get(experiment.id, tx)
        if current.status != RUNNING:
            return []
        for arm in arms_of(scope, experiment, tx):
            if arm.status == ARM:
                end_beside(scope, arm, "halted", f"{experiment.id}: {WORDS[verdict]}", by, tx)
        scope.store.experiments.update(experiment.id, tx, status=SETTLING, verdict=verdict, reason=reason, ended=now)
        ended = replace(current, verdict=verdict, reason=reason, ended=now)
        said = told(ended, "experiment_ended", now, verdict, verdict=verdict, reason=reason, by=by, **(figures or {}))
        scope.store.events.add(said, tx)
        return [said]

    return work(tx) if tx is not None else scope.project.reserve.helped(lambda: scope.store.transact(work, by))


def arms_of(scope: Endpoint, experiment: Experiment, tx: Tx = None) -> list[Release]:
    return [scope.store.releases.get(id, tx) for id in experiment.arms]


def told(experiment: Experiment, kind: str, now: Micros, of: str, **data: object) -> Event:
    told: JsonObject = {
        "endpoint": experiment.endpoint,
        "experiment": experiment.id,
        "model": experiment.models[1],
        **data,
    }
    subject = f"experiment:{experiment.id}"
    return Event(named_id("event", experiment.id, kind, of), now, kind, subject, told)
