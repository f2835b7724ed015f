"""The two verbs of serving, apart from HTTP: predict and feedback. Answers are written down before they are given."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import msgspec

from tidemill.data.check.readings import normal
from tidemill.errors import BadRequest, Conflict, NotFound, StoreBusy
from tidemill.learning.labelled import known_label
from tidemill.release.variants import FALLBACKS, UNASKED
from tidemill.rules.again import Again
from tidemill.serve.bodies import named_in
from tidemill.serve.explain import NOT_KEPT, none
from tidemill.serve.predictor import Answer, Predictor
from tidemill.serve.serving import Serving
from tidemill.store.records import Outcome, Prediction, event_of
from tidemill.store.sql.live import Met
from tidemill.tasks.port import Question, Request
from tidemill.types import JsonObject, Micros, did_you_mean, named_id, new_id, to_iso

A = TypeVar("A")
R = TypeVar("R")
_USUAL = msgspec.json.encode(none("it is what is usual: no model was asked"))
_NOT_KEPT = msgspec.json.encode(none(NOT_KEPT))
ACKS = ("group", "async", "none")
_encode = msgspec.json.Encoder().encode


class Head(msgspec.Struct, omit_defaults=True):
    """The part of a reply that every endpoint gives; the model's own output follows it. ``fallback``: it is not the champion's though it
    should be."""

    prediction_id: str
    model: str
    release: str
    arm: str
    cold: bool
    ack: str
    at: str
    position: int
    fallback: str = ""


@dataclass(frozen=True, slots=True)
class _Flying:
    """A keyed prediction that is on its way to the disk, until the writer has reported: ``written`` may give up before."""

    prediction: Prediction
    written: asyncio.Future[Met]


def ack_mode(text: str | None) -> str:
    """``group`` unless something else is asked for. Raises BadRequest.

    group: fsynced before the answer; async: answered at once, on the disk within 100 ms (as group while the disk takes
    nothing); none: not written down at all.
    """
    if text is None:
        return "group"
    if text not in ACKS:
        raise BadRequest(f"unknown ack {text!r}", place="ack", hint=did_you_mean(text, ACKS))
    return text


class PredictionService:
    """Answers requests from one `Serving`, in its event loop."""

    def __init__(self, serving: Serving) -> None:
        self.serving = self._s = serving
        self._again = Again(serving.project)
        self._flying: dict[str, _Flying] = {}
        self._busy: dict[str, asyncio.Event] = {}
        """Predictions that a slow model makes, or that are being explained, and are not yet on their way to the disk."""

    async def predict(
        self, endpoint: str, body: Request, ack: str, position: int = 0, until: float = math.inf
    ) -> tuple[bytes, bool]:
        """Answer and write down; the same key again gives the stored answer. The reply, and whether it was given before.

        ``position``: of the feed that the answer has to see; ``until``: the moment (of `time.monotonic`) up to which a model is waited for.
        Raises as `Predictor.answer`, and Conflict, StoreError, NotThereYet.
        """
        started = time.perf_counter_ns()
        serving = self._s
        predictor = serving.at(endpoint)
        body = body.spelled(predictor.name)
        inputs = None if body.is_open else _encode(body.kept())
        if body.key is None:
            prediction_id = new_id("pred")
        else:
            prediction_id = named_id("pred", *predictor.scope.salt, body.key)
            earlier = await self.earlier(prediction_id, body, inputs, ack)
            if earlier is not None:
                return earlier, True
        await serving.reach(position)
        asked = body
        if inputs is None:
            body, inputs = await self.looked_up(predictor, body)
        await predictor.know(body.subject)
        while body.key is not None and self.flies(prediction_id):  # somebody with the same key was quicker
            if (
                earlier := await self.earlier(prediction_id, asked, None if asked.is_open else inputs, ack)
            ) is not None:
                return earlier, True
        answer, prediction = await self.answered(predictor, body, inputs, prediction_id, started, until=until)
        if body.explain or predictor.explainer.wanted(prediction_id):
            prediction = await self.explained(predictor, answer, prediction, body)
        if ack != "none":
            waits = self.waits(ack) or (body.key is not None and serving.several)
            written = self.send((prediction,), waits)
            if waits and body.key is not None:
                written = asyncio.shield(written)  # who asks with the same key waits for it, too
            if waits and (stored := (await written).taken.get(prediction_id)) is not None:
                return again(stored, asked, None if asked.is_open else inputs), True
        self.counted(answer, prediction)
        return reply(prediction, ack, body.explain), False

    def made(
        self,
        predictor: Predictor,
        body: Request,
        inputs: bytes,
        prediction_id: str,
        started: int,
        at: Micros | None = None,
        watermark: int | None = None,
    ) -> tuple[Answer, Prediction]:
        """The answer to a request, and what is to be kept of it. ``at``, ``watermark``: of one of many; else as of now.

        Raises as `Predictor.answer`.
        """
        at = self._s.clock.now() if at is None else at
        answer = predictor.answer(body, body.subject or prediction_id, at, watermark, prediction_id)
        return answer, _prediction(prediction_id, predictor.endpoint, at, body, inputs, answer, started)

    async def answered(
        self,
        predictor: Predictor,
        body: Request,
        inputs: bytes,
        prediction_id: str,
        started: int,
        at: Micros | None = None,
        watermark: int | None = None,
        until: float = math.inf,
    ) -> tuple[Answer, Prediction]:
        """As `made`; a slow model is asked beside the event loop, and waited for until then. Raises TooLate, too."""
        unit = body.subject or prediction_id
        if predictor.is_quick(unit):
            return self.made(predictor, body, inputs, prediction_id, started, at, watermark)
        at = self._s.clock.now() if at is None else at
        with nullcontext() if body.key is None else self._making(prediction_id):
            answer = await predictor.ask(body, unit, at, watermark, until, prediction_id)
        return answer, _prediction(prediction_id, predictor.endpoint, at, body, inputs, answer, started)

    def counted(self, answer: Answer, prediction: Prediction) -> None:
        """It is told: in the metrics."""
        self._s.metrics.predicted(prediction.endpoint, prediction.model, prediction.arm, prediction.cold)
        if answer.flags:
            self._s.metrics.flagged(prediction.endpoint, answer.flags)
        if answer.reasons is not None:
            self._s.metrics.ruled(prediction.endpoint, answer.reasons, b'{"items":[]' in prediction.output[:12])

    async def explained(self, predictor: Predictor, answer: Answer, made: Prediction, body: Request) -> Prediction:
        """With what the answer is made of. Who asks with the same key meanwhile waits."""
        question = Question(body, predictor.history, made.at, made.watermark, msgspec.json.decode(made.output))
        if answer.arm in UNASKED:
            return replace(made, explained=_USUAL)
        by = answer.by
        with self._making(made.id):
            said = await predictor.explainer.of(by.task, by.scorer, by.bundle, question)
        return replace(made, explained=said)

    @contextmanager
    def _making(self, prediction_id: str) -> Iterator[None]:
        done = self._busy[prediction_id] = asyncio.Event()
        try:
            yield
        finally:
            if self._busy.get(prediction_id) is done:  # else another one has begun with it meanwhile
                del self._busy[prediction_id]
            done.set()

    def flies(self, key: str) -> bool:
        """Whether the answer under this id is being made, or on its way to the disk."""
        return key in self._flying or key in self._busy

    def send(self, predictions: Sequence[Prediction], urgent: bool) -> asyncio.Future[Met]:
        """Queue these for one commit; who asks for one by its key meanwhile waits for it."""
        keyed = [p for p in predictions if p.key is not None]
        if not keyed:
            return self._s.log.write(predictions, urgent=urgent)

        def landed() -> None:
            for p in keyed:
                self._flying.pop(p.id, None)

        written = self._s.log.write(predictions, urgent=urgent, settled=landed)
        self._flying.update((p.id, _Flying(p, written)) for p in keyed)
        return written

    def waits(self, ack: str) -> bool:
        """Whether an answer leaves only when it is written: also with ack=async, while the last ones could not be."""
        return ack == "group" or self._s.log.trouble is not None

    async def earlier(self, prediction_id: str, body: Request, inputs: bytes | None, ack: str) -> bytes | None:
        """``inputs``: None of a request that leaves them to be looked up, for they may be others by now."""
        if ack == "none":
            raise BadRequest("a key asks to be remembered, ack=none asks not to", place="ack", hint="use ack=async")
        while (busy := self._busy.get(prediction_id)) is not None:
            await busy.wait()
        flying = self._flying.get(prediction_id)
        if flying is not None and flying.written.done():
            await self._s.log.write()  # nobody waits for it any more, but it may still be written
            flying = self._flying.get(prediction_id)
            if flying is not None and flying.written.done():
                raise StoreBusy("the first answer to this key is not settled", place="$.key", hint="ask again later")
        if flying is not None:
            await asyncio.wait([flying.written])
            prediction = flying.written.result().taken.get(prediction_id, flying.prediction)
        else:
            try:
                prediction = await self.asking(self._s.project.live.predictions.get, prediction_id)
            except NotFound:
                return None
        return again(prediction, body, inputs)

    async def looked_up(self, predictor: Predictor, body: Request) -> tuple[Request, bytes]:
        """A request that names its subject alone, with what is held of it, and what is to be kept of that; where the subject's data may not
        be used nothing is looked up. Raises BadRequest, NotFound, StoreError."""
        await predictor.limits.know()
        if predictor.limited(body.subject):
            return body, b"{}"
        body = await self.asking(predictor.found, body)
        return body, _encode(body.kept())

    async def asking(self, ask: Callable[[A], R], about: A) -> R:
        """The store's answer: of one on a server without holding the others."""
        return await asyncio.to_thread(ask, about) if self._s.remote else ask(about)

    def probe(self, endpoint: str, body: Any) -> tuple[bytes, int]:
        """Answer as of any moment, and write nothing, for a candidate under test. The reply, and its microseconds."""
        serving = self._s
        predictor = serving.at(endpoint)
        rules = self._again.by(body.rules, body.items_at, body.draw) if body.rules else None
        started = time.perf_counter_ns()
        at = serving.clock.now() if body.at is None else body.at
        body = body.spelled(predictor.name)
        answer = predictor.answer(body, body.subject or "", at, body.watermark, rules=rules)
        said = reply(_prediction(new_id("pred"), endpoint, at, body, b"", answer, started), "none")
        return said, (time.perf_counter_ns() - started) // 1_000

    async def meant(self, endpoint: str | None, body: bytes) -> str | None:
        """The endpoint that outcomes are about: the one that is said, or that of the predictions they name. Raises BadRequest."""
        if endpoint is not None or len(self._s.predictors) == 1:
            return endpoint
        named = named_in(body)
        wanted = [name for said, name in named if name and not said]
        known = await self.asking(self._s.project.live.predictions.endpoints, wanted)
        found = {said or known.get(name or "") for said, name in named}
        if None in found:
            hint = f"name the endpoint ({' or '.join(self._s.predictors)}), or a prediction that is kept"
            raise BadRequest("which endpoint?", place="$.endpoint", hint=hint)
        if len(found) > 1:
            raise BadRequest("outcomes of several endpoints", place="$", hint="send those of each endpoint apart")
        return found.pop()

    async def _seen(self, written: Met, outcomes: int) -> int:
        """The position from which answers see what was told: also what had been told before, perhaps elsewhere."""
        if outcomes > sum(earlier is None for earlier in written.earlier) or self._s.histories.seq < written.position:
            await self._s.catch_up()
        return max(written.position, self._s.histories.seq)

    async def feedback(self, endpoint: str | None, outcomes: list[Outcome], ack: str, *, alone: bool = False) -> bytes:
        """Take outcomes of an endpoint (the only one, if not said), all or none; a key that is known changes nothing, and that is told.

        With ack=group they are on the disk and in the history when this returns, and the reply counts the new, the
        repeated and the conflicting ones (a key that holds another outcome). ``alone``: one conflicting outcome is a
        Conflict. Raises BadRequest, Conflict, StoreError.
        """
        if ack == "none":
            raise BadRequest("an outcome is always written down", place="ack", hint="use ack=group or ack=async")
        predictor = self._s.at(endpoint)
        scope, name = predictor.scope, predictor.endpoint
        environment, dataset = scope.environment, scope.model.dataset.name
        if other := next((o.endpoint for o in outcomes if o.endpoint not in ("", name)), None):
            raise BadRequest(f"{other!r} is not the endpoint {name!r}", place="$.endpoint", hint="send them apart")
        places = ["$"] if len(outcomes) == 1 else [f"$[{i}]" for i in range(len(outcomes))]
        read = [_read(predictor, outcome, place) for outcome, place in zip(outcomes, places, strict=True)]
        history = predictor.task.history
        sold = await predictor.sold({o.item for o in read}) if history else frozenset()
        outcomes = [
            replace(o, endpoint=name, environment=environment, quarantined=history and o.item not in sold) for o in read
        ]
        events = [event_of(o, dataset) for o in outcomes if history and o.value and not o.quarantined]
        waits = self.waits(ack)
        written = self._s.log.write((), outcomes, events, urgent=waits)
        told: JsonObject = {"outcomes": len(outcomes), "ack": ack}
        if waits:
            met = await written
            told |= {**feedback_summary(outcomes, met), "position": await self._seen(met, len(outcomes))}
        told |= _strange(outcomes, predictor.labels())
        if unsold := sorted({o.item for o in outcomes if o.quarantined}):
            told["unknown_items"] = unsold
            self._s.metrics.quarantined.inc(sum(o.quarantined for o in outcomes))
        self._s.metrics.outcomes.inc(len(outcomes))
        if alone and told.get("conflicting"):
            raise Conflict(
                f"the key {outcomes[0].key!r} holds another outcome, which stays as it is",
                place="$.key",
                hint="use a key for one outcome",
            )
        return _encode(told)


