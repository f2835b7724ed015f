"""Data that came in wrong, or was refused without need: files, drafts, and the history that serving reads."""

from __future__ import annotations

import resource
import subprocess
import sys
from typing import Any

import polars as pl
import pytest
import yaml

from tests.cases.projects import (
    HEADER,
    SALES,
    VISITS_HEADER,
    Folder,
    column,
    sale,
    sales,
    sales_frame,
    visits,
)


def drafted(shop: Folder, *lines: str) -> dict[str, Any]:
    """The table of the contract that is drafted from a file of these lines."""
    done = shop.tidemill("data", "infer", str(shop.write("own.csv", *lines)))
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = yaml.safe_load(done.stdout)["schema"][0]
    return found


def role_of(table: dict[str, Any], role: str) -> str | None:
    """The column that the draft gives this role."""
    for one in table["properties"]:
        if any(p == {"property": "tidemill.role", "value": role} for p in one.get("customProperties", ())):
            return str(one["name"])
    return None


# several files -----------------------------------------------------------------------------------------------------


def test_csv_and_parquet_in_one_ingest(shop: Folder) -> None:
    """The default source names both: both are in."""
    shop.write("data/sales/a.csv", *sales(10))
    frame = sales_frame(10).with_columns(invoice=pl.lit("9") + pl.col("invoice"))
    frame.write_parquet(shop.root / "data/sales/b.parquet")
    assert shop.problem() == ""
    assert shop.rows().height == 20


@pytest.mark.parametrize("kept", [VISITS_HEADER, "visit,came_back"])
def test_a_late_label_completes_its_row(table: Folder, kept: str) -> None:
    """A row whose target was empty comes again with it, whole or as key and target alone: it is completed, not a duplicate."""
    lines = visits(days=[0], a_day=20)
    table.write("data/visits/a.csv", *column(lines, "came_back", ""))
    table.ingest("visits")
    places = [VISITS_HEADER.split(",").index(name) for name in kept.split(",")]
    table.write("data/visits/b.csv", *(",".join(line.split(",")[p] for p in places) for line in lines))
    assert table.problem("visits") == ""
    found = table.rows("visits")
    assert (found.height, found["came_back"].null_count()) == (20, 0)


def test_an_optional_column_may_appear_later(shop: Folder) -> None:
    """A column more, not required: the contract gains it, the rows that are in read null there."""
    shop.write("data/sales/a.csv", *sales(10))
    shop.ingest()
    added = "      - { name: channel, logicalType: string }\n"
    (shop.root / "contracts/sales.yaml").write_text(SALES + added)
    later = column(sales(10), "invoice", lambda old: f"9{old}")
    shop.write("data/sales/b.csv", f"{HEADER},channel", *(f"{line},web" for line in later[1:]))
    assert shop.problem() == ""
    assert sorted(shop.rows()["channel"].fill_null("").to_list()) == [""] * 10 + ["web"] * 10


# values ------------------------------------------------------------------------------------------------------------

SPELLINGS = {
    "a trailing blank": "17000 ",
    "a no-break space": "17000\N{NO-BREAK SPACE}",
    "a leading blank": " 17000",
}


@pytest.mark.parametrize("spelt", SPELLINGS.values(), ids=SPELLINGS)
def test_blanks_around_an_id_make_no_other_customer(shop: Folder, spelt: str) -> None:
    """Blanks around an id are left out, or the row is bad: not another customer in silence."""
    shop.write("data/sales/a.csv", *sales(20, customer_id="17000"), sale(30, customer_id=spelt))
    shop.ingest()
    assert set(shop.rows()["customer_id"]) == {"17000"}


def test_unicode_forms_of_an_id_make_no_other_customer(shop: Folder) -> None:
    """The same letters, composed and decomposed, are the same id."""
    names = ["Ren\N{LATIN SMALL LETTER E WITH ACUTE}e", "Rene\N{COMBINING ACUTE ACCENT}e"]
    shop.write("data/sales/a.csv", HEADER, *(sale(n, customer_id=names[n % 2]) for n in range(20)))
    shop.ingest()
    assert shop.rows()["customer_id"].n_unique() == 1


@pytest.mark.parametrize("nothing", ["NA", "NULL", "nan"])
def test_a_word_for_nothing_is_no_customer(shop: Folder, nothing: str) -> None:
    """`NA` and its kind are missing, or it is said that they are taken as a name."""
    shop.write("data/sales/a.csv", *sales(20), sale(30, customer_id=nothing))
    checked = shop.tidemill("data", "check").stdout
    shop.ingest()
    assert nothing in checked or nothing not in set(shop.rows()["customer_id"])


