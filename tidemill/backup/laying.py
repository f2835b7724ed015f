"""A backup laid into a folder, where it is a project whose stores are files of its own."""

from __future__ import annotations

from pathlib import Path

from tidemill.backup.objects import Backup, Entry, Repository, Table, said_by_us
from tidemill.backup.taking import Progress
from tidemill.config.rewrite import with_stores
from tidemill.data.tables.generation import TOLD
from tidemill.data.tables.local import CURRENT, LocalTables
from tidemill.errors import Damaged, NotAttested
from tidemill.files import write_whole
from tidemill.store.artifacts.local import LocalArtifacts


def lay(repository: Repository, backup: Backup, root: Path, progress: Progress) -> None:
    """Into this folder, which is new. Every byte is compared with its digest. Raises Damaged, NotFound, DiskFull."""
    state = root / ".tidemill"
    with said_by_us(root):
        for folder in (root, state):
            folder.mkdir(mode=0o700, exist_ok=True)
        for entry in backup.files:
            _write(repository, entry, _inside(root, entry.path))
        for entry in backup.databases:
            _write(repository, entry, _inside(state, entry.path))
    _artifacts(repository, backup, state / "artifacts", progress)
    for table in backup.tables:
        _table(repository, table, LocalTables(state / "tables"), progress)
    _stores_are_files(root / "tidemill.toml")


def lay_keys(repository: Repository, backup: Backup, folder: Path) -> None:
    """The keys of the project, where this machine has none of that name. Raises NotAttested where it has another one."""
    with said_by_us(folder):
        for entry in backup.keys:
            path, data = _inside(folder, entry.path), repository.bytes_of(entry)
            if path.exists() and path.read_bytes() != data:
                hint = "move it away, or restore under another TIDEMILL_HOME"
                raise NotAttested(f"this machine has another {entry.path} for the project", place=str(path), hint=hint)
            if not path.exists():
                path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                write_whole(path, data)


def _artifacts(repository: Repository, backup: Backup, folder: Path, progress: Progress) -> None:
    store = LocalArtifacts(folder)
    for n, entry in enumerate(backup.artifacts, 1):
        _same(entry, store.put(repository.bytes_of(entry)))
        progress("artifacts", n, len(backup.artifacts))


def _table(repository: Repository, table: Table, store: LocalTables, progress: Progress) -> None:
    above = store.generations(table.name)
    if table.generation:
        with said_by_us(above):
            above.mkdir(parents=True, exist_ok=True, mode=0o700)
            write_whole(above / CURRENT, str(table.generation).encode())
    for n, entry in enumerate(table.files, 1):
        _same(entry, store.put(table.name, repository.bytes_of(entry)))
        progress(f"files of {table.name}", n, len(table.files))
    for version, entry in enumerate(table.log):
        store.commit(table.name, version, repository.bytes_of(entry))
    if table.told:
        _write(repository, table.told, store.folder(table.name) / TOLD)
    if table.log:
        store.checkpoint(table.name)


def _same(entry: Entry, made: str) -> None:
    if made != entry.path:
        raise Damaged(f"{entry.path} is not what its name says", place=made, hint="take another backup")


def _write(repository: Repository, entry: Entry, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_whole(path, repository.parts(entry))


def _inside(folder: Path, said: str) -> Path:
    """A path below the folder: what a list says does not lead out of it. Raises Damaged."""
    path = folder / said
    if Path(said).is_absolute() or ".." in Path(said).parts:
        raise Damaged(f"the backup names {said!r}, which is not below the project", hint="take another backup")
    return path


def _stores_are_files(config: Path) -> None:
    """Where they were a server's and a bucket's, the restored project has files; `tidemill move` brings it there again."""
    text = config.read_text("utf-8")
    if "[stores]" in text:
        made = with_stores(text, dict.fromkeys(("metadata", "artifacts", "tables"), ""))
        write_whole(config, made.encode(), 0o644)
