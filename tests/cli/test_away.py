"""Where a project's stores cannot be opened, `status` and `doctor` say all that they can, and never look all right."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from tests.data.small import TOML, lay
from tidemill.cli.main import cli, main
from tidemill.scope.project import open_project


@pytest.fixture(params=["no database answers", "a damaged file"])
def root(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TIDEMILL_HOME", str(tmp_path / "home"))
    made = lay(tmp_path / "shop")
    if request.param == "a damaged file":
        open_project(made).close()
        (made / ".tidemill/tidemill.db").write_bytes(b"no database at all" * 1_000)
    else:
        (made / "tidemill.toml").write_text(TOML + '\n[stores]\nmetadata = "postgresql://ann@127.0.0.1:1/shop"\n')
    return made


def said(root: Path, *args: str) -> Any:
    return CliRunner().invoke(cli, [*args, "--project", str(root)])


def test_status_says_what_the_server_says_and_why_no_more(root: Path) -> None:
    found = said(root, "status")
    assert found.exit_code == 9 and "no server answers here" in found.output, found.output
    told = json.loads(said(root, "status", "--json").output)
    assert told["all_right"] is False and told["endpoints"] == ["shop"]
    assert told["error"]["code"] in ("busy", "damaged") and told["error"]["hint"]


def test_the_doctor_looks_at_the_rest(root: Path) -> None:
    found = said(root, "doctor", "--json")
    told = {one["what"]: one for one in json.loads(found.output)}
    assert found.exit_code == 9
    assert told["python"]["well"] and "disk" in told and not told["stores"]["well"] and told["stores"]["hint"]
    assert not told["endpoint shop"]["well"] and not told["not looked at"]["well"]


def test_other_commands_fail_as_before(root: Path) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["runs", "ls", "--project", str(root)])
    assert caught.value.code == 4
