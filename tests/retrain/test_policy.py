"""The policy as tidemill.toml says it."""

from __future__ import annotations

import msgspec

from tests.raised import raised
from tidemill.config.decode import parse
from tidemill.config.policies import BudgetSection, RetrainSection, TriggerSection
from tidemill.errors import ConfigError
from tidemill.retrain.decide import Policy
from tidemill.types import DAY, parse_time


def test_the_documented_policy() -> None:
    text = """
    [project]
    name = "shop"
    [data.sales]
    source = "data/*.parquet"
    contract = "contracts/sales.yaml"
    [model]
    task = "recommend"
    [retrain]
    on = ["drift", "decay", { new_data = "5 %" }, { schedule = "0 3 * * 1" }]
    cooldown = "3 days"
    budget = { cpu = "1 hour", every = "week" }
    """
    found = Policy.of(parse(text).endpoints[""]["shop"].policies.retrain)
    assert found == Policy(True, True, 0.05, None, ("0 3 * * 1",), 3 * DAY, 3600.0, 7 * DAY)
    assert Policy.from_json(msgspec.json.decode(msgspec.json.encode(found))) == found
    assert found.next_schedule(parse_time("2011-01-01")) == parse_time("2011-01-03T03:00")


def test_the_defaults_are_a_policy() -> None:
    assert Policy.of(RetrainSection()).drift


def test_other_forms() -> None:
    budget = BudgetSection(cpu="30 minutes", every="2 days")
    found = Policy.of(RetrainSection(on=(TriggerSection(new_data="500 rows"),), budget=budget))
    assert (found.new_rows, found.new_share, found.budget_cpu_s, found.budget_span) == (500, None, 1800.0, 2 * DAY)
    assert Policy.of(RetrainSection(budget="none")).budget_cpu_s is None


def test_a_stored_policy_of_another_kind_is_refused() -> None:
    with raised(ConfigError, "stored policy"):
        Policy.from_json({"cooldwn": 3})
