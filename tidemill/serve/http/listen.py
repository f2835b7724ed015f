"""The socket that the server listens on: opened once, and passed on from whoever opened it."""

from __future__ import annotations

import errno
import socket

from tidemill.errors import BadRequest, PortBusy

BACKLOG = 1024  # Connections that wait to be taken, also while the server that takes them starts again


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 is any free one. Whether the host may be listened at is the door's to say. Raises PortBusy, BadRequest."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listening = socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as exc:
        if exc.errno in (errno.EADDRINUSE, errno.EACCES):
            why = "is taken" if exc.errno == errno.EADDRINUSE else "is not for this user"
            raise PortBusy(f"port {port} {why}", place=host, hint="choose another: tidemill up --port 8081") from exc
        if exc.errno in (errno.EADDRNOTAVAIL, socket.EAI_NONAME, socket.EAI_AGAIN):
            raise BadRequest(f"{host} is no address of this machine", hint="--host 0.0.0.0 is all of them") from exc
        raise
    listening.setblocking(False)
    return listening
