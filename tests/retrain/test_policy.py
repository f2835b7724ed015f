"""The policy as tidemill.toml says it."""

from __future__ import annotations

import json

import pytest

from tidemill.config import RetrainSection, parse
from tidemill.errors import ConfigError
from tidemill.retrain.policy import Policy
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
    on = ["drift", "decay", "new data 5%", "schedule 0 3 * * 1"]
    cooldown = "3 days"
    budget = "1 cpu-hour / week"
    """
    found = Policy.from_config(parse(text))
    assert found == Policy(True, True, 0.05, None, ("0 3 * * 1",), 3 * DAY, 3600.0, 7 * DAY)
    assert Policy.from_json(json.loads(json.dumps(found.to_json()))) == found
    assert found.digest == Policy.from_json(found.to_json()).digest != Policy().digest
    assert found.next_schedule(parse_time("2011-01-01")) == parse_time("2011-01-03T03:00")


def test_the_defaults_are_a_policy() -> None:
    assert Policy.from_config(RetrainSection()).drift


@pytest.mark.parametrize(
    ("on", "budget", "cooldown", "word"),
    [
        (("drfit",), "", "1 day", "did you mean 'drift'"),
        (("new data 0%",), "", "1 day", "always true"),
        (("new data five",), "", "1 day", "can call for a retraining"),
        (("schedule 0 3 * *",), "", "1 day", "five fields"),
        (("drift",), "one hour a week", "1 day", "no budget"),
        (("drift",), "1 cpu-hour / fortnight", "1 day", "budget: .*fortnight"),
        (("drift",), "", "soon", "cooldown: 'soon'"),
    ],
)
def test_what_is_no_policy_names_the_word(on: tuple[str, ...], budget: str, cooldown: str, word: str) -> None:
    with pytest.raises(ConfigError) as error:
        Policy.from_config(RetrainSection(on=on, budget=budget, cooldown=cooldown))
    import re

    assert re.search(word, str(error.value))


def test_other_forms() -> None:
    found = Policy.from_config(RetrainSection(on=("new data 500 rows",), budget="30 cpu-minutes / 2 days"))
    assert (found.new_rows, found.new_share, found.budget_cpu_s, found.budget_span) == (500, None, 1800.0, 2 * DAY)


def test_a_stored_policy_of_another_kind_is_refused() -> None:
    with pytest.raises(ConfigError, match="did you mean 'cooldown'"):
        Policy.from_json({"cooldwn": 3})
