"""A label that came late: a model of before does not learn from it, and the row's other columns are seen all the same."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tests.cases.projects import VISITS, VISITS_TOML, column, lay, visits
from tests.features import streams
from tidemill.data.contract.contract import load_contract
from tidemill.data.pipeline import ingest
from tidemill.data.tables.tables import open_tables
from tidemill.features.as_of import table
from tidemill.features.transaction_time import with_knowledge
from tidemill.features.views import Feature
from tidemill.learning.rows import Rows
from tidemill.scope.project import open_project
from tidemill.tasks.tabular.tables import build
from tidemill.types import DAY, HeldClock, parse_time


def test_a_model_of_before_learns_from_no_label_that_came_later(tmp_path: Path) -> None:
    import polars as pl

    folder = lay(tmp_path / "visits", "visits", VISITS, VISITS_TOML)
    old, late, new = (visits(first=first, days=[day], a_day=10) for first, day in ((0, 0), (100, 2), (200, 8)))
    clock = HeldClock(parse_time("2024-09-02"))
    with open_project(folder.root, clock=clock) as project:
        for name, lines, day in (("a", old, 1), ("b", column(late, "came_back", ""), 3), ("c", late, 7), ("d", new, 9)):
            folder.write(f"data/visits/{name}.csv", *lines)
            clock.move(parse_time("2024-09-01") + day * DAY)
            ingest(project, "visits")
        tables, contract = open_tables(project), load_contract(project, "visits")
        frame = with_knowledge(tables.read("visits"), contract.time, tables.versions("visits")).collect()
        rows = Rows(build(frame, contract))
        ends = {day: len(rows.known_between(None, parse_time("2024-09-01") + day * DAY)) for day in (2, 4, 7, 8, 10)}
        assert ends == {2: 10, 4: 10, 7: 10, 8: 20, 10: 30}
        moments = [parse_time("2024-09-01") + day * DAY for day in (4, 8)]
        asked = pl.DataFrame({"request": [0, 1], "at": moments})

        def seen(op: str, name: str | None) -> list[float]:
            view = replace(streams.view(Feature("n", op, column=name)), time="ts", entity=None, value=None)
            return table(view, frame, asked)["n"].to_list()

        assert seen("count", None) == [20.0, 20.0]
        assert seen("sum", "pages")[0] == seen("sum", "pages")[1] > 0
        assert seen("sum", "came_back")[0] < seen("sum", "came_back")[1]
