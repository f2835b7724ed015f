"""The folder of a demo: its own or none; held by one; emptied whole, whatever kills that."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.raised import raised
from tidemill.errors import AlreadyUp, ProjectError
from tidemill.recipes.new import new_project
from tidemill.recipes.recommend.folder import MARK, UNFINISHED, prepared
from tidemill.recipes.recommend.shop import OPENING
from tidemill.recipes.recommend.story import Story
from tidemill.scope.project import open_project
from tidemill.serve.supervisor import only_one


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "shop"


def play(folder: Path, *, fresh: bool = False, **more) -> list[str]:
    """Open it for a demo and close it again; what was told."""
    told: list[str] = []
    with prepared(Story(folder, **more), fresh, lambda what, facts: told.append(facts["text"]), patience=0) as project:
        assert project.replay and project.clock.now() == OPENING
    return told


def files(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.mark.parametrize("there", [False, True])
def test_an_absent_or_empty_folder_becomes_a_demos_and_is_gone_on_with(folder, there):
    if there:
        folder.mkdir()
    assert "a new project" in play(folder)[0]
    (folder / "mine.txt").write_text("kept")
    assert play(folder) == [] and (folder / "mine.txt").exists()
    assert "a new project" in play(folder, fresh=True)[0]
    assert sorted(p.name for p in folder.iterdir() if p.name in (MARK, UNFINISHED, "mine.txt")) == [MARK]


@pytest.mark.parametrize("fresh", [False, True])
@pytest.mark.parametrize("kind", ["live project", "opened project", "files", "hidden file"])
def test_what_no_demo_made_is_neither_played_in_nor_removed(folder, fresh, kind):
    if kind.endswith("project"):
        new_project(folder, "recommend")
        if kind == "opened project":
            open_project(folder).close()
    else:
        folder.mkdir()
    (folder / ("data.csv" if kind != "hidden file" else ".env")).write_text("years of work")
    before = files(folder)
    with raised(ProjectError, "") as caught:
        play(folder, fresh=fresh)
    assert f"{folder}/ " in caught.value.message and "--folder NAME" in caught.value.hint
    assert files(folder) == before


@pytest.mark.parametrize("fresh", [False, True])
def test_a_file_in_its_place_is_said(folder, fresh):
    folder.write_text("mine")
    with raised(ProjectError, "") as caught:
        play(folder, fresh=fresh)
    assert f"{folder} " in caught.value.message and "--folder NAME" in caught.value.hint
    with raised(ProjectError, "") as caught:
        play(folder / "below", fresh=fresh)
    assert f"{folder}/below/ " in caught.value.message and "--folder NAME" in caught.value.hint
    assert isinstance(caught.value.__cause__, NotADirectoryError)
    assert folder.read_text() == "mine"


@pytest.mark.parametrize("fresh", [False, True])
def test_one_demo_at_a_time(folder, fresh):
    with prepared(Story(folder), False, lambda what, facts: None):
        before = set(files(folder))
        with raised(ProjectError, "") as caught:
            play(folder, fresh=fresh)
        assert f"{folder}/" in caught.value.message and "Ctrl-C" in caught.value.hint
        assert set(files(folder)) == before
    play(folder, fresh=fresh)


@pytest.mark.parametrize("fresh", [False, True])
def test_a_folder_that_is_served_is_left_alone(folder, fresh):
    play(folder)
    with only_one(folder), raised(ProjectError, "") as caught:
        play(folder, fresh=fresh)
    assert f"{folder}/" in caught.value.message and "tidemill up" in caught.value.hint
    assert (folder / "tidemill.toml").exists()
    play(folder, fresh=fresh)


def test_the_server_of_a_killed_demo_is_waited_for(folder):
    play(folder)
    holds = (
        "import sys; from pathlib import Path; from tidemill.serve.supervisor import only_one\n"
        "with only_one(Path(sys.argv[1])): print('held', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", holds, str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        assert server.stdout.readline() == b"held\n"  # type: ignore[union-attr]
        told: list[str] = []

        def tell(what: str, facts: dict[str, str]) -> None:
            told.append(facts["text"])
            server.stdin.close()  # type: ignore[union-attr]

        with prepared(Story(folder), True, tell) as project:
            assert project.replay
    assert "waiting for that to end" in told[0]


def test_nobody_serves_it_until_the_story_is_written_down(folder, monkeypatch):
    from tidemill.recipes.recommend import folder as module

    play(folder)
    write, seen = module._open_for_replay, []

    def look(story):
        with pytest.raises(AlreadyUp), only_one(folder):
            pass
        seen.append(write(story))

    monkeypatch.setattr(module, "_open_for_replay", look)
    play(folder)
    assert len(seen) == 1


def test_what_the_body_raises_is_raised(folder):
    """Also where it is the very error for which the folder is waited for."""
    from tidemill.recipes.recommend.folder import _unserved

    play(folder)
    of_the_body = AlreadyUp("another project is served")
    with pytest.raises(AlreadyUp) as caught, _unserved(folder, lambda what, facts: None, 1.0):
        raise of_the_body
    assert caught.value is of_the_body


@pytest.mark.parametrize("fresh", [False, True])
def test_a_removal_that_was_killed_is_gone_on_with(folder, fresh, monkeypatch):
    """Killed before each entry that it removes: the next command starts anew, whichever it is."""
    from tidemill.recipes.recommend import folder as module

    remove, kills = module._remove, 0

    class Killed(BaseException):
        pass

    while True:
        play(folder)
        (folder / "data/old.parquet").write_text("of the old story")
        left = [kills]

        def mortal(entry, deadline, left=left):
            if left[0] == 0:
                raise Killed
            left[0] -= 1
            remove(entry, deadline)

        monkeypatch.setattr(module, "_remove", mortal)
        try:
            play(folder, fresh=True)
            break
        except Killed:
            kills += 1
        monkeypatch.setattr(module, "_remove", remove)
        play(folder, fresh=fresh)
        assert not (folder / "data/old.parquet").exists() and not (folder / UNFINISHED).exists()
    assert kills >= 5


def test_what_a_link_points_to_stays(folder, tmp_path):
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "thesis.txt").write_text("years of work")
    play(folder)
    (folder / "link").symlink_to(mine)
    play(folder, fresh=True)
    assert not (folder / "link").is_symlink() and (mine / "thesis.txt").exists()


def test_another_story_is_refused(folder):
    play(folder, seed=3)
    with raised(ProjectError, "") as caught:
        play(folder)
    assert f"{folder}/" in caught.value.message
    assert "--seed 3" in caught.value.hint and "--fresh" in caught.value.hint
    play(folder, fresh=True)
    play(folder)


def test_files_without_their_state_are_not_played_on(folder):
    """The second year's files would be taken for the first's."""
    import shutil

    play(folder)
    (folder / "data/sales/2010-12-01.parquet").write_text("of year two")
    shutil.rmtree(folder / ".tidemill")
    with raised(ProjectError, "") as caught:
        play(folder)
    assert f"{folder}/" in caught.value.message and ".tidemill/" in caught.value.message
    assert "--fresh" in caught.value.hint


@pytest.mark.parametrize("killed", ["new_project", "fit_to_shop"])
def test_a_project_half_made_is_made_anew(folder, monkeypatch, killed):
    """Killed before or after the files are there: three of them are only then made to fit the shop."""
    from tidemill.recipes.recommend import folder as module

    with monkeypatch.context() as patch:
        patch.setattr(module, killed, lambda *args: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            play(folder)
    assert (folder / UNFINISHED).exists()
    assert "a new project" in play(folder)[0] and not (folder / UNFINISHED).exists()
    assert "value: 0.60" in (folder / "contracts/sales.yaml").read_text()


def test_a_project_without_its_configuration_is_said_and_left(folder):
    play(folder)
    (folder / "tidemill.toml").unlink()
    (folder / "mine.txt").write_text("kept")
    with raised(ProjectError, "") as caught:
        play(folder)
    assert f"{folder}/" in caught.value.message and "tidemill.toml" in caught.value.message
    assert "--fresh" in caught.value.hint
    assert (folder / "mine.txt").exists() and (folder / ".tidemill/tidemill.db").exists()
    play(folder, fresh=True)
