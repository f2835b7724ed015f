"""The loop's process: ``python -m noria.retrain ROOT``. `noria up` starts it."""

from __future__ import annotations

import sys
from pathlib import Path

from noria.retrain.process import main

if __name__ == "__main__":
    main(Path(sys.argv[1]))
