"""A model's answer with the rules that apply to it: what the server, a batch, pairs, a backtest and a trace all call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tidemill.errors import ModelError
from tidemill.features.items import ItemTable
from tidemill.features.online import History
from tidemill.rules.rules import Rules
from tidemill.tasks.port import Answered, Request, Task
from tidemill.types import JsonObject, Micros


@dataclass(frozen=True, slots=True)
class Applied:
    """The rules, the item table that they read, and the id under which the answer is kept, which draws."""

    rules: Rules
    items: ItemTable
    draw: str

    def answer(
        self, task: Task, scorer: Any, request: Request, history: History, at: Micros, watermark: int
    ) -> Answered:
        """As `Task.answer`, with `reasons`. Raises BadRequest, ModelError."""
        if task.ranked is None:
            raise ModelError(f"rules are for lists of items, and {task.name} answers none")
        return self._with(task.ranked(scorer, request, history, at, watermark), request, history, at, watermark)

    def instead(
        self, task: Task, usual: JsonObject, request: Request, history: History, at: Micros, watermark: int
    ) -> Answered:
        """The same of what is usual, where no model answers."""
        if task.usual_ranked is None:
            raise ModelError(f"rules are for lists of items, and {task.name} answers none")
        return self._with(task.usual_ranked(usual, request), request, history, at, watermark)

    def _with(self, ranked: Any, request: Request, history: History, at: Micros, watermark: int) -> Answered:
        found = self.rules.answer(ranked, history, request.subject or "", at, watermark, self.items, self.draw)
        if self.items.names and self.items.position != watermark:  # of a list of requests: rows came meanwhile
            found.output["reasons"]["items_at"] = self.items.position
        return found
