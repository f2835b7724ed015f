"""What is asked about the whole: what for, of whom, who reads, what was decided, watched and done for people, and whether the record holds."""

from __future__ import annotations

from collections.abc import Iterator

from tidemill.errors import NotFound
from tidemill.ledger import keep
from tidemill.ledger.verify import verify
from tidemill.ref import Ref
from tidemill.release.variants import UNASKED, kept_with
from tidemill.rights.audit.there import is_there
from tidemill.rights.documents import gathered
from tidemill.rights.documents.statement import Statement, said
from tidemill.rights.forget.kept import receipts, under_way
from tidemill.rights.requests import HOLD
from tidemill.scope.project import Project
from tidemill.store.records import Prediction
from tidemill.types import to_iso

Sentences = Iterator[Statement]
MOST = 50
LASTING = ("alarm", "approval", "dataset", "decision", "experiment", "limit", "model", "release", "verdict")
"""Kinds of record that nothing deletes."""
ASKED = (
    "contested",
    "contest_upheld",
    "contest_dismissed",
    "rectified",
    "erasure_asked",
    "erasure_approved",
    "erasure_rejected",
)
"""Kinds of event of what was done for people."""


def purpose(project: Project) -> Sentences:
    yield from gathered.purpose(project, "What for")
    yield from gathered.owner(project, "Who answers for it")
    yield from gathered.safeguards(project, "By what rules")


def data(project: Project) -> Sentences:
    yield from gathered.data(project, "Of whom, and what for")
    for name in project.datasets:
        versions = project.store.datasets.page(dataset=name, limit=1)
        for one in versions:
            ref = str(Ref("dataset", name, one.version))
            first = project.store.datasets.list(dataset=name)[0]
            since = f"{name}: taken in since {to_iso(first.created)}, {one.version} versions; {one.quarantined:,} rows of the last were kept apart"
            yield Statement("Since when", since, (ref,))


def access(project: Project) -> Sentences:
    yield from gathered.readers(project, "Who may read it")
    yield from gathered.retention(project, "How long it is kept")
    looks = project.store.events.page(kind="person_asked", limit=MOST)
    accounts = project.store.principals.list(limit=1)
    text = f"{len(looks)} of the latest looks at people" if accounts else ""
    records = [f"event:{one.id}" for one in looks] or [f"project:{project.id}"]
    yield said("Who has looked", text, records, "there are no accounts, so who looked is not written down")


def answer(project: Project, prediction: Prediction) -> Sentences:
    """The version, the release and the data behind an answer; of whom it is says `tidemill trace` to who may know."""
    here = (f"prediction:{prediction.id}",)
    where = f"{prediction.endpoint}{f' in {prediction.environment}' if prediction.environment else ''}"
    yield Statement("The answer", f"given by {where} on {to_iso(prediction.at)}, as {prediction.arm}", here)
    if prediction.arm in UNASKED:
        yield Statement("The model", "no model was asked: it is what is usual", here)
        return
    ref = kept_with(prediction.model)
    try:
        model = project.store.models.get(ref)
    except NotFound:
        yield Statement("The model", f"{ref} is not there any more", (ref,), True)
        return
    yield Statement(
        "The model", f"{ref}, made {to_iso(model.created)} from {', '.join(model.data)}", (ref, *model.data)
    )
    yield Statement("The release", f"let out by {prediction.release}", (f"release:{prediction.release}",))
    known = (
        f"what was known up to event {prediction.watermark} of the histories"
        if prediction.watermark
        else "the request alone"
    )
    yield Statement("From what", f"{known}; tidemill trace {prediction.id} computes it again", here)
    outcomes = project.live.outcomes.of([prediction.id]).get(prediction.id, ())
    yield Statement("What came of it", f"{len(outcomes)} outcomes are joined to it", here)


def oversight(project: Project) -> Sentences:
    """Where a person decided, or passed what a gate refused."""
    asked = project.store.approvals.page(limit=MOST)
    for approval in asked:
        votes = project.store.votes.list(approval=approval.id)
        words = (
            ", ".join(f"{'yes' if vote.yes else 'no'} by {vote.who or vote.principal}" for vote in votes)
            or "no word yet"
        )
        text = f"{to_iso(approval.asked)} {approval.kind} of {approval.subject}: {approval.status}, {words}"
        yield Statement("Asked of people", text, (f"approval:{approval.id}", *(f"vote:{vote.id}" for vote in votes)))
    if not asked:
        yield Statement("Asked of people", "nobody was asked for an approval yet", (f"project:{project.id}",), True)
    by_hand = [one for one in project.store.releases.list() if one.override]
    for release in by_hand[-MOST:]:
        yield Statement("Past the gates by hand", f"{release.model}: {release.override}", (f"release:{release.id}",))
    if not by_hand:
        yield Statement("Past the gates by hand", "no release passed its gates by hand", (f"project:{project.id}",))


