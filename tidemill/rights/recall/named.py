"""What is to be recalled: a source file of a dataset, or one of its columns. Plain values, which serving reads, too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from tidemill.errors import BadRequest, NotFound
from tidemill.ref import Ref
from tidemill.store.records import IngestedFile
from tidemill.types import did_you_mean

if TYPE_CHECKING:
    from tidemill.model.history import Less
    from tidemill.scope.project import Project

SHORTEST = 6
"""So many hex digits of a digest at least name a file."""


class What(msgspec.Struct, frozen=True):
    """``name``: the file's path, or the column. ``since``: the first version of the dataset that has it; ``rows``: how many of its rows."""

    dataset: str
    kind: Literal["file", "column"]
    name: str
    digest: str = ""
    since: int = 1
    rows: int = 0

    @property
    def ref(self) -> str:
        return str(Ref(self.kind, self.digest or self.name))

    @property
    def less(self) -> Less:
        """The same as what is left out of rows."""
        from tidemill.model.history import Less

        files, columns = (self.digest,) if self.kind == "file" else (), (self.name,) if self.kind == "column" else ()
        return Less(files, columns, self.dataset)


def named(project: Project, dataset: str, text: str) -> What:
    """``file:PATH``, ``file:DIGEST`` (or the beginning of one), or ``column:NAME``, of this dataset. Raises NotFound, BadRequest."""
    name, kind = project.dataset(dataset).name, Ref.parse(text).kind
    if kind == "file":
        return _of(_file(project, name, text.removeprefix("file:")))
    if kind == "column":
        return _column(project, name, text.removeprefix("column:"))
    raise BadRequest(
        f"{text!r} names nothing that can be recalled", place=name, hint="file:PATH, file:DIGEST or column:NAME"
    )


def _of(file: IngestedFile) -> What:
    return What(file.dataset, "file", file.name, file.digest, file.version, file.rows)


def _file(project: Project, dataset: str, said: str) -> IngestedFile:
    files = project.store.files.list(dataset=dataset)
    start = said.removeprefix("sha256:").removesuffix("…")
    found = [file for file in files if said in (file.name, file.digest)]
    if not found and len(start) >= SHORTEST:
        found = [file for file in files if file.digest.removeprefix("sha256:").startswith(start)]
    if len(found) > 1:
        places = ", ".join(f"{file.name} ({file.digest[:19]}, version {file.version})" for file in found[:5])
        hint = "name it by its digest, or the beginning of that: file:sha256:…"
        raise BadRequest(f"{said!r} means {len(found)} files of {dataset}: {places}", place=dataset, hint=hint)
    if not found:
        near = did_you_mean(said, {file.name for file in files}) if files else "nothing was taken in yet: tidemill run"
        raise NotFound(f"no file {said!r} is in {dataset}", hint=f"{near}; tidemill data show {dataset} lists them")
    return found[0]


def _column(project: Project, dataset: str, name: str) -> What:
    from tidemill.data.contract.contract import load_contract

    contract = load_contract(project, dataset)
    column = next((one for one in contract.columns if one.name == name), None)
    if column is None:
        raise NotFound(
            f"{dataset} has no column {name!r}", place=contract.place, hint=did_you_mean(name, contract.names)
        )
    if column.role is not None or name in contract.key:
        what = "part of its key" if name in contract.key else f"its {column.role}"
        hint = "recall the files whose rows are wrong: file:PATH"
        raise BadRequest(f"{dataset} has no rows without {name}: it is {what}", place=contract.place, hint=hint)
    record = project.store.datasets.get(dataset)
    return What(dataset, "column", name, rows=record.rows)
