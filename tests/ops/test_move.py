"""A project moves to a team's stores and back: every record, file and artifact the same, at any moment killed and gone on with."""

from __future__ import annotations

import contextlib
import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.cases.projects import VISITS, VISITS_TOML, Folder, lay, visits
from tests.feedback.test_otherwise import ROW
from tests.store.artifacts.conftest import _storage, bucket, storage  # noqa: F401 - the fixtures
from tests.store.artifacts.storage import Storage
from tests.store.sql.conftest import server  # noqa: F401 - the fixture
from tidemill.config.decode import load
from tidemill.data.tables.tables import open_tables
from tidemill.errors import AlreadyUp, Damaged, ProjectError, StoreBusy
from tidemill.features.online import History
from tidemill.feedback.explained import opened
from tidemill.files import exclusive
from tidemill.ledger import heads
from tidemill.model.pipeline import build_candidate
from tidemill.ops import carry, ledger, predictions
from tidemill.ops import move as verbs
from tidemill.ops.move import cancel, move
from tidemill.rebuild.verify.data import seen
from tidemill.scope.project import open_project
from tidemill.scope.stores import STAYING
from tidemill.store.bucket import Bucket
from tidemill.store.records import ItemChange, OnlineEvent, Scorer
from tidemill.store.sql import contents
from tidemill.store.sql.contents import Contents
from tidemill.testing.records import prediction

if TYPE_CHECKING:
    from tests.store.sql.conftest import Server as Postgres

pytestmark = pytest.mark.postgres
REPO = Path(__file__).parents[2]
HOME = {"metadata": "files", "artifacts": "files", "tables": "files"}


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """A project with a version of its dataset, a model, an answer, a history and one that was taken out of it."""
    made = lay(tmp_path_factory.mktemp("visits"), "visits", VISITS, VISITS_TOML)
    made.write("data/visits/a.csv", *visits())
    made.ingest("visits")
    with open_project(made.root) as project:
        model = build_candidate(project)
        task, scorer = opened(project, model)
        output = task.answer(scorer, task.request(inputs=ROW), History(), 0, 0).output
        said = {"endpoint": "visits", "subject": "", "model": model.ref, "key": None}
        inputs, answer = json.dumps({"inputs": ROW}).encode(), json.dumps(output).encode()
        project.live.append([prediction("pred_old", inputs=inputs, output=answer, **said)], [], [])
        files = [
            OnlineEvent(0, f"k{n}", who, "mug", n, 1.0, "f", n, "ing", "visits") for n, who in enumerate(("ann", "bob"))
        ]
        project.live.online.load(files)
        project.live.holders()[2].erase("bob")
        for at in (1, 2):
            project.live.items.set([ItemChange("items", "mug", "", at, {"stock": at}, principal="shelf")], at).result(
                60
            )
        project.live.flush()
    return made


