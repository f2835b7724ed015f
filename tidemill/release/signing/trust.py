"""Whose signatures count: the public keys that this machine keeps outside the project.

The folder has a copy of them, and the records name them for machines that share these alone. Who can write there can replace
them: they are never believed by themselves. Where the machine keeps none (a folder that came from elsewhere, another machine of
a team), nothing verifies until a person has said once that these are the keys meant: `tidemill trust`.
The scorer imports this module: the standard library, cryptography and the kernel only.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from tidemill.errors import NotAttested
from tidemill.files import write_whole
from tidemill.scope.home import keeping, keys_of, pin
from tidemill.types import canonical, digest

if TYPE_CHECKING:
    from tidemill.scope.project import Project

NAMES = ("gate", "approval")
LEDGER = "ledger"
"""The key by which the heads of the ledger are signed: what serves rests on it in nothing."""
RECORDED = {name: f"{name}_key" for name in (*NAMES, LEDGER)}
"""The settings that name the public halves to a team's other machines."""


@dataclass(frozen=True, slots=True)
class PublicKeys:
    """What a verifier trusts: the machine's gate key and the person's approval key."""

    gate: Ed25519PublicKey
    approval: Ed25519PublicKey

    @property
    def fingerprint(self) -> str:
        """One name for both, to be compared by eye: 128 bits in hex."""
        return digest(canonical([keyid(self.gate), keyid(self.approval)])).removeprefix("sha256:")[:32]


def keyid(key: Ed25519PublicKey) -> str:
    """The key's name, as securesystemslib gives it."""
    keyval = {"public": key.public_bytes_raw().hex()}
    return digest(canonical({"keytype": "ed25519", "keyval": keyval, "scheme": "ed25519"})).removeprefix("sha256:")


def pem(key: Ed25519PublicKey) -> bytes:
    """The key as it stands in its file."""
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def public_keys(project: Project) -> PublicKeys:
    """The keys that this machine keeps for the project; a copy in the folder must be the same. Raises NotAttested."""
    outside, inside = project.keys_dir, project.state / "keys"
    if not _any(outside):
        raise NotAttested(
            "this machine does not know the keys that the project's releases are signed with",
            place=str(outside),
            hint="if the folder came from elsewhere, compare its fingerprint: tidemill trust; else release: tidemill run",
        )
    keys = _read(outside, f"copy it back from {inside}, or compare the fingerprint: tidemill trust")
    for name in NAMES:
        copy = inside / f"{name}.pub"
        if copy.exists() and keyid(_key(copy, f"copy it back from {outside}")) != keyid(getattr(keys, name)):
            raise NotAttested(
                f"the {name} key in the project is not the one that this machine keeps for it",
                "other_key",
                place=str(copy),
                hint=f"if you did not replace it yourself, copy it back from {outside}",
            )
    return keys


def offered(project: Project) -> PublicKeys:
    """The keys that came with the folder; where it has none, those that this machine signs with, or that the records name, or that
    it keeps. Raises NotAttested."""
    inside, outside = project.state / "keys", keys_of(project.id)
    recorded = [project.store.settings.get(RECORDED[name]) for name in NAMES]
    if all(recorded) and not _any(inside) and not _signs(outside):
        return PublicKeys(
            *(_parsed(str(text).encode(), Path(f"the records' {name}")) for name, text in zip(NAMES, recorded))
        )
    return _read(inside if _any(inside) else outside, "release a model once: tidemill run")


def is_trusted(project: Project) -> bool:
    """Whether this machine takes the keys that came with the folder for the project's own."""
    try:
        return public_keys(project).fingerprint == offered(project).fingerprint
    except NotAttested:
        return False


def trust(project: Project, fingerprint: str) -> None:
    """Keep the keys that came with the folder outside it, as the project's own. Raises NotAttested.

    A machine that signs for the project itself takes no other keys for it, and names its own in the records.
    """
    keys, outside = offered(project), keys_of(project.id)
    if fingerprint != keys.fingerprint:
        raise NotAttested(
            f"the keys of this folder are {keys.fingerprint}, not {fingerprint}",
            place=str(project.state / "keys"),
            hint="ask for the fingerprint where the project was released: tidemill trust",
        )
    if _signs(outside) and _read(outside, f"copy it back from {project.state / 'keys'}").fingerprint != fingerprint:
        raise NotAttested(
            f"this machine signs for {project.id} itself, with other keys than the folder has",
            place=str(outside),
            hint=f"copy the public keys back from {outside}",
        )
    for name in NAMES:
        _keep(outside / f"{name}.pub", getattr(keys, name))
        if _signs(outside):
            project.store.settings.set(RECORDED[name], pem(getattr(keys, name)).decode())
    pin(project.root, project.id)


def _keep(path: Path, key: Ed25519PublicKey) -> None:
    with keeping(path, "public key"):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_whole(path, pem(key), 0o644)


def _signs(outside: Path) -> bool:
    """Whether this machine has a key to sign with."""
    return any((outside / f"{name}.ed25519").exists() for name in NAMES)


def _any(folder: Path) -> bool:
    return any((folder / f"{name}.pub").exists() for name in NAMES)


def _read(folder: Path, hint: str) -> PublicKeys:
    return PublicKeys(*(_key(folder / f"{name}.pub", hint) for name in NAMES))


def _key(path: Path, hint: str) -> Ed25519PublicKey:
    try:
        return _parsed(path.read_bytes(), path, hint)
    except OSError as exc:
        raise NotAttested(f"no trusted {path.stem} key: {exc.strerror}", place=str(path), hint=hint) from exc


def _parsed(text: bytes, place: Path, hint: str = "") -> Ed25519PublicKey:
    try:
        key = serialization.load_pem_public_key(text)
    except (ValueError, UnsupportedAlgorithm) as exc:
        raise NotAttested(f"no trusted {place.stem} key: {exc}", place=str(place), hint=hint) from exc
    if not isinstance(key, Ed25519PublicKey):
        raise NotAttested(f"no trusted {place.stem} key: not an Ed25519 key", place=str(place), hint=hint)
    return key
