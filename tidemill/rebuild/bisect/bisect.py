"""The pipeline `bisect`: the parts that two versions differ in are taken back by halves until one of them is the cause.

Each rebuild is a step: a bisect that was killed goes on, and one that is asked for again, or with a larger budget, finds what it has.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from tidemill.engine import Context, pipeline, step
from tidemill.errors import BadRequest, NotFound
from tidemill.learning.measures import measure
from tidemill.model import prepare
from tidemill.model.pipeline import features
from tidemill.model.recorded import Recorded, recorded
from tidemill.rebuild.bisect import halves
from tidemill.rebuild.bisect.asked import BISECT, PARTS, Bisected, By, Part, most
from tidemill.rebuild.bisect.away import rebuild
from tidemill.rebuild.bisect.causes import parameters_of, window_of
from tidemill.rebuild.bisect.files import files_between
from tidemill.rebuild.bisect.halves import Ends, State
from tidemill.rebuild.bisect.trial import CODE, Arrays, Base, Change, Test, ends
from tidemill.rebuild.code import commits_between
from tidemill.rebuild.pins import needed
from tidemill.store.records import Alarm, ModelVersion
from tidemill.tasks.table import metric_of
from tidemill.types import JsonObject, Micros, canonical

if TYPE_CHECKING:
    from tidemill.scope.project import Project

SPARE = 3
"""Rebuilds more than the halvings need: where one half decides nothing, the other is tried."""
KEPT = ("settings.metric", "settings.task")
"""Parameters that say what is measured, and not how it is fitted."""


@step(version=CODE, outputs=("state", "change"))
def begin(
    answers: Arrays, parts: list[JsonObject], by: str, metric: str, pins: dict[str, str], ctx: Context
) -> tuple[JsonObject, JsonObject | None]:
    """Whether the ends differ, and what the first rebuild leaves out."""
    state = halves.begin(len(parts), _ends(answers, metric, ctx.seed), ordered=PARTS[by].ordered)
    return asdict(state), _change(state, parts, by, pins)


@step(version=CODE, outputs=("state", "change"))
def judge(
    answers: Arrays,
    parts: list[JsonObject],
    by: str,
    metric: str,
    pins: dict[str, str],
    budget: float,
    state: JsonObject,
    rebuilt: Arrays,
    told: JsonObject,
    ctx: Context,
) -> tuple[JsonObject, JsonObject | None]:
    """What a rebuild shows, and what the next one leaves out."""
    read = msgspec.convert(state, State)
    after = halves.judge(read, _ends(answers, metric, ctx.seed), rebuilt["values"], told, budget)
    return asdict(after), _change(after, parts, by, pins)


def _ends(answers: Arrays, metric: str, seed: int) -> Ends:
    return Ends(answers["good"], answers["bad"], answers["units"], measure(metric).sign, seed)


def _change(state: State, parts: list[JsonObject], by: str, pins: dict[str, str]) -> JsonObject | None:
    """What the next rebuild does otherwise; None where none is asked for. ``pins``: of the bad version."""
    if state.next is None:
        return None
    taken = [msgspec.convert(parts[place], Part) for place in state.next]
    names = [part.id for part in taken]
    if by == "libraries":
        there = {**pins, **{part.id: part.value for part in taken}}
        change = Change(pins={name: version for name, version in there.items() if version})
    else:
        change = {
            "files": lambda: Change(without=names),
            "parameters": lambda: Change(swapped=names),
            "commits": lambda: Change(commit=names[0]),  # the first of them, and all after it, are taken back
        }[by]()
    told: JsonObject = msgspec.to_builtins(change)
    return told


@step(version=CODE)
def summarise(
    models: list[str],
    by: str,
    parts: list[JsonObject],
    test: JsonObject,
    answers: Arrays,
    state: JsonObject,
    alarm: str,
) -> JsonObject:
    """What came of it: `tidemill.rebuild.bisect.asked.Bisected`."""
    read, metric = msgspec.convert(state, State), measure(test["metric"])
    figures = [metric.figure(float(answers[name].mean())) for name in ("good", "bad")]
    ended = read.ended or "budget"
    left = [msgspec.convert(parts[place], Part) for place in read.suspects] if ended not in ("ends_agree",) else []
    found = Bisected(
        models=models,
        by=by,
        metric=test["metric"],
        better=metric.better,
        test=test,
        requests=len(answers["good"]),
        units=int(answers["units"].max(initial=-1)) + 1,
        figures=figures,
        gap=[read.gap, read.low, read.high],
        visible=read.visible,
        parts=len(parts),
        ended=ended,
        left=left,
        rounds=[asdict(one) for one in read.rounds],
        names=[str(part["name"]) for part in parts],
        alarm=alarm,
    )
    told: JsonObject = msgspec.to_builtins(found)
    return told


@pipeline(name=BISECT)
def bisect_pipeline(
    models: list[str],
    by: str,
    parts: list[JsonObject],
    base: JsonObject,
    test: JsonObject,
    bundles: dict[str, str],
    code: JsonObject,
    pins: dict[str, str],
    rebuilds: int,
    budget: float,
    alarm: str = "",
) -> dict[str, Any]:
    """features of the test → both ends → as often as it takes: rebuild, judge → what came of it."""
    rows: Any = features(base["name"], test["data"])  # type: ignore[call-arg]
    answers: Any = ends(rows, base["settings"], test, bundles)  # type: ignore[call-arg]
    state, change = begin(answers, parts, by, test["metric"], pins)  # type: ignore[call-arg]
    for place in range(1, rebuilds + 1):
        rebuilt, told = rebuild.named(f"rebuild {place}")(rows, base, test, change, code)  # type: ignore[call-arg]
        state, change = judge.named(f"judge {place}")(  # type: ignore[call-arg]
            answers, parts, by, test["metric"], pins, budget, state, rebuilt, told
        )
    return {"report": summarise(models, by, parts, test, answers, state, alarm)}


@dataclass(frozen=True)
class Bounds:
    """What a bisect may take: rebuilds (as many as the halvings need and some to spare, if not said), and seconds for all of them."""

    rebuilds: int | None
    seconds: float


def parameters(project: Project, good: ModelVersion, bad: ModelVersion, by: By | None, bounds: Bounds) -> JsonObject:
    """The parameters of the run: two versions on the bad one's own test, which neither evaluation model has learned from.

    Raises NotFound, BadRequest where nothing is between them.
    """
    start, end = window_of(recorded(project, bad))
    test = Test(list(bad.data), start, end, metric_of(project.model(bad.name)))
    bundles = {"good": good.evaluation_bundle, "bad": bad.evaluation_bundle}
    return _asked(project, (good, bad), by, bounds, test, start) | {"bundles": bundles}


def of_alarm(project: Project, alarm: Alarm, by: By | None, bounds: Bounds) -> JsonObject:
    """The same of the version that an alarm is about, and of the champion before it: what was released, asked the requests since then.

    Raises NotFound where no champion was before it; BadRequest where the alarm is about no version.
    """
    if alarm.model is None or alarm.kind == "platform":
        hint = "an alarm of decay is: tidemill alarms ls"
        raise BadRequest(f"an alarm of {alarm.kind} is about no version's answers", place=alarm.id, hint=hint)
    bad = project.store.models.get(alarm.model)
    good = _before(project, alarm)
    _, until = window_of(recorded(project, bad))
    test = Test(prepare.refs_of(project.model(bad.name)), alarm.since, alarm.window, metric_of(project.model(bad.name)))
    bundles = {"good": good.bundle, "bad": bad.bundle}
    return _asked(project, (good, bad), by, bounds, test, until) | {"bundles": bundles, "alarm": alarm.id}


def _before(project: Project, alarm: Alarm) -> ModelVersion:
    """The champion before the alarm's version."""
    releases = project.store.releases.list(endpoint=alarm.endpoint, environment=alarm.environment)
    release = next((one for one in reversed(releases) if one.model == alarm.model and one.previous), None)
    if release is None or release.previous is None:
        raise NotFound(
            f"no champion was before {alarm.model}",
            place=alarm.id,
            hint="say two versions: tidemill bisect --good MODEL --bad MODEL",
        )
    return project.store.models.get(project.store.releases.get(release.previous).model)


