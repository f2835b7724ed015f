"""Eighteen small inputs that strangers brought: each a file, a request or a start that went wrong, and its right value."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

import tidemill
from tests.cases.projects import HEADER, SALES_TOML, Folder, column, sale, sales, sales_frame
from tests.serve.real import Scorer
from tidemill.scope.project import open_project

WHOLE: dict[str, Any] = {"pages": 9, "spent": 20.0, "member": True, "country": "FR", "ts": "2024-10-09T10:00:00Z"}


def drafted(shop: Folder, path: Path) -> dict[str, dict[str, Any]]:
    """The columns of the contract that is drafted from this file."""
    done = shop.tidemill("data", "infer", str(path))
    assert done.returncode == 0, done.stderr
    return {column["name"]: column for column in yaml.safe_load(done.stdout)["schema"][0]["properties"]}


def answer(server: Scorer, **inputs: Any) -> tuple[int, Any]:
    """What is answered to a whole row with these values in it."""
    return server.ask("POST", "/predict/visits", {"inputs": {**WHOLE, **inputs}})


def test_added_column_in_a_later_file(shop: Folder) -> None:
    """A column that no contract asks for is left out, with a note; the file is in."""
    shop.write("data/sales/a.csv", *sales(20))
    shop.ingest()
    more = [f"{line},web" for line in sales(20)[1:]]
    shop.write("data/sales/b.csv", f"{HEADER},channel", *(line.replace("50", "60", 1) for line in more))
    assert shop.problem() == ""
    assert shop.rows().height == 40
    with tidemill.open(shop.root) as project:
        (event,) = project.events(kind="columns")
    assert event.data["surplus"] == ["channel"]


@pytest.mark.parametrize("text", ["true", "True", "1", "yes"])
def test_boolean_as_text_in_a_request(server: Scorer, text: str) -> None:
    """A text in a boolean input is read as a CSV reads it, or refused; never taken for a missing value."""
    status, found = answer(server, member=text)
    assert status in (400, 422) or found["probabilities"] == answer(server, member=True)[1]["probabilities"]


def test_a_number_in_a_boolean_input_is_answered_with_the_right_hint(server: Scorer) -> None:
    """The hint is "true or false", not "a text"."""
    status, problem = answer(server, member=1)
    assert status == 200 or ("text" not in problem["hint"] and "true" in problem["hint"]), problem


@pytest.mark.parametrize("kind", [pl.Decimal(38, 0), pl.Float64()], ids=str)
def test_decimal_ids(shop: Folder, kind: pl.DataType) -> None:
    """A decimal or a float without digits after the point is read as its digits, as an integer is."""
    frame = sales_frame().with_columns(pl.col("customer_id").cast(kind))
    frame.write_parquet(shop.root / "data/sales/a.parquet")
    assert shop.problem() == ""
    assert set(shop.rows()["customer_id"]) == {str(17000 + n) for n in range(7)}


def test_decimal_to_integer(shop: Folder) -> None:
    """1.50 is no integer: a bad row, and never cut to 1 in silence; 2.00 may be 2."""
    quantity = pl.Series("quantity", ["1.50", "2.00", *["1.00"] * 18]).cast(pl.Decimal(10, 2))
    sales_frame().with_columns(quantity).write_parquet(shop.root / "data/sales/a.parquet")
    assert shop.problem() == ""
    assert shop.reasons() == {"quantity: not an integer": 1}
    assert shop.rows()["quantity"].sum() == 20


def test_delta_folder_as_source(shop: Folder) -> None:
    """A folder that is a Delta table is read as one, or refused: its files are not its rows."""
    import deltalake

    folder = str(shop.root / "data/sales")
    deltalake.write_deltalake(folder, sales_frame(20))
    deltalake.DeltaTable(folder).delete("invoice >= '5012'")
    shop.change("tidemill.toml", "*.{csv,parquet}", "*.parquet")
    said = shop.problem()
    if said:
        assert "Delta" in said
    else:
        assert shop.rows().height == 12


def test_draft_ids_like_12E4(shop: Folder) -> None:
    """Texts whose spelling a number would not keep are drafted as strings, as 007 is."""
    ids = ["12E4", "120E3", "56E6", "78E1"]
    lines = [HEADER, *(sale(n, customer_id=ids[n % 4]) for n in range(20))]
    assert drafted(shop, shop.write("a.csv", *lines))["customer_id"]["logicalType"] == "string"


@pytest.mark.parametrize("at", [1_728_468_000, 1_728_468_000_000])
def test_epoch_seconds_in_a_request(server: Scorer, at: int) -> None:
    """Seconds and milliseconds since 1970 are read by their size, or refused; never taken for microseconds of 1970."""
    status, found = answer(server, ts=at)
    right = answer(server, ts="2024-10-09T10:00:00Z")[1]
    assert status in (400, 422) or found["probabilities"] == right["probabilities"]


@pytest.mark.parametrize("sign", [",", ";"])
def test_excel_sep_line(shop: Folder, sign: str) -> None:
    """Excel's first line `sep=,` is used and left out, or named."""
    shop.write("data/sales/a.csv", f"sep={sign}", *(line.replace(",", sign) for line in sales(20)))
    said = shop.problem()
    assert "sep=" in said if said else shop.rows().height == 20


START = """
import sys, time
from pathlib import Path
from tidemill.scope import project as opening
from tidemill.scope.project import open_project
mine, other = Path(sys.argv[1]), Path(sys.argv[2])
mine.touch()
while not other.exists():
    time.sleep(0.001)
with open_project(Path(sys.argv[3])) as project:
    print(project.id)
"""


