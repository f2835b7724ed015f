"""What people call the columns of a dataset, by its contract. Without frames: the server reads it, too."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from tidemill.data.contract.odcs import Property, parse_document, read_text

LONGEST = 60
"""Characters of a name."""


def meanings(contract: Path) -> Mapping[str, str]:
    """The name of each column that has one: its ``businessName``, or a ``description`` that is a name. Raises ContractError."""
    return _meanings(read_text(contract), f"{contract.parent.name}/{contract.name}")


@lru_cache(16)
def _meanings(text: str, name: str) -> Mapping[str, str]:
    (table,) = parse_document(text, name)[0].schema
    return {prop.name: said for prop in table.properties if (said := meaning(prop))}


def meaning(prop: Property) -> str:
    """A name of a few words; a description of sentences is none."""
    for said in (prop.businessName, prop.description):
        text = " ".join(said.split()).rstrip(".") if isinstance(said, str) else ""
        if text and len(text) <= LONGEST and not set(text) & set(".?!:;"):
            return text
    return ""
