"""`tidemill new`."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from tidemill.cli.output import Answer, Part, command, wants_json
from tidemill.ops import new as verbs

MOST_QUESTIONS = 3
_PATH = click.Path(path_type=Path)


@command(project=False)
@click.argument("folder", type=_PATH, required=False)
@click.argument("more", type=_PATH, nargs=-1)
@click.option("--recipe", help="A worked case; `tidemill new` alone lists them.")
@click.option("--no-data", is_flag=True, help="Of a recipe: without the data that it is shown on.")
@click.option(
    "--from", "files", multiple=True, type=_PATH, help="A file of your own, CSV or Parquet; several of one table."
)
@click.option("--target", default="", help="The column to predict.")
@click.option("--recommend", is_flag=True, help="Recommend what each subject takes next.")
@click.option("--task", type=click.Choice(["classify", "regress"]), help="The target is a label, or an amount.")
@click.option("--time", default="", help="The column that says when a row happened; none: the rows have no order.")
@click.option("--subject", default="", help="The column that says whose row it is.")
@click.option("--item", default="", help="The column that says what it is about.")
def new(
    folder: Path | None,
    more: tuple[Path, ...],
    recipe: str | None,
    no_data: bool,
    files: tuple[Path, ...],
    task: str | None,
    **aim: Any,
) -> Answer:
    """Make a project in FOLDER from a recipe, or from your own FILE (--from); nothing that is there is overwritten.

    Without FOLDER: what recipes there are. From a file: at most three questions on a terminal; the options answer them
    beforehand.
    """
    given, aim = [*files, *more], {**aim, "task": task or ""}
    if folder is None and not (recipe or given or no_data or any(aim.values())):
        return Answer(
            verbs.recipes(), [*_recipes(), "next: tidemill new FOLDER --recipe NAME, or --from FILE, your own"]
        )
    _check(folder, recipe, files, more, no_data, aim)
    assert folder is not None
    if given and _asks():
        aim = _asked(given, aim)
    made = verbs.new(folder, recipe or "", files=given, data=not no_data, **aim)
    return Answer(made, _own(made) if given else _recipe(made))


def _recipes() -> list[str]:
    return [f"  {one.name:<12} {one.what}" for one in verbs.recipes()]


def _check(
    folder: Path | None,
    recipe: str | None,
    files: Sequence[Path],
    more: Sequence[Path],
    no_data: bool,
    aim: dict[str, Any],
) -> None:
    """Raises UsageError for options that do not go together, and where it is not said what to make, or where."""
    if folder is None:
        raise click.UsageError("say in which folder: tidemill new FOLDER …")
    if not files and (more or any(aim.values())):
        raise click.UsageError("say which file: --from FILE")
    if files and recipe:
        raise click.UsageError("--recipe or --from: a project is made of one of them")
    if files and no_data:
        raise click.UsageError("--no-data goes with --recipe")
    if not files and not recipe:
        raise click.UsageError("\n".join(["say what to make: --from FILE, your own, or --recipe NAME:", *_recipes()]))


def _asks() -> bool:
    """Whether there is somebody to ask."""
    return sys.stdin.isatty() and sys.stdout.isatty() and not wants_json()


def _asked(files: Sequence[Path], said: dict[str, Any]) -> dict[str, Any]:
    """What was said, and what a person at the terminal answers to what is still open."""
    from dataclasses import asdict

    from tidemill.recipes.own.plan import Aim, next_question

    seen, aim = verbs.look(files), Aim(**said)
    for _ in range(MOST_QUESTIONS):
        question = next_question(seen, aim)
        if question is None:
            break
        kind = click.Choice(question.choices)
        click.echo(f"{seen.rows.height:,} rows; columns: {', '.join(seen.columns)}")
        answer = click.prompt(question.text, default=question.default, type=kind, show_choices=False)
        aim = question.answered(aim, answer)
    return asdict(aim)


def _recipe(made: verbs.Made) -> list[Part]:
    lines: list[Part] = [f"  {path}" for path in made.files]
    for data in made.data:
        lines.append(f"{data.dataset} is read from {data.source}; its columns ({data.contract}):")
        lines.append(f"  {', '.join(data.columns)}")
    there = any(path.startswith(str(Path(made.folder) / "data")) for path in made.files)
    then = (
        "&& tidemill run && tidemill up"
        if there
        else "put files there, then: tidemill data check && tidemill run && tidemill up"
    )
    return [*lines, f"next: cd {shlex.quote(made.folder)}{' ' if there else ', '}{then}; README.md says more"]


def _own(made: verbs.Made) -> list[Part]:
    lines: list[Part] = [f"  {path}" for path in made.files]
    chosen: list[Part] = [f"- {sentence}" for sentence in made.said]
    next_ = f"next: cd {shlex.quote(made.folder)} && tidemill run && tidemill up; then, in a second terminal:"
    return [*lines, *chosen, next_, f"  {made.predict}"]
