"""`tidemill decisions ls | show | replay`: why did it retrain, and would it again? And `tidemill alarms`."""

from __future__ import annotations

from pathlib import Path

import click

from tidemill.access.callers import local
from tidemill.cli.comment import under
from tidemill.cli.output import Answer, Column, Listing, Part, Table, command, endpoint_option, fields, listed, paged
from tidemill.ops import records
from tidemill.ref import short_name
from tidemill.retrain.score import SETTLED as WORDS
from tidemill.scope.project import Project
from tidemill.store.records import Settlement

DECISIONS: dict[str, Column] = {"decision": "id", **fields("at", "action", "reason", "run")}
REPLAYED: dict[str, Column] = {**fields("decision", "at", "was"), "would be": "now", "reason": "reason"}


def _range(one: Settlement) -> str | None:
    """What came, with its interval."""
    return f"{one.came:+.3g} ({one.interval[0]:+.3g} to {one.interval[1]:+.3g})" if one.interval else None


SETTLED: dict[str, Column] = {
    "at": "at",
    "what": lambda one: one.what or one.kind,
    "of": lambda one: short_name(one.model),
    "against": lambda one: short_name(one.other) or "its promise",
    "expected": lambda one: one.expected and f"{one.expected:+.3g}",
    "came": _range,
    **fields("requests", "settled"),
}


@click.group()
def decisions() -> None:
    """Why it retrained, and why not."""


@command(decisions)
@click.option("--all", "everything", is_flag=True, help="Also the times it decided to wait.")
@paged(100)
@endpoint_option
def ls(project: Project, everything: bool, endpoint: str | None, limit: int, before: str | None) -> Answer:
    """The decisions, newest last."""
    action: records.Action | None = None if everything else "retrain"
    return listed(records.decisions(project, action, limit, before, endpoint), DECISIONS, newest_last=True)


@command(decisions)
@click.argument("decision")
def show(project: Project, decision: str) -> Answer:
    """One decision with all its evidence."""
    found = records.decision(project, decision)
    parts: list[Part] = [
        {
            "decision": found.id,
            **{name: getattr(found, name) for name in ("at", "action", "reason", "run")},
            **{k: v for k, v in found.evidence.items() if k not in ("at", "alarms", "attempts")},
            "policy": found.policy,
            "evidence": found.evidence_digest,
        }
    ]
    for heading in ("alarms", "attempts"):
        rows = found.evidence.get(heading) or []
        parts += [f"\n{heading}:", Table(fields(*rows[0]) if rows else {}, rows, "none")]
    return Answer(found, [*parts, *under(project, f"decision:{found.id}")])


@command(decisions)
@click.option("--policy", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="Another tidemill.toml.")
def replay(project: Project, policy: Path | None) -> Answer:
    """Decide again from the stored evidence: the same policy gives the same decisions; of another it says what it assumes."""
    found = records.replay_with(project, policy)
    said = f"{found.decisions} decisions from stored evidence, {found.decisions - found.differ} the same"
    biased = [found.biased] if found.biased else []
    code = 1 if found.differ and policy is None else 0
    return Answer(found, [said, Table(REPLAYED, found.changed, "none differs"), *biased], code)


@command(decisions)
@paged(30)
@endpoint_option
def score(project: Project, endpoint: str | None, limit: int, before: str | None) -> Answer:
    """Whether alarms, refusals, promotions and roll backs were right, by the labels of the four weeks after each."""
    found = records.score(project, limit, before, endpoint)
    counts = [{"what": kind, **of} for kind, of in found.counts.items()]
    parts: list[Part] = [Table(fields("what", *WORDS), counts, "nothing is settled yet")]
    parts += [Table(SETTLED, found.items), ""] if found.items else []
    parts.append(f"{found.open} not settled yet: their labels are not in")
    parts += [f"more: --before {found.next}"] if found.next else []
    return Answer(found, parts)


@click.group(cls=Listing)
def alarms() -> None:
    """What the monitors saw: all of it, or those that are open."""


@command(alarms, "ls")
@click.option("--open", "is_open", is_flag=True, help="Only those that go on.")
@paged(30)
@endpoint_option
def ls_alarms(project: Project, is_open: bool, endpoint: str | None, limit: int, before: str | None) -> Answer:
    """The alarms of the monitors, the latest first: what is wrong, since when, and whether quality is affected."""
    at = project.endpoint(endpoint)
    columns: dict[str, Column] = {
        "alarm": "id",
        **fields("opened", "monitor", "what", "since"),
        "quality affected": lambda alarm: records.affected(at, alarm)["answer"],
        **fields("closed", "ended"),
    }
    return listed(records.alarms(project, is_open or None, limit, before, endpoint), columns, empty="no alarm")


@command(alarms)
@click.argument("alarm")
@click.option("--reason", required=True, help="Why: it stays with the alarm.")
def close(project: Project, alarm: str, reason: str) -> Answer:
    """Close an alarm by hand: what goes on after it may be an alarm of its own."""
    found = records.close_alarm(project, local(project), alarm, reason)
    return Answer(found, [f"closed {found.id}"])
