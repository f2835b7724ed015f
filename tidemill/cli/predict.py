"""`tidemill predict` and `tidemill feedback`: ask the running server, and tell it what really happened."""

from __future__ import annotations

import json
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import click

from tidemill.cli.output import emit, facts, json_option, opened, project_option, table
from tidemill.errors import Conflict
from tidemill.types import to_iso


@click.command()
@click.argument("subject", required=False)
@click.option("--inputs", help='Columns of a table model, as JSON: {"hour": 8}')
@click.option("-k", default=20, show_default=True, type=click.IntRange(1, 1000), help="How many items.")
@click.option("--key", help="Your own key: asked again, the same answer.")
@click.option("--endpoint", help="The project's own by default.")
@project_option
@json_option
def predict(
    folder: Path, subject: str | None, inputs: str | None, k: int, key: str | None, endpoint: str | None, as_json: bool
) -> None:
    """Ask the running server: items for SUBJECT, or a value for --inputs."""
    from tidemill.scope.project import find_root
    from tidemill.scope.unopened import endpoint_name
    from tidemill.serve.client import Client

    root = find_root(folder.resolve())
    body: dict[str, Any] = {"key": key} if key else {}
    if inputs is not None:
        body["inputs"] = _json(inputs, "--inputs")
    elif subject:
        body |= {"subject": subject, "k": k}
    else:
        raise click.UsageError("name a SUBJECT, or give --inputs")
    with closing(Client.of(root)) as client:
        answer = client.post(f"/predict/{endpoint_name(root, endpoint)}", body)

    def show() -> None:
        head: dict[str, Any] = {
            name: answer.get(name)
            for name in ("prediction_id", "model", "arm", "ack", "cold", "value", "probability")
            if name in answer
        }
        facts(head)
        if "probabilities" in answer:
            likely = sorted(answer["probabilities"].items(), key=lambda pair: -pair[1])
            table(("label", "probability"), [(label, f"{share:.5f}") for label, share in likely])
        if "items" in answer:
            table(
                ("item", "score"),
                [(item, f"{score:.5f}") for item, score in zip(answer["items"], answer["scores"], strict=True)],
            )

    emit(answer, as_json, show)


@click.command()
@click.argument("file", type=click.File("r"), default="-")
@project_option
@json_option
def feedback(folder: Path, file: Any, as_json: bool) -> None:
    """Send outcomes: JSON, or a JSON line each, from FILE or standard input. The same key twice is one outcome.

    An outcome without "at" happened now. A key that holds another outcome already is told, and the exit code is 4.
    """
    from tidemill.serve.client import Client

    if file is sys.stdin and sys.stdin.isatty():
        raise click.UsageError(
            'give a FILE, or pipe: echo \'{"key": "1", "subject": "7", "item": "A", "value": 1}\' | tidemill feedback'
        )
    text = file.read().strip()
    lines = (
        _json(text, "the input")
        if text.startswith("[")
        else [_json(line, f"line {n}") for n, line in enumerate(text.splitlines(), 1) if line.strip()]
    )
    told: dict[str, Any] = {"sent": 0, "new": 0, "repeated": 0, "conflicting": []}
    with opened(folder) as project, closing(Client.of(project.root)) as client:
        now = to_iso(project.clock.now())
        lines = [{**line, "at": line.get("at", now)} if isinstance(line, dict) else line for line in lines]
        for start in range(0, len(lines), 500):
            _add(told, client.post("/feedback", lines[start : start + 500]))
    emit(told, as_json, lambda: _say(told))
    if told["conflicting"]:
        raise click.exceptions.Exit(Conflict.exit_code)


def _add(told: dict[str, Any], reply: dict[str, Any]) -> None:
    told["sent"] += reply["outcomes"]
    for name in ("new", "repeated"):
        told[name] += reply.get(name, 0)
    for name in ("conflicting", "unknown_predictions", "unknown_labels"):
        if reply.get(name):
            told.setdefault(name, []).extend(reply[name])


def _say(told: dict[str, Any]) -> None:
    again = f", {told['repeated']} known already" if told["repeated"] else ""
    click.echo(f"{told['new']} outcomes kept{again}")
    for name, words in (
        ("conflicting", "not kept, their keys hold other outcomes"),
        ("unknown_predictions", "kept, but nothing was predicted under these ids"),
        ("unknown_labels", "kept, but the model that serves knows no such labels"),
    ):
        if told.get(name):
            shown = told[name][:10]
            more = f" and {len(told[name]) - 10} more" if len(told[name]) > 10 else ""
            click.echo(f"{words}: {', '.join(shown)}{more}")


def _json(text: str, place: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as exc:
        raise click.UsageError(f"{place} is not JSON: {exc}") from exc
