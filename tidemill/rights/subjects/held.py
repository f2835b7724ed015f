"""Where a person is: every store of the project that holds them, the models that learned from their rows, and those that answered them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tidemill.data.check.readings import Unread, name_of, normal
from tidemill.data.contract.subjects import subject_column
from tidemill.errors import BadRequest, NotFound
from tidemill.ref import Ref
from tidemill.rights.holders import holders
from tidemill.rights.limits.people import kinds
from tidemill.store.holder import Holding
from tidemill.types import JsonObject

if TYPE_CHECKING:
    from tidemill.scope.project import Project

ROWS = ("tables", "quarantine")
"""The stores whose places are datasets."""


@dataclass(frozen=True)
class Rows:
    """A person's rows in a dataset. ``first``: the version that was the first to hold one."""

    dataset: str
    kind: str
    rows: int
    first: int


@dataclass(frozen=True)
class Held:
    """Where one person is. ``kinds``: the subject columns that hold the name; more than one may be more than one person."""

    subject: str
    kinds: tuple[str, ...]
    holdings: tuple[Holding, ...]
    rows: tuple[Rows, ...]
    learned: tuple[str, ...]
    """The models whose data holds a row of theirs."""
    answered: tuple[str, ...]
    """The models that gave an answer that is still kept."""


def find(project: Project, said: str, kind: str | None = None) -> Held:
    """One person, as they are called in the data; else as rows and requests are read (`normal`), or as a kind of theirs is spelled.

    ``kind``: the subject column, where the same name stands in several. Raises NotFound, BadRequest.
    """
    known = kinds_of(project)
    if kind is not None and kind not in known.values():
        hint = f"subject columns here: {', '.join(sorted(set(known.values()))) or 'none'}"
        raise NotFound(f"no contract calls its subject {kind!r}", place="kind", hint=hint)
    if not said.strip():
        raise BadRequest("no subject is named", place="subject", hint="as in the dataset's rows")
    for subject in dict.fromkeys((said, normal(said), *_spelled(project, said, kind))):
        found = held(project, subject, kind)
        if found.holdings:
            return found
    raise NotFound(
        f"nothing is held of the subject {said!r}" + (f" ({kind})" if kind else ""),
        hint="subjects are named as in the dataset's rows",
    )


def _spelled(project: Project, said: str, kind: str | None) -> Iterator[str]:
    """The name as the rows of each kind have it: ``7.0`` is the 7 of a column of whole numbers."""
    for name, column in kinds(project).items():
        if kind in (None, name):
            with suppress(Unread):
                yield name_of(column, said) or said


def held(project: Project, subject: str, kind: str | None = None) -> Held:
    """The same of exactly this name; nothing is an answer too."""
    known = kinds_of(project)
    rows = tuple(one for one in _rows(project, subject, known) if kind in (None, one.kind))
    found = [one for holder in holders(project) for one in holder.find(subject)]
    return Held(
        subject,
        tuple(dict.fromkeys(one.kind for one in rows)),
        tuple(one for one in found if one.store not in ROWS or kind in (None, known.get(one.place))),
        rows,
        tuple(_learned(project, rows)),
        tuple(sorted({p.model for p in project.live.predictions.page(subject=subject, limit=1_000)})),
    )


def one_kind(found: Held) -> str | None:
    """Their kind; None of who is in no dataset. Raises BadRequest where the name stands for several."""
    if len(found.kinds) > 1:
        hint = f"say which: --kind {' | '.join(found.kinds)}"
        raise BadRequest(f"{found.subject!r} is a subject of several kinds", place="subject", hint=hint)
    return next(iter(found.kinds), None)


def records(project: Project, found: Held, kind: str | None) -> Iterator[JsonObject]:
    """Each record that any store holds of them, one after the other: ``store`` says whose it is."""
    known = kinds_of(project)
    for holder in holders(project):
        for record in holder.export(found.subject):
            dataset = record.get("dataset") if record.get("store") in ROWS else None
            if dataset is None or kind in (None, known.get(str(dataset))):
                yield record


def kinds_of(project: Project) -> dict[str, str]:
    """The subject column of each dataset that has one."""
    said = {name: subject_column(dataset.contract_path) for name, dataset in project.datasets.items()}
    return {name: column.name for name, column in said.items() if column is not None}


def _rows(project: Project, subject: str, kinds: dict[str, str]) -> Iterator[Rows]:
    """By the ingest that took a row it is known which version was the first to hold it."""
    import polars as pl

    from tidemill.data.tables.tables import open_tables

    tables = open_tables(project)
    for name, column in kinds.items():
        if not tables.exists(name):
            continue
        mine = tables.read(name).filter(pl.col(column).cast(pl.String) == subject).select("_ingest").collect()
        if mine.height:
            ingests = set(mine["_ingest"].to_list())
            taken = (one.version for one in tables.versions(name) if one.ingest in ingests)
            yield Rows(name, column, mine.height, min(taken, default=tables.version(name)))


def _learned(project: Project, rows: tuple[Rows, ...]) -> Iterator[str]:
    since = {one.dataset: one.first for one in rows}
    for model in project.store.models.list():
        used = (Ref.versioned("dataset", data) for data in model.data)
        if any(name in since and version >= since[name] for name, version in used):
            yield model.ref
