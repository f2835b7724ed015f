"""Who can write the project's folder, and nothing else, gets nothing served; a folder from elsewhere is trusted once, by hand."""

from __future__ import annotations

import base64
import json
import shutil

import pytest

from tests.raised import raised
from tests.release.made import add_model, hold
from tidemill.cli.main import main
from tidemill.errors import DiskFull, NotAttested, ProjectError
from tidemill.ops.doctor import examine
from tidemill.release import approvals
from tidemill.release.signing import attest, trust
from tidemill.release.signing.signer import FileSigner, have_public, signer_of
from tidemill.scope.home import known_id
from tidemill.scope.project import open_project
from tidemill.store.reserve import SIZE
from tidemill.types import DAY, HeldClock, new_id


def verify(project, release):
    bundle = project.store.models.get(release.model).bundle
    attest.verify_release(project.store, project.artifacts, trust.public_keys(project), release, bundle)


def released(project):
    """Signed as the pipeline does it: with the project's own signer."""
    signer_of(project), signer_of(project, "approval")
    return hold(project, add_model(project, 1), "release_1")


def strip(project):
    """The public keys out of the folder."""
    for path in (project.state / "keys").glob("*.pub"):
        path.unlink()


def reopened(root):
    return open_project(root, clock=HeldClock(100 * DAY))


@pytest.fixture
def release(project):
    return released(project)


@pytest.fixture
def forged(project, release, home, tmp_path, monkeypatch):
    """What somebody makes of the folder who can write it, but not this machine's keys."""

    def forge(another_id=None):
        monkeypatch.setenv("TIDEMILL_HOME", str(tmp_path / "theirs"))
        if another_id:
            project.store.settings.set("project_id", another_id)
        strip(project)
        with reopened(project.root) as theirs:
            evil = hold(theirs, add_model(theirs, 9), "release_9")
            verify(theirs, evil)  # to them it is all in order
        monkeypatch.setenv("TIDEMILL_HOME", str(home))
        return evil

    return forge


def test_another_id_in_the_database_moves_nobodys_trust(project, forged):
    evil = forged(new_id("project"))
    with reopened(project.root) as again, raised(NotAttested, str(project.state / "tidemill.db")) as error:
        verify(again, evil)
    assert project.id in error.value.message and "tidemill trust" in error.value.hint


def test_another_id_is_refused_also_where_the_folder_was_never_pinned(project, forged, home):
    evil = forged(new_id("project"))
    shutil.rmtree(home / "projects")
    with reopened(project.root) as again, raised(NotAttested, str(again.keys_dir)):
        verify(again, evil)


def test_other_keys_under_the_same_id_are_refused(project, forged):
    evil, copied = forged(), str(project.state / "keys" / "gate.pub")
    with reopened(project.root) as again, raised(NotAttested, copied, reason="other_key"):
        verify(again, evil)
    strip(project)
    with reopened(project.root) as again, raised(NotAttested, "", reason="other_key"):
        verify(again, evil)


def test_an_id_that_leads_back_into_the_folder_is_refused(project, release):
    for name in (str(project.state / "keys"), f"../../{project.root.name}/.tidemill/keys", "project_..", ""):
        project.store.settings.set("project_id", name)
        with raised(ProjectError, str(project.state / "tidemill.db"), hint=False) as caught:
            open_project(project.root)
        assert repr(name) in str(caught.value)


def test_the_id_of_another_project_of_this_machine_is_refused(project, release, make):
    other = make(name="other")
    released(other)
    project.store.settings.set("project_id", other.id)
    with reopened(project.root) as again, raised(NotAttested, str(project.state / "tidemill.db")):
        trust.public_keys(again)


@pytest.mark.parametrize("left", [b"", b"\n", b"\xff\xfe\x00", b"project_..\n", None])
def test_what_the_folder_is_known_as_and_cannot_be_read_is_nobodys_word(project, release, home, left):
    (pinned,) = (home / "projects").iterdir()
    pinned.unlink()
    pinned.mkdir() if left is None else pinned.write_bytes(left)
    for refused in (trust.public_keys, signer_of):
        with raised(NotAttested, str(pinned)) as error:
            refused(project)
        assert "tidemill trust" in error.value.hint
    shutil.rmtree(project.state)
    with raised(NotAttested, str(pinned)):  # a folder begun anew is given no other id either
        reopened(project.root)


