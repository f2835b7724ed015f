"""``python -m bench [NAME …]``: run the benchmarks, print a table, keep bench/results/latest.json.

Each line says what was measured, the floor or peer beside it in the same run, and their ratio. Quote ratios and CPU seconds: wall times on a busy
machine move.
"""

from __future__ import annotations

import importlib
import json
import platform
import sys
import time
from pathlib import Path
from typing import Any

ALL = (
    "start",
    "engine",
    "cluster",
    "recommend",
    "again",
    "because",
    "drift",
    "requests",
    "decay",
    "foreign",
    "readings",
    "serving",
    "beside",
    "many",
    "peers",
    "batch",
    "team",
    "histories",
    "items",
    "ledger",
    "forget",
    "explain",
    "crash",
    "trace",
    "leakage",
    "install",
    "learners",
    "large",
    "recipes",
)
RESULTS = Path(__file__).parent / "results"


def main() -> None:
    names = [name for name in sys.argv[1:] if not name.startswith("-")] or list(ALL)
    unknown = set(names) - set(ALL)
    if unknown:
        sys.exit(f"no benchmark {', '.join(sorted(unknown))}: known are {', '.join(ALL)}")
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / "latest.json"
    kept: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    kept["machine"] = {
        "python": platform.python_version(),
        "system": platform.platform(),
        "at": time.strftime("%Y-%m-%d"),
    }
    for name in names:
        print(f"\n{name}: {(importlib.import_module(f'bench.{name}').__doc__ or '').splitlines()[0]}", flush=True)
        rows = importlib.import_module(f"bench.{name}").run()
        kept[name] = rows
        show(rows)
        path.write_text(json.dumps(kept, indent=1) + "\n")


def show(rows: list[dict[str, Any]]) -> None:
    for row in rows:
        floor = (
            f"  floor {row['floor']:.4g} ({row['floor_is']}), ratio {row['value'] / row['floor']:.1f}"
            if row.get("floor")
            else ""
        )
        goal = f"  goal {row['goal']}" if row.get("goal") else ""
        print(f"  {row['what']:<58} {row['value']:>10.4g} {row['unit']}{floor}{goal}", flush=True)


if __name__ == "__main__":
    main()