def test_first_start_race(tmp_path: Path, shop: Folder) -> None:
    """Processes that open a new project at the same time agree on one project id."""
    marks = [tmp_path / "one", tmp_path / "two"]
    lines = [[sys.executable, "-c", START, *map(str, pair), str(shop.root)] for pair in (marks, marks[::-1])]
    both = [subprocess.Popen(line, stdout=subprocess.PIPE, text=True) for line in lines]
    ids = {process.communicate(timeout=60)[0].strip() for process in both}
    with open_project(shop.root) as project:
        assert ids == {project.id}


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_header_only_file(shop: Folder, kind: str) -> None:
    """A file with the contract's columns and no rows is 0 rows, with a note; the run goes on."""
    shop.write("data/sales/a.csv", *sales(20))
    if kind == "csv":
        shop.write("data/sales/b.csv", HEADER)
    else:
        sales_frame().clear().write_parquet(shop.root / "data/sales/b.parquet")
    assert shop.problem() == ""
    assert shop.rows().height == 20


def test_ids_with_point_zero(shop: Folder) -> None:
    """17000 and 17000.0 are one customer, or it is said where it begins; never two in silence."""
    shop.write("data/sales/a.csv", *sales(20))
    shop.ingest()
    later = column(sales(20), "customer_id", lambda old: f"{old}.0")
    shop.write("data/sales/b.csv", *column(later, "invoice", lambda old: f"9{old}"))
    checked = shop.tidemill("data", "check").stdout
    said = shop.problem()
    assert ".0" in checked or said or shop.rows()["customer_id"].n_unique() == 7


def test_line_break_in_a_quoted_header(shop: Folder) -> None:
    """A column's name in quotes may go over two lines."""
    head, *rest = sales(20)
    path = shop.write("a.csv", head.replace("price", '"price\n(GBP)"'), *rest)
    assert "price\n(GBP)" in drafted(shop, path)


def test_linked_data(shop: Folder, tmp_path: Path) -> None:
    """What is advised for data outside the project is what is then taken."""
    outside = tmp_path / "outside/a.csv"
    outside.parent.mkdir()
    outside.write_text("".join(f"{line}\n" for line in sales(20)))
    (shop.root / "tidemill.toml").write_text(SALES_TOML.replace("data/sales/*.{csv,parquet}", str(outside)))
    advised = shop.problem()
    (shop.root / "tidemill.toml").write_text(SALES_TOML)
    (shop.root / "data/sales/a.csv").symlink_to(outside)
    said = shop.problem()
    assert not said or ("or link" not in advised and " - " in said)


def test_a_link_that_leads_out_is_refused_with_a_hint(shop: Folder, tmp_path: Path) -> None:
    """Whoever is told that a link leads out is told what to do."""
    (tmp_path / "a.csv").write_text("".join(f"{line}\n" for line in sales(20)))
    (shop.root / "data/sales/a.csv").symlink_to(tmp_path / "a.csv")
    said = shop.problem()
    assert not said or " - " in said


def test_pandas_index_in_csv(shop: Folder) -> None:
    """An unnamed first column of row numbers is left out, or the message says which column it is and what to do."""
    head, *rest = sales(20)
    shop.write("data/sales/a.csv", f",{head}", *(f"{n},{line}" for n, line in enumerate(rest)))
    said = shop.problem()
    assert "index=False" in said if said else shop.rows().height == 20


STEPS = """\
import tools
from helpers.rate import rate
from tidemill import pipeline, step
@step
def found() -> int:
    "What the modules beside say."
    return tools.factor() + rate()
@pipeline
def own() -> dict[str, object]:
    "Just that."
    return {"found": found()}
"""


def test_steps_import_a_local_module(shop: Folder) -> None:
    """Modules of the project's folder can be imported by steps.py."""
    shop.write("steps.py", STEPS)
    shop.write("tools.py", "def factor():", "    return 30")
    shop.write("helpers/__init__.py")
    shop.write("helpers/rate.py", "def rate():", "    return 20")
    done = shop.apart("run", "steps:own", "--json")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("decorator", ["@step", "@step(isolate=True)"])
def test_what_a_local_module_says_counts_in_a_step(shop: Folder, decorator: str) -> None:
    """In a child process as well; and a module that has changed is another result, not the kept one."""
    shop.write("steps.py", STEPS.replace("@step", decorator))
    shop.write("helpers/rate.py", "def rate():", "    return 20")
    found = []
    for factor in (30, 30, 300_000, 300_000):
        shop.write("tools.py", "def factor():", f"    return {factor}")
        found.append(shop.json("run", "steps:own")["found"])
    assert found[0] == found[1] != found[2] == found[3]


def test_upper_case_extension(shop: Folder) -> None:
    """SALES.CSV is taken, or named; never passed over in silence."""
    shop.write("data/sales/SALES.CSV", *sales(20))
    said = shop.problem()
    assert "SALES.CSV" in said if said else shop.rows().height == 20


def test_upper_case_extension_beside_another(shop: Folder) -> None:
    """The same where there is a file that is taken."""
    shop.write("data/sales/a.csv", *sales(10))
    shop.write("data/sales/SALES.CSV", *column(sales(10), "invoice", lambda old: f"9{old}"))
    checked = shop.tidemill("data", "check")
    said = shop.problem()
    assert "SALES.CSV" in said + checked.stdout + checked.stderr or shop.rows().height == 20
    assert os.listdir(shop.root / "data/sales")
