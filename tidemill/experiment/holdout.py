"""The holdout: who answers it, kept as the configuration says, and what the loop was worth to all others.

A share of the subjects, drawn once for good, is part of no canary and no A/B. What answers them decides what the comparison says:

- a **simple model** that is built anew with every champion, from the same rows (``answered_by = "popularity"``): what the model is worth;
- the **first** model, as it was: what it is worth to go on retraining.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING

from tidemill.config.policies import FIRST, HoldoutSection
from tidemill.experiment.sequence import ALPHA, tuned
from tidemill.experiment.sums import Estimate
from tidemill.experiment.windows import Comparison, close_compared, data_of, over
from tidemill.monitor.windows import closed_of
from tidemill.release.variants import HOLDOUT, end, place
from tidemill.store.records import Event, ModelVersion, Release, Tx, Window
from tidemill.tasks.table import outcome_scorer_of
from tidemill.types import DAY, JsonObject, Micros, named_id

if TYPE_CHECKING:
    from tidemill.scope.project import Endpoint

OVER: Micros = 91 * DAY
"""What the loop was worth is told of so long a time: what it was worth years ago is another matter."""
WORTH = 0.1
"""The size of worth that the interval is tuned to."""
NAMES = "holdout", "loop"
SERVED = ("champion", "superseded")


@dataclass(frozen=True, slots=True)
class Worth:
    """What the loop was worth: its answers beside those of the holdout, as a share of the holdout's level; more is better."""

    answered_by: str
    share: float
    model: str  # that answers the holdout now; "": none yet, the champion answers all
    metric: str
    since: Micros
    until: Micros
    requests: tuple[int, int]  # whose truth is known: of the holdout, of all others
    estimate: Estimate | None
    fallback: int  # requests of the holdout that something else than its own model answered


def salt_of(scope: Endpoint) -> str:
    """Whose hash draws: the endpoint's, so that nobody leaves or enters whatever answers."""
    return "/".join((HOLDOUT, *scope.salt))


def drawn(scope: Endpoint) -> Callable[[str], bool]:
    """Whether a unit is held out, whoever answers it."""
    salt, share = salt_of(scope), scope.holdout.part if scope.holdout else 0.0
    return lambda unit: place(salt, unit) < share


def running(scope: Endpoint, tx: Tx = None) -> Release | None:
    """The release that answers the holdout."""
    return next(iter(scope.releases(HOLDOUT, tx)), None)


def is_due(scope: Endpoint) -> bool:
    """Whether what answers the holdout is not what should: asked at every tick, from records alone."""
    section, now = scope.holdout, running(scope)
    if section is None:
        return now is not None
    champion = scope.champion()
    if champion is None:
        return False
    return now is None or not _fits(scope, section, now, champion)


def _fits(scope: Endpoint, section: HoldoutSection, now: Release, champion: Release) -> bool:
    if not _is_as(section, now):
        return False
    if section.answered_by == FIRST:
        return True
    made, newest = (scope.store.models.get(one.model) for one in (now, champion))
    return made.trained_through >= newest.trained_through or _is_since(now, newest)


def _is_since(now: Release, newest: ModelVersion) -> bool:
    """Built after it, of all rows that there were: that these end earlier (some were taken back) is no reason to build for ever."""
    return now.created > newest.created


def keep(scope: Endpoint) -> list[Event]:
    """Have the holdout answered as the configuration says: in the worker, for it may train. The events of what changed."""
    section, before = scope.holdout, running(scope)
    if not is_due(scope):
        return []
    if section is None:
        return _over(scope, before) if before else []
    model = first_of(scope) if section.answered_by == FIRST else _fresh(scope, section.answered_by)
    return _put(scope, section, model, before) if model is not None else []


def first_of(scope: Endpoint) -> ModelVersion | None:
    """The first model that served here and was not taken back."""
    served = [r for r in scope.releases() if r.status in SERVED and r.started is not None]
    first = min(served, key=lambda r: (r.created, r.id), default=None)
    return None if first is None else scope.store.models.get(first.model)


def _fresh(scope: Endpoint, baseline: str) -> ModelVersion:
    """The simple model, built from all rows that there are; the very same bundle is the version that is there."""
    from tidemill.model.pipeline import BASELINE, build_candidate
    from tidemill.model.registry import HOLDOUT as AUTHOR

    return build_candidate(scope.project, endpoint=scope.name, author=AUTHOR, only={BASELINE: baseline})