def watched(project: Project) -> Sentences:
    for scope in project.endpoints.values():
        for monitor in ("drift", "requests", "quality", "platform"):
            last = project.store.windows.first(**scope.here, monitor=monitor)
            text = f"{monitor} of {scope.name}: looked at last up to {to_iso(last.end)}, {last.state}" if last else ""
            yield said(
                "What is looked at", text, [f"project:{project.id}"], f"{monitor} of {scope.name} was not looked at yet"
            )
    alarms = project.store.alarms.page(limit=MOST)
    for one in alarms:
        ended = f"closed {to_iso(one.closed)}: {one.ended}" if one.closed else "open"
        yield Statement(
            "Alarms, the latest first",
            f"{to_iso(one.opened)} {one.kind} at {one.endpoint}, {ended}",
            (f"alarm:{one.id}",),
        )
    if not alarms:
        yield Statement("Alarms, the latest first", "no alarm was raised yet", (f"project:{project.id}",))
    yield from _changes(project)


def _changes(project: Project) -> Sentences:
    decisions = project.store.decisions.page(limit=MOST)
    for one in decisions:
        yield Statement(
            "Decisions, the latest first", f"{to_iso(one.at)} {one.action}: {one.reason}", (f"decision:{one.id}",)
        )
    if not decisions:
        yield Statement("Decisions, the latest first", "nothing was decided yet", (f"project:{project.id}",))
    for release in project.store.releases.page(limit=MOST):
        why = release.evidence.rolled_back or release.evidence.halted or {}
        reason = f": {why['reason']}" if why.get("reason") else ""
        text = f"{to_iso(release.created)} {release.model} at {release.endpoint}: {release.status}{reason}"
        yield Statement("Releases, the latest first", text, (f"release:{release.id}", release.model))


def people(project: Project) -> Sentences:
    """Limits, corrections, contests, erasures: none by a name."""
    for one in project.store.requests.list()[-MOST:]:
        state = one.how or ("stands" if one.kind == HOLD else f"waits until {to_iso(one.due or 0)}")
        yield Statement("Asked for, and held", f"{to_iso(one.received)} {one.kind}: {state}", (f"request:{one.id}",))
    for limit in project.store.limits.list()[-MOST:]:
        ended = f"lifted {to_iso(limit.ended)}" if limit.ended else "stands"
        yield Statement(
            "Restricted, objected, withdrawn", f"{to_iso(limit.since)} {limit.kind}, {ended}", (f"limit:{limit.id}",)
        )
    for kind in ASKED:
        for event in project.store.events.page(kind=kind, limit=MOST):
            text = f"{to_iso(event.at)} {kind.replace('_', ' ')}"
            yield Statement("Corrected, contested, asked to be erased", text, (f"event:{event.id}",))
    done = receipts(project)
    for digest in list(done.values())[-MOST:]:
        yield Statement("Forgotten", "a person was forgotten, with a signed receipt", (f"artifact:{digest}",))
    if (half := under_way(project)) is not None:
        yield Statement(
            "Forgotten", f"an erasure begun {to_iso(half.begun)} is NOT DONE YET", (f"project:{project.id}",), True
        )
    if not (done or half):
        yield Statement("Forgotten", "nobody asked to be forgotten yet", (f"project:{project.id}",))


def record(project: Project) -> Sentences:
    """The ledger, held against itself and against what was said of it elsewhere."""
    told, wrong = keep.told(project)
    found = verify(project.store, told)
    heads = tuple(f"ledger:{one.size}" for one in project.store.ledger_heads.list()[-MOST:])
    broken = found.broken + len(wrong)
    holds = (
        f"all {found.records:,} acts hold together, {len(heads)} signed heads and {found.anchored} anchors among them"
    )
    text = holds if not broken else f"IT DOES NOT HOLD: {broken} breaks: tidemill ledger verify names them"
    yield Statement("The ledger", text, heads or (f"project:{project.id}",), bool(broken))
    yield from _gone(project)
    if not heads:
        yield Statement("The ledger", "it has no signed head: tidemill ledger head", (f"project:{project.id}",), True)
    if not project.ledger.anchors:
        yield Statement(
            "The ledger",
            "it is anchored nowhere: a cut of its end would not be found",
            (f"project:{project.id}",),
            True,
        )


def _gone(project: Project) -> Sentences:
    """Records that the ledger has an act of, and that are not there any more."""
    found = (ref for ref in project.store.ledger.subjects() if ref.partition(":")[0] in LASTING)
    gone = [ref for ref in found if not is_there(project, ref)]
    for ref in gone[:MOST]:
        yield Statement("What it tells of", f"{ref} is not there any more, and acts were done to it", (ref,), True)
    more = (
        f"{len(gone)} records that acts were done to are not there any more"
        if gone
        else "every record that an act was done to is there"
    )
    yield Statement("What it tells of", more, (f"project:{project.id}",), bool(gone))
