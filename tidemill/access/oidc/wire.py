"""The one way to an identity provider: one request over a connection of its own, bounded in time and size, and to no other address.

https; http to this machine alone. No redirect is followed. Every address of a name is looked at and the connection goes to one that was:
the issuer's own host may be of the network here, for whoever wrote tidemill.toml named it; what its documents name besides has
to be of the open internet, so that none leads into a network that nobody named.
"""

from __future__ import annotations

import base64
import http.client
import socket
import ssl
import threading
from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache
from ipaddress import ip_address
from typing import Protocol
from urllib.parse import quote_plus, urlencode, urlsplit

import msgspec

from tidemill.access.oidc.refused import ProviderAway
from tidemill.config.network import is_open, meant
from tidemill.types import JsonObject

SECONDS = 8.0
"""From the look for the address until the answer is there."""
MOST = 2_000_000
"""Bytes of an answer: 10,000 groups fit in."""


class Ask(Protocol):
    """Sends a form, or nothing, and gives the status and what the JSON says. Raises ProviderAway."""

    def __call__(
        self, url: str, form: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, JsonObject]: ...


def asker(issuer: str, seconds: float = SECONDS) -> Ask:
    """The way to the provider of this issuer."""
    home = urlsplit(issuer)

    def ask(
        url: str, form: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, JsonObject]:
        check(url, issuer)
        near = urlsplit(url).hostname == home.hostname
        body = None if form is None else urlencode(form).encode()
        sent = {"Accept": "application/json", "User-Agent": "tidemill", "Connection": "close", **(headers or {})}
        if body is not None:
            sent["Content-Type"] = "application/x-www-form-urlencoded"
        try:
            status, data = _send(url, body, sent, near, seconds)
            return status, msgspec.json.decode(data, type=dict)
        except (OSError, http.client.HTTPException, ValueError, RecursionError) as exc:
            raise ProviderAway(f"{urlsplit(url).hostname}: {type(exc).__name__}") from exc

    return ask


def check(url: str, issuer: str) -> None:
    """Raises ProviderAway for what is no address that a provider of this issuer may name."""
    try:
        parts, home = urlsplit(url), urlsplit(issuer)
        plain = bool(parts.hostname) and not (parts.username or parts.password or parts.fragment)
        safe = parts.scheme == "https" or (parts.scheme, parts.hostname) == ("http", home.hostname) == (
            home.scheme,
            home.hostname,
        )
        if plain and safe and (parts.port is None or parts.port > 0) and all("!" <= letter <= "~" for letter in url):
            return
    except ValueError:
        pass
    raise ProviderAway(f"it names an address that is none: {url[:200]!r}")


def basic(client: str, secret: str) -> dict[str, str]:
    """The header by which a client says who it is (RFC 6749, 2.3.1)."""
    said = f"{quote_plus(client)}:{quote_plus(secret)}".encode()
    return {"Authorization": f"Basic {base64.b64encode(said).decode()}"}


def _send(url: str, body: bytes | None, headers: Mapping[str, str], near: bool, seconds: float) -> tuple[int, bytes]:
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    connection = http.client.HTTPConnection(host, port, timeout=seconds)
    connection.sock = _connected(_addresses(host, port, near), port, seconds)
    watch = threading.Timer(seconds, _cut, [connection])
    watch.daemon = True
    watch.start()
    try:
        if parts.scheme == "https":
            secure = _trusted().wrap_socket(connection.sock, server_hostname=host, do_handshake_on_connect=False)
            connection.sock = secure
            secure.do_handshake()
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("GET" if body is None else "POST", path, body, dict(headers))
        answer = connection.getresponse()
        data = answer.read(MOST + 1)
        if len(data) > MOST:
            raise ValueError("the answer is too long")
        return answer.status, data
    finally:
        watch.cancel()
        connection.close()


def _addresses(host: str, port: int, near: bool) -> list[str]:
    """Those of the name, where all of them may be reached. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(one[4][0]).partition("%")[0] for one in found))
    if not near and not all(is_open(meant(ip_address(address))) for address in addresses):
        raise OSError("it is no address of the open internet")
    return addresses[:4]


def _connected(addresses: list[str], port: int, seconds: float) -> socket.socket:
    for left in range(len(addresses), 0, -1):
        try:
            return socket.create_connection((addresses[-left], port), timeout=seconds / len(addresses))
        except OSError:
            if left == 1:
                raise
    raise OSError("the name has no address")


def _cut(connection: http.client.HTTPConnection) -> None:
    """End it from another thread: whoever reads from it, however little comes, is done. Not by the way of TLS, after which what comes
    would be read as it is."""
    with suppress(OSError):
        socket.socket.shutdown(connection.sock, socket.SHUT_RDWR)


@lru_cache(maxsize=1)
def _trusted() -> ssl.SSLContext:
    """Made once: it reads every authority's certificate. SSL_CERT_FILE names others."""
    return ssl.create_default_context()
