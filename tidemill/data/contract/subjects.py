"""Whom a dataset's rows are about: the contract's column of the subject, whose name is the kind of the people in it."""

from __future__ import annotations

from pathlib import Path

from tidemill.data.check.column import Column
from tidemill.data.contract.odcs import ColumnSettings, own_settings, parse_document, read_text
from tidemill.data.contract.rules import as_name, read_column


def subject_column(path: Path) -> Column | None:
    """It, where this contract names one. No frame is needed for it: the server asks, too. Raises ContractError."""
    document, places = parse_document(read_text(path), f"{path.parent.name}/{path.name}")
    for i, prop in enumerate(document.schema[0].properties):
        where = ("schema", 0, "properties", i)
        if (
            own_settings(ColumnSettings, places, {(*where, "customProperties"): prop.customProperties}).role
            == "subject"
        ):
            return as_name(read_column(prop, where, places, tried=False))
    return None
