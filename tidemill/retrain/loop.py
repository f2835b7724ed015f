"""The reconciler: at each due moment of event time it brings the project up to date, and decides whether to retrain.

One tick: settle orphans, ingest; then for each endpoint hold what its entities would be asked, settle labels, join outcomes,
close windows, look at the rollout and at the shadow, decide, and where the decision says so build, judge and release a model. (An
environment that comes after another neither ingests nor decides: what serves there is promoted to here.) A tick
that was killed is done again, in a replay at the same moment, and ends the same: windows replace themselves, joins and alarms happen
once, a decision keeps its id, its job goes on where it stopped.
"""

from __future__ import annotations

from contextlib import closing, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import msgspec

from tidemill.access.policy import policy_of
from tidemill.data.contract.freshness import Stale, staleness
from tidemill.errors import ContractError, DiskFull, LeaseLost, NotFound, StoreBusy, TidemillError
from tidemill.feedback import settle
from tidemill.feedback.join import join_due
from tidemill.feedback.kept import drop_old
from tidemill.ledger.keep import keep
from tidemill.model.entities import is_due
from tidemill.monitor.alerts import raise_alarms
from tidemill.monitor.monitors import Monitor, monitors
from tidemill.monitor.windows import closed_of, due, next_end, outdated
from tidemill.release.approvals import look_at_all
from tidemill.release.rollout.seen import count_ended
from tidemill.retrain.batches import do_due, next_batch
from tidemill.retrain.decide import Policy, decide, evidence_digest
from tidemill.retrain.evidence import gather
from tidemill.retrain.failed import failed, job_of
from tidemill.retrain.jobs import JobFailed, Jobs, Stopped
from tidemill.retrain.moved import mark, moved
from tidemill.scope.names import loop_key
from tidemill.store.records import Decision, Event, Job, Release, Tx
from tidemill.types import DAY, SECOND, JsonObject, Micros, named_id

if TYPE_CHECKING:
    from tidemill.scope.project import Endpoint, Project

STALE = "stale"  # The kind of event, and the setting with the datasets that are stale now: {name: since}
LIVE_TICK: Micros = 60 * SECOND
"""Outside a replay a tick comes at least this often, so that new files and outcomes do not wait for midnight."""
AGAIN: Micros = 3_600 * SECOND
"""A promotion that could not be done is tried again after so long."""


def tick(project: Project, jobs: Jobs) -> list[Event]:
    """Everything that is due now; the events of what happened. Then the setting ``loop`` says when the next is due."""
    from tidemill.engine.lease import settle_orphans

    now, here = project.clock.now(), mark(project)
    state = state_of(project)
    settle_orphans(project.store, now)
    set_by = _clock_moved(project, now, moved(state, now, here), here)
    events = [] if project.promoted_from else [*_ingest(project, jobs, now), *_look_how_fresh(project, now)]
    for scope in project.endpoints.values():
        events += _turn(scope, jobs, now, state.get("clock"))
    events += look_at_all(project, now)
    events += do_due(project, jobs, now)
    drop_old(project)
    keep(project, project.store.clock.now())
    write_state(project, now, idle=True, here=here)
    return [*set_by, *events]


def _clock_moved(project: Project, now: Micros, by: Micros, here: JsonObject) -> list[Event]:
    """What was to end by a time that nobody lived through ends later, or is judged anew; told of each."""
    if not by:
        return []
    from tidemill.release.rollout.rollout import clock_moved

    def work(tx: Tx) -> list[Event]:
        found = [event for name in project.endpoints for event in clock_moved(project, name, now, by, tx)]
        write_state(project, now, idle=False, here=here, tx=tx)  # a tick that is killed does not move them twice
        return found

    return project.store.transact(work)


