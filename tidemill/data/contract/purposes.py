"""What the rows of a dataset were collected for, as its contract says it: ``tidemill.purpose``, a word or several."""

from __future__ import annotations

from pathlib import Path

from tidemill.data.contract.odcs import TableSettings, own_settings, parse_document, read_text


def purposes_of(path: Path) -> tuple[str, ...]:
    """The purposes that this contract says; none where it says none. Raises ContractError."""
    document, places = parse_document(read_text(path), f"{path.parent.name}/{path.name}")
    table = document.schema[0]
    where = ("schema", 0, "customProperties")
    said = own_settings(
        TableSettings, places, {("customProperties",): document.customProperties, where: table.customProperties}
    ).purpose
    return () if said is None else (said,) if isinstance(said, str) else tuple(said)
