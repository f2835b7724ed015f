"""What happened, in words: an event as a line of the timeline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from tidemill.ref import Ref, short_name
from tidemill.store.records import Event
from tidemill.types import DAY, Micros
from tidemill.web import format as words
from tidemill.web.site import home_of

_KINDS: dict[str, tuple[str, str]] = {
    "again": ("note", "The same data again"),
    "alarm": ("warn", "Alarm"),
    "alarm_closed": ("note", "Alarm closed"),
    "alarm_taken_back": ("note", "Alarm taken back"),
    "approved": ("ok", "Approved"),
    "baked": ("ok", "Bake passed"),
    "blocked": ("bad", "Data blocked"),
    "columns": ("note", "Columns beside the contract"),
    "callback_key_rotated": ("note", "Callback key rotated"),
    "canary": ("busy", "Canary started"),
    "clock": ("warn", "The clock was set"),
    "collected": ("note", "Artifacts deleted"),
    "damaged": ("bad", "Not served: bytes or signature not trusted"),
    "doubtful": ("warn", "Doubtful evidence"),
    "arm": ("busy", "An arm of an A/B answers"),
    "experiment": ("busy", "A/B started"),
    "experiment_ended": ("ok", "A/B ended"),
    "experiment_held": ("warn", "A/B without a verdict"),
    "experiment_settled": ("note", "A/B settled otherwise"),
    "failed": ("warn", "A job failed"),
    "override": ("warn", "Forced past the gates"),
    "halted": ("warn", "Halted"),
    "held": ("warn", "Waits for approval"),
    "holdout": ("note", "Holdout answered by"),
    "holdout_over": ("note", "Nobody is held out any more"),
    "ingested": ("note", "New data"),
    "look": ("note", "Shadow looked at"),
    "not_served": ("bad", "Not served"),
    "parity": ("note", "Parity checked"),
    "person_asked": ("note", "A person's data was looked at"),
    "comment": ("note", "Comment"),
    "comment_removed": ("note", "Comment taken back"),
    "vote": ("note", "A word on what is asked"),
    "vote_taken_back": ("note", "A word taken back"),
    "policy_changed": ("warn", "The policy changed"),
    "no_way_back": ("bad", "Worse than before, and no way back"),
    "paused": ("warn", "Paused"),
    "promoted": ("ok", "Promoted"),
    "quarantined": ("warn", "Rows in quarantine"),
    "refused": ("warn", "Refused by the gates"),
    "rejected": ("warn", "Rejected"),
    "retrain": ("busy", "Retraining"),
    "resumed": ("busy", "Goes on"),
    "rolled_back": ("bad", "Rolled back"),
    "still_paused": ("warn", "Still paused"),
    "shadow": ("busy", "Not decided: in shadow"),
    "backup_made": ("ok", "Backup made"),
    "erasure_approved": ("ok", "An erasure may be done"),
    "erasure_asked": ("warn", "An erasure waits for a yes"),
    "erasure_rejected": ("warn", "An erasure is refused"),
    "hold_begun": ("warn", "Data of a person is held"),
    "hold_released": ("note", "A hold is released"),
    "recalled": ("warn", "A file is recalled"),
    "recall_asked": ("note", "A recall begins"),
    "request_ended": ("note", "A person's request has ended"),
    "request_extended": ("warn", "A person's request takes longer"),
    "request_taken_down": ("note", "A person asks for something"),
    "rows_recalled": ("warn", "Rows are taken out"),
    "stale": ("warn", "Data is stale"),
    "stage": ("busy", "Next stage"),
    "token_added": ("note", "Token made"),
    "token_revoked": ("note", "Token taken back"),
    "trusted": ("note", "Keys trusted"),
    "subject_forgotten": ("ok", "A person is forgotten"),
    "subject_not_forgotten_yet": ("bad", "A person is not forgotten yet"),
    "subject_mismatch": ("warn", "Subject mismatch"),
    "underpowered": ("note", "Underpowered"),
}
KINDS = tuple(_KINDS)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the timeline."""

    at: Micros
    kind: str
    tone: str
    title: str
    about: str
    text: str
    href: str | None


