"""The training rows of a champion beside the prediction log: alike while nothing moves, and told when what is asked is another thing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.raised import raised
from tests.retrain.machines import Machines, opened
from tests.web.test_pages import asked
from tidemill.access.caller import Caller
from tidemill.errors import NotEnoughData, NotFound
from tidemill.monitor.representative import Represents
from tidemill.ops import represents as verbs
from tidemill.ops.gc import reachable


@pytest.fixture
def machines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Machines]:
    monkeypatch.setenv("TIDEMILL_HOME", str(tmp_path / "home"))
    yield from opened(tmp_path / "machines", "regress", "mae")


def found(machines: Machines, since: str = "2 days") -> verbs.Represented:
    return verbs.make(machines.project, Caller.local(), "champion", since, None, lambda kind, data: None)


def test_what_is_asked_is_held_against_what_was_learned_from(machines: Machines) -> None:
    with raised(NotFound, "", reason=None):
        verbs.show(machines.project, "champion")
    with pytest.raises(NotEnoughData):  # nobody has asked
        found(machines)
    machines.play()
    machines.play()
    same = found(machines)
    report = same.report
    assert report.verdict != "differs" and report.auc[1] < 0.6 and report.quality is not None and report.metric == "mae"
    assert {one.name for one in report.columns} == {"kind", "load"}, "what is made of the time is left out"
    rows = machines.rows
    machines.rows = lambda day, changed: [{**row, "load": row["load"] + 3} for row in rows(day, changed)]  # type: ignore[method-assign]
    machines.play()
    other = found(machines, "1 day")
    moved = {one.name: one for one in other.report.columns}
    assert other.report.verdict == "differs" and moved["load"].outside == 1 and moved["kind"].outside == 0
    assert other.report.quality is None and other.report.why and "load" in " ".join(other.said)
    assert verbs.show(machines.project, "champion") == other and isinstance(other.report, Represents)
    kept = {machines.project.store.runs.get(one.run).outputs["report"] for one in (same, other)}
    assert kept <= reachable(machines.project)
    page = asked(machines.project, lambda ask: ask("GET", "/models/machines@1")).body.decode()
    assert 'id="re"' in page and 'href="#re"' in page and "load" in page.split('id="re"')[1]