def test_limits_of_the_contract_apply_to_requests(server: Any) -> None:
    """A value far below the contract's minimum is refused, or the answer is flagged."""
    inputs = {"pages": -999_999, "spent": 20.0, "member": True, "country": "FR", "ts": "2024-10-09T10:00:00Z"}
    status, found = server.ask("POST", "/predict/visits", {"inputs": inputs})
    assert status in (400, 422) or "pages" in str(found)


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("yyyy-MM-dd'T'HH:mm:ss", "2024-11-01T09:00:00"),
        ("yyyy-MM-dd HH:mm:ssXXX", "2024-11-01 09:00:00+01:00"),
        ("dd MMM yyyy HH:mm", "01 Nov 2024 09:00"),
    ],
)
def test_a_time_format_is_read_or_refused(shop: Folder, form: str, text: str) -> None:
    """A format that the contract takes is one that is read: a file with such times is in, or the format is refused."""
    shop.change(
        "contracts/sales.yaml",
        "name: invoice_date, logicalType: timestamp,",
        f'name: invoice_date, logicalType: timestamp, logicalTypeOptions: {{ format: "{form}" }},',
    )
    shop.write("data/sales/a.csv", *column(sales(20), "invoice_date", text))
    done = shop.tidemill("data", "check")
    assert done.returncode == 0 or "format" in done.stderr + done.stdout


def test_a_quantity_of_zero_is_not_lost_in_silence(shop: Folder) -> None:
    """A good row of 0 pieces is in the history, or it is said that it is not."""
    shop.write("data/sales/a.csv", *sales(20), sale(30, quantity=0, customer_id="18000"))
    said = shop.tidemill("data", "check").stdout
    shop.ingest()
    assert shop.rows().height == 21
    assert "quantity" in said and shop.tidemill("impact", "subject:18000").returncode == 0


# drafts ------------------------------------------------------------------------------------------------------------


def test_a_draft_lets_returns_through(shop: Folder) -> None:
    """No minimum on the value column: a return is below zero, and the first ones come after the draft."""
    table = drafted(shop, *sales(40))
    assert role_of(table, "value") == "quantity"
    (value,) = [one for one in table["properties"] if one["name"] == "quantity"]
    assert "minimum" not in value.get("logicalTypeOptions", {})


def test_a_draft_guesses_subject_and_item(shop: Folder) -> None:
    """Of an ordinary export the columns are found: whose row it is, and what it is about."""
    table = drafted(shop, *sales(40))
    assert (role_of(table, "subject"), role_of(table, "item")) == ("customer_id", "stock_code")


def test_a_draft_guesses_subject_and_item_where_nothing_repeats(shop: Folder) -> None:
    """The first rows of a shop: no customer has come twice yet."""
    lines = [HEADER, *(sale(n, customer_id=f"C{n}", stock_code=f"S{n}") for n in range(40))]
    table = drafted(shop, *lines)
    assert (role_of(table, "subject"), role_of(table, "item")) == ("customer_id", "stock_code")


@pytest.mark.nightly
def test_a_draft_of_thousands_of_columns(shop: Folder) -> None:
    """The cost grows with the columns and not with their square: 4,000 of them within eight seconds of CPU."""
    names = [f"c{n}" for n in range(4_000)]
    path = shop.write(
        "wide.csv", ",".join(names), *(",".join(str(n % 7 + row) for n in range(4_000)) for row in range(20))
    )
    line = [sys.executable, "-m", "tidemill", "data", "infer", str(path)]

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_CPU, (8, 8))

    done = subprocess.run(line, cwd=shop.root, capture_output=True, preexec_fn=limit, timeout=200, check=False)
    assert done.returncode == 0


# columns with names of ours ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["count", "len", "value", "literal", "index", "key", "at", "subject"])
def test_a_column_may_have_any_name(shop: Folder, name: str) -> None:
    """A column called like one that the program makes for itself is taken as any other."""
    with (shop.root / "contracts/sales.yaml").open("a") as contract:
        contract.write(f"      - {{ name: {name}, logicalType: integer }}\n")
    shop.write("data/sales/a.csv", f"{HEADER},{name}", *(f"{line},{n}" for n, line in enumerate(sales(20)[1:])))
    assert shop.problem() == ""
    assert shop.json("data", "show", "sales")["profile"]["columns"][name]["count"] == 20
