"""What is asked of people before a release begins, by the policy's rules and the gates: the questions, and what an answer does.

A release may wait for several: its gate, a pass by hand, a promotion, each a question of its own. It begins with the last yes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from tidemill.access.approvals.erasing import ERASURE, Erasing
from tidemill.access.approvals.matter import Matter
from tidemill.access.approvals.rule import Author, question
from tidemill.access.approvals.tally import wanted_of
from tidemill.access.policy import Rule, policy_of, strictest
from tidemill.access.policy.noted import note
from tidemill.errors import NotApproved, ReleaseError
from tidemill.model.allowed import check_release
from tidemill.model.registry import verdicts_of
from tidemill.ref import Ref
from tidemill.release.contested import CONTEST, Contesting
from tidemill.release.promotion import standing_of
from tidemill.release.rollout import rollout
from tidemill.store.people import Approval, Vote
from tidemill.store.records import Event, Release, Tx, Verdict
from tidemill.types import JsonObject, named_id

if TYPE_CHECKING:
    from tidemill.scope.project import Endpoint, Project

RELEASE, OVERRIDE, PROMOTION = "release", "override", "promotion"
APPROVAL = "approval"
"""The gate that a person's word is the verdict of."""
LOOP = "the loop"


def rules_of(scope: Endpoint, model: str, waits: Sequence[str], override: str | None) -> dict[str, Rule]:
    """Who has to say yes before this begins, by the kind of question. Raises NotApproved where nobody could."""
    policy, here = policy_of(scope.project).whole(), (scope.name, scope.environment)
    gate, asked = scope.gates.approval, policy.asks(RELEASE, *here)
    found = {RELEASE: strictest([asked, Rule("[gates] approval", gate.roles) if gate else None])}
    if waits and not override:
        by = Rule(" and ".join(waits), (), reason=True)
        rule = found[RELEASE]
        found[RELEASE] = replace(rule, reason=True) if rule else by
    if override:
        found[OVERRIDE] = policy.asks(OVERRIDE, *here)
    if standing_of(scope, model) is not None:
        found[PROMOTION] = policy.asks(PROMOTION, *here)
    rules = {kind: rule for kind, rule in found.items() if rule is not None}
    for rule in rules.values():
        if not rule.roles and rule.name != " and ".join(waits):
            hint = "name a role in both"
            raise NotApproved(f"{rule.name} share no role: nobody could say yes", place=rule.place, hint=hint)
    return rules


def terms_of(rules: Mapping[str, Rule], author: Author) -> JsonObject:
    """What the signed statement of a release says of its questions, so that it serves only with as many yes as were asked for."""
    found: list[JsonObject] = []
    for kind, rule in rules.items():
        asked = question(kind, "", rule, author, {}, 0)
        found.append(
            {
                "kind": kind,
                "rule": rule.name,
                "roles": list(rule.roles),
                "needed": wanted_of(asked),
                "four_eyes": rule.four_eyes,
                "own_key": rule.own_key,
                "person": author.person,
            }
        )
    return {"asks": found} if found else {}


def author_of(project: Project, name: str, principal: str = "", decision: str | None = None, tx: Tx = None) -> Author:
    """Who wants a release: by the account, by the name of one, or by a name alone; the loop is nobody."""
    people = project.store.principals
    found = people.look_up(principal, tx=tx) if principal else None
    if found is not None or decision is not None or name == LOOP:
        return Author(found)
    return Author(people.called(name, tx), name) if name else Author()


def open_questions(project: Project, release: Release, rules: Mapping[str, Rule], author: Author, tx: Tx) -> None:
    """The questions of a release that was written in this transaction."""
    subject, inputs = f"release:{release.id}", shown(project, release, tx)
    for kind, rule in rules.items():
        why = release.override or "" if kind == OVERRIDE else ""
        asked = question(kind, subject, rule, author, inputs, project.clock.now(), why=why)
        asked = replace(asked, endpoint=release.endpoint, environment=release.environment)
        project.store.approvals.add(asked, tx)


def asked_of(project: Project, release: Release) -> list[Approval]:
    """The open questions on a release. One that waits without any (of an earlier Tidemill) has those that its rules ask now."""
    subject = f"release:{release.id}"
    if release.status == "held" and not project.store.approvals.list(subject=subject):
        scope = project.endpoint(release.endpoint)
        rules = rules_of(scope, release.model, release.evidence.waits, release.override)
        rules = rules or {RELEASE: Rule("by hand", ())}
        author = author_of(project, release.author, decision=release.decision)

        def work(tx: Tx) -> None:
            if not project.store.approvals.list(subject=subject, tx=tx):
                open_questions(project, release, rules, author, tx)

        project.store.transact(work)
    return list(project.store.approvals.list(subject=subject, status="open"))


def shown(project: Project, release: Release, tx: Tx) -> JsonObject:
    """What who decides is shown: the version, and what each gate said of it."""
    model = project.store.models.get(release.model)
    said = {
        v.gate: [v.verdict or ("passed" if v.passed else "refused"), str(v.evidence.get("said", ""))]
        for v in verdicts_of(project, release, tx)
        if v.blessing != APPROVAL
    }
    return {
        "model": release.model,
        "bundle": model.bundle,
        "gates": said,
        "waits": list(release.evidence.waits),
        "override": release.override or "",
        "against": release.previous or "",
    }


