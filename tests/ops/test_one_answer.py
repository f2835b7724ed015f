"""Each state that is not all right, made once, and read by all four faces: the same state, sentence and next step."""

from __future__ import annotations

import asyncio
import html
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import tidemill
from tests.cli.test_data import typed
from tests.data.small import DAY_1, drop, lay
from tests.release.made import add_model, hold
from tests.serve.asking import Asker, alive
from tests.web import serving
from tidemill.access import tokens as auth
from tidemill.access.tokens import SCOPES
from tidemill.api.app import face as api
from tidemill.data.ingest.refused import READER, Refused, remember
from tidemill.data.pipeline import ingest
from tidemill.errors import Damaged
from tidemill.ops import status as verb
from tidemill.ops.snapshot import MANY
from tidemill.ops.status import Health
from tidemill.scope.project import Project, open_project
from tidemill.serve.http.app import App
from tidemill.serve.serving import Serving
from tidemill.store.records import Event, Prediction
from tidemill.testing import records as sample
from tidemill.types import DAY, parse_time
from tidemill.web.app import face as web

NEWEST = parse_time("2011-01-01T11:00")
NOW = NEWEST + DAY
VIEW = '\n[features.basket]\nfrom = "sales"\nentity = "customer"\nbought = { op = "decayed_count", by = "item", half_life = "60 days" }\n'
At = Callable[[Project], object]


def champion(project: Project, version: int = 1) -> None:
    hold(project, add_model(project, version), f"rel_{version}")
    project.store.releases.promote(f"rel_{version}", NOW - DAY)


def refused(project: Project, version: int) -> None:
    hold(project, add_model(project, version), f"rel_{version}")
    project.store.releases.update(f"rel_{version}", status="refused")


def happened(kind: str, **data: Any) -> At:
    def tell(project: Project) -> None:
        champion(project)
        project.store.events.add(Event(f"event_{kind}", NOW + 1, kind, "endpoint:shop", data))

    return tell


def failed(project: Project) -> None:
    champion(project)
    found = {"kind": "watch", "status": "failed", "error": "no column", "times": 3, "decision": None}
    project.store.jobs.put(sample.job(**found, started=NOW - DAY, ended=NOW))


def kept_out(reader: str) -> At:
    def refuse(project: Project) -> None:
        champion(project)
        found = Refused(file="data/sales/b.csv", size=9, contract="c", message="refused", reader=reader)
        remember(project.store, "sales", {"sha256:b": found})

    return refuse


def later(days: int) -> At:
    def move(project: Project) -> None:
        champion(project)
        project.store.settings.set("clock", NEWEST + days * DAY)

    return move


def asked(project: Project) -> None:
    """Many answers, and not one outcome."""
    champion(project)
    given = [
        Prediction(f"pred_{n}", "shop", NOW - 3 * DAY + n, "7", "model:shop@1", "rel_1", "champion", b"{}", b"{}", 0, 1)
        for n in range(MANY)
    ]
    project.live.append(given, [], [])
    project.live.flush()


def drifted(project: Project) -> None:
    champion(project)
    project.store.windows.put(sample.window(NOW - DAY, end=NOW))


STATES: dict[str, tuple[At, str, tuple[str, str, str]]] = {
    "nothing released": (lambda p: add_model(p, 1), "no_model", ("release", "idle", "none")),
    "the first one refused": (lambda p: refused(p, 1), "no_model", ("release", "bad", "refused")),
    "the first one refused, at the server": (lambda p: refused(p, 1), "no_model", ("serve", "idle", "refused")),
    "the first one held": (lambda p: hold(p, add_model(p, 1), "rel_1"), "no_model", ("serve", "idle", "held")),
    "a candidate refused": (
        lambda p: (champion(p), refused(p, 2)),
        "ok",
        ("release", "ok", "candidate_refused"),
    ),
    "waits for approval": (
        lambda p: (champion(p), hold(p, add_model(p, 2), "rel_2")),
        "ok",
        ("release", "waiting", "held"),
    ),
    "stale": (later(9), "ok", ("data", "warn", "stale")),
    "blocked": (kept_out(""), "ok", ("data", "bad", "blocked")),
    "a file that cannot be read": (kept_out(READER), "ok", ("data", "bad", "unread")),
    "a job that always fails": (failed, "ok", ("decide", "warn", "job_failed")),
    "parity false": (happened("parity", ok=False), "ok", ("features", "bad", "skew")),
    "drift": (drifted, "ok", ("monitor", "warn", "alarms")),
    "labels do not come": (asked, "ok", ("feedback", "warn", "no_labels")),
    "keys not trusted": (champion, "ok", ("release", "bad", "not_trusted")),
    "a champion that is not served": (champion, "no_model", ("serve", "bad", "no_model")),
    "a champion that is refused": (champion, "degraded", ("serve", "bad", "degraded")),
    "no server": (champion, "down", ("serve", "warn", "down")),
    "a full disk": (champion, "not_writing", ("serve", "bad", "not_writing")),
    "a store that vanished": (champion, "damaged", ("serve", "bad", "damaged")),
}
RIGHT = ("a candidate refused", "waits for approval")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A replay, so that every process has the same clock, with one day's rows; its home is beside it."""
    base = tmp_path_factory.mktemp("made")
    folder = lay(base / "shop")
    (folder / "tidemill.toml").write_text((folder / "tidemill.toml").read_text() + VIEW)
    drop(folder, "1.csv", DAY_1)
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("TIDEMILL_HOME", str(base / "home"))
        with open_project(folder) as project:
            project.store.settings.set("mode", "replay")
            project.store.settings.set("clock", NOW)
        with open_project(folder) as project:
            ingest(project, "sales")
    return base


