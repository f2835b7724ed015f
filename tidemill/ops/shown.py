"""How things show themselves in a notebook: a list as a table, one record as its fields, in HTML that nothing runs in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from html import escape
from typing import Any, Generic, TypeVar

from tidemill.ops.text import flat
from tidemill.scope.project import Project

T = TypeVar("T")
LONGEST = 200  # Characters of a cell; the record has all of it
ROWS = 50  # Rows of a list that are shown


def cell(name: str, value: Any) -> str:
    """One value as HTML, and nothing that a browser would run.

    >>> cell("reason", "<b>")
    '&lt;b&gt;'
    """
    text = flat(name, value)
    return escape(text if len(text) <= LONGEST else text[: LONGEST - 1] + "…")


def named(record: Any) -> dict[str, Any]:
    """The fields of a record by name."""
    if is_dataclass(record):
        return {f.name: getattr(record, f.name) for f in fields(record)}
    return dict(record) if isinstance(record, Mapping) else {"value": record}


def table(names: Sequence[str], rows: Iterable[Sequence[str]], caption: str) -> str:
    """An HTML table of cells that are HTML already."""
    head = "".join(f"<th>{escape(name)}</th>" for name in names)
    body = "".join(f"<tr>{''.join(f'<td>{c}</td>' for c in row)}</tr>" for row in rows)
    return f"<table><caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


class Records(list[T]):
    """A list of records; a notebook shows it as a table.

    >>> Records([{"id": "<run>"}])._repr_html_()
    '<table><caption>1 record</caption><thead><tr><th>id</th></tr></thead><tbody><tr><td>&lt;run&gt;</td></tr></tbody></table>'
    """

    def _repr_html_(self) -> str:
        shown = [named(record) for record in self[:ROWS]]
        names = list(dict.fromkeys(name for row in shown for name in row))
        left_out = f", the first {ROWS}" if len(self) > ROWS else ""
        caption = f"{len(self):,} record{'' if len(self) == 1 else 's'}{left_out}"
        return table(names, ([cell(name, row.get(name)) for name in names] for row in shown), caption)


class Shown(Generic[T]):
    """One record; a notebook shows its fields. ``record`` is the record itself."""

    def __init__(self, record: T) -> None:
        self.record = record

    def __repr__(self) -> str:
        return repr(self.record)

    def _repr_html_(self) -> str:
        rows = ((escape(name), cell(name, value)) for name, value in named(self.record).items())
        return table(("field", "value"), rows, type(self.record).__name__)


class Opened(Shown[T]):
    """A record of an open project."""

    def __init__(self, project: Project, record: T) -> None:
        super().__init__(record)
        self._project = project
