"""What a step asks of the machine beside its time: graphics processors."""

from __future__ import annotations

import os
import re
from pathlib import Path

from tidemill.errors import PipelineError

DEVICES = Path("/dev")


def gpus() -> int:
    """Those of NVIDIA's driver that this process may use: ``CUDA_VISIBLE_DEVICES`` hides the others."""
    there = sum(bool(re.fullmatch(r"nvidia\d+", one.name)) for one in DEVICES.glob("nvidia*"))
    shown = os.environ.get("CUDA_VISIBLE_DEVICES")
    if shown is None:
        return there
    named = [one.strip() for one in shown.split(",") if one.strip()]
    return min(there, len(named[: named.index("-1")] if "-1" in named else named))


def require(wanted: int, step: str) -> None:
    """Raises PipelineError where so many GPUs are not there."""
    found = gpus() if wanted else 0
    if found < wanted:
        hint = "run it where there is one; gpus=0 asks for none" if found == 0 else "run it where there are more"
        raise PipelineError(f"it asks for {wanted} GPU, and this machine has {found}", place=f"step {step}", hint=hint)
