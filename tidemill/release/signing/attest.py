"""Signed statements about a bundle: in-toto Statement v1 in a DSSE envelope, Ed25519.

The gate key signs verdicts and the release's own statement; the approval key signs what a person said: approved,
overridden (whose keys they are, see `trust`). A person who has a key of their own signs with that: the approval key has then
signed once whose it is (see `votes`). The release's statement names the gates that it needs and the envelopes that
belong to it, so that nobody without the gate key can leave one out or bring in one from elsewhere. The scorer calls
`verify_release` before it serves: this module imports the standard library, cryptography and the kernel, and nothing
that can sign (see `signer`). A release's status is in no envelope: that it passed is signed, not that it serves now.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from tidemill.errors import NotAttested, NotFound, StoreError
from tidemill.release.signing.trust import PublicKeys
from tidemill.store.artifacts.port import Artifacts
from tidemill.store.records import Release
from tidemill.types import JsonObject, canonical

if TYPE_CHECKING:
    from tidemill.store.sql.store import MetadataStore

STATEMENT = "https://in-toto.io/Statement/v1"
PAYLOAD = "application/vnd.in-toto+json"
GATE, RELEASE, FORCED = "urn:tidemill:gate:v1", "urn:tidemill:release:v1", "urn:tidemill:override:v1"
APPROVAL, REJECTED = "urn:tidemill:approval:v1", "urn:tidemill:rejected:v1"
OWN_KEY = "urn:tidemill:own-key:v1"
VOTES = (APPROVAL, REJECTED)
SLSA = "https://slsa.dev/provenance/v1"
"""Where a version comes from."""
BY_HAND = (FORCED, *VOTES, OWN_KEY)
AGAIN = "release the model again: tidemill release start MODEL"
HELD = "held"
"""The verdict of a gate that a person decides: an approval with a reason passes it."""
NEVER_FORCED = "infrastructure"
"""The one gate that no reason passes: a bundle that the real server cannot load serves nobody."""


def statement(model: str, bundle: str, kind: str, predicate: JsonObject) -> JsonObject:
    """An in-toto Statement v1 that says ``predicate`` about the bundle with this digest.

    >>> statement("model:shop@3", "sha256:00", GATE, {"gate": "refit"})["subject"]
    [{'name': 'model:shop@3', 'digest': {'sha256': '00'}}]
    """
    subject = {"name": model, "digest": {"sha256": bundle.removeprefix("sha256:")}}
    return {"_type": STATEMENT, "subject": [subject], "predicateType": kind, "predicate": predicate}


def pae(payload: bytes) -> bytes:
    """The bytes that are signed: DSSE's pre-authentication encoding."""
    return b"DSSEv1 %d %s %d %s" % (len(PAYLOAD), PAYLOAD.encode(), len(payload), payload)


def envelope(payload: bytes, keyid: str, signature: bytes) -> bytes:
    """A DSSE envelope as JSON bytes."""
    signed = {"keyid": keyid, "sig": base64.b64encode(signature).decode()}
    return canonical({"payload": base64.b64encode(payload).decode(), "payloadType": PAYLOAD, "signatures": [signed]})


OwnKeys = Mapping[str, Ed25519PublicKey]
"""By principal: keys that the approval key has signed to be theirs."""


def open_envelope(data: bytes, keys: PublicKeys) -> JsonObject:
    """The statement in a signed envelope: a person's word signed with the approval key, all else with the gate key.

    The key id in an envelope is only a hint that anybody can write: every signature is tried with the trusted key.
    Raises NotAttested.
    """
    said, signatures, payload = read_envelope(data)
    key = keys.approval if said["predicateType"] in BY_HAND else keys.gate
    if not signed_by(key, signatures, payload):
        raise NotAttested("the envelope is not signed by the trusted key", "other_key", hint=AGAIN)
    return said


