"""How long the command line takes to say what it can do."""

from __future__ import annotations

import sys
from typing import Any

from bench.timing import process, python


def run() -> list[dict[str, Any]]:
    floor = python("pass", runs=10)
    helped = process([sys.executable, "-m", "tidemill", "--help"], runs=10)
    return [
        {
            "what": "tidemill --help",
            "value": helped.wall_s * 1e3,
            "unit": "ms",
            "floor": floor.wall_s * 1e3,
            "floor_is": "python -c pass",
            "goal": "<= 100",
            "peers": "metaflow 251, kedro 388, zenml 1863, mlflow 3013",
        }
    ]
