"""`tidemill status`: is everything all right? `tidemill doctor`: what could go wrong here. `tidemill gc`: what may go."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from tidemill.access.callers import local
from tidemill.cli.output import Answer, Column, Part, Table, command, endpoint_option
from tidemill.errors import NOT_ALL_RIGHT, StoreError
from tidemill.learning.measures import measure
from tidemill.ops.away import away, said_of
from tidemill.ops.doctor import examine, examine_away
from tidemill.ops.experiments import said_of_worth
from tidemill.ops.gc import collect
from tidemill.ops.questions.answered import Questions
from tidemill.ops.questions.asked import questions
from tidemill.ops.snapshot import Asked
from tidemill.ops.status import Status
from tidemill.ops.status import status as look
from tidemill.ops.text import plural, share
from tidemill.scope.project import Project
from tidemill.serve.client import troubled
from tidemill.store.records import DatasetVersion
from tidemill.types import JsonObject, Micros, to_iso

ITEMS = 3
"""Items in quarantine that are named."""
ENDPOINTS: dict[str, Column] = {
    "endpoint": "endpoint",
    "": lambda found: found.verdict.line,
    "champion": "champion",
    "waiting": lambda found: found.waiting or None,
    "why": lambda found: found.verdict.why,
}


SCORERS: dict[str, Column] = {
    "scorer": "name",
    "": "state",
    "serves": lambda one: ", ".join(f"{e}: {v.get('champion') or 'nothing'}" for e, v in one.serves.items()),
    "environment": lambda one: one.environment or None,
    "position": "position",
    "heard": lambda one: to_iso(one.heard),
}
BATCHES: dict[str, Column] = {
    "batch": "name",
    "": lambda one: "fails" if one.failing else "waits" if one.last is None else "done",
    "when": "when",
    "last": lambda one: one.last and to_iso(one.last),
    "rows": "rows",
    "errors": lambda one: one.errors or None,
    "next": lambda one: one.next and to_iso(one.next),
    "why": lambda one: one.failing or None,
}
FINDINGS: dict[str, Column] = {
    "": lambda finding: "well" if finding.well else "LOOK",
    "what": "what",
    "found": "message",
    "hint": lambda finding: None if finding.well else finding.hint,
}


def _away(root: Path, exc: StoreError) -> Answer:
    """What can be said all the same."""
    found = away(root)
    facts: JsonObject = {
        "project": found.project,
        "stores": f"{said_of(root, exc)}{f' → {exc.hint}' if exc.hint else ''}",
        "server": ", ".join(f"{name}: {found.server.get(name, 'no server answers here')}" for name in found.endpoints),
        "here": ", ".join(found.here) or None,
        **{name: troubled(name, told) for name, told in found.trouble.items()},
    }
    line = "The stores cannot be read: nothing is known of data, models and releases."
    error = {"code": exc.code, "message": exc.message, "place": exc.place, "hint": exc.hint}
    value = {**asdict(found), "all_right": False, "error": error}
    return Answer(value, [line, "", facts], NOT_ALL_RIGHT)


def _doctor_away(root: Path, exc: StoreError) -> Answer:
    found = examine_away(root, exc)
    return Answer(found, [Table(FINDINGS, found)], NOT_ALL_RIGHT)


@command(away=_away)
@endpoint_option
@click.option("--role", help="Answer the three questions that this role asks first, as its page does.")
def status(project: Project, endpoint: str | None, role: str | None) -> Answer:
    """Whether all is well: what serves, on which data, what was decided last, what waits. Exit code 9: not all right."""
    if role is not None:
        return _questions(questions(project, local(project), role))
    found = look(project, endpoint=endpoint)
    parts: list[Part] = [f"{found.verdict.line} {found.verdict.why}", *_next(found.verdict.next), ""]
    if len(found.endpoints) > 1:
        parts += [Table(ENDPOINTS, found.endpoints), f"\nof {found.endpoint}:"]
    parts.append(_facts(found, project.goal.told))
    if found.batches:
        parts += ["", Table(BATCHES, found.batches)]
    if found.scorers:
        parts += ["", Table(SCORERS, found.scorers)]
    return Answer(found, parts, 0 if found.all_right else NOT_ALL_RIGHT)


def _questions(found: Questions) -> Answer:
    """Each question, its answer, and the table of it."""
    parts: list[Part] = []
    for one in found.questions:
        parts += ["", f"{one.question} {one.answer}"]
        if one.rows:
            parts += ["", Table({name: _nth(i) for i, name in enumerate(one.columns)}, one.rows)]
    return Answer(
        found, parts[1:], NOT_ALL_RIGHT if any(one.state in ("warn", "bad") for one in found.questions) else 0
    )


def _nth(i: int) -> Column:
    return lambda row: row.cells[i]


def _next(text: str) -> list[Part]:
    return [f"Next: {text}"] if text else []


def _facts(found: Status, goal: dict[str, str]) -> JsonObject:
    retrained, alarm = found.retrained, found.alarms[0] if found.alarms else None
    return {
        "project": f"{found.project} ({found.mode}, {to_iso(found.clock)})",
        **goal,
        **{part.key: f"{part.headline}; {part.detail}{f' → {part.next}' if part.next else ''}" for part in found.parts},
        "champion": found.champion and found.champion.model,
        "canary": found.canary and found.canary.model,
        "shadow": found.shadow and found.shadow.model,
        "waiting": [r.id for r in found.waiting],
        "datasets": [_dataset(d, found.complete_through.get(d.dataset)) for d in found.data],
        "predictions": f"{found.predictions:,}",
        "outcomes": ", ".join(f"{k or 'not joined yet'} {v:,}" for k, v in found.outcomes.items()) or "0",
        "labels": found.labels_through and f"complete through the answers of {to_iso(found.labels_through)}",
        "quarantined": _quarantined(found.quarantined),
        "asked": _asked(found.asked),
        "quality": _quality(found.quality),
        "worth": [said_of_worth(one) for one in found.worth],
        "experiment": found.experiment and f"{found.experiment.id}: {' beside '.join(found.experiment.models[::-1])}",
        "estimate": found.estimate and found.estimate["words"],
        "drift": str(found.drift),
        "last alarm": alarm and to_iso(alarm.opened),
        "retrained": retrained and f"{to_iso(retrained.at)}: {retrained.reason}",
        "here": ", ".join(found.here) or None,
        "leads": found.leader and f"the loop of {found.leader}",
        "running": found.running,
        "interrupted": [f"{run}: tidemill runs resume {run}" for run in found.interrupted],
    }


def _dataset(version: DatasetVersion, through: Micros | None) -> str:
    until = f", complete through {to_iso(through)}" if through is not None else ""
    return f"{version.dataset}@{version.version}, {version.rows:,} rows{until}"


def _quarantined(found: dict[str, int]) -> str | None:
    """Feedback about items that nobody sells."""
    if not found:
        return None
    items = sorted(found, key=lambda item: (-found[item], item))
    more = " …" if len(items) > ITEMS else ""
    return f"{sum(found.values()):,} outcomes of items that no file has: {', '.join(items[:ITEMS])}{more}"


def _asked(found: Asked | None) -> str | None:
    """Of whom nothing is known, or nothing that still matters."""
    if found is None or not found.subjects:
        return None
    n = found.subjects
    stale = f"{share(found.stale / n)} have a history too old to change their answer"
    return f"of the last {plural(n, 'subject')} {share(found.strangers / n)} are strangers, {stale}"


def _quality(found: JsonObject | None) -> str | None:
    """The live figure, and what the model promised."""
    if found is None:
        return None
    kind, promise = measure(found["metric"]), found["promised"]
    bound = f", promised {kind.text(promise)} {kind.bound}" if promise is not None else ""
    said = f"; {found['shown']}" if found["shown"] else ""
    return f"{kind.name} {kind.text(found['value'])} over {found['answers']:,} answers{bound}{said}"


@command(away=_doctor_away)
def doctor(project: Project) -> Answer:
    """Look for what could go wrong, and say how to mend it. Exit code 9 when there is something."""
    found = examine(project)
    return Answer(found, [Table(FINDINGS, found)], 0 if all(f.well for f in found) else NOT_ALL_RIGHT)


@command()
@click.option("--dry-run", is_flag=True, help="Say what would be deleted, and delete nothing.")
def gc(project: Project, dry_run: bool) -> Answer:
    """Delete the artifacts that no record reaches: older runs' results, lost models' baselines, what kills left behind."""
    found = collect(project, local(project), dry_run=dry_run)
    verb = "would delete" if dry_run else "deleted"
    what = f"{len(found.deleted):,} artifacts, {found.size / 1e6:,.1f} MB ({found.unrecorded:,} without a record)"
    kept = f"kept {found.kept:,}" + (f", {found.young:,} of them only because they are of today" if found.young else "")
    return Answer(found, [f"{verb} {what}; {kept}"])
