"""The routes of a log-in at an identity provider, and the look whether it still vouches for a session: never in the event loop."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from tidemill.access.oidc import again, flow
from tidemill.access.oidc.claims import check_known
from tidemill.access.oidc.provider import Provider
from tidemill.access.oidc.refused import ProviderAway
from tidemill.access.policy import policy_of
from tidemill.access.tokens import hashed
from tidemill.config.access import OidcSection
from tidemill.serve.http import welcome
from tidemill.serve.http.admit import JSON, Call, Headers, Reply, cookie_of
from tidemill.store.records import Token
from tidemill.types import SECOND

if TYPE_CHECKING:
    from tidemill.serve.http.login import LogIns
    from tidemill.serve.serving import Serving

T = TypeVar("T")
CALLBACK = "/login/oidc/callback"
COOKIE = "tidemill_login_"
THREADS, WAITING = 4, 64
"""That wait for the provider, and requests that wait for one of them: more are turned away, not those of scoring."""
LONGEST = 30.0
"""Seconds for which a request waits: one may need several answers of the provider, and of who resolves its name."""
KNOWN = 10_000
_log = logging.getLogger("tidemill.serve")


class Desk:
    """Where people log in, of one server."""

    def __init__(self, serving: Serving, section: OidcSection, cookie: str, logins: LogIns) -> None:
        self._serving, self._cookie = serving, cookie
        self._network, self._bound = logins.network, logins.bound
        self._store = serving.project.store
        self._provider = Provider(section)
        self._pool = ThreadPoolExecutor(THREADS, "oidc")
        self._waiting = 0
        self._due: dict[str, float] = {}
        """Until when (of `time.monotonic`) a session needs no look."""

    async def login(self, call: Call) -> Reply:
        """Send the browser to the provider."""
        site = f"{call.site.decode()}://{call.headers[b'host'].decode('latin-1')}"
        check_known(self._provider.section, policy_of(self._serving.project).roles)
        begun = await self._run(
            partial(flow.begin, self._store, self._provider, f"{site}{CALLBACK}", self._network(call))
        )
        kept = _set(_name(call, begun.state), begun.cookie, flow.LIFE // SECOND, call, "Lax")
        return 303, [*_BARE, (b"location", begun.location.encode("latin-1")), kept], b""

    async def callback(self, call: Call) -> Reply:
        """End the log-in: the session's cookie, and a page that goes on by itself, for a cookie that is strict is not sent along where
        another site's page led here."""
        answer = call.queries()
        name = _name(call, answer.get("state", ""))
        kept = cookie_of(call.header(b"cookie") or "", name) or ""
        ended = partial(flow.finish, self._store, self._provider, answer, kept, self._network(call), self._bound(call))
        arrived = await self._run(ended)
        session = _set(self._cookie, arrived.secret, arrived.life, call, "Strict")
        return welcome.onward("You are logged in", "/", [_set(name, "", 0, call, "Lax"), session])

    async def still(self, call: Call, token: Token) -> bool:
        """Whether the provider was asked about this session: then its roles may be others. Raises Unauthorized where it has ended."""
        if not token.principal or b"authorization" in call.headers or self._due.get(token.id, 0.0) > time.monotonic():
            return False
        secret = cookie_of(call.header(b"cookie") or "", self._cookie) or ""
        try:
            left = await self._run(partial(again.still, self._store, self._provider, token.id, secret))
        finally:
            self._serving.tokens.evict()
        if len(self._due) >= KNOWN:
            self._due.clear()
        self._due[token.id] = time.monotonic() + left / SECOND
        return True

    async def end(self, call: Call, token: Token) -> str:
        """Where a session ends at the provider; "" where it does not."""
        secret = cookie_of(call.header(b"cookie") or "", self._cookie) or ""
        back = f"{call.site.decode()}://{call.headers[b'host'].decode('latin-1')}/"
        return await self._run(partial(again.end, self._store, self._provider, token.id, secret, back))

    async def _run(self, work: Callable[[], T]) -> T:
        """In a thread of its own kind: nobody else waits for a provider that does not answer."""
        if self._waiting >= WAITING:
            raise ProviderAway("too many wait for it")
        self._waiting += 1
        try:
            return await asyncio.wait_for(asyncio.get_running_loop().run_in_executor(self._pool, work), LONGEST)
        except TimeoutError:
            raise ProviderAway("it takes too long") from None
        except ProviderAway as exc:
            _log.warning("the identity provider: %s", exc.detail)
            raise
        finally:
            self._waiting -= 1


_BARE: Headers = [*JSON[1:], (b"referrer-policy", b"no-referrer")]


def _name(call: Call, state: str) -> str:
    """Of the cookie of one log-in: several may be open in a browser. Over TLS no other host can set it."""
    return f"{'__Host-' * (call.site == b'https')}{COOKIE}{hashed(state)[:16]}"


def _set(name: str, value: str, life: int, call: Call, site: str) -> tuple[bytes, bytes]:
    secure = "; Secure" * (call.site == b"https")
    return b"set-cookie", f"{name}={value}; Path=/; HttpOnly; SameSite={site}; Max-Age={life}{secure}".encode()