def _asked(
    project: Project, pair: tuple[ModelVersion, ModelVersion], by: By | None, bounds: Bounds, test: Test, until: Micros
) -> JsonObject:
    good, bad = pair
    if good.name != bad.name:
        raise BadRequest(
            f"{good.ref} and {bad.ref} are of two models", place="--good", hint="two versions of one model"
        )
    one, other = recorded(project, good), recorded(project, bad)
    base = Base(bad.name, list(bad.data), until, other.params["settings"], bad.recipe, parameters_of(one))
    chosen, parts = parts_of(project, one, other, by, until)
    return {
        "models": [good.ref, bad.ref],
        "by": chosen,
        "parts": parts,
        "base": msgspec.to_builtins(base),
        "test": msgspec.to_builtins(test),
        "code": other.code,
        "pins": needed(other) if chosen == "libraries" else {},
        "rebuilds": bounds.rebuilds or most(len(parts)) + SPARE,
        "budget": bounds.seconds,
    }


def parts_of(
    project: Project, one: Recorded, other: Recorded, by: By | None, until: Micros
) -> tuple[By, list[JsonObject]]:
    """The parts that the other version has and the one has not: of this kind, or of the first that has any. Raises BadRequest."""
    makers: dict[By, Callable[[Project, Recorded, Recorded, Micros], list[Part]]] = {
        "files": _files,
        "parameters": _parameters,
        "commits": _commits,
        "libraries": _libraries,
    }
    for kind in (by,) if by else tuple(makers):
        if parts := makers[kind](project, one, other, until):
            told: list[JsonObject] = msgspec.to_builtins(parts)
            return kind, told
    said = f"no {by}" if by else "no files, parameters, commits or libraries"
    raise BadRequest(
        f"{said} differ between {one.model.ref} and {other.model.ref}: there is nothing to halve",
        place="--by",
        hint=f"see what differs: tidemill models compare {one.model.ref} {other.model.ref}",
    )


