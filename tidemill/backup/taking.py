"""A backup taken while everything runs: the databases first, and then what their records name, which never changes."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tidemill.backup.key import NAME as OWN_KEY
from tidemill.backup.objects import Backup, Entry, Repository, Table
from tidemill.backup.tombstones import NAME as FORGOTTEN
from tidemill.data.tables.delta import commits
from tidemill.data.tables.generation import TOLD
from tidemill.data.tables.local import LocalTables
from tidemill.data.tables.port import TableStore
from tidemill.data.tables.tables import open_tables
from tidemill.errors import Conflict, NotFound
from tidemill.files import exclusive
from tidemill.scope.stores import STAYING
from tidemill.store.sql.copied import NAMES, copy_databases
from tidemill.types import Micros

if TYPE_CHECKING:
    from tidemill.scope.project import Project

Progress = Callable[[str, int, int], None]
"""What is done just now, how far, of how many."""
LEFT_OUT = frozenset({".tidemill", ".git", ".venv", "__pycache__", "node_modules"})
"""Folders of a project that are no files of its own."""
LARGEST = 50_000_000
"""Bytes of a file of the project's own: what is larger is data, and is named as left out."""


@contextmanager
def scratch(project: Project) -> Iterator[Path]:
    """A folder on the project's own disk, that only its owner can read; one that was left by a kill is removed."""
    for left in project.state.glob(".backup-*"):
        shutil.rmtree(left, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=".backup-", dir=project.state))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def nobody_is_forgotten(project: Project) -> Iterator[None]:
    """Meanwhile no person is taken out of anything: a backup would have half of them. Raises Conflict."""
    try:
        with exclusive(project.state / "forget.lock"):
            yield
    except BlockingIOError as exc:
        raise Conflict(
            "somebody is being forgotten at this moment", place=str(project.state), hint="try again"
        ) from exc


def take(project: Project, into: Repository, id: str, expires: Micros, folder: Path, progress: Progress) -> Backup:
    """All of it in the repository, but in none of its lists yet. ``folder``: where the databases are copied first. Raises StoreError."""
    taken = project.clock.now()
    rows = copy_databases(project.store, project.live, folder, STAYING)
    databases = [into.keep_file(name, folder / name) for name in NAMES]
    progress("databases", 1, 1)
    own, store = [*own_files(project.root, sources(project)), *_journals(project.state)], open_tables(project).store
    return Backup(
        id,
        project.id,
        project.name,
        taken,
        expires,
        rows,
        verified=False,
        databases=databases,
        artifacts=list(_artifacts(project, into, progress)),
        tables=[_table(store, name, into, progress) for name in store.names()],
        files=[into.keep_file(_below(project.root, file), file) for file in own if file.stat().st_size <= LARGEST],
        keys=[into.keep_file(_below(project.keys_dir, file), file) for file in _keys(project.keys_dir)],
        left_out=[_below(project.root, file) for file in own if file.stat().st_size > LARGEST],
    )


def _below(folder: Path, file: Path) -> str:
    return file.relative_to(folder).as_posix()


def _artifacts(project: Project, into: Repository, progress: Progress) -> Iterator[Entry]:
    digests = list(project.artifacts.digests())
    for n, digest in enumerate(digests, 1):
        try:
            size = project.artifacts.stat(digest).size
            yield into.put(digest, digest.removeprefix("sha256:"), size, lambda: [project.artifacts.get(digest)])  # noqa: B023
        except NotFound:
            pass  # nothing needed it any more, and it was removed meanwhile
        progress("artifacts", n, len(digests))


def _table(store: TableStore, name: str, into: Repository, progress: Progress) -> Table:
    entries, number, told = store.log(name), 0, None
    if isinstance(store, LocalTables) and (number := store.generation(name)):
        told = into.keep_file(TOLD, store.folder(name) / TOLD)
    names = [
        file for info in commits(entries) for file in (*info["files"], *(new for new, _ in info["replaced"].values()))
    ]
    files = list[Entry]()
    for n, file in enumerate(names, 1):
        data = store.get(name, file)  # checked against its name, which is the digest
        files.append(into.put(file, file.removesuffix(".parquet"), len(data), lambda: [data]))  # noqa: B023
        progress(f"files of {name}", n, len(names))
    return Table(name, number, told, [into.keep_bytes(f"{n}", entry) for n, entry in enumerate(entries)], files)


def sources(project: Project) -> list[Path]:
    """The folders that rows came from: their files are in no backup."""
    found = (project.root / source.split("*", 1)[0] for source in (one.source for one in project.datasets.values()))
    return [path if path.is_dir() else path.parent for path in found if path != project.root]


def own_files(root: Path, sources: Sequence[Path]) -> Iterator[Path]:
    """The project's own: neither state, nor data, nor what tools leave; no links."""
    for path in sorted(root.iterdir()):
        if path.is_symlink() or path.name in LEFT_OUT:
            continue
        if path.is_dir() and path not in sources:
            yield from own_files(path, sources)
        elif path.is_file():
            yield path


def _journals(state: Path) -> list[Path]:
    """What is kept beside the stores: journals, and whose keys are the project's."""
    return [*sorted(state.glob("*.jsonl")), *sorted((state / "keys").glob("*.pub"))]


def _keys(folder: Path) -> list[Path]:
    """All but that of the backups, and who was forgotten: the repository has those by itself."""
    found = sorted(folder.rglob("*")) if folder.is_dir() else []
    return [file for file in found if file.is_file() and file.name != OWN_KEY and file.parent.name != FORGOTTEN]