def again(stored: Prediction, body: Request, inputs: bytes | None) -> bytes:
    """The answer that the key of this request has. Raises Conflict where it was given to another one."""
    if stored.subject != (body.subject or "") or not (inputs is None or stored.inputs == inputs):
        raise Conflict(
            f"the key {body.key!r} was used for another request", place="$.key", hint="use a key for one request"
        )
    return reply(stored, "group", body.explain)


def _read(predictor: Predictor, outcome: Outcome, place: str) -> Outcome:
    """The outcome with its names as the dataset's rows spell them. Raises BadRequest."""
    subject = predictor.name("subject", outcome.subject, f"{place}.subject") if outcome.subject else ""
    item = predictor.name("item", outcome.item, f"{place}.item") if predictor.task.history else outcome.item
    return replace(outcome, key=normal(outcome.key) or outcome.key, subject=subject, item=item)


def feedback_summary(outcomes: Sequence[Outcome], met: Met) -> JsonObject:
    """How many were new and how many repeated, and the keys of those that say something else than what is kept.

    Another time or prediction alone is no conflict: what happened is the subject, the item and the value.
    """
    new, repeated, conflicting, unknown = 0, 0, dict[str, None](), dict[str, None]()
    for outcome, earlier in zip(outcomes, met.earlier, strict=True):
        if earlier is None:
            new += 1
        elif (earlier.subject, earlier.item, earlier.value) == (outcome.subject, outcome.item, outcome.value):
            repeated += 1
        else:
            conflicting[outcome.key] = None
        if outcome.prediction is not None and outcome.prediction not in met.known:
            unknown[outcome.prediction] = None
    found: JsonObject = {"new": new, "repeated": repeated, "conflicting": list(conflicting)}
    return found | ({"unknown_predictions": list(unknown)} if unknown else {})


