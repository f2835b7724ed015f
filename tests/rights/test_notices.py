"""What a person is to be told is what the contract, the configuration and the policy say; what they do not say is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cases.projects import SALES, SALES_TOML, Folder, lay
from tidemill.access.policy import policy_of
from tidemill.ops.rights.notices import show
from tidemill.scope.project import open_project


def test_it_says_what_is_known_and_names_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDEMILL_HOME", str(tmp_path / "home"))
    made: Folder = lay(tmp_path / "shop", "sales", SALES, SALES_TOML)
    with open_project(made.root) as project:
        bare = show(project, "sales")
        roles = policy_of(project).roles
    assert (bare.about, bare.purposes, bare.owner) == ("customer_id", (), "")
    assert [one.name for one in bare.columns][:2] == ["invoice", "stock_code"]
    assert [(one.endpoint, one.task) for one in bare.answers] == [("shop", "recommend")]
    assert set(bare.readers) <= set(roles)
    assert (
        len(bare.missing) == len(bare.columns) + 3
    )  # each column's meaning, the purpose, the owner, and what no contract says
    own = "    customProperties:\n      - { property: tidemill.purpose, value: marketing }\n"
    made.change("contracts/sales.yaml", "    customProperties:\n", own)
    made.change("contracts/sales.yaml", "{ name: price,", "{ name: price, businessName: what it cost,")
    made.change("tidemill.toml", "[data.sales]", '[goal]\nowner = "the shop"\n[serve]\nkeep = "90 days"\n[data.sales]')
    with open_project(made.root) as project:
        full = show(project, "sales")
    assert (full.purposes, full.owner, full.answers_kept) == (("marketing",), "the shop", "90 days")
    assert len(full.missing) == len(bare.missing) - 3
    assert made.json("subject", "notice", "sales")["purposes"] == ["marketing"]
