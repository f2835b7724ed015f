"""Rows of a table as learners take them: columns of the contract, declared features and the calendar, in numbers.

A feature made of earlier rows (``last_week = { op = "mean", window = "7 days" }``) is an input of the answer under its own
name: whoever asks says it, so that training and serving cannot differ in silence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from tidemill.errors import NotEnoughData
from tidemill.features.transaction_time import BEGAN, KNOWN, RIPE, known_of
from tidemill.features.transforms import CALENDAR, EMBED, calendar
from tidemill.learning.given import Given, spec_of
from tidemill.learning.rows import AT, BESIDE, KEY, UNIT, Rows, beside, placed
from tidemill.tasks.tabular.actions import Way
from tidemill.tasks.tabular.embed import Embedding, vectors
from tidemill.tasks.tabular.inputs import SERIES, Input
from tidemill.tasks.tabular.mitigate import at_each
from tidemill.types import JsonObject

if TYPE_CHECKING:
    import polars as pl

    from tidemill.data.check.column import Column
    from tidemill.data.contract.contract import Contract
    from tidemill.features.views import Feature, View

F8 = NDArray[np.float64]
I8 = NDArray[np.int64]
MOST_CATEGORIES = 100_000  # A column keeps its most frequent categories; the others are one
MOST_SERIES = 10_000  # So many subjects have a forecast of their own; the others that of strangers
TARGET = "_target"
GROUP = "_group "
"""Before the name of a column of the key, where the rows are split by row and their key has several: it may name whose they are."""
LIMITS = ("minimum", "maximum", "above", "below", "min_length", "max_length", "pattern", "allowed")
PLAIN = {"string": "category", "boolean": "category", "integer": "number", "number": "number"}


class Table(Rows):
    """Rows of `build` with what each input is: `described`.

    ``subject``: the column that says whose row it is; ``monotone``: inputs with which the answer only rises (1) or falls (-1);
    ``given``: what tidemill.toml says of a learner that is not built in;
    ``weights``: how much the rows of a label count; ``limits``: the least and the greatest value, as the contract says.
    """

    def __init__(
        self,
        frame: pl.DataFrame,
        inputs: Sequence[Input],
        roles: JsonObject | None = None,
        subject: str | None = None,
        monotone: Mapping[str, int] | None = None,
        given: Given | None = None,
        weights: Mapping[str, float] | str | None = None,
        limits: tuple[float | None, float | None] = (None, None),
    ) -> None:
        super().__init__(frame)
        self.inputs, self.roles, self.target, self.subject = inputs, roles or {}, frame[TARGET], subject
        self.monotone, self.given, self.weights, self.limits = monotone or {}, given, weights, limits
        self.actionable: Mapping[str, Way] = {}
        """What the person concerned could change, and which way."""
        self.artifacts: str | None = None
        """Where bundles that a fit may begin from are kept."""

    @property
    def plain(self) -> dict[str, pl.Series]:
        """What stands in the rows and a request says, by name: all inputs but those of the calendar, of an embedding its text."""
        names = [one.source if one.embedding else one.name for one in self.inputs if one.kind not in CALENDAR]
        return {name: self.frame[name] for name in dict.fromkeys(names)}

    def at_each(self, threshold: JsonObject | None, rows: I8) -> F8 | None:
        """The threshold of each of these rows; None where all have one."""
        return at_each(threshold, self.judged_of(rows)) if threshold and "by" in threshold else None

    def judged_of(self, rows: I8) -> dict[str, list[Any]]:
        """What these rows are judged by, inputs or not, by name."""
        return {name: column[rows].to_list() for name, column in beside(self.frame).items()}

    @property
    def apart(self) -> dict[str, pl.Series]:
        """What answers are judged by and no learner sees: what a request may say beside its inputs."""
        inputs = {one.source for one in self.inputs}
        return {name: column for name, column in beside(self.frame).items() if name not in inputs}

    @property
    def attributes(self) -> dict[str, pl.Series]:
        """What is known of a row that was answered, by name: what it says, of its time too, and what answers are judged by beside that."""
        import polars as pl

        days = {one.name: pl.Series(calendar(one.kind, self.at)) for one in self.inputs if one.kind in CALENDAR}
        return self.plain | days | beside(self.frame)

    def columns(self, rows: I8, series: bool = False) -> tuple[Input, ...]:
        """The inputs as these rows show them: a category of one row only, or of later ones, is `Input.other`. ``series``: and whose row it is."""
        asked = [Input(SERIES, "category", self.subject)] if series and self.subject else []
        return tuple(
            msgspec.structs.replace(one, categories=_categories(one, self.frame[one.name][rows]))
            if one.kind == "category"
            else one
            for one in (*self.inputs, *asked)
        )

    def encoded(self, inputs: Sequence[Input], rows: I8) -> F8:
        """rows x inputs in float64: exactly what `Input.number` gives each value."""
        out = np.empty((len(rows), len(inputs)))
        for place, one in enumerate(inputs):
            if one.kind in CALENDAR:
                out[:, place] = calendar(one.kind, self.at[rows])
            elif one.kind == "category":
                codes: dict[Any, float] = {value: float(i) for i, value in enumerate(one.categories)} | {None: np.nan}
                out[:, place] = [codes.get(value, one.other) for value in self.frame[one.name][rows].to_list()]
            else:
                out[:, place] = self.frame[one.name][rows].cast(float).fill_null(float("nan")).to_numpy()
        return out


def build(
    frame: pl.DataFrame, contract: Contract, views: Sequence[View] = (), judged_by: Sequence[str] = ()
) -> pl.DataFrame:
    """The rows with a target: inputs by name, `TARGET`, what `Rows` asks, and what a look before training does. Raises NotEnoughData.

    ``judged_by``: columns of the rows that are kept beside the inputs, also of those that are none.
    """
    import polars as pl

    from tidemill.data.check.spelled import spelled

    target = pl.col(str(contract.target))
    rows = placed(frame.filter(target.is_not_null()), contract)
    if not len(rows):
        raise NotEnoughData("there is no row with a target")
    rows = rows.with_columns(target.alias(TARGET), *_made(rows, frame, views))
    asked = [one for one in described(contract, views) if one.kind not in CALENDAR]
    texts = [one.source for one in asked if one.embedding]
    inputs = list(dict.fromkeys([*(one.name for one in asked), *texts]))
    known = [known_of(contract.names, rows.columns), pl.col(BEGAN)] if KNOWN in rows.columns else []
    known += [pl.col(f"{KNOWN} {name}") for name in inputs if f"{KNOWN} {name}" in rows.columns]
    ripe = [RIPE] if RIPE in rows.columns else []
    names = names_of(contract)
    key = [spelled(names, contract.columns).alias(KEY)] if names else []
    by_row = len(contract.key) > 1 and contract.time is None and contract.subject is None
    groups = [pl.col(name).alias(GROUP + name) for name in contract.key if by_row]
    judged = [pl.col(name).alias(BESIDE + name) for name in judged_by if name in rows.columns]
    return rows.select(*inputs, TARGET, AT, UNIT, *key, *known, *ripe, *groups, *judged)


def names_of(contract: Contract) -> tuple[str, ...]:
    """The columns that name a row: its key, else whose it is and when."""
    both = [name for name in (contract.subject, contract.time) if name]
    return contract.key or (tuple(both) if len(both) == 2 else ())


def described(contract: Contract, views: Sequence[View] = ()) -> list[Input]:
    """What each input is, categories apart; those of the calendar come last.

    Not inputs: the target, the time itself, the subject and the columns of the key.
    """
    features = [f for view in views for f in view.features]
    texts = [f for f in features if f.process is not None]
    left_out = {contract.time, contract.target, contract.subject, *contract.key, *(f.column for f in texts)}
    time = next((c for c in contract.columns if c.role == "time"), None)
    plain = [
        Input(c.name, PLAIN[c.kind], c.name, c.required, column=c.of_requests())
        for c in contract.columns
        if c.name not in left_out and c.kind in PLAIN
    ]
    lagged = [Input(f.name, "number", f.name) for f in features if f.lagged]
    columns = {c.name: c.of_requests() for c in contract.columns}
    made = [one for f in texts for one in embedded(f, columns[str(f.column)])]
    days = [Input(f.name, f.op, str(contract.time), True, column=time) for f in features if f.calendar]
    return [*plain, *lagged, *made, *days]


def embedded(feature: Feature, column: Column) -> list[Input]:
    """The numbers of a text, each an input."""
    process = feature.process
    assert process is not None
    by = Embedding(spec_of(process, feature.folder), process.model, process.size)
    name = column.name
    return [Input(f"{feature.name}.{n}", EMBED, name, column.required, (), column, by, n) for n in range(by.size)]


def as_json(inputs: Sequence[Input]) -> list[JsonObject]:
    """The inputs as settings and bundles hold them; `msgspec.convert` to `Input` reads them."""
    return [
        {**msgspec.to_builtins(msgspec.structs.replace(one, column=None)), "column": one.column and one.column.json()}
        for one in inputs
    ]


def _made(rows: pl.DataFrame, history: pl.DataFrame, views: Sequence[View]) -> list[pl.Series]:
    """Columns made of earlier rows, with a label or without: each row is a request at its own moment."""
    import polars as pl

    from tidemill.features.as_of import table

    made: list[pl.Series] = []
    for view in views:
        lagged = [f.name for f in view.features if f.lagged]
        if lagged:
            entity = {"entity": rows[view.entity]} if view.entity else {}
            requests = pl.DataFrame({"request": np.arange(len(rows)), **entity, "at": rows[AT]})
            found = table(view, history, requests)
            made += found.select(lagged).get_columns()
        for feature in view.features:
            if feature.process is not None:
                made += _vectors(feature, rows)
    return made


def _vectors(feature: Feature, rows: pl.DataFrame) -> list[pl.Series]:
    """The numbers that a process gives each row's text, asked for once a text."""
    import polars as pl

    assert feature.process is not None and feature.column is not None
    by = Embedding(spec_of(feature.process, feature.folder), feature.process.model, feature.process.size)
    found = vectors(by, rows[feature.column].to_list())
    return [pl.Series(f"{feature.name}.{n}", column, nan_to_null=True) for n, column in enumerate(found.T)]


