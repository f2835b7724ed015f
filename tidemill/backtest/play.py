"""The past with the loop's policy: a copy of the project lives through the same days, by the code that serves and decides.

The first model is built from what was known at the beginning, by `tidemill run`'s own turn; from then on requests are
answered, outcomes told and files found as they came, and the loop ticks. Beside every answer stands what the first champion,
left alone, would have said at that moment. A play that was killed goes on where its clock stands.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import replace
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from tidemill.backtest.copy import FOLDER, drop, made, sweep
from tidemill.backtest.course import STATIC, figures_of, gain_of
from tidemill.backtest.items import items_of
from tidemill.backtest.lived import LOOP, Decided, Let, Lived, Rang, by_month
from tidemill.backtest.past import Moment, files_of, log_from, moments_of
from tidemill.backtest.session import Session
from tidemill.engine.lease import RunLease, new_owner
from tidemill.errors import BadRequest, Conflict, ModelError, NotEnoughData, TidemillError
from tidemill.learning.evaluate import Scored
from tidemill.learning.labelled import answer_of, unit_of
from tidemill.model.registry import refusals
from tidemill.monitor.platform import PLATFORM
from tidemill.monitor.windows import next_end
from tidemill.process.supervised import log_file
from tidemill.release.approvals import answer
from tidemill.release.variants import HOLDOUT
from tidemill.retrain.jobs import Jobs, WorkerJobs
from tidemill.retrain.loop import state_of
from tidemill.retrain.run_all import run_every
from tidemill.scope.names import loop_key
from tidemill.scope.project import Endpoint, Project, open_project
from tidemill.serve.served import Loaded, load_release
from tidemill.store.records import Fence, Prediction, Release
from tidemill.tasks.table import metric_of, outcome_scorer_of
from tidemill.types import SECOND, JsonObject, Micros, to_iso

if TYPE_CHECKING:
    import polars as pl

    from tidemill.tasks.port import Request

LEASE_SECONDS = 15.0
STATIC_FILE = "static.jsonl"
NOBODY = "nobody is asked in a backtest"
Progress = Callable[[int, int, str], None]
JobsOf = Callable[[Project], AbstractContextManager[Jobs]]


class Said(msgspec.Struct, frozen=True, array_like=True):
    """What the first champion would have answered: a prediction's id, and its output."""

    prediction: str
    output: msgspec.Raw


@contextmanager
def worker_jobs(project: Project) -> Iterator[Jobs]:
    """Jobs in a child, as the loop has them, with the loop's lease."""
    lease = RunLease(project.store, loop_key(project.environment), new_owner(), LEASE_SECONDS)
    lease.take()
    with log_file(project.logs, "loop") as log:
        jobs = WorkerJobs(project.root, Fence(lease.name, lease.term), log)
        try:
            yield jobs
        finally:
            jobs.close()
            lease.drop()


def reach(scope: Endpoint, since: Micros) -> Micros:
    """Until when its past is played: of one that was asked to its last window, else to that of its last row."""
    asked = scope.live.predictions.list(**scope.here, since=since, limit=1)
    last = scope.store.datasets.get(scope.model.dataset.name).time_max
    now, span = scope.clock.now(), scope.monitor.span
    return now // span * span if asked or last is None else min(next_end(scope, last), now)


def play(
    project: Project,
    endpoint: str,
    name: str,
    since: Micros,
    until: Micros,
    progress: Progress,
    jobs_of: JobsOf | None = None,
) -> Lived:
    """Play it in the copy of this name. Raises NotEnoughData where no first model comes about, and what the loop raises."""
    sweep(project, name)
    root = made(project, name, since)
    with open_project(root, environment=project.environment or None) as copy, (jobs_of or worker_jobs)(copy) as jobs:
        span = min(scope.monitor.span for scope in copy.endpoints.values())
        files = {dataset: files_of(project, dataset, since, span) for dataset in project.datasets}
        _found(root, files, since)
        first = _first_models(copy)
        story = [one for scope in project.endpoints.values() for one in moments_of(scope, since, until)]
        story = sorted([*items_of(project, since, until), *story], key=lambda one: one.turn)
        _live(copy, jobs, story, files, first, until, progress)
        return _lived(copy.endpoint(endpoint), since, until, log_from(project.endpoint(endpoint), since, until))