def _under(project: Project) -> JsonObject:
    """The digest of the policy that a word is said under, where the project has one of its own."""
    digest = policy_of(project).digest
    return {"policy": digest} if digest else {}


class Releasing:
    """What a question on a release decides."""

    def waits(self, project: Project, approval: Approval, tx: Tx) -> bool:
        return self._release(project, approval, tx).status == "held"

    def inputs(self, project: Project, approval: Approval, tx: Tx) -> JsonObject:
        return shown(project, self._release(project, approval, tx), tx)

    def about(self, project: Project, approval: Approval) -> tuple[str, str]:
        release = self._release(project, approval, None)
        return release.model, project.store.models.get(release.model).bundle

    def approved(self, project: Project, approval: Approval, votes: Sequence[Vote], said: JsonObject, tx: Tx) -> None:
        """Its statements are the release's from now on; with the last question answered the rollout begins."""
        release = self._release(project, approval, tx)
        if release.status != "held":
            raise ReleaseError(f"somebody else has decided on {release.id}", place=release.endpoint)
        signed = [*release.attestations]
        for vote in votes:
            voter = project.store.principals.look_up(vote.principal, tx=tx) if vote.own_key else None
            signed += [name for name in (vote.envelope, voter.key_envelope if voter else "") if name]
        word = {"release": release.id, **said, **_under(project)}
        last = not [one for one in self._open(project, approval, tx) if one.id != approval.id]
        self._verdict(project, approval, release, votes, word, tx)
        evidence = replace(release.evidence, approved=self._kept(release, approval, word))
        changes = {"evidence": evidence, "attestations": tuple(dict.fromkeys(signed))}
        project.store.releases.update(release.id, tx, **changes)
        self._tell(project, approval, release, "approved" if last else f"approved_{approval.kind}", votes[-1], word, tx)
        if last:
            check_release(project.endpoint(release.endpoint), project.store.models.get(release.model))
            note(project, policy_of(project), tx)
            rollout.begin(project, release.id, votes[-1].at, tx)

    def rejected(self, project: Project, approval: Approval, vote: Vote, said: JsonObject, tx: Tx) -> None:
        release = self._release(project, approval, tx)
        word = {"release": release.id, **said}
        self._verdict(project, approval, release, [vote], word, tx)
        evidence = replace(release.evidence, rejected=word)
        project.store.releases.update(release.id, tx, evidence=evidence, status="refused", ended=vote.at)
        self._tell(project, approval, release, "rejected", vote, word, tx)

    def expired(self, project: Project, approval: Approval, tx: Tx) -> None:
        release, at = self._release(project, approval, tx), approval.ended or 0
        word = {"release": release.id, "decision": "expired", "who": "", "reason": "nobody answered in time"}
        evidence = replace(release.evidence, rejected={**word, "approval": approval.id})
        project.store.releases.update(release.id, tx, evidence=evidence, status="refused", ended=at)

    def _release(self, project: Project, approval: Approval, tx: Tx) -> Release:
        return project.store.releases.get(Ref.parse(approval.subject).name, tx)

    def _open(self, project: Project, approval: Approval, tx: Tx) -> Sequence[Approval]:
        return project.store.approvals.list(subject=approval.subject, status="open", tx=tx)

    def _kept(self, release: Release, approval: Approval, word: JsonObject) -> JsonObject:
        """The word that stays in the evidence: on what the gates left to a person, where that was asked too."""
        before = release.evidence.approved
        return before if before is not None and approval.kind != RELEASE else word

    def _verdict(
        self, project: Project, approval: Approval, release: Release, votes: Sequence[Vote], word: JsonObject, tx: Tx
    ) -> None:
        vote = votes[-1]
        parts = (release.id, APPROVAL, *([approval.kind] if approval.kind != RELEASE else []))
        evidence = {"said": f"{word['decision']} by {' and '.join(dict.fromkeys(one.who for one in votes))}", **word}
        verdict = Verdict(
            named_id("verdict", *parts),
            release.model,
            APPROVAL,
            APPROVAL,
            vote.yes,
            "",
            evidence,
            vote.envelope,
            vote.at,
        )
        project.store.verdicts.add(verdict, tx)

    def _tell(
        self,
        project: Project,
        approval: Approval,
        release: Release,
        kind: str,
        vote: Vote,
        word: JsonObject,
        tx: Tx,
    ) -> None:
        told = {"endpoint": release.endpoint, "model": release.model, **word}
        event = Event(named_id("event", release.id, kind), vote.at, kind, approval.subject, told)
        project.store.events.add(event, tx)


MATTERS: dict[str, Matter] = {
    **dict.fromkeys((RELEASE, OVERRIDE, PROMOTION), Releasing()),
    CONTEST: Contesting(),
    ERASURE: Erasing(),
}
"""What is behind a question, by its kind."""
