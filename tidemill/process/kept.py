"""A service that is kept: one that breaks is ended, and started again beside the questions, which fail at once until it is ready."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

from tidemill.errors import ModelError
from tidemill.process.service import SEE, Service, Spec, Unknown

T = TypeVar("T")
AGAIN = 0.0, 0.5, 2.0, 5.0, 10.0, 30.0
"""Seconds from one start to the next of one that keeps on failing."""


class Kept:
    """``ready``: what is said to it after each start, such as which model it is to hold; ``service``: one that runs already.

    Raises ModelError where it does not start.
    """

    def __init__(self, spec: Spec, ready: Callable[[Service], None], service: Service | None = None) -> None:
        self.spec, self._ready = spec, ready
        self._failures, self._next = 0, 0.0
        self._starting = threading.Lock()
        self._why: ModelError | None = None
        self._service: Service | None = self._told(service or Service(spec))

    def ask(self, path: str, body: Any, kind: type[T], most: int, seconds: float | None = None) -> T:
        """As `Service.ask`; without ``seconds`` of a request, which waits for an answer and for nothing else.

        Raises ModelError, at once where it is being started again.
        """
        service = self._service
        if service is None:
            self._begin()
            raise (
                _again(self._why)
                if self._why
                else ModelError("the process is being started again", place="process", hint=SEE)
            )
        try:
            found = self._asked(service, path, body, kind, most, seconds)
        except ModelError as exc:
            if service.broken and self._service is service:  # else another has seen it, and it may have begun anew
                self._service, self._why = None, _again(exc)
                service.close()
                self._begin()
            raise
        self._failures = 0
        return found

    def _asked(self, service: Service, path: str, body: Any, kind: type[T], most: int, seconds: float | None) -> T:
        try:
            return service.ask(path, body, kind, most, seconds)
        except Unknown as exc:  # it began anew by itself
            if seconds is None:  # a request does not wait until it holds again what it is given
                service.broken = True
                raise ModelError(str(exc), place="process", hint=SEE) from exc
        try:
            self._ready(service)
            return service.ask(path, body, kind, most, seconds)
        except Unknown as exc:
            raise ModelError(str(exc), place="process", hint=SEE) from exc

    def _begin(self) -> None:
        """Start it again in a thread, unless that is being done, or it is too early."""
        if time.monotonic() < self._next or not self._starting.acquire(blocking=False):
            return
        self._next = time.monotonic() + AGAIN[min(self._failures, len(AGAIN) - 1)]
        self._failures += 1
        try:
            threading.Thread(target=self._anew, name="process", daemon=True).start()
        except RuntimeError as exc:  # the system has no thread left
            self._starting.release()
            self._why = ModelError(f"the process cannot be started again: {exc}", place="process", hint=SEE)

    def _anew(self) -> None:
        try:
            self._service = self._started()
        except ModelError as exc:
            self._why = _again(exc)
        finally:
            self._starting.release()

    def _started(self) -> Service:
        return self._told(Service(self.spec))

    def _told(self, service: Service) -> Service:
        try:
            self._ready(service)
        except BaseException as exc:
            service.close()
            if isinstance(exc, Unknown):
                raise ModelError(str(exc), place="process", hint=SEE) from exc
            raise
        return service


def _again(exc: ModelError) -> ModelError:
    """The same error without its trace, which would hold on to a process that is gone."""
    return ModelError(exc.message, place=exc.place, hint=exc.hint)
