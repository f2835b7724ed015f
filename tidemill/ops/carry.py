"""What `tidemill.ops.move` carries: bytes, tables and records from one store into another, so that it may be cut short and gone on with."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from tidemill.data.tables.delta import commits
from tidemill.data.tables.port import TableStore
from tidemill.errors import Damaged, ProjectError
from tidemill.store.artifacts.port import Artifacts

if TYPE_CHECKING:
    from tidemill.store.sql.contents import Contents

AT_ONCE = 8
"""Artifacts and files under way at a time."""
Progress = Callable[[str, int, int], None]
"""What is done just now, how far, of how many."""
T = TypeVar("T")


class Counted(NamedTuple):
    """How many things, and of how many bytes."""

    number: int
    size: int


def carry_artifacts(source: Artifacts, target: Artifacts, progress: Progress) -> None:
    """Those that are not there yet."""
    there = set(target.digests())
    _each("artifacts", [d for d in source.digests() if d not in there], lambda d: target.put(source.get(d)), progress)


def verify_artifacts(source: Artifacts, target: Artifacts, progress: Progress) -> Counted:
    """Every byte read back. Raises Damaged, NotFound."""
    sizes = _each("verifying artifacts", list(source.digests()), lambda d: len(target.get(d)), progress)
    return Counted(len(sizes), sum(sizes))


def check_tables(source: TableStore, target: TableStore) -> None:
    """What is there already is the beginning of the same tables. Raises ProjectError."""
    for dataset in target.names():
        there = target.log(dataset)
        if source.log(dataset)[: len(there)] != there:
            place, _ = target.table(dataset)
            hint = "take another prefix, or delete it there"
            raise ProjectError(f"another table {dataset!r} is there already", place=place, hint=hint)


def carry_tables(source: TableStore, target: TableStore, progress: Progress) -> None:
    """Files first, and then the log's entries as they are: a version is there whole or not at all."""
    for dataset in source.names():
        entries = source.log(dataset)
        done = len(target.log(dataset))
        files = [name for info in commits(entries[done:], done) for name in files_of(info)]
        _each(f"files of {dataset}", files, lambda name: target.put(dataset, source.get(dataset, name)), progress)  # noqa: B023
        for version, entry in enumerate(entries[done:], done):
            target.commit(dataset, version, entry)
        if entries:
            target.checkpoint(dataset)


def verify_tables(source: TableStore, target: TableStore, progress: Progress) -> dict[str, Counted]:
    """The logs are the same, and every byte of every file is read back; versions and bytes. Raises Damaged, NotFound."""
    found: dict[str, Counted] = {}
    for dataset in source.names():
        entries = source.log(dataset)
        if target.log(dataset) != entries:
            raise Damaged(f"the log of {dataset!r} is another one than it was", place=target.table(dataset)[0])
        files = [name for info in commits(entries) for name in files_of(info)]
        sizes = _each(
            f"verifying {dataset}",
            files,
            lambda name: len(target.get(dataset, name)),  # noqa: B023
            progress,
        )
        found[dataset] = Counted(len(entries) - 1, sum(sizes))
    return found


def files_of(info: Mapping[str, Any]) -> list[str]:
    """The files that a commit brought."""
    return [*info["files"], *(new for new, _ in info["replaced"].values())]


def carry_rows(
    source: Contents, target: Contents, done: dict[str, Any], keep: Callable[[], None], progress: Progress
) -> None:
    """Table by table in the order of its key; ``done``: by table the key of the last row that was carried, kept part by part."""
    counts = source.counts()
    for name in source.names:
        carried = 0
        for rows in source.parts(name, done.get(name, ())):
            target.take(name, rows)
            done[name] = source.key_of(name, rows[-1])
            keep()
            carried += len(rows)
            progress(f"rows of {name}", min(carried, counts[name]), counts[name])


def verify_rows(source: Contents, target: Contents, progress: Progress) -> dict[str, int]:
    """Every row is the same on both sides; how many of each table. Raises Damaged."""
    found: dict[str, int] = {}
    for at, name in enumerate(source.names):
        progress("comparing rows", at, len(source.names))
        ours, theirs = source.digest(name), target.digest(name)
        if ours != theirs:
            said = f"the rows of {name} are others: {ours[0]:,} there were, and {theirs[0]:,} are there now"
            raise Damaged(said, hint="empty the target, and move again; nothing was switched")
        found[name] = ours[0]
    return found


def _each(what: str, names: Iterable[str], do: Callable[[str], T], progress: Progress) -> list[T]:
    """Several at a time. A failure ends it when those under way are done."""
    wanted, found = list(names), list[T]()
    with ThreadPoolExecutor(AT_ONCE) as many:
        try:
            for one in many.map(do, wanted):
                found.append(one)
                progress(what, len(found), len(wanted))
        except BaseException:
            many.shutdown(cancel_futures=True)
            raise
    return found


def nobody(_: str, __: int, ___: int) -> None:
    """Listens to no progress."""