def _put(scope: Endpoint, section: HoldoutSection, model: ModelVersion, before: Release | None) -> list[Event]:
    from tidemill.release import beside

    stage: JsonObject = {"share": section.part, "salt": salt_of(scope), "answered_by": section.answered_by}
    said = (
        f"answers the holdout of {section.share}, as [endpoint.{scope.name}] holdout says: it is not meant to be good"
    )
    chosen = beside.Chosen(HOLDOUT, said, {"answered_by": section.answered_by})
    tried = sum(r.model == model.ref for r in scope.releases())
    id, now = named_id("release", *scope.salt, HOLDOUT, model.ref, str(tried)), scope.clock.now()
    made = beside.prepare(scope, model, id, HOLDOUT, stage, chosen, "the loop")
    event = Event(
        named_id("event", id, HOLDOUT),
        now,
        HOLDOUT,
        f"release:{id}",
        {"endpoint": scope.name, "model": model.ref, "share": section.part, "answered_by": section.answered_by},
    )

    def work(tx: Tx) -> list[Event]:
        for other in scope.releases(HOLDOUT, tx):
            end(scope, other, "replaced", f"{model.ref} answers the holdout", id, tx)
        made.write(scope, tx, event)
        return [event]

    return scope.store.transact(work, "the loop")


def _over(scope: Endpoint, before: Release) -> list[Event]:
    """Nobody is held out any more."""
    now = scope.clock.now()
    told: JsonObject = {"endpoint": scope.name, "model": before.model, "reason": "no holdout is configured any more"}
    event = Event(named_id("event", before.id, "over"), now, "holdout_over", f"release:{before.id}", told)

    def work(tx: Tx) -> list[Event]:
        end(scope, before, "halted", told["reason"], "configuration", tx)
        scope.store.events.add(event, tx)
        return [event]

    return scope.store.transact(work)


def comparison(scope: Endpoint) -> Comparison | None:
    """The holdout beside all others, since it is as it is; None before something answered it."""
    section = scope.holdout
    if section is None:
        return None
    share, by = section.part, section.answered_by
    if not (mine := _without_a_break(scope, section)):
        return None
    is_held = drawn(scope)
    return Comparison(
        f"{HOLDOUT}/{by}/{share:g}",
        by,
        outcome_scorer_of(scope.model).measure.name,
        NAMES,
        max(mine[-1].created, (scope.clock.now() - OVER) // scope.monitor.span * scope.monitor.span),
        1 << 62,
        lambda unit, arm: NAMES[not is_held(unit)],
        lambda name, arm: (arm == HOLDOUT) == (name == HOLDOUT),
        tuned(WORTH, ALPHA),
    )


def _without_a_break(scope: Endpoint, section: HoldoutSection) -> list[Release]:
    """What has answered it one after the other as it is now, the latest first: nothing from before it was another, or nobody was held out."""
    told = [r for r in reversed(scope.releases()) if r.stages and "answered_by" in r.stages[0]]
    return [*takewhile(lambda r: r.status != "halted" and _is_as(section, r), told)]


def _is_as(section: HoldoutSection, release: Release) -> bool:
    stage = release.stages[0]
    return bool(stage["answered_by"] == section.answered_by and stage["share"] == section.part)


def look(scope: Endpoint, now: Micros) -> list[Window]:
    """Close its windows."""
    asked = comparison(scope)
    return [] if asked is None else close_compared(scope, asked, now)


def windows_of(scope: Endpoint, asked: Comparison) -> Sequence[Window]:
    """Those that its worth is told of, oldest first."""
    return closed_of(scope, asked.monitor, since=asked.since // scope.monitor.span * scope.monitor.span)


def worth(scope: Endpoint) -> Worth | None:
    """What the loop was worth so far; None without a holdout."""
    asked, section = comparison(scope), scope.holdout
    if section is None:
        return None
    release = running(scope)
    told = section.answered_by, section.part, release.model if release else ""
    if asked is None or not (windows := windows_of(scope, asked)):
        at = scope.clock.now()
        return Worth(*told, outcome_scorer_of(scope.model).measure.name, at, at, (0, 0), None, 0)
    held = [data_of(w).sides[HOLDOUT] for w in windows]
    others = [data_of(w).sides["loop"] for w in windows]
    judged = sum(sum(one.counts) for one in held), sum(sum(one.counts) for one in others)
    fallback = sum(one.requests - one.itself for one in held)
    since = max(asked.since, windows[0].start)
    return Worth(*told, asked.metric, since, windows[-1].end, judged, over(windows, asked), fallback)
