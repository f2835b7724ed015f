"""A sentence with the records that it stands on, and a document of such sentences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby


@dataclass(frozen=True)
class Statement:
    """``records``: refs of what it stands on. ``gap``: it says that something is not there, or not said."""

    section: str
    text: str
    records: tuple[str, ...] = ()
    gap: bool = False


@dataclass(frozen=True)
class Document:
    """``of``: the law or the standard that asks for it; ``at``: as of when."""

    name: str
    title: str
    of: str
    at: str
    statements: tuple[Statement, ...]

    @property
    def gaps(self) -> int:
        return sum(one.gap for one in self.statements)


def said(section: str, text: str, records: Sequence[str] = (), missing: str = "") -> Statement:
    """What is said, or where there is nothing that it is missing.

    >>> said("Purposes", "", missing="no purpose is said: [project] purpose")
    Statement(section='Purposes', text='no purpose is said: [project] purpose', records=(), gap=True)
    """
    return Statement(section, text, tuple(records)) if text else Statement(section, missing, tuple(records), True)


def markdown(document: Document) -> str:
    """For people: sections in their order, gaps marked, records in brackets."""
    return "\n".join(_lines(document)) + "\n"


def _lines(document: Document) -> Iterator[str]:
    yield f"# {document.title}"
    yield ""
    yield f"{document.of}. As of {document.at}, from the project's records. Evidence for who knows the law, no legal advice."
    if document.gaps:
        yield f"**{document.gaps} gaps**: marked ⚠ below."
    for section, statements in groupby(document.statements, lambda one: one.section):
        yield f"\n## {section}\n"
        for one in statements:
            records = f" `[{', '.join(one.records)}]`" if one.records else ""
            yield f"- {'⚠ ' if one.gap else ''}{one.text}{records}"
