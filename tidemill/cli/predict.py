"""`tidemill predict` and `tidemill feedback`: ask the running server, and report what really happened."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import click

from tidemill.access.callers import local
from tidemill.cli.output import Answer, Listing, Part, Table, command, endpoint_option, wants_json
from tidemill.cli.run import steps_shown
from tidemill.cli.trace import explained_parts
from tidemill.errors import BadRequest, Conflict, ServeError
from tidemill.feedback.called import called
from tidemill.ops import batch, server
from tidemill.ops.ruled import rules_said
from tidemill.scope.project import Project
from tidemill.serve.json_keys import once
from tidemill.types import JsonObject

EXPLAINED = 8
"""Contributions that are shown without ``--json``."""
HEAD = ("prediction_id", "model", "arm", "ack", "cold", "value", "lower", "upper", "level", "probability", "threshold")
NOTED = {
    "conflicting": "not kept, their keys hold other outcomes",
    "unknown_predictions": "kept, but nothing was predicted under these ids",
    "unknown_labels": "kept, but the model that serves knows no such labels",
}


class Asking(Listing):
    """A group that asks about one, unless it is told to ask about many."""

    default = "one"


@click.group(cls=Asking)
def predict() -> None:
    """Ask about one (the running server; the word one may be left out), or about many rows at once: batch."""


@command(predict, "batch")
@click.option(
    "--in", "given", required=True, help="Rows: a dataset (sales@7), files of the project (a glob), a Delta table."
)
@click.option("--out", required=True, help="A folder of Parquet files, a file (.csv, .parquet), or delta:FOLDER.")
@click.option("-k", default=20, show_default=True, type=click.IntRange(1, 1000), help="How many items.")
@click.option("--explain", is_flag=True, help="Also what each answer is made of, and why in a sentence.")
@click.option("--keep", multiple=True, help="A column of the rows that goes along into the answers; several times.")
@endpoint_option
def many(
    project: Project, given: str, out: str, k: int, explain: bool, keep: tuple[str, ...], endpoint: str | None
) -> Answer:
    """Answer every row of a dataset, of files or of a table, by the server's own code and into the same log.

    No server need run. A row that cannot be answered says why, in the column error. The same batch again adds nothing; one that was killed
    goes on by the same command.
    """
    with steps_shown(wants_json()) as on_event:
        found = batch.predict_batch(project, local(project), given, out, endpoint, on_event, k, explain, keep)
    facts = {"batch": found.batch, "run": found.run, "rows": found.rows, "answered": found.answered}
    told = [f"{found.errors} rows could not be answered: the column error says why"] if found.errors else []
    met = [f"{found.met} of {found.partitions} partitions had been answered before"] if found.met else []
    return Answer(
        found, [{**facts, "models": ", ".join(found.models), "out": found.out}, *told, *met], 0 if found.answered else 3
    )


@command(predict, "one")
@click.argument("subject", required=False)
@click.option("--inputs", help='Columns of a table model, as JSON: {"hour": 8}')
@click.option("-k", default=20, show_default=True, type=click.IntRange(1, 1000), help="How many items.")
@click.option("--recent", multiple=True, help="An item that SUBJECT took just now; several times, the last one last.")
@click.option(
    "--context",
    multiple=True,
    metavar="KEY=VALUE",
    help="Where it is asked, for the endpoint's rules: store=12; a key several times: a list.",
)
@click.option("--explain", is_flag=True, help="Also what each answer is made of, and why in a sentence.")
@click.option("--key", help="Your own key: asked again, the same answer.")
@click.option("--position", default=0, type=click.IntRange(0), help="Of a reply: the answer has to see it.")
@click.option("--active", is_flag=True, help="Everybody who is active now, of a model of entities at moments.")
@click.option("--out", type=click.Path(path_type=Path), help="With --active: a table of the answers, .csv or .parquet.")
@click.option(
    "--file", type=click.File("r"), help="Many requests, a JSON line each or a list: each as POST /predict takes it."
)
@click.option("--later", is_flag=True, help="Do not wait for the answer: its id comes back at once.")
@click.option("--look", help="What became of a question that is answered later, by its id.")
@endpoint_option
def one(
    project: Project,
    subject: str | None,
    inputs: str | None,
    k: int,
    recent: tuple[str, ...],
    context: tuple[str, ...],
    explain: bool,
    key: str | None,
    position: int,
    active: bool,
    out: Path | None,
    file: Any,
    later: bool,
    look: str | None,
    endpoint: str | None,
) -> Answer:
    """Ask the running server: items for SUBJECT, a value for --inputs, or of an entity that the model's rows are of.

    --active needs no server: it asks about everybody here, and writes the answers into the same log. --file asks about many at once;
    one that is refused spoils no other, and the exit code is 8 then.
    """
    if look is not None:
        return _answer(project, server.look(project, look), recent, True)
    if file is not None:
        if subject or inputs is not None or key or recent or context or active or out or explain or later:
            raise click.UsageError("--file has the requests whole: leave out SUBJECT and what is asked of one")
        return _several(server.predict_many(project, _lines(file), endpoint, position))
    if active:
        if subject or inputs is not None or key or recent or context:
            raise click.UsageError("--active asks about everybody: leave out SUBJECT and what is asked of one")
        with steps_shown(wants_json()) as on_event:
            found = batch.predict_active(project, local(project), endpoint, on_event, out, explain)
        return _active(found.answers, out)
    if out is not None:
        raise click.UsageError("--out is for --active")
    request: dict[str, Any] = {"key": key} if key else {}
    if inputs is not None and (recent or context):
        raise click.UsageError("--recent and --context are of a recommender: leave out --inputs")
    if inputs is not None:
        request |= {"inputs": _json(inputs, "--inputs")} | ({"subject": subject} if subject else {})
    elif subject:
        request |= {"subject": subject, "k": k} | ({"recent": list(recent)} if recent else {})
        request |= {"context": _context(context)} if context else {}
    else:
        raise click.UsageError("name a SUBJECT, give --inputs, or say --active")
    if explain:
        request |= {"explain": True}
    more = {"later": True} if later else {}
    return _answer(project, server.predict(project, request, endpoint, position, **more), recent, explain)


def _answer(project: Project, answer: JsonObject, recent: tuple[str, ...], explain: bool) -> Answer:
    if answer.get("status") == "waiting":
        hint = f"tidemill predict --look {answer['prediction_id']}"
        return Answer(answer, [{**{name: answer[name] for name in ("prediction_id", "status", "expires")}, "": hint}])
    parts: list[Part] = [{name: _told(answer[name]) for name in HEAD if name in answer}]
    if "probabilities" in answer:
        likely = sorted(answer["probabilities"].items(), key=lambda pair: -pair[1])
        parts.append(_scores("label", "probability", likely))
    names: dict[str, str] = {}
    if "items" in answer:
        answer["names"] = names = called(project, [*answer["items"], *recent], [answer.get("model", "")])
        table = _items(answer)
        parts.append(
            replace(table, columns={**table.columns, "name": lambda pair: names.get(pair[0], "")}) if names else table
        )
        parts += [_nothing(answer)] if not answer["items"] else []
    parts += [f"{name}: {words}" for name, words in answer.get("flags", {}).items()]
    parts += rules_said(answer["reasons"]) if answer.get("reasons") else []
    if explain and "explained" in answer:
        parts += explained_parts(answer["explained"], EXPLAINED, names)
    return Answer(answer, parts)


def _nothing(answer: JsonObject) -> str:
    """Why a slate is empty."""
    if (reasons := answer.get("reasons")) is None:
        return "nothing is answered: the model has no item for this subject"
    return f"nothing is answered: the rules let none of {reasons['of']:,} items be"


def _context(said: tuple[str, ...]) -> JsonObject:
    """By key its value, or the list of them."""
    found: dict[str, list[str]] = {}
    for one in said:
        key, equals, value = one.partition("=")
        if not (key and equals):
            raise click.UsageError(f"--context {one!r}: write it as store=12")
        found.setdefault(key, []).append(value)
    return {key: values[0] if len(values) == 1 else values for key, values in found.items()}


def _items(answer: JsonObject) -> Table:
    """With the rules that brought an item where it is."""
    pairs = list(zip(answer["items"], answer["scores"], strict=True))
    moved = (answer.get("reasons") or {}).get("moved", {})
    if not moved:
        return _scores("item", "score", pairs)
    columns = {"item": lambda one: one[0], "score": lambda one: f"{one[1]:.5f}"}
    return Table({**columns, "by": lambda one: ", ".join(moved.get(one[0], ()))}, pairs)


def _several(found: list[JsonObject]) -> Answer:
    """An answer a line, each whole; then why the others are none."""
    failed = [(n, one["error"]) for n, one in enumerate(found, 1) if "error" in one]
    shown = [json.dumps(one, ensure_ascii=False) for one in found if "error" not in one]
    wrong = [f"request {n}: {one['code']}: {one['detail']}" for n, one in failed]
    return Answer(found, [*shown, *wrong], ServeError.exit_code if failed else 0)


def _active(found: list[JsonObject], out: Path | None) -> Answer:
    """An answer a line; of labels with the probability of each. A table in a file is not shown, too."""
    if out is not None:
        return Answer(found, [f"{len(found):,} answers: {out}"])
    labels = dict.fromkeys(label for answer in found for label in answer.get("probabilities", {}))
    columns: dict[str, Any] = {
        "subject": lambda one: one["subject"],
        "value": lambda one: one.get("value", one.get("error")),
    }
    columns |= {name: partial(_end, name) for name in ("lower", "upper") if any(name in answer for answer in found)}
    columns |= {f"p({label})": partial(_chance, label) for label in labels}
    return Answer(found, [Table(columns, found)] if found else ["nobody is active now"])


def _end(name: str, answer: JsonObject) -> Any:
    """Of an interval; of one that was refused nothing."""
    return answer.get(name, "")


def _chance(label: str, answer: JsonObject) -> str:
    return f"{answer['probabilities'].get(label, 0.0):.5f}" if "probabilities" in answer else ""


def _scores(name: str, score: str, pairs: list[tuple[str, float]]) -> Table:
    return Table({name: lambda pair: pair[0], score: lambda pair: f"{pair[1]:.5f}"}, pairs)


@command()
@click.argument("file", type=click.File("r"), default="-")
def feedback(project: Project, file: Any) -> Answer:
    """Send outcomes: JSON, or a JSON line each, from FILE or standard input. The same key twice is one outcome.

    An outcome without "at" happened now. A key that holds another outcome already is told, and the exit code is 4.
    """
    if file is sys.stdin and sys.stdin.isatty():
        raise click.UsageError(
            'give a FILE, or pipe: echo \'{"key": "1", "subject": "7", "item": "A", "value": 1}\' | tidemill feedback'
        )
    found = server.feedback(project, _lines(file))
    again = f", {found['repeated']} known already" if found["repeated"] else ""
    notes = [f"{words}: {_first(found[name])}" for name, words in NOTED.items() if found.get(name)]
    code = Conflict.exit_code if found["conflicting"] else 0
    return Answer(found, [f"{found['new']} outcomes kept{again}", *notes], code)


def _lines(file: Any) -> list[Any]:
    """Of JSON lines, or of one list."""
    try:
        lines = file.read().lstrip("\ufeff").strip()
    except UnicodeDecodeError as exc:
        raise click.UsageError("the input is no text in UTF-8: send it unpacked, as JSON lines") from exc
    if lines.startswith("["):
        found: list[Any] = _json(lines, "the input")
        return found
    return [_json(line, f"line {n}") for n, line in enumerate(lines.splitlines(), 1) if line.strip()]


def _first(names: list[str], most: int = 10) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _told(value: Any) -> str:
    """With every digit, and a label as the probabilities name it."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _json(text: str, place: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=once)
    except BadRequest as exc:
        raise BadRequest(exc.message, place=place, hint=exc.hint) from exc
    except ValueError as exc:
        raise click.UsageError(f"{place} is not JSON: {exc}") from exc
