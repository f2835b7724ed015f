"""A dataset is stale by the clock, whether or not anything comes in."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.data.small import DAY_1, DAY_2, drop, lay
from tidemill.data.contract.contract import load_contract
from tidemill.data.contract.freshness import complete_through, stale_now, staleness
from tidemill.data.pipeline import ingest
from tidemill.errors import ConfigError, ContractError, NotAvailableYet
from tidemill.scope.project import open_project
from tidemill.types import DAY, HeldClock, parse_time

SQL = "quality: [{ type: sql, query: SELECT 1, mustBe: 1 }]"
NEWEST = parse_time("2011-01-01T11:00")


def test_it_follows_from_the_newest_row_the_contract_and_the_clock(tmp_path: Path) -> None:
    folder, clock = lay(tmp_path / "shop"), HeldClock(NEWEST + DAY)
    with open_project(folder, clock=clock) as project:
        assert staleness(project, "sales", NEWEST + 365 * DAY) is None, "no data yet is another trouble"
        drop(folder, "1.csv", DAY_1)
        ingest(project, "sales")
        assert staleness(project, "sales", NEWEST + 7 * DAY) is None
        found = staleness(project, "sales", NEWEST + 9 * DAY)
        assert found is not None
        assert (found.latest, found.since, found.late) == (NEWEST, NEWEST + 7 * DAY, 2 * DAY)
        told = "the newest row of sales is of 2011-01-01T11:00:00Z, stale since 2011-01-08T11:00:00Z"
        assert stale_now(project, NEWEST + 9 * DAY) == {"sales": told}
        assert stale_now(project, NEWEST + 7 * DAY) == {}


def test_a_dataset_is_complete_through_its_newest_row(tmp_path: Path) -> None:
    folder, clock = lay(tmp_path / "shop"), HeldClock(NEWEST + DAY)
    with open_project(folder, clock=clock) as project:
        assert complete_through(project, "sales", clock.now()) is None
        drop(folder, "1.csv", DAY_1)
        ingest(project, "sales")
        assert complete_through(project, "sales", NEWEST + 9 * DAY) == NEWEST
        assert complete_through(project, "sales", NEWEST - DAY) == NEWEST - DAY
        clock.move(NEWEST + 2 * DAY)
        drop(folder, "3.csv", DAY_2)
        assert ingest(project, "sales") is not None
        assert complete_through(project, "sales", NEWEST + 9 * DAY) == parse_time("2011-01-02T12:00")


def test_a_dataset_is_complete_as_late_as_it_says(tmp_path: Path) -> None:
    folder = lay(tmp_path / "shop")
    text = (folder / "tidemill.toml").read_text()
    (folder / "tidemill.toml").write_text(text.replace("[model]", 'complete_after = "2 days"\n[model]'))
    with open_project(folder) as project:
        assert complete_through(project, "sales", NEWEST) == NEWEST - 2 * DAY
    (folder / "tidemill.toml").write_text(text.replace("[model]", 'complete_after = "soon"\n[model]'))
    with pytest.raises(ConfigError):
        open_project(folder)


def test_a_contract_that_promises_nothing_is_kept_and_one_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    folder = lay(tmp_path / "shop")
    contract = folder / "contracts/sales.yaml"
    whole = contract.read_text()
    drop(folder, "1.csv", DAY_1)
    with open_project(folder, clock=HeldClock(NEWEST)) as project:
        ingest(project, "sales")
        contract.write_text(whole.partition("slaProperties")[0])
        assert staleness(project, "sales", NEWEST + 365 * DAY) is None
        contract.write_text(whole.replace("value: 7, unit: d", "value: soon"))
        with pytest.raises(ContractError):
            staleness(project, "sales", NEWEST)
        assert "soon" in stale_now(project, NEWEST)["sales"]


def test_a_rule_that_this_version_does_not_build_says_nothing_of_freshness(tmp_path: Path) -> None:
    folder = lay(tmp_path / "shop")
    contract = folder / "contracts/sales.yaml"
    drop(folder, "1.csv", DAY_1)
    with open_project(folder, clock=HeldClock(NEWEST)) as project:
        ingest(project, "sales")
        contract.write_text(contract.read_text().replace("logicalType: number,", f"logicalType: number, {SQL},"))
        with pytest.raises(NotAvailableYet):
            load_contract(project, "sales")
        assert stale_now(project, NEWEST + 7 * DAY) == {}
        assert "stale since" in stale_now(project, NEWEST + 9 * DAY)["sales"]
