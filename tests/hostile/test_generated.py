"""Generated hostile input at every border: files, contracts, configurations, bodies, paths, queries, headers.

Each is taken or refused by an error of ours, never by a defect; and what was good before is answered after it.
"""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import strategies as st

from tests.data.small import CONTRACT, DAY_1, lay
from tests.hostile.generated import JSON, NASTY, TEXTS, changed, reworded, spoiled, tried
from tests.serve.asking import NOON, Asker, make_app, opened
from tests.tiers import both
from tidemill.access import tokens as auth
from tidemill.access.tokens import SCOPES
from tidemill.api.app import face as api
from tidemill.config.decode import parse
from tidemill.data.contract.contract import Contract
from tidemill.data.pipeline import ingest
from tidemill.errors import ConfigError, TidemillError
from tidemill.scope.project import open_project
from tidemill.types import DAY, to_iso
from tidemill.web.app import face as web

TOML = """\
[project]
name = "shop"
purpose = "recommendations"
[goal]
measure = "revenue per visit"
[data.sales]
source = "data/sales/*.{csv,parquet}"
contract = "contracts/sales.yaml"
[features.basket]
from = "sales"
entity = "customer"
bought = { op = "decayed_count", by = "item", half_life = "60 days" }
[model]
task = "recommend"
metric = "recall@20"
split = { by = "time", test = "10 days" }
search = { trials = 1, budget = "20 s" }
[environment.production]
rollout = [{ share = "10 %", for = "1 day", min_requests = 5 }, { share = "100 %" }]
rollback_on = { errors = "1 %", p99 = "50 ms" }
[gates]
refit = { margin = "2 %", confidence = 0.95 }
[monitor]
window = "1 day"
drift = { columns = ["price"], false_alarms = { at_most = 1, every = "quarter" } }
[retrain]
on = ["drift", { schedule = "0 3 * * 1" }, { new_data = "10 %" }]
budget = { cpu = "1 h", every = "week" }
[jobs]
train = "2 hours"
"""


@pytest.mark.parametrize("n", both(200, 20_000))
def test_configurations(n: int) -> None:
    def test(text: str) -> None:
        with suppress(ConfigError):
            parse(text)

    tried(n, spoiled(TOML) | reworded(TOML), test)


@pytest.mark.parametrize("n", both(150, 10_000))
def test_contracts(n: int, tmp_path: Path) -> None:
    path = tmp_path / "sales.yaml"

    def test(text: str) -> None:
        path.write_bytes(text.encode("utf-8", "surrogatepass"))
        with suppress(TidemillError):
            Contract.load(path)

    tried(n, spoiled(CONTRACT) | reworded(CONTRACT), test)


def parquet() -> bytes:
    out = io.BytesIO()
    pl.read_csv(io.StringIO(DAY_1)).write_parquet(out)
    return out.getvalue()


@st.composite
def bytes_of(draw: Any, data: bytes) -> bytes:
    """The bytes of a good file, some of them changed or gone."""
    made = bytearray(data)
    for _ in range(draw(st.integers(1, 5))):
        at = draw(st.integers(0, max(0, len(made) - 1)))
        made[at : at + draw(st.integers(0, 30))] = draw(st.binary(max_size=30))
    return bytes(made)


FILES = {
    "csv": spoiled(DAY_1).map(lambda text: text.encode("utf-8", "surrogatepass")) | st.binary(max_size=200),
    "parquet": bytes_of(parquet()) | st.binary(max_size=200).map(lambda data: b"PAR1" + data + b"PAR1"),
}


@pytest.mark.parametrize("kind", FILES)
@pytest.mark.parametrize("n", both(30, 400))
def test_files(n: int, kind: str, tmp_path: Path) -> None:
    folder = lay(tmp_path / "shop", "data/sales/*.{csv,parquet}")
    path = folder / f"data/sales/1.{kind}"

    with open_project(folder) as project:

        def test(data: bytes) -> None:
            path.write_bytes(data)
            with suppress(TidemillError):
                ingest(project, "sales")

        tried(n, FILES[kind], test)
        path.unlink()
        (folder / "data/sales/good.csv").write_text(DAY_1.replace("5", "6", 1))
        ingest(project, "sales")


# requests -----------------------------------------------------------------------------------------------------------

OUTCOME = {"key": "o1", "subject": "7", "item": "mug", "value": 2.0, "at": to_iso(NOON - DAY)}
REQUEST = {"subject": "7", "k": 3, "key": "536365"}
BODIES = {
    "/predict/shop": JSON | changed(REQUEST),
    "/feedback": JSON | changed(OUTCOME) | st.lists(changed(OUTCOME), max_size=3),
    "/api/releases/rel_1/halt": JSON | changed({"reason": "why"}),
    "/api/releases/rel_1/approve": JSON | changed({"reason": "why", "role": "owner"}),
}


class Door:
    """An app in an event loop of its own, which lives for many examples."""

    def __init__(self, runner: asyncio.Runner, asker: Asker, root: Path) -> None:
        self._runner, self._asker, self._root = runner, asker, str(root)

    def ask(self, method: str, path: str, **more: Any) -> Any:
        heard = self._runner.run(self._asker(method, path, **more))
        if heard.status >= 400 and heard.status != 404:
            assert b"Traceback" not in heard.body and self._root.encode() not in heard.body
        assert heard.status < 500 or heard.json["code"] in ("no_model", "busy"), heard.body
        return heard

    def answers(self) -> None:
        told = self.ask("POST", "/predict/shop", body={"subject": "8"})
        assert told.status == 200 and told.json["items"]


