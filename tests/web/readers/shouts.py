"""Prints much more than a pipe holds, and says a row."""

import sys

from tidemill.process.guarded import parent

if __name__ == "__main__":
    channel = parent()
    sys.stderr.write("many words\n" * 100_000)
    channel.send({"row": {"n": 1}})
    channel.send({"done": True})
