"""What a session is bound to beside its cookie: the browser by its User-Agent, and the network that it is asked from."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address, ip_network

from tidemill.access.sessions import binding
from tidemill.serve.http.admit import Call
from tidemill.serve.http.door import Door

HERE = "here"
"""This machine's own network, by whichever of its loopback addresses."""


def network_of(address: str) -> str:
    """The network that stands for an address: what a person's connection keeps while the last bits of it change.

    >>> network_of("192.0.2.77"), network_of("2001:db8:1:2:aaaa::1"), network_of("::1"), network_of("::ffff:192.0.2.9")
    ('192.0.2.0/24', '2001:db8:1:2::/64', 'here', '192.0.2.0/24')
    >>> network_of("unix"), network_of("")
    ('', '')
    """
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return ""
    if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    if found.is_loopback:
        return HERE
    return str(ip_network((found, 24 if found.version == 4 else 64), strict=False))


def network_by(call: Call, door: Door) -> str:
    """The network that this call comes from."""
    return network_of(door.client(call.scope, call.headers))


def bound_by(call: Call, door: Door, network: bool = True) -> str:
    """What a session is bound to that begins with this call; without the ``network`` where people roam."""
    return binding(call.header(b"user-agent") or "", network_by(call, door) if network else "")
