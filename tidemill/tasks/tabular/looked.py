"""A table as a look before training sees it (`tidemill.learning.findings`): the contract's columns before the test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from tidemill.features.transaction_time import ALWAYS, KNOWN
from tidemill.learning.findings.look import Look, Truth, parts_of
from tidemill.learning.findings.report import findings
from tidemill.learning.rows import AT
from tidemill.store.payloads import Findings
from tidemill.tasks.tabular.inputs import Input
from tidemill.tasks.tabular.tables import GROUP, TARGET

if TYPE_CHECKING:
    import polars as pl

    from tidemill.learning.search import Settings
    from tidemill.learning.split import Cut


def looked(rows: pl.DataFrame, settings: Settings, cut: Cut) -> Findings:
    """What is found in the rows of `tidemill.tasks.tabular.tables.build`."""
    look = look_of(rows, settings, cut)
    return findings(look) if look is not None else Findings()


def look_of(rows: pl.DataFrame, settings: Settings, cut: Cut) -> Look | None:
    """The rows before the test; None of none. What is made of earlier rows, or of the moment, was known: it is not looked at."""
    before = rows.filter(rows[AT] < cut.test_start)
    if not before.height:
        return None
    at, labels = before[AT].to_numpy(), settings.task != "regress"
    inputs = msgspec.convert(settings.details["columns"], list[Input])
    as_of = settings.details.get("as_of")  # of entities at moments: what their views say, which was known by then
    known = {*(as_of or ())}
    columns = {
        one.name: before[one.name]
        for one in inputs
        if one.column is not None and one.name in before.columns and one.name not in known
    }
    late = {name: before[f"{KNOWN} {name}"].to_numpy() for name in columns if f"{KNOWN} {name}" in before.columns}
    target = before[TARGET].alias(settings.details.get("target") or "the target")
    return Look(
        columns=columns,
        target=target,
        truth=Truth.read(target, labels),
        whole=parts_of(at, cut),
        temporal=cut.temporal,
        by_row=settings.details.get("unit") == "rows",
        copies=as_of is None,
        late={name: np.where(known == ALWAYS, 0, np.maximum(known - at, 0)) for name, known in late.items()},
        key={name.removeprefix(GROUP): before[name] for name in before.columns if name.startswith(GROUP)},
    )
