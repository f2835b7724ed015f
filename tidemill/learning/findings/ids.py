"""Columns that name or number the rows. A name says nothing of rows to come; a number that knows the label tells how the file was made."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np

from tidemill.learning.findings.alone import measured
from tidemill.learning.findings.look import LEAST, Look
from tidemill.learning.findings.power import NONE, Power, alone, numbers
from tidemill.learning.findings.shape import shape
from tidemill.store.payloads import Finding

if TYPE_CHECKING:
    import polars as pl

DIFFERENT = 0.95
"""The share of rows with a value of their own."""
DENSE = 1.5
"""Whole numbers that fill so much of their range are counted up."""
NAMED = re.compile(r"(?i:(?:^|[\W_])(?:ids?|uuid|guid|nr|no|number))$|[a-z](?:ID|Id|No|Nr)$")
"""How a column is called that names something: ``customer_id``, ``OrderNo``; not ``number_of_rooms``."""
KNOWS = 0.25
"""What a row's name must be shown to know of the label: of AUC .625."""


def ids(look: Look, powers: Mapping[str, Power]) -> Iterator[Finding]:
    """Inputs that are different in nearly every row: held where they know the label, told where not."""
    for name, values in look.columns.items():
        known = values.drop_nulls()
        if len(known) < LEAST or known.n_unique() < DIFFERENT * len(known) or not _names_rows(name, known):
            continue
        own, by = _power(look, values, powers.get(name, NONE))
        figures = {"alone": own.value, "at_least": own.low, "different": known.n_unique() / len(known)}
        held = own.low >= KNOWS
        said = f"{name} is another value in nearly every row"
        said += (
            f", and {by} tells the label of others ({measured(look, own)}): the order of the rows knows it"
            if held
            else ""
        )
        yield Finding("id", name, held, said, "Exclude it", figures, shape(look, by_number(values)) if held else ())


def _names_rows(name: str, known: pl.Series) -> bool:
    """Whether its values are names, or numbers that are counted up."""
    if not known.dtype.is_numeric():
        return str(known.dtype) == "String"
    x = numbers(known)
    whole = bool((x % 1 == 0).all())
    return whole and (bool(NAMED.search(name)) or float(np.ptp(x)) + 1 <= DENSE * len(x))


def _power(look: Look, values: pl.Series, own: Power) -> tuple[Power, str]:
    """What its number knows, or the letters before it."""
    if values.dtype.is_numeric():
        return own, "its number"
    found = [
        (alone(by_number(values), look), "its number"),
        (alone(values.str.extract(r"^(\D+)"), look), "its beginning"),
    ]
    return max(found, key=lambda one: one[0].low)


def by_number(values: pl.Series) -> pl.Series:
    """The last number in a text."""
    return values if values.dtype.is_numeric() else values.str.extract(r"(\d{1,15})\D*$").cast(float)
