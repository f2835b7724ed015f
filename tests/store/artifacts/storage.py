"""A server that speaks S3 on this machine, and what may go wrong on the way to it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class Storage:
    """Moto's S3 behind a proxy of which a test may say what it does: ``drop`` conditions, or answer (``only`` one method)
    with a ``status`` and what is ``said`` beside it, or do a thing and then answer so (``lost``: how many answers). ``asked``: methods
    and paths."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        self.well()
        self._app: Wsgi = DomainDispatcherApplication(create_backend_app)
        self._server = make_server("127.0.0.1", 0, self._proxied, threaded=True)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def well(self) -> None:
        self.drop, self.status, self.said, self.only, self.lost = False, "", "", "", 0

    def _proxied(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        if self.drop:
            environ.pop("HTTP_IF_NONE_MATCH", None)
        method, body = environ["REQUEST_METHOD"], self.said.encode()
        self.asked.append((method, environ["PATH_INFO"]))
        if self.lost and self.only in ("", method):
            self.lost -= 1
            b"".join(self._app(environ, lambda *_: None))  # it is done, and nobody hears of it
            start("503 Service Unavailable", [("Content-Length", "0")])
            return []
        if self.status and self.only in ("", method):
            start(self.status, [("Content-Type", "application/xml"), ("Content-Length", str(len(body)))])
            return [body]
        return self._app(environ, start)

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self._server.port}"

    def address(self, bucket: str, prefix: str = "shop") -> str:
        """As [stores] artifacts says it."""
        return f"s3://{bucket}/{prefix}?endpoint={self.endpoint}&region=us-east-1"

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def open(self) -> None:
        self._thread.start()


@contextmanager
def running() -> Iterator[Storage]:
    storage = Storage()
    storage.open()
    try:
        yield storage
    finally:
        storage.close()
