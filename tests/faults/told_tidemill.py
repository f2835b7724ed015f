"""`tidemill` as it is typed, each call of a step's function leaving two lines in a side file.

python told_tidemill.py SIDE PIPELINE WORD…   ``TIDEMILL_FAULT`` of the environment counts in that PIPELINE only ("" for all).
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from tests.faults.side import leave
from tidemill.cli.main import main
from tidemill.engine.runner import engine as runner
from tidemill.engine.runner.port import InlineRunner


def told(side: Path) -> None:
    """From now on: ``begin RUN STEP`` before a step's function, ``finish RUN STEP`` when its outputs are kept."""
    real = InlineRunner.run

    def run(self: Any, job: Any, around: Any, progress: Any) -> Any:
        leave(side, "begin", around.run, job.name)
        done = real(self, job, around, progress)
        leave(side, "finish", around.run, job.name)
        return done

    InlineRunner.run = run  # type: ignore[method-assign]


def only_in(wanted: str) -> None:
    """Hide the fault from all pipelines but this one."""
    fault, real = os.environ.pop("TIDEMILL_FAULT", None), runner.Engine.run

    def run(self: Any, pipeline: Any, *args: Any, **kwargs: Any) -> Any:
        if fault is not None and wanted in ("", pipeline.name):
            os.environ["TIDEMILL_FAULT"] = fault
        return real(self, pipeline, *args, **kwargs)

    runner.Engine.run = run  # type: ignore[method-assign]


if __name__ == "__main__":
    told(Path(sys.argv[1]))
    only_in(sys.argv[2])
    main(sys.argv[3:])