def read_envelope(data: bytes) -> tuple[JsonObject, list[bytes], bytes]:
    """What an envelope says that it says, its signatures and the bytes that they are of: nothing is verified. Raises NotAttested."""
    try:
        sealed = json.loads(data)
        payload = base64.b64decode(sealed["payload"], validate=True)
        signatures = [base64.b64decode(s["sig"], validate=True) for s in sealed["signatures"]]
        said: JsonObject = json.loads(payload)
        kinds = sealed["payloadType"], said["_type"], type(said["predicate"])
        named = type(said["predicateType"])
    except (ValueError, KeyError, TypeError, RecursionError) as exc:
        raise NotAttested(f"not a DSSE envelope of an in-toto Statement: {exc!r}", "no_statement") from exc
    if kinds != (PAYLOAD, STATEMENT, dict) or named is not str:
        raise NotAttested(f"an envelope of {kinds[0]!r}, {kinds[1]!r}: not of an in-toto Statement v1", "no_statement")
    return said, signatures, payload


def own_keys(envelopes: Iterable[bytes], keys: PublicKeys) -> dict[str, Ed25519PublicKey]:
    """Whose keys are whose, by the statements among these that the approval key has signed. Raises NotAttested."""
    found = {}
    for data in envelopes:
        if kind_of(data) == OWN_KEY:
            said = open_envelope(data, keys)["predicate"]
            found[str(said.get("principal"))] = public_key(str(said.get("key")))
    return found


def public_key(text: str) -> Ed25519PublicKey:
    """An Ed25519 key out of its PEM. Raises NotAttested."""
    try:
        key = serialization.load_pem_public_key(text.encode())
    except (ValueError, UnsupportedAlgorithm) as exc:
        raise NotAttested(f"not a public key: {exc}", "no_statement", hint="tidemill inbox key") from exc
    if not isinstance(key, Ed25519PublicKey):
        raise NotAttested("not an Ed25519 key", "no_statement", hint="tidemill inbox key")
    return key


def signed_by(key: Ed25519PublicKey, signatures: Iterable[bytes], payload: bytes) -> bool:
    """Whether one of the signatures is this key's, of this payload."""
    return any(_signed_by(key, signature, pae(payload)) for signature in signatures)


def kind_of(data: bytes) -> str:
    """What kind of statement an envelope says it holds; nothing is checked, and nothing of what is no envelope."""
    try:
        return str(json.loads(base64.b64decode(json.loads(data)["payload"]))["predicateType"])
    except (ValueError, KeyError, TypeError):
        return ""


def check_subject(said: JsonObject, model: str, bundle: str, what: str) -> None:
    """That a statement speaks of this version and these bytes. Raises NotAttested."""
    subjects = said.get("subject")
    if subjects != statement(model, bundle, "", {})["subject"]:
        raise NotAttested(
            f"{what} speaks of {_names(subjects)}, not of {model} with the bundle {bundle}",
            "other_model",
        )


def _signed_by(key: Ed25519PublicKey, signature: bytes, data: bytes) -> bool:
    try:
        key.verify(signature, data)
    except InvalidSignature:
        return False
    return True


@dataclass(frozen=True, slots=True)
class _Said:
    """One verified statement, the digest of its envelope, and whether the key of the principal who says it signed it."""

    envelope: str
    kind: str
    predicate: JsonObject
    own: bool = False


def verify_release(
    store: MetadataStore, artifacts: Artifacts, keys: PublicKeys, release: Release, bundle_digest: str
) -> None:
    """That these very bytes may be served as this release. Raises NotAttested.

    Checks every envelope's signature, that each speaks of this bundle and model, that the release's statement is for
    this endpoint and release, that every gate it requires passed (or a person overrode it with a reason, or approved with
    one what the gate left to a person), and that a required approval is there.
    """
    place = f"release {release.id}"
    _check_record(store, release, bundle_digest, place)
    envelopes = {name: _read(artifacts, name) for name in release.attestations}
    own = own_keys(envelopes.values(), keys)
    said = [
        _verified(data, keys, own, name, release.model, bundle_digest)
        for name, data in envelopes.items()
        if kind_of(data) != OWN_KEY
    ]
    its = [s for s in said if s.kind == RELEASE and s.predicate.get("release") == release.id]
    if len(its) != 1:
        raise NotAttested("the signed statement of the release is missing", "missing", place=place, hint=AGAIN)
    terms = its[0].predicate
    if terms.get("endpoint") != release.endpoint:
        signed_for = f"signed for the endpoint {terms.get('endpoint')!r}, not {release.endpoint!r}"
        raise NotAttested(signed_for, "other_endpoint", place=place)
    by_hand = [s for s in said if s.kind in BY_HAND and s.predicate.get("release") == release.id]
    _check_gates(terms, said, by_hand, release, place)
    _check_approval(terms, by_hand, place)
    for asked in terms.get("asks") or ():
        _check_asked(asked, by_hand, place)


