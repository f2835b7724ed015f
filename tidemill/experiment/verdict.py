"""How an A/B ends: by its rule, which may be asked at every moment. Stdlib only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from tidemill.experiment.sums import Estimate

Said = Literal["better", "worse", "no_useful_difference", "time_over", ""]
WORDS = {
    "better": "better",
    "worse": "worse",
    "no_useful_difference": "no useful difference",
    "time_over": "not decided in its time",
    "harmful": "stopped, it did harm",
    "arm_lost": "stopped, an arm may not answer any more",
    "stopped": "stopped by hand",
    "": "not decided yet",
}
ENOUGH = 20
"""Requests of one arm from which it is strange that the other has none."""
COMPLIED = 0.95
"""Of what an arm was to answer, the share that it must have answered itself, or the arms were not what was compared."""


def judge(found: Estimate | None, margin: float, over: bool) -> Said:
    """What the second arm is beside the first. ``margin``: the least useful difference, a share; ``over``: its time is.

    An interval that lies within the margin says that nothing useful is left to be found, also where it shows a little.

    >>> judge(Estimate(0.05, 0.01, 0.01, 0.09), 0.02, False), judge(Estimate(0.0, 0.004, -0.01, 0.01), 0.02, False)
    ('better', 'no_useful_difference')
    >>> judge(Estimate(0.05, 0.02, -0.02, 0.12), 0.02, True), judge(None, 0.02, False)
    ('time_over', '')
    """
    if found is not None:
        if -margin < found.low and found.high < margin:
            return "no_useful_difference"
        if found.low > 0:
            return "better"
        if found.high < 0:
            return "worse"
    return "time_over" if over else ""


def held(ratio_off: bool, requests: Sequence[int], itself: Sequence[int]) -> str:
    """Why nothing is said of an A/B whatever its figures show; nothing where they may be believed. By arm: requests of subjects
    that were drawn for it, and how many of them it answered itself.

    >>> held(False, (100, 90), (100, 40)), held(False, (100, 0), (100, 0)), held(False, (100, 90), (99, 90)), held(True, (9, 9), (9, 9))
    ('by_other', 'no_traffic', '', 'ratio_off')
    """
    if min(requests) == 0:
        return "no_traffic" if max(requests) >= ENOUGH else ""
    if ratio_off:
        return "ratio_off"
    return "by_other" if any(own < COMPLIED * n for n, own in zip(requests, itself)) else ""


HELD = {
    "ratio_off": "the arms have not had the subjects that were drawn for them (somewhere some are lost): what is left is not comparable",
    "by_other": "an arm did not answer what it should have (it fails, or some scorer does not serve it)",
    "no_traffic": "an arm had no request yet",
}
