"""Is it up, what is due, what is slow."""

from __future__ import annotations

from collections.abc import Mapping

from tidemill.ops.batch import scheduled
from tidemill.ops.questions.answered import Answered, Row, Series, cut, unknown
from tidemill.ops.snapshot import Snapshot
from tidemill.ops.status import answer, loop_state, snapshots
from tidemill.ops.text import about, ago, minute, plural, quantile, span
from tidemill.ref import Ref, short_name
from tidemill.scope.names import loop_key
from tidemill.scope.project import Project
from tidemill.store.payloads import PlatformWindow
from tidemill.store.records import Run
from tidemill.types import Micros

_UP = {"ok": "answers", "down": "no server runs", "no_model": "answers 503", "degraded": "its champion is refused"}
SHOWN = 30  # Windows in the picture


def up(project: Project, health: Mapping[str, str]) -> Answered:
    """Is it up? What answers at each endpoint by the server's own word, and why not where it does not."""
    seen = snapshots(project, health)
    lines, verdict = answer(seen)
    rows = [
        Row((at.endpoint, _UP.get(at.health, at.health), short_name(one.champion) or "–", one.verdict.line))
        for at, one in zip(seen, lines)
    ]
    rows += [
        Row((f"scorer {one.name}", one.state, "–", f"heard {ago(one.heard, at.now)}"))
        for at in seen[:1]
        for one in at.scorers
    ]
    off = [at.endpoint for at in seen if at.health != "ok"]
    if not off:
        first = f"Yes: {plural(len(seen), 'endpoint')} {'answers' if len(seen) == 1 else 'answer'}"
        line = f"{first}." if verdict.all_right else f"{first}. {verdict.line} {verdict.why.rstrip('.')}."
    else:
        line = f"No: {', '.join(off)} {'does' if len(off) == 1 else 'do'} not answer as released. {verdict.why.rstrip('.')}."
    shown, more = cut(rows)
    state = "bad" if off and verdict.state != "idle" else verdict.state
    columns = ("what", "state", "champion", "verdict")
    return Answered("up", "Is it up?", line, state, "/live", True, columns, shown, more)


def due(project: Project, health: Mapping[str, str]) -> Answered:
    """What is due? What waits for a person, what the loop and the batches do next, and stages that end."""
    now, rows = project.clock.now(), []
    seen = snapshots(project, health)
    for release in (release for at in seen for release in at.held):
        what = f"{short_name(release.model)} waits for approval"
        rows.append((release.created, Row((what, f"since {minute(release.created)}"), str(Ref("release", release.id)))))
    waiting = len(rows)
    for job in project.store.jobs.list(environment=project.environment, status="failed"):
        rows.append((job.started, Row((f"{job.kind} failed: {job.error}", ago(job.ended or job.started, now)))))
    loop = project.store.settings.get(loop_key(project.environment))
    if isinstance(loop, dict) and isinstance(loop.get("next_due"), int):
        rows.append((loop["next_due"], Row(("the loop closes its windows", _in(loop["next_due"], now)))))
    for one in scheduled(project):
        if one.failing:
            rows.append((now, Row((f"batch {one.name} fails: {one.failing}", "now"))))
        elif one.next is not None:
            rows.append((one.next, Row((f"batch {one.name}", _in(one.next, now)))))
    rows += [found for at in seen for found in _stage(at)]
    failed = sum("fail" in row.cells[0] for _, row in rows)
    if not rows:
        return unknown("due", "What is due?", f"the loop has not run here: {loop_state(seen[0])[1]}", "/decisions")
    rows.sort(key=lambda found: found[0])
    shown, more = cut([row for _, row in rows])
    first = "Nothing waits for a person" if not waiting else f"{plural(waiting, 'release')} to approve"
    next_ = next((row for at, row in rows if at > now), None)
    broken = f", {plural(failed, 'job')} failed" if failed else ""
    line = f"{first}{broken}; next: {next_.cells[0]}, {next_.cells[1]}." if next_ else f"{first}{broken}."
    state = "bad" if failed else "waiting" if waiting else "ok"
    return Answered(
        "due",
        "What is due?",
        line,
        state,
        "/releases" if waiting else "/decisions",
        True,
        ("what", "when"),
        shown,
        more,
    )