def line(event: Event) -> Line:
    """The event in words; a kind that is not known is told by its own name.

    >>> line(Event("event_1", 0, "promoted", "release:rel_1", {"model": "model:shop@4"})).about
    'shop@4'
    """
    tone, title = _KINDS.get(event.kind, ("note", words.label(event.kind).capitalize()))
    hurts = event.data.get("hurts")
    if event.kind == "alarm" and isinstance(hurts, dict) and hurts.get("answer") == "yes":
        tone = "bad"
    subject = Ref.parse(event.subject)
    about = short_name(event.data.get("model")) or str(event.data.get("dataset") or event.data.get("monitor") or "")
    about = about or (subject.short if subject.kind in ("model", "dataset") else "")
    alarm = event.data.get("alarm")
    home = home_of(f"alarm:{alarm}" if isinstance(alarm, str) else event.subject)
    return Line(event.at, event.kind, tone, title, about, _text(event), home)


def _text(event: Event) -> str:
    """The words that say why, or else the small facts."""
    data = event.data
    if event.kind in ("canary", "stage") and data.get("shadow"):
        return "in shadow: asked what is asked live, and shown to nobody"
    if event.kind in ("canary", "stage"):
        return f"{words.share(data.get('share'))} of the subjects"
    if event.kind == "stale" and isinstance(data.get("latest"), int):
        return f"the newest row is of {words.when(data['latest'])}"
    if event.kind == "arm":
        return f"{data['arm']}, {words.share(data.get('share'))} of the subjects" if data.get("arm") else ""
    if event.kind == "experiment" and isinstance(models := data.get("models"), list):
        said = " beside ".join(short_name(model) for model in reversed(models))
        return f"{said}, on {words.share(data.get('share'))} of the subjects"
    if event.kind == "promoted":
        return ""
    if event.kind == "baked":
        return f"no rule broken over {words.plural(int(data.get('in_stage', 0)), 'answer')}"
    if event.kind == "ingested":
        return _taken([event])
    if event.kind == "parity" and "numbers" in data:
        same = "the same" if data.get("ok") else "NOT the same"
        values, requests = words.plural(data["numbers"], "feature value"), words.plural(data["requests"], "request")
        return f"{values} of {requests}: {same} online and offline"
    for key in ("reason", "what", "message", "reasons"):
        value = data.get(key)
        if value:
            return words.text(value)
    small = {k: v for k, v in data.items() if k not in _APART and isinstance(v, int | float | str) and v != ""}
    return words.cut(words.text(small), 160) if small else ""


_APART = (
    *("model", "dataset", "monitor", "endpoint", "previous", "release", "ingest", "digest", "run", "at"),
    *(
        "champion",
        "by",
        "mark",
        "receipt",
        "approval",
        "vote",
        "request",
        "limit",
        "rectify",
        "recall",
        "backup",
        "principal",
    ),
    *("due", "until", "expires", "inputs_digest", "seen"),
)
"""What stands in the line otherwise, or is of no use to a person."""


@dataclass(frozen=True, slots=True)
class Day:
    """What happened on one day, newest first."""

    at: Micros
    lines: list[Line]


ROUTINE = ("ingested", "quarantined")
"""What happens every day when all is well: the overview counts these and does not list them."""


def _is_routine(event: Event) -> bool:
    """Also a file that grows: it brings rows that are in, and others."""
    return event.kind in ROUTINE or (event.kind == "again" and ("known" in event.data or "kept" in event.data))


def timeline(events: Sequence[Event], most: int = 9) -> list[Day]:
    """The latest events by day, newest first, routine left out. ``events``: as the store lists them, newest last."""
    shown = [event for event in reversed(events) if not _is_routine(event)][:most]
    by_day = groupby(shown, key=lambda event: event.at // DAY * DAY)
    return [Day(start, [line(event) for event in group]) for start, group in by_day]


def routine(events: Sequence[Event]) -> str:
    """The routine in a sentence, or nothing.

    >>> routine([Event("e", 0, "ingested", "dataset:sales@1", {"rows": 500, "quarantined": 2})])
    '1 ingest: 500 rows, 2 in quarantine'
    """
    taken = [e for e in events if e.kind == "ingested"]
    return f"{words.plural(len(taken), 'ingest')}: {_taken(taken)}" if taken else ""


def _taken(ingests: Sequence[Event]) -> str:
    """The rows of these ingests: the new ones, the bad ones, and those that were in."""
    rows, bad, known = (sum(int(e.data.get(n, 0)) for e in ingests) for n in ("rows", "quarantined", "known"))
    text = f"{words.plural(rows, 'row')}, {words.count(bad)} in quarantine"
    return f"{text}, {words.count(known)} in already" if known else text
