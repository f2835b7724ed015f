"""How quality falls when an input fails: made with each version, of the model, of the simple ones and of the champion beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Literal

import msgspec

from tidemill.errors import NotEnoughData
from tidemill.evaluation.changed import CHANGES, MISSING, SHUFFLED
from tidemill.evaluation.falls import LEAST, SHARES, Fall, Robustness, most_rows, robustness, share_of, student
from tidemill.evaluation.port import Examination, Look
from tidemill.learning.measures import measure
from tidemill.tasks.tabular.learners import FOREIGN
from tidemill.tasks.tabular.training import TabularTrainer
from tidemill.types import JsonObject, Micros

if TYPE_CHECKING:
    from tidemill.learning.trainer import Trainer
    from tidemill.store.artifacts.codecs import Bundle

SHOWN = 12
"""Columns in the card; the record has all."""
CHAMPION = "champion"
BESIDE = ("linear", "last_value", "seasonal_naive")
"""The simpler models that stand beside: a constant answer asks for nothing."""
SURE = 0.95
"""One-sided, of what a gate is told."""
Said = Literal["promoted", "worse", "not_enough_data"]


def look(look: Look) -> JsonObject:
    """`tidemill.evaluation.falls.Robustness` of the evaluation model on its test. Raises NotEnoughData, ModelError."""
    beside: dict[str, Bundle] = {name: one for name, one in look.simple.items() if name in BESIDE}
    if look.champion is not None and look.incumbent is not None:
        beside[CHAMPION] = look.incumbent
    span = look.cut.test_start, look.cut.end
    built: JsonObject = msgspec.to_builtins(
        of_bundle(look.trainer, look.bundle, span, look.settings.metric, look.seed, beside)
    )
    return built


def of_bundle(
    trainer: Trainer,
    bundle: Bundle,
    span: tuple[Micros, Micros],
    metric: str,
    seed: int,
    beside: Mapping[str, Bundle] | None = None,
) -> Robustness:
    """Of one bundle on a window, with others on the same rows. Raises NotEnoughData, ModelError."""
    if not isinstance(trainer, TabularTrainer):
        raise NotEnoughData("its answers are not made of columns", hint="take `robustness` out of [gates]")
    most = most_rows(len(trainer.table.plain), bundle.manifest.get("recipe", {}).get("method") in FOREIGN)
    others = {name: trainer.sample(one, *span, most) for name, one in (beside or {}).items()}
    return robustness(trainer.sample(bundle, *span, most), metric, seed, others)


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


def card(told: JsonObject) -> str:
    """A table of columns by changes, the worst first."""
    found = msgspec.convert(told, Robustness)
    head = f"## Robustness\nHow much worse {found.metric} is, in shares of {measure(found.metric).text(found.figure)}"
    head += f", where a column of {found.rows:,} rows of the test is changed"
    if not found.enough:
        return f"{head}: not enough data, {found.units} {found.unit} are fewer than {LEAST}."
    return "\n".join([f"{head}; 95 % intervals by {found.units:,} {found.unit}.\n", *_table(found), *_said(found)])


def _table(found: Robustness) -> Iterator[str]:
    changes = [one for one in CHANGES if found.of(one)]
    yield (
        "| column | "
        + " | ".join(f"missing in {share:.0%}" for share in SHARES[:-1])
        + " | "
        + " | ".join(changes)
        + " |"
    )
    yield "|---" * (len(SHARES) + len(changes)) + "|"
    by = {(one.column, one.change, one.share): one for one in found.falls}
    for name in worst_first(found)[:SHOWN]:
        cells = [(MISSING, share) for share in SHARES[:-1]] + [(change, 1.0) for change in changes]
        yield f"| {name} | " + " | ".join(percent(by.get((name, *cell))) for cell in cells) + " |"
    if (rest := len(worst_first(found)) - SHOWN) > 0:
        yield f"\n{rest} more columns cost less."


def worst_first(found: Robustness) -> list[str]:
    """The columns by the worst that is done to them."""
    order: dict[str, float] = {}
    for one in found.falls:
        order[one.column] = max(order.get(one.column, float("-inf")), float("inf") if one.fall is None else one.fall)
    return sorted(order, key=lambda name: order[name], reverse=True)


def percent(one: Fall | None) -> str:
    """
    >>> percent(Fall("a", "missing", 1.0, 1.0, 0.5, 0.1, 0.3, 0.7)), percent(Fall("a", "missing", 1.0, error="no"))
    ('+50.0 % (+30.0 to +70.0)', 'fails: no')
    """
    if one is None:
        return ""
    if one.error:
        return f"fails: {one.error}"
    return share_of(one.fall, one.low, one.high)


def _said(found: Robustness) -> Iterator[str]:
    """The column whose loss costs most; whether a simpler model or the champion is better then."""
    missing = [one for one in found.of(MISSING) if one.fall is not None]
    worst = missing[0] if missing else next((one for one in found.of(SHUFFLED) if one.fall is not None), None)
    if worst is None:
        return
    yield (
        f"\nThe most is lost without {worst.column}: {percent(worst)}."
        if missing
        else f"\nThe most hangs on {worst.column}: {percent(worst)} where it is shuffled."
    )
    yield from (f"- {text}" for text in beside(missing))
    if found.skipped:
        yield f"- Not taken away: {', '.join(found.skipped)}."


def beside(falls: Sequence[Fall]) -> list[str]:
    """Where another model is shown to be better once a column is missing.

    >>> beside([Fall("a", "missing", 1.0, above={"linear": (-0.2, -0.3, -0.1), "champion": (0.1, -0.1, 0.3)})])
    ['without a linear is better, by 20.0 % (10.0 to 30.0)']
    """
    losing: list[tuple[str, str, tuple[float, float, float]]] = [
        (one.column, who, above) for one in falls for who, above in one.above.items() if above[2] < 0
    ]
    return [
        f"without {name} {who} is better, by {-mean * 100:.1f} % ({-high * 100:.1f} to {-low * 100:.1f})"
        for name, who, (mean, low, high) in losing
    ]


ROBUSTNESS = Examination("robustness", lambda look: isinstance(look.trainer, TabularTrainer), look, card)