def _check_record(store: MetadataStore, release: Release, bundle: str, place: str) -> None:
    try:
        recorded = store.models.get(release.model).bundle
    except NotFound as exc:
        raise NotAttested(f"there is no {release.model}", "missing", place=place) from exc
    if recorded != bundle:
        raise NotAttested(f"these bytes are {bundle}, but {release.model} is {recorded}", "other_bytes", place=place)


def _read(artifacts: Artifacts, name: str) -> bytes:
    try:
        return artifacts.get(name)
    except StoreError as exc:
        raise NotAttested(f"the attestation {name} cannot be read: {exc}") from exc


def _verified(data: bytes, keys: PublicKeys, own: OwnKeys, name: str, model: str, bundle: str) -> _Said:
    said, mine = open_word(data, keys, own)
    check_subject(said, model, bundle, f"the attestation {name}")
    return _Said(name, said["predicateType"], said["predicate"], mine)


def open_word(data: bytes, keys: PublicKeys, own: OwnKeys) -> tuple[JsonObject, bool]:
    """As `open_envelope`; a vote may be signed with the key of the principal who says it: whether it is. Raises NotAttested."""
    said, signatures, payload = read_envelope(data)
    key = own.get(str(said["predicate"].get("principal"))) if said["predicateType"] in VOTES else None
    if key is not None and signed_by(key, signatures, payload):
        return said, True
    return open_envelope(data, keys), False


def _names(subjects: Any) -> str:
    try:
        return ", ".join(f"{s['name']} (sha256:{s['digest']['sha256'][:12]}…)" for s in subjects)
    except (TypeError, KeyError):
        return "nothing readable"


def _check_gates(
    terms: JsonObject, said: Sequence[_Said], by_hand: Iterable[_Said], release: Release, place: str
) -> None:
    belongs = set(terms.get("attestations") or ())
    verdicts = {s.predicate.get("gate"): s.predicate for s in said if s.kind == GATE and s.envelope in belongs}
    required = terms.get("required") or {}
    if not {"quality", "infrastructure"} <= set(required.values()):
        both = "the release does not ask for both blessings, quality and infrastructure"
        raise NotAttested(both, "not_asked", place=place)
    override, approved = (
        [s for s in by_hand if s.kind == kind and s.predicate.get("reason")] for kind in (FORCED, APPROVAL)
    )
    for gate in required:
        verdict = verdicts.get(gate)
        if verdict is None:
            raise NotAttested(f"the attestation of the gate {gate!r} is missing", "missing", place=place)
        if verdict.get("passed") is True or (approved and verdict.get("verdict") == HELD):
            continue
        if not override or gate == NEVER_FORCED or not release.override:
            raise NotAttested(f"the gate {gate!r} did not pass", "not_passed", place=place)


def _check_approval(terms: JsonObject, by_hand: Iterable[_Said], place: str) -> None:
    roles = terms.get("approval") or []
    if roles and not any(s.kind == APPROVAL and s.predicate.get("role") in roles for s in by_hand):
        raise NotAttested(
            f"nobody has approved it; it needs one of: {', '.join(roles)}",
            "not_approved",
            place=place,
            hint="tidemill approve RELEASE",
        )


def _check_asked(asked: JsonObject, by_hand: Iterable[_Said], place: str) -> None:
    """That as many people said yes to a question as its rule asked for when the release was made."""
    wanted, own = int(asked.get("needed", 1)), bool(asked.get("own_key"))
    yes = [s for s in by_hand if s.kind == APPROVAL and s.predicate.get("kind") == asked.get("kind")]
    if roles := asked.get("roles"):
        yes = [s for s in yes if s.predicate.get("role") in roles]
    people = {s.predicate.get("person") or "" for s in yes if s.own or not own}
    if asked.get("four_eyes") or wanted > 1:
        people -= {"", asked.get("person")} if asked.get("four_eyes") else {""}
    if len(people) < wanted:
        raise NotAttested(
            f"{len(people)} of {wanted} people have said yes, as {asked.get('rule')} asks",
            "not_approved",
            place=place,
            hint="tidemill inbox",
        )