def _strange(outcomes: Sequence[Outcome], labels: Sequence[str] | None) -> JsonObject:
    """Labels that the serving model cannot predict: a typo, or something new to learn."""
    if labels is None:
        return {}
    found = sorted({o.item for o in outcomes if known_label(o.item, labels) is None})
    return {"unknown_labels": found} if found else {}


def _prediction(
    prediction_id: str, endpoint: str, at: Micros, body: Request, inputs: bytes, answer: Answer, started: int
) -> Prediction:
    release = answer.by.release
    return Prediction(
        id=prediction_id,
        endpoint=endpoint,
        at=at,
        subject=body.subject or "",
        model=release.model,
        release=release.id,
        arm=answer.arm,
        output=answer.output,
        inputs=inputs,
        watermark=answer.watermark,
        latency_us=(time.perf_counter_ns() - started) // 1_000,
        cold=answer.cold,
        key=body.key,
        environment=release.environment,
        propensity=answer.propensity,
    )


def reply(p: Prediction, ack: str, explain: bool = False) -> bytes:
    """The reply to a prediction: the head's JSON object and the model's, as one; with what it is made of, where that was asked.

    >>> said = b'{"items":["mug"],"scores":[0.5]}'
    >>> p = Prediction("pred_1", "shop", 0, "7", "model:shop@1", "rel_1", "champion", said, b"{}", 0, 9)
    >>> reply(p, "group").decode()[-67:]
    '"1970-01-01T00:00:00Z","position":0,"items":["mug"],"scores":[0.5]}'
    """
    fallback = p.arm if p.arm in FALLBACKS else ""
    head = _encode(Head(p.id, p.model, p.release, p.arm, bool(p.cold), ack, to_iso(p.at), p.watermark, fallback))
    said = head[:-1] + b"," + p.output[1:]
    return said if not explain else said[:-1] + b',"explained":' + (p.explained or _NOT_KEPT) + b"}"