def answers_of(project: Project, endpoint: str, name: str, since: Micros, until: Micros) -> JsonObject:
    """What was answered in the copy of this name, by the key of the request: as `tidemill.learning.trainer.Trainer.judge` takes it."""
    with open_project(project.state / FOLDER / name, environment=project.environment or None, reading=True) as copy:
        scope = copy.endpoint(endpoint)
        asked = scope.live.predictions.list(**scope.here, since=since, until=until)
        told = ((one.key, answer_of(one)) for one in asked)
        return {key: said.get("items") or said.get("probabilities") or said.get("value") for key, said in told if key}


def _found(root: Path, files: Mapping[str, Mapping[Micros, Sequence[pl.DataFrame]]], at: Micros) -> None:
    """What is in the sources by this moment."""
    for dataset, parts in files.items():
        for due in sorted(parts):
            if due <= at:
                drop(root, dataset, due, list(parts[due]))


def _first_models(copy: Project) -> dict[str, Loaded]:
    """The first champion of each endpoint, built where there is none. Raises NotEnoughData, and what a turn raises."""
    scopes = copy.endpoints.values()
    turned = run_every(copy) if any(scope.champion() is None for scope in scopes) else {}
    for found in turned.values():
        if isinstance(found, TidemillError):
            raise found
    _approve(copy)
    for name, found in turned.items():
        if copy.endpoint(name).champion() is None and not isinstance(found, TidemillError):
            why = "; ".join(f"{gate}: {text}" for gate, text in refusals(copy, found.release).items())
            raise NotEnoughData(f"the first model of {name} was not released: {why}", hint="a later --since")
    started = {scope.name: [r for r in scope.releases() if r.started is not None] for scope in scopes}
    return {name: load_release(copy, min(of, key=lambda r: (r.created, r.id))) for name, of in started.items()}


def _approve(copy: Project) -> bool:
    """Say yes to what waits for a person: nobody is asked in a backtest, and its report says so. Whether anything did."""
    held = copy.store.releases.list(status="held")
    for release in held:
        asked = copy.endpoint(release.endpoint).gates.approval
        answer(copy, release.id, "the backtest", NOBODY, asked.roles[0] if asked else None)
    return bool(held)


