"""Says a row, and hangs."""

import signal

from tidemill.process.guarded import parent

if __name__ == "__main__":
    parent().send({"row": {"n": 1}})
    signal.pause()
