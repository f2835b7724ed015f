"""A copy of the project to build in: the code of then, a state of its own, and of this project's state only what is read."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from tidemill.errors import StoreError
from tidemill.model.recorded import Recorded
from tidemill.rebuild.code import lay
from tidemill.ref import Ref
from tidemill.scope.project import Project, open_project
from tidemill.scope.stores import keep_alone
from tidemill.store.artifacts.codecs import get_bundle, put_bundle
from tidemill.types import HeldClock, JsonObject

if TYPE_CHECKING:
    from tidemill.store.records import Tx


@contextmanager
def place(project: Project, record: Recorded) -> Iterator[Path]:
    """The copy's folder, for as long as it is needed. Raises ModelError where the code of then cannot be had."""
    with tempfile.TemporaryDirectory(prefix="tidemill-rebuild-") as folder:
        root = Path(folder).resolve() / "project"
        root.mkdir()
        lay(project, record.code, root)
        keep_alone(root)
        with open_copy(root, record) as copy:
            _fill(project, copy, record)
        (root / ".tidemill" / "tables").rmdir()
        (root / ".tidemill" / "tables").symlink_to(project.tables_dir)  # a training reads them, and writes nothing
        yield root


def open_copy(root: Path, record: Recorded) -> Project:
    """The copy, at the moment at which the version was built."""
    return open_project(root, clock=HeldClock(record.run.started))


def told(record: Recorded, project: Project, root: Path) -> JsonObject:
    """The parameters of the run, in the copy: its own folder stands where the project's did.

    A search that its wall time ended makes the trials that it made, and no clock ends it again.
    """
    found: JsonObject = _moved(record.params, str(project.root), str(root))
    return {**found, "settings": {**found["settings"], "budget": None, "trials": trials_of(record)}}


def trials_of(record: Recorded) -> int:
    """How many trials the search made."""
    from tidemill.store.artifacts.codecs import load

    digest = record.run.outputs.get("search")
    found = load(record.artifacts, digest, "json") if digest else {}
    wanted = int(record.params["settings"]["trials"])
    return int(found["trials"][0]) if found.get("cap") is not None else wanted


def _moved(value: object, one: str, other: str) -> JsonObject:
    """The value with another folder wherever it says just this one."""
    if isinstance(value, dict):
        return {key: _moved(inner, one, other) for key, inner in value.items()}
    if isinstance(value, list):
        return [_moved(inner, one, other) for inner in value]  # type: ignore[return-value]
    return other if value == one else value  # type: ignore[return-value]


def _fill(project: Project, copy: Project, record: Recorded) -> None:
    """The seed, the dataset versions, and the bundle that the candidate was held against."""

    def work(tx: Tx) -> None:
        copy.store.settings.set("seed", record.seed, tx)
        for ref in record.model.data:
            copy.store.datasets.add(replace(project.store.datasets.get(*Ref.versioned("dataset", ref)), run=None), tx)

    copy.store.transact(work)
    if champion := record.params.get("champion"):
        with suppress(StoreError):  # it is gone: what is said beside it is not said again, and no answer depends on it
            put_bundle(copy.artifacts, get_bundle(project.artifacts, champion))
