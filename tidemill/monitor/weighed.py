"""The part of a baseline that is about contributions: how they were spread over the rows that a champion learned from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tidemill.monitor.drift import Column
from tidemill.store.payloads import AlarmRate


@dataclass(frozen=True, slots=True)
class Attributions:
    """``scale``: the spread of each input's contributions; ``weights``: the share of all that it makes; ``skipped``: inputs that are not
    compared, and why; ``why``: of a model whose contributions are not to be had."""

    columns: tuple[Column, ...] = ()
    scale: Mapping[str, float] = field(default_factory=dict)
    weights: Mapping[str, float] = field(default_factory=dict)
    calibration: AlarmRate = field(default_factory=lambda: AlarmRate(0.0, 0.0))
    skipped: Mapping[str, str] = field(default_factory=dict)
    why: str = ""
