"""`tidemill backup` and `tidemill restore`: a project kept elsewhere, tried out when it is made, and brought back without who was forgotten since."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from tidemill.access.caller import Caller
from tidemill.access.needs import needs
from tidemill.backup import tombstones
from tidemill.backup.key import key_of
from tidemill.backup.laying import lay, lay_keys
from tidemill.backup.objects import Backup, Repository, said_by_us
from tidemill.backup.taking import Progress, nobody_is_forgotten, scratch, take
from tidemill.data.tables.tables import open_tables
from tidemill.engine.lease import settle_orphans
from tidemill.errors import BadRequest, Damaged
from tidemill.files import fsync_folder
from tidemill.ops.act import act, record
from tidemill.ops.carry import nobody
from tidemill.ops.gc import lasting
from tidemill.rights.forget import erase, kept
from tidemill.rights.holders import row_holders
from tidemill.rights.limits.people import Person, kinds
from tidemill.rights.marks import marker
from tidemill.rights.subjects.held import kinds_of
from tidemill.scope.home import keys_of
from tidemill.scope.project import open_project
from tidemill.scope.stores import keep_alone
from tidemill.store.holder import Holding
from tidemill.types import Micros, new_id, parse_span, to_iso

if TYPE_CHECKING:
    from tidemill.scope.project import Project

BACKUP = "project.backup"
MADE = "backup_made"
"""The event of a backup: its id, where, and when it expires."""
KEEP = "90 days"


@dataclass(frozen=True)
class Told:
    """A backup, as it is listed. Sizes in bytes, of what it has; ``left_out``: files that were too large."""

    id: str
    taken: Micros
    expires: Micros
    verified: bool
    rows: int
    artifacts: int
    tables: int
    keys: int
    size: int
    left_out: tuple[str, ...]

    @staticmethod
    def of(backup: Backup) -> Told:
        n = len(backup.artifacts), len(backup.tables), len(backup.keys)
        return Told(
            backup.id, backup.taken, backup.expires, backup.verified, backup.rows, *n, backup.size, (*backup.left_out,)
        )


@dataclass(frozen=True)
class Made:
    """``expired``: the backups that were deleted, because their time was over; ``freed``: bytes; ``key``: where the key is."""

    backup: Told
    folder: str
    expired: tuple[str, ...]
    freed: int
    key: str


@dataclass(frozen=True)
class Restored:
    """``forgotten``: how many people were taken out again; ``remaining``: what still names one of them: as after a forget
    that is not done.
    ``known``: the last moment of a forget that was heard of."""

    backup: Told
    folder: str
    forgotten: int
    known: Micros | None
    remaining: tuple[Holding, ...]

    @property
    def done(self) -> bool:
        return not self.remaining


@needs(BACKUP)
def make(
    project: Project,
    caller: Caller,
    to: Path,
    keep: str = KEEP,
    verify: bool = True,
    progress: Progress = nobody,
) -> Made:
    """Keep the project in the repository in this folder, and lay it into a scratch folder to see that all is there; while all goes on.

    ``keep``: the span after which the backup is deleted by the next one. Raises BadRequest, Conflict, StoreError, Damaged.
    """
    caller.need(BACKUP)
    folder, span = to.resolve(), parse_span(keep)
    if folder == project.root or project.root in folder.parents:
        raise BadRequest(
            "a backup inside of the project is lost with it",
            place=str(to),
            hint="another disk, or at least another folder",
        )
    key = key_of(project.keys_dir, make=True)
    repository = Repository.make(folder, project.id, key)
    with repository.writing(), nobody_is_forgotten(project):
        now = project.clock.now()
        taken = _taken(project, repository, now + span, progress)
        if verify:
            taken = _tried(project, repository, taken, progress)
        repository.write(taken)
        tombstones.keep(repository.root / tombstones.NAME, _forgotten_here(project))
        old = tuple(one.id for one in repository.all() if one.expires <= now and one.id != taken.id)
        freed = repository.drop(old) if old else 0
    data = {
        "backup": taken.id,
        "to": str(folder),
        "expires": taken.expires,
        "verified": taken.verified,
        "expired": [*old],
    }
    act(project, caller, BACKUP, lambda tx: record(project, MADE, data, tx))
    return Made(Told.of(taken), str(folder), old, freed, str(project.keys_dir / "backup.key"))


def ls(folder: Path, keys: Path | None = None) -> list[Told]:
    """The backups in a folder, the latest first. Raises NotFound, NotAttested, Damaged."""
    return [Told.of(one) for one in reversed(_opened(folder, keys).all())]


def check(folder: Path, id: str | None = None) -> Told:
    """Every byte of a backup (the last one) read and compared. Raises NotFound, Damaged."""
    repository = _opened(folder)
    backup = _named(repository, id)
    for entry in backup.entries():
        for _ in repository.parts(entry):
            pass
    return Told.of(backup)


def restore(folder: Path, to: Path, id: str | None = None, progress: Progress = nobody) -> Restored:
    """The backup (the last one) as a project in a new folder, less who was forgotten since: there whole, or not at all.

    Its stores are files of its own, wherever they were. Raises BadRequest, NotFound, NotAttested, Damaged.
    """
    repository, to = _opened(folder), to.absolute()
    backup = _named(repository, id)
    if to.exists() or not to.parent.is_dir():
        why = "it is there already" if to.exists() else "there is no such folder to restore into"
        raise BadRequest(why, place=str(to), hint="name one that is new: --to FOLDER")
    part = to.with_name(f".{to.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    try:
        lay(repository, backup, part, progress)
        keys = keys_of(backup.project)
        lay_keys(repository, backup, keys)
        marks = tombstones.read([keys / tombstones.NAME, repository.root / tombstones.NAME])
        count, left = _again(part, backup, marks, progress)
        with said_by_us(to):
            part.rename(to)
            fsync_folder(to.parent)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return Restored(Told.of(backup), str(to), count, max(marks.values(), default=None), tuple(left))


def remember(project: Project, mark: str) -> None:
    """That this person is forgotten from now on, also by a restore of a backup that has them."""
    at = {mark: project.clock.now()}
    tombstones.keep(project.keys_dir / tombstones.NAME, at)


def _opened(folder: Path, keys: Path | None = None) -> Repository:
    """With the key that this machine has, which lies by the project that the folder names."""
    root = folder.resolve()
    return Repository(root, key_of(keys or keys_of(Repository.project_of(root))))


def _named(repository: Repository, id: str | None) -> Backup:
    ids = repository.ids()
    return repository.read(id or (ids[-1] if ids else "the last one"))


def _taken(project: Project, into: Repository, expires: Micros, progress: Progress) -> Backup:
    made = new_id("b")[2:]  # it begins with the wall clock: of two at one moment of a replay the later one is last
    id = f"{to_iso(project.clock.now())[:19].replace(':', '')}-{made[:10]}{made[-4:]}"
    with scratch(project) as folder:
        return take(project, into, id, expires, folder, progress)


def _tried(project: Project, repository: Repository, backup: Backup, progress: Progress) -> Backup:
    """Laid out, opened, and compared. Raises Damaged: the backup is none."""
    with scratch(project) as folder:
        root = folder / "project"
        lay(repository, backup, root, progress)
        keep_alone(root)
        _whole(root)
    return msgspec.structs.replace(backup, verified=True)


def _whole(root: Path) -> None:
    """Whether what the records need is there, byte by byte. Raises Damaged."""
    with open_project(root) as copy:
        missing = sorted(digest for digest in lasting(copy) if not copy.artifacts.has(digest))
        if missing:
            raise Damaged(
                f"the backup lacks {len(missing)} artifacts that records need, {missing[0][:19]}… first",
                place=str(root),
            )
        tables = open_tables(copy)
        for name in tables.store.names():
            tables.verify(name)
        for version in copy.store.datasets.list():
            if tables.version(version.dataset) < version.version:
                raise Damaged(f"the backup lacks version {version.version} of {version.dataset}", place=str(root))


def _forgotten_here(project: Project) -> Mapping[str, Micros]:
    return tombstones.read([project.keys_dir / tombstones.NAME])


def _again(root: Path, backup: Backup, marks: Mapping[str, Micros], progress: Progress) -> tuple[int, list[Holding]]:
    """Whoever was forgotten since the backup, or was being forgotten then, taken out of it; how many, and what still names one."""
    with open_project(root) as project:
        settle_orphans(project.store, project.clock.now())
        half = kept.under_way(project)
        wanted = {mark for mark, at in marks.items() if at >= backup.taken} | ({half.mark} if half else set())
        found = [one for one in _people(project) if one.mark in wanted] if wanted else []
        left = list[Holding]()
        found.sort(key=lambda one: one.mark != (half.mark if half else ""))  # who was begun with is done first
        for n, who in enumerate(found, 1):
            progress("people who were forgotten", n, len(found))
            one = erase.plan(project, who, "restore")
            done = erase.erase(project, who, one, partial(lasting, project))
            left += done.remaining
            if done.done:
                project.store.transact(lambda tx: erase.end(project, done, one, tx))  # noqa: B023
        return len(found), left


def _people(project: Project) -> Iterator[Person]:
    """Everybody whom the datasets, answers, outcomes and histories name, by every kind that they may be."""
    import polars as pl

    mark, every = marker(project), dict.fromkeys(kinds(project))
    tables, live = open_tables(project), {name for holder in row_holders(project) for name in holder.names() if name}
    for kind in every:
        named = set(live)
        for dataset, column in kinds_of(project).items():
            if column == kind and tables.exists(dataset):
                rows = tables.read(dataset).select(pl.col(column).cast(pl.String)).unique().collect()
                named |= set(rows.to_series().drop_nulls())
        yield from (Person(kind, name, mark(kind, name)) for name in sorted(named))
