"""Who signs: a port that every securesystemslib signer fits, and the key file that is used by default."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tidemill.errors import NotAttested
from tidemill.files import write_whole
from tidemill.release.signing import attest
from tidemill.release.signing.trust import RECORDED, pem
from tidemill.scope.home import keeping, known_id, pin
from tidemill.types import JsonObject, canonical

if TYPE_CHECKING:
    from tidemill.scope.project import Project


class Signer(Protocol):
    """Signs bytes with a key that it keeps to itself. securesystemslib's signers (PKCS#11, key services) are such.

    Promise: `sign` returns an object with ``keyid`` and ``signature``: an Ed25519 signature, in hex, of exactly these
    bytes.
    """

    def sign(self, payload: bytes) -> Any: ...


class KeyFile:
    """Signs with the Ed25519 key in this file, which only its owner may read (0600). ``make``: it is made where it is missing.

    Raises NotAttested.
    """

    def __init__(self, path: Path, make: bool = False) -> None:
        from securesystemslib.signer import CryptoSigner  # type: ignore[attr-defined]  # theirs, but not in __all__

        key = _make(path) if make and not path.exists() else _load(path)
        self.path, self.public = path, pem(key.public_key()).decode()
        self.sign = CryptoSigner(key).sign


class FileSigner:
    """Signs with an Ed25519 key in a file that only its owner may read (0600), outside the project folder.

    The first use makes the key, and writes the public half beside it and into the project's ``.tidemill/keys/``. Where
    there is a public half already, or one ``recorded``, the key is on another machine: none is made here that would fight with it.
    """

    def __init__(self, keys_dir: Path, state: Path, name: str = "gate", recorded: str = "") -> None:
        self.path = keys_dir / f"{name}.ed25519"
        with keeping(self.path, "signing key"):
            foreign = [p for p in (keys_dir / f"{name}.pub", state / "keys" / f"{name}.pub") if p.exists()]
            if (foreign or recorded) and not self.path.exists():
                raise _elsewhere(self.path, foreign)
            key = KeyFile(self.path, make=True)
        self.public = key.public
        public = self.public.encode()
        if recorded and recorded != self.public:
            raise _another(self.path)
        for folder in (keys_dir, state / "keys"):
            with keeping(folder / f"{name}.pub", "public key"):
                _publish(folder / f"{name}.pub", public)
        self.sign = key.sign


def signer_of(project: Project, name: str = "gate") -> FileSigner:
    """The project's own signer on this machine, which from now on knows the folder by the project's id; so do its records.

    Raises NotAttested.
    """
    recorded = project.store.settings.get(RECORDED[name])
    signer = FileSigner(project.keys_dir, project.state, name, str(recorded or ""))
    if recorded is None and project.store.settings.keep(RECORDED[name], signer.public) != signer.public:
        raise _another(signer.path)
    if known_id(project.root) is None:  # another one is refused by the project itself
        pin(project.root, project.id)
    return signer


def have_public(project: Project, name: str) -> None:
    """The public half of the project's key is there for whoever verifies: its own file, or that of a key made now. Raises NotAttested."""
    path, kept = project.keys_dir / f"{name}.pub", project.store.settings
    if not path.exists():
        signer_of(project, name)
    elif kept.get(RECORDED[name]) is None:
        kept.keep(RECORDED[name], path.read_text("utf-8"))


def seal(statement: JsonObject, signer: Signer) -> bytes:
    """The statement in a signed DSSE envelope, as JSON bytes."""
    payload = canonical(statement)
    signed = signer.sign(attest.pae(payload))
    return attest.envelope(payload, signed.keyid, bytes.fromhex(signed.signature))


def _elsewhere(path: Path, foreign: list[Path]) -> NotAttested:
    lost = f"; or remove {' and '.join(map(str, foreign))} to sign with a key of your own, and release again: "
    lost += "what the other key signed is then served no more"
    return NotAttested(
        "the signing key of this project is not on this machine",
        place=str(path),
        hint=f"copy it from the machine that has it{lost if foreign else ''}",
    )


def _another(path: Path) -> NotAttested:
    """Two machines that sign one project's releases: what one of them signs, the others' scorers would not serve."""
    return NotAttested(
        "the releases of this project are signed with another key than this machine has",
        place=str(path),
        hint="copy the key from the machine that has signed; to go on with this one: tidemill trust",
    )


def _load(path: Path) -> Ed25519PrivateKey:
    if path.stat().st_mode & 0o077:
        raise NotAttested("other people can read the signing key", place=str(path), hint=f"chmod 600 {path}")
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), None)
    except (OSError, ValueError) as exc:
        raise NotAttested(f"the signing key cannot be read: {exc}", place=str(path)) from exc
    if not isinstance(key, Ed25519PrivateKey):
        raise NotAttested("the signing key is not an Ed25519 key", place=str(path))
    return key


def _make(path: Path) -> Ed25519PrivateKey:
    """A new key, whole or not at all; where another process was first, its key."""
    key = Ed25519PrivateKey.generate()
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        write_whole(path, secret, over=False)
    except FileExistsError:
        return _load(path)
    return key


def _publish(path: Path, public: bytes) -> None:
    """Write the public key where it is missing; a different one already there is somebody's mistake or attack."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not path.exists():
        write_whole(path, public, 0o644)
    if path.read_bytes() != public:
        raise NotAttested(
            "this public key does not belong to the signing key",
            place=str(path),
            hint="remove it, and release again",
        )
