"""Answers that are sent to who asked for them: only to addresses on the list, signed, and tried again until they are taken.

Signed as the Standard Webhooks are (https://www.standardwebhooks.com): an HMAC of id, time and body by the project's own key, so that
any of its libraries checks them. The name is resolved anew each time, every address it has is looked at, and the connection goes to one
that was: no name can lead into a network that nobody named. No redirect is followed, nothing of the reply but its status is read.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import logging
import re
import secrets
import socket
import ssl
import time
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, unquote, urlsplit

from tidemill.config.network import LOOPBACK, is_open, meant
from tidemill.errors import Forbidden, TidemillError
from tidemill.store.records import Deferred, Event, Tx
from tidemill.types import SECOND, Micros, SystemClock, named_id

if TYPE_CHECKING:
    from tidemill.scope.project import Project

KEY = "callback_key"
BEFORE = "callback_key_before"
PREFIX = "whsec_"
OVERLAP: Micros = 24 * 3_600 * SECOND
"""For so long callbacks are signed by the key before a rotation, too: whoever checks them takes the new one meanwhile."""
SECONDS = 10.0
"""From the look for the address until the status is there."""
GIVE_UP: Micros = 24 * 3_600 * SECOND
WAITS = tuple(n * SECOND for n in (5, 30, 120, 600, 1_800))
"""Until the next try, after each one; the last one again and again."""
REST = 5.0  # Seconds
STATUS_LINE = 1_024  # Bytes of it at most
MOST_ADDRESSES = 4  # of a name, that are tried
_STEP = re.compile(r"[/\\]")
_log = logging.getLogger("tidemill.serve")


class NotTaken(Exception):
    """Why a callback was not taken; ``ever``: it never will be."""

    def __init__(self, why: str, ever: bool = False) -> None:
        super().__init__(why)
        self.ever = ever


def wait_of(tries: int) -> Micros:
    """
    >>> wait_of(1) // SECOND, wait_of(99) // SECOND
    (5, 1800)
    """
    return WAITS[min(max(tries, 1), len(WAITS)) - 1]


def key_of(project: Project) -> str:
    """The key by which callbacks of this project are signed: made when first asked for."""
    return str(project.store.settings.keep(KEY, _made()))


def keys_of(project: Project) -> list[str]:
    """All by which they are signed now, the newest first: after a rotation the one before, too, for `OVERLAP`."""
    found, before = [key_of(project)], project.store.settings.get(BEFORE)
    if isinstance(before, dict) and SystemClock().now() < before["until"]:
        found.append(str(before["key"]))
    return found


def rotate(project: Project, was: str, tx: Tx) -> str:
    """Another key than this one from now on, by every scorer's next callback."""
    made = _made()
    project.store.settings.set(BEFORE, {"key": was, "until": SystemClock().now() + OVERLAP}, tx)
    project.store.settings.set(KEY, made, tx)
    return made


