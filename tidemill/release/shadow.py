"""A candidate that its gate could not decide on, in shadow: it never answers, and is judged by live pairs.

What the champion answers is asked of the candidate afterwards (`tidemill.release.pairs`). At each look the gate's own rule judges
the window and the pairs together; the first when there are half as many pairs as the window had requests, each next one when they
have grown by half, `LOOKS` at most. It ends after one test span, or when something newer comes: then it was not decided.
Measured: docs/decisions/0035-undecided-goes-to-a-shadow.md.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

from tidemill.config.amounts import percent
from tidemill.model.registry import verdicts_of
from tidemill.release import asked
from tidemill.release.gates import ruling, sentences
from tidemill.release.gates.compare import USUAL_SPREAD, Comparison, together
from tidemill.release.gates.port import least_useful_of
from tidemill.release.gates.refits import Prior
from tidemill.release.gates.ruling import Ruling
from tidemill.release.pairs import Pairs, fair, test_span
from tidemill.release.rollout import rollout
from tidemill.release.signing.provenance import sign_provenance
from tidemill.release.signing.statements import sign_release, sign_verdict
from tidemill.store.payloads import Look, Shadow
from tidemill.store.records import Event, Release, Tx, Verdict
from tidemill.tasks.table import outcome_scorer_of
from tidemill.types import JsonObject, Micros, named_id

if TYPE_CHECKING:
    from tidemill.scope.project import Endpoint

LOOKS = 4
"""So often at most, at the same test: each look more at a fixed bound would promote more equal candidates."""
GROWN = 0.5
"""By so much more than at the look before."""
OF_METHODS = 0.99
"""A method must be better with this confidence at each look: the gate's own look has used what one test may err."""
ANSWERED = 0.99
"""A candidate that answers a smaller share of what the champion answered is not released, however good its answers are."""


