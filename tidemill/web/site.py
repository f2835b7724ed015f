"""What a page is made of: what was asked, what is shown, and the few links that all pages share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from tidemill.access.caller import Caller
from tidemill.ops import page as records
from tidemill.ops.snapshot import Snapshot
from tidemill.ref import Ref
from tidemill.scope.project import Project
from tidemill.types import Micros, did_you_mean

PAGE = 25  # Rows of a list on one page


@dataclass(frozen=True, slots=True)
class Ask:
    """One request for a page, with the project it is about."""

    project: Project
    now: Micros
    params: Mapping[str, str]
    query: Mapping[str, str]
    caller: Caller
    health: Mapping[str, str]

    def may(self, permission: str) -> bool:
        """Whether whoever asks may do this: what they may not is not shown."""
        return self.caller.may_do(permission)

    def snapshot(self) -> Snapshot:
        """What the records say now of the endpoint that the page is asked about."""
        return Snapshot(self.project, self.now, self.health, self.text("endpoint"))

    def text(self, name: str) -> str | None:
        """A query parameter, if it is there and not empty."""
        return self.query.get(name, "").strip() or None

    def ignored(self, name: str, known: Iterable[str]) -> str:
        """What to say of a filter with a value that there is not; nothing where it is known or not given."""
        text = self.text(name)
        if text is None or text in (names := list(known)):
            return ""
        return f"There is no {name} {text!r}, so it narrows nothing here; {did_you_mean(text, names)}"


@dataclass(frozen=True, slots=True)
class Shown:
    """What a page says: its title and what its template needs."""

    title: str
    values: Mapping[str, Any]
    note: str = ""
    """What was asked for and is not shown."""
    template: str = ""
    """Another than the page's own."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the site: where it is, its template, and the function that fills it."""

    path: str
    template: str
    section: str
    build: Callable[[Ask], Shown]
    permission: str


@dataclass(frozen=True, slots=True)
class Slice:
    """A part of a list: its rows, and the links to what comes before and after it."""

    rows: list[Any]
    older: str | None = None
    newest: str | None = None
    export: str | None = None


def link(path: str, **query: object) -> str:
    """An address of the site.

    >>> link("/runs", before="run_1", page=None)
    '/runs?before=run_1'
    """
    kept = {k: v for k, v in query.items() if v is not None}
    return path + (f"?{urlencode(kept)}" if kept else "")


def by_key(
    ask: Ask,
    path: str,
    verb: Callable[..., records.Page[Any]],
    *,
    export: str | None,
    size: int = PAGE,
    name: str = "before",
    **more: Any,
) -> Slice:
    """A slice of an endless list, as a verb gives it; ``name``: the query's parameter for where it begins."""
    before = ask.text(name)
    found = verb(ask.project, limit=size, before=before, **more)
    older = link(path, **{**more, name: found.next}) if found.next else None
    return Slice(found.items, older, link(path, **more) if before else None, f"/export/{export}" if export else None)


_WITH_A_PAGE = ("release", "model", "run", "decision", "alarm", "experiment", "approval")


def home_of(ref: str) -> str | None:
    """The page about a ref, if there is one.

    >>> home_of("model:shop@4"), home_of("dataset:sales@3"), home_of("file:sha256:00"), home_of("")
    ('/models/shop@4', '/data/sales/3', None, None)
    """
    found = Ref.parse(ref) if ref else Ref("", "")
    if found.kind in _WITH_A_PAGE:
        return f"/{found.kind}s/{quote(found.short, safe='@:._-~+')}"
    if found.kind == "dataset" and found.version is not None:
        return f"/data/{quote(found.name, safe='')}/{found.version}"
    return link("/trace", id=found.name) if found.kind == "prediction" else None
