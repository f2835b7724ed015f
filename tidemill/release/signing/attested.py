"""Which signed statements the policy wants of a release before a scorer loads it, and whether it carries them, signed by the keys meant."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from tidemill.access.policy import policy_of
from tidemill.access.policy.rules import Needed
from tidemill.errors import ConfigError, NotAttested
from tidemill.release.signing import attest
from tidemill.release.signing.trust import PublicKeys, keyid, public_keys
from tidemill.types import JsonObject

if TYPE_CHECKING:
    from tidemill.scope.project import Project
    from tidemill.store.records import Release

KINDS = {
    "gate": attest.GATE,
    "provenance": attest.SLSA,
    "release": attest.RELEASE,
    "approval": attest.APPROVAL,
    "override": attest.FORCED,
}
"""The types of the statements, by the words of the policy."""


def check_policy(project: Project, release: Release, keys: PublicKeys) -> None:
    """Of a release whose statements were verified: that it carries what the policy asks for. Raises NotAttested, which names the rule."""
    try:
        needed = policy_of(project).needs(release.endpoint, release.environment)
    except ConfigError as exc:
        hint = "mend it: until it can be read nobody knows what a release has to carry"
        raise NotAttested(f"the policy cannot be read: {exc.message}", place=exc.place, hint=hint) from exc
    if not needed:
        return
    carried = list(_carried(project, release, keys))
    for one in needed:
        if not any(_is(one, release, said, signer) for said, signer in carried):
            by = f" by one of {len(one.keys)} keys" if one.keys else ""
            hint = f"release {release.id} does not carry it: tidemill policy show lists the keys that are known"
            raise NotAttested(f"{release.model} needs {one.text}, signed{by}", "missing", place=one.place, hint=hint)


def unattested(project: Project, release: Release) -> NotAttested | None:
    """What a release lacks of what the policy asks for; None where it carries it, or nobody here could tell."""
    try:
        check_policy(project, release, public_keys(project))
    except NotAttested as exc:
        return exc if exc.reason == "missing" else None
    return None


def _carried(project: Project, release: Release, keys: PublicKeys) -> Iterator[tuple[JsonObject, str]]:
    """What each statement says, and the key that signed it."""
    envelopes = [project.artifacts.get(name) for name in release.attestations]
    signers = [keys.gate, keys.approval, *attest.own_keys(envelopes, keys).values()]
    for data in envelopes:
        said, signatures, payload = attest.read_envelope(data)
        yield said, _signer(signers, signatures, payload)


def _signer(among: list[Ed25519PublicKey], signatures: list[bytes], payload: bytes) -> str:
    return next((keyid(key) for key in among if attest.signed_by(key, signatures, payload)), "")


def _is(one: Needed, release: Release, said: JsonObject, signer: str) -> bool:
    predicate = said["predicate"]
    if said["predicateType"] != KINDS[one.statement] or not signer or (one.keys and signer not in one.keys):
        return False
    if one.statement == "gate":
        return bool(predicate.get("gate") == one.gate and predicate.get("passed") is True)
    return one.statement == "provenance" or predicate.get("release") == release.id
