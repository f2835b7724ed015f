"""A model's label as its section declares it, checked against the contracts. Data only.

label = { column = "paid" }                                                      # of the row; it may come late
label = { column = "paid", within = "60 days", else = 0 }                        # what has not come by then is 0
label = { from = "chargebacks", on = "transaction_id", within = "60 days" }      # 1 where a row comes, else 0
label = { from = "sales", op = "none", within = "90 days" }                      # of an entity: 1 where none comes
label = { from = "sales", op = "count", within = "7 days", after = "14 days" }   # of the third week from the moment on
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tidemill.config.amounts import some_time
from tidemill.config.labels import horizon, op_of
from tidemill.data.check.column import Column
from tidemill.data.check.readings import Unread, read
from tidemill.errors import ConfigError
from tidemill.features.views import NUMBERS, column_of
from tidemill.types import DAY, Micros

if TYPE_CHECKING:
    from tidemill.config.sections import ModelSection
    from tidemill.data.contract.contract import Contract

LABEL = "_label"
"""The column that holds a label which rows of a dataset say."""
Value = int | float | bool | str


@dataclass(frozen=True, slots=True)
class LabelDefinition:
    """``dataset``: whose rows say the label of a moment, those with the same ``on``, from it on and ``within`` the time; nothing:
    the row itself does, in its column ``name``. A label is settled ``within`` after its moment, and not before: one that is
    known sooner would enter sooner, and what is known sooner is not what is known later (a fraud is seen before an honest
    payment can be told from it).
    """

    name: str
    kind: str  # of its values
    place: str  # in the configuration, for messages
    within: Micros = 0  # 0: it comes when it comes
    otherwise: Value | None = None  # the label of a moment that nothing has come for
    dataset: str = ""
    on: str = ""
    op: str = ""  # any | none | count | sum | value
    column: str | None = None
    time: str = ""  # of the dataset's rows
    value: str | None = None  # the column whose sign tells an event from its return
    after: Micros = 0  # how long after the moment the time begins that the rows are of

    @property
    def open(self) -> Micros:
        """How long after its moment a label is settled."""
        return self.after + self.within

    @staticmethod
    def of(model: ModelSection, rows: Contract, said_by: Contract | None) -> LabelDefinition | None:
        """The definition; None where the contract names the label. ``said_by``: the contract of the label's dataset.

        Raises ConfigError for what the contracts have not.
        """
        label, place = model.label, f"[model.{model.name}] label"
        if label is None:
            return None
        if said_by is not None:
            return _from(model, rows, said_by, place)
        column = column_of(label.column, rows, place)
        if rows.time is None and label.within:
            raise _timeless(rows, place)
        otherwise = _value(label.otherwise, column, place)
        return LabelDefinition(column.name, column.kind, place, horizon(model), otherwise)

    @property
    def words(self) -> str:
        """One sentence, for the model card.

        >>> LabelDefinition("_label", "integer", "", 90 * DAY, None, "sales", "customer_id", "none").words
        '1 where no row of sales with its customer_id comes within 90 days, else 0'
        >>> LabelDefinition("_label", "integer", "", 7 * DAY, None, "sales", "item", "count", after=14 * DAY).words
        'how many rows of sales with its item come within 7 days, from 14 days later on'
        >>> LabelDefinition("paid", "boolean", "", 60 * DAY, False).words
        'its paid, of 60 days later; False where that is missing'
        """
        span = f"{self.within / DAY:g} days" + (f", from {self.after / DAY:g} days later on" if self.after else "")
        if not self.dataset:
            late = f", of {span} later" if self.within else ""
            return f"its {self.name}{late}" + (
                "" if self.otherwise is None else f"; {self.otherwise} where that is missing"
            )
        rows = f"{self.dataset} with its {self.on}"
        if self.op in ("any", "none"):
            return f"1 where {'a' if self.op == 'any' else 'no'} row of {rows} comes within {span}, else 0"
        if self.op == "count":
            return f"how many rows of {rows} come within {span}"
        what = "the sum of" if self.op == "sum" else "the"
        other = "" if self.otherwise is None else f", else {self.otherwise}"
        return f"{what} {self.column} of the rows of {rows} that come within {span}{other}"

    def target_of(self, contract: Contract) -> Contract:
        """The rows' contract with this label as their target: a column that was it is none any more."""
        columns = tuple(replace(c, role=None) if c.role == "target" else c for c in contract.columns)
        if self.dataset:
            columns = (*columns, Column(LABEL, self.kind, role="target"))
        else:
            columns = tuple(replace(c, role="target") if c.name == self.name else c for c in columns)
        return replace(contract, columns=columns)


def _from(model: ModelSection, rows: Contract, said_by: Contract, place: str) -> LabelDefinition:
    label = model.label
    assert label is not None
    on = label.on or (model.rows.entity if model.rows else "")
    kinds = [column_of(on, contract, place).kind for contract in (rows, said_by)]
    if kinds[0] != kinds[1]:
        hint = "a join needs one type: change one contract, and read its files anew"
        where = f"{kinds[0]} in {rows.place} and {kinds[1]} in {said_by.place}"
        raise ConfigError(f"{on!r} is {where}", place=place, hint=hint)
    for contract in (rows, said_by):
        if contract.time is None:
            raise _timeless(contract, place)
    op, kind, otherwise = op_of(label), "integer", None
    if label.column:
        column = column_of(label.column, said_by, place)
        if op == "sum" and column.kind not in NUMBERS:
            raise ConfigError(f"column {column.name!r} is no number", place=place, hint="a sum needs numbers")
        kind = "number" if op == "sum" else column.kind
        otherwise = _value(label.otherwise, column, place) if op == "value" else None
    time, after = str(said_by.time), some_time(label.after) if label.after else 0
    within = horizon(model) - after
    return LabelDefinition(
        *(LABEL, kind, place, within, otherwise, label.from_, on, op, label.column or None, time, said_by.value, after)
    )


def _value(said: Value | None, column: Column, place: str) -> Value | None:
    """What ``else`` says, as the column reads it."""
    try:
        found: Value | None = read(column, said)
    except Unread as exc:
        raise ConfigError(
            f"else = {said!r} can be no value of {column.name}, which is {column.kind}", place=place, hint=exc.hint
        ) from exc
    return found


def _timeless(contract: Contract, place: str) -> ConfigError:
    message = f"the rows of {contract.place} have no time, so nothing is within one"
    return ConfigError(message, place=place, hint="give a column the role 'time' in the contract")
