"""The platform beside the model: how fast answers were, and how much disk is left."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

from tidemill.monitor.windows import close, due
from tidemill.store.payloads import PlatformWindow
from tidemill.store.records import Window
from tidemill.types import Micros, parse_span

if TYPE_CHECKING:
    from tidemill.scope.project import Endpoint

PLATFORM = "platform"
LEAST_FREE = 0.02
"""Share of the disk below which an alarm is raised, if that is also less than `LEAST_BYTES`."""
LEAST_BYTES = 2 * 1024**3
_ENOUGH = 100  # answers in a window before its p99 says anything


def close_platform(scope: Endpoint, now: Micros) -> list[Window]:
    """Close every due window. What it holds is measured in wall time and decides nothing about models."""
    closed, disk = [], shutil.disk_usage(scope.project.state)
    limit = parse_span(scope.gates.latency.p99)
    for start, end in due(scope, PLATFORM, now):
        answers = scope.live.predictions.watched(**scope.here, since=start, until=end)
        took = sorted(p.latency_us for p in answers if p.latency_us)  # an answer of a batch has none of its own
        p50, p99 = (took[min(len(took) - 1, int(q * len(took)))] if took else None for q in (0.5, 0.99))
        data = PlatformWindow(p50, p99, limit, disk.free, disk.total)
        data = replace(data, which=tuple(_which(data, len(took))))
        closed.append(close(scope, PLATFORM, start, end, len(took), data, alarm=bool(data.which)))
    return closed


def _which(data: PlatformWindow, n: int) -> list[str]:
    found, limit = [], data.p99_limit_us
    if n >= _ENOUGH and data.p99_us is not None and data.p99_us > limit:
        found.append(f"p99 {data.p99_us / 1000:.1f} ms, the gate's limit is {limit / 1000:g} ms")
    if data.disk_free < LEAST_BYTES and data.disk_free < LEAST_FREE * data.disk_total:
        found.append(f"{data.disk_free / 1024**3:.1f} GiB of disk left")
    return found