def test_a_damaged_pin_is_written_anew_by_hand(project, release, home):
    (pinned,) = (home / "projects").iterdir()
    pinned.write_bytes(b"")
    trust.trust(project, trust.offered(project).fingerprint)
    verify(project, release)
    assert known_id(project.root) == project.id


def full(*_):
    raise OSError(28, "No space left on device")


def test_a_signature_writes_nothing_where_all_is_known(project, release, monkeypatch):
    monkeypatch.setattr("os.open", full)
    assert signer_of(project).sign(b"word").signature and signer_of(project, "approval").sign(b"word").signature


def test_a_rejection_asks_no_room_of_the_disk_that_the_keys_are_on(project, release, monkeypatch):
    monkeypatch.setattr("tidemill.scope.home.write_whole", full)
    assert project.reserve.fill()
    assert approvals.answer(project, release.id, "ada", "not this one", yes=False).status == "refused"
    assert (project.state / "reserve").stat().st_size == SIZE


def test_no_room_for_a_key_costs_the_reserve_of_the_project_nothing(project, release, home, monkeypatch):
    assert project.reserve.fill()
    (pinned,) = (home / "projects").iterdir()
    shutil.rmtree(home / "projects")
    monkeypatch.setattr("tidemill.scope.home.write_whole", full)
    with raised(DiskFull, str(pinned)):
        approvals.answer(project, release.id, "ada", "not this one", yes=False)
    assert (project.state / "reserve").stat().st_size == SIZE


def test_a_key_that_cannot_be_kept_is_said(elsewhere, monkeypatch):
    monkeypatch.setattr("tidemill.release.signing.trust.write_whole", full)
    with raised(DiskFull, str(elsewhere.keys_dir / "gate.pub")):
        trust.trust(elsewhere, trust.offered(elsewhere).fingerprint)


def test_a_public_key_that_is_spoilt_is_copied_back(project, release):
    (project.keys_dir / "gate.pub").write_text("?")
    with raised(NotAttested, str(project.keys_dir / "gate.pub")) as error:
        trust.public_keys(project)
    assert f"copy it back from {project.state / 'keys'}" in error.value.hint
    (project.keys_dir / "gate.pub").write_bytes((project.state / "keys" / "gate.pub").read_bytes())
    (project.state / "keys" / "gate.pub").write_text("?")
    with raised(NotAttested, str(project.state / "keys" / "gate.pub")) as error:
        trust.public_keys(project)
    assert f"copy it back from {project.keys_dir}" in error.value.hint


def test_a_public_key_with_a_flipped_bit_is_said(project, release):
    """Whichever bit it is: the file is no key, one of a kind that nobody knows, or another key than the one meant."""
    path = project.state / "keys" / "gate.pub"
    head, body, foot = path.read_bytes().splitlines()
    key = int.from_bytes(base64.b64decode(body))
    for bit in range(key.bit_length()):
        flipped = base64.b64encode((key ^ 1 << bit).to_bytes(44))
        path.write_bytes(b"\n".join((head, flipped, foot)))
        with pytest.raises(NotAttested) as error:
            trust.public_keys(project)
        assert error.value.place == str(path) and "copy it back" in error.value.hint


def test_deleted_public_keys_change_nothing(project, release):
    strip(project)
    verify(project, release)
    assert trust.is_trusted(project)


def test_a_folder_that_is_begun_anew_keeps_its_id_and_keys(project, release):
    before = trust.public_keys(project).fingerprint
    shutil.rmtree(project.state)
    with reopened(project.root) as again:
        assert again.id == project.id
        verify(again, released(again))
        assert trust.public_keys(again).fingerprint == before


def test_a_copy_beside_it_is_served_by_the_same_machine(project, release):
    with reopened(shutil.copytree(project.root, project.root.parent / "copy")) as copy:
        verify(copy, copy.store.releases.get(release.id))


@pytest.fixture
def elsewhere(project, release, tmp_path, monkeypatch):
    """A copy of the folder on a machine that has never seen the project."""
    monkeypatch.setenv("TIDEMILL_HOME", str(tmp_path / "another machine"))
    with reopened(shutil.copytree(project.root, tmp_path / "copied")) as copy:
        yield copy


