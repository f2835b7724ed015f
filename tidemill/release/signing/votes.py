"""A vote as a signed statement: with the voter's own key, or with the project's, which then says that the voter's session said it.

A key of one's own is made on one's own machine (`make_own`), where its private half stays. Its public half stands at the principal,
beside a statement that it is theirs, signed with the project's approval key (`endorse`): who can write the records alone cannot
put another key there that counts.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from tidemill.errors import BadRequest, NotAttested
from tidemill.files import write_whole
from tidemill.ref import Ref
from tidemill.release.signing import attest
from tidemill.release.signing.signer import KeyFile, have_public, seal, signer_of
from tidemill.release.signing.trust import public_keys
from tidemill.scope.home import keeping, tidemill_home
from tidemill.store.people import Approval, Principal, Vote
from tidemill.types import JsonObject, digest

if TYPE_CHECKING:
    from tidemill.scope.project import Project

MOST = 20_000
"""Bytes of an envelope that comes from elsewhere."""
BOUND = ("approval", "kind", "subject", "decision", "role", "reason", "seen", "principal", "person")
"""What an envelope has to say as the vote does."""


def statement(approval: Approval, about: tuple[str, str], vote: Vote) -> JsonObject:
    """What is signed. ``about``: the name and digest of what is decided on. Of who has an account it names the principal alone."""
    predicate: JsonObject = {
        "approval": approval.id,
        "kind": approval.kind,
        "subject": approval.subject,
        "rule": approval.rule,
        "decision": "approved" if vote.yes else "rejected",
        "role": vote.role,
        "reason": vote.reason,
        "self_approved": vote.self_approved,
        "seen": vote.seen,
        "at": vote.at,
        "principal": vote.principal,
        "person": vote.person,
    }
    if not vote.principal:
        predicate["who"] = vote.who
    ref = Ref.parse(approval.subject)
    if ref.kind == "release":
        predicate["release"] = ref.name
    return attest.statement(*about, attest.APPROVAL if vote.yes else attest.REJECTED, predicate)


def by_project(project: Project, said: JsonObject) -> bytes:
    """Signed with the project's approval key: whoever was logged in as the principal said it. Raises NotAttested."""
    return seal(said, signer_of(project, "approval"))


def by_own(said: JsonObject, principal: str, home: Path | None = None) -> bytes | None:
    """Signed with the key that this machine keeps for the principal; None where it keeps none. Raises NotAttested."""
    path = own_path(principal, home)
    return seal(said, KeyFile(path)) if path.exists() else None


def check_own(project: Project, voter: Principal, envelope: bytes, said: JsonObject) -> None:
    """That this envelope is the vote, signed with the voter's own key. Raises NotAttested, BadRequest."""
    if len(envelope) > MOST:
        raise BadRequest(f"an envelope of more than {MOST:,} bytes", place="envelope")
    found, signatures, payload = attest.read_envelope(envelope)
    key = key_of(project, voter)
    if key is None:
        raise NotAttested("this principal has no key of its own", "other_key", hint="tidemill inbox key")
    if not attest.signed_by(key, signatures, payload):
        raise NotAttested("it is not signed with the voter's own key", "other_key", hint="tidemill inbox key")
    _check_same(found, said, "sign it again")
    if found["subject"] != said["subject"]:
        raise NotAttested(
            "what is signed is not what is said", "other_model", place="envelope subject", hint="sign it again"
        )


def check_record(project: Project, approval: Approval, vote: Vote) -> None:
    """That this record of a vote says what was signed, by a key that is believed: the record alone anybody can change who writes to
    the store. Raises NotAttested (``other_model`` where they differ), NotFound, Damaged."""
    found, signatures, payload = attest.read_envelope(project.artifacts.get(vote.envelope))
    key = (
        key_of(project, project.store.principals.get(vote.principal)) if vote.own_key else public_keys(project).approval
    )
    if key is None or not attest.signed_by(key, signatures, payload):
        raise NotAttested("it is signed by a key that is not believed here", "other_key", place=vote.id)
    _check_same(found, statement(approval, ("", ""), vote), "look at the ledger: tidemill ledger verify")


def _check_same(found: JsonObject, wanted: JsonObject, hint: str) -> None:
    signed, said = found["predicate"], wanted["predicate"]
    other = [name for name in BOUND if signed.get(name) != said.get(name)]
    if other or found["predicateType"] != wanted["predicateType"]:
        place = f"envelope {', '.join(other) or 'kind'}"
        raise NotAttested("what is signed is not what is said", "other_model", place=place, hint=hint)


def key_of(project: Project, principal: Principal) -> Ed25519PublicKey | None:
    """The principal's own key, where the project's approval key has signed that it is. Raises NotAttested where it is another."""
    if not (principal.key and principal.key_envelope):
        return None
    own = attest.own_keys([project.artifacts.get(principal.key_envelope)], public_keys(project))
    if principal.id not in own or own[principal.id] != attest.public_key(principal.key):
        raise NotAttested(
            "the key of this principal is not the one that the project's approval key has signed",
            "other_key",
            place=f"principal {principal.id}",
            hint="tidemill inbox key",
        )
    return own[principal.id]


def endorse(project: Project, principal: Principal, key: str) -> str:
    """The digest of the statement that this key is the principal's, signed with the approval key. Raises NotAttested."""
    attest.public_key(key)
    have_public(project, "gate")  # who verifies has both, or neither
    said = attest.statement(
        f"principal:{principal.id}",
        digest(key.encode()),
        attest.OWN_KEY,
        {"principal": principal.id, "key": key, "at": project.clock.now()},
    )
    return project.artifacts.put(seal(said, signer_of(project, "approval")))


def own_path(principal: str, home: Path | None = None) -> Path:
    """Where this machine keeps the key of a principal: outside every project."""
    return (home or tidemill_home()) / "people" / f"{principal}.ed25519"


def make_own(principal: str, home: Path | None = None) -> str:
    """The public half (PEM) of the key that this machine keeps for the principal, made where there was none. Raises NotAttested."""
    path = own_path(principal, home)
    with keeping(path, "key"):
        made = KeyFile(path, make=True)
        beside = path.with_suffix(".pub")
        if not beside.exists() or beside.read_text("utf-8") != made.public:
            write_whole(beside, made.public.encode(), 0o644)
    return made.public
