"""The command line: one table of verbs, light to start, with errors that show the hint."""

from __future__ import annotations

import json
import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from tidemill.cli.main import COMMANDS, cli, main
from tidemill.recipes.new import RECIPES, new_project
from tidemill.scope.project import open_project


def commands(group: click.Group, prefix: str = "") -> list[tuple[str, click.Command]]:
    context = click.Context(group)
    found: list[tuple[str, click.Command]] = []
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None, f"{prefix}{name} is in the table and cannot be loaded"
        found += (
            commands(command, f"{prefix}{name} ") if isinstance(command, click.Group) else [(prefix + name, command)]
        )
    return found


@pytest.mark.parametrize(("name", "command"), commands(cli), ids=lambda value: value if isinstance(value, str) else "")
def test_every_command_says_what_it_does_and_speaks_json(name, command):
    assert command.help and command.help[0].isupper() and command.help.split("\n")[0].endswith((".", "?", ":"))
    options = {option for parameter in command.params for option in parameter.opts}
    assert "--json" in options


def test_help_loads_click_and_nothing_else():
    code = (
        "import sys; before = set(sys.modules)\n"
        "from tidemill.cli.main import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "import json; print('MODULES', json.dumps(sorted({m.split('.')[0] for m in set(sys.modules) - before})))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    loaded = set(json.loads(out.split("MODULES")[1]))
    assert all(name in out for name in COMMANDS)
    third_party = loaded - set(sys.stdlib_module_names)
    assert third_party <= {"click", "tidemill"}, third_party


def test_a_short_command_loads_no_tables_and_no_event_loop(tmp_path, monkeypatch):
    monkeypatch.setenv("TIDEMILL_HOME", str(tmp_path / "home"))
    new_project(tmp_path / "shop", "recommend", "shop", data=False)
    open_project(tmp_path / "shop").close()
    code = (
        "import sys; from tidemill.cli.main import main; main(['token', 'ls'])\n"
        "print(*{'polars', 'deltalake', 'asyncio', 'tidemill.ops.releases'} & {*sys.modules})"
    )
    line = [sys.executable, "-c", code]
    out = subprocess.run(line, cwd=tmp_path / "shop", capture_output=True, text=True, check=True).stdout
    assert out.splitlines() == ["no tokens: tidemill token add", ""]


def test_a_mistyped_command_is_answered_with_the_nearest(capsys):
    with pytest.raises(SystemExit) as caught:
        main(["relase"])
    assert caught.value.code == 2
    assert "did you mean 'release'?" in capsys.readouterr().err


def test_the_shell_completes_commands(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["tidemill"])
    monkeypatch.setenv("_TIDEMILL_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", "tidemill data s")
    monkeypatch.setenv("COMP_CWORD", "2")
    with pytest.raises(SystemExit):
        main()
    assert capsys.readouterr().out == "plain,show\n"


def test_outside_a_project_the_way_out_is_named(tmp_path, capsys):
    with pytest.raises(SystemExit) as caught:
        main(["status", "--project", str(tmp_path)])
    assert caught.value.code == 2
    assert "tidemill new NAME" in capsys.readouterr().err


def test_new_writes_a_project_and_overwrites_nothing(tmp_path, capsys):
    line = ["new", str(tmp_path / "shop"), "--recipe", "recommend", "--no-data"]
    result = CliRunner().invoke(cli, [*line, "--json"])
    assert result.exit_code == 0, result.output
    written = json.loads(result.output)["files"]
    assert {path.rsplit("/", 1)[1] for path in written} >= {
        "tidemill.toml",
        "sales.yaml",
        "steps.py",
        "tidemill.yml",
        "README.md",
        ".gitignore",
    }
    assert (tmp_path / "shop/data/sales").is_dir()
    (told,) = json.loads(result.output)["data"]
    assert told["source"] == "data/sales/*.{csv,parquet}" and told["columns"][:3] == [
        "invoice",
        "stock_code",
        "description",
    ]
    with pytest.raises(SystemExit) as caught:
        main(line)
    assert caught.value.code == 2
    assert "a project here already" in capsys.readouterr().err


def test_an_unknown_recipe_is_named(tmp_path, capsys):
    with pytest.raises(SystemExit):
        main(["new", str(tmp_path / "x"), "--recipe", "recomend"])
    assert "did you mean 'recommend'?" in capsys.readouterr().err


def test_what_recipes_there_are_is_listed():
    lines = CliRunner().invoke(cli, ["new"]).output.splitlines()
    assert [line.split()[0] for line in lines[: len(RECIPES)]] == list(RECIPES)
    assert json.loads(CliRunner().invoke(cli, ["new", "--json"]).output) == [
        {"name": name, "what": what} for name, what in RECIPES.items()
    ]


@pytest.mark.parametrize("line", [["x"], ["x", "--no-data"], ["--recipe", "recommend"], ["--no-data"]])
def test_what_is_not_said_is_asked_for_and_recipes_are_named(tmp_path, monkeypatch, capsys, line):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as caught:
        main(["new", *line])
    assert caught.value.code == 2 and not any(tmp_path.iterdir())
    said = capsys.readouterr().err
    assert all(f" {name} " in said for name in RECIPES) == (line[0] == "x")


def test_a_broken_configuration_is_one_line_with_its_place(tmp_path, capsys):
    (tmp_path / "tidemill.toml").write_text('[project]\nname = "shop"\n[modle]\n')
    with pytest.raises(SystemExit) as caught:
        main(["status", "--project", str(tmp_path)])
    assert caught.value.code == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "tidemill.toml:3: unknown key 'modle' in the file - did you mean 'model'?" in error


def test_what_an_interrupted_run_leaves_at_work_is_said(monkeypatch, capsys):
    def interrupted(ctx):
        error = KeyboardInterrupt()
        error.add_note("still at work until this process ends: slow")
        raise error

    monkeypatch.setattr(cli, "invoke", interrupted)
    with pytest.raises(SystemExit) as caught:
        main(["status"])
    assert caught.value.code == 130
    assert capsys.readouterr().err.split("\n")[-3:] == ["stopped", "still at work until this process ends: slow", ""]
