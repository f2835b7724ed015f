"""What an answer is made of, as it is told and kept: asked of the scorer that answered, bounded in size and time.

An answer waits at most `SECONDS` for its turn and for what has to be sampled, and never fails by its explanation: where there is none, it
says why.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import msgspec

from tidemill.errors import ModelError, TidemillError
from tidemill.features.items import EMPTY, ItemTable
from tidemill.serve.outward import outward
from tidemill.tasks.port import MOST, Contribution, Explanation, Question, Reason, Task
from tidemill.types import JsonObject

if TYPE_CHECKING:
    from tidemill.scope.project import Endpoint

SECONDS = 1.0
"""So long an explanation waits for its turn, and what has to be sampled may take."""
BESIDE = ThreadPoolExecutor(2, "explain")
"""Threads of their own: however many ask, the releases are followed and the pages are made meanwhile."""
WAIT = 32
"""So many of an endpoint's answers wait for theirs at a time."""
QUICK = 0.005
"""What took no longer the last time is done at once; what did, beside the other answers."""
BUSY = "too many answers are being explained: ask again later, or for fewer"
NOT_KEPT = "it was answered before without an explanation, and the same key is the same answer"
_encode = msgspec.json.Encoder().encode


def drawn(prediction_id: str, share: float) -> bool:
    """Whether this answer is among the share that is explained unasked: by its id, so that asked again it is, too.

    >>> drawn("pred_1", 0.0), drawn("pred_1", 1.0)
    (False, True)
    """
    if not 0 < share < 1:
        return share >= 1
    return int.from_bytes(blake2b(prediction_id.encode(), digest_size=8).digest(), "big") < share * 2**64


def none(why: str) -> JsonObject:
    """Of an answer that cannot be explained."""
    return {"method": "none", "why": why, "answers": []}


def asked(task: Task, scorer: Any, question: Question, names: Mapping[str, str]) -> JsonObject:
    """The explanation as it is told. Raises TidemillError.

    ``{"method", "unit", "answers": [{"answer", "score", "base", "error", "because": [{"what", "value", …}], "sentence"}]}``
    """
    try:
        found = task.contributions(scorer, question)
        if not all(math.isfinite(number) for reason in found.reasons for number in _numbers(reason)):
            raise ModelError("what the answer is made of is no number")
        return told(found, [task.sentence(scorer, question, reason, names) for reason in found.reasons])
    except TidemillError:
        raise
    except Exception as exc:
        raise ModelError(f"it cannot be explained: {type(exc).__name__}: {exc}") from exc


def _numbers(reason: Reason) -> list[float]:
    return [reason.score, reason.base, reason.error, *(one.value for one in reason.contributions)]


def told(found: Explanation, sentences: list[str]) -> JsonObject:
    """An explanation as JSON: of each answer the greatest contributions, and what the others add up to."""
    said: JsonObject = {"method": found.method, "unit": found.unit}
    said |= {name: value for name in ("why", "samples") if (value := getattr(found, name))}
    pairs = zip(found.reasons, sentences, strict=True)
    return {**said, "answers": [_reason(reason, sentence) for reason, sentence in pairs]}


def _reason(reason: Reason, sentence: str) -> JsonObject:
    shown, others = reason.contributions[:MOST], reason.contributions[MOST:]
    said: JsonObject = {"answer": reason.answer, "score": reason.score, "base": reason.base, "error": reason.error}
    said["because"] = [_contribution(one) for one in shown]
    if others:
        said |= {"rest": sum(one.value for one in others), "others": len(others)}
    said |= {"then": [msgspec.to_builtins(one) for one in reason.then]} if reason.then else {}
    return {**said, "sentence": sentence} if sentence else said


def _contribution(one: Contribution) -> JsonObject:
    said: JsonObject = {"what": one.what, "kind": one.kind, "value": one.value}
    return said | {name: value for name in ("error", "at") if (value := getattr(one, name))}


class Explainer:
    """Explains the answers of one endpoint, from the event loop's thread."""

    def __init__(self, scope: Endpoint, items: Callable[[], ItemTable] = lambda: EMPTY) -> None:
        self._scope, self._items = scope, items
        self._took: dict[str, float] = {}
        self._waiting = 0
        self._names: Mapping[str, str] | None = None

    def wanted(self, prediction_id: str) -> bool:
        """Whether the policy explains this answer unasked."""
        return drawn(prediction_id, self._scope.explain_share)

    async def of(self, task: Task, scorer: Any, bundle: str, question: Question) -> bytes:
        """What the answer of this scorer is made of, or why that cannot be told. ``bundle``: what the scorer was made of."""
        question = question._replace(until=time.monotonic() + SECONDS)
        if self._took.get(bundle, math.inf) < QUICK:
            return self._told(task, scorer, bundle, question)
        if self._waiting >= WAIT:
            return _encode(none(BUSY))
        self._waiting += 1
        alone = question.history
        if task.history:
            alone = alone.alone(question.request.subject)  # the loop goes on learning rows meanwhile
        told = partial(self._told, task, scorer, bundle, question._replace(history=alone))
        try:
            return await asyncio.get_running_loop().run_in_executor(BESIDE, told)
        finally:
            self._waiting -= 1

    def at_once(self, task: Task, scorer: Any, bundle: str, question: Question) -> bytes:
        """As `of`, for who holds up nobody."""
        return self._told(task, scorer, bundle, question._replace(until=time.monotonic() + SECONDS))

    def _told(self, task: Task, scorer: Any, bundle: str, question: Question) -> bytes:
        began = time.monotonic()
        if began > question.until:
            return _encode(none(BUSY))
        try:
            said = asked(task, scorer, question, self._items().titles if task.history else self.names)
        except TidemillError as exc:
            said = none(outward(exc, self._scope.project.root).message)
        self._took = {**dict([*self._took.items()][-8:]), bundle: time.monotonic() - began}
        return _encode(said)

    @property
    def names(self) -> Mapping[str, str]:
        """What people call the columns, as the contract said it when first asked."""
        if self._names is None:
            self._names = names_of(self._scope)
        return self._names


def names_of(scope: Endpoint) -> Mapping[str, str]:
    """What people call the columns of the endpoint's dataset; nothing where the contract cannot be read."""
    from tidemill.data.contract.meanings import meanings  # a server that explains nothing reads no contract

    try:
        return meanings(scope.model.dataset.contract_path)
    except TidemillError:
        return {}
