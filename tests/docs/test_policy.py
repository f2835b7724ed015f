"""docs/policy.md: its policy is one that is read, and its examples hold for it."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tests.cases.projects import VISITS, VISITS_TOML, lay
from tidemill.access.policy.examples import judge_all, read
from tidemill.access.policy.read import Known, parse

PAGE = (Path(__file__).parents[2] / "docs/policy.md").read_text()
BLOCKS = [text.replace("KEY", "0" * 64) for text in re.findall(r"^```toml\n(.*?)^```", PAGE, re.M | re.S)]
POLICY = "".join(block for block in BLOCKS if "[[example]]" not in block)
EXAMPLES = "".join(block for block in BLOCKS if "[[example]]" in block)
KNOWN = Known(("shop",), ("staging", "production"), ("people",))


def test_its_examples_hold_for_its_policy() -> None:
    policy = parse(POLICY, KNOWN)
    found = judge_all(policy, read(EXAMPLES, policy, KNOWN))
    assert [one for one in found.judged if not one.well] == [] and len(found.judged) == 6
    assert {"roles.night-shift", "approval.production", "features.banned"} <= set(found.covered)
    assert "budget.search" in found.uncovered


def test_every_role_that_comes_with_it_is_told() -> None:
    assert [role for role in parse(None).roles if f"`{role}`" not in PAGE] == []


def test_the_commands_say_what_it_tells(tmp_path: Path) -> None:
    toml = VISITS_TOML + "[serve]\nkeep = '2 years'\n"
    made = lay(tmp_path / "visits", "visits", VISITS, toml)
    assert made.tidemill("policy", "show").returncode == 0
    assert "data-scientist" in made.tidemill("policy", "show", "--shipped").stdout
    assert made.tidemill("policy", "check").returncode == 0
    assert made.tidemill("policy", "test").returncode == 4, "there are no examples"
    made.write(
        "policy.toml", "[retention]", 'predictions = "1 year"', "[approval.all]", 'roles = ["devops"]', "needed = 2"
    )
    checked = made.tidemill("policy", "check", "--json")
    assert checked.returncode == 1
    assert {one["rule"] for one in json.loads(checked.stdout)["lacks"]} == {"retention.predictions", "approval.all"}
    assert "policy.toml" in made.tidemill("status").stdout
    made.write(
        "policy_tests.toml", "[[example]]", 'keep = "2 years"', 'expect = "refused"', 'by = "retention.predictions"'
    )
    assert made.tidemill("policy", "test").returncode == 0
    assert made.tidemill("policy", "test", "--all").returncode == 1, "no example is about approvals"
    up = made.tidemill("up")
    assert up.returncode == 2 and "policy.toml [retention] predictions" in up.stderr
    made.write("policy.toml", "[retention", 'predictions = "1 year"')
    assert made.tidemill("policy", "check").returncode == 2
    made.write("policy_tests.toml", "[[example]]", 'keep = "2 years"', 'expect = "allowed"')
    made.write("policy.toml", "[retention]", 'predictions = "1 year"')
    assert made.tidemill("policy", "test").returncode == 1
