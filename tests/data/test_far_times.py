"""Years far from today: before 1000 they are read as any other, outside 0001 to 9999 they are no times; none stops a dataset."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from tests.data.small import CONTRACT, DAY_1, DAY_2, NOW, drop, lay, rows
from tidemill.data.contract.contract import Contract
from tidemill.data.ingest.ingest import reconcile
from tidemill.data.ingest.judge import preview
from tidemill.data.ingest.quarantine import quarantine
from tidemill.data.pipeline import ingest
from tidemill.data.tables.tables import Tables, open_tables
from tidemill.scope.project import open_project
from tidemill.types import HeldClock, parse_time

ROLE = "        customProperties: [{ property: tidemill.role, value: time }]\n"
OLD = ("0001-01-01", "0201-05-03", "0999-12-31")
BEYOND = ("0000-12-31 10:00:00", "-0044-03-15", "+12000-01-01 00:00:00", "0001-01-01T00:00:00+02:00")


@pytest.fixture(params=["time", "no role"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    root = lay(tmp_path / "shop")
    if request.param == "no role":
        contract = root / "contracts/sales.yaml"
        contract.write_text(contract.read_text().replace(ROLE, ""))
        toml = root / "tidemill.toml"
        toml.write_text(toml.read_text().replace('task = "recommend"', 'task = "classify"'))
    return root


@pytest.mark.parametrize("day", OLD)
def test_a_year_before_1000_is_taken_and_the_next_file_too(folder: Path, day: str) -> None:
    drop(folder, "1.csv", DAY_1 + f"9,mug,1,{day},1.0,eve\n")
    with open_project(folder, clock=HeldClock(NOW)) as project:
        first = ingest(project, "sales")
        assert first is not None and (first.rows, first.quarantined) == (4, 0)
        assert first.time_min in (None, parse_time(day))
    drop(folder, "2.csv", DAY_2)
    with open_project(folder, clock=HeldClock(NOW)) as project:
        second = ingest(project, "sales")
        assert second is not None and second.rows == 6
        assert reconcile(project) == []
        held = Tables(project.tables_at).commit("sales", 1).files.values()
        assert [spans["at"][0] for spans in held] == [parse_time(day)]


def test_years_that_no_calendar_here_has_are_no_times(folder: Path) -> None:
    far = [(f"{i}", "mug", 1, when, 1.0, "eve") for i, when in enumerate(BEYOND, 20)]
    drop(folder, "1.csv", DAY_1)
    drop(folder, "2.csv", rows(*far, *((f"3{i}", "mug", 1, "2011-01-02", 1.0, "eve") for i in range(4))))
    with open_project(folder, clock=HeldClock(NOW)) as project:
        made = ingest(project, "sales")
        assert made is not None and (made.rows, made.quarantined) == (7, 4)
        bad = quarantine(project, "sales")
        assert bad["_reasons"].to_list() == [["at: not a time"]] * 4
        assert [json.loads(raw)["at"] for raw in bad["_raw"]] == list(BEYOND)
        assert open_tables(project).version("sales") == 1


def test_a_look_at_the_file_says_what_the_ingest_will(tmp_path: Path) -> None:
    root = lay(tmp_path / "shop")
    drop(root, "1.csv", DAY_1 + f"9,mug,1,{BEYOND[2]},1.0,eve\n")
    with open_project(root, clock=HeldClock(NOW)) as project:
        assert [looked.checked.counts for looked in preview(project, "sales") if looked.checked] == [
            {"at: not a time": 1}
        ]


def test_a_date_before_the_calendar_is_no_date() -> None:
    contract = Contract.parse(CONTRACT.replace("timestamp", "date"))
    found = contract.check(pl.read_csv(rows(*((f"{i}", "mug", 1, day, 1.0, "eve") for i, day in enumerate(("-0044-03-15", "0001-01-01", "9999-12-31", "+10000-01-01")))).encode(), infer_schema=False))  # fmt: skip  # noqa: E501
    assert found.good["at"].cast(pl.String).to_list() == ["0001-01-01", "9999-12-31"]
    assert found.counts == {"at: not a date": 2}


FAR = (0, 2**62, -(2**62), 253_402_300_800_000_000, -62_135_596_800_000_001)


@pytest.mark.parametrize("zone", [None, "UTC", "Europe/Paris"])
@pytest.mark.parametrize("unit", ["ms", "us"])
@pytest.mark.parametrize("kind", ["timestamp", "date", "string"])
def test_typed_times_beyond_the_years_are_kept_by_their_number(kind: str, unit: str, zone: str | None) -> None:
    head = CONTRACT.partition("    customProperties")[0]
    contract = Contract.parse(f"{head}    properties: [{{ name: at, logicalType: {kind} }}]\n")
    given = pl.Series(FAR).cast(pl.Datetime(unit)).cast(pl.Datetime(unit, zone))  # type: ignore[arg-type]
    found = contract.check(pl.DataFrame({"at": given}))
    bad = [json.loads(raw)["at"] for raw in found.bad["_raw"]]
    assert bad[-4:] == [str(number) for number in FAR[1:]]
    assert found.good.height == (kind == "timestamp" or (kind == "date" and zone != "Europe/Paris"))