def signature(inputs: Sequence[Input], labels: list[Any] | None, interval: bool = False) -> JsonObject:
    """The typed inputs and outputs of a bundle."""
    asked = {one.source: {"type": _type(one), "required": one.required, **_limits(one)} for one in inputs}
    label = {"value": "label", "probability": "float64", "probabilities": "float64 by label"}
    value = dict.fromkeys(("value", "lower", "upper") if interval else ("value",), "float64")
    return {"inputs": asked, "outputs": value if labels is None else label}


def _limits(one: Input) -> JsonObject:
    """What the contract says of its values."""
    said = one.column.json() if one.column else {}
    return {name: limit for name, limit in said.items() if name in LIMITS}


def _type(one: Input) -> str:
    if one.kind == "category" or one.embedding:
        return one.read_as.kind
    return "float64" if one.kind == "number" else "time"


def _categories(one: Input, values: Any) -> tuple[str | bool, ...]:
    """Those that are known: truth values, every series, and of texts what two rows have at least."""
    import polars as pl

    counts = values.drop_nulls().rename("value").value_counts(sort=False, name="n")  # a column may be called `count`
    if one.name != SERIES and values.dtype == pl.String:
        counts = counts.filter(pl.col("n") > 1)
    pairs = sorted(zip(counts["n"].to_list(), counts["value"].to_list()), key=lambda p: (-p[0], p[1]))
    return tuple(sorted(name for _, name in pairs[: MOST_SERIES if one.name == SERIES else MOST_CATEGORIES]))
