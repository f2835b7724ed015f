"""Envelopes are what in-toto and DSSE say, and the scorer's check refuses everything that is not as it was signed."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import CryptoSigner, SSlibKey

from tests.raised import raised
from tests.release.made import VERDICTS, add_model, hold, sign
from tidemill.errors import Damaged, NotAttested, StoreError
from tidemill.release import approvals
from tidemill.release.signing import attest, trust
from tidemill.release.signing.signer import FileSigner, seal

SAID = attest.statement("model:shop@1", "sha256:" + "ab" * 32, attest.GATE, {"gate": "refit", "passed": True})


def keys_of(project):
    return trust.public_keys(project)


def verify(project, release, bundle=None):
    bundle = bundle or project.store.models.get(release.model).bundle
    attest.verify_release(project.store, project.artifacts, keys_of(project), release, bundle)


@pytest.fixture
def signer(project):
    return FileSigner(project.keys_dir, project.state)


@pytest.fixture
def release(project):
    return hold(project, add_model(project, 1), "release_1")


def test_securesystemslib_verifies_what_we_sign(project, signer):
    FileSigner(project.keys_dir, project.state, "approval")
    sealed = Envelope.from_dict(json.loads(seal(SAID, signer)))
    key = SSlibKey.from_crypto(keys_of(project).gate)
    assert key.keyid in sealed.verify([key], 1)
    assert key.keyid == trust.keyid(keys_of(project).gate)
    assert json.loads(sealed.payload) == SAID
    stranger = CryptoSigner.generate_ed25519(keyid=key.keyid).public_key
    with pytest.raises(VerificationError):
        sealed.verify([stranger], 1)


def test_we_verify_what_securesystemslib_signs(project):
    private = Ed25519PrivateKey.generate()
    sealed = Envelope(json.dumps(SAID).encode(), attest.PAYLOAD, {})
    sealed.sign(CryptoSigner(private))
    keys = trust.PublicKeys(private.public_key(), Ed25519PrivateKey.generate().public_key())
    assert attest.open_envelope(json.dumps(sealed.to_dict()).encode(), keys) == SAID


def test_any_other_byte_in_payload_signature_or_type_is_refused(project, signer):
    FileSigner(project.keys_dir, project.state, "approval")
    keys = keys_of(project)
    sealed = json.loads(seal(SAID, signer))
    payload = base64.b64decode(sealed["payload"])
    for position in range(0, len(payload), 7):
        changed = payload[:position] + bytes([payload[position] ^ 1]) + payload[position + 1 :]
        with pytest.raises(NotAttested):
            attest.open_envelope(json.dumps({**sealed, "payload": base64.b64encode(changed).decode()}).encode(), keys)
    signature = bytearray(base64.b64decode(sealed["signatures"][0]["sig"]))
    signature[10] ^= 1
    broken = [{"keyid": "", "sig": base64.b64encode(signature).decode()}]
    for change in ({"signatures": broken}, {"signatures": []}, {"payloadType": "text/plain"}, {"payload": "%%%"}):
        with pytest.raises(NotAttested):
            attest.open_envelope(json.dumps({**sealed, **change}).encode(), keys)
    with pytest.raises(NotAttested):
        attest.open_envelope(b"not json", keys)


def test_a_signed_payload_that_is_no_statement_is_refused(project, signer):
    FileSigner(project.keys_dir, project.state, "approval")
    with raised(NotAttested, "", reason="no_statement", hint=False):
        attest.open_envelope(seal({"_type": "else"}, signer), keys_of(project))


def test_the_key_is_outside_the_project_and_for_its_owner_alone(project, signer):
    assert project.root not in signer.path.parents
    assert signer.path.stat().st_mode & 0o777 == 0o600
    assert (project.state / "keys" / "gate.pub").read_bytes().startswith(b"-----BEGIN PUBLIC KEY-----")
    secret = signer.path.read_bytes()
    assert all(secret not in path.read_bytes() for path in project.root.rglob("*") if path.is_file())
    again = FileSigner(project.keys_dir, project.state)
    assert seal(SAID, again) == seal(SAID, signer)
    signer.path.chmod(0o644)
    with raised(NotAttested, str(signer.path)) as caught:
        FileSigner(project.keys_dir, project.state)
    assert caught.value.hint == f"chmod 600 {signer.path}"


def test_a_place_that_cannot_hold_the_key_is_named_with_the_way_out(project, tmp_path, monkeypatch):
    (tmp_path / "a file").write_text("")
    monkeypatch.setenv("TIDEMILL_HOME", str(tmp_path / "a file"))
    with raised(StoreError, str(project.keys_dir / "gate.ed25519")) as error:
        FileSigner(project.keys_dir, project.state)
    assert "TIDEMILL_HOME" in error.value.hint and isinstance(error.value.__cause__, NotADirectoryError)


def test_gate_and_approval_keys_differ(project, release):
    keys = keys_of(project)
    assert trust.keyid(keys.gate) != trust.keyid(keys.approval)


def test_a_good_release_is_served(project, release):
    verify(project, release)


def test_a_key_replaced_in_the_project_is_refused(project, release):
    other = FileSigner(project.root.parent / "elsewhere", project.root.parent / "other")
    (project.state / "keys" / "gate.pub").write_bytes((other.path.with_name("gate.pub")).read_bytes())
    with raised(NotAttested, str(project.state / "keys" / "gate.pub"), reason="other_key"):
        keys_of(project)


def test_envelopes_of_another_key_are_refused(project, release):
    for path in (*project.keys_dir.iterdir(), *(project.state / "keys").iterdir()):
        path.unlink()
    FileSigner(project.keys_dir, project.state), FileSigner(project.keys_dir, project.state, "approval")
    with raised(NotAttested, "", reason="other_key"):
        verify(project, release)


def test_other_bytes_than_the_signed_are_refused(project, release):
    other = add_model(project, 2)
    with raised(NotAttested, "release release_1", reason="other_bytes", hint=False):
        verify(project, release, bundle=other.bundle)
    # the record says so too, only the signature does not
    with raised(NotAttested, "", reason="other_model", hint=False) as caught:
        verify(project, replace(release, model=other.ref))
    assert "model:shop@1" in str(caught.value)


@pytest.mark.parametrize("leave_out", [0, 1, 2])
def test_a_missing_attestation_is_refused(project, release, leave_out):
    kept = tuple(a for i, a in enumerate(release.attestations) if i != leave_out)
    with raised(NotAttested, "release release_1", reason="missing", hint=leave_out == 2):
        verify(project, replace(release, attestations=kept))


def test_no_attestation_at_all_is_refused(project, release):
    with pytest.raises(NotAttested):
        verify(project, replace(release, attestations=()))


def test_a_statement_replayed_from_another_model_is_refused(project, release):
    other = add_model(project, 2)
    borrowed = sign(project, other, "release_1")
    with raised(NotAttested, "", reason="other_model", hint=False) as caught:
        verify(project, replace(release, attestations=(borrowed[0], *release.attestations[1:])))
    assert "model:shop@2" in str(caught.value)


def test_a_release_statement_replayed_from_another_release_of_the_same_model_is_refused(project, release):
    again = sign(project, project.store.models.get(release.model), "release_2")
    with raised(NotAttested, "release release_1", reason="missing"):
        verify(project, replace(release, attestations=again))


def test_an_older_passing_verdict_does_not_stand_in_for_a_refusal(project, release):
    model = project.store.models.get(release.model)
    refused = sign(project, model, "release_2", [("refit", "quality", False), VERDICTS[1]])
    mixed = (release.attestations[0], *refused[1:])
    with raised(NotAttested, "release release_2", reason="missing", hint=False) as caught:
        verify(project, replace(release, id="release_2", attestations=mixed))
    assert "'refit'" in str(caught.value)


def test_another_endpoint_is_refused(project, release):
    with raised(NotAttested, "release release_1", reason="other_endpoint", hint=False) as caught:
        verify(project, replace(release, endpoint="bank"))
    assert "'shop'" in str(caught.value) and "'bank'" in str(caught.value)


def test_both_blessings_are_asked_for(project):
    model = add_model(project, 1)
    release = hold(project, model, "r", attestations=sign(project, model, "r", [VERDICTS[0]]))
    with raised(NotAttested, "release r", reason="not_asked", hint=False):
        verify(project, release)


def test_a_refusal_passes_only_with_a_persons_signed_reason(project):
    model = add_model(project, 1)
    signed = sign(project, model, "r", [("refit", "quality", False), VERDICTS[1]])
    release = hold(project, model, "r", attestations=signed)
    with raised(NotAttested, "release r", reason="not_passed", hint=False):
        verify(project, release)
    with raised(NotAttested, "release r", reason="not_passed", hint=False):
        verify(project, replace(release, override="just a word in the record"))
    word = approvals.sign_force(project, release, "ada", "we know better")
    override = replace(release, attestations=(*signed, word), override="we know better")
    verify(project, override)
    with pytest.raises(NotAttested):  # the gate key cannot speak for a person
        said = attest.statement(model.ref, model.bundle, attest.FORCED, {"release": "r", "who": "x", "reason": "y"})
        fake = project.artifacts.put(seal(said, FileSigner(project.keys_dir, project.state)))
        verify(project, replace(override, attestations=(*signed, fake)))


def test_nobody_forces_what_the_server_cannot_load(project):
    model = add_model(project, 1)
    signed = sign(project, model, "r", [VERDICTS[0], ("infrastructure", "infrastructure", False)])
    release = hold(project, model, "r", attestations=signed)
    word = approvals.sign_force(project, release, "ada", "we know better")
    with raised(NotAttested, "release r", reason="not_passed", hint=False) as caught:
        verify(project, replace(release, attestations=(*signed, word), override="we know better"))
    assert "'infrastructure'" in str(caught.value)


def test_an_approval_is_checked_where_the_signed_terms_ask_for_one(project):
    model = add_model(project, 1)
    release = hold(project, model, "r", attestations=sign(project, model, "r", approval=["product-owner"]))
    with raised(NotAttested, "release r", reason="not_approved"):
        verify(project, release)


def test_a_damaged_envelope_is_refused(project, release):
    path = project.artifacts.path(release.attestations[0])
    path.chmod(0o600)
    path.write_bytes(path.read_bytes().replace(b"payload", b"PAYLOAD"))
    with raised(NotAttested, "", hint=False) as caught:
        verify(project, release)
    assert isinstance(caught.value.__cause__, Damaged) and release.attestations[0] in str(caught.value)


def test_the_check_imports_nothing_heavy():
    code = (
        "import sys, tidemill.release.signing.attest, tidemill.release.rollout.rollout;"
        "heavy = {'polars', 'scipy', 'numpy', 'lightgbm', 'optuna', 'deltalake', 'securesystemslib', 'sqlalchemy'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
