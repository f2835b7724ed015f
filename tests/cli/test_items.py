"""`tidemill items`: said without a server, looked at, and its past told; a foreign name does nothing to a terminal."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from tests.data.test_items import shop
from tidemill.cli.main import cli
from tidemill.ops import items
from tidemill.scope.project import open_project


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("TIDEMILL_HOME", str(tmp_path / "home"))
    return str(shop(tmp_path))


def told(root: str, *words: str, code: int = 0, **more: Any) -> Any:
    """What a command says to a program."""
    heard = CliRunner().invoke(cli, ["items", *words, "--project", root, "--json"], **more)
    assert heard.exit_code == code, heard.output
    return json.loads(heard.stdout) if not code else None


def test_an_item_is_said_and_its_past_is_told(root: str) -> None:
    assert told(root, "set", "mug", "price=2,5", "--at", "2011-01-02", code=1) is None
    first = told(root, "set", "mug", "price=2.5", "stock=3", "name=Mug", "--at", "2011-01-02")
    assert (first["changed"], first["position"]) == (1, 1)
    told(root, "set", "mug", "stock=0", "name=", "--at", "2011-01-03")
    assert told(root, "set", "mug", "stock=9", "--at", "2011-01-01")["older"] == ["mug"]
    (now,) = told(root)
    assert (now["item"], now["known"]) == ("mug", {"price": 2.5, "stock": 0, "name": None})
    past = told(root, "show", "mug")
    assert [one["changed"] for one in past] == [["stock", "name"], ["price", "stock", "name"]]
    assert past[0]["by"] and [one["until"] for one in past] == [None, 2]
    told(root, "set", "mug", "--gone")
    assert told(root, "ls")[0]["gone"]


def test_many_are_said_by_lines(root: str) -> None:
    lines = "\n".join(json.dumps({"item": f"i{n:04}", "values": {"stock": n}}) for n in range(1_005))
    assert told(root, "set", "--from", "-", input=lines)["changed"] == 1_005
    with open_project(Path(root)) as project:
        seen, before = [], None
        while True:
            page = items.ls(project, limit=400, before=before)
            seen += [one.item for one in page.items]
            if (before := page.next) is None:
                break
    assert seen == [f"i{n:04}" for n in range(1_005)]
    bad = CliRunner().invoke(cli, ["items", "set", "--from", "-", "--project", root], input="{")
    assert bad.exit_code == 2


def test_a_foreign_name_does_nothing_to_a_terminal(root: str) -> None:
    name = "\x1b[2Jmug\u202e\r\n"
    told(root, "set", "--from", "-", input=json.dumps({"item": "mug", "values": {"name": name}}))
    for words in (["ls"], ["show", "mug"]):
        heard = CliRunner().invoke(cli, ["items", *words, "--project", root])
        assert "mug" in heard.stdout and not set("\x1b\u202e\r") & set(heard.stdout)


def test_what_is_not_there_is_said_so(root: str, tmp_path: Path) -> None:
    assert CliRunner().invoke(cli, ["items", "show", "none", "--project", root]).exit_code != 0
    (Path(root) / "contracts/items.yaml").unlink()
    assert CliRunner().invoke(cli, ["items", "ls", "--project", root]).exit_code != 0
