"""Whose rows may not be used: who objected, withdrew a consent, or had their data restricted. They are kept, and left out of everything.

A limit is on a person of a kind, the name of the contract's subject column. One that names a purpose holds where rows were collected for it,
and where the contract does not say what for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeVar

from tidemill.data.contract.purposes import purposes_of
from tidemill.data.contract.subjects import subject_column
from tidemill.errors import ContractError
from tidemill.store.rights import SubjectLimit

if TYPE_CHECKING:
    import polars as pl

    from tidemill.scope.project import Dataset, Endpoint, Project

Known = Mapping[str, Mapping[str, frozenset[str]]]
"""By kind whose data may not be used, and for which purposes; ``""`` is every one."""
NOBODY: Known = {}
LIMITED = "limited"
"""How an answer is marked that was given to one of them: what is usual, and by no model."""


class Asked(Protocol):
    """What was asked, of whom."""

    @property
    def subject(self) -> str: ...


A = TypeVar("A", bound=Asked)


class Whom(NamedTuple):
    """Whom rows are about, and what they were collected for. A ``kind`` that nobody says may be any."""

    kind: str = ""
    purposes: tuple[str, ...] = ()

    def named(self, known: Known, subject: str) -> bool:
        """Whether it is one of those whose data may not be used here.

        >>> known = {"customer_id": {"7": frozenset({"marketing"})}}
        >>> [Whom(*said).named(known, "7") for said in [("customer_id", ("marketing",)), ("customer_id", ("fraud",)), ("store_id",), ()]]
        [True, False, False, True]
        """
        if not known:
            return False
        of = [known.get(self.kind, {})] if self.kind else known.values()
        return any(self._meant(names[subject]) for names in of if subject in names)

    def names(self, known: Known) -> frozenset[str]:
        """All of them."""
        of = [known.get(self.kind, {})] if self.kind else known.values()
        return frozenset(name for names in of for name, purposes in names.items() if self._meant(purposes))

    def _meant(self, purposes: frozenset[str]) -> bool:
        return "" in purposes or not self.purposes or not purposes.isdisjoint(self.purposes)


def known_of(limits: Iterable[SubjectLimit]) -> Known:
    """As it is held in memory."""
    found: dict[str, dict[str, frozenset[str]]] = {}
    for one in limits:
        names = found.setdefault(one.of, {})
        names[one.subject] = names.get(one.subject, frozenset()) | {one.purpose}
    return found


def whom(dataset: Dataset, kind: str = "") -> Whom:
    """Whom the dataset's rows are about; ``kind``: where its contract does not say. Of a contract that cannot be read: anybody, for anything."""
    try:
        column, purposes = subject_column(dataset.contract_path), purposes_of(dataset.contract_path)
    except ContractError:
        return Whom(kind)
    return Whom(column.name if column else kind, purposes)


def left_out(project: Project, dataset: str, revision: int | None = None) -> frozenset[str]:
    """Whose rows of this dataset are not used; ``revision``: as the limits stood then."""
    limits = project.store.limits.standing(revision)
    return whom(project.dataset(dataset)).names(known_of(limits)) if limits else frozenset()


def less_limited(project: Project, dataset: str, rows: pl.LazyFrame, revision: int | None = None) -> pl.LazyFrame:
    """The dataset's rows without those of them, in their order: by the contract's subject column, and by any that is called as a kind is."""
    limits = project.store.limits.standing(revision)
    if not limits:
        return rows
    import polars as pl

    known, about = known_of(limits), whom(project.dataset(dataset))
    there = rows.collect_schema().names()
    for kind in {about.kind, *known}:
        names = about._replace(kind=kind).names(known) if kind in there else frozenset()
        if names:
            rows = rows.filter(~pl.col(kind).cast(pl.String).is_in(sorted(names)).fill_null(False))
    return rows


def away_from(scope: Endpoint) -> frozenset[str]:
    """Whose questions to this endpoint, and answers, are not looked at."""
    limits = scope.store.limits.standing()
    return whom_asks(scope).names(known_of(limits)) if limits else frozenset()


def whom_asks(scope: Endpoint) -> Whom:
    """Whom the questions to this endpoint are about."""
    rows = scope.model.section.rows
    return whom(scope.model.dataset, rows.entity or "" if rows else "")


def used(scope: Endpoint, answers: Iterable[A]) -> Sequence[A]:
    """Of these answers those that may be looked at: of nobody whose data may not be used, and none that was given in that state."""
    found = answers if isinstance(answers, Sequence) else [*answers]
    away = away_from(scope)
    if away or any(getattr(one, "arm", "") == LIMITED for one in found):
        return [one for one in found if one.subject not in away and getattr(one, "arm", "") != LIMITED]
    return found
