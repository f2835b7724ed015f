"""Opens a project: configuration to stores. Wiring only, no verbs."""

from __future__ import annotations

import hashlib
import os
import re
import traceback
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tidemill.config import Config, load
from tidemill.config.decode import refuse_former_name
from tidemill.errors import DiskFull, NotAttested, ProjectError, StoreError, no_room
from tidemill.files import write_whole
from tidemill.store.artifacts.base import ArtifactStore
from tidemill.store.artifacts.local import LocalArtifacts
from tidemill.store.ports import LiveStore, MetadataStore
from tidemill.store.reserve import Reserve
from tidemill.store.sql import open_live, open_metadata
from tidemill.types import Clock, Micros, SystemClock, new_id

if TYPE_CHECKING:
    from tidemill.engine import Engine

STEPS = "steps.py"
"""The project's own code."""
_ID = re.compile(r"project_[0-9a-z]{26}")


class StoredClock:
    """The clock of a project opened for replay: it stands in the metadata store, and only the replay's driver moves it."""

    def __init__(self, store: MetadataStore) -> None:
        self._store = store

    def now(self) -> Micros:
        at = self._store.settings.get("clock")
        if not isinstance(at, int):
            raise ProjectError("the replay clock is not set", hint="start the replay with: tidemill demo --fresh")
        return at


@dataclass(frozen=True)
class Project:
    """An open project. Close it when done; it is a context manager."""

    root: Path
    config: Config
    id: str
    store: MetadataStore
    live: LiveStore
    artifacts: ArtifactStore
    clock: Clock
    seed: int = 0

    @property
    def state(self) -> Path:
        return self.root / ".tidemill"

    @property
    def tables_dir(self) -> Path:
        return self.state / "tables"

    @property
    def keys_dir(self) -> Path:
        """Where the keys are: outside the project, so that who can write the folder can neither sign nor be trusted.

        Raises NotAttested where this machine knows the folder under another id than its own database says.
        """
        known = known_id(self.root)
        if known not in (None, self.id):
            raise NotAttested(
                f"this machine knows the folder as {known}, but its database says {self.id}",
                place=str(self.state / "tidemill.db"),
                hint="if you put another project here yourself, compare its fingerprint: tidemill trust",
            )
        return keys_of(self.id)

    @property
    def reserve(self) -> Reserve:
        """Room kept back on the disk, for what must be possible on a full one."""
        return Reserve(self.state)

    @property
    def replay(self) -> bool:
        return self.store.settings.get("mode") == "replay"

    def engine(self, **resources: Any) -> Engine:
        """An engine on this project's stores. Its steps get ``ctx.resource("project")``, those in a child process too:
        there the project is opened anew. ``resources`` are more things for steps in this process."""
        from tidemill.engine import Engine

        return Engine(
            self.store,
            self.artifacts,
            self.clock,
            self.root,
            resources={"project": self, **resources},
            seed=self.seed,
            reopen={"project": "tidemill.scope.project:open_project"},
        )

    def close(self) -> None:
        self.live.close()
        self.store.close()

    def __enter__(self) -> Project:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def tidemill_home() -> Path:
    """``$TIDEMILL_HOME``, else ``~/.config/tidemill``."""
    return Path(os.environ.get("TIDEMILL_HOME") or Path.home() / ".config" / "tidemill")


def keys_of(project_id: str) -> Path:
    """Where this machine keeps the keys of a project."""
    return tidemill_home() / "keys" / project_id


def known_id(root: Path) -> str | None:
    """The id that this machine knows the project in this folder by: written down at its first signature.

    Raises NotAttested where what was written down cannot be read: then nobody's word is taken for it.
    """
    path = _pin(root)
    try:
        known = path.read_bytes().partition(b"\n")[0].decode("ascii", "replace")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as exc:
        raise _unreadable(path, str(exc.strerror)) from exc
    if not _ID.fullmatch(known):
        raise _unreadable(path, f"{known[:40]!r} is no id")
    return known


def pin(root: Path, project_id: str) -> None:
    """From now on this folder holds the project of this id and no other. Raises DiskFull, StoreError."""
    path = _pin(root)
    with keeping(path, "project's id"):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_whole(path, project_id.encode() + b"\n" + os.fsencode(root) + b"\n")


