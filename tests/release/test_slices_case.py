"""Slices from the configuration to the release: held, allowed with a reason, and the word that later candidates are passed by."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cases.projects import END, SALES, SALES_TOML, VISITS, VISITS_TOML, lay, replayed, sale, visits
from tidemill.release.gates.slices import allowed_at
from tidemill.scope.project import open_project

BY_COUNTRY = VISITS_TOML.replace("[gates]\n", '[gates]\nslices = { by = ["country"] }\n')


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDEMILL_HOME", str(tmp_path / "home"))


def test_too_few_requests_hold_it_a_reason_lets_it_out_and_stays_for_the_same_slices(tmp_path: Path) -> None:
    made = lay(tmp_path / "visits", "visits", VISITS, BY_COUNTRY)
    made.write("data/visits/a.csv", *visits(a_day=15))
    with replayed(made, END):
        pass
    assert made.json("run")["status"] == "held"
    assert made.tidemill("approve").returncode, "without a reason"
    (part,) = [one for one in made.json("status")["parts"] if one["key"] == "release"]
    assert (part["state"], part["code"]) == ("warn", "undecided")
    assert made.json("approve", "--reason", "a young shop")["status"] == "champion"
    with open_project(made.root) as project:
        known = allowed_at(project.endpoint())
        found = made.json("models", "show", "latest")["examined"]["slices"]
    assert set(known) and set(known) <= {f"country {name}" for name in ("FR", "DE", "GB")}
    assert {said["reason"] for said in known.values()} == {"a young shop"}
    assert {one["column"] for one in found["slices"]} == {"country"} and found["named"]


def test_a_recommender_has_slices_too_of_its_rows_and_of_how_much_it_knows(tmp_path: Path) -> None:
    toml = SALES_TOML + 'split = { by = "time", test = "4 days" }\n[gates]\nslices = { by = ["country"] }\n'
    made = lay(tmp_path / "shop", "sales", SALES, toml)
    lines = [
        sale(
            0,
            invoice=n,
            invoice_date=f"2024-11-{1 + n // 30:02} {n % 24:02}:00:00",
            customer_id=n % 23,
            stock_code=f"i{n * n % 97}",
            country=("UK", "FR")[n % 23 % 2],
        )
        for n in range(840)
    ]
    made.write("data/sales/a.csv", "invoice,stock_code,quantity,invoice_date,price,customer_id,country", *lines)
    made.json("run")
    with open_project(made.root) as project:
        (verdict,) = [v for v in project.store.verdicts.list() if v.gate == "slices"]
    assert {one["value"] for one in verdict.evidence["slices"]} == {"UK", "FR"}
    shown = made.json("models", "show", "latest")["examined"]["slices"]
    assert shown["searched"]["columns"] == 2, "country, and how many items a subject's history has"
    assert set(shown["whole"]) >= {"candidate", "popularity"}
