"""What cannot be kept is refused and said; what a client is told names no folder of this machine; a body means one thing."""

from __future__ import annotations

import asyncio
import gzip
import json
from typing import Any

import pytest

from tests.serve.asking import Asker
from tidemill.errors import Damaged, DiskFull, NotAttested, StoreError

ASK = {"subject": "7"}


async def until(condition: Any) -> None:
    while not condition():
        await asyncio.sleep(0.005)


class Full:
    """A disk that says no from now on."""

    def __init__(self, project: Any, monkeypatch: pytest.MonkeyPatch, error: StoreError) -> None:
        self._patch, self._db, self.error = monkeypatch, project.live._db, error

    def begin(self) -> None:
        def fails(piece: Any, alone: bool = True) -> None:
            piece.complete(self.error)

        self._patch.setattr(self._db, "submit", fails)

    def end(self) -> None:
        self._patch.undo()


ERRORS = [
    (DiskFull("no room", place="/some/where/live.db"), "not_writing"),
    (Damaged("it is gone", place="/some/where/live.db"), "damaged"),
    (StoreError("disk I/O error", place="/some/where/live.db"), "not_writing"),
]


@pytest.mark.parametrize(("error", "said"), ERRORS, ids=[type(e).__name__ for e, _ in ERRORS])
@pytest.mark.parametrize("path", ["/predict/shop", "/feedback"])
def test_async_is_refused_while_nothing_can_be_written(run, project, monkeypatch, error, said, path) -> None:
    body = {"key": "o", "subject": "7", "item": "mug", "value": 1.0, "at": "2011-01-01"}

    async def work(ask: Asker) -> None:
        full = Full(project, monkeypatch, error)
        log, metrics = ask.app.serving.log, ask.app.serving.metrics
        full.begin()
        sent = body if path == "/feedback" else ASK
        assert (await ask("POST", f"{path}?ack=async", sent)).status == 200  # nobody could know yet
        await until(lambda: log.trouble is not None)
        assert metrics.lost._value.get() == 1
        refused = await ask("POST", f"{path}?ack=async", {**sent, "key": "p"})
        assert (refused.status, refused.json["code"]) == (error.status, error.code)
        assert "/some" not in refused.body.decode()
        health = (await ask("GET", "/healthz")).json
        assert (health["status"], health["endpoints"]) == (said, {"shop": said})
        assert (await ask("POST", "/predict/shop?ack=none", ASK)).status == 200
        (serve,) = [p for p in (await ask("GET", "/api/status")).json["parts"] if p["key"] == "serve"]
        assert (serve["state"], serve["code"]) == ("bad", said) and serve["next"]
        full.end()
        await until(lambda: log.trouble is None)  # by itself: nobody asks
        assert (await ask("GET", "/healthz")).json["status"] == "ok"
        assert (await ask("POST", f"{path}?ack=async", {**sent, "key": "p"})).status == 200
        assert metrics.lost._value.get() == 1

    from tidemill.api.app import face

    run(work, faces=(face,))


@pytest.mark.parametrize("name", ["live.db", "tidemill.db"])
def test_a_database_that_vanishes_is_noticed_though_nobody_asks(run, project, name) -> None:
    async def work(ask: Asker) -> None:
        assert (await ask("POST", "/predict/shop", ASK)).status == 200
        (project.state / name).rename(project.root / name)
        await until(lambda: ask.app.serving.health() == {"shop": "damaged"})
        if name == "live.db":
            refused = await ask("POST", "/predict/shop?ack=async", ASK)
            assert (refused.status, refused.json["code"]) == (500, "damaged")
            assert str(project.root) not in refused.body.decode() and refused.json["place"] == ".tidemill/live.db"
        (project.root / name).rename(project.state / name)
        await until(lambda: ask.app.serving.health() == {"shop": "ok"})

    run(work)


@pytest.mark.parametrize("accept", ["application/json", "text/html"])
def test_no_answer_names_a_folder_of_this_machine(run, project, monkeypatch, accept) -> None:
    root, home = str(project.root), str(project.keys_dir)
    errors: list[Exception] = [
        DiskFull(
            f"no room in {root}/.tidemill", place=f"{root}/.tidemill/live.db", hint=f"see {root}/x and /var/log/a.log"
        ),
        NotAttested(f"no key: {home}/gate.pub", place=f"{home}/gate.pub", hint=f"look into {home}"),
        StoreError("cannot be made", place="/srv/other/live.db"),
        RuntimeError(f"{root}/secret"),
    ]

    async def work(ask: Asker) -> None:
        for error in errors:

            def fails(*_: Any, error: Exception = error) -> None:
                raise error

            monkeypatch.setattr(ask.app.serving, "at", fails)
            for method, path in (("POST", "/predict/shop"), ("POST", "/feedback")):
                told = await ask(method, path, ASK, headers={"accept": accept})
                text = told.body.decode()
                assert told.status >= 400 and told.json["code"]
                assert root not in text and home not in text and "/srv" not in text and "/var" not in text

    run(work)


@pytest.mark.parametrize("path", ["/api/runs?limit=1&limit=2", "/predict/shop?ack=none&ack=group"])
def test_a_field_of_a_query_is_said_once(run, path) -> None:
    async def work(ask: Asker) -> None:
        told = await ask("POST" if "predict" in path else "GET", path, ASK)
        assert (told.status, told.json["code"]) == (400, "bad_request") and told.json["place"] == "query"

    from tidemill.api.app import face

    run(work, faces=(face,))


def test_a_body_that_is_packed_is_named(run) -> None:
    data = json.dumps(ASK).encode()

    async def work(ask: Asker) -> None:
        for encoding in ("gzip", "br", "deflate", "zstd"):
            told = await ask("POST", "/predict/shop", raw=gzip.compress(data), headers={"content-encoding": encoding})
            assert (told.status, told.json["code"]) == (415, "unsupported_media") and encoding in told.json["message"]
        for packed, name in (
            (gzip.compress(data), "gzip"),
            (b"PK\x03\x04xx", "zip"),
            ("{}".encode("utf-16"), "UTF-16"),
        ):
            told = await ask("POST", "/predict/shop", raw=packed)
            assert told.status == 400 and name in told.json["message"]
        assert (await ask("POST", "/predict/shop", raw=data, headers={"content-encoding": "identity"})).status == 200

    run(work)


def test_a_byte_order_mark_is_read_over(run) -> None:
    told = {"key": "o", "subject": "7", "item": "mug", "value": 1.0, "at": "2011-01-01"}

    async def work(ask: Asker) -> None:
        marked = b"\xef\xbb\xbf" + json.dumps(ASK).encode()
        assert (await ask("POST", "/predict/shop", raw=marked)).status == 200
        listed = b"\xef\xbb\xbf" + json.dumps([told, {**told, "value": 2.0}]).encode()
        assert (await ask("POST", "/feedback", raw=listed)).json["conflicting"] == ["o"]  # a list stays a list

    run(work)