def begin(
    scope: Endpoint, results: Sequence[JsonObject], champion: str | None, now: Micros
) -> tuple[Shadow | None, str]:
    """The shadow of a candidate on which one gate could not decide and which no other refuses; else why it has none, or "".

    ``champion``: the release it was compared with.
    """
    refusing = [result for result in results if not result["passed"]]
    if champion is None or len(refusing) != 1 or refusing[0]["gate"] not in ("refit", "method"):
        return None, ""
    found = refusing[0]["evidence"].get("comparison")
    if refusing[0]["verdict"] != "not_enough_data" or not found:
        return None, ""
    if not fair(scope):
        return None, "no live pairs: what is shown is held to move what happens (shown_moves_outcomes)"
    judge = outcome_scorer_of(scope.model)
    if found["metric"] not in (*judge.metrics, *judge.together):
        return None, f"no live pairs: live answers are not judged by {found['metric']}"
    first = math.ceil(GROWN * found["requests"] / found["windows"])
    since = -(-now // scope.monitor.span) * scope.monitor.span
    made = Shadow(refusing[0]["gate"], found["metric"], since, since + test_span(scope), max(first, 1))
    return made, f"the candidate answers in shadow; next look after {made.next:,} more pairs"


def shadow_of(scope: Endpoint, tx: Tx = None) -> Release | None:
    """The candidate in shadow, of which there is one at most."""
    return next(iter(scope.releases("shadow", tx)), None)


def ripe(scope: Endpoint, shadow: Shadow) -> int:
    """How many requests there are whose truth is known, by the complete windows of quality since it began."""
    closed = scope.store.windows.list(
        **scope.here, monitor="quality", complete=True, since=shadow.since, until=shadow.until
    )
    return sum(window.n for window in closed)


def is_over(scope: Endpoint, shadow: Shadow, now: Micros) -> bool:
    """Whether its time is over, and the labels of that are mature."""
    return now >= shadow.until + scope.monitor.reach


def look(scope: Endpoint, release: Release, found: Pairs, now: Micros) -> list[Event]:
    """Judge it by these pairs and the window of its gate: released, closed, or to be looked at again. The events of what changed.

    Raises NotEnoughData where the pairs are of fewer than two subjects, NotAttested where this machine cannot sign.
    """
    shadow, before = _shadow(release), _verdict(scope, release)
    alone = found.comparison()
    said = judge(shadow.gate, before.evidence, alone)
    words = sentences.in_shadow(said, alone, found.other)
    lacks = found.cannot(release.model)
    if lacks > (1 - ANSWERED) * (lacks + len(found)):
        said = replace(said, verdict="worse")
        words = f"{lacks} of {lacks + len(found)} requests it cannot answer, more than {percent(1 - ANSWERED)}; {words}"
    elif lacks:
        words += f"; {lacks} requests it cannot answer are left out"
    came = max(len(found), ripe(scope, shadow))  # of very many not all are asked again
    grown = math.ceil((1 + GROWN) * came)
    last = len(shadow.looks) + 1 >= LOOKS or is_over(scope, shadow, now)
    if said.verdict == "not_enough_data":
        words += "; the shadow is over" if last else f"; next look after {grown - came:,} more pairs"
    taken = Look(now, len(found), said.verdict, words, alone.gain, alone.error, found.digest)
    shadow = replace(shadow, looks=(*shadow.looks, taken), next=grown)
    if said.verdict == "not_enough_data" and not last:
        return _wait(scope, release, shadow, now, said)
    closing = _result(before, said, words, found)
    if said.verdict == "promoted":
        return _promote(scope, release, replace(shadow, ended="promoted"), closing, now)
    return _close(scope, release, replace(shadow, ended=said.verdict), closing, now)


def judge(gate: str, evidence: JsonObject, pairs: Comparison) -> Ruling:
    """The gate's rule on its window, as the verdict's evidence holds it, and live pairs together."""
    window = _comparison(evidence["comparison"])
    if gate == "method":
        return ruling.of_method(together(window, pairs, USUAL_SPREAD), evidence["margin"], OF_METHODS)
    prior = Prior(**evidence["prior"])
    return ruling.of_refit(together(window, pairs), prior, evidence["margin"], evidence["allowed"])


def margin_of(scope: Endpoint, release: Release) -> float:
    """The least useful change, as the gate had it that compared this release; of one by hand what ``[goal]`` says."""
    for verdict in verdicts_of(scope.project, release):
        if verdict.gate in ("refit", "method") and "margin" in verdict.evidence:
            return float(verdict.evidence["margin"])
    return least_useful_of(scope)


def end(scope: Endpoint, release: Release, now: Micros, by: str = "", tx: Tx = None) -> list[Event]:
    """Its time is over, and no look decided."""
    shadow = _shadow(release)
    last = (
        shadow.looks[-1].said if shadow.looks else f"never looked at: {ripe(scope, shadow)} of {shadow.next} pairs came"
    )
    return rollout.end_shadow(scope.project, release.id, now, "not_enough_data", last, by=by, tx=tx)


def _comparison(told: JsonObject) -> Comparison:
    return Comparison(**{one.name: told[one.name] for one in fields(Comparison) if one.name in told})


def _shadow(release: Release) -> Shadow:
    assert release.evidence.shadow is not None, release.id
    return release.evidence.shadow


def _verdict(scope: Endpoint, release: Release) -> Verdict:
    """What the gate said that could not decide."""
    gate = _shadow(release).gate
    return next(verdict for verdict in verdicts_of(scope.project, release) if verdict.gate == gate)


def _result(before: Verdict, said: Ruling, words: str, found: Pairs) -> JsonObject:
    """A gate's result, as it is signed: what it rests on, and what the window alone said."""
    window = {"window": before.evidence["comparison"], "shadow": found.json()}
    evidence = {**before.evidence, **said.json(), **window, "said": words}
    passed = said.verdict == "promoted"
    return {
        "gate": before.gate,
        "blessing": before.blessing,
        "passed": passed,
        "verdict": said.verdict,
        "evidence": evidence,
    }


def _wait(scope: Endpoint, release: Release, shadow: Shadow, now: Micros, said: Ruling) -> list[Event]:
    """Not decided yet: the look is kept, and told."""
    event = _event(release, shadow, now, said.verdict)

    def work(tx: Tx) -> list[Event]:
        if not _still(scope, release, tx):
            return []
        scope.store.releases.update(release.id, tx, evidence=replace(release.evidence, shadow=shadow))
        scope.store.events.add(event, tx)
        return [event]

    return scope.store.transact(work)


def _promote(scope: Endpoint, release: Release, shadow: Shadow, result: JsonObject, now: Micros) -> list[Event]:
    """A new signed verdict in the place of the undecided one, and the release goes its usual way."""
    model, old = scope.store.models.get(release.model), _verdict(scope, release)
    mine = [v for v in verdicts_of(scope.project, release) if v.id != old.id]
    envelope = sign_verdict(scope, model, release.id, result)
    verdicts = [*(str(v.attestation) for v in mine), envelope]
    required = {v.gate: v.blessing for v in (*mine, old)}
    terms: JsonObject = {"model": model.ref, "author": release.author, "override": None, "at": now}
    provenance = sign_provenance(scope.project, model)
    rules = asked.rules_of(scope, release.model, (), None)
    author = asked.author_of(scope.project, release.author, decision=release.decision)
    terms |= asked.terms_of(rules, author)
    statement = sign_release(scope, release.id, required, verdicts, release.previous, terms)
    blessed = {**release.evidence.blessings, old.blessing: "blessed"}
    evidence = replace(release.evidence, shadow=shadow, blessings=blessed, refused=())
    event = _event(release, shadow, now, "promoted")
    held = Event(named_id("event", release.id, "held"), now, "held", f"release:{release.id}", event.data)

    def work(tx: Tx) -> list[Event]:
        champion = scope.champion(tx)
        if not _still(scope, release, tx) or champion is None or champion.id != release.previous:
            return []  # another one is on its way; its own transaction has ended this, or does
        scope.store.verdicts.add(_recorded(release, result, envelope, len(shadow.looks), now), tx)
        changes: dict[str, Any] = {
            "attestations": (*verdicts, provenance, statement),
            "evidence": evidence,
            "stage_since": now,
        }
        scope.store.releases.update(release.id, tx, status="held", **changes)
        scope.store.events.add(event, tx)
        if rules:
            asked.open_questions(scope.project, scope.store.releases.get(release.id, tx), rules, author, tx)
            scope.store.events.add(held, tx)
            return [event, held]
        return [event, *rollout.begin(scope.project, release.id, now, tx)]

    return scope.store.transact(work, release.author)


def _close(scope: Endpoint, release: Release, shadow: Shadow, result: JsonObject, now: Micros) -> list[Event]:
    """Refused, with the verdict of this look in the place of the undecided one."""
    old = _verdict(scope, release)
    envelope = sign_verdict(scope, scope.store.models.get(release.model), release.id, result)
    changed = tuple(envelope if name == old.attestation else name for name in release.attestations)

    def work(tx: Tx) -> list[Event]:
        if not _still(scope, release, tx):
            return []
        scope.store.verdicts.add(_recorded(release, result, envelope, len(shadow.looks), now), tx)
        evidence = replace(release.evidence, shadow=shadow)
        scope.store.releases.update(release.id, tx, attestations=changed, evidence=evidence)
        said = result["evidence"]["said"]
        return rollout.end_shadow(scope.project, release.id, now, shadow.ended, said, tx=tx)

    return scope.store.transact(work, release.author)


def _still(scope: Endpoint, release: Release, tx: Tx) -> bool:
    """Whether nobody was first: it is in shadow, with as many looks as were known."""
    now = scope.store.releases.get(release.id, tx)
    return now.status == "shadow" and now.evidence.shadow == release.evidence.shadow


def _recorded(release: Release, result: JsonObject, envelope: str, looks: int, now: Micros) -> Verdict:
    name = named_id("verdict", release.id, result["gate"], f"look {looks}")
    return Verdict(name, release.model, **result, attestation=envelope, at=now)


def _event(release: Release, shadow: Shadow, now: Micros, verdict: str) -> Event:
    last = shadow.looks[-1]
    told: JsonObject = {"endpoint": release.endpoint, "model": release.model, "gate": shadow.gate, "verdict": verdict}
    told |= {"pairs": last.pairs, "next": shadow.next, "reason": last.said}
    name = named_id("event", release.id, "look", str(len(shadow.looks)))
    return Event(name, now, "look", f"release:{release.id}", told)
