"""The socket that the server listens on: of this machine's loopback only, and passed on from whoever opened it."""

from __future__ import annotations

import errno
import socket

from tidemill.errors import BadRequest, PortBusy

LOOPBACK = ("127.0.0.1", "localhost", "::1")
BACKLOG = 1024  # Connections that wait to be taken, also while the server that takes them starts again


def listen(host: str, port: int) -> socket.socket:
    """A listening socket of this machine's loopback; port 0 is any free one. Raises PortBusy, BadRequest."""
    if host not in LOOPBACK:
        raise BadRequest(f"{host} is not this machine's loopback", hint="use 127.0.0.1, and a proxy before it")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listening = socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as exc:
        if exc.errno in (errno.EADDRINUSE, errno.EACCES):
            why = "is taken" if exc.errno == errno.EADDRINUSE else "is not for this user"
            raise PortBusy(f"port {port} {why}", place=host, hint="choose another: tidemill up --port 8081") from exc
        raise
    listening.setblocking(False)
    return listening
