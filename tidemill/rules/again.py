"""Answers that were given, once more: with the rules that they name, and the item table of their position."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidemill.features.items import ItemTable, advanced, item_table
from tidemill.rules.applied import Applied
from tidemill.rules.kept import kept, mark_of, position_of
from tidemill.rules.rules import Rules
from tidemill.types import JsonObject

if TYPE_CHECKING:
    from tidemill.scope.project import Project


class Again:
    """Asked about answers in the order of their watermarks it reads of each item table what is new in it."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._rules: dict[str, Rules] = {}
        self._items: ItemTable | None = None

    def of(self, prediction_id: str, output: JsonObject, watermark: int) -> Applied | None:
        """What was applied to the answer of this id; None: no rules. Raises NotFound where its rules are not kept, StoreError."""
        mark = mark_of(output)
        return self.by(mark, position_of(output, watermark), prediction_id) if mark else None

    def by(self, mark: str, position: int, draw: str) -> Applied:
        """The rules of this mark, and the item table of this position. Raises as `of`."""
        rules = self._rules.get(mark)
        if rules is None:
            rules = self._rules[mark] = kept(self._project.store, mark)
        return Applied(rules, self._at(position), draw)

    def _at(self, position: int) -> ItemTable:
        before = self._items
        if before is None or before.position > position:
            self._items = item_table(self._project, position)
        elif before.position < position:
            self._items = advanced(self._project, before, position)
        return self._items or item_table(self._project, position)
