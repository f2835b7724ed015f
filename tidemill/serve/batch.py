"""Everybody at once: what a model of entities says of each one that is active, by the server's own code, into the same log.

A run of the engine. What is asked is a step on named versions of the datasets; the answers are one that may be killed: each has a
key of the entity and the moment, and asked again under it the server gives what it gave. No server need run, and one may.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING, Any

import msgspec

from tidemill.engine import Context, pipeline, step
from tidemill.errors import BadRequest, ModelError
from tidemill.model import prepare
from tidemill.model.questions import asked, requests
from tidemill.serve.service import PredictionService
from tidemill.serve.serving import prepare as open_serving
from tidemill.types import JsonObject, Micros, named_id, to_iso

if TYPE_CHECKING:
    import polars as pl

    from tidemill.engine.context import Progress
    from tidemill.scope.project import Endpoint

BATCH = "batch"
"""The name of its pipeline."""
AT_ONCE = 1_000
"""Answers that are on their way to the disk at a time."""
BESIDE = 100
"""Asked at once where the store is on a server, and each answer waits for its commit: these share one."""
FIRST = ("subject", "prediction_id", "model", "arm", "value")
LEFT_OUT = ("release", "cold", "ack", "at", "position", "as_of", "probabilities", "flags", "explained")
"""Of a reply what is no column, or one for each label; all else that it says is one (the ends of an interval, a threshold)."""
ADDED = "added({})"
"""The column with what an input added to the score; of one beyond the told ones nothing is said."""
CHANCE = "p({})"
"""The column with the probability of a label."""


@step(version=prepare.identity)
def active(name: str, data: list[str], at: int, ctx: Context) -> pl.DataFrame:
    """Who is active at this moment, and what is asked of each (`tidemill.model.questions.asked`)."""
    for ref in data:
        ctx.read(ref)
    return asked(ctx.resource("project").model(name), data, at)


@step(impure="answers by what is released now, and writes it into the log")
def answered(endpoint: str, at: int, questions: pl.DataFrame, explain: bool, ctx: Context) -> pl.DataFrame:
    """``[subject, prediction_id, model, arm, value, …, error, p(LABEL) …]``: an answer an entity, as the reply says it."""
    scope = ctx.resource("project").endpoint(endpoint)
    asked = ({**one, "explain": True} for one in requests(questions)) if explain else requests(questions)
    with TemporaryFile() as kept:  # so that memory does not grow with how many are asked
        asyncio.run(_all(scope, at, questions.height, asked, ctx.progress, kept, explain or scope.explain_share > 0))
        said = _Said.of(_told(kept))
        for model in sorted(said.models):
            ctx.read(model)
        return _table(kept, said)


@pipeline(name=BATCH)
def batch_pipeline(name: str, endpoint: str, data: list[str], at: int, explain: bool = False) -> dict[str, Any]:
    """who is active → what is said of each. Its output: answers."""
    questions: Any = active(name, data, at)  # type: ignore[call-arg]
    return {"answers": answered(endpoint, at, questions, explain)}  # type: ignore[call-arg]


def parameters(scope: Endpoint, explain: bool = False) -> JsonObject:
    """Of a run as of now. Raises NotFound."""
    model = scope.model
    return {
        "name": model.name,
        "endpoint": scope.name,
        "data": prepare.refs_of(model),
        "at": scope.clock.now(),
        "explain": explain,
    }


async def _all(
    scope: Endpoint,
    at: Micros,
    n: int,
    questions: Iterable[JsonObject],
    tell: Progress,
    kept: IO[bytes],
    explained: bool = False,
) -> None:
    """Keep each answer as a line of JSON. Raises NoModel; of one that is refused why stands in its place."""
    serving = open_serving(scope.project)
    serving.begin()
    service, kind = PredictionService(serving), serving.at(scope.name).task.request

    def ask(one: JsonObject) -> Awaitable[JsonObject]:
        key = named_id("asked", str(at), one["subject"])
        return _one(service, scope.name, msgspec.convert({**one, "key": key, "as_of": to_iso(at)}, kind))

    asked, place = iter(questions), 0
    width = BESIDE if serving.remote and not explained else 1  # what is explained waits for its own turn
    try:
        while some := list(islice(asked, width)):
            if place % AT_ONCE == 0:
                await serving.log.drain()
                tell(place, n, to_iso(at)[:16])
            for said in await asyncio.gather(*map(ask, some)):
                kept.write(json.dumps(said).encode() + b"\n")
            place += len(some)
    finally:
        await serving.end()


async def _one(service: PredictionService, endpoint: str, body: Any) -> JsonObject:
    try:
        reply, _ = await service.predict(endpoint, body, "async")
    except (BadRequest, ModelError) as exc:
        return {"subject": body.subject, "error": str(exc)}
    told: JsonObject = json.loads(reply)
    return {"subject": body.subject, **told}


def _told(kept: IO[bytes]) -> Iterator[JsonObject]:
    kept.seek(0)
    return map(json.loads, kept)


@dataclass
class _Said:
    """What the answers say, by the names of it in the order in which they came."""

    models: dict[str, None] = field(default_factory=dict)
    labels: dict[str, None] = field(default_factory=dict)
    other: dict[str, None] = field(default_factory=dict)
    added: dict[str, None] = field(default_factory=dict)
    explained: bool = False

    @staticmethod
    def of(answers: Iterable[JsonObject]) -> _Said:
        found = _Said()
        for one in answers:
            found.models |= {str(one["model"]): None} if "model" in one else {}
            found.labels |= dict.fromkeys(one.get("probabilities", {}))
            found.other |= dict.fromkeys(name for name in one if name not in (*FIRST, *LEFT_OUT))
            found.added |= dict.fromkeys(_added(one))
            found.explained |= "explained" in one
        return found


def _table(kept: IO[bytes], said: _Said) -> pl.DataFrame:
    """So many answers at a time: they take ten times as much as their columns."""
    import polars as pl

    answers = _told(kept)
    parts = [_part([], said)]
    while some := list(islice(answers, AT_ONCE)):
        parts.append(_part(some, said))
    return pl.concat(parts, how="vertical_relaxed")


def _part(found: list[JsonObject], said: _Said) -> pl.DataFrame:
    import polars as pl

    names = (*FIRST, *said.other, *(["error"] if "error" not in said.other else []))
    columns: dict[str, list[Any]] = {name: [one.get(name) for one in found] for name in names}
    columns |= {CHANCE.format(name): [one.get("probabilities", {}).get(name) for one in found] for name in said.labels}
    columns |= _explained(found, sorted(said.added)) if said.explained else {}
    return pl.DataFrame(columns, strict=False)


def _added(one: JsonObject) -> dict[str, float]:
    """What each input added to the score of its first answer."""
    first: JsonObject = next(iter(one.get("explained", {}).get("answers", ())), {})
    return {part["what"]: part["value"] for part in first.get("because", ())}


def _explained(found: list[JsonObject], names: list[str]) -> dict[str, list[Any]]:
    """``because``: the sentence of each answer, or why there is none; ``base``, and what each input added to it."""
    first: list[JsonObject] = [next(iter(one.get("explained", {}).get("answers", ())), {}) for one in found]
    why = [one.get("sentence") or full.get("explained", {}).get("why") for one, full in zip(first, found, strict=True)]
    columns: dict[str, list[Any]] = {"because": why, "base": [one.get("base") for one in first]}
    missing = [None if not one or "others" in one else 0.0 for one in first]
    pairs = list(zip(map(_added, found), missing, strict=True))
    return columns | {ADDED.format(name): [one.get(name, nought) for one, nought in pairs] for name in names}
