"""`tidemill estimates`: how good answers will turn out, before their labels come; and the truth beside it."""

from __future__ import annotations

from tidemill.cli.output import Answer, Column, command, endpoint_option, fields, listed, paged
from tidemill.learning.measures import measure
from tidemill.ops import estimates as ops
from tidemill.scope.project import Project


def _range(one: ops.Estimated) -> str | None:
    if one.estimate is None:
        return None
    value, low, high = (measure(one.metric).text(x) for x in one.estimate)
    return f"{value} ({low} to {high})"


def _truth(one: ops.Estimated) -> str | None:
    truth = one.truth.get(one.metric)
    if truth is None:
        return None
    return f"{measure(one.metric).text(truth)}{'' if one.inside[one.metric] else ' OUTSIDE'}"


COLUMNS: dict[str, Column] = {
    **fields("start", "n", "metric"),
    "estimate": _range,
    "truth": _truth,
    "state": "state",
    "": "said",
}


@command()
@paged(30)
@endpoint_option
def estimates(project: Project, endpoint: str | None, limit: int, before: str | None) -> Answer:
    """How good each window's answers will turn out, told before their labels come; beside the truth where that has come."""
    return listed(ops.estimates(project, limit, before, endpoint), COLUMNS, newest_last=True, empty="no window yet")
