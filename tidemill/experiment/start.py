"""An A/B is begun: both models judged and signed, then in one transaction its record, its arms and its event."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tidemill.errors import Conflict, ReleaseError
from tidemill.experiment.arms import NAMES, RUNNING, running, told
from tidemill.experiment.sequence import ALPHA
from tidemill.release import beside
from tidemill.release.variants import ARM
from tidemill.store.records import Experiment, ModelVersion, Tx
from tidemill.types import JsonObject, Micros, named_id, new_id

if TYPE_CHECKING:
    from tidemill.scope.project import Endpoint


@dataclass(frozen=True, slots=True)
class Terms:
    """What an A/B is begun with. ``effect``: what it shall find; ``then``: tell | release."""

    share: float
    metric: str
    effect: float
    margin: float
    span: Micros
    then: str = "tell"
    alpha: float = ALPHA


def start(
    scope: Endpoint, models: tuple[ModelVersion, ModelVersion], terms: Terms, author: str, plan: JsonObject
) -> Experiment:
    """Judge both, sign both, and let them answer their shares. Raises Conflict where one runs, ReleaseError as `beside.prepare`."""
    _alone(scope)
    for model in models:
        if model.name != scope.model.name:
            raise ReleaseError(f"{scope.name} serves {scope.model.name}, not {model.ref}", hint="tidemill models ls")
    id, now = new_id("experiment"), scope.clock.now()
    arms = [_prepared(scope, id, n, model, terms, author) for n, model in enumerate(models)]
    made = Experiment(
        id=id,
        **scope.here,
        status=RUNNING,
        arms=tuple(one.release.id for one in arms),
        models=tuple(model.ref for model in models),
        share=terms.share,
        metric=terms.metric,
        margin=terms.margin,
        effect=terms.effect,
        alpha=terms.alpha,
        started=now,
        until=now + terms.span,
        author=author,
        then=terms.then,
        plan=plan,
    )

    def work(tx: Tx) -> Experiment:
        _alone(scope, tx)
        for name, one in zip(NAMES, arms, strict=True):
            arm = {"model": one.release.model, "release": one.release.id, "arm": name, "share": made.share / 2}
            one.write(scope, tx, told(made, "arm", now, one.release.id, **arm))
        scope.store.experiments.add(made, tx)
        scope.store.events.add(told(made, "experiment", now, id, models=list(made.models), share=made.share), tx)
        return made

    return scope.store.transact(work, author)


def _alone(scope: Endpoint, tx: Tx = None) -> None:
    if (other := running(scope, tx)) is not None:
        hint = f"one at a time: tidemill experiment stop {other.id}"
        raise Conflict(f"{other.id} runs at {scope.name}", place=scope.name, hint=hint)


def _prepared(scope: Endpoint, id: str, n: int, model: ModelVersion, terms: Terms, author: str) -> beside.Beside:
    stage: JsonObject = {"share": terms.share / 2, "salt": id, "top": bool(n)}
    said = f"arm {NAMES[n]} of {id}: what it is worth beside the other is what the test finds out"
    chosen = beside.Chosen("experiment", said, {"experiment": id, "arm": NAMES[n]})
    return beside.prepare(scope, model, named_id("release", *scope.salt, id, NAMES[n]), ARM, stage, chosen, author)