@pytest.fixture
def door(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Door]:
    monkeypatch.setenv("TIDEMILL_HOME", str(tmp_path / "home"))
    with opened(tmp_path / "shop") as project, asyncio.Runner() as runner:
        app = make_app(project, faces=(api, web))

        async def begin() -> None:
            app.serving.begin()

        runner.run(begin())
        yield Door(runner, Asker(app, auth.issue(project.store, "test", SCOPES)), project.root)
        runner.run(app.serving.end())


def encoded(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")


@pytest.mark.parametrize("path", BODIES)
@pytest.mark.parametrize("n", both(80, 5_000))
def test_bodies(n: int, path: str, door: Door) -> None:
    def test(data: bytes) -> None:
        for ack in ("group", "async"):
            assert door.ask("POST", path, raw=data, headers={"ack": ack}).status in (200, 400, 404, 409, 415, 422)

    whole = BODIES[path].map(encoded)
    broken = (
        whole.map(lambda data: data.decode("utf-8", "replace"))
        .flatmap(spoiled)
        .map(lambda text: text.encode("utf-8", "surrogatepass"))
    )
    tried(n, whole | broken | st.binary(max_size=60), test)
    door.answers()


WORDS = st.sampled_from(
    [
        *("api", "runs", "data", "models", "releases", "predict", "feedback", "shop", "sales", "versions", "profile"),
        *(
            "steps",
            "why",
            "compare",
            "trace",
            "impact",
            "export",
            "static",
            "replay",
            "windows",
            "drift",
            "latest",
            "..",
            ".",
        ),
        *(str(2**63), "-1", "0", "1", "shop@1", "shop@champion", "run_1", "%", "_" * 7, "a" * 201),
    ]
)
PATHS = st.lists(WORDS | TEXTS, max_size=6).map(lambda parts: "/" + "/".join(parts).replace("?", ""))
NAMES = st.sampled_from(
    [
        "limit",
        "before",
        "status",
        "endpoint",
        "version",
        "first",
        "second",
        "one",
        "other",
        "since",
        "until",
        "ack",
        "id",
    ]
)
QUERIES = st.lists(st.tuples(NAMES | TEXTS, TEXTS | st.integers(-(2**65), 2**65).map(str)), max_size=4).map(
    lambda pairs: "&".join(f"{name}={value}" for name, value in pairs)
)


def latin(text: str) -> str:
    """As a head can carry it."""
    return text.encode("latin-1", "replace").decode("latin-1")


@pytest.mark.parametrize("n", both(250, 10_000))
def test_paths_and_queries(n: int, door: Door) -> None:
    known = [route.path.replace("{", "").replace("}", "") for route in door._asker.app.table.routes]
    paths = (
        PATHS | st.sampled_from(known) | st.sampled_from(known).flatmap(spoiled).map(lambda p: "/" + p.replace("?", ""))
    )

    def test(asked: tuple[str, str, str]) -> None:
        method, path, query = asked
        if path.startswith("/logout"):
            return
        told = door.ask(method, f"{path}?{query.encode('ascii', 'replace').decode()}")
        assert told.status in (200, 204, 303, 400, 401, 403, 404, 405, 409, 413, 422)

    tried(n, st.tuples(st.sampled_from(["GET", "POST", "PUT"]), paths, QUERIES), test)
    door.answers()


HEADS = st.dictionaries(
    st.sampled_from(
        [
            *("host", "origin", "authorization", "cookie", "ack", "accept", "content-type", "content-encoding"),
            *("x-tidemill-pulse", "sec-fetch-site", "x-forwarded-for", "transfer-encoding", "expect"),
        ]
    ),
    (st.sampled_from(NASTY) | st.text(max_size=40)).map(latin),
    max_size=4,
)


@pytest.mark.parametrize("n", both(150, 10_000))
def test_heads(n: int, door: Door) -> None:
    def test(heads: dict[str, str]) -> None:
        told = door.ask("POST", "/predict/shop", body={"subject": "7"}, headers=heads)
        assert told.status in (200, 400, 401, 403, 415)
        door.ask("GET", "/api/status", headers=heads)

    tried(n, HEADS, test)
    door.answers()


@pytest.mark.parametrize("n", both(80, 5_000))
def test_bytes_on_the_wire(n: int, server: Any) -> None:
    """Against the real server: whatever comes, it is answered by a refusal or by nothing, and the next one is answered."""
    good = (
        f"POST /predict/shop HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {server.token}\r\n"
        'Content-Length: 15\r\nConnection: close\r\n\r\n{"subject":"7"}'
    )

    def test(text: str) -> None:
        answer = server.raw(text.encode("utf-8", "surrogatepass") + b"\r\n\r\n", seconds=3)
        assert not answer or int(answer.split(b" ", 2)[1]) in (
            200,
            400,
            401,
            403,
            404,
            405,
            408,
            413,
            414,
            415,
            431,
            505,
        )

    tried(n, spoiled(good), test)
