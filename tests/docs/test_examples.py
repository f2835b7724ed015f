"""Every example in the documentation is run, read or resolved: what is shown is so."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from tidemill import errors
from tidemill.cli.main import cli
from tidemill.cli.output import Listing
from tidemill.config.decode import parse
from tidemill.config.resolve import Config
from tidemill.data.contract.contract import Contract

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BASE = '[project]\nname = "shop"\n[data.sales]\nsource = "data/sales/*.parquet"\ncontract = "contracts/sales.yaml"\n[model]\ntask = "recommend"\n'


def blocks(kind: str) -> list[object]:
    found = []
    for page in PAGES:
        for number, block in enumerate(re.findall(rf"^```{kind}\n(.*?)^```", page.read_text(), re.M | re.S), 1):
            found.append(pytest.param(page, block, id=f"{page.stem}-{number}"))
    return found


@pytest.mark.parametrize("page", [p for p in PAGES if "```python" in p.read_text()], ids=lambda p: p.stem)
def test_python_runs_from_top_to_bottom(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    namespace: dict[str, object] = {"__name__": "page"}
    for block in re.findall(r"^```python\n(.*?)^```", page.read_text(), re.M | re.S):
        # steps are read from their source: a page's code stands in a file, as a project's does
        path = tmp_path / "page.py"
        path.write_text(block)
        exec(compile(block, str(path), "exec"), namespace)


@pytest.mark.parametrize(("page", "block"), [one for one in blocks("toml") if one.values[0].stem != "policy"])
def test_configuration_is_valid(page, block):
    sections = re.findall(r"^\[(\w+)", block, re.M)
    base = BASE
    if "model" in sections:
        base = base.replace('[model]\ntask = "recommend"\n', "")
    if "data" in sections:
        base = re.sub(r"\[data\.sales\].*?(?=\[|$)", "", base, flags=re.S)
    if "project" in sections:
        base = base.replace('[project]\nname = "shop"\n', "")
    assert isinstance(parse(base + block), Config)


@pytest.mark.parametrize(("page", "block"), blocks("yaml"))
def test_contracts_are_valid(page, block):
    assert Contract.parse(block).columns


@pytest.mark.parametrize(("page", "block"), blocks("sh"))
def test_commands_exist_with_their_options(page, block):
    for line in block.splitlines():
        command = line.split("#")[0].split("|")[-1].split("&&")[-1].strip()
        if not command.startswith("tidemill "):
            continue
        words = shlex.split(command)[1:]
        group: click.Command = cli
        context = click.Context(cli)
        while isinstance(group, click.Group) and words:
            name = words.pop(0)
            found = group.get_command(context, name)
            if found is None and isinstance(group, Listing):
                found = group.get_command(context, group.default)
            assert found is not None, f"{page.name}: {command}"
            group = found
        known = {option for parameter in group.params for option in (*parameter.opts, *parameter.secondary_opts)}
        for word in words:
            if word.startswith("-"):
                assert word.split("=")[0] in known, f"{page.name}: {command}"


def test_the_reference_names_every_setting_and_every_error_code():
    text = (ROOT / "docs" / "reference.md").read_text()

    def codes(kind: type[errors.TidemillError]) -> set[str]:
        return {kind.code} | {
            c for child in kind.__subclasses__() if child.__module__ == "tidemill.errors" for c in codes(child)
        }

    missing = {code for code in codes(errors.TidemillError) if f"`{code}`" not in text}
    assert not missing, missing
    context = click.Context(cli)
    assert not {name for name in cli.list_commands(context) if f"`{name}" not in text}


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text()):
        if not target.startswith(("http://", "https://", "mailto:")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


FEEDBACK = re.compile(r"echo '(\{.*?\})' \| tidemill feedback")


def test_outcomes_shown_are_taken_by_the_real_decoder():
    """Those piped into `tidemill feedback` get the time that the command gives them; all else is as a server reads it."""
    import json

    from tidemill.serve.bodies import outcomes_of
    from tidemill.tasks.ranking.outcomes import ItemOutcome

    shown = [line for page in PAGES for line in FEEDBACK.findall(page.read_text())]
    assert shown
    for line in shown:
        body = {"at": "2011-01-01T00:00:00Z", **json.loads(line)}
        assert outcomes_of(json.dumps(body).encode(), 1_300_000_000_000_000, ItemOutcome)