def _turn(scope: Endpoint, jobs: Jobs, now: Micros, previous: Micros | None) -> list[Event]:
    """One endpoint's part of a tick. What is wrong with it is told, and holds up no other; what is wrong with the machine is not its own."""
    try:
        events = [*_hold(scope, jobs, now), *_settle(scope, jobs, now), *_join(scope, now), *_watch(scope, jobs, now)]
        events += _look_at_rollout(scope, jobs, now, previous)
        events += _look_after(scope, jobs, now, previous)
        events += _look_at_shadow(scope, jobs, now, previous)
        count_ended(scope, now)
        events += _compare(scope, jobs, now)
        events += _decide(scope, jobs, now, previous) if scope.before is None else _promote(scope, jobs, now)
        return [*events, *_hold_out(scope, jobs, now)]
    except (DiskFull, StoreBusy, LeaseLost, Stopped):
        raise
    except TidemillError as exc:
        return _failed(scope, now, "turn", exc)


def state_of(project: Project) -> JsonObject:
    """The setting of this environment's loop: {"clock": of the last full tick, "idle", "next_due", and outside a replay "boot" and
    "up", the machine's own time}; empty before the first."""
    found = project.store.settings.get(loop_key(project.environment))
    return dict(found) if isinstance(found, dict) else {}


def write_state(project: Project, now: Micros, *, idle: bool, here: JsonObject | None = None, tx: Tx = None) -> None:
    """Say how far the loop is, and until when nothing is due. ``here``: where its clock stood by the machine's time (`mark`)."""
    told = {"clock": now, "idle": idle, "next_due": next_due(project, now), **(here or {})}
    project.store.settings.set(loop_key(project.environment), told, tx)


def next_due(project: Project, now: Micros) -> Micros:
    """The next moment with something to do: in a replay the end of a window, known to whoever moves the clock."""
    scopes = project.endpoints.values()
    end = min(next_end(scope, now) for scope in scopes)
    if project.replay:
        return end
    schedules = [Policy.of(scope.retrain).next_schedule(now) for scope in scopes]
    return min(end, now + LIVE_TICK, *(at for at in schedules if at is not None), *next_batch(project, now))


def _ingest(project: Project, jobs: Jobs, now: Micros) -> list[Event]:
    events: list[Event] = []
    for name in project.datasets:
        try:
            jobs.run("ingest", {"dataset": name}, project.limit("ingest"))
        except JobFailed as exc:  # the last good version stays; the next tick tries again
            events += failed(project, job_of(project, "", "ingest", f"dataset:{name}", now), exc)
    return events


def _look_how_fresh(project: Project, now: Micros) -> list[Event]:
    """Data that has become staler than its contract promises: told once, when it begins, and again when it begins anew.

    While the contract cannot be read nobody knows whether it ended: it goes on. The ingest before has failed with that, and told.
    """
    kept = project.store.settings.get(STALE)
    known: JsonObject = dict(kept) if isinstance(kept, dict) else {}
    since: JsonObject = {}
    events: list[Event] = []
    for name in project.datasets:
        try:
            found = staleness(project, name, now)
        except ContractError:
            since |= {name: known[name]} if name in known else {}
            continue
        if found is not None:
            since[name] = known.get(name, found.since)
            events += [] if name in known else [_began(name, found, now)]

    def work(tx: Tx) -> None:
        for event in events:
            project.store.events.add(event, tx)
        project.store.settings.set(STALE, since, tx)

    if since != known:
        project.store.transact(work)
    return events


def _began(dataset: str, found: Stale, now: Micros) -> Event:
    """The event that opens an episode: what is stale by the same row may end by another contract, and begin again later."""
    name = named_id("event", STALE, dataset, str(found.since), str(now))
    told: JsonObject = {"latest": found.latest, "since": found.since, "late_us": found.late}
    return Event(name, now, STALE, f"dataset:{dataset}@{found.version}", told)


def _hold(scope: Endpoint, jobs: Jobs, now: Micros) -> list[Event]:
    """What a model of entities would be asked about each of them, made in the child where rows came in or its views changed, and once a window."""
    if not is_due(scope, now):
        return []
    try:
        jobs.run("hold", {"now": now, "endpoint": scope.name}, scope.project.limit("watch"))
    except JobFailed as exc:
        return _failed(scope, now, "hold", exc)
    return []


