"""``[endpoint.NAME.rules]``: what is said is kept, what cannot be meant is told at its line."""

from __future__ import annotations

import pytest

from tidemill.config.decode import parse
from tidemill.config.rules import RulesSection, json_of
from tidemill.errors import ConfigError
from tidemill.tasks import check

HEAD = """[project]
name = "shop"
[data.sales]
source = "data/*.csv"
contract = "contracts/sales.yaml"
[model]
task = "{task}"
[endpoint.shop.rules]
"""


def rules(text: str, task: str = "recommend") -> RulesSection:
    found = parse(HEAD.format(task=task) + text)
    return found.endpoints[""]["shop"].policies.rules


def test_what_is_said_is_kept() -> None:
    text = """
in_stock = { column = "stock", at_least = 2 }
include = [{ where = { store = "$store", price = { at_most = 20 } }, when = { channel = ["app", "web"] } }]
exclude = [{ name = "recalled", items = ["85123A", "$basket"] }]
bought_within = "7 days"
boosts = [{ where = { own_brand = true }, by = 1.2 }]
quotas = [{ where = { category = ["new"] }, at_least = 2 }, { where = { category = ["wine"] }, at_most = 1 }]
diversity = { by = "category", at_most = 3 }
exposure = { where = { new = true }, share = "5 %" }
popularity = "sold"
"""
    found = rules(text)
    assert [name for _, name, _ in found.named()] == ["include 1", "recalled", "boosts 1", "quotas 1", "quotas 2"]
    assert {column for _, column in found.columns()} == {
        "stock", "store", "price", "own_brand", "category", "new", "sold",
    }  # fmt: skip
    assert json_of(found)["exclude"] == [{"name": "recalled", "items": ["85123A", "$basket"], "where": {}, "when": {}}]
    assert not rules("") and json_of(rules("")) == {}


@pytest.mark.parametrize(
    "line",
    [
        "in_stok = { column = 'stock' }",
        "in_stock = { column = 'stock', at_least = '2' }",
        "in_stock = { column = 'stock', at_least = inf }",
        "exclude = [{ where = { a = 1 }, items = ['x'] }]",
        "exclude = [{ when = { channel = 'app' } }]",
        "include = [{ where = { a = [] } }]",
        "include = [{ where = { a = {} } }]",
        "exclude = [{ name = 'x', items = ['a'] }, { name = 'x', items = ['b'] }]",
        "exclude = [{ name = 'in_stock', items = ['a'] }]",
        "exclude = [{ name = 'gone', items = ['a'] }]",
        "exclude = [{ where = { a = { at_least = 3, at_most = 2 } } }]",
        "exclude = [{ where = { a = { at_least = nan } } }]",
        "bought_within = '7 dogs'",
        "bought_within = '0 days'",
        "boosts = [{ where = { a = 1 }, by = 0 }]",
        "boosts = [{ where = { a = 1 }, by = nan }]",
        "boosts = [{ where = {}, by = 2 }]",
        "quotas = [{ where = { a = 1 } }]",
        "quotas = [{ where = { a = 1 }, at_least = 3, at_most = 2 }]",
        "diversity = { by = 'category', at_most = 0 }",
        "exposure = { where = { a = 1 }, share = '0 %' }",
        "exposure = { where = { a = 1 }, share = '120 %' }",
        "exposure = { where = {}, share = '5 %' }",
    ],
)
def test_what_cannot_be_meant_is_told_at_its_line(line: str) -> None:
    with pytest.raises(ConfigError) as refused:
        rules(line)
    assert refused.value.place == "tidemill.toml:9"


def test_only_lists_have_rules() -> None:
    text = HEAD.format(task="classify") + "bought_within = '7 days'\n"
    with pytest.raises(ConfigError) as refused:
        check.check(text)
    assert refused.value.place.startswith("tidemill.toml:")
    check.check(HEAD.format(task="recommend") + "bought_within = '7 days'\n")


def test_an_environment_has_rules_of_its_own() -> None:
    text = HEAD.format(task="recommend") + 'bought_within = "7 days"\n'
    text += "[environment.test]\n[environment.live]\n[endpoint.shop.environment.live.rules]\npopularity = 'sold'\n"
    found = {name: own["shop"].policies.rules for name, own in parse(text).everywhere()}
    assert (found["test"].bought_within, found["live"].bought_within) == ("7 days", "")
