"""A move that kills itself: ``python -m tests.ops.move_killed ROOT TARGETS PLACE TIMES``; kill -9 when the place was passed so often."""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

from tidemill.ops import carry
from tidemill.ops import move as verbs
from tidemill.store.bucket import Bucket
from tidemill.store.sql.access import Settings
from tidemill.store.sql.contents import Contents

PLACES = {
    "put": Bucket,
    "create": Bucket,
    "get": Bucket,
    "take": Contents,
    "set": Settings,
    "digest": Contents,
    "carry_tables": carry,
    "switch": verbs._Plan,
}

if __name__ == "__main__":
    root, targets, place, times = sys.argv[1:]
    real, left = getattr(PLACES[place], place), [int(times)]

    def run(*args: Any, **kwargs: Any) -> Any:
        result = real(*args, **kwargs)
        left[0] -= 1
        return result if left[0] > 0 else os.kill(os.getpid(), signal.SIGKILL)

    setattr(PLACES[place], place, run)
    verbs.move(Path(root), json.loads(targets))
