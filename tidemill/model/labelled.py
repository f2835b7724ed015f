"""A model's rows with their label, and whether there is anything to learn from them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from tidemill.errors import NotEnoughData
from tidemill.labels.settled import Completeness, with_horizon, with_label
from tidemill.types import DAY, to_iso

if TYPE_CHECKING:
    from tidemill.labels.definition import LabelDefinition
    from tidemill.model.history import Histories
    from tidemill.model.inputs import Inputs


def labelled(histories: Histories, own: str, inputs: Inputs) -> pl.LazyFrame:
    """The rows, each with its label where that is settled, else null.

    Raises DataError, and NotEnoughData where no label is settled, or all say the same.
    """
    frame, label = histories.of(own), inputs.label
    if inputs.moments is not None:
        frame = inputs.moments.rows(frame.collect()).lazy()
    if label is None:
        return frame
    found, time, whole = frame.collect(), inputs.contract.time, None
    if time is not None and label.within:
        whole = histories.whole(label.dataset or own)
        if label.dataset:
            found = with_label(label, found, time, histories.of(label.dataset).collect(), whole)
        else:
            found = with_horizon(label, found, time, whole)
    _must_teach(label, found[label.name].drop_nulls(), whole)
    return found.lazy()


def _must_teach(label: LabelDefinition, said: pl.Series, whole: Completeness | None) -> None:
    """Raises NotEnoughData where no label is settled, or all are the same: nothing could be told apart."""
    if whole is not None and not len(said):
        said_by = label.dataset or "the rows"
        through = f"to {to_iso(whole.through)}" if whole.through > 0 else "to nowhere: no row is in"
        raise NotEnoughData(
            f"no label is settled yet: each is open for {label.open / DAY:g} days, and {said_by} go {through}",
            place=label.place,
            hint="wait, bring older rows, or say how late rows of labels are: complete_after in their [data.NAME]",
        )
    if len(said) and said.n_unique() == 1:
        raise NotEnoughData(
            f"the label of all {len(said):,} rows is {said[0]!r}: there is nothing to learn",
            place=label.place,
            hint="look at what is declared: the time within which, and which rows say it",
        )
