"""The recipe fitted to a random part of the rows: what the learning curve is drawn of, and what an attack on membership is tried on.

Which rows were learned from is drawn, so that nothing else tells them from the others. Together the parts cost less than one more fit.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tidemill.errors import ConfigError, ModelError
from tidemill.learning.rows import AT, Rows
from tidemill.store.artifacts.codecs import Bundle
from tidemill.tasks.table import training_of

if TYPE_CHECKING:
    import polars as pl

    from tidemill.learning.search import Settings
    from tidemill.learning.split import Cut
    from tidemill.types import JsonObject

Mask = NDArray[np.bool_]
SHARES = (0.125, 0.25, 0.5)
"""Of the rows to learn from."""


@dataclass(frozen=True)
class Part:
    """A fit of some of the rows. ``kept``: of all rows, which it learned from; those of a smaller share are among those of a greater."""

    share: float
    kept: Mask
    bundle: Bundle


def learned(rows: pl.DataFrame, settings: Settings, cut: Cut) -> Mask:
    """Of all rows, those that the evaluation model learned from."""
    since = None if settings.train is None else cut.test_start - settings.train
    return np.isin(np.arange(len(rows)), Rows(rows).known_between(since, cut.test_start))


def parts(rows: pl.DataFrame, settings: Settings, recipe: JsonObject, cut: Cut, seed: int) -> Iterator[Part]:
    """The recipe by share; one that is too few rows to learn from is left out."""
    before, whole = rows[AT].to_numpy() < cut.test_start, learned(rows, settings, cut)
    drawn = np.random.default_rng(seed).random(len(before))
    for share in SHARES:
        kept = whole & (drawn < share)
        try:
            # with the test's rows: "now" stays what it is
            part = training_of(settings.task).open_trainer(rows.filter(kept | ~before), settings)
            yield Part(share, kept, part.fit(recipe, cut.test_start))
        except (ModelError, ConfigError):  # also of a label with a weight: none of its rows may be among so few
            continue
