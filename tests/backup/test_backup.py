"""A backup is one moment of a project, which nobody without its key can read; what is restored is the same, less who was forgotten since."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from tests.data.small import NOW, drop, lay, rows
from tests.raised import raised
from tests.rights.test_holders import answered, derived, sold
from tidemill.access.caller import Caller
from tidemill.access.tokens import SCOPES
from tidemill.backup import tombstones
from tidemill.backup.key import VARIABLE, key_of
from tidemill.backup.objects import Repository
from tidemill.cli.main import cli
from tidemill.data.pipeline import ingest
from tidemill.data.tables.tables import open_tables
from tidemill.errors import BadRequest, ConfigError, Conflict, Damaged, Forbidden, NotAttested, NotFound
from tidemill.files import exclusive
from tidemill.ops import backup as verbs
from tidemill.ops.rights import forget, subjects
from tidemill.scope.home import keys_of
from tidemill.scope.project import Project, open_project
from tidemill.scope.stores import STAYING
from tidemill.testing import records as sample
from tidemill.testing.holders import BYSTANDER, CANARY
from tidemill.types import DAY, HeldClock

ME = Caller("somebody", SCOPES, "python")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TIDEMILL_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with open_project(lay(tmp_path / "shop"), clock=HeldClock(NOW)) as opened:
        for who in (CANARY, BYSTANDER):
            for plant in (answered, sold, derived):
                plant(opened, who)
        yield opened


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    return tmp_path / "kept"


def move(project: Project, days: int) -> None:
    assert isinstance(project.clock, HeldClock)
    project.clock.move(project.clock.now() + days * DAY)


def rows_of(project: Project) -> dict[str, tuple[int, int]]:
    """Of each table of the databases how many rows, and a digest of them; of what is not of this place."""
    contents = project.store.contents(STAYING), project.live.contents()
    here = {"leases", "scorers", "events", "ledger", "ledger_heads"}
    return {name: one.digest(name) for one in contents for name in one.names if name not in here}


def test_what_is_restored_is_what_there_was(project: Project, kept: Path, tmp_path: Path) -> None:
    (project.root / "steps.py").write_text("HALF = 0.5\n")
    (project.state / "replay.jsonl").write_text("{}\n")
    before = rows_of(project)
    made = verbs.make(project, ME, kept).backup
    found = verbs.restore(kept, tmp_path / "again")
    assert made.verified and (made.tables, found.forgotten, found.done) == (2, 0, True)
    with open_project(tmp_path / "again") as again:
        assert rows_of(again) == before and again.id == project.id
        assert set(again.artifacts.digests()) == set(project.artifacts.digests())
        ours, theirs = open_tables(project), open_tables(again)
        for version in (1, 2):
            assert theirs.read("sales", version).collect().equals(ours.read("sales", version).collect())
        names = "steps.py", "tidemill.toml", "contracts/sales.yaml", ".tidemill/replay.jsonl"
        assert all((again.root / name).read_bytes() == (project.root / name).read_bytes() for name in names)
    assert not (tmp_path / "again/data").exists(), "the source data is in no backup"
    assert not list(project.state.glob(".backup*")) and not list(tmp_path.glob(".again*"))


def test_who_has_no_key_learns_nothing(
    project: Project, kept: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    verbs.make(project, ME, kept)
    said = b"".join(file.read_bytes() for file in kept.rglob("*") if file.is_file())
    names = "\n".join(str(file.relative_to(kept)) for file in kept.rglob("*"))
    digests = [digest.removeprefix("sha256:") for digest in project.artifacts.digests()]
    assert CANARY.encode() not in said and b"sales" not in said and b"PAR1" not in said
    assert digests and not any(digest in names for digest in digests)
    key = keys_of(project.id) / "backup.key"
    assert key.stat().st_mode & 0o077 == 0 and key.read_bytes() not in said
    monkeypatch.setenv(VARIABLE, "00" * 32)
    with pytest.raises(Damaged):
        verbs.ls(kept)
    monkeypatch.setenv(VARIABLE, "no key")
    with raised(ConfigError, VARIABLE):
        verbs.ls(kept)
    monkeypatch.delenv(VARIABLE)
    key.unlink()
    with raised(NotAttested, str(key)):
        verbs.ls(kept)


def test_what_is_kept_already_is_not_written_again_and_what_has_expired_goes(project: Project, kept: Path) -> None:
    first = verbs.make(project, ME, kept, keep="10 days").backup
    objects = {file.name for file in kept.glob("objects/??/*")}
    move(project, 5)
    sold(project, "99")
    second = verbs.make(project, ME, kept)
    more = {file.name for file in kept.glob("objects/??/*")}
    assert objects < more and len(more - objects) < len(objects) / 2
    move(project, 6)
    third = verbs.make(project, ME, kept)
    assert third.expired == (first.id,) and third.freed > 0
    assert [one.id for one in verbs.ls(kept)] == [third.backup.id, second.backup.id]
    assert verbs.check(kept, second.backup.id).verified and verbs.check(kept).id == third.backup.id


def test_of_two_at_one_moment_the_later_one_is_the_last(project: Project, kept: Path) -> None:
    """The clock of a replay stands."""
    made = [verbs.make(project, ME, kept, verify=False).backup.id for _ in range(4)]
    assert [one.id for one in verbs.ls(kept)] == made[::-1] and verbs.check(kept).id == made[-1]


def test_a_restore_forgets_again_who_was_forgotten_since(project: Project, kept: Path, tmp_path: Path) -> None:
    """And nobody who was forgotten before, and came again: of them the backup has what came since."""
    forget.forget(project, ME, BYSTANDER)
    move(project, 1)
    drop(project.root, "back.csv", rows(("77", "mug", 1, "2011-01-09 10:00:00", 1.5, BYSTANDER)))
    ingest(project, "sales")
    move(project, 1)
    verbs.make(project, ME, kept)
    move(project, 1)
    done = forget.forget(project, ME, CANARY)
    assert done.done
    found = verbs.restore(kept, tmp_path / "again")
    assert found.forgotten == 1 and found.done and found.known == project.clock.now()
    with open_project(tmp_path / "again") as again:
        with pytest.raises(NotFound):
            subjects.find(again, ME, CANARY)
        assert [one.rows for one in subjects.find(again, ME, BYSTANDER).rows] == [1]


def test_the_marks_of_who_was_forgotten_outlast_the_machine(project: Project, kept: Path, home: Path) -> None:
    """They are beside the keys at once, and in the repository with the next backup."""
    done = forget.forget(project, ME, CANARY)
    assert set(tombstones.read([keys_of(project.id) / "forgotten"])) == {done.mark}
    verbs.make(project, ME, kept)
    assert set(tombstones.read([kept / "forgotten"])) == {done.mark}


def test_both_databases_are_of_one_moment_while_somebody_writes(project: Project, kept: Path, tmp_path: Path) -> None:
    """An answer is written, and then an event that names it: no copy has the event of an answer that it lacks."""
    over = threading.Event()

    def write() -> None:
        n = 0
        while not over.is_set() or n < 5:
            project.live.append([sample.prediction(f"pair_{n}")], [], [])
            project.live.flush()
            project.store.events.add(sample.event(f"pair_{n}"))
            n += 1

    thread = threading.Thread(target=write)
    thread.start()
    try:
        verbs.make(project, ME, kept, verify=False)
        verbs.make(project, ME, kept, verify=False)
    finally:
        over.set()
        thread.join()
    for n, one in enumerate(verbs.ls(kept)):
        verbs.restore(kept, tmp_path / f"again{n}", one.id)
        with open_project(tmp_path / f"again{n}") as again:
            events = {e.id for e in again.store.events.list() if e.id.startswith("pair_")}
            answers = {p.id for p in again.live.predictions.list() if p.id.startswith("pair_")}
            assert events <= answers and len(answers - events) <= 1


class Stopped(Exception):
    """The process ends here."""


def test_one_that_is_stopped_anywhere_is_no_backup_and_the_same_goes_on(project: Project, kept: Path) -> None:
    steps = list[str]()

    def listen(what: str, done: int, of: int) -> None:
        steps.append(what)
        if len(steps) == wanted:
            raise Stopped

    wanted = 0
    verbs.make(project, ME, kept / "whole", progress=listen)
    count = len(steps)
    for wanted in range(1, count + 1, 3):
        steps.clear()
        with pytest.raises(Stopped):
            verbs.make(project, ME, kept / "cut", progress=listen)
        assert verbs.ls(kept / "cut") == []
    wanted = 0
    assert verbs.make(project, ME, kept / "cut").backup.verified


def test_one_wrong_byte_anywhere_is_found(project: Project, kept: Path, tmp_path: Path) -> None:
    verbs.make(project, ME, kept)
    files = sorted(kept.glob("objects/??/*")) + sorted(kept.glob("backups/*"))
    for file in files[:: max(1, len(files) // 8)] + files[-1:]:
        was = file.read_bytes()
        for wrong in (bytes([was[0] ^ 1]) + was[1:], was[:-1] + bytes([was[-1] ^ 1]), was[:-1], was[: len(was) // 2]):
            file.chmod(0o600)
            file.write_bytes(wrong)
            with pytest.raises(Damaged):
                verbs.check(kept)
        with pytest.raises(Damaged):
            verbs.restore(kept, tmp_path / "again")
        file.write_bytes(was)
    assert not (tmp_path / "again").exists() and verbs.check(kept).verified
    files[0].unlink()
    with pytest.raises(NotFound):
        verbs.check(kept)


def test_a_backup_that_lacks_what_a_record_needs_is_none(project: Project, kept: Path) -> None:
    profile = project.store.datasets.get("sales").profile
    assert profile is not None
    project.artifacts.delete(profile)
    with pytest.raises(Damaged):
        verbs.make(project, ME, kept)
    assert verbs.ls(kept) == []
    assert not verbs.make(project, ME, kept, verify=False).backup.verified


def test_where_it_may_not_be(project: Project, kept: Path, tmp_path: Path) -> None:
    with raised(BadRequest, str(project.root / "kept")):
        verbs.make(project, ME, project.root / "kept")
    (tmp_path / "full").mkdir()
    (tmp_path / "full/letter.txt").write_text("dear")
    with raised(BadRequest, str(tmp_path / "full")):
        verbs.make(project, ME, tmp_path / "full")
    verbs.make(project, ME, kept, verify=False)
    with open_project(lay(tmp_path / "other"), clock=HeldClock(NOW)) as other, pytest.raises((Conflict, Damaged)):
        verbs.make(other, ME, kept)
    for to in (project.root, tmp_path / "no/such"):
        with raised(BadRequest, str(to)):
            verbs.restore(kept, to)
    with pytest.raises(NotFound):
        verbs.restore(kept, tmp_path / "again", "2011")
    with pytest.raises(NotFound):
        verbs.restore(tmp_path / "full", tmp_path / "again")


def test_a_list_that_leads_out_of_the_folder_is_not_followed(project: Project, kept: Path, tmp_path: Path) -> None:
    made = verbs.make(project, ME, kept, verify=False).backup
    repository = Repository(kept, key_of(keys_of(project.id)))
    whole = repository.read(made.id)
    for path in ("../out.txt", "/out.txt", "a/../../out.txt"):
        wrong = repository.keep_bytes(path, b"no")
        repository.write(msgspec.structs.replace(whole, files=[*whole.files, wrong]))
        with pytest.raises(Damaged):
            verbs.restore(kept, tmp_path / "again")
    assert not list(tmp_path.rglob("out.txt"))


def test_not_while_somebody_is_forgotten_nor_two_at_once_nor_by_anybody(project: Project, kept: Path) -> None:
    with exclusive(project.state / "forget.lock"), raised(Conflict, str(project.state)):
        verbs.make(project, ME, kept)
    with Repository(kept, key_of(keys_of(project.id))).writing(), raised(Conflict, str(kept)):
        verbs.make(project, ME, kept)
    who = Caller("ann", SCOPES, "api", "principal_ann", ("viewer",), frozenset({"project.read"}))
    with pytest.raises(Forbidden):
        verbs.make(project, who, kept)


def test_a_key_that_this_machine_has_is_not_written_over(project: Project, kept: Path, tmp_path: Path) -> None:
    forget.forget(project, ME, BYSTANDER)  # whose receipt is signed, and whose mark has a key
    verbs.make(project, ME, kept, verify=False)
    key = keys_of(project.id) / "marks.key"
    was = key.read_bytes()
    key.unlink()
    verbs.restore(kept, tmp_path / "again")
    assert key.read_bytes() == was and key.stat().st_mode & 0o077 == 0
    key.write_text("00" * 32)
    with raised(NotAttested, str(key)):
        verbs.restore(kept, tmp_path / "more")


def test_by_command(project: Project, kept: Path, tmp_path: Path) -> None:
    here = ["--project", str(project.root)]

    def ran(*words: str) -> object:
        found = CliRunner().invoke(cli, [*words, "--json"])
        assert found.exit_code == 0, found.output
        return json.loads(found.stdout)

    made = ran("backup", str(kept), *here)
    assert isinstance(made, dict) and made["backup"]["verified"]
    listed = ran("backup", "ls", str(kept))
    assert isinstance(listed, list) and [one["id"] for one in listed] == [made["backup"]["id"]]
    ran("backup", "check", str(kept))
    ran("restore", str(kept), "--to", str(tmp_path / "again"))
    again = CliRunner().invoke(cli, ["restore", str(kept), "--to", str(tmp_path / "again")])
    assert isinstance(again.exception, BadRequest)