@contextmanager
def keeping(path: Path, what: str) -> Iterator[None]:
    """What the file system says against a file that this machine keeps about a project, said by us."""
    try:
        yield
    except OSError as exc:
        if no_room(exc):
            hint = "free some room and run the same command again"
            raise DiskFull(f"the disk has no room for the {what}", place=str(path), hint=hint) from exc
        raise StoreError(
            f"the {what} cannot be kept here: {exc.strerror}",
            place=str(path),
            hint="set TIDEMILL_HOME to a folder outside the project that you can write, and run the same command again",
        ) from exc


def _unreadable(path: Path, said: str) -> NotAttested:
    return NotAttested(
        f"what this machine knows the folder as cannot be read: {said}",
        place=str(path),
        hint="put the file back; or compare the project's fingerprint, and it is written anew: tidemill trust",
    )


def _pin(root: Path) -> Path:
    return tidemill_home() / "projects" / hashlib.sha256(os.fsencode(root)).hexdigest()[:32]


def find_root(start: Path) -> Path:
    """The nearest folder upwards with a tidemill.toml. Raises ProjectError."""
    for folder in (start, *start.parents):
        if (folder / "tidemill.toml").is_file():
            return folder
        refuse_former_name(folder)
    raise ProjectError(
        f"no tidemill.toml in {start} or above",
        hint="cd into a project, or make one with: tidemill new NAME --recipe recommend",
    )


def open_project(root: Path, *, clock: Clock | None = None) -> Project:
    """Open the project in this folder, making its state folder (mode 0700) at the first time.

    The clock is the machine's, or the stored one where the project is open for replay, or the one given (tests).
    """
    root = root.resolve()
    config = load(root / "tidemill.toml")
    state = root / ".tidemill"
    for folder in (state, state / "tables", state / "artifacts"):
        folder.mkdir(mode=0o700, exist_ok=True)
    reserve = Reserve(state)
    reserve.fill()
    with ExitStack() as undone:  # what is open is closed where the rest cannot be
        store = reserve.helped(lambda: open_metadata(state / "tidemill.db"))
        undone.callback(store.close)
        live = reserve.helped(lambda: open_live(state / "live.db"))
        undone.callback(live.close)
        identity = _identity(root, store)
        if clock is None:
            clock = StoredClock(store) if store.settings.get("mode") == "replay" else SystemClock()
        seed = store.settings.get("seed", 0)
        artifacts = LocalArtifacts(state / "artifacts")
        undone.pop_all()
    return Project(
        root=root,
        config=config,
        id=identity,
        store=store,
        live=live,
        artifacts=artifacts,
        clock=clock,
        seed=seed if isinstance(seed, int) else 0,
    )


def _identity(root: Path, store: MetadataStore) -> str:
    """The project's id, given at the first time; a folder that is begun anew keeps its keys."""
    if not isinstance(store.settings.get("project_id"), str):
        store.settings.set("project_id", known_id(root) or new_id("project"))
    identity = str(store.settings.get("project_id"))
    if not _ID.fullmatch(identity):  # it names a folder of keys
        raise ProjectError(
            f"{identity!r} is no id that Tidemill gave to a project", place=str(root / ".tidemill/tidemill.db")
        )
    return identity


def blamed(exc: BaseException) -> tuple[Path, int] | None:
    """The last line of a project's own steps.py on the way to this exception, or the line that cannot be read."""
    if isinstance(exc, SyntaxError) and exc.filename and Path(exc.filename).name == STEPS:
        return Path(exc.filename), exc.lineno or 0
    frames = [f for f in traceback.extract_tb(exc.__traceback__) if Path(f.filename).name == STEPS]
    return (Path(frames[-1].filename), frames[-1].lineno or 0) if frames else None


def keep_traceback(exc: BaseException, path: Path) -> str:
    """Append the whole traceback to ``.tidemill/logs/steps.log`` beside this steps.py; how to name that file to a person."""
    folder = path.parent / ".tidemill" / "logs"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with os.fdopen(os.open(folder / "steps.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a") as log:
        log.write("".join(traceback.format_exception(exc)) + "\n")
    return ".tidemill/logs/steps.log"
