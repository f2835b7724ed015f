"""Who may ask: tokens with scopes, kept as SHA-256 hashes; a login code that works once; the page's session.

Times here are the database's, the same for every machine, also in a replay: a token is not part of the story.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from tidemill.access.revised import Revised
from tidemill.errors import BadRequest, Unauthorized
from tidemill.store.people import Principal
from tidemill.store.records import Token, Tx
from tidemill.types import DAY, Micros, SystemClock, did_you_mean, new_id

if TYPE_CHECKING:
    from tidemill.store.sql.store import MetadataStore

SCOPES = ("predict", "feedback", "items", "read", "operate", "replay")  # What a token may be good for
LOGIN = "login"
UP = "up@"
"""How the names of the tokens begin that `tidemill up` makes, one for each machine."""
OURS = ("up", "session", "code")
"""Names of tokens that the server makes for itself and for the page."""
SESSION_SCOPES = ("read", "operate")
SESSION_LIFE: Micros = DAY
CODE_LIFE: Micros = DAY // 24
_now = SystemClock().now


def hashed(secret: str) -> str:
    """The form in which a secret is stored and looked up."""
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()


def is_ours(name: str) -> bool:
    """Whether the server uses it itself: nobody else's token is called so."""
    return name in OURS or name.startswith(UP)


def issue(
    store: MetadataStore,
    name: str,
    scopes: Iterable[str],
    *,
    life: Micros | None = None,
    once: bool = False,
    principal: str = "",
    bound: str = "",
    tx: Tx = None,
) -> str:
    """Make a token and return its secret: it is shown now and never again. Raises BadRequest for an unknown scope."""
    wanted = tuple(scopes)
    for scope in wanted:
        if scope not in SCOPES and not once:
            raise BadRequest(f"unknown scope {scope!r}", hint=did_you_mean(scope, SCOPES))
    secret = f"tidemill_{secrets.token_urlsafe(32)}"
    now = store.clock.now()
    expires = None if life is None else now + life
    store.tokens.add(Token(new_id("token"), name, hashed(secret), wanted, now, expires, once, principal, bound), tx)
    return secret


def revoke_named(store: MetadataStore, name: str, tx: Tx = None) -> int:
    """Take back all tokens of this name, and how many they were."""
    return sum(store.tokens.delete(t.id, tx) for t in store.tokens.list(tx=tx) if t.name == name)


def sweep(store: MetadataStore) -> int:
    """Delete what has expired: each `up` begins with it. Until then an expired one is a row that opens nothing."""
    now = store.clock.now()
    gone = sum(store.tokens.delete(t.id) for t in store.tokens.list() if t.expires is not None and t.expires <= now)
    store.vouched.sweep()
    return gone


def issue_code(store: MetadataStore, scope: str = LOGIN, *, life: Micros = CODE_LIFE) -> str:
    """A code that works once, within an hour: for the page's login, or for one load of a candidate's bundle."""
    return issue(store, "code", (scope,), life=life, once=True)


def redeem(store: MetadataStore, code: str, scope: str = LOGIN) -> None:
    """Use up a code. Raises Unauthorized if it is unknown, expired, meant for something else, or used."""
    token = store.tokens.first(hash=hashed(code))
    fit = token is not None and token.once and scope in token.scopes and not _expired(token, store.clock.now())
    if token is None or not fit or not store.tokens.delete(token.id):
        raise Unauthorized("this code is not valid, or was used before", hint="tidemill login prints a new one")


def log_in(store: MetadataStore, code: str, bound: str = "") -> str:
    """Exchange a login code for a session's secret. Raises Unauthorized."""
    redeem(store, code)
    return issue(store, "session", SESSION_SCOPES, life=SESSION_LIFE, bound=bound)


def _expired(token: Token, now: Micros) -> bool:
    return token.expires is not None and token.expires <= now


def _valid(token: Token | None, now: Micros) -> Token:
    if token is None or token.once:
        raise Unauthorized(
            "unknown token", hint="tidemill up shows a page to log in on; for a program: tidemill token add NAME"
        )
    if _expired(token, now):
        raise Unauthorized("this token has expired", hint="make a new one: tidemill token add NAME")
    return token


def check(store: MetadataStore, secret: str) -> Token:
    """The token with this secret, as the store has it now. Raises Unauthorized."""
    return _valid(store.tokens.first(hash=hashed(secret)), store.clock.now())


Known = tuple[dict[str, Token], dict[str, Principal]]
"""The tokens that there are, by hash, with the principals by id."""


class TokenCache(Revised[Known]):
    """Tokens by hash: a check costs a hash, and of what is unknown a look at the store's revision, and at all of them where it changed.

    So guessing does not read the tokens, and pushes nobody out. Holds no secret. ``read`` gives the tokens, ``revision`` grows
    with each that is made or taken back. ``now``: the time that they expire by. ``people``: the principals, whose changes are revisions
    of the tokens, too.
    """

    def __init__(
        self,
        read: Callable[[], Iterable[Token]],
        revision: Callable[[], int],
        remote: bool = False,
        now: Callable[[], Micros] = _now,
        people: Callable[[], Iterable[Principal]] = tuple,
    ) -> None:
        def known() -> Known:
            return {token.hash: token for token in read()}, {one.id: one for one in people()}

        super().__init__(known, revision, ({}, {}), remote)
        self._now = now

    def check(self, secret: str) -> Token:
        """The token with this secret. Raises Unauthorized; a one-use code is no token."""
        name = hashed(secret)
        if name not in self._known:
            self.take(self.look())
        return _valid(self._known.get(name), self._now())

    async def find(self, secret: str) -> Token:
        """As `check`, in an event loop."""
        name = hashed(secret)
        if name not in self._known and self._remote:
            await self.bring()
        elif name not in self._known:
            self.take(self.look())
        return _valid(self._known.get(name), self._now())

    @property
    def _known(self) -> dict[str, Token]:
        return self._held[0]

    def principal(self, id: str) -> Principal | None:
        """The account with this id, as of the token that was found last."""
        return self._held[1].get(id)

    @property
    def accounts(self) -> bool:
        """Whether there are any."""
        return bool(self._held[1])


def cache(store: MetadataStore) -> TokenCache:
    """A cache of this store's tokens."""
    return TokenCache(store.tokens.list, store.tokens.revision, store.remote, store.clock.now, store.principals.list)