def _live(
    copy: Project,
    jobs: Jobs,
    story: Sequence[Moment],
    files: Mapping[str, Mapping[Micros, Sequence[pl.DataFrame]]],
    first: Mapping[str, Loaded],
    until: Micros,
    progress: Progress,
) -> None:
    """Every moment in order, from the last that the loop was done with: what was asked since then is asked again by its key."""
    begin, said = int(state_of(copy).get("clock", copy.clock.now())), list[Said]()

    def before_due(at: Micros) -> None:
        _found(copy.root, files, at)
        _keep(copy.root / STATIC_FILE, said)
        progress((at - begin) // SECOND, (until - begin) // SECOND, to_iso(at)[:10])

    with Session(copy, jobs, before_due) as session:
        left = (one for one in story if one.at >= begin)
        for (at, endpoint), together in groupby(left, key=lambda one: (one.at, one.endpoint)):
            session.move(at)
            if _approve(copy):
                session.follow()
            some = list(together)
            session.know([change for one in some for change in one.items])
            for one in some:
                if one.request is not None:
                    said += _ask(session, first[endpoint], one.endpoint, one.request, at)
            if told := [one.outcome for one in some if one.outcome is not None]:
                session.tell(endpoint, told)
        session.move(until)
    _keep(copy.root / STATIC_FILE, said)


def _ask(session: Session, first: Loaded, endpoint: str, request: Request, at: Micros) -> list[Said]:
    """Ask; what the first champion would have said, knowing the same. Nothing of a request that is refused."""
    try:
        reply = session.ask(endpoint, request)
    except (ModelError, BadRequest, Conflict):  # a key that a row has, too
        return []
    predictor = session.serving.at(endpoint)
    history, rules = predictor.history, predictor.applied(str(reply["prediction_id"]))
    ask = partial(first.task.answer, first.scorer) if rules is None else partial(rules.answer, first.task, first.scorer)
    answered = ask(request, history, at, history.seq)
    return [Said(str(reply["prediction_id"]), msgspec.Raw(msgspec.json.encode(answered.output)))]


def _keep(path: Path, said: list[Said]) -> None:
    """Append them, on disk when this returns; none is left to be kept again."""
    if said:
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(fd, "ab") as handle:
            handle.write(b"".join(msgspec.json.encode(one) + b"\n" for one in said))
            handle.flush()
            os.fsync(handle.fileno())
        said.clear()


def _kept(path: Path) -> dict[str, bytes]:
    """By prediction; a line that a kill cut short is asked again by who goes on."""
    found: dict[str, bytes] = {}
    for line in path.read_bytes().split(b"\n") if path.exists() else ():
        with suppress(msgspec.DecodeError):
            one = msgspec.json.decode(line, type=Said)
            found[one.prediction] = bytes(one.output)
    return found


def _lived(scope: Endpoint, since: Micros, until: Micros, logged: Micros) -> Lived:
    store, judge = scope.store, outcome_scorer_of(scope.model)
    asked = scope.live.predictions.list(**scope.here, since=since, until=until)
    arms = _scored(scope, asked, _kept(scope.project.root / STATIC_FILE))
    metric, seed = judge.measure.name, scope.project.seed
    decisions, alarms = store.decisions.list(**scope.here), store.alarms.list(**scope.here)
    there = bool(arms)
    return Lived(
        endpoint=scope.name,
        metric=metric,
        better=judge.measure.better,
        start=since,
        end=until,
        requests=len(asked),
        log_from=logged,
        decisions=[Decided(d.at, d.action, d.code, d.reason) for d in decisions if d.action == "retrain"],
        waits=sum(d.action != "retrain" for d in decisions),
        releases=[_let(scope, release) for release in scope.releases()],
        approved={r.model: list(r.evidence.waits) for r in scope.releases() if r.evidence.approved is not None},
        alarms=[Rang(a.opened, a.kind, list(a.what), a.closed) for a in alarms if a.kind != PLATFORM],
        arms=figures_of(metric, arms, seed) if there else {},
        gain=gain_of(metric, [(arms[LOOP], arms[STATIC])]) if there else None,
        months=list(by_month(metric, arms, seed)) if there else [],
        cpu_s=_spent(scope.project),
        stands_for=asked_for if (asked_for := metric_of(scope.model)) != metric else "",
    )


def _let(scope: Endpoint, release: Release) -> Let:
    model = scope.store.models.get(release.model)
    return Let(release.created, model.ref, model.kind, str(model.recipe.get("method")), release.status)


def _scored(scope: Endpoint, asked: Sequence[Prediction], static: Mapping[str, bytes]) -> dict[str, Scored]:
    """Both on the answers whose truth is known; nothing where there are none."""
    judge, outcomes = outcome_scorer_of(scope.model), scope.live.outcomes.of(one.id for one in asked)
    values: list[tuple[float, float]] = []
    whose: list[Prediction] = []
    for one in asked:
        if one.id in static and one.arm != HOLDOUT:
            of = outcomes.get(one.id, ())
            both = (judge.judge(each, of).values for each in (one, replace(one, output=static[one.id])))
            found = [each[judge.measure.name] for each in both if each]
            if len(found) == 2:
                values.append((found[0], found[1]))
                whose.append(one)
    if not values:
        return {}
    units, at = np.array([unit_of(one) for one in whose]), np.array([one.at for one in whose], np.int64)
    columns, none = np.array(values), np.zeros(len(values), np.bool_)
    return {name: Scored(columns[:, place], units, at, none) for place, name in enumerate((LOOP, STATIC))}


def _spent(copy: Project) -> dict[str, float]:
    """CPU seconds by pipeline."""
    spent: dict[str, float] = {}
    for run in copy.store.runs.list():
        spent[run.pipeline] = spent.get(run.pipeline, 0.0) + float(run.cost.get("cpu_s", 0.0))
    return spent
