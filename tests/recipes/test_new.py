"""A new project is made whole or not, takes what docs/start.md says; what one shop's files need is that shop's alone."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.raised import raised
from tidemill.data.contract.contract import Contract
from tidemill.data.pipeline import ingest
from tidemill.errors import ConfigError, ProjectError
from tidemill.recipes import new
from tidemill.recipes.new import RECIPES, new_project
from tidemill.recipes.recommend.folder import fit_to_shop
from tidemill.scope.project import open_project

START = Path(__file__).parents[2] / "docs/start.md"


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TIDEMILL_HOME", str(tmp_path / "home"))
    new_project(tmp_path / "shop")
    return tmp_path / "shop"


def test_files_with_the_columns_that_the_first_page_names_are_taken(shop: Path) -> None:
    table = START.read_text().partition("| column |")[2].partition("\n\n")[0]
    told = [
        name for row in table.splitlines() for name in re.findall(r"`(\w+)`", row.split("|")[1] if "|" in row else "")
    ]
    contract = Contract.load(shop / "contracts/sales.yaml")
    assert sorted(told) == sorted(contract.names)
    example = {"invoice": "R-1", "stock_code": "mug", "quantity": "1", "price": "2.5", "customer_id": "7"}
    row = [example.get(name, "2010-12-01 08:26:00" if name == "invoice_date" else "x") for name in told]
    (shop / "data/sales/1.csv").write_text(",".join(told) + "\n" + ",".join(row) + "\n")
    with open_project(shop) as project:
        made = ingest(project, "sales")
        assert made is not None and (made.rows, made.quarantined) == (1, 0)


def test_the_template_is_strict_and_the_shop_of_the_demo_says_what_it_needs(shop: Path) -> None:
    config, strict = (shop / "tidemill.toml").read_text(), Contract.load(shop / "contracts/sales.yaml")
    assert strict.max_bad_share == 0.05 and "2010" not in config + (shop / "contracts/sales.yaml").read_text()
    fit_to_shop(shop)
    own = Contract.load(shop / "contracts/sales.yaml")
    assert own.max_bad_share == 0.60
    assert [c.name for a, c in zip(strict.columns, own.columns) if a != c] == ["invoice"]
    assert (shop / "tidemill.toml").read_text() != config
    with raised(ConfigError, "contracts/sales.yaml"):
        fit_to_shop(shop)


@pytest.mark.parametrize("recipe", RECIPES)
def test_tidemill_toml_comes_last(tmp_path, recipe):
    """Until it is there nothing takes the folder for a project, and the same call makes it whole."""
    written = new_project(tmp_path / "p", recipe)
    assert written[-1] == tmp_path / "p/tidemill.toml"
    assert sorted(p for p in (tmp_path / "p").rglob("*") if p.is_file()) == sorted(written)
    written[-1].unlink()
    assert new_project(tmp_path / "p", recipe) == [tmp_path / "p/tidemill.toml"]


@pytest.mark.parametrize("below", ["", "/deeper"])
def test_a_file_in_the_way_is_said(tmp_path, below):
    (tmp_path / "p").write_text("mine")
    with raised(ProjectError, "") as caught:
        new_project(tmp_path / f"p{below}", name="shop")
    assert f"{tmp_path}/p{below} " in caught.value.message
    assert isinstance(caught.value.__cause__, FileExistsError | NotADirectoryError)
    assert (tmp_path / "p").read_text() == "mine"


def test_where_nothing_may_be_written_is_said(tmp_path, monkeypatch):
    def denied(*args):
        raise PermissionError(13, "Permission denied", str(tmp_path / "p"))

    monkeypatch.setattr(new, "_copy", denied)
    with raised(ProjectError, "") as caught:
        new_project(tmp_path / "p")
    assert f"{tmp_path}/p " in caught.value.message
    assert isinstance(caught.value.__cause__, PermissionError)
