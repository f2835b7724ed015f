"""A contract whose columns changed: what a table may gain, and what a change would break."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidemill.data.contract.contract import Contract
from tidemill.data.tables.schema import delta_schema, with_added
from tidemill.data.tables.tables import ORIGIN, Tables
from tidemill.errors import ContractError

if TYPE_CHECKING:
    from tidemill.scope.project import Project


def check_columns(project: Project, tables: Tables, dataset: str, contract: Contract) -> bool:
    """Whether the contract has columns that are new to the table: they must be such that rows without them are good.

    A table keeps its columns. Raises ContractError that says what a change would break.
    """
    if not tables.exists(dataset):
        return False
    stored = tables.schema(dataset)
    given = delta_schema(contract.stored | ORIGIN, dataset)
    try:
        evolved = with_added(stored, given, dataset)
    except ContractError as exc:
        raise ContractError(
            f"{exc.message}: {_broken(project, tables, dataset)}", place=contract.place, hint=exc.hint
        ) from exc
    known = {f.name for f in stored.fields}
    keyed = {name for names in contract.sets for name in names}
    for column in contract.columns:
        if column.name not in known and (column.required or column.name in keyed):
            what = "required" if column.required else "part of a key"
            raise ContractError(
                f"column {column.name!r} is new and {what}: {_broken(project, tables, dataset)}",
                place=contract.place,
                hint="rows that are in have nothing there: leave out `required` and keep it out of keys, or read the "
                f"files anew under another name, [data.{dataset}_2]",
            )
    return evolved is not stored


def _broken(project: Project, tables: Tables, dataset: str) -> str:
    """Who reads the columns of the rows that are in: versions, views, models."""
    views = {v.name for m in project.models.values() for v in m.views.values() if v.from_ == dataset}
    models = {m.name for m in project.models.values() if m.dataset.name == dataset}
    used = [f"[features.{name}]" for name in sorted(views)] + [f"[model.{name}]" for name in sorted(models)]
    return f"versions 1 to {tables.version(dataset)} of {dataset} hold it as it was" + (
        f", and {', '.join(used)} learn from them" if used else ""
    )