@pytest.fixture
def root(base: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TIDEMILL_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(contents, "PART", 40)
    return Path(shutil.copytree(base.root, tmp_path / "shop", symlinks=True))


@pytest.fixture
def team(server: Postgres, storage: Storage, bucket: str) -> dict[str, str]:  # noqa: F811
    name = f"moved_{server.schema()}"
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    prefix = storage.address(bucket)
    database = f"postgresql://tidemill@/{name}?host={server.folder}&port={server.port}"
    return {"metadata": database, "artifacts": prefix, "tables": prefix}


def told(root: Path) -> dict[str, Any]:
    """All that the project knows, whatever stores it has."""
    with open_project(root) as project:
        tables = open_tables(project)
        contents = (project.store.contents(STAYING), project.live.contents())
        feed = project.live.online.feed(0)
        return {
            "id": project.id,
            "rows": {name: one.digest(name) for one in contents for name in one.names},
            "artifacts": sorted(project.artifacts.digests()),
            "logs": {name: tables.store.log(name) for name in tables.store.names()},
            "trace": json.loads(json.dumps(predictions.traced(project, "pred_old"), default=str)),
            "seen": seen(project, project.store.models.list()[-1].data),
            "feed": ([*map(tuple, feed.rows)], [*feed.gone], feed.position, [*map(tuple, feed.items)]),
            "items": project.live.items.past("items", "mug"),
            "rows read": tables.read("visits").collect().rows(),
        }


def leave(root: Path) -> None:
    """Delete the old files, as the answer says how."""
    for path in (root / ".tidemill").glob("*.db*"):
        path.unlink()
    for name in ("artifacts", "tables"):
        shutil.rmtree(root / ".tidemill" / name)


def test_there_and_back_again(root: Path, team: Mapping[str, str]) -> None:
    with open_project(root) as project:
        heads.make(project)
    before, toml = told(root), (root / "tidemill.toml").read_text()
    assert before["trace"]["verified"]["same_items"] and not any(one.wrong for one in before["seen"])
    would = move(root, team, dry_run=True)
    assert (root / "tidemill.toml").read_text() == toml
    found = move(root, team)
    assert found.rows == would.rows and found.rows["predictions"] == 1
    assert found.artifacts == would.artifacts and {k: v.number for k, v in found.tables.items()} == {"visits": 1}
    assert load(root / "tidemill.toml").stores.tables == team["tables"]
    leave(root)
    assert told(root) == before
    with open_project(root) as project:  # life goes on there
        seen_there = ledger.verify(project)
        assert (seen_there.broken, seen_there.heads, seen_there.erased) == (0, 1, 0)
        told_there = OnlineEvent(0, "k9", "bob", "mug", 9, 1.0, dataset="visits", endpoint="visits")
        project.live.append([prediction("pred_new")], [], [told_there])
        project.live.flush()
    after = told(root)
    assert after["feed"][2] == before["feed"][2] + 1 == 6, "the deletion has a number too, and none is given twice"
    shutil.rmtree(root / ".tidemill")
    back = move(root, HOME)
    assert back.rows["predictions"] == 2 and any("DROP SCHEMA" in line for line in back.left)
    assert told(root) == after and (root / ".tidemill/live.db").exists()
    assert load(root / "tidemill.toml").stores.metadata == ""


def test_who_has_the_old_file_goes_on_with_nothing(root: Path, team: Mapping[str, str], tmp_path: Path) -> None:
    toml = (root / "tidemill.toml").read_text()
    move(root, team)
    new = (root / "tidemill.toml").read_text()
    (root / "tidemill.toml").write_text(toml)
    with pytest.raises(ProjectError) as caught:
        open_project(root)
    assert team["tables"].partition("?")[0] in caught.value.message and "tidemill.toml" in caught.value.hint
    (root / "tidemill.toml").write_text(new.replace("/shop?", "/elsewhere?"))
    with pytest.raises(ProjectError) as caught:
        open_project(root)
    assert "tidemill move" in caught.value.hint
    (root / "tidemill.toml").write_text(new)
    open_project(root).close()


class Killed(BaseException):
    pass


def at(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, times: int) -> None:
    """End it when this is called for the ``times``-th time, before anything is done."""
    real, left = getattr(owner, name), [times]

    def run(*args: Any, **kwargs: Any) -> Any:
        left[0] -= 1
        if left[0] <= 0:
            raise Killed
        return real(*args, **kwargs)

    monkeypatch.setattr(owner, name, run)


def test_cut_short_anywhere_it_goes_on(
    root: Path, team: Mapping[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    before = told(root)
    for owner, name, times in (
        (Bucket, "put", 3),  # an artifact
        (Bucket, "create", 7),  # an entry of the log: both prefixes are tried and taken before
        (Contents, "take", 2),
        (verbs._Plan, "switch", 1),
    ):
        with monkeypatch.context() as patch, pytest.raises(Killed):
            at(patch, owner, name, times)
            move(root, team)
        with pytest.raises(ProjectError):
            open_project(root)
    move(root, team)
    assert told(root) == before


def test_given_up_it_goes_on_where_it_is(root: Path, team: Mapping[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    before = told(root)
    with pytest.raises(ProjectError):
        cancel(root)
    with monkeypatch.context() as patch, pytest.raises(Killed):
        at(patch, carry, "verify_rows", 1)
        move(root, {"metadata": team["metadata"]})
    cancel(root)
    assert told(root) == before
    with pytest.raises(ProjectError) as caught:
        move(root, {"metadata": team["metadata"]})
    assert "DROP SCHEMA" in caught.value.hint


def test_who_has_moved_away_is_not_brought_back_by_the_old_file(
    root: Path, team: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file, away = root / "tidemill.toml", {"metadata": team["metadata"]}
    old = file.read_text()
    new = f'{old}\n[stores]\nmetadata = "{team["metadata"]}"\n'
    with monkeypatch.context() as patch, pytest.raises(Killed):
        at(patch, carry, "verify_rows", 1)
        move(root, away)
    file.write_text(new)  # by hand, in haste
    for act in (open_project, cancel):
        with pytest.raises(ProjectError) as caught:
            act(root)
        assert "visits" not in caught.value.message, "nor is it said what has been carried"
    file.write_text(old)
    with pytest.raises(ProjectError):
        move(root, {"tables": team["tables"]})
    with monkeypatch.context() as patch, pytest.raises(Killed):
        at(patch, verbs._Plan, "switch", 1)
        move(root, away)
    with pytest.raises(ProjectError):
        cancel(root)
    file.write_text(new)
    with open_project(root) as project:  # it is whole, and in use
        project.live.append([prediction("pred_new")], [], [])
        project.live.flush()
    after = told(root)
    file.write_text(old)
    move(root, away)
    assert told(root) == after
    file.write_text(old)
    for act in (open_project, cancel, lambda root: move(root, {"tables": team["tables"]})):
        with pytest.raises(ProjectError):
            act(root)


def test_given_up_by_another_machine_meanwhile_it_switches_nothing(
    root: Path, team: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    toml, real = (root / "tidemill.toml").read_text(), carry.verify_tables

    def verify(source: Any, target: Any, progress: Any) -> Any:
        found = real(source, target, progress)
        monkeypatch.setattr(verbs, "only_one", lambda root: contextlib.nullcontext())  # of its own machine
        cancel(root)
        return found

    monkeypatch.setattr(carry, "verify_tables", verify)
    with pytest.raises(ProjectError):
        move(root, {"tables": team["tables"]})
    assert (root / "tidemill.toml").read_text() == toml
    open_project(root).close()


def test_where_nothing_has_run_there_is_nothing_to_move(tmp_path: Path, base: Folder, team: Mapping[str, str]) -> None:
    root = Path(shutil.copytree(base.root, tmp_path / "new", ignore=shutil.ignore_patterns(".tidemill")))
    with pytest.raises(ProjectError) as caught:
        move(root, {"tables": team["tables"]})
    assert "[stores]" in caught.value.hint


def test_of_one_kind_alone(root: Path, team: Mapping[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    before = told(root)
    found = move(root, {"tables": team["tables"]})
    assert not found.rows and found.artifacts is None and told(root) == before
    with monkeypatch.context() as patch, pytest.raises(Killed):
        at(patch, verbs._Plan, "switch", 1)
        move(root, {"tables": "files"})
    assert not move(root, {"tables": "files"}).rows and told(root) == before
    with pytest.raises(ProjectError):
        move(root, {"tables": "files"})


def test_a_target_of_another_or_that_is_not_empty_is_refused_and_nothing_is_done(
    root: Path, team: Mapping[str, str], base: Folder, tmp_path: Path
) -> None:
    before = told(root)
    bucket_ = Bucket(team["artifacts"])
    bucket_.put("notes.txt", b"somebody's")
    for what in ({"artifacts": team["artifacts"]}, {"tables": team["tables"]}):
        with pytest.raises(ProjectError) as caught:
            move(root, what)
        assert "notes.txt" in caught.value.message
    bucket_.delete("notes.txt")
    bucket_.put("tried/0123456789abcdef", b"once")
    assert move(root, {"tables": team["tables"]}, dry_run=True).dry_run, "what was left of a trial is nobody's"
    bucket_.put("project", b"project_other")
    with pytest.raises(ProjectError):
        move(root, {"tables": team["tables"]})
    other = Path(shutil.copytree(base.root, tmp_path / "other"))
    with open_project(other) as project:
        project.store.settings.set("project_id", "project_0123456789abcdef")
    move(other, {"metadata": team["metadata"]})
    with pytest.raises(ProjectError):
        move(root, {"metadata": team["metadata"]})
    assert told(root) == before


def test_nothing_may_run_meanwhile(root: Path, team: Mapping[str, str]) -> None:
    with exclusive(root / ".tidemill/up.lock"):
        with pytest.raises(AlreadyUp):
            move(root, team)
        assert move(root, team, dry_run=True).rows, "it may be looked at"
    with open_project(root) as project:
        project.store.leases.take("loop", "another machine", 60)
        with pytest.raises(StoreBusy) as caught:
            move(root, team)
        assert "loop" in caught.value.message
        assert "loop" in move(root, team, dry_run=True).running
        project.store.leases.drop("loop", "another machine")
        project.store.scorers.beat(Scorer("s", "", "far", "10.0.0.7:8080", 1, 0, 0, 0, 0, 0, 0, {}), 60)
        with pytest.raises(StoreBusy) as caught:
            move(root, team)
        assert "10.0.0.7:8080" in caught.value.message
        project.store.scorers.drop("s")
        tables = open_tables(project)
        with tables.lock("visits"), pytest.raises(StoreBusy):
            move(root, team)
    cancel(root)
    open_project(root).close()


def test_what_is_not_as_it_was_is_not_switched_to(
    root: Path, team: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    toml = (root / "tidemill.toml").read_text()
    with monkeypatch.context() as patch, pytest.raises(Killed):
        at(patch, carry, "verify_artifacts", 1)
        move(root, {"artifacts": team["artifacts"]})
    one = Bucket(team["artifacts"]).below("sha256")[0]
    good = Bucket(team["artifacts"]).get(one.name)
    Bucket(team["artifacts"]).put(one.name, b"wine")
    with pytest.raises(Damaged):
        move(root, {"artifacts": team["artifacts"]})
    assert (root / "tidemill.toml").read_text() == toml
    Bucket(team["artifacts"]).put(one.name, good)
    move(root, {"artifacts": team["artifacts"]})


def test_the_command(root: Path, team: Mapping[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    from tidemill.cli.main import main

    said = ["move", "--project", str(root), *(part for key in HOME for part in (f"--{key}", team[key]))]
    main([*said, "--dry-run"])
    assert "nothing was done" in capsys.readouterr().out
    main([*said, "--json"])
    found = json.loads(capsys.readouterr().out)
    assert found["rows"]["predictions"] == 1 and len(found["left"]) == 3
    with pytest.raises(SystemExit):
        main(["move", "--project", str(root), "--tables", "nowhere"])
    assert "--tables: " in capsys.readouterr().err, "no line of a file that nobody has written"


@pytest.mark.nightly
def test_killed_twelve_times_it_arrives_whole(root: Path, team: Mapping[str, str]) -> None:
    before = told(root)
    for place, times in (
        *(("put", n) for n in (1, 2, 2)),
        *(("create", n) for n in (2, 7, 7)),
        ("carry_tables", 1),
        *(("take", n) for n in (1, 3)),
        ("set", 4),
        ("digest", 20),
        ("switch", 1),
    ):
        line = [sys.executable, "-m", "tests.ops.move_killed", str(root), json.dumps(team), place, str(times)]
        done = subprocess.run(line, cwd=REPO, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == -signal.SIGKILL, (place, times, done.stderr[-2000:])
    assert told(root) == before
