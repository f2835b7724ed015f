"""One scorer process: opens the project, listens where its door may be, answers until it is told to stop.

``python -m tidemill.serve ROOT --port 8080``. It runs neither pipelines nor training, and opens no signing key.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import logging
import os
import resource
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import uvloop
from granian import _granian
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server.embed import Server as Granian

from tidemill.access import tokens as auth
from tidemill.access.tokens import TokenCache
from tidemill.errors import TidemillError
from tidemill.process.channel import Channel
from tidemill.process.guarded import parent
from tidemill.release.variants import CANARY
from tidemill.scope.project import Project, open_project
from tidemill.serve.histories import Histories
from tidemill.serve.http.admit import READ_SECONDS
from tidemill.serve.http.app import App, build
from tidemill.serve.http.door import Door
from tidemill.serve.http.listen import BACKLOG, listen
from tidemill.serve.http.wire import Wire
from tidemill.serve.metrics import Metrics
from tidemill.serve.predictor import Predictor
from tidemill.serve.served import Loaded, Served, load_scorer, scope_of
from tidemill.serve.serving import Serving
from tidemill.serve.together import Together
from tidemill.store.records import Release, Token
from tidemill.types import JsonObject, SystemClock

HEAD_MS = 10_000  # How long a request's head may take to arrive, in milliseconds
HEAD_BYTES = 64 * 1024
SPARE = 128  # Descriptors kept from clients: for the stores, the bundles, the log
GOODBYE = 1.0  # How long a stop waits for bodies that are still arriving, in seconds


class _Server(Granian):
    """granian on a socket of our own: the one it opens would share the port with a second server without a word."""

    def __init__(self, app: App, listening: socket.socket) -> None:
        super().__init__(
            Wire(app),
            interface=Interfaces.RSGI,
            http=HTTPModes.http1,
            websockets=False,
            backlog=BACKLOG,
            backpressure=_most_connections(),
            http1_settings=HTTP1Settings(header_read_timeout=HEAD_MS, max_buffer_size=HEAD_BYTES),
            log_level=LogLevels.error,
            ssl_cert=Path(app.door.cert) if app.door.cert else None,
            ssl_key=Path(app.door.key) if app.door.key else None,
        )
        self._listening = listening

    def _init_shared_socket(self) -> None:
        fd = self._listening.detach()  # granian closes it
        holder: Any = _granian.SocketHolder
        self._ssp, self._shd, self._sfd = None, holder(fd, False, BACKLOG), fd  # type: ignore[assignment]


def _most_connections() -> int:
    """How many clients are listened to at once; the next ones wait, so that silent ones leave the stores their files.

    What the process may open was raised to the system's limit when granian was imported.
    """
    own, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return BACKLOG if own == resource.RLIM_INFINITY else max(own // 4, min(BACKLOG, own - SPARE))


async def serve(app: App, listening: socket.socket, ready: Callable[[], None]) -> None:
    """Answer until SIGTERM or SIGINT; then, after the drain, finish what is under way and write down what is on its way.

    In the drain it answers on, and says at ``/readyz`` and with each answer that it is about to go.
    """
    loop = asyncio.get_running_loop()
    app.serving.begin()
    server = _Server(app, listening)

    def stop() -> None:
        server.stop()  # type: ignore[no-untyped-call]
        app.reading.hurry(GOODBYE)

    def leave() -> None:
        if app.draining:  # asked twice: at once
            stop()
        app.draining = True
        loop.call_later(app.door.drain, stop)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, leave if app.door.drain else stop)
    loop.call_soon(ready)
    try:
        await server.serve()
    finally:
        await app.serving.end()


def run(app: App, listening: socket.socket, ready: Callable[[], None]) -> None:
    """`serve` in an event loop of its own: uvloop's has half the cost of asyncio's."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(app, listening, ready))