def _made() -> str:
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def signature(key: str, name: str, at: int, body: bytes) -> str:
    """What the header ``webhook-signature`` says. ``at``: seconds since 1970.

    >>> signature("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE='
    """
    secret = base64.b64decode(key.removeprefix(PREFIX))
    digest = hmac.new(secret, b"%s.%d.%s" % (name.encode(), at, body), hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode()


class Callbacks:
    """Those of a project. In the event loop's thread."""

    def __init__(self, project: Project, allowed: Sequence[str] | None = None) -> None:
        """``allowed``: the addresses that may be called, where they are not those of answers."""
        self._project, section = project, project.reached
        self._allowed = [urlsplit(url) for url in (section.callbacks if allowed is None else allowed)]
        self._networks = [ip_network(one) for one in section.callback_networks]
        self._named = {parts.hostname for parts in self._allowed if parts.hostname in LOOPBACK or _literal(parts)}
        self._secure: ssl.SSLContext | None = None
        self._rests: dict[str, float] = {}
        """Until when (of `time.monotonic`) a server that was not there is left alone: all its callbacks would wait for it in turn."""

    def check(self, url: str) -> None:
        """Raises Forbidden for an address that is not on the list."""
        if url and not any(_below(urlsplit(url), allowed) for allowed in self._allowed):
            hint = "[serve] callbacks lists those that may be called"
            raise Forbidden(f"{url[:200]!r} may not be called back", place="Callback", hint=hint)

    def rests(self, url: str) -> Micros:
        """How long the server of this address is left alone yet."""
        left = self._rests.get(urlsplit(url).netloc, 0.0) - time.monotonic()
        return round(left * SECOND) if left > 0 else 0

    async def tell(self, url: str, name: str, body: bytes) -> bool | None:
        """Whether it was taken; None: try again, False: it never will be."""
        try:
            self.check(url)
            async with asyncio.timeout(SECONDS):
                await self._post(urlsplit(url), name, body)
        except NotTaken as exc:
            _log.warning("%s was not taken by %s: %s", name, urlsplit(url).hostname, exc)
            return False if exc.ever else None
        except (TidemillError, OSError, ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as exc:
            _log.warning("%s was not taken by %s: %s", name, urlsplit(url).hostname, exc or type(exc).__name__)
            self._rests = {**dict([*self._rests.items()][-100:]), urlsplit(url).netloc: time.monotonic() + REST}
            return None
        return True

    def give_up(self, one: Deferred) -> None:
        """An event for people to see."""
        place = one.callback.partition("?")[0]  # a query may hold a secret of theirs
        _log.error("%s is not sent to %s any more", one.id, place)
        said = {"endpoint": one.endpoint, "callback": place, "prediction": one.id}
        event = Event(
            named_id("event", KEY, one.id), self._project.clock.now(), "callback_given_up", one.endpoint, said
        )
        try:
            self._project.store.events.add_once(event)
        except TidemillError as exc:
            _log.error("the event about %s cannot be written: %s", one.id, exc)

    async def _post(self, parts: SplitResult, name: str, body: bytes) -> None:
        """Raises NotTaken, OSError, TimeoutError."""
        host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
        addresses = await self._addresses(host, port)
        keys = await asyncio.to_thread(keys_of, self._project)
        secure = await self._tls() if parts.scheme == "https" else None
        reader, writer = await _connected(addresses, port, secure, host)
        try:
            writer.write(_request(parts, name, SystemClock().now() // SECOND, body, keys))
            await writer.drain()
            status = _status(await reader.readuntil(b"\r\n"))
        finally:
            writer.transport.abort()
        if not 200 <= status < 300:
            raise NotTaken(f"it answered {status}", ever=status == 410)

    async def _tls(self) -> ssl.SSLContext:
        """Made once, in a thread: it reads every authority's certificate."""
        if self._secure is None:
            self._secure = await asyncio.to_thread(ssl.create_default_context)
        return self._secure

    async def _addresses(self, host: str, port: int) -> list[IPv4Address | IPv6Address]:
        """Those of the name, where all of them may be reached. Raises NotTaken, OSError."""
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = [ip_address(str(one[4][0]).partition("%")[0]) for one in found]
        for address in map(meant, addresses):
            if not (is_open(address) or host in self._named or any(address in one for one in self._networks)):
                hint = "[serve] callback_networks names those that may be reached"
                raise NotTaken(f"{address} is no address of the open internet: {hint}")
        return list(dict.fromkeys(addresses))[:MOST_ADDRESSES]


async def _connected(
    addresses: list[IPv4Address | IPv6Address], port: int, secure: ssl.SSLContext | None, host: str
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """To the first of these that listens: of ``localhost`` often one alone does. Raises OSError."""
    for left in range(len(addresses), 0, -1):
        try:
            async with asyncio.timeout(SECONDS / len(addresses)):
                return await asyncio.open_connection(
                    str(addresses[-left]),
                    port,
                    ssl=secure,
                    server_hostname=host if secure else None,
                    limit=STATUS_LINE,
                )
        except OSError:
            if left == 1:
                raise
    raise OSError("the name has no address")


def _literal(parts: SplitResult) -> bool:
    try:
        return bool(ip_address(parts.hostname or ""))
    except ValueError:
        return False


def _below(url: SplitResult, allowed: SplitResult) -> bool:
    """The same server, and the path or one below it."""
    try:
        same = (url.scheme, url.hostname, url.port) == (allowed.scheme, allowed.hostname, allowed.port)
    except ValueError:
        return False
    steps = {step.partition(";")[0] for step in _STEP.split(unquote(url.path))}
    plain = not (url.username or url.password or url.fragment) and not steps & {".", ".."}
    path = allowed.path.rstrip("/")
    safe = all(33 <= ord(letter) < 127 for letter in url.geturl())
    return same and plain and safe and (url.path.rstrip("/") == path or url.path.startswith(f"{path}/"))


def _request(parts: SplitResult, name: str, at: int, body: bytes, keys: Sequence[str]) -> bytes:
    """As it goes over the wire."""
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    head = [
        f"POST {path} HTTP/1.1",
        f"Host: {parts.netloc}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        "User-Agent: tidemill",
        f"webhook-id: {name}",
        f"webhook-timestamp: {at}",
        f"webhook-signature: {' '.join(signature(key, name, at, body) for key in keys)}",
        "Connection: close",
    ]
    return "\r\n".join(head).encode("ascii") + b"\r\n\r\n" + body


def _status(line: bytes) -> int:
    """
    >>> _status(b"HTTP/1.1 204 No Content\\r\\n")
    204
    """
    version, _, rest = line.partition(b" ")
    if not version.startswith(b"HTTP/1.") or not rest[:3].isdigit():
        raise NotTaken("it does not speak HTTP/1.1")
    return int(rest[:3])