def _settle(scope: Endpoint, jobs: Jobs, now: Micros) -> list[Event]:
    """The outcomes that the rows of the label's dataset say of earlier answers, in the child; the event of its failure."""
    if settle.unsettled(scope, now) is None and not settle.outdated(scope):
        return []
    try:
        jobs.run("settle", {"now": now, "endpoint": scope.name}, scope.project.limit("watch"))
    except JobFailed as exc:
        return _failed(scope, now, "settle", exc)
    return []


def _join(scope: Endpoint, now: Micros) -> list[Event]:
    """Join what can be joined. Outcomes that name another subject's prediction are told with their number.

    They are joined in one store and told in the other, so a kill between the two leaves them joined and untold.
    """
    subject_mismatch = join_due(scope)
    if not subject_mismatch:
        return []
    count = f"{len(subject_mismatch)} outcome{'s' if len(subject_mismatch) > 1 else ''}"
    said = f"{count} named a prediction of another subject, and count for none"
    subject, first = f"endpoint:{scope.name}", subject_mismatch[0]  # joined once, so it names these and no others
    return _tell(scope, now, "subject_mismatch", subject, first, count=len(subject_mismatch), reason=said)


def _watch(scope: Endpoint, jobs: Jobs, now: Micros) -> list[Event]:
    """Close every monitor's windows: those over answers here, heavy ones in the child. Then the alarms of all of them.

    Alarms are looked for in every window since the last full tick: a loop that was killed may have closed some. One that
    cannot close its windows fails the turn only when the others' alarms are raised: later ticks do not look so far back.
    """
    before = state_of(scope.project).get("clock")
    wrong = [exc for m in monitors().values() if not m.heavy and (exc := _close(scope, m, now)) is not None]
    failed = _close_heavy(scope, jobs, now)
    since = None if before is None else int(before) - scope.monitor.reach - 2 * scope.monitor.span
    closed = [w for m in monitors().values() for w in closed_of(scope, m.name, since=None if m.once else since)]
    judged = () if since is None else scope.store.windows.list(**scope.here, judged_since=before, until=since)
    again = [w for w in judged if w.monitor in monitors()]  # those of comparisons alarm nobody
    raised = raise_alarms(scope, [*again, *closed], now)
    if wrong:
        raise wrong[0]
    return [*raised, *failed]


def _close(scope: Endpoint, monitor: Monitor, now: Micros) -> TidemillError | None:
    """What is wrong with this monitor, if it cannot close its windows; what is wrong with the machine is raised."""
    try:
        monitor.close(scope, now)
    except (DiskFull, StoreBusy, LeaseLost):
        raise
    except TidemillError as exc:
        return exc
    return None


def _close_heavy(scope: Endpoint, jobs: Jobs, now: Micros) -> list[Event]:
    """The child's part; the event of its failure."""
    if not any(_is_asked(scope, monitor, now) for monitor in monitors().values() if monitor.heavy and not monitor.once):
        return []
    try:
        jobs.run("watch", {"now": now, "endpoint": scope.name}, scope.project.limit("watch"))
    except JobFailed as exc:
        return _failed(scope, now, "watch", exc)
    return []


def _is_asked(scope: Endpoint, monitor: Monitor, now: Micros) -> bool:
    """Whether a window of this monitor is due, or the dataset has gained rows since it looked last."""
    if not monitor.applies(scope):
        return False
    if monitor.is_due is not None:
        return monitor.is_due(scope, now)
    return bool(due(scope, monitor.name, now)) or (monitor.rows and outdated(scope, monitor.name, now))


def _look_at_rollout(scope: Endpoint, jobs: Jobs, now: Micros, previous: Micros | None) -> list[Event]:
    from tidemill.release.rollout.rollout import check, decides, watched
    from tidemill.retrain.looks import arms, ripened

    release = watched(scope.project, scope.name)
    if release is None:
        return []
    lasts = _still_paused(scope, release, now)
    release, looked, unasked = _mirrored(scope, jobs, release, now)
    seen = arms(scope, release, now)
    paired, failed = _pairs(scope, jobs, release, now, ripened(scope, previous) or decides(release, now, seen))
    said = {**paired, **({} if looked else {"looked": False})}
    events = check(scope.project, scope.name, now, replace(seen, **said))
    if events:
        _follow(scope.project)
    return [*lasts, *unasked, *failed, *events]


