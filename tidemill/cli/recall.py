"""`tidemill recall DATASET file:… | column:… | ls | show`: what stands on data that was wrong, and every answer that it changed."""

from __future__ import annotations

from pathlib import Path

import click

from tidemill.access.callers import local
from tidemill.cli.listed import write_rows
from tidemill.cli.output import Answer, Column, Listing, Part, Table, command, fields, listed, paged, wants_json
from tidemill.cli.run import steps_shown
from tidemill.errors import BadRequest
from tidemill.ops import recalls as verbs
from tidemill.ops.recalls import Looked
from tidemill.ops.text import plural
from tidemill.scope.project import Project

RUNS: dict[str, Column] = {
    "recall": "id",
    "dataset": lambda run: run.params["what"]["dataset"],
    "of": lambda run: run.params["what"]["name"],
    **fields("status", "started"),
}
SHOWN = 20


class Recalling(Listing):
    """A group that recalls where no command of it is named."""

    default = "look"


@click.group(cls=Recalling)
def recall() -> None:
    """A bad file or column taken back: what stands on it, and every answer that is another without it."""


@command(recall)
@click.argument("dataset")
@click.argument("ref", metavar="file:… | column:…")
@click.option("--dry-run", is_flag=True, help="Only look.")
def look(project: Project, dataset: str, ref: str, dry_run: bool) -> Answer:
    """What stands on it, and each answer of the log asked again without it. Killed, the same command goes on."""
    with steps_shown(wants_json()) as on_event:
        found = verbs.look(project, local(project), dataset, ref, on_event)
    return _answer(found)


@command(recall)
@paged(30)
def ls(project: Project, limit: int, before: str | None) -> Answer:
    """The latest dry runs."""
    return listed(verbs.ls(project, limit, before), RUNS)


@command(recall)
@click.argument("run")
def show(project: Project, run: str) -> Answer:
    """One of them."""
    return _answer(verbs.show(project, run))


@command(recall)
@click.argument("run")
@click.option("--yes", is_flag=True, help="Do it: from then on no version has its rows.")
def apply(project: Project, run: str, yes: bool) -> Answer:
    """Take the file of the dry run RUN out of its dataset: a new version without its rows, known to every scorer."""
    if not yes:
        hint = f"look at it first: tidemill recall show {run}; then: --yes"
        raise BadRequest("the dataset's next version is without it", place="--yes", hint=hint)
    found = verbs.apply(project, local(project), run)
    if found.already:
        return Answer(found, [f"it was taken out before, with version {found.version} of {found.dataset}"])
    parts: list[Part] = [
        f"{plural(found.rows, 'row')} taken out: version {found.version} of {found.dataset} is without them"
    ]
    parts += [f"learned from them: {', '.join(found.models)}"] if found.models else []
    parts += (
        [f"and answer now: {', '.join(found.serving)}; replace them, by the gates: tidemill run"]
        if found.serving
        else []
    )
    return Answer(found, [*parts, f"whom to tell: tidemill recall tell {run} --out FILE.csv"])


@command(recall)
@click.argument("run")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="A new file; only its owner can read it.")
def tell(project: Project, run: str, out: Path) -> Answer:
    """Whose answers are others without it: a CSV of people, answers and moments."""
    rows = verbs.whom_to_tell(project, local(project), run)
    n = write_rows(rows, out, verbs.ToTell._fields)
    return Answer({"rows": n, "file": str(out)}, [f"{plural(n, 'answer')} in {out}"])


def _answer(found: Looked) -> Answer:
    report, on = found.report, found.report.standing
    what = report.what
    parts: list[Part] = [
        {
            "recall": found.run,
            "dataset": what.dataset,
            what.kind: what.name,
            "digest": what.digest or None,
            "rows": what.rows,
        },
        "",
        {
            "versions": f"{on.versions[0]} and later" if on.versions else "none",
            "features": ", ".join(on.features) or "none",
            "models": ", ".join(on.models) or "none",
            "releases": f"{len(on.releases)}, of which {len(on.serving)} answer now",
            "decisions": f"{len(on.decisions):,}",
            "alarms": f"{len(on.alarms):,}",
        },
        "",
        {
            "answers looked at": f"{report.answers:,}",
            "other without it": f"{len(report.changed):,}, of which {report.shown:,} say something else",
            **{f"by {name}": f"{n:,}" for name, n in report.by.items()},
            **{f"cannot be told: {why}": f"{n:,}" for why, n in report.unknown.items()},
        },
        "",
        Table(
            {"answer": "id", "of": "endpoint", "model": "model", "by": lambda one: ", ".join(one.by)},
            report.changed[:SHOWN],
        ),
    ]
    left = len(report.changed) - SHOWN
    parts += [f"… and {left:,} more: --json shows all of them"] if left > 0 else []
    return Answer(found, parts)
