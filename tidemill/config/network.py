"""``[serve]``: how the server may be reached from other machines; left out, it answers this machine alone."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_network
from typing import Literal
from urllib.parse import urlsplit

from tidemill.config.amounts import some_bytes
from tidemill.config.sections import Section
from tidemill.errors import ConfigError
from tidemill.types import DAY, SECOND, Micros, parse_span

_NAME = re.compile(r"(?!-)[a-z0-9-]{1,63}(?:\.(?!-)[a-z0-9-]{1,63})*")
LOOPBACK = ("127.0.0.1", "localhost", "::1")
TRANSLATED = IPv6Network("64:ff9b::/96")  # IPv4 addresses, to those that have IPv6 alone (RFC 6052)
LEAST_HISTORY = 10**6
MOST_WORKERS = 64
LONGEST_LATER = 30 * DAY
LONGEST_DRAIN = 15 * SECOND
"""A stop takes longer than what its clients are given to go elsewhere."""


Fallback = Literal["baseline", "last_good", "none"]
LEAST_AT_ONCE, MOST_AT_ONCE = 2, 100_000
LONGEST_DEADLINE = 600 * SECOND


class ServeSection(Section, frozen=True):
    """``[serve]``: the ``names`` under which clients know this server, the ``proxies`` (addresses, or networks as ``10.1.0.0/24``) that may
    speak for them, the ``drain``: how long a server that is being stopped says so, and answers on, before it goes, how
    much of the subjects' ``history`` it holds in memory, how long predictions and their outcomes are kept (``keep``; "": always), and how
    many scorers answer on one machine, behind one port (``workers``).

    Of each scorer: how many requests it answers ``at_once``, how long one may take (``deadline``, where the request does not say), and what
    answers where the champion cannot (``fallback``; nothing said: ``baseline`` of recommenders, ``last_good`` of tables)."""

    names: tuple[str, ...] = ()
    proxies: tuple[str, ...] = ()
    drain: str = "0 s"
    history: str = "50 MB"
    keep: str = ""
    later: str = "1 day"
    callbacks: tuple[str, ...] = ()
    callback_networks: tuple[str, ...] = ()
    workers: int = 1
    at_once: int = 512
    deadline: str = "10 s"
    fallback: Fallback | None = None


def workers(n: int) -> int:
    """Raises ConfigError.

    >>> workers(2)
    2
    """
    if not 1 <= n <= MOST_WORKERS:
        raise ConfigError(f"{n} scorers on one machine", hint=f"1 to {MOST_WORKERS}: as many as it has cores to spare")
    return n


def at_once(n: int) -> int:
    """Raises ConfigError."""
    if not LEAST_AT_ONCE <= n <= MOST_AT_ONCE:
        raise ConfigError(f"{n} requests at a time", hint=f"{LEAST_AT_ONCE} to {MOST_AT_ONCE:,}")
    return n


def deadline(span: str) -> float:
    """In seconds. Raises ConfigError.

    >>> deadline("250 ms")
    0.25
    """
    found = parse_span(span)
    if not 0 < found <= LONGEST_DEADLINE:
        raise ConfigError(f"{span!r} is no time in which to answer", hint=f"at most {LONGEST_DEADLINE // SECOND} s")
    return found / SECOND


def check_name(name: str) -> None:
    """Raises ConfigError for what no client can say in its Host header."""
    if not _NAME.fullmatch(name):
        raise ConfigError(
            f"{name[:80]!r} is no name of a server", hint="in small letters and without a port, as models.example"
        )


def later(span: str) -> Micros:
    """Raises ConfigError.

    >>> later("1 hour") // SECOND
    3600
    """
    found = parse_span(span)
    if not SECOND <= found <= LONGEST_LATER:
        raise ConfigError("no time to wait for an answer", hint=f"between 1 s and {LONGEST_LATER // DAY} days")
    return found


def check_callback(url: str) -> None:
    """Raises ConfigError for what is no address of a program: https, or http of this machine alone.

    >>> check_callback("https://shop.example/hooks")
    """
    try:
        parts = urlsplit(url)
        plain = bool(parts.hostname) and not (parts.query or parts.fragment or parts.username or parts.password)
        near = parts.hostname in LOOPBACK and parts.scheme == "http"
        if plain and (parts.scheme == "https" or near) and (parts.port is None or parts.port > 0) and url.isascii():
            return
    except ValueError:
        pass
    hint = "as https://shop.example/hooks; http is for this machine alone"
    raise ConfigError(f"{url[:80]!r} is no address to call back", hint=hint)


def check_network(address: str) -> None:
    """Raises ConfigError.

    >>> check_network("10.1.0.0/24")
    """
    try:
        ip_network(address)
    except ValueError as exc:
        raise ConfigError(f"{address[:80]!r} is no network", hint="as 10.1.0.0/24") from exc


def is_open(address: IPv4Address | IPv6Address) -> bool:
    """Of the open internet."""
    inside = isinstance(address, IPv6Address) and address.is_site_local
    return address.is_global and not address.is_multicast and not inside


def meant(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """Where an IPv6 address that carries an IPv4 one leads.

    >>> from ipaddress import ip_address
    >>> [str(meant(ip_address(one))) for one in ("::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:a00:1::")]
    ['10.0.0.1', '10.0.0.1', '10.0.0.1']
    """
    if not isinstance(address, IPv6Address):
        return address
    if address in TRANSLATED:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour or address


def check_proxy(address: str) -> None:
    """Raises ConfigError for what is no address, and for everybody's.

    >>> check_proxy("10.1.0.0/24")
    """
    try:
        network = ip_network(address)
    except ValueError as exc:
        raise ConfigError(f"{address[:80]!r} is no address", hint="as 10.1.0.5, or 10.1.0.0/24") from exc
    if network.prefixlen == 0:
        raise ConfigError("everybody would be a proxy that is trusted", hint="name the proxy's own address")


def drain(span: str) -> float:
    """In seconds. Raises ConfigError.

    >>> drain("5 s")
    5.0
    """
    found = parse_span(span)
    if found > LONGEST_DRAIN:
        raise ConfigError("a stop would take too long", hint=f"at most {LONGEST_DRAIN // SECOND} s")
    return found / SECOND


def history_bytes(size: str) -> int:
    """Raises ConfigError.

    >>> history_bytes("50 MB")
    50000000
    """
    found = some_bytes(size)
    if found < LEAST_HISTORY:
        raise ConfigError("a subject's history would hardly have room", hint=f"at least {LEAST_HISTORY // 10**6} MB")
    return found