@pytest.fixture
def folder(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it, to change at will."""
    monkeypatch.setenv("TIDEMILL_HOME", str(tmp_path / "home"))
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path / "shop")
    return tmp_path / "shop"


def served(folder: Path, path: str) -> Any:
    """What the server's own faces answer."""

    async def main() -> Any:
        with open_project(folder) as project:
            app = App(serving.app(project).serving, lambda: [api, web])
            async with alive(app, auth.issue(project.store, "test", SCOPES)) as ask:
                return await Asker.__call__(ask, "GET", path, headers={"accept": "text/html"})

    return asyncio.run(main())


@pytest.mark.parametrize("name", STATES)
def test_every_face_says_the_same(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    make, health, state = STATES[name]
    with open_project(folder) as project:
        make(project)
    if name == "keys not trusted":
        monkeypatch.setenv("TIDEMILL_HOME", str(folder.parent / "another machine"))
    said = Health({} if health == "down" else {"shop": health})
    monkeypatch.setattr(verb, "server_health", lambda root: said)
    monkeypatch.setattr(Serving, "health", lambda self: said)

    code, out, _ = typed(capsys, "status", "--json")
    told = json.loads(out)
    (part,) = [p for p in told["parts"] if p["key"] == state[0]]
    assert (part["key"], part["state"], part["code"]) == state
    assert part["headline"] and part["detail"] and part["next"]
    assert (code, told["all_right"]) == ((0, True) if name in RIGHT else (9, False))

    words = typed(capsys, "status")[1]
    assert told["verdict"]["line"] in words and part["next"] in words and part["detail"] in words

    from_api = served(folder, "/api/status").json
    assert (from_api["verdict"], from_api["parts"]) == (told["verdict"], told["parts"])

    page = html.unescape(served(folder, "/").body.decode())
    assert told["verdict"]["line"] in page and part["headline"] in page
    assert told["verdict"]["next"] in page

    with tidemill.open(folder) as project:
        found = project.status().record
    assert (found.verdict.line, found.verdict.next, found.all_right) == (
        told["verdict"]["line"],
        told["verdict"]["next"],
        told["all_right"],
    )
    assert [(p.key, p.state, p.code, p.next) for p in found.parts] == [
        (p["key"], p["state"], p["code"], p["next"]) for p in told["parts"]
    ]


async def read(ask: Asker, path: str, gone: str, **more: Any) -> Any:
    """As it is answered over a connection that is open: where others use all of them, a new one finds nothing, and says that."""
    while (reply := await ask("GET", path, **more)).status != 200:
        assert reply.status == 500 and f"{gone} is gone" in reply.body.decode()
    return reply


@pytest.mark.parametrize("name", ["tidemill.db", "live.db"])
def test_a_running_server_says_itself_that_its_store_vanished(folder: Path, name: str) -> None:
    async def main() -> None:
        with open_project(folder) as project:
            champion(project)
            app = App(serving.app(project).serving, lambda: [api, web])
            async with alive(app, auth.issue(project.store, "test", SCOPES)) as ask:
                assert (await ask("GET", "/")).status == 200
                (project.state / name).rename(folder / name)
                while app.serving.health() != {"shop": "damaged"}:
                    await asyncio.sleep(0.005)
                told = (await read(ask, "/api/status", name)).json
                page = await read(ask, "/", name, headers={"accept": "text/html"})
                (project.state / name).unlink(missing_ok=True)
                (folder / name).rename(project.state / name)
            (part,) = [p for p in told["parts"] if p["key"] == "serve"]
            assert (part["state"], part["code"], told["all_right"]) == ("bad", "damaged", False)
            assert page.status == 200 and told["verdict"]["next"] in html.unescape(page.body.decode())

    asyncio.run(main())


@pytest.mark.parametrize("name", ["tidemill.db", "live.db"])
@pytest.mark.parametrize("how", ["corrupt", "gone", "empty"])
def test_a_store_that_cannot_be_read_is_said_by_whoever_opens_it(
    folder: Path, capsys: pytest.CaptureFixture[str], name: str, how: str
) -> None:
    path = folder / ".tidemill" / name
    if how == "gone":
        path.unlink()
    else:
        path.write_bytes(b"\xa5" * path.stat().st_size if how == "corrupt" else b"")
    for command in ("run", "up"):
        code, _, err = typed(capsys, command, "--json")
        problem = json.loads(err.strip().splitlines()[-1])
        assert (code, problem["code"]) == (4, "damaged") and name in problem["place"] and "backup" in problem["hint"]
    code, out, _ = typed(capsys, "status", "--json")  # which says the rest, too
    problem = json.loads(out)["error"]
    assert (code, problem["code"]) == (9, "damaged") and name in problem["place"] and "backup" in problem["hint"]
    code, out, _ = typed(capsys, "doctor", "--json")
    (stores,) = [one for one in json.loads(out) if one["what"] == "stores"]
    assert code == 9 and not stores["well"] and name in stores["message"] and "backup" in stores["hint"]
    with pytest.raises(Damaged) as caught:
        tidemill.open(folder)
    assert name in caught.value.place and "backup" in caught.value.hint
