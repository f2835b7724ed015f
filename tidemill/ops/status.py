"""Is everything all right? One answer, from the records, for the page, the command line, the API and the exit code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NewType

from tidemill.data.contract.freshness import complete_through, stale_now
from tidemill.engine.lease import host_of, is_process
from tidemill.experiment.holdout import Worth
from tidemill.ops.batch import Scheduled, scheduled
from tidemill.ops.parts import NEEDED, Part, parts
from tidemill.ops.runs import state_of
from tidemill.ops.scorers import ScorerShown, healths, scorers
from tidemill.ops.server import server_health
from tidemill.ops.snapshot import Asked, Snapshot, count_predictions, leader_of
from tidemill.ops.watched import Watched, watched
from tidemill.scope.names import loop_key
from tidemill.scope.project import Project
from tidemill.serve.client import here, trouble, troubled, up_of
from tidemill.store.records import Alarm, DatasetVersion, Decision, Event, Experiment, Release
from tidemill.tasks.table import task_of
from tidemill.types import JsonObject, Micros, to_iso

_RANK = ("ok", "waiting", "idle", "warn", "bad")
SHOWN = 10  # The latest events that come with it
Health = NewType("Health", dict[str, str])
"""What the server says of each endpoint; of none where it is down."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer in one line. ``state``: ok | waiting (for a person) | idle (nothing yet) | warn | bad."""

    state: str
    line: str
    why: str
    next: str = ""  # what to do first

    @property
    def all_right(self) -> bool:
        return self.state in ("ok", "waiting")


@dataclass(frozen=True, slots=True)
class EndpointStatus:
    """One endpoint in a line."""

    endpoint: str
    model: str  # the name of the model that it serves
    champion: str | None  # model ref
    waiting: int  # releases that wait for approval
    verdict: Verdict


@dataclass(frozen=True)
class Status:
    """The state of every part of the loop. Times are microseconds since 1970, UTC."""

    project: str
    purpose: str
    goal: JsonObject  # as [goal] says it
    mode: str  # live | replay
    clock: Micros
    all_right: bool  # of every endpoint asked about
    verdict: Verdict
    endpoints: list[EndpointStatus]
    endpoint: str  # that what follows is about: the one asked for, or the first
    parts: list[Part]
    server: str  # ok | no_model | degraded | fallback | not_writing | damaged | down, by its own word; of several the worst, which may be lags
    scorers: list[ScorerShown]  # of a team's stores
    champion: Release | None
    canary: Release | None
    shadow: Release | None  # a candidate that is judged by live pairs, and does not answer
    waiting: list[Release]  # for approval
    data: list[DatasetVersion]  # the latest version of each dataset
    stale: dict[str, str]  # dataset -> by how much it breaks its contract's freshness
    complete_through: dict[str, Micros | None]  # dataset -> until when its rows have come
    labels_through: Micros | None  # the newest answer that had an outcome when a window closed last
    predictions: int
    outcomes: dict[str, int]  # by how they were joined
    quarantined: dict[str, int]  # outcomes of items that nobody sells, by the item
    asked: Asked | None  # of the latest predictions; None where answers rest on no history
    quality: JsonObject | None  # over the last windows; None while nothing was measured
    worth: list[Worth]  # what the loop was worth to all but the holdout; of none where nobody is held out
    experiment: Experiment | None  # the A/B that runs
    estimate: JsonObject | None  # of the last window, before its labels come; None where nothing is estimated
    alarms: list[Alarm]  # the latest first
    drift: Watched
    decision: Decision | None
    retrained: Decision | None  # the latest decision to retrain
    batches: list[Scheduled]  # those of the configuration
    running: list[str]  # runs
    interrupted: list[str]  # runs whose process is gone
    events: list[Event]
    loop: JsonObject | None  # the loop's own state
    here: list[str]  # what the `tidemill up` of this folder runs: scorer, loop
    leader: str  # the machine whose loop leads; nothing where none does
    trouble: dict[str, JsonObject]  # processes of `tidemill up` that do not stay up, and why


