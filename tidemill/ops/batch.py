"""What a model of entities says of everybody who is active now: answers in the log, and a table of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tidemill.access.caller import Caller
from tidemill.errors import ProjectError
from tidemill.files import write_whole
from tidemill.ops.runs import OnEvent, run_pipeline
from tidemill.scope.project import Project
from tidemill.store.artifacts.codecs import load
from tidemill.types import JsonObject

if TYPE_CHECKING:
    import polars as pl

WRITERS = (".csv", ".parquet")


@dataclass(frozen=True)
class Batch:
    """``answers``: one an entity, as the server gives them, with its ``subject``; or why there is none, in ``error``."""

    run: str
    endpoint: str
    model: str
    data: list[str]
    answers: list[JsonObject]


def predict_active(
    project: Project,
    caller: Caller,
    endpoint: str | None,
    on_event: OnEvent,
    out: Path | None = None,
    explain: bool = False,
) -> Batch:
    """Ask an endpoint about everybody who is active now; what it says is written into the log.

    ``out``: a table of it, as a file; ``explain``: and why.

    One that was killed goes on by `tidemill.ops.runs.resume`: nobody is answered twice. Raises NotFound, NoModel, ProjectError.
    """
    from tidemill.serve.batch import batch_pipeline, parameters

    caller.need("predict")
    checked(out)
    scope = project.endpoint(endpoint)
    made = run_pipeline(project, batch_pipeline, parameters(scope, explain), on_event)
    table: pl.DataFrame = load(project.artifacts.plain, made.outputs["answers"], "table")
    if out is not None:
        write(table, out)
    data = [str(ref) for ref in made.params["data"]]
    return Batch(made.id, scope.name, scope.model.name, data, [_answer(row) for row in table.iter_rows(named=True)])


def checked(out: Path | None) -> None:
    """Raises ProjectError where no table can be written: asked before a long batch."""
    if out is None:
        return
    if out.suffix not in WRITERS:
        raise ProjectError(f"{out.name} is no table", place="--out", hint=f"it may end with {' or '.join(WRITERS)}")
    if out.is_dir():
        raise ProjectError(f"{out} is a folder", place="--out", hint="name a file")
    if not out.parent.is_dir():
        raise ProjectError(f"there is no folder {out.parent}/", place="--out", hint=f"make it: mkdir -p {out.parent}")


def write(table: pl.DataFrame, out: Path) -> None:
    """The whole file, or none."""
    import io

    buffer = io.BytesIO()
    if out.suffix == ".csv":
        table.write_csv(buffer)
    else:
        table.write_parquet(buffer)
    write_whole(out, buffer.getvalue(), 0o644)


def _answer(row: JsonObject) -> JsonObject:
    """As the server's reply has it."""
    chances = {name[2:-1]: value for name, value in row.items() if name.startswith("p(")}
    plain = {name: value for name, value in row.items() if not name.startswith("p(") and value is not None}
    return {**plain, **({"probabilities": chances} if chances and "error" not in plain else {})}
