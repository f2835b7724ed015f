"""Whom a limit is on: a name as the rows spell it, of a kind that some contract of the project has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from tidemill.data.check.column import Column
from tidemill.data.check.readings import Unread, name_of
from tidemill.data.contract.subjects import subject_column
from tidemill.errors import BadRequest, ContractError
from tidemill.rights.marks import mark
from tidemill.types import did_you_mean

if TYPE_CHECKING:
    from tidemill.scope.project import Project


class Person(NamedTuple):
    """``kind``: the name of the contract's subject column."""

    kind: str
    name: str
    mark: str


def kinds(project: Project) -> Mapping[str, Column | None]:
    """The kinds of people in the project's datasets, and how names of each are spelled: by the first dataset that has them."""
    found: dict[str, Column | None] = {}
    for dataset in project.datasets.values():
        try:
            column = subject_column(dataset.contract_path)
        except ContractError:
            continue  # a contract that is not written yet, or is broken, is told of by whatever reads its rows
        if column is not None:
            found.setdefault(column.name, column)
    for model in project.models.values():
        if (rows := model.section.rows) and rows.entity:
            found.setdefault(rows.entity, None)
    return found


def person(project: Project, subject: str, kind: str = "") -> Person:
    """The person whom these words name. Raises BadRequest for a kind that there is not, or where it has to be said, and for no name."""
    known = kinds(project)
    if not known:
        hint = "give a column of a contract the role: tidemill.role: subject"
        raise BadRequest("no dataset of this project is about people", place="kind", hint=hint)
    if not kind and len(known) > 1:
        raise BadRequest("which kind of person?", place="kind", hint=f"--kind {' | '.join(known)}")
    kind = kind or next(iter(known))
    if kind not in known:
        raise BadRequest(f"no kind {kind!r}", place="kind", hint=did_you_mean(kind, known))
    try:
        name = name_of(known[kind], subject)
    except Unread as exc:
        raise BadRequest(f"{subject!r} is no {kind}", place="subject", hint=exc.hint) from exc
    if name is None:
        raise BadRequest(f"{subject!r} is a word for nothing", place="subject", hint=f"write a {kind}")
    return Person(kind, name, mark(project, kind, name))