def _still_paused(scope: Endpoint, release: Release, now: Micros) -> list[Event]:
    """A pause that lasts is told again, once each day: while it lasts nothing is retrained either."""
    pause = release.evidence.paused
    days = (now - pause.since) // DAY if pause is not None else 0
    if pause is None or days < 1:
        return []
    at, why = pause.since + days * DAY, f"for {days} day{'s' * (days != 1)}, by {pause.by}: {pause.reason}"
    return _tell(scope, at, "still_paused", f"release:{release.id}", "", model=release.model, reason=why, days=days)


def _look_after(scope: Endpoint, jobs: Jobs, now: Micros, previous: Micros | None) -> list[Event]:
    """At a champion whose bake is over: labels come late, and a decay later."""
    from tidemill.release.rollout.rollout import look_after
    from tidemill.release.rollout.rules import Finding
    from tidemill.retrain.after import asks, platform, watched
    from tidemill.retrain.looks import ripened

    release = watched(scope)
    if release is None:
        return []
    found, watch = platform(scope, release, now, closed=previous is None or next_end(scope, previous) <= now)
    failures: list[Event] = []
    if asks(scope, release) and ripened(scope, previous):
        asked = {"endpoint": scope.name, "release": release.id, "now": now}
        try:
            told = jobs.run("after", asked, scope.project.limit("watch"))["findings"]
            found += [Finding(**one) for one in told]
        except JobFailed as exc:
            failures = _failed(scope, now, "after", exc)
    events = look_after(scope.project, release, found, now, watch)
    if events:
        _follow(scope.project)
    return [*failures, *events]


def _mirrored(scope: Endpoint, jobs: Jobs, release: Release, now: Micros) -> tuple[Release, bool, list[Event]]:
    """A release in shadow with what it was asked by now, in the child; whether it was, and the event of its failure."""
    from tidemill.release.variants import in_shadow
    from tidemill.retrain.mirrored import mirror_due

    if not in_shadow(release) or not mirror_due(release, now):
        return release, True, []
    if _has_just_failed(scope, now, "mirror"):
        return release, False, []
    asked = {"endpoint": scope.name, "release": release.id, "now": now}
    try:
        jobs.run("mirror", asked, scope.project.limit("watch"))
    except JobFailed as exc:
        return release, False, _failed(scope, now, "mirror", exc)
    return scope.store.releases.get(release.id), True, []


def _pairs(scope: Endpoint, jobs: Jobs, release: Release, now: Micros, asked: bool) -> tuple[JsonObject, list[Event]]:
    """What live pairs say of a canary, or in a bake, made in the child when there are new ones or they decide; the event of its failure."""
    from tidemill.release.gates.compare import Comparison
    from tidemill.release.pairs import fair
    from tidemill.release.shadow import margin_of

    if not fair(scope):
        return {}, []
    if not asked:
        return {"looked": False}, []
    try:
        found = jobs.run("pairs", {"endpoint": scope.name, "release": release.id}, scope.project.limit("watch"))
    except JobFailed as exc:
        return {}, _failed(scope, now, "pairs", exc)
    if found["comparison"] is None:
        return {}, []
    return {"pairs": Comparison(**found["comparison"]), "margin": margin_of(scope, release)}, []


def _look_at_shadow(scope: Endpoint, jobs: Jobs, now: Micros, previous: Micros | None) -> list[Event]:
    from tidemill.retrain.looks import due, give_up

    release = due(scope, now, previous)
    if release is None:
        return []
    try:
        found = jobs.run("look", {"endpoint": scope.name, "now": now}, scope.project.limit("watch"))
    except JobFailed as exc:
        return [*_failed(scope, now, "look", exc), *give_up(scope, release, now)]
    if found["events"]:
        _follow(scope.project)
    return [scope.store.events.get(id) for id in found["events"]]


