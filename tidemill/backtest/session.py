"""A project that is open for replay, played in this process by the server's own code: requests, outcomes, and the loop when it is due.

What `tidemill up` does with two processes and a socket between them, one after the other: the same service answers and takes
outcomes, the same tick decides. The clock stops wherever something is due, and goes on when the loop is done with it.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine, Sequence
from types import TracebackType
from typing import Any, TypeVar

from tidemill.retrain.daemon import start
from tidemill.retrain.jobs import Jobs
from tidemill.retrain.loop import state_of, tick
from tidemill.scope.project import Project
from tidemill.serve.service import PredictionService
from tidemill.serve.serving import Serving, prepare
from tidemill.store.records import Event, ItemChange, Outcome
from tidemill.tasks.port import Request
from tidemill.types import JsonObject, Micros

T = TypeVar("T")
ACK = "async"  # what is on its way is waited for before the loop looks
WRITTEN = "group"  # what the next answer's history is made of


class Session:
    """One project in play; a context manager. ``before_due`` is called before the clock stands at a due moment: files come then."""

    def __init__(self, project: Project, jobs: Jobs, before_due: Callable[[Micros], object] = lambda at: None) -> None:
        self._project, self._jobs, self._before_due = project, jobs, before_due
        self._runner = asyncio.Runner()

    def __enter__(self) -> Session:
        start(self._project)
        self._serving = prepare(self._project)
        self._service = PredictionService(self._serving)
        self._do(self._begin())
        self._settle()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._do(self._serving.end())
        finally:
            self._runner.close()

    @property
    def now(self) -> Micros:
        return self._serving.clock.now()

    @property
    def serving(self) -> Serving:
        return self._serving

    def ask(self, endpoint: str, body: Request) -> JsonObject:
        """The reply to a request at this moment. Raises as `PredictionService.predict`."""
        reply, _ = self._do(self._service.predict(endpoint, body, ACK))
        found: JsonObject = json.loads(reply)
        return found

    def tell(self, endpoint: str, outcomes: Sequence[Outcome]) -> None:
        """Outcomes, as they were received at this moment. Raises as `PredictionService.feedback`."""
        if outcomes:
            ack = WRITTEN if self._serving.at(endpoint).task.history else ACK
            self._do(self._service.feedback(endpoint, list(outcomes), ack))

    def know(self, changes: Sequence[ItemChange]) -> None:
        """What is told of items at this moment; the next answer knows it."""
        if changes:
            self._project.live.items.load(changes, self.now)
            self._do(self._serving.catch_up())

    def follow(self) -> None:
        """See what was written beside the server: a release that was approved."""
        self._do(self._serving.refresh())

    def move(self, to: Micros) -> list[Event]:
        """Let time pass, the loop doing whatever falls due; what it told of."""
        told: list[Event] = []
        while self.now < to:
            due = self._due()
            if to >= due:
                self._before_due(due)
            self._do(self._advance(min(to, due), due))
            told += self._settle()
        return told

    def _due(self) -> Micros:
        return int(state_of(self._project)["next_due"])

    def _settle(self) -> list[Event]:
        """The loop does what is due now, also what a killed one left."""
        told: list[Event] = []
        while self.now >= self._due():
            told += tick(self._project, self._jobs)
            self._do(self._serving.refresh())
        return told

    async def _begin(self) -> None:
        self._serving.begin()

    async def _advance(self, to: Micros, due: Micros) -> None:
        """The new moment; where something is due it is on the disk, and all that was said before it."""
        clock = self._serving.replay
        assert clock is not None, "the project is open for replay"
        written = clock.advance(to)
        if to >= due:
            if written is not None:
                await asyncio.wrap_future(written)
            await self._serving.log.drain()

    def _do(self, work: Coroutine[Any, Any, T]) -> T:
        return self._runner.run(work)
