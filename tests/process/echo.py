"""A child that does as it is told."""

import os
import re
import signal
import subprocess
import sys

from tidemill.process.guarded import CHANNEL, parent


def main() -> None:
    channel = parent()
    assert channel is not None
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))
    while (told := channel.receive()) is not None and "end" not in told:
        if "say" in told:
            channel.send(told)
        if "bytes" in told:
            channel.send({"heard": True}, channel.receive_bytes(told["bytes"]))
        if "look" in told:
            found = {"group": os.getpgid(0), "session": os.getsid(0), "input": sys.stdin.read()}
            channel.send({**found, "channel": os.environ.get(CHANNEL)})
        if "kill" in told:
            os.kill(os.getpid(), told["kill"])
        if "start" in told:
            hangs = "import signal; signal.pause()"
            channel.send({"pid": subprocess.Popen([sys.executable, "-c", hangs]).pid})
        if "wait" in told:
            signal.pause()
        if "spin" in told:
            re.match(r"(a+)+$", "a" * 60 + "b")  # takes centuries, and the interpreter's lock is held all the while


if __name__ == "__main__":
    main()
