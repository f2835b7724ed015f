"""The floor of serving: granian with a constant reply. ``python -m bench.constant`` tells its port on its channel."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import uvloop

from tidemill.process.channel import Channel
from tidemill.process.guarded import parent
from tidemill.serve.http.door import Door
from tidemill.serve.http.listen import listen
from tidemill.serve.http.server import _Server

REPLY = b'{"value":0.5}'
HEADERS = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(REPLY))]


class Constant:
    """An application that says one thing."""

    door = Door()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        while (await receive()).get("more_body"):
            pass
        await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
        await send({"type": "http.response.body", "body": REPLY})


async def serve(channel: Channel) -> None:
    listening = listen("127.0.0.1", 0)
    given: Any = Constant()
    server = _Server(given, listening)
    asyncio.get_running_loop().call_soon(channel.send, {"port": listening.getsockname()[1]})
    await server.serve()


if __name__ == "__main__":
    if (starter := parent()) is None:
        sys.exit("it is started by bench.serving")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(starter))