def _files(project: Project, one: Recorded, other: Recorded, until: Micros) -> list[Part]:
    return [
        Part(file.digest, file.name, f"{file.rows:,} rows, dataset:{file.dataset}@{file.version}")
        for file in files_between(project, one, other, until)
    ]


def _parameters(project: Project, one: Recorded, other: Recorded, until: Micros) -> list[Part]:
    before, after = parameters_of(one), parameters_of(other)
    names = [n for n in sorted({*before, *after}) if canonical(before.get(n)) != canonical(after.get(n))]
    return [Part(n, n, f"{before.get(n)!r} → {after.get(n)!r}"[:200]) for n in names if n not in KEPT]


def _commits(project: Project, one: Recorded, other: Recorded, until: Micros) -> list[Part]:
    found = [
        Part(before, f"{commit[:12]} {subject}"[:100], f"after {before[:12]}")
        for before, commit, subject in commits_between(project, one.code, other.code)
    ]
    if other.code.get("dirty"):  # the last part: what was in no commit
        found.append(
            Part(str(other.code["commit"]), "what was changed and not committed", ", ".join(other.code["changed"][:3]))
        )
    return found


def _libraries(project: Project, one: Recorded, other: Recorded, until: Micros) -> list[Part]:
    before, after = needed(one), needed(other)
    return [
        Part(name, name, f"{before.get(name, 'not there')} → {after.get(name, 'not there')}", before.get(name, ""))
        for name in sorted({*before, *after})
        if before.get(name) != after.get(name)
    ]
