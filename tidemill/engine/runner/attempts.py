"""Attempts at a step: again where that helps, and which error leaves the engine in the end."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event

from tidemill.engine.graph.nodes import Definition
from tidemill.engine.raised import named, placed
from tidemill.engine.runner.port import MEND, Done, StepRaised
from tidemill.errors import DiskFull, StepFailed, TidemillError, no_room

ROOM = "free some room and run the same command again: steps that were done are kept"


def with_retries(
    definition: Definition, attempt: Callable[[], Done], again: Callable[[int, str], None], stop: Event
) -> Done:
    """Attempt, and again after the named exceptions, waiting twice as long each time. Raises what the last one did."""
    for number in range(1, definition.attempts + 1):
        try:
            done = attempt()
        except Exception as exc:
            if number == definition.attempts or not _is_named(exc, definition.retry):
                raise
            again(number, _said(exc))
            if stop.wait(definition.backoff / 1e6 * 2 ** (number - 1)):
                raise
        else:
            done.attempts = number
            return done
    raise AssertionError("a loop of at least one attempt returns or raises")


def surfaced(exc: BaseException, name: str) -> TidemillError:
    """The error that leaves the engine: Tidemill's own as it is, another as StepFailed with the line that raised it."""
    if isinstance(exc, TidemillError):
        return exc
    if isinstance(exc, StepRaised):
        return exc.error
    place = placed(exc, f"step {name}")
    if no_room(exc):
        return DiskFull(f"the disk is full: {exc}", place=place, hint=ROOM)
    return StepFailed(named(exc), place=place, hint=MEND)


def _said(exc: BaseException) -> str:
    return str(exc) if isinstance(exc, (StepRaised, TidemillError)) else named(exc)


def _is_named(exc: Exception, kinds: tuple[type[BaseException], ...]) -> bool:
    if isinstance(exc, StepRaised):
        return any(f"{kind.__module__}.{kind.__qualname__}" in exc.kinds for kind in kinds)
    return isinstance(exc, kinds)
