"""A past whose labels come late: a fit knows those that were settled at its cut, and the walk ends where labels are open."""

from __future__ import annotations

from pathlib import Path

from tests.backtest.test_walk import play
from tests.labels.worlds import FRAUD, START, lay, payments, until, write
from tidemill.backtest.cuts import Asked
from tidemill.data.pipeline import ingest
from tidemill.scope.project import Project, open_project
from tidemill.types import DAY, HeldClock, Micros, parse_time

DAYS, OPEN = 200, 30  # of payments; so long a chargeback may come
BEGAN: Micros = parse_time(START.isoformat())
ASKED = Asked(every="30 days", since="2024-05-01")


def opened(root: Path, unsettled: int | None = None) -> Project:
    """``unsettled``: of payments whose label is open on this day nobody knows yet what they are: all are said to be fraud."""
    folder = lay(root, FRAUD)
    paid, back = payments(DAYS)
    if unsettled is not None:
        low, high = unsettled - OPEN, unsettled
        open_then = [p for p in paid if low <= (p[1] - START).total_seconds() / 86_400 < high]  # type: ignore[operator]
        known = {b[2] for b in back}
        later = [p for p in open_then if p[0] not in known]
        at = paid[unsettled * 20][1]
        back = [*back, *((f"late{p[0]}", at, p[0], "fraud") for p in later)]
        back.sort(key=lambda row: str(row[1]))
    write(folder, "payments", "all", paid)
    write(folder, "chargebacks", "all", until(back, DAYS))
    return open_project(root, clock=HeldClock(BEGAN + DAYS * DAY))


def fits(project: Project) -> dict[str, str]:
    for name in ("payments", "chargebacks"):
        ingest(project, name)
    found = play(project, ASKED)
    assert found.report is not None
    assert found.report.spans[-1].end <= BEGAN + (DAYS - OPEN + 1) * DAY, "later labels are still open"
    assert all(one.n > 100 for one in found.report.spans)
    steps = project.store.steps.list(run=found.run)
    return {s.name: s.outputs["result"]["digest"] for s in steps if s.name.startswith(("fit", "search"))}


def test_what_was_not_settled_at_a_cut_is_in_no_fit_of_it(tmp_path: Path) -> None:
    """From the third cut on everything that was open turns out to be fraud: the fits up to it are as they were, the next is not."""
    cut = 121  # days from the beginning to 2024-05-01
    with opened(tmp_path / "one") as project:
        one = fits(project)
    with opened(tmp_path / "other", unsettled=cut + 30) as project:
        other = fits(project)
    assert {name for name in one if one[name] == other[name]} == {
        "search 2024-05-01",
        "fit 2024-05-01",
        "fit 2024-05-31",
    }
    assert set(one) == set(other) and "fit 2024-05-31" in one