def test_who_shares_the_records_alone_is_told_the_fingerprint_by_them(elsewhere, release):
    told = trust.offered(elsewhere).fingerprint
    strip(elsewhere)
    assert trust.offered(elsewhere).fingerprint == told and not trust.is_trusted(elsewhere)
    with raised(NotAttested, str(elsewhere.keys_dir / "gate.ed25519")):
        signer_of(elsewhere)  # it makes no key that would fight with the one that has signed
    assert not elsewhere.keys_dir.exists()
    trust.trust(elsewhere, told)
    verify(elsewhere, release)


def test_two_machines_never_sign_with_two_keys(elsewhere, project, release):
    strip(elsewhere)
    own = elsewhere.keys_dir
    for name in trust.NAMES:
        FileSigner(own, elsewhere.state, name)  # of an earlier life of this machine
    with raised(NotAttested, str(own / "gate.ed25519")):
        signer_of(elsewhere)
    trust.trust(elsewhere, trust.offered(elsewhere).fingerprint)  # the other one's key is lost, say
    assert signer_of(elsewhere).sign(b"word").signature
    strip(elsewhere)
    assert trust.offered(elsewhere).fingerprint == trust.public_keys(elsewhere).fingerprint


def test_a_loop_s_machine_needs_no_key_of_the_person_who_approves(project, release):
    (project.keys_dir / "approval.ed25519").unlink()
    have_public(project, "approval")
    with raised(NotAttested, str(project.keys_dir / "approval.ed25519")):
        signer_of(project, "approval")


def test_a_recorded_key_that_is_none_is_said(elsewhere, release):
    strip(elsewhere)
    elsewhere.store.settings.set("gate_key", "no key")
    with pytest.raises(NotAttested) as caught:
        trust.offered(elsewhere)
    assert "gate" in caught.value.place


def doctors_word(project):
    return next(finding for finding in examine(project) if finding.what in ("keys", "trust"))


def test_a_copy_elsewhere_is_refused_until_its_keys_are_trusted_by_hand(elsewhere, release, capsys):
    with raised(NotAttested, str(elsewhere.keys_dir)) as error:
        verify(elsewhere, release)
    assert "tidemill trust" in error.value.hint
    word = doctors_word(elsewhere)
    assert not word.well and "does not know the keys" in word.message and "tidemill trust" in word.hint
    here = ["--project", str(elsewhere.root), "--json"]
    main(["trust", *here])
    shown = json.loads(capsys.readouterr().out)
    assert (shown["project"], shown["trusted"]) == (elsewhere.id, False)
    with pytest.raises(NotAttested):  # to look is not to trust
        verify(elsewhere, release)
    main(["trust", shown["fingerprint"], *here])
    assert json.loads(capsys.readouterr().out)["trusted"] is True
    verify(elsewhere, release)
    word = doctors_word(elsewhere)
    assert word.well and shown["fingerprint"] in word.message


def test_a_fingerprint_that_is_not_the_folders_is_refused(elsewhere, release, capsys):
    with pytest.raises(SystemExit) as left:
        main(["trust", "0" * 32, "--project", str(elsewhere.root)])
    assert left.value.code == 7 and "tidemill: " in capsys.readouterr().err
    with raised(NotAttested, str(elsewhere.keys_dir)):
        verify(elsewhere, release)


def test_who_only_verifies_does_not_sign(elsewhere):
    for _ in ("unknown", "trusted"):
        with raised(NotAttested, str(elsewhere.keys_dir / "gate.ed25519")):
            signer_of(elsewhere)
        assert not list(elsewhere.keys_dir.glob("*.ed25519"))
        trust.trust(elsewhere, trust.offered(elsewhere).fingerprint)


def test_a_machine_that_signs_itself_takes_no_other_keys(project, forged):
    forged()
    with raised(NotAttested, str(project.keys_dir)):
        trust.trust(project, trust.offered(project).fingerprint)


def test_another_project_put_into_the_folder_by_hand_is_trusted_by_hand(project, release, make):
    other = make(name="other")
    second = released(other)
    shutil.rmtree(project.root)
    shutil.copytree(other.root, project.root)
    with reopened(project.root) as put:
        with raised(NotAttested, str(put.state / "tidemill.db")):
            verify(put, second)
        trust.trust(put, trust.offered(put).fingerprint)
        verify(put, second)


def test_before_the_first_release_there_is_nothing_to_trust(project):
    with raised(NotAttested, str(project.keys_dir / "gate.pub")) as caught:
        trust.offered(project)
    assert "tidemill run" in caught.value.hint
    assert not trust.is_trusted(project)
