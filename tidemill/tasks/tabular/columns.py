"""Many rows answered at once, as one at a time would be: those that need no word of their own. numpy only.

A row is *plain* where every input reads as its column says and breaks no limit of it, none that is needed lacks, and no category is new: its
answer has no flag, and is no refusal. Every other row is left to `RowScorer.predict`, which says what is strange about it. Trees answer
to the bit what they answer to one row; other learners agree to 1e-9 (`tidemill.tasks.tabular.learners.port.Asked`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tidemill.errors import SignatureMismatch
from tidemill.learning.labelled import text_of
from tidemill.tasks.port import Plain
from tidemill.tasks.tabular.costs import decided
from tidemill.tasks.tabular.inputs import Input, reading
from tidemill.tasks.tabular.row import range_of

if TYPE_CHECKING:
    from tidemill.tasks.tabular.row import RowScorer, Slot

F8 = NDArray[np.float64]
Given = Mapping[str, NDArray[Any] | Sequence[Any]]
"""By input: numbers (NaN is missing), or texts or truth values (None is missing). What is left out is missing everywhere."""
_WHOLE = 2.0**63


def answer_columns(scorer: RowScorer, given: Given, n: int) -> Plain | None:
    """The answers to the plain ones of n rows; None of a model whose answers depend on more than a row's numbers."""
    if any(one.embedding is not None for one in scorer.inputs) or (scorer.threshold or {}).get("by"):
        return None
    x, plain = np.full((n, len(scorer.inputs)), math.nan), np.ones(n, np.bool_)
    slots = {slot[0]: slot for slot in scorer.slots}
    for place, one in enumerate(scorer.inputs):
        x[:, place] = _encoded(one, slots[one.source], given.get(one.source), plain)
    width = len(scorer.labels) if scorer.labels is not None else 1 if scorer.level is None else 3
    outputs = scorer.many(x if plain.all() else x[plain]) if plain.any() else np.zeros((0, width))
    finite = np.isfinite(outputs).all(axis=1)
    if not finite.all():
        plain[np.flatnonzero(plain)[~finite]] = False
        outputs = outputs[finite]
    return Plain(plain, told(scorer, outputs))


def told(scorer: RowScorer, outputs: F8) -> dict[str, Any]:
    """Outputs as they are answered, by column; what is the same for all rows once (`RowScorer.told`)."""
    if scorer.labels is None:
        names = ("value",) if scorer.level is None else ("value", "lower", "upper")
        columns: dict[str, Any] = {name: outputs[:, place] for place, name in enumerate(names)}
        return columns if scorer.level is None else {**columns, "level": scorer.level}
    best = decided(outputs, scorer.labels, scorer.threshold)
    labels = np.array(scorer.labels, object)
    by_label = {text_of(label): outputs[:, place] for place, label in enumerate(scorer.labels)}
    found = {"value": labels[best].tolist(), "probability": outputs[np.arange(len(best)), best]}
    at = {} if scorer.threshold is None else {"threshold": scorer.threshold["at"]}
    return {**found, "probabilities": by_label, **at}


def _encoded(one: Input, slot: Slot, values: NDArray[Any] | Sequence[Any] | None, plain: NDArray[np.bool_]) -> F8:
    """The input's numbers; ``plain`` loses the rows that are none."""
    if values is None:
        found = np.full(len(plain), math.nan)
    elif isinstance(values, np.ndarray) and one.kind == "number" and _is_number(slot):
        found = _numbers(slot, values.astype(np.float64, copy=False), plain)
    else:
        listed = values.tolist() if isinstance(values, np.ndarray) else values
        found = _listed(one, slot, listed, plain)
    if one.required:
        plain &= ~np.isnan(found)
    return found


def _is_number(slot: Slot) -> bool:
    column = slot[1]
    return column.kind in ("number", "integer") and not column.narrow and column.allowed is None


def _numbers(slot: Slot, values: F8, plain: NDArray[np.bool_]) -> F8:
    column = slot[1]
    plain &= ~np.isinf(values)
    if column.kind == "integer":
        with np.errstate(invalid="ignore"):
            plain &= np.isnan(values) | ((np.floor(values) == values) & (np.abs(values) < _WHOLE))
    if column.limited:
        low, high = range_of(column)
        plain &= np.isnan(values) | ((values >= low) & (values <= high))
    return values


def _listed(one: Input, slot: Slot, values: Sequence[Any], plain: NDArray[np.bool_]) -> F8:
    """Each value that there is read once, as one of a request is."""
    encode, known = one.encoder(), dict[Any, float | None]()

    def number(value: Any) -> float | None:
        if value is None or value != value:  # NaN is missing, too
            return math.nan
        try:
            read = reading(slot[1], value)
        except SignatureMismatch:
            return None
        if read is None:
            return math.nan
        if (slot[3] and slot[1].broken(read)) or (slot[4] is not None and read not in slot[4]):
            return None
        return float(encode(read))

    for value in dict.fromkeys(values):
        known[value] = number(value)
    found = [known[value] for value in values]
    if None in known.values():
        plain &= np.fromiter((one is not None for one in found), np.bool_, len(found))
    return np.array([math.nan if one is None else one for one in found], np.float64)
