"""The loop's process: ``python -m tidemill.retrain ROOT``. `tidemill up` starts it."""

from __future__ import annotations

import sys
from pathlib import Path

from tidemill.retrain.daemon import main

if __name__ == "__main__":
    main(Path(sys.argv[1]))