def _compare(scope: Endpoint, jobs: Jobs, now: Micros) -> list[Event]:
    """What an A/B and the holdout have shown; one that has ended as its terms say, released."""
    from tidemill.experiment import holdout, look

    holdout.look(scope, now)
    events = look.look(scope, now)
    if any(event.kind == "experiment_ended" for event in events):
        _follow(scope.project)
    if (model := look.to_release(scope)) is None or _has_just_failed(scope, now):
        return events
    try:
        jobs.run(
            "release",
            {"endpoint": scope.name, "model": model, "author": "the loop", "decision": None},
            scope.project.limit("release"),
        )
    except JobFailed as exc:
        return [*events, *_failed(scope, now, "release", exc)]
    _follow(scope.project)
    return events


def _hold_out(scope: Endpoint, jobs: Jobs, now: Micros) -> list[Event]:
    """Have the holdout answered by what the configuration says, as fresh as the champion; made in the child."""
    from tidemill.experiment import holdout

    if not holdout.is_due(scope) or _has_just_failed(scope, now, "holdout"):
        return []
    try:
        found = jobs.run("holdout", {"endpoint": scope.name}, scope.project.limit("train"))
    except JobFailed as exc:
        return _failed(scope, now, "holdout", exc)
    _follow(scope.project)
    return [scope.store.events.get(id) for id in found["events"]]


def _promote(scope: Endpoint, jobs: Jobs, now: Micros) -> list[Event]:
    """Take what serves in the environment before through the gates of this one, once its rules of promotion are kept."""
    from tidemill.release.promotion import due

    found = due(scope)
    if found is None or _has_just_failed(scope, now):
        return []
    asked: JsonObject = {"endpoint": scope.name, "model": found.model, "author": "the loop", "decision": None}
    try:
        made = jobs.run("release", asked, scope.project.limit("release"))
    except JobFailed as exc:
        return _failed(scope, now, "release", exc)
    _follow(scope.project)
    return _tell(
        scope, now, "promotion", f"release:{made['release']}", found.model, model=found.model, status=made["status"]
    )


def _has_just_failed(scope: Endpoint, now: Micros, kind: str = "release") -> bool:
    """Whether a promotion (or another such job) could not be done within the hour: its gates start a server, which is nothing for every minute."""
    failed = scope.store.jobs.list(**scope.here, status="failed")
    return any(job.kind == kind and (job.ended or job.started) > now - AGAIN for job in failed)


def _decide(scope: Endpoint, jobs: Jobs, now: Micros, previous: Micros | None) -> list[Event]:
    """Take the decision of this moment, or the one taken already, and do what it says if that is not done."""
    store, decision = scope.store, _taken(scope, now, previous)
    if decision.action != "retrain" or decision.run is not None:
        return []
    events = _tell(scope, decision.at, "retrain", f"decision:{decision.id}", "", reason=decision.reason)
    if store.jobs.list(**scope.here, status="failed", decision=decision.id):
        return events
    try:
        built = _built(scope, jobs, decision)
    except JobFailed as exc:
        return events + failed(scope.project, _of_decision(scope, exc.kind, decision), exc)
    store.decisions.update(decision.id, run=built[-1]["run"] or built[-1]["model"])
    _follow(scope.project)
    what_became = store.events.list(since=now, until=now + 1)  # to be told of, and decided on by nobody
    made = [one["model"] for one in built]
    return [*events, *(event for event in what_became if event.data.get("model") in made)]


def _built(scope: Endpoint, jobs: Jobs, decision: Decision) -> list[JsonObject]:
    """The candidate of a decision, built and judged; where it is of another method and refused, the champion's own recipe fitted
    anew, too: another method has to be better at the same age, while the champion grows older, and an alarm of decay calls once.

    Raises JobFailed.
    """
    asked = {"endpoint": scope.name, "decision": decision.id}
    champion, built = scope.champion(), list[JsonObject]()
    only = scope.store.models.get(champion.model).recipe if champion else None
    for more in ({}, {"only": only}):
        made, judged = _tried(scope, jobs, decision, {**asked, **more})
        built.append(made)
        kind = made.get("kind")  # that of what was asked for: what is built beside a refit is not the champion's recipe
        if judged["status"] == "refused" and (fair := _mitigated(scope, judged["release"])) is not None:
            made, judged = _tried(scope, jobs, decision, {**asked, "only": fair})
            built.append(made)
        if (judged["status"], kind) != ("refused", "method"):
            break
    return built


