"""How quality falls when an input fails: made with each version, of the model, of the simple ones and of the champion beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from tidemill.errors import NotEnoughData
from tidemill.evaluation.port import Examination, Look
from tidemill.evaluation.robustness.changed import MISSING
from tidemill.evaluation.robustness.fallen import card
from tidemill.evaluation.robustness.falls import Fall, Robustness, most_rows, robustness, student
from tidemill.evaluation.robustness.histories import of_histories
from tidemill.tasks.ranking.training import RankingTrainer
from tidemill.tasks.tabular.learners import FOREIGN
from tidemill.tasks.tabular.sample import Sample
from tidemill.tasks.tabular.training import TabularTrainer
from tidemill.types import JsonObject, Micros

if TYPE_CHECKING:
    from tidemill.learning.trainer import Trainer
    from tidemill.store.artifacts.codecs import Bundle

CHAMPION = "champion"
BESIDE = ("linear", "last_value", "seasonal_naive")
"""The simpler models that stand beside: a constant answer asks for nothing."""
SURE = 0.95
"""One-sided, of what a gate is told."""
Said = Literal["promoted", "worse", "not_enough_data"]


def look(look: Look) -> JsonObject:
    """`tidemill.evaluation.robustness.falls.Robustness` of the evaluation model on its test. Raises NotEnoughData, ModelError."""
    if isinstance(look.trainer, RankingTrainer):
        of_history: JsonObject = msgspec.to_builtins(of_histories(look))
        return of_history
    beside: dict[str, Bundle] = {name: one for name, one in look.simple.items() if name in BESIDE}
    if look.champion is not None and look.incumbent is not None:
        beside[CHAMPION] = look.incumbent
    span = look.cut.test_start, look.cut.end
    others = {name: _sample(look.trainer, one, span, like=look.bundle) for name, one in beside.items()}
    own = _sample(look.trainer, look.bundle, span)
    built: JsonObject = msgspec.to_builtins(robustness(own, look.settings.metric, look.seed, others))
    return built


def of_missing(trainer: Trainer, bundle: Bundle, span: tuple[Micros, Micros], metric: str, seed: int) -> Robustness:
    """What one bundle loses without each of its columns, all of them, however many: what a gate rests on. Raises NotEnoughData, ModelError."""
    sample = _sample(trainer, bundle, span)
    return robustness(sample, metric, seed, changes=(MISSING,), most=len(sample.places))


def _sample(trainer: Trainer, bundle: Bundle, span: tuple[Micros, Micros], like: Bundle | None = None) -> Sample:
    """Rows of a window as this bundle takes them, as many as ``like`` is asked. Raises NotEnoughData."""
    if not isinstance(trainer, TabularTrainer):
        raise NotEnoughData("its answers are not made of columns", hint="take `robustness` out of [gates]")
    foreign = (like or bundle).manifest.get("recipe", {}).get("method") in FOREIGN
    return trainer.sample(bundle, *span, most_rows(len(trainer.table.plain), foreign))


def ruled(found: Robustness, allowed: float) -> tuple[Said, list[Fall]]:
    """What it comes to where no column that is missing may cost more than ``allowed``, and the columns that it rests on.

    ``promoted``: each column is shown to cost less. ``worse``: one is shown to cost more, whichever of them it is (Bonferroni).
    """
    missing = found.of(MISSING)
    if not missing:
        return ("promoted" if found.enough else "not_enough_data"), []
    if failed := [one for one in missing if one.error]:
        return "worse", failed
    if not found.enough:
        return "not_enough_data", missing[:1]
    more = student(found.units - 1, 1 - (1 - SURE) / max(len(missing), 1))
    if worse := [one for one in missing if _bound(one, -more) > allowed]:
        return "worse", worse
    unsure = [one for one in missing if _bound(one, student(found.units - 1, SURE)) > allowed]
    return ("not_enough_data", unsure) if unsure else ("promoted", missing[:1])


def _bound(one: Fall, reach: float) -> float:
    assert one.fall is not None and one.spread is not None
    return one.fall + reach * one.spread


ROBUSTNESS = Examination("robustness", lambda look: True, look, card)
