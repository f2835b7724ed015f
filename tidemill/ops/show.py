"""Records as JSON and as text; and those that show themselves in a notebook: a list as a table, one record as its fields."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, fields, is_dataclass
from html import escape
from typing import Any, Generic, TypeVar

from tidemill.ops.text import TIMES
from tidemill.types import to_iso

T = TypeVar("T")
LONGEST = 200
"""Characters of a cell; the record has all of it."""
ROWS = 50
"""Rows of a list that are shown."""


def plain(value: Any) -> Any:
    """Records as JSON: times in ISO 8601, bytes as the JSON that they are."""
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    if isinstance(value, Mapping):
        return {k: to_iso(v) if k in TIMES and isinstance(v, int) else plain(v) for k, v in value.items()}
    if isinstance(value, bytes):
        return json.loads(value) if value else None
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    return value


def flat(name: str, value: Any) -> str:
    """One value of a record as text: moments in ISO 8601, objects as JSON.

    >>> flat("at", 0), flat("run", None), flat("stages", [{"share": 1}])
    ('1970-01-01T00:00:00Z', '', '[{"share":1}]')
    """
    if value is None:
        return ""
    if name in TIMES and isinstance(value, int):
        return to_iso(value)
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, str):
        return value
    return json.dumps(value, default=str, ensure_ascii=False, separators=(",", ":"))


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
