"""Says a row, and dies."""

import sys

from tidemill.process.guarded import parent

if __name__ == "__main__":
    parent().send({"row": {"n": 1}})
    sys.exit("broken")
