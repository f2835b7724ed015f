"""Several endpoints: one status over all, and a name where one is meant."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.test_data import typed
from tests.release.made import add_model, hold
from tests.serve.asking import alive
from tests.web.serving import app as page_app
from tidemill.access import tokens as auth
from tidemill.errors import NotFound
from tidemill.ops import predictions, releases
from tidemill.ops.status import Health, status
from tidemill.scope.project import Project, open_project
from tidemill.testing import records as sample
from tidemill.types import DAY, HeldClock

NOW = 100 * DAY
UP = {"first": "ok", "second": "ok"}
TOML = """
[project]
name = "shop"
[data.sales]
source = "data/*.csv"
contract = "sales.yaml"
[model.first]
task = "recommend"
metric = "recall@20"
[model.second]
task = "recommend"
metric = "recall@20"
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    """Two endpoints; the first has a champion and a release that waits, the second nothing."""
    monkeypatch.setenv("TIDEMILL_HOME", str(tmp_path / "home"))
    root = tmp_path / "shop"
    root.mkdir()
    (root / "tidemill.toml").write_text(TOML)
    (root / "sales.yaml").write_text("apiVersion: v3.1.0\nkind: DataContract\nid: s\nversion: 1.0.0\nstatus: active\n")
    monkeypatch.chdir(root)
    with open_project(root, clock=HeldClock(NOW)) as made:
        for number, endpoint in ((1, "first"), (2, "second")):
            hold(made, add_model(made, number, name=endpoint), f"rel_{number}", endpoint=endpoint)
        made.store.releases.promote("rel_1", NOW)
        rows = [
            sample.prediction(f"pred_{n}", at=NOW + n, endpoint=("first", "second")[n % 2], output=b"{}", inputs=b"{}")
            for n in range(4)
        ]
        made.live.append(rows, [], [])
        made.live.flush()
        yield made


def test_the_status_is_as_bad_as_the_worst_endpoint(project: Project) -> None:
    found = status(project, Health(UP))
    assert [line.endpoint for line in found.endpoints] == ["first", "second"]
    assert [line.champion for line in found.endpoints] == ["model:first@1", None]
    assert not found.all_right and status(project, Health(UP), "second").endpoint == "second"


def test_lists_are_of_one_endpoint_or_of_all(project: Project) -> None:
    assert [r.id for r in releases.ls(project).items] == ["rel_2", "rel_1"]
    assert [r.id for r in releases.ls(project, endpoint="first").items] == ["rel_1"]
    first = predictions.ls(project, limit=1, endpoint="second")
    rest = predictions.ls(project, limit=1, endpoint="second", before=first.next)
    assert [p.id for p in (*first.items, *rest.items)] == ["pred_3", "pred_1"] and rest.next is None


def test_what_is_meant_is_found_in_its_endpoint_only(project: Project) -> None:
    assert releases.pick(project, None, "held", endpoint="second") == "rel_2"
    with pytest.raises(NotFound):
        releases.pick(project, None, "held", endpoint="first")
    with pytest.raises(NotFound) as raised:
        releases.ls(project, endpoint="frist")
    assert "first" in raised.value.hint


def test_the_command_line_takes_a_name(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = typed(capsys, "status", "--endpoint", "second", "--json")
    assert json.loads(out)["endpoint"] == "second"
    code, _, err = typed(capsys, "alarms")
    assert code == NotFound.exit_code and "--endpoint first or second" in err
    assert typed(capsys, "alarms", "--endpoint", "first")[0] == 0


def test_the_page_shows_all_of_them_and_one(project: Project) -> None:
    import asyncio

    async def work() -> tuple[str, str]:
        async with alive(page_app(project), auth.issue(project.store, "me", ["read"])) as ask:
            every, second = await ask("GET", "/"), await ask("GET", "/?endpoint=second")
            return every.body.decode(), second.body.decode()

    every, second = asyncio.run(work())
    for text in (every, second):
        assert all(f'href="/?endpoint={name}"' in text for name in ("first", "second"))
    assert "shop" in every and "no model" in second
