"""What is remembered of a forget: the one that is under way, and of those that are done the mark of the person and the receipt.

No name is kept: whoever goes on with one that was stopped says the name again, and the mark says whether it is the same person.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from tidemill.errors import Conflict
from tidemill.model.redacted import FORGOTTEN, receipts
from tidemill.store.records import Tx
from tidemill.types import Micros

if TYPE_CHECKING:
    from tidemill.scope.project import Project

_UNDER_WAY = "forgetting"


__all__ = ["UnderWay", "begin", "end", "receipts", "under_way"]


class UnderWay(msgspec.Struct, frozen=True):
    """``before``: the generation of each table when it began; ``held``: how many records each store had."""

    mark: str
    kind: str
    by: str
    begun: Micros
    before: dict[str, int]
    held: dict[str, int]
    learned: list[str]
    answered: list[str]
    approval: str = ""
    """The question that was answered with yes, where the policy asks; and who said it, as principals or by name."""
    approved_by: list[str] = []


def under_way(project: Project) -> UnderWay | None:
    said = project.store.settings.get(_UNDER_WAY)
    return None if said is None else msgspec.convert(said, UnderWay)


def begin(project: Project, one: UnderWay) -> UnderWay:
    """It, or the same person's that was begun before. Raises Conflict where somebody else's is under way."""
    known = under_way(project)
    if known is None:
        project.store.settings.set(_UNDER_WAY, msgspec.to_builtins(one))
        return one
    if known.mark != one.mark:
        hint = "give the same command again for the person whom it was begun for"
        raise Conflict("another person is being forgotten, and it is not finished", place="project:subjects", hint=hint)
    return known


def end(project: Project, one: UnderWay, receipt: str, tx: Tx) -> None:
    known: Any = project.store.settings.get(FORGOTTEN, {}, tx)
    project.store.settings.set(FORGOTTEN, {**known, one.mark: receipt}, tx)
    project.store.settings.set(_UNDER_WAY, None, tx)
