"""The parity check: a feature of live requests as training makes it (`Histories`) and as serving did, side by side."""

from __future__ import annotations

from collections.abc import Sequence

from tidemill.features.as_of import Histories
from tidemill.features.online import History
from tidemill.store.payloads import FeatureParity
from tidemill.store.records import Prediction
from tidemill.types import Micros

TOLERANCE = 1e-9
"""Differences up to this, relative to the greater of 1 and the value, are rounding."""


def compare(
    view: str, feature: str, half_life: Micros, offline: Histories, online: History, requests: Sequence[Prediction]
) -> FeatureParity:
    """Both ways on these requests: how many numbers, how many only one side has, and the greatest difference.

    Training's side stops at the request's watermark where ``offline`` says when rows were known, as places in the order
    of serving's events: a row that came later is no difference.
    """
    numbers, missing, worst = 0, 0, list[tuple[float, str]]()
    for asked in requests:
        codes, values = offline.of(asked.subject, asked.at, half_life, asked.watermark + 1)
        mine = dict(zip((offline.items[code] for code in codes.tolist()), values.tolist(), strict=True))
        items, counts = online.items(asked.subject, asked.at, half_life, asked.watermark)
        theirs = dict(zip(items, counts.tolist(), strict=True))
        numbers += len(mine.keys() | theirs.keys())
        missing += len(mine.keys() ^ theirs.keys())
        worst += [(abs(mine[i] - theirs[i]) / max(abs(mine[i]), 1.0), asked.id) for i in mine.keys() & theirs.keys()]
    difference, request = max(worst, default=(0.0, None))
    ok = missing == 0 and difference <= TOLERANCE
    return FeatureParity(view, feature, len(requests), numbers, missing, difference, ok, request)
