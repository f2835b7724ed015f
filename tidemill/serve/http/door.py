"""How this server may be reached: from this machine alone; or over TLS, or behind a named proxy, under its own names.

Off loopback nothing is answered that somebody on the way may have read: either the server speaks TLS itself, or the requests come
from a proxy that is named, and that says that they came to it over TLS. A Host that is none of the server's names is
refused, so that no other site's name can be pointed at it.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

from tidemill.config.network import LOOPBACK, ServeSection, drain
from tidemill.errors import BadRequest, Forbidden, ServeError

ANY = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - and where this machine itself asks then
FORWARDED = {b"x-forwarded-proto", b"x-forwarded-for", b"x-forwarded-host", b"x-real-ip", b"forwarded", b"via"}
"""What a proxy says of a request that it passes on: by it a proxy on this machine is told from this machine's own commands."""


@dataclass(frozen=True, slots=True)
class Door:
    """Where the server listens, and who may come in how. ``cert``, ``key``: files in PEM, where it speaks TLS itself."""

    host: str = "127.0.0.1"
    cert: str = ""
    key: str = ""
    names: tuple[str, ...] = ()
    proxies: tuple[IPv4Network | IPv6Network, ...] = ()
    drain: float = 0.0  # seconds
    _known: dict[str, bool] = field(default_factory=dict, compare=False)

    @classmethod
    def of(cls, section: ServeSection, host: str, cert: str = "", key: str = "") -> Door:
        """Raises BadRequest for one that everybody on the way could listen at, ServeError for files that are no certificate."""
        cert, key = (
            str(Path(file).absolute()) if file else "" for file in (cert, key)
        )  # who reads up.json is elsewhere
        door = cls(host, cert, key, section.names, tuple(map(ip_network, section.proxies)), drain(section.drain))
        if bool(cert) != bool(key):
            raise BadRequest("a certificate and its key belong together", hint="--tls-cert FILE --tls-key FILE")
        if host not in LOOPBACK and not (cert or door.proxies):
            hint = "speak TLS (--tls-cert, --tls-key), or name the proxy before it: [serve] proxies"
            raise BadRequest(
                f"{host} is not this machine's loopback: what is asked there could be read on the way", hint=hint
            )
        if (host not in LOOPBACK or cert or door.proxies) and not door.names:
            raise BadRequest(
                "under which name do its clients know it?", place="[serve]", hint='names = ["models.example"]'
            )
        if cert:
            _try(cert, key)
        return door

    @property
    def near(self) -> str:
        """The address at which this machine itself asks."""
        return ANY.get(self.host, self.host)

    def url(self, port: int) -> str:
        """The address that people open: the proxy's, where nobody else is answered."""
        if self.proxies and not self.cert and self.host not in LOOPBACK:
            return f"https://{self.names[0]}"
        return self.own(port)

    def own(self, port: int) -> str:
        """Where this very server listens, of several that people open by one name."""
        if self.cert:
            return f"https://{self.names[0]}:{port}"
        return f"http://[{self.near}]:{port}" if ":" in self.near else f"http://{self.near}:{port}"

    def check(self, scope: Mapping[str, Any], headers: Mapping[bytes, bytes]) -> bytes:
        """The scheme of a request's own site, ``http`` or ``https``. Raises Forbidden where it comes another way than it may."""
        host = headers.get(b"host", b"")
        peer = scope["client"][0] if scope.get("client") else ""
        here = peer in LOOPBACK or peer == self.near or not self.names
        if here and _is_loopback(host) and not (self._is_proxy(peer) and not FORWARDED.isdisjoint(headers)):
            return b"https" if self.cert else b"http"
        if not self.names:
            raise Forbidden("this server answers only to this machine's own name", hint="use http://127.0.0.1:PORT")
        if _name(host) not in self.names:
            raise Forbidden("this server does not answer to that name", place="Host", hint=f"https://{self.names[0]}")
        if self._is_proxy(peer):
            if headers.get(b"x-forwarded-proto") != b"https":
                hint = "have the proxy speak TLS with its clients, and set X-Forwarded-Proto to https"
                raise Forbidden("this request came to the proxy over an open way", place="X-Forwarded-Proto", hint=hint)
        elif not self.cert:
            raise Forbidden(
                "this request came past the proxy", hint="ask the proxy; [serve] proxies names those that are trusted"
            )
        return b"https"

    def client(self, scope: Mapping[str, Any], headers: Mapping[bytes, bytes]) -> str:
        """The address of who asks: who is connected, or of whom the named proxies say it, the last one that is none of them. What a client
        itself says of others stands before that, and counts for nothing."""
        peer: str = scope["client"][0] if scope.get("client") else ""
        said = headers.get(b"x-forwarded-for", b"").decode("latin-1").split(",")
        while said and self._is_proxy(peer):
            if not _is_address(before := said.pop().strip()):
                break
            peer = before
        return peer

    def _is_proxy(self, peer: str) -> bool:
        if peer not in self._known:
            if len(self._known) > 1_000:
                self._known.clear()
            self._known[peer] = any(ip_address(peer) in network for network in self.proxies) if peer else False
        return self._known[peer]


def _try(cert: str, key: str) -> None:
    """Raises ServeError."""
    hint = "PEM files: the server's certificate with those above it, and its key without a password"
    for path in (cert, key):
        try:
            mode = Path(path).stat().st_mode
        except OSError as exc:
            raise ServeError(f"cannot be read: {exc.strerror}", place=path, hint=hint) from exc
    if mode & 0o007:
        raise ServeError("everybody on this machine can read the key", place=key, hint=f"chmod o= {key}")
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(cert, key, password=lambda: "")
    except (ssl.SSLError, OSError, ValueError) as exc:
        raise ServeError(f"no certificate and its key: {exc}", place=cert, hint=hint) from exc


def trusting(cert: str) -> ssl.SSLContext:
    """For a client on this machine: it speaks with whoever holds the key of this very certificate, and nobody else.

    Those above it, which stand behind it in the file, vouch for others too: they are not trusted.
    """
    text = Path(cert).read_text("utf-8", "replace")
    own = text[text.index(ssl.PEM_HEADER) : text.index(ssl.PEM_FOOTER)] + ssl.PEM_FOOTER
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.load_verify_locations(cadata=own)
    return context


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _parts(host: bytes) -> SplitResult | None:
    try:
        parts = urlsplit(f"//{host.decode('ascii')}")
        plain = not (parts.username or parts.password or parts.path or parts.query or parts.fragment)
        return parts if plain and (parts.port is None or parts.port > 0) else None
    except ValueError:
        return None


@lru_cache(maxsize=256)
def _is_loopback(host: bytes) -> bool:
    parts = _parts(host)
    return parts is not None and parts.hostname in LOOPBACK


@lru_cache(maxsize=256)
def _name(host: bytes) -> str:
    parts = _parts(host)
    return (parts.hostname or "") if parts else ""