def status(project: Project, health: Health | None = None, endpoint: str | None = None) -> Status:
    """The loop at a glance, of one endpoint or of all. ``health``: the server's word, where it is the server that asks."""
    from tidemill.monitor.quality import recently
    from tidemill.ops.estimates import lately
    from tidemill.ops.experiments import worth

    health = health_of(project) if health is None else health
    seen = snapshots(project, health, endpoint)
    at, store = seen[0], project.store
    lines, verdict = answer(seen)
    running = {run.id: state_of(project, run) for run in at.running}
    latest = {v.dataset: v for v in sorted(store.datasets.list(), key=lambda v: v.version)}
    loop = store.settings.get(loop_key(project.environment))
    return Status(
        project=project.name,
        purpose=project.purpose,
        goal=project.goal.json(),
        mode="replay" if project.replay else "live",
        clock=at.now,
        all_right=verdict.all_right,
        verdict=verdict,
        endpoints=lines,
        endpoint=at.endpoint,
        parts=parts(at),
        server=at.health,
        scorers=list(at.scorers),
        champion=at.champion,
        canary=at.canary,
        shadow=at.shadow,
        waiting=at.held,
        data=[latest[name] for name in sorted(latest)],
        stale=stale_now(project, at.now),
        complete_through={name: complete_through(project, name, at.now) for name in project.datasets},
        labels_through=at.labels_through,
        predictions=count_predictions(project, at.endpoint),
        outcomes=at.outcomes,
        quarantined=at.quarantined,
        asked=at.asked if task_of(at.serving.model.task).history else None,
        quality=recently(at.serving),
        worth=worth(project, at.endpoint),
        experiment=at.experiment,
        estimate=lately(at.serving),
        alarms=list(at.alarms),
        drift=watched(at),
        decision=next(iter(store.decisions.list(limit=1)), None),
        retrained=next(iter(store.decisions.list(action="retrain", limit=1)), None),
        batches=scheduled(project),
        running=[run for run, state in running.items() if state == "running"],
        interrupted=[run for run, state in running.items() if state == "interrupted"],
        events=list(store.events.list(limit=SHOWN)),
        loop=loop if isinstance(loop, dict) else None,
        here=here(project.root),
        leader=host_of(leader_of(project)),
        trouble=trouble(project.root),
    )


def snapshots(project: Project, health: Mapping[str, str], endpoint: str | None = None) -> list[Snapshot]:
    """What the records say now of one endpoint, or of all."""
    names = list(project.endpoints) if endpoint is None else [project.endpoint(endpoint).name]
    return [Snapshot(project, project.clock.now(), health, name) for name in names]


def answer(seen: Sequence[Snapshot]) -> tuple[list[EndpointStatus], Verdict]:
    """Is everything all right? Each endpoint in a line; over several the verdict of the one that needs somebody most."""
    lines = [_line(at) for at in seen]
    least = max(lines, key=lambda found: _RANK.index(found.verdict.state))
    if len(lines) == 1 or least.verdict.state == "ok":
        return lines, least.verdict
    return lines, replace(least.verdict, why=f"{least.endpoint}: {least.verdict.why}")


def _line(at: Snapshot) -> EndpointStatus:
    champion = at.champion.model if at.champion else None
    return EndpointStatus(at.endpoint, at.serving.model.name, champion, len(at.held), judge(parts(at)))


def health_of(project: Project) -> Health:
    """What the project's scorers say of each endpoint: all of a team's or of a machine's, or the one of this folder."""
    if project.store.remote or project.store.scorers.live():
        return Health(healths(scorers(project), project.environment))
    return Health(server_health(project.root))


def judge(found: Sequence[Part]) -> Verdict:
    """The parts in one line: never all right while a part is not, or while an endpoint has nothing to answer with.

    >>> judge([Part("serve", "idle", "none", "no model", "nothing is released")]).state
    'idle'
    """
    bad = [p for p in found if p.state == "bad"]
    if bad:
        return _verdict("bad", "Something is wrong.", bad)
    if all(p.state == "idle" for p in found if p.key != "features"):
        return Verdict("idle", "Nothing runs here yet.", "Nothing was made yet.", "tidemill run")
    if warned := [p for p in found if p.state == "warn"]:
        return _verdict("warn", "Needs a look.", warned)
    waits = [p for p in found if p.state == "waiting"]
    missing = [p for p in found if p.state == "idle" and p.key in NEEDED]
    if waits:
        return _verdict("idle" if missing else "waiting", "Waiting for you.", waits)
    if missing:
        coming = [p for p in missing if p.code == "promotion"]
        return _verdict("idle", "Waits to be promoted." if coming else "Not running yet.", coming or missing)
    busy = [f"{p.name}: {p.headline}, {p.detail}" for p in found if p.state == "busy"]
    return Verdict("ok", "Everything is all right.", "; ".join(busy) or "Nothing waits for anybody.")


def _verdict(state: str, line: str, parts: Sequence[Part]) -> Verdict:
    """Why, in the words of these parts, and what to do about the first."""
    return Verdict(state, line, "; ".join(f"{p.name}: {p.detail}" for p in parts), parts[0].next)


def loop_state(at: Snapshot) -> tuple[str, str]:
    """What the loop is doing, and when it looks again."""
    if down := trouble(at.project.root).get("loop"):
        return "down", troubled("loop", down)
    if elsewhere := _elsewhere(at.project):
        return "standby", f"leader is {elsewhere}"
    found = at.project.store.settings.get(loop_key(at.project.environment))
    if not isinstance(found, dict):
        return "not started", "tidemill up starts it"
    due = found.get("next_due")
    return ("at rest" if found.get("idle") else "at work"), f"next at {to_iso(due)}" if isinstance(due, int) else ""


def _elsewhere(project: Project) -> str:
    """The machine whose loop leads, where this one has a loop of its own that stands by."""
    leader = leader_of(project)
    try:
        own = up_of(project.root)["pids"].get("loop")
    except (OSError, ValueError, KeyError):
        return ""
    return host_of(leader) if leader and own and not is_process(leader, own) else ""
