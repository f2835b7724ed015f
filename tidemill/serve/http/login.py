"""Where people log in: by the address that works once, or by name and password, whose work is done apart and by few at a time."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from tidemill.access import sessions
from tidemill.access import tokens as auth
from tidemill.config.access import life
from tidemill.errors import BadRequest, TidemillError
from tidemill.serve.http import welcome
from tidemill.serve.http.admission import Admission
from tidemill.serve.http.admit import JSON, Call, Headers, Reading, Reply, check_own
from tidemill.serve.http.bound import bound_by, network_by
from tidemill.serve.http.door import Door
from tidemill.store.records import Token
from tidemill.types import SECOND, Micros

if TYPE_CHECKING:
    from tidemill.serve.serving import Serving

AT_ONCE = 1
"""Passwords that are looked at at a time: each takes 64 MiB and several cores for a moment, which the scorer needs, too."""
WAITING = 32
"""Log-ins that wait for that, shared out among the networks that they come from: more are turned away."""
LONGEST = 4_096
"""Bytes of the form, and its ``FIELDS``."""
FIELDS = ("name", "password")
FORM = b"application/x-www-form-urlencoded"


class LogIns:
    """Of one server: begins sessions, bound to what they begin in, and ends those that are shown elsewhere."""

    def __init__(self, serving: Serving, cookie: str, door: Door) -> None:
        self._serving, self._cookie, self._door = serving, cookie, door
        self._store, self._section = serving.project.store, serving.project.access
        self._pool = ThreadPoolExecutor(AT_ONCE, "login")
        self._waiting = Admission(WAITING)
        self._accounts = False
        self._idle, self._life = life(self._section.session_idle), life(self._section.session)
        oidc = self._section.oidc
        self.provider = "" if oidc is None else oidc.button or f"Log in with {urlsplit(oidc.issuer).hostname}"
        """What the page's button says that goes to the identity provider."""

    async def accounts(self) -> bool:
        """Whether there is anybody who could log in by a password. Who once was there stays, if disabled."""
        with suppress(TidemillError):  # the stores are away: nobody could
            self._accounts = self._accounts or await asyncio.to_thread(self._store.principals.any)
        return self._accounts

    def network(self, call: Call) -> str:
        """What a log-in that fails is counted by, beside its name."""
        return network_by(call, self._door)

    def bound(self, call: Call) -> str:
        """What a session is bound to that begins with this call."""
        return bound_by(call, self._door, self._section.session_network)

    async def by_code(self, call: Call) -> Reply:
        """By the address that works once."""
        code = call.query("code")
        if code is None:
            raise BadRequest("the code is missing", hint="open the whole address that tidemill login prints")
        secret = await asyncio.to_thread(auth.log_in, self._store, code, self.bound(call))
        return self._begun(call, secret, auth.SESSION_LIFE)

    async def by_password(self, call: Call, reading: Reading) -> Reply:
        """By name and password, from the form; what is refused is a page with the form again, where a browser asks."""
        try:
            return await self._by_password(call, reading)
        except TidemillError as exc:
            if b"text/html" not in call.headers.get(b"accept", b""):
                raise
            return welcome.page(exc, exc.status != 403, self.provider)

    async def _by_password(self, call: Call, reading: Reading) -> Reply:
        if call.headers.get(b"content-type", b"").partition(b";")[0].strip().lower() != FORM:
            raise BadRequest("a log-in is a form", place="Content-Type", hint=FORM.decode())
        check_own(call)
        name, password = fields_of(await reading.body(call, LONGEST))
        network = self.network(call)
        first = min(self._idle, self._life)
        work = partial(sessions.log_in, self._store, name, password, network, self.bound(call), first)
        self._waiting.enter(network)
        try:
            secret = await asyncio.get_running_loop().run_in_executor(self._pool, work)
        finally:
            self._waiting.leave(network)
        return self._begun(call, secret, self._life)

    def _begun(self, call: Call, secret: str, lasts: Micros) -> Reply:
        secure = "; Secure" * (call.site == b"https")
        cookie = f"{self._cookie}={secret}; Path=/; HttpOnly; SameSite=Strict; Max-Age={lasts // SECOND}{secure}"
        headers: Headers = [*JSON[1:], (b"location", b"/"), (b"set-cookie", cookie.encode())]
        return 303, [*headers, (b"referrer-policy", b"no-referrer")], b""

    async def used(self, token: Token) -> None:
        """A session that is used goes on, up to its whole life."""
        if sessions.is_due(token, self._idle, self._store.clock.now()):
            with suppress(TidemillError):  # what is read on while the stores are full or away
                if await asyncio.to_thread(sessions.go_on, self._store, token, self._idle, self._life):
                    self._serving.tokens.evict()

    async def elsewhere(self, token: Token) -> None:
        """End a session whose cookie came from another browser or network."""
        await asyncio.to_thread(sessions.end_elsewhere, self._store, token)
        self._serving.tokens.evict()


def fields_of(body: bytes) -> tuple[str, str]:
    """Name and password of the form, each there once and nothing else. Raises BadRequest, which repeats nothing of it.

    >>> fields_of(b"name=ann&password=one+long+sentence")
    ('ann', 'one long sentence')
    """
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=len(FIELDS), errors="strict")
    except ValueError:
        pairs = []
    found = dict(pairs)
    if len(pairs) != len(FIELDS) or set(found) != set(FIELDS):
        raise BadRequest("a log-in is a name and a password", place="form", hint="each once, and nothing else")
    return found["name"].strip().lower(), found["password"]
