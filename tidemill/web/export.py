"""Every list as CSV: walked by key in pieces, so that a million rows cost memory for a thousand."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from itertools import islice
from typing import Any

from tidemill.errors import NotFound
from tidemill.ops import quarantine
from tidemill.scope.project import Project
from tidemill.store import records
from tidemill.types import canonical, did_you_mean, to_iso
from tidemill.web.pages import data, trace

PIECE = 1000
_TIMES = ("at", "started", "ended", "created", "time_min", "time_max", "trained_through", "stage_since", "received")
_LEFT_OUT = {records.Prediction: ("inputs",), records.Run: ("owner",)}

Pager = Callable[..., Sequence[Any]]


def pieces(project: Project, table: str, of: str | None = None) -> Iterator[str]:
    """The CSV text, piece by piece; the first has the names of the columns. Raises NotFound at once.

    ``of``: the endpoint of ``drift`` and ``quality``, the dataset of ``versions``,
    the dataset version of ``quarantine`` and ``profile``, the prediction of
    ``history`` and ``reasons``.
    """
    store = project.store
    if of is not None and table in _OF:
        names, rows = _OF[table](project, of)
        return _told(names, rows)
    endless: dict[str, tuple[type[Any], Pager]] = {
        "runs": (records.Run, store.runs.page),
        "events": (records.Event, store.events.page),
        "decisions": (records.Decision, store.decisions.page),
        "predictions": (records.Prediction, project.live.predictions.page),
    }
    whole: dict[str, tuple[type[Any], Callable[[], Sequence[Any]]]] = {
        "models": (records.ModelVersion, store.models.list),
        "releases": (records.Release, store.releases.list),
        "versions": (records.DatasetVersion, lambda: store.datasets.list(dataset=of)),
        "drift": (records.Window, lambda: store.windows.list(endpoint=project.endpoint(of).name, monitor="drift")),
        "quality": (records.Window, lambda: store.windows.list(endpoint=project.endpoint(of).name, monitor="quality")),
    }
    if table in endless:
        kind, page = endless[table]
        return _written(kind, _walk(page))
    if table in whole:
        kind, everything = whole[table]
        return _written(kind, [everything()])
    raise NotFound(f"no table {table!r}", hint=did_you_mean(table, [*endless, *whole, *_OF]))


def _walk(page: Pager) -> Iterator[Sequence[Any]]:
    before: str | None = None
    while rows := page(before=before, limit=PIECE):
        yield rows
        before = rows[-1].id


def _written(kind: type[Any], batches: Iterable[Sequence[Any]]) -> Iterator[str]:
    names = [f.name for f in fields(kind) if f.name not in _LEFT_OUT.get(kind, ())]
    yield _lines([names])
    for batch in batches:
        yield _lines([[cell(n, getattr(record, n)) for n in names] for record in batch])


Told = tuple[Sequence[str], Iterable[Mapping[str, Any]]]
"""The names of the columns, and the rows."""


def _quarantine(project: Project, of: str) -> Told:
    found = quarantine.rows(project, _version(project, of))
    rows = ({"file": r.get("_name"), "row": r.get("_row"), "why": r["_reasons"], "raw": r["_raw"]} for r in found)
    return ("file", "row", "why", "raw"), rows


def _profile(project: Project, of: str) -> Told:
    rows = [{"column": name, **facts} for name, facts in data.profiled(project, _version(project, of))]
    return list(dict.fromkeys(("column", *(key for row in rows for key in row)))), rows


def _history(project: Project, of: str) -> Told:
    return _PLACED, trace.history(project, of)


def _reasons(project: Project, of: str) -> Told:
    return ("answered", "score", "weight", *_PLACED), trace.reasons(project, of)


_PLACED = ("at", "item", "value", "path", "row", "file", "ingest")
_OF: dict[str, Callable[[Project, str], Told]] = {
    "quarantine": _quarantine,
    "profile": _profile,
    "history": _history,
    "reasons": _reasons,
}


def _version(project: Project, of: str) -> records.DatasetVersion:
    name, _, number = of.rpartition("@")
    if not number.isascii() or not number.isdigit() or len(number) > 9:
        raise NotFound(f"no dataset version {of!r}", hint="name it as DATASET@VERSION")
    return project.store.datasets.get(name, int(number))


def _told(names: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    yield _lines([names])
    left = iter(rows)
    while batch := [[cell(name, row.get(name)) for name in names] for row in islice(left, PIECE)]:
        yield _lines(batch)


def _lines(rows: Iterable[Sequence[str]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()


def cell(name: str, value: Any) -> str:
    """One value: times in ISO 8601, objects as JSON, and no text that a spreadsheet would take for a formula.

    >>> cell("at", 0), cell("author", "=1+1"), cell("stages", [{"share": 1}]), cell("rows", -3)
    ('1970-01-01T00:00:00Z', "'=1+1", '[{"share":1}]', '-3')
    """
    if value is None:
        return ""
    if name in _TIMES and isinstance(value, int):
        return to_iso(value)
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if isinstance(value, dict | list | tuple):
        return canonical(list(value) if isinstance(value, tuple) else value).decode()
    text = str(value)
    return f"'{text}" if isinstance(value, str) and text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
