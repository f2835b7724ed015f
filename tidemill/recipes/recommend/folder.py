"""The folder a demo plays in: made by a demo and marked so, held by one demo at a time. No other is played in or removed."""

from __future__ import annotations

import errno
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tidemill.errors import AlreadyUp, ConfigError, ProjectError, no_room
from tidemill.files import exclusive
from tidemill.recipes.new import new_project
from tidemill.recipes.recommend.shop import OPENING
from tidemill.recipes.recommend.story import Story, Tell
from tidemill.scope.project import Project, open_project
from tidemill.serve.supervisor import only_one
from tidemill.store.records import Tx

MARK = ".made-by-tidemill-demo"
"""Stands in every folder that a demo made, from its first moment to its last; who plays in it holds a lock on it."""
SAYS = b"tidemill demo made this folder, and tidemill demo --fresh removes all that is in it\n"
UNFINISHED = ".tidemill-demo-is-at-this"
"""Stands in a folder that is being emptied, or made: whoever comes after a kill empties it and makes it anew."""
PATIENCE = 30.0  # seconds: the server of a demo that was killed ends by itself
ELSEWHERE = "play in another folder: tidemill demo --folder NAME"
FITS = (
    # its own export repeats 1 to 9 December 2010: up to 57 % of a day's rows are bad
    ("contracts/sales.yaml", "value: 0.05", "value: 0.60"),
    # a C begins a cancellation
    ("contracts/sales.yaml", "{ minLength: 1, maxLength: 40 }", """{ pattern: "^C?[0-9]{6}$" }"""),
    # what a shop would say; a project of one's own says it itself
    ("tidemill.toml", "# [goal]", "[goal]"),
    ("tidemill.toml", "# measure =", "measure ="),
    ("tidemill.toml", "# owner =", "owner ="),
    ("tidemill.toml", "# least_useful =", "least_useful ="),
)
"""What the shop needs otherwise than the recipe's template, which is strict: (file, the template's words, the shop's)."""


@contextmanager
def prepared(story: Story, fresh: bool, tell: Tell, patience: float = PATIENCE) -> Iterator[Project]:
    """The project, open for replay and this process's alone; one that is there already is gone on with.

    Raises ProjectError where the folder is not a demo's, is played in or served, or was played otherwise.
    """
    folder = story.folder
    with _held(folder):
        with _unserved(folder, tell, patience):
            if fresh or (folder / UNFINISHED).exists():
                _empty(folder, patience)
            _make(folder, tell)
            _open_for_replay(story)
        with open_project(folder) as project:
            yield project


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    """The lock on the folder's mark; both are made where there is no folder, or an empty one."""
    if folder.exists() and not folder.is_dir():
        raise ProjectError(f"{folder} is a file, no folder", hint=ELSEWHERE)
    with ExitStack() as held:
        try:
            if not (folder / MARK).exists():
                if folder.is_dir() and any(folder.iterdir()):
                    raise ProjectError(f"{folder}/ was not made by tidemill demo, and is left as it is", hint=ELSEWHERE)
                folder.mkdir(parents=True, exist_ok=True)
            mark = held.enter_context(exclusive(folder / MARK))
        except BlockingIOError as exc:
            raise ProjectError(f"a demo plays in {folder}/", hint="wait for it, or end it with Ctrl-C") from exc
        except OSError as exc:
            if no_room(exc):
                raise
            raise ProjectError(f"{folder}/ cannot be used: {exc.strerror}", hint=ELSEWHERE) from exc
        if not os.fstat(mark).st_size:
            os.write(mark, SAYS)
        yield


@contextmanager
def _unserved(folder: Path, tell: Tell, patience: float) -> Iterator[None]:
    """Nobody serves the project meanwhile. A server that is still there may be ending: it is waited for."""
    deadline, waits = time.monotonic() + patience, False
    with ExitStack() as held:
        while (folder / ".tidemill").is_dir():
            try:
                held.enter_context(only_one(folder))
                break
            except AlreadyUp as exc:
                if time.monotonic() >= deadline:
                    raise ProjectError(f"{folder}/ is being served", hint=exc.hint) from exc
                if not waits:
                    tell("stage", {"text": f"{folder}/ is still being served: waiting for that to end ({exc.hint})"})
                waits = True
                time.sleep(0.05)
        yield


def _empty(folder: Path, patience: float) -> None:
    """Remove all but the mark. First of all what makes it a project, so that nobody opens the rest of one."""
    (folder / UNFINISHED).touch()
    (folder / "tidemill.toml").unlink(missing_ok=True)
    for entry in sorted(folder.iterdir()):
        if entry.name not in (MARK, UNFINISHED):
            _remove(entry, time.monotonic() + patience)


def _remove(entry: Path, deadline: float) -> None:
    """The file, the link (never what it points to) or the folder; again where a process on its hint still wrote into it."""
    while entry.is_symlink() or entry.exists():
        try:
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            else:
                entry.unlink()
        except OSError as exc:
            if exc.errno not in (errno.ENOTEMPTY, errno.ENOENT) or time.monotonic() >= deadline:
                raise ProjectError(
                    f"{entry} cannot be removed: {exc.strerror}", hint="remove it, and run the same command again"
                ) from exc


def _make(folder: Path, tell: Tell) -> None:
    """The recipe's project, made fit for the shop, where there is nothing yet."""
    there = {entry.name for entry in folder.iterdir()} - {MARK, UNFINISHED}
    if "tidemill.toml" in there:
        return
    if there:
        raise ProjectError(f"{folder}/ has lost its tidemill.toml", hint="start anew with --fresh")
    (folder / UNFINISHED).touch()
    new_project(folder, "recommend", "shop")
    fit_to_shop(folder)
    (folder / UNFINISHED).unlink()
    tell("stage", {"text": f"a new project in {folder}/"})


def fit_to_shop(folder: Path) -> None:
    """Make a new project of the recipe fit the shop's own files. Raises ConfigError when it is not as the template made it."""
    for name, template, own in FITS:
        path = folder / name
        text = path.read_text("utf-8")
        if text.count(template) != 1:
            raise ConfigError("this is not the file of the recipe", place=name, hint="play in a new folder")
        path.write_text(text.replace(template, own), "utf-8")


def _open_for_replay(story: Story) -> None:
    """Say in the project what is played, once; refuse another story than the one that it holds."""
    folder = story.folder
    with open_project(folder) as project:
        settings = project.store.settings
        if settings.get("mode") is None:
            if any((folder / "data").rglob("*.parquet")):
                raise ProjectError(f"{folder}/ has lost its state (.tidemill/)", hint="start anew with --fresh")

            def work(tx: Tx) -> None:
                settings.set("seed", story.seed, tx)
                settings.set("clock", OPENING, tx)
                settings.set("mode", "replay", tx)

            project.store.transact(work)
        seed = settings.get("seed")
    if seed != story.seed:
        hint = f"go on with --seed {seed}, or start anew with --fresh"
        raise ProjectError(f"{folder}/ was played with seed {seed}", hint=hint)