def _in(at: Micros, now: Micros) -> str:
    return f"in {about(at - now)}" if at > now else f"since {minute(at)}"


def _stage(at: Snapshot) -> list[tuple[Micros, Row]]:
    """When the stage of a canary, or the bake of a champion, is over at the earliest."""
    found = []
    bake = at.champion.evidence.bake_until if at.champion else None
    for release, what, ends in ((at.canary, "stage of", _stage_ends(at)), (at.champion, "bake of", bake)):
        if release is not None and ends is not None and ends > at.now:
            found.append(
                (ends, Row((f"{what} {short_name(release.model)}", _in(ends, at.now)), str(Ref("release", release.id))))
            )
    return found


def _stage_ends(at: Snapshot) -> Micros | None:
    if at.canary is None or not at.canary.stages or at.canary.evidence.paused is not None:
        return None
    lasts = at.canary.stages[at.canary.stage].get("span")
    return at.canary.stage_since + lasts if isinstance(lasts, int) else None


def slow(project: Project, health: Mapping[str, str]) -> Answered:
    """What is slow? The time of the last answers of each endpoint beside the limit, and the pipelines that take longest."""
    key, question = "slow", "What is slow?"
    seen = snapshots(project, health)
    rows, over, pictures = [], [], []
    for at in seen:
        took = [p.latency_us for p in at.recent if p.latency_us]
        windows = [(w, w.data) for w in at.windows("platform") if isinstance(w.data, PlatformWindow) and w.data.p99_us]
        limit = next((d.p99_limit_us for _, d in reversed(windows) if d.p99_limit_us), 0)
        if took:
            p50, p99 = quantile(took, 0.5), quantile(took, 0.99)
            over += [f"{at.endpoint} (p99 {span(p99)}, limit {span(limit)})"] if limit and p99 > limit else []
            rows.append(Row((f"answers of {at.endpoint}", span(p50), span(p99), span(limit) if limit else "–")))
        pictures += (
            [
                Series(
                    f"Latency p99 of {at.endpoint} by window",
                    "window",
                    "ms",
                    tuple((minute(w.start)[:10], (d.p99_us or 0) / 1000) for w, d in windows[-SHOWN:]),
                )
            ]
            if len(windows) > 1
            else []
        )
    runs = _pipelines(project)
    rows += [Row((f"pipeline {r.pipeline}", span(_took(r)), "–", "–"), str(Ref("run", r.id))) for r in runs]
    if not rows:
        return unknown(key, question, "nothing was asked and no pipeline has ended", "/live")
    slowest = f"the longest pipeline is {runs[0].pipeline} with {span(_took(runs[0]))}" if runs else ""
    fast = next((f"p99 {row.cells[2]}" for row in rows if row.cells[0].startswith("answers")), "no request yet")
    line = f"Too slow: {', '.join(over)}" if over else f"No answer is beyond its limit: {fast}"
    shown, more = cut(rows)
    columns = ("what", "usually", "p99", "limit")
    state = "warn" if over else "ok"
    told = f"{line}{'; ' + slowest if slowest else ''}."
    return Answered(key, question, told, state, "/live", True, columns, shown, more, pictures[0] if pictures else None)


def _took(run: Run) -> int:
    return (run.ended or 0) - (run.started or 0)


def _pipelines(project: Project) -> list[Run]:
    """The last run of each pipeline that has ended, the longest first; of a replay, whose clock stands still meanwhile, none."""
    last: dict[str, Run] = {}
    for run in project.store.runs.page(limit=100):
        if run.started and run.ended and run.ended > run.started:
            last.setdefault(run.pipeline, run)
    return sorted(last.values(), key=_took, reverse=True)


QUESTIONS = (up, due, slow)
