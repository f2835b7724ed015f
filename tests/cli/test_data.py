"""`tidemill data …` and `tidemill run` on a newcomer's files."""

from __future__ import annotations

import json
from pathlib import Path

import deltalake
import polars as pl
import pytest

from tests.data.small import DAY_1, DAY_2, drop, lay, rows
from tidemill.cli.main import main
from tidemill.data.contract.contract import Contract
from tidemill.data.pipeline import ingest
from tidemill.errors import ContractError
from tidemill.scope.project import open_project
from tidemill.store.records import DatasetVersion


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TIDEMILL_HOME", str(tmp_path / "home"))
    folder = lay(tmp_path / "shop")
    monkeypatch.chdir(folder)
    return folder


def typed(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    """What this command exits with, and says."""
    capsys.readouterr()
    code = 0
    try:
        main(list(words))
    except SystemExit as exc:
        code = int(exc.code or 0)
    told = capsys.readouterr()
    return code, told.out, told.err


def rewrite(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


PRICE = "name: price, logicalType: number, logicalTypeOptions: { minimum: 0 }"


def test_columns_of_another_type_are_refused_by_the_first_step_and_a_renamed_section_is_a_way_out(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    contract = shop / "contracts/sales.yaml"
    rewrite(contract, PRICE, "name: price, logicalType: string")
    drop(shop, "1.csv", DAY_1)
    with open_project(shop) as project:
        ingest(project, "sales")
    rewrite(contract, "name: price, logicalType: string", PRICE)
    code, _, err = typed(capsys, "run")
    assert code == ContractError.exit_code
    assert (
        "column 'price' is string in the table and number in the contract" in err
        and "[data.sales_2]" in err
        and "series.py" not in err
    )
    code, _, err = typed(capsys, "data", "check")
    assert code == ContractError.exit_code and "[data.sales_2]" in err
    rewrite(shop / "tidemill.toml", "[data.sales]", "[data.sales_2]")
    drop(shop, "2.csv", DAY_2)
    from tidemill.data.pipeline import data_pipeline
    from tidemill.model.prepare import rows as prepared

    with open_project(shop) as project:
        project.engine().run(data_pipeline, {"dataset": "sales_2"})
        made: DatasetVersion = project.store.datasets.get("sales_2")
        assert (made.version, made.rows) == (1, 5)
        assert prepared(project.model(), ["dataset:sales_2@1"]).height == 5
        assert (
            len(project.live.online.list(subject="ann", dataset="sales_2")) == 4
        )  # three of them known from before: each once
        assert ingest(project, "sales_2") is None
    code, out, _ = typed(capsys, "data", "show", "sales", "--json")
    assert code == 0 and json.loads(out)["version"]["rows"] == 3  # the old one can still be looked at


BAD = "1,mug,1,2011-01-03,1.5,ann\n7,mug,x,2011-01-03,1.5,eve\n3,mug\n"


def test_check_shows_bad_rows_and_says_which_go_to_quarantine(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    drop(shop, "1.csv", DAY_1)
    with open_project(shop) as project:
        ingest(project, "sales")
    again = DAY_1.split("\n", 1)[1].replace("2011-01-01", "2011-01-02")  # three keys that are in, with another time
    drop(shop, "2.csv", DAY_2 + again + "8,a,1,2011-01-03,1,x\n")
    drop(shop, "3.csv", DAY_1 + "9,a,1,2011-01-03,1,x\n")  # three very rows that are in
    code, out, _ = typed(capsys, "data", "check", "--json")
    first, second, third = json.loads(out)
    assert code == 0, "half of the rows may be bad by this contract"
    assert (first["taken"], first["bad"], second["taken"], second["bad"], second["blocked"]) == (
        True,
        0,
        False,
        3,
        False,
    )
    assert (second["known"], third["known"], third["bad"]) == (0, 3, 0)
    code, out, _ = typed(capsys, "data", "check", "--bad", "1")
    assert (
        "3 would go to quarantine" in out
        and "3 are ingested already" in out
        and "ingested already" in out
        and "and 2 more bad rows" in out
    )
    assert "data/sales/2.csv:4" in out and "sku=mug" in out
    with open_project(shop) as project:
        made = ingest(project, "sales")
    assert made is not None and made.quarantined == 3, "as the check said"


def test_the_way_out_of_a_blocked_ingest_shows_the_rows(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rewrite(shop / "contracts/sales.yaml", "max_bad_share, value: 0.5", "max_bad_share, value: 0.1")
    drop(shop, "1.csv", DAY_1 + BAD)
    code, _, err = typed(capsys, "run")
    assert code == 3 and "3 of 6 rows" in err and "look at them with: tidemill data check" in err
    code, out, err = typed(capsys, "data", "check")
    assert code == 3 and "3 of 6 rows" in err
    assert "would be refused" in out and "quantity: not an integer" in out and "quantity=x" in out and "3,mug" in out
    code, out, _ = typed(capsys, "data", "check", "--json", "--bad", "2")
    (told,) = json.loads(out)
    assert code == 3 and told["blocked"]
    assert [(r["row"], r["line"], r["reasons"]) for r in told["bad_rows"]] == [
        (3, 5, ["duplicate"]),
        (4, 6, ["quantity: not an integer"]),
    ]
    assert told["bad_rows"][1]["values"]["customer"] == "eve"
    code, out, _ = typed(capsys, "data", "quarantine", "sales", "--json", "--limit", "1")
    kept = json.loads(out)
    assert code == 0 and kept["rows"] == 3 and [r["values"] for r in kept["shown"]] == ["3,mug"]
    code, out, _ = typed(capsys, "data", "quarantine")
    assert code == 0 and "duplicate" in out and "data/sales/1.csv:6" in out
    code, _, err = typed(capsys, "data", "quarantine", "sails")
    assert code == 4 and "did you mean 'sales'" in err


def test_check_reads_on_behind_a_file_that_cannot_be_read(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    drop(shop, "0.csv", "")
    drop(shop, "1.csv", DAY_1)
    code, out, err = typed(capsys, "data", "check", "--json")
    assert code == 3 and "0.csv" in err
    assert [(f["file"], f["blocked"], f["rows"]) for f in json.loads(out)] == [
        ("data/sales/0.csv", True, 0),
        ("data/sales/1.csv", False, 3),
    ]


def test_check_says_which_role_is_missing(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rewrite(shop / "contracts/sales.yaml", "value: subject", "value: target")
    drop(shop, "1.csv", DAY_1)
    code, _, err = typed(capsys, "data", "check")
    assert code == 3 and "role 'subject'" in err


def test_how_many_are_different_is_said_as_an_estimate(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = [f"{n},sku{n},1,2011-01-01,1.5,c{n % 7}" for n in range(18_298)]
    head = DAY_1.split("\n", 1)[0]
    drop(shop, "1.csv", "\n".join([head, *lines]) + "\n")
    with open_project(shop) as project:
        ingest(project, "sales")
    drop(shop, "2.csv", "\n".join([head, "99999,sku1,1,2011-01-01,1.5,c1"]) + "\n")
    with open_project(shop) as project:
        ingest(project, "sales")
    _, out, _ = typed(capsys, "data", "show", "sales", "--json")
    columns = json.loads(out)["profile"]["columns"]
    assert all(c["distinct"] <= c["count"] - c["nulls"] for c in columns.values())
    _, out, _ = typed(capsys, "data", "show", "sales")
    assert "≈1" in out
    _, out, _ = typed(capsys, "data", "diff", "sales", "1", "2", "--json")
    changed = {c["what"] for c in json.loads(out)["columns"]}
    assert "count" in changed and "distinct" not in changed


def test_a_draft_of_a_file_in_another_encoding(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (shop / "export.csv").write_bytes("name,n\nMüller,1\nJürgen,2\n".encode("latin-1"))
    code, _, err = typed(capsys, "data", "infer", "export.csv")
    assert code == 3 and "not UTF-8" in err and "save the file as UTF-8" in err


def test_a_drafted_contract_lets_a_recommender_begin(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = ["watched_at,user,film_id,stars"]
    lines += [f"2024-01-{1 + n // 24:02} {n % 24:02}:00:00,user-{n % 40},{n % 97},{n % 5}" for n in range(480)]
    (shop / "data/sales/films.csv").write_text("\n".join(lines) + "\n")
    code, out, _ = typed(capsys, "data", "infer", "data/sales/films.csv", "--name", "sales")
    assert code == 0
    (shop / "contracts/sales.yaml").write_text(out)
    assert typed(capsys, "data", "check")[0] == 0
    with open_project(shop) as project:
        ingest(project, "sales")
        assert len(project.live.online.list(subject="user-5")) == 12


def test_versions_of_a_dataset_that_there_is_not(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = typed(capsys, "data", "ls", "sails")
    assert code == 4 and "no dataset 'sails' - did you mean 'sales'?" in err
    assert typed(capsys, "data", "ls", "sales")[0] == 0


def test_a_difference_of_two_versions_is_seen_in_its_figures(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with open_project(shop) as project:
        for n, price in (("1", 1000.25), ("2", 1000.375)):
            drop(shop, f"{n}.csv", rows((n, "mug", 2, f"2011-01-0{n} 10:00:00", price, "ann")))
            ingest(project, "sales")
    code, out, _ = typed(capsys, "data", "diff", "sales", "1", "2")
    assert code == 0 and ["price", "max", "1,000.25", "1,000.375"] in [row.split() for row in out.splitlines()]
    assert "1,000.375" in typed(capsys, "data", "show", "sales")[1]


def test_files_beside_the_source_are_named_by_check(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    drop(shop, "1.csv", DAY_1)
    drop(shop, "2.xlsx", DAY_1)
    code, out, _ = typed(capsys, "data", "check", "--json")
    assert code == 0
    assert [(f["file"], f["covered"]) for f in json.loads(out)] == [
        ("data/sales/1.csv", True),
        ("data/sales/2.xlsx", False),
    ]


def test_a_contract_is_drafted_from_a_delta_table(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = pl.DataFrame({"n": range(20), "at": ["2024-01-01"] * 20})
    deltalake.write_deltalake(str(shop / "lake"), rows)
    code, out, _ = typed(capsys, "data", "infer", "lake")
    assert code == 0 and {c.name: c.kind for c in Contract.parse(out).columns} == {"n": "integer", "at": "date"}
    assert typed(capsys, "data", "infer", "data")[0] != 0