def main(argv: Sequence[str] | None = None) -> int:
    """The scorer's command line. How the start went is told to the process that started it as a child, else printed."""
    args, starter = _arguments(argv), parent()
    logging.basicConfig(stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    make = _candidate(starter) if args.candidate else partial(_open_at, args)
    if make is None:
        return 0
    try:
        with open_project(Path(args.root)) as project, _listening(args) as listening:
            app = make(project)
            address = {"host": args.host, "port": listening.getsockname()[1], "pid": os.getpid()}
            app.reading.seconds = args.read_seconds
            app.serving.address = "" if app.serving.candidate else _known_as(app.door.own(address["port"]), args)
            app.serving.workers = args.workers
            if args.workers > 1:
                counts = app.serving.metrics.registry
                app.serving.together = Together(project.state, counts, args.worker, args.workers)
            gc.collect()
            gc.freeze()
            run(app, listening, lambda: _tell(starter, address))
    except TidemillError as exc:
        _tell(starter, {"error": exc.problem()})
        print(exc, file=sys.stderr)
        return exc.exit_code
    return 0


def candidate_app(
    project: Project, digest: str, ticket: str, secret: str, subjects: Sequence[str] = (), endpoint: str | None = None
) -> App:
    """The application that serves this bundle alone, and has the history of these subjects at hand.

    Raises Unauthorized for a used ticket, and as `load_scorer`.
    """
    auth.redeem(project.store, ticket, scope_of(digest))
    metrics = Metrics()
    scope, histories = project.endpoint(endpoint), Histories(project.live)
    histories.preload(scope.model.dataset.name, subjects)
    predictor = Predictor(scope, metrics, histories)
    release = Release("candidate", scope.name, "candidate", "canary", ({"share": 1.0},), 0, 0, 0)
    predictor.refuses = False  # it is asked rows of the past, which kept the limits of their own time
    predictor.served = Served({CANARY: Loaded(release, digest, *load_scorer(project, digest))})
    only = Token("token_candidate", "candidate", auth.hashed(secret), ("predict",), 0)
    tokens = TokenCache(lambda: [only], lambda: 0)
    return App(
        Serving(project, metrics, {scope.name: predictor}, histories, tokens, SystemClock(), None, candidate=True),
        lambda: (),
    )


def _candidate(starter: Channel | None) -> Callable[[Project], App] | None:
    """What makes the application of the candidate that this server is told of; None when nobody tells of any."""
    told = starter.receive() if starter is not None else None
    return (lambda project: candidate_app(project, **told)) if told else None


def _open_at(args: argparse.Namespace, project: Project) -> App:
    """Raises BadRequest, ServeError where it may not be reached as it is asked to."""
    return build(project, door=Door.of(project.reached, args.host, args.tls_cert, args.tls_key))


def _listening(args: argparse.Namespace) -> socket.socket:
    """The socket that its starter holds, on which clients wait while there is no server; else one of its own."""
    return listen(args.host, args.port) if args.fd is None else socket.socket(fileno=args.fd)


def _known_as(address: str, args: argparse.Namespace) -> str:
    """Of several scorers behind one port, which."""
    return address if args.workers == 1 else f"{address}#{args.worker}"


def _tell(starter: Channel | None, word: JsonObject) -> None:
    if starter is None:
        print(json.dumps(word), flush=True)
        return
    try:
        starter.send(word)
    except OSError as exc:  # nobody listens any more
        logging.getLogger("tidemill.serve").warning("nobody heard that the server is ready: %s", exc)


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tidemill.serve", description="Serve a project's released model.")
    parser.add_argument("root")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--tls-cert", default="")
    parser.add_argument("--tls-key", default="")
    parser.add_argument("--fd", type=int, help="the descriptor of a socket that listens already")
    parser.add_argument("--read-seconds", type=float, default=READ_SECONDS, help="how long a body may take to arrive")
    parser.add_argument("--workers", type=int, default=1, help="scorers that share the socket")
    parser.add_argument("--worker", type=int, default=1, help="which of them this is")
    parser.add_argument(
        "--candidate", action="store_true", help="serve one unreleased bundle alone: the one that its starter names"
    )
    return parser.parse_args(argv)
