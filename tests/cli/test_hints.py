"""Every command that a message tells people to type is one that they can type."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import click

import tidemill
from tidemill.cli.main import cli

TOLD = re.compile(r"\btidemill ([a-z]+)(?: ([a-z]+(?:-[a-z]+)*))?")
SPOKEN = {"is", "knows", "that"}  # "this tidemill knows …" is no command


def said() -> list[tuple[str, str, str | None]]:
    """(where, verb, word after it) of every string in the package."""
    found = []
    root = Path(tidemill.__file__).parent
    for path in sorted(root.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found += [(f"{path.relative_to(root)}:{node.lineno}", *m.groups()) for m in TOLD.finditer(node.value)]
    return found


def test_every_command_in_a_message_exists():
    context = click.Context(cli)
    wrong, found = [], said()
    for where, verb, second in found:
        if verb in SPOKEN:
            continue
        command = cli.get_command(context, verb)
        missing = command is None or (
            isinstance(command, click.Group) and second is not None and command.get_command(context, second) is None
        )
        if missing:
            wrong.append(f"{where}: tidemill {verb} {second or ''}")
    assert not wrong
    assert len(found) > 50
