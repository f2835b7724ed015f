"""A copy of the project to build in: the code of then, a state of its own, and of this project's state only what is read."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tidemill.data.tables.tables import open_tables
from tidemill.errors import StoreError
from tidemill.files import exclusive
from tidemill.model.recorded import Recorded
from tidemill.rebuild.code import lay
from tidemill.ref import Ref
from tidemill.scope.project import Project, open_project
from tidemill.scope.stores import keep_alone
from tidemill.store.artifacts.codecs import get_bundle, load, put_bundle
from tidemill.types import HeldClock, JsonObject, Micros

if TYPE_CHECKING:
    from tidemill.store.records import Tx


PREFIX, LOCK = "tidemill-rebuild-", "lock"
YOUNG = 60.0
"""Seconds: who made a folder holds its lock by then."""


@dataclass(frozen=True)
class Laid:
    """What a copy is laid with: ``code`` as a run's record says it, dataset versions, and bundles that are read if they are there."""

    code: JsonObject
    data: Sequence[str]
    seed: int
    at: Micros
    bundles: Sequence[str] = ()
    limits: int | None = None  # revision of the limits on people's data; as they stand now, where none is said

    @staticmethod
    def of(record: Recorded) -> Laid:
        """As a version was built. What it was held against is read, too."""
        champion = record.params.get("champion")
        bundles, limits = [champion] if champion else [], int(record.params.get("limits") or 0)
        return Laid(record.code, record.model.data, record.seed, record.run.started, bundles, limits)


@contextmanager
def place(project: Project, laid: Laid) -> Iterator[Path]:
    """The copy's folder, for as long as it is needed. Raises ModelError where the code of then cannot be had."""
    _sweep(Path(tempfile.gettempdir()))
    with tempfile.TemporaryDirectory(prefix=PREFIX) as folder, exclusive(Path(folder) / LOCK):
        root = Path(folder).resolve() / "project"
        root.mkdir()
        lay(project, laid.code, root)
        keep_alone(root)
        with open_copy(root, laid.at) as copy:
            _fill(project, copy, laid)
        (root / ".tidemill" / "tables").rmdir()
        open_tables(project).lay(root / ".tidemill" / "tables", _versions(laid.data))
        yield root


def _versions(data: Sequence[str]) -> dict[str, int]:
    """Of each dataset the last of these versions."""
    refs = [Ref.versioned("dataset", ref) for ref in data]
    return {name: max(version for other, version in refs if other == name) for name, _ in refs}


def _sweep(where: Path) -> None:
    """Remove what rebuilds left that were killed: this user's folders whose lock nobody holds."""
    for folder in where.glob(f"{PREFIX}*"):
        with suppress(OSError):  # it is in use, or goes just now
            lock = (folder / LOCK).lstat()
            if folder.lstat().st_uid == os.getuid() and time.time() - lock.st_mtime > YOUNG:
                with exclusive(folder / LOCK):
                    shutil.rmtree(folder)


def open_copy(root: Path, at: Micros) -> Project:
    """The copy, at the moment at which the version was built."""
    return open_project(root, clock=HeldClock(at))


def told(record: Recorded, project: Project, root: Path) -> JsonObject:
    """The parameters of the run, in the copy: its own folder stands where the project's did.

    A search that its wall time ended makes the trials that it made, and no clock ends it again.
    """
    found: JsonObject = moved(record.params, project, root)
    return {**found, "settings": {**found["settings"], "budget": None, "trials": trials_of(record)}}


def trials_of(record: Recorded) -> int:
    """How many trials the search made."""
    digest = record.run.outputs.get("search")
    found = load(record.artifacts, digest, "json") if digest else {}
    wanted = int(record.params["settings"]["trials"])
    return int(found["trials"][0]) if found.get("cap") is not None else wanted


def moved(params: JsonObject, project: Project, root: Path) -> JsonObject:
    """The parameters with the copy's folder wherever they say just the project's."""
    found: JsonObject = _moved(params, str(project.root), str(root))
    return found


def _moved(value: Any, one: str, other: str) -> Any:
    if isinstance(value, dict):
        return {key: _moved(inner, one, other) for key, inner in value.items()}
    if isinstance(value, list):
        return [_moved(inner, one, other) for inner in value]
    return other if value == one else value


def _fill(project: Project, copy: Project, laid: Laid) -> None:
    """The seed, the dataset versions, and the bundles."""

    def work(tx: Tx) -> None:
        copy.store.settings.set("seed", laid.seed, tx)
        for ref in laid.data:
            copy.store.datasets.add(replace(project.store.datasets.get(*Ref.versioned("dataset", ref)), run=None), tx)

        for limit in project.store.limits.standing(laid.limits):
            copy.store.limits.add(limit, tx)

    copy.store.transact(work)
    for bundle in laid.bundles:
        with suppress(StoreError):  # it is gone: what is said beside it is not said again, and no answer depends on it
            put_bundle(copy.artifacts, get_bundle(project.artifacts, bundle))
