"""The pipeline `recall`: each version that learned from what is recalled is built without it, and each answer of the log asked again.

All of it only looks: a dry run. A version, and so many answers, are a step each: a recall that was killed goes on, and one that is asked for
again finds what it has.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from tidemill.engine import Context, pipeline, step
from tidemill.rights.recall.again import Found, Refitted, Worlds
from tidemill.rights.recall.asked import RECALL, Changed, Recalled, Span
from tidemill.rights.recall.named import What
from tidemill.rights.recall.refit import refit
from tidemill.rights.recall.standing import models_on, reading, standing
from tidemill.scope.project import Endpoint
from tidemill.store.artifacts.codecs import Bundle
from tidemill.types import JsonObject, Micros

if TYPE_CHECKING:
    from tidemill.scope.project import Project

CODE = "2"
MOST = 5_000
"""Answers that are asked again in one step."""


def parameters(project: Project, what: What) -> JsonObject:
    """The parameters of the run: what is recalled, the versions on it that answered, and the answers until now."""
    until, answered = project.clock.now() + 1, project.live.predictions.by_model()
    spans = [span for scope in reading(project, what) for span in _spans(scope, what, until)]
    return {
        "what": msgspec.to_builtins(what),
        "models": [ref for ref in models_on(project, what) if answered.get(ref)],
        "spans": msgspec.to_builtins(spans),
        "until": until,
    }


def _spans(scope: Endpoint, what: What, until: Micros) -> Iterator[Span]:
    """The answers of an endpoint since what is recalled came, in spans of at most `MOST` where they are of several moments."""
    made = scope.store.datasets.get(what.dataset, what.since).created
    pending = [(made, until)]
    while pending:
        start, end = pending.pop()
        n = _count(scope, start, end)
        middle = (start + end) // 2
        if n > MOST and start < middle:
            pending += [(middle, end), (start, middle)]
        elif n:
            yield Span(scope.name, scope.environment, start, end)


def _count(scope: Endpoint, since: Micros, until: Micros) -> int:
    return scope.live.predictions.spread(1, **scope.here, since=since, until=until)[1]


def identity(ctx: Context, arguments: Mapping[str, Any]) -> JsonObject:
    """What asking again depends on outside: how many of the answers are still kept, and which rules were."""
    project: Project = ctx.resource("project")
    span = msgspec.convert(arguments["span"], Span)
    n = project.live.predictions.spread(1, **_here(span), since=span.since, until=span.until)[1]
    return {"answers": n, "code": CODE}


def _here(span: Span) -> Any:
    return {"endpoint": span.endpoint, "environment": span.environment}


@step(version=identity)
def ask(
    what: JsonObject,
    span: JsonObject,
    models: list[str],
    controls: list[Any],
    withouts: list[Any],
    told: list[JsonObject],
    ctx: Context,
) -> JsonObject:
    """``answers``: how many; ``found``: those that are another without it (`Found`)."""
    project, of, read = ctx.resource("project"), msgspec.convert(what, What), msgspec.convert(span, Span)
    scope = next(one for one in reading(project, of) if one.here == _here(read))
    asked = project.live.predictions.list(**_here(read), since=read.since, until=read.until)
    refits = {ref: Refitted(*made) for ref, *made in zip(models, controls, withouts, told, strict=True)}
    found = [one._asdict() for one in Worlds(scope, of, asked, refits).found()]
    return {"answers": len(asked), "found": found}


@step(impure="reads what stands on it now")
def summarise(
    what: JsonObject,
    until: int,
    spans: list[JsonObject],
    models: list[str],
    told: list[JsonObject],
    asked: list[JsonObject],
    ctx: Context,
) -> JsonObject:
    """What came of it: `tidemill.rights.recall.asked.Recalled`."""
    project: Project = ctx.resource("project")
    of, changed, unknown = msgspec.convert(what, What), list[Changed](), dict[str, int]()
    for span, part in zip(spans, asked, strict=True):
        for one in (Found(**found) for found in part["found"]):
            if one.unknown:
                unknown[one.unknown] = unknown.get(one.unknown, 0) + 1
            else:
                here = span["endpoint"], span["environment"]
                changed.append(Changed(one.id, *here, one.model, one.release, one.by, one.shown))
    answered = project.live.predictions.by_model()
    built = dict(zip(models, told, strict=True))
    on = standing(project, of)
    return msgspec.to_builtins(  # type: ignore[no-any-return]
        Recalled(
            what=of,
            until=until,
            standing=on,
            answers=sum(part["answers"] for part in asked),
            changed=changed,
            unknown=unknown,
            models=[{"model": ref, "answers": answered.get(ref, 0), **built.get(ref, {})} for ref in on.models],
        )
    )


@pipeline(name=RECALL)
def recall_pipeline(what: JsonObject, models: list[str], spans: list[JsonObject], until: int) -> dict[str, Any]:
    """A refit of each version → the answers, so many at a time → what came of it. Its output: report."""
    controls: list[Bundle | None] = []
    withouts: list[Bundle | None] = []
    told: list[JsonObject] = []
    for ref in models:
        control, without, said = refit.named(f"rebuild {ref.removeprefix('model:')}")(ref, what)  # type: ignore[call-arg]
        controls.append(control)
        withouts.append(without)
        told.append(said)
    asked: list[Any] = [
        ask.named(f"ask {place}")(what, span, models, controls, withouts, told)  # type: ignore[call-arg]
        for place, span in enumerate(spans, 1)
    ]
    return {"report": summarise(what, until, spans, models, told, asked)}  # type: ignore[call-arg]