def _tried(scope: Endpoint, jobs: Jobs, decision: Decision, asked: JsonObject) -> tuple[JsonObject, JsonObject]:
    """A candidate, and what became of it before the gates. Raises JobFailed."""
    made = _do(scope, jobs, "train", decision, asked)
    of = {name: value for name, value in asked.items() if name != "only"}
    return made, _do(scope, jobs, "release", decision, {"model": made["model"], "author": "the loop", **of})


def _mitigated(scope: Endpoint, release: str) -> JsonObject | None:
    from tidemill.retrain.mitigated import mitigated

    return mitigated(scope, scope.store.releases.get(release)) if scope.fairness.mitigate else None


def _taken(scope: Endpoint, now: Micros, previous: Micros | None) -> Decision:
    """The decision of this moment, or the one before that is not done. Between due moments of a live project, waiting is not written
    down."""
    id = named_id("decision", *scope.salt, str(now))
    with suppress(NotFound):
        return scope.store.decisions.get(id)
    if (left := _left(scope, previous)) is not None:
        return left
    policy = Policy.of(scope.retrain)
    found = gather(scope, now, previous)
    if rules := policy_of(scope.project).digest:
        found["rules"] = rules  # the project's policy that it is taken under
    choice = decide(policy, found)
    decision = Decision(
        id,
        now,
        **choice._asdict(),
        evidence=found,
        evidence_digest=evidence_digest(found),
        policy=msgspec.to_builtins(policy),
        **scope.here,
    )
    if choice.action == "retrain" or scope.project.replay or _is_moment(scope, policy, now, previous):
        scope.store.decisions.add(decision)
    return decision


def _left(scope: Endpoint, previous: Micros | None) -> Decision | None:
    """The decision to retrain of a tick that was killed or stopped in the middle of it: by now the clock of a live project has gone on."""
    last = scope.store.decisions.first(**scope.here, action="retrain")
    done = last is None or last.run is not None or (previous is not None and last.at <= previous)
    return None if done else last


def _is_moment(scope: Endpoint, policy: Policy, now: Micros, previous: Micros | None) -> bool:
    """Whether a window ended or a schedule came since the decision before."""
    if previous is None or next_end(scope, previous) <= now:
        return True
    schedule = policy.next_schedule(previous)
    return schedule is not None and schedule <= now


def _of_decision(scope: Endpoint, kind: str, decision: Decision) -> Job:
    """Begun when the decision was taken, also where it is gone on with later: the same job."""
    return job_of(scope.project, scope.name, kind, f"decision:{decision.id}", decision.at, decision.id)


def _do(scope: Endpoint, jobs: Jobs, kind: str, decision: Decision, params: JsonObject) -> JsonObject:
    """A job that a decision asked for, with its record. Raises JobFailed, and leaves the record to who tells of it."""
    job = _of_decision(scope, kind, decision)
    scope.store.jobs.put(job)
    answer = jobs.run(kind, params, scope.project.limit(kind))
    scope.store.jobs.put(replace(job, status="done", ended=scope.clock.now()))
    return answer


def _failed(scope: Endpoint, now: Micros, kind: str, why: TidemillError) -> list[Event]:
    """A job of the endpoint's, or its turn, went wrong."""
    return failed(scope.project, job_of(scope.project, scope.name, kind, f"endpoint:{scope.name}", now), why)


def _tell(scope: Endpoint, now: Micros, kind: str, subject: str, of: str, **data: Any) -> list[Event]:
    """Write an event down, once; nothing when it is there already."""
    told: JsonObject = {"endpoint": scope.name, **data}
    event = Event(named_id("event", kind, subject, of, str(now)), now, kind, subject, told)
    return [event] if scope.store.events.add_once(event) else []


def _follow(project: Project) -> None:
    """Ask a running scorer to look at the releases now; it would by itself, a little later."""
    from tidemill.errors import ServeError
    from tidemill.serve.client import Client

    with suppress(ServeError, OSError), closing(Client.of(project.root, timeout=10.0)) as client:
        client.post("/control/refresh", {})
