"""Many requests at once: each has its own id, key, arm and answer or error; one position, one moment and one commit for all.

A request that cannot be answered is told so in its place and spoils no other; what cannot be written down is refused whole, as one
answer would be.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from tidemill.errors import BadRequest, NoModel, TidemillError
from tidemill.serve.outward import outward
from tidemill.serve.predictor import Answer, Predictor
from tidemill.serve.service import PredictionService, again, reply
from tidemill.store.records import Prediction
from tidemill.tasks.port import Request
from tidemill.types import JsonObject, Micros, named_id, new_id, to_iso

BREATH = 0.002
"""Seconds after which a long list lets other requests have their turn."""
_encode = msgspec.json.Encoder().encode


@dataclass(slots=True, eq=False)
class Item:
    """One of the requests, and what became of it: an answer, or an error."""

    body: Request
    id: str = ""
    inputs: bytes | None = None
    """None: it leaves them to be looked up."""
    error: TidemillError | None = None
    answer: Answer | None = None
    made: Prediction | None = None
    twin: Item | None = None
    """An earlier one of the list that has its key, and is answered."""
    said: bytes = b""
    """The answer that its key has already."""

    @property
    def open(self) -> bool:
        return self.error is None and not self.said

    def fail(self, exc: TidemillError) -> None:
        """Raises the error itself where it is the server's, and of no one's request."""
        if exc.status >= 500 and not isinstance(exc, NoModel):
            raise exc
        self.error, self.made = exc, None

    def repeat(self, stored: Prediction) -> None:
        """It is answered as its key was."""
        try:
            self.said = again(stored, self.body, self.inputs)
        except TidemillError as exc:
            self.fail(exc)

    def follow(self, twin: Item) -> None:
        """An earlier one of the list has its key."""
        self.twin = twin
        if twin.made is not None:
            self.repeat(twin.made)


async def answer_many(
    service: PredictionService,
    endpoint: str,
    asked: Sequence[Request | BadRequest],
    ack: str,
    position: int = 0,
    until: float = math.inf,
    *,
    whole: bool = False,
) -> bytes:
    """``{"answers": [...], "answered", "failed", "ack", "at", "position"}``: in the order asked each one's answer as alone, or its ``error``.

    ``asked``: a request, or why it is none; ``whole``: all are answered, or the first error is raised and nothing is kept.
    With ``ack=group``, or where one has a key, all are on the disk when this returns.
    Raises NoModel where nothing answers any of them, and as `PredictionService.predict` what is no single request's fault.
    """
    predictor = service.serving.at(endpoint)
    items = [_item(predictor, one) for one in asked]
    await _recall(service, items, ack)
    await service.serving.reach(position)
    at, seen = service.serving.clock.now(), predictor.history.seq
    await _answer(service, predictor, items, at, seen, until)
    if whole:
        _need_all(items)
    await _write(service, items, ack)
    if whole:
        _need_all(items)  # a key may have been another's by then
    return _told(service, items, ack, at, seen)


def _item(predictor: Predictor, one: Request | BadRequest) -> Item:
    if isinstance(one, BadRequest):
        return Item(Request(), error=one)
    item = Item(one)
    try:
        body = item.body = one.spelled(predictor.name)
        item.id = new_id("pred") if body.key is None else named_id("pred", *predictor.scope.salt, body.key)
        item.inputs = None if body.is_open else _encode(body.kept())
    except TidemillError as exc:
        item.fail(exc)
    return item


async def _recall(service: PredictionService, items: Sequence[Item], ack: str) -> None:
    """What was answered under these keys before."""
    keyed = [item for item in items if item.open and item.body.key is not None]
    if not keyed:
        return
    own = {item.id for item in keyed if ack == "none" or service.flies(item.id)}
    kept = await service.asking(service.serving.project.live.predictions.find, {item.id for item in keyed} - own)
    for item in keyed:
        if (stored := kept.get(item.id)) is not None:
            item.repeat(stored)
        elif item.id in own:
            try:
                item.said = await service.earlier(item.id, item.body, item.inputs, ack) or b""
            except TidemillError as exc:
                item.fail(exc)


async def _answer(
    service: PredictionService, predictor: Predictor, items: Sequence[Item], at: Micros, seen: int, until: float
) -> None:
    """Ask the model of each. A long list lets others have their turn."""
    answered, breath = dict[str, Item](), time.monotonic() + BREATH
    for item in filter(lambda item: item.open, items):
        if (twin := answered.get(item.id)) is not None:
            item.follow(twin)
            continue
        try:
            await answer_one(service, predictor, item, at, seen, until)
            answered[item.id] = item
        except TidemillError as exc:
            item.fail(exc)
        if time.monotonic() > breath:
            await asyncio.sleep(0)
            breath = time.monotonic() + BREATH
    if items and all(isinstance(item.error, NoModel) for item in items):
        raise items[0].error or NoModel("nothing answers")


async def answer_one(
    service: PredictionService, predictor: Predictor, item: Item, at: Micros, seen: int, until: float = math.inf
) -> None:
    """Ask the model, as of this moment and position, by this moment of the loop's clock. Raises as `Predictor.ask`."""
    started, body, inputs = time.perf_counter_ns(), item.body, item.inputs
    if inputs is None:
        body, inputs = await service.looked_up(predictor, body)
    await predictor.know(body.subject)
    item.answer, made = await service.answered(predictor, body, inputs, item.id, started, at, seen, until)
    if body.explain or predictor.explainer.wanted(item.id):
        made = await service.explained(predictor, item.answer, made, body)
    item.made = made


def _need_all(items: Sequence[Item]) -> None:
    """Raises the first error."""
    for i, item in enumerate(items):
        if item.error is not None:
            item.error.place = f"row {i}: {item.error.place or '$'}"
            raise item.error


async def _write(service: PredictionService, items: Sequence[Item], ack: str) -> None:
    """All of them in one commit. Raises StoreError: then none is told an answer."""
    fresh = [item for item in items if item.made is not None]
    made, taken = [item.made for item in fresh if item.made is not None], dict[str, Prediction]()
    if made and ack != "none":
        waits = service.waits(ack) or any(p.key is not None for p in made)
        written = service.send(made, waits)
        # Shielded: who asks with the same key waits for it, too.
        taken = {**(await asyncio.shield(written)).taken} if waits else {}
    for item in fresh:
        if (stored := taken.get(item.id)) is not None:
            item.repeat(stored)
        elif item.answer is not None and item.made is not None:
            service.counted(item.answer, item.made)
    for item in items:
        if (
            item.twin is not None
            and item.error is None
            and (stored := taken.get(item.id) or item.twin.made) is not None
        ):
            item.repeat(stored)


def _told(service: PredictionService, items: Sequence[Item], ack: str, at: Micros, seen: int) -> bytes:
    root, failed = service.serving.project.root, sum(item.error is not None for item in items)
    answers = b",".join(_said(item, ack, root) for item in items)
    head = {"answered": len(items) - failed, "failed": failed, "ack": ack, "at": to_iso(at), "position": seen}
    return b'{"answers":[' + answers + b"]," + _encode(head)[1:]


def _said(item: Item, ack: str, root: Path) -> bytes:
    if item.error is not None:
        error: JsonObject = {**outward(item.error, root).problem()}
        return _encode({"error": error} if item.body.key is None else {"key": item.body.key, "error": error})
    if item.said or item.made is None:
        return item.said
    return reply(item.made, ack, item.body.explain)
