"""Answers that are sent: to whom, signed how, how often, and to nobody inside a network that was not named."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from tests.serve.asking import Asker, alive, make_app
from tests.serve.test_later import row
from tidemill.access import tokens as auth
from tidemill.access.caller import Caller
from tidemill.errors import Forbidden
from tidemill.ops import tokens
from tidemill.scope.project import Project, open_project
from tidemill.serve import callbacks
from tidemill.serve.callbacks import Callbacks, key_of, signature
from tidemill.types import SECOND, HeldClock, SystemClock

PATH = "/predict/shop"


@dataclass
class Receiver:
    """A program that takes callbacks: what it heard, and what it says to each."""

    port: int = 0
    says: list[bytes] = field(default_factory=list)
    heard: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hooks"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        fields = dict(line.split(": ", 1) for line in head[1:] if line)
        self.heard.append((fields, await reader.readexactly(int(fields["Content-Length"]))))
        writer.write(self.says.pop(0) if self.says else b"HTTP/1.1 204 No Content\r\n\r\n")
        await writer.drain()
        writer.close()


@asynccontextmanager
async def receiver(*says: bytes) -> AsyncIterator[Receiver]:
    found = Receiver(says=[*says])
    async with await asyncio.start_server(found.serve, "127.0.0.1", 0) as server:
        found.port = server.sockets[0].getsockname()[1]
        yield found


Work = Callable[[Asker, Receiver], Awaitable[Any]]


def with_receiver(project: Project, work: Work, *says: bytes, more: str = "") -> Any:
    """What the work comes to, of a project that may call this receiver."""

    async def main() -> Any:
        async with receiver(*says) as found:
            path = project.root / "tidemill.toml"
            path.write_text(path.read_text() + f'\n[serve]\ncallbacks = ["{found.url}"]\n{more}')
            with open_project(project.root, clock=HeldClock(project.clock.now())) as own:
                async with alive(make_app(own), auth.issue(own.store, "test", ("predict",))) as ask:
                    return await work(ask, found)

    return asyncio.run(main())


async def told(ask: Asker, tries: int = 1) -> Any:
    """The only question, once it was called back so often."""
    while True:
        await ask.app.later.rest()
        (one,) = ask.app.serving.project.live.deferred.list()
        if one.told or (one.status != "waiting" and one.tries >= tries and not one.owner):
            return one


def test_an_answer_is_sent_signed_and_once(project):
    async def work(ask: Asker, found: Receiver) -> Any:
        taken = await ask("POST", PATH, {"subject": "7"}, headers={"Callback": f"{found.url}/orders"})
        one = await told(ask)
        return taken, one, await ask("GET", taken.headers["location"]), key_of(ask.app.serving.project), found.heard

    taken, one, said, key, heard = with_receiver(project, work)
    assert taken.status == 202 and one.told == "yes" and len(heard) == 1
    ((fields, body),) = heard
    assert body == said.body and fields["webhook-id"] == taken.json["prediction_id"]
    assert fields["webhook-signature"] == signature(key, one.id, int(fields["webhook-timestamp"]), body)


def test_after_a_rotation_both_keys_sign_for_a_day(project, monkeypatch):
    """Without a restart; then the new one alone."""

    async def work(ask: Asker, found: Receiver) -> Any:
        own = ask.app.serving.project
        was, later = key_of(own), HeldClock(SystemClock().now() + callbacks.OVERLAP + SECOND)
        for name in ("before", "meanwhile", "later"):
            if name == "meanwhile":
                tokens.rotate_callbacks(own, Caller.local())
            if name == "later":
                monkeypatch.setattr(callbacks, "SystemClock", lambda: later)
            assert await ask.app.later.callbacks.tell(found.url, name, b"{}")
        return was, key_of(own), [fields for fields, _ in found.heard]

    was, now, heard = with_receiver(project, work)
    assert was != now
    for fields, keys in zip(heard, ([was], [now, was], [now]), strict=True):
        at = int(fields["webhook-timestamp"])
        assert fields["webhook-signature"].split() == [signature(key, fields["webhook-id"], at, b"{}") for key in keys]
    (event,) = project.store.events.list(kind="callback_key_rotated")
    assert was not in str(event.data) and now not in str(event.data)


def test_what_failed_is_sent_too(project):
    async def work(ask: Asker, found: Receiver) -> Any:
        ask.app.serving.project.live.deferred.add(row(project, body=b"{}", callback=found.url))
        return await told(ask), found.heard

    one, ((_, body),) = with_receiver(project, work)
    assert one.told == "yes" and body.startswith(b'{"prediction_id":"pred_old","error":{') and b"bad_request" in body


WRONG = [
    b"HTTP/1.1 500 Internal Server Error\r\n\r\n",
    b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/inside\r\n\r\n",
    b"SSH-2.0-OpenSSH_9.2\r\n",
    b"x" * 5_000,
    b"",
]


def test_what_is_not_taken_is_sent_again_and_no_redirect_is_followed(project, monkeypatch):
    monkeypatch.setattr("tidemill.serve.later.wait_of", lambda tries: 0)
    monkeypatch.setattr(callbacks, "REST", 0.0)

    async def work(ask: Asker, found: Receiver) -> Any:
        await ask("POST", PATH, {"subject": "7"}, headers={"Callback": found.url})
        while not (one := await told(ask)).told:
            pass
        return one, found.heard

    one, heard = with_receiver(project, work, *WRONG)
    assert one.told == "yes" and len(heard) == len(WRONG) + 1
    assert len({(fields["webhook-id"], body) for fields, body in heard}) == 1


def test_one_that_hangs_is_given_up_and_tried_again(project, monkeypatch):
    monkeypatch.setattr(callbacks, "SECONDS", 0.01)

    async def work(ask: Asker, found: Receiver) -> Any:
        with socket.create_server(("127.0.0.1", 0)) as silent:
            url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
            ask.app.later.callbacks._allowed.append(callbacks.urlsplit(url))
            return await ask.app.later.callbacks.tell(url, "pred_1", b"{}")

    assert with_receiver(project, work) is None


def test_who_does_not_take_callbacks_holds_no_question_and_is_left_alone_for_a_while(project, monkeypatch):
    monkeypatch.setattr("tidemill.serve.later.AT_ONCE", 1)
    monkeypatch.setattr(callbacks, "REST", 1e6)
    holds = asyncio.Event()

    async def hangs(self: Callbacks, *to: Any) -> None:
        await holds.wait()
        raise TimeoutError

    async def work(ask: Asker, found: Receiver) -> Any:
        monkeypatch.setattr(Callbacks, "_post", hangs)
        live, later = ask.app.serving.project.live, ask.app.later
        for n in range(2):
            failed = row(
                project, id=f"pred_{n}", status="failed", problem=b'{"status":422}', settled=live.deferred.now()
            )
            live.deferred.add(replace(failed, callback=found.url))
        await later._take()
        live.deferred.add(row(project, id="pred_q"))
        while live.deferred.get("pred_q").status == "waiting":
            await later._take()
            await asyncio.sleep(0)
        holds.set()
        await later.rest()
        await later.rest()  # what was not tried yet
        return {one.id: one for one in live.deferred.list()}, live.deferred.now()

    kept, now = with_receiver(project, work)
    assert kept["pred_q"].status == "answered"
    tried, spared = sorted((kept[f"pred_{n}"] for n in range(2)), key=lambda one: -one.tries)
    assert (tried.tries, spared.tries) == (1, 0) and spared.due > now + 1_000 * SECOND


@pytest.mark.parametrize(("since", "says"), [
    (callbacks.GIVE_UP, b"HTTP/1.1 500 No\r\n\r\n"),
    (0, b"HTTP/1.1 410 Gone\r\n\r\n"),
])  # fmt: skip
def test_it_stops_after_a_day_or_where_nobody_is_there_any_more_and_says_so(project, since, says):
    async def work(ask: Asker, found: Receiver) -> Any:
        kept = ask.app.serving.project
        settled = kept.live.deferred.now() - since
        kept.live.deferred.add(
            row(project, status="failed", problem=b'{"status":422}', settled=settled, callback=found.url)
        )
        one = await told(ask)
        return one, kept.store.events.list(kind="callback_given_up"), found.heard

    one, (event,), heard = with_receiver(project, work, says)
    assert one.told == "gave up" and event.data["prediction"] == "pred_old" and len(heard) == 1


def test_only_addresses_of_the_list_are_taken(project):
    async def work(ask: Asker, found: Receiver) -> Any:
        wrong = [
            "http://127.0.0.1:1/hooks", found.url.replace("http", "https"), f"{found.url}x", found.url.replace("/hooks", "/hook"),
            f"{found.url}/../admin", f"{found.url}/./x", found.url.replace("127.0.0.1", "me@127.0.0.1"), "file:///etc/passwd",
            found.url.replace("127.0.0.1", "localhost"), f"{found.url}/a b", "nothing",
            f"{found.url}/%2e%2e/admin", f"{found.url}/..;x/admin", f"{found.url}/..\\admin", f"{found.url}/a%2f..%2f..%2fadmin",
        ]  # fmt: skip
        refused = [await ask("POST", PATH, {"subject": "7"}, headers={"Callback": url}) for url in wrong]
        return refused, found.heard

    refused, heard = with_receiver(project, work)
    assert [(one.status, one.json["code"]) for one in refused] == [(403, "forbidden")] * len(refused) and not heard
    assert not project.live.deferred.list()


INSIDE = [
    "127.0.0.1",
    "10.1.2.3",
    "192.168.1.1",
    "169.254.169.254",
    "172.16.0.1",
    "100.64.0.1",
    "0.0.0.0",
    "::1",
    "fe80::1",
    "fd00::1",
]
INSIDE += ["::ffff:127.0.0.1", "::ffff:10.0.0.1", "224.0.0.1", "64:ff9b::a00:1", "2002:a00:1::1", "fec0::1"]


def test_a_name_leads_into_no_network_that_was_not_named(project, monkeypatch):
    """Nor one of whose addresses a single one lies there."""

    async def work(ask: Asker, found: Receiver) -> Any:
        calls = ask.app.later.callbacks
        calls._allowed.append(callbacks.urlsplit("https://shop.example/hooks"))
        answer: list[str] = []

        async def names(host: str, port: int, **more: Any) -> Any:
            return [(0, 0, 0, "", (one, port)) for one in ("93.184.216.34", *answer)]

        async def never(*to: Any, **more: Any) -> Any:
            raise AssertionError(f"connected to {to}")

        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", names)
        monkeypatch.setattr(callbacks.asyncio, "open_connection", never)
        for address in INSIDE:
            answer[:] = [address]
            assert await calls.tell("https://shop.example/hooks", "pred_1", b"{}") is None, address
        calls._networks = [callbacks.ip_network("10.1.0.0/16")]
        answer[:] = ["10.1.2.3"]
        with pytest.raises(AssertionError, match=r"93\.184"):  # the very address that was looked at
            await calls.tell("https://shop.example/hooks", "pred_1", b"{}")

    with_receiver(project, work)


def test_each_address_of_a_name_is_tried(project, monkeypatch):
    """As of localhost, of which only one listens."""

    async def work(ask: Asker, found: Receiver) -> Any:
        async def names(host: str, port: int, **more: Any) -> Any:
            return [(0, 0, 0, "", (one, port)) for one in ("127.0.0.2", "127.0.0.1")]

        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", names)
        return await ask.app.later.callbacks.tell(found.url, "pred_1", b"{}"), len(found.heard)

    assert with_receiver(project, work) == (True, 1)


def test_the_authorities_are_read_once(project, monkeypatch):
    """To read their certificates takes as long as hundreds of answers."""

    async def work(ask: Asker, found: Receiver) -> Any:
        calls, seen = ask.app.later.callbacks, []
        calls._allowed.append(callbacks.urlsplit("https://shop.example/"))
        calls._named.add("shop.example")

        async def names(host: str, port: int, **more: Any) -> Any:
            return [(0, 0, 0, "", ("127.0.0.1", port))]

        async def refused(*to: Any, ssl: Any, **more: Any) -> Any:
            seen.append(ssl)
            raise ConnectionRefusedError

        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", names)
        monkeypatch.setattr(callbacks.asyncio, "open_connection", refused)
        for _ in range(2):
            await calls.tell("https://shop.example/x", "pred_1", b"{}")
        return seen

    first, second = with_receiver(project, work)
    assert first is second is not None


def test_what_is_told_of_an_address_holds_no_secret_of_its_query(project):
    async def work(ask: Asker, found: Receiver) -> Any:
        kept = ask.app.serving.project
        one = row(project, status="failed", problem=b'{"status":422}', settled=1, callback=f"{found.url}?token=hush")
        ask.app.later.callbacks.give_up(one)
        return kept.store.events.list(kind="callback_given_up")

    (event,) = with_receiver(project, work)
    assert "hush" not in event.data["callback"] and event.data["callback"].endswith("/hooks")


def test_the_list_of_the_moment_counts(project):
    """Who is taken off the list is not called any more, whatever was taken in before."""
    one = row(project, callback="https://old.example/")
    with pytest.raises(Forbidden):
        Callbacks(project).check(one.callback)
    assert asyncio.run(Callbacks(project).tell(one.callback, one.id, b"{}")) is None
    assert replace(one, due=one.due + SECOND).due > one.due
