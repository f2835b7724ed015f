"""policy_tests.toml: each example is asked of the policy, and the rules that none is about are listed."""

from __future__ import annotations

import pytest

from tidemill.access.policy.examples import judge_all, read
from tidemill.access.policy.read import Known, parse
from tidemill.errors import ConfigError

KNOWN = Known(("shop",), ("staging", "production"), ("people",))
POLICY = parse(
    "[roles]\nshift = ['role:viewer', 'release.halt']\n"
    "[approval.every]\nroles = ['product-owner', 'devops']\n"
    "[approval.production]\nroles = ['product-owner']\nfour_eyes = true\nenvironments = ['production']\n"
    "[features]\nbanned = ['gender']\n[purpose]\ntraining = ['service']\n"
    "[retention]\npredictions = '90 days'\n[budget]\nsearch = '10 min'\nretrain = '1 hour'\n",
    KNOWN,
)
ALL = """
[[example]]
name = "who halts on a night shift does not release"
roles = ["shift"]
verb = "release.start"
expect = "refused"
by = "roles"

[[example]]
roles = ["shift"]
verb = "release.halt"
expect = "allowed"

[[example]]
roles = ["product-owner"]
approves = "release"
environment = "production"
author = true
expect = "refused"
by = "approval.every and production"

[[example]]
roles = ["product-owner"]
approves = "release"
environment = "production"
expect = "allowed"

[[example]]
column = "people.gender"
expect = "refused"
by = "features.banned"

[[example]]
use = "training"
purposes = ["marketing"]
expect = "refused"

[[example]]
keep = "1 year"
expect = "refused"
by = "retention.predictions"

[[example]]
keep = ""
expect = "refused"

[[example]]
search = "20 min"
expect = "refused"
by = "budget.search"
"""


def test_the_examples_of_a_policy_hold_and_what_none_is_about_is_listed() -> None:
    found = judge_all(POLICY, read(ALL, POLICY, KNOWN))
    assert found.well and found.judged[0].name.startswith("who halts")
    assert found.uncovered == ["budget.retrain"]
    assert len(found.covered) == len(POLICY.own) - 1


@pytest.mark.parametrize(
    "text",
    [
        'roles = ["viewer"]\nverb = "release.start"\nexpect = "allowed"',
        'roles = ["product-owner"]\nverb = "release.approve"\nexpect = "refused"',
        'column = "people.gender"\nexpect = "refused"\nby = "budget.search"',
        'roles = ["viewer"]\napproves = "release"\nexpect = "allowed"',
        'roles = ["administrator"]\napproves = "release"\nexpect = "allowed"',
    ],
)
def test_an_example_that_is_answered_otherwise_is_wrong(text: str) -> None:
    found = judge_all(POLICY, read(f"[[example]]\n{text}", POLICY, KNOWN))
    assert not found.well and found.judged[0].expected != found.judged[0].found


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('roles = ["viewr"]\nverb = "release.start"\nexpect = "allowed"', "policy_tests.toml:5"),
        ('verb = "release.begin"\nexpect = "allowed"', "policy_tests.toml:5"),
        ('verb = "release.start"\nexpect = "maybe"', "policy_tests.toml:6"),
        ('verb = "release.start"\nexpected = "allowed"\nexpect = "allowed"', "policy_tests.toml:6"),
        ('column = "people.gender"\nexpect = "refused"\nby = "features.band"', "policy_tests.toml:7"),
        ('verb = "release.start"\ncolumn = "a.b"\nexpect = "allowed"', "policy_tests.toml:4"),
        ('expect = "allowed"', "policy_tests.toml:4"),
        ('approves = "release"\nenvironment = "prod"\nexpect = "allowed"', "policy_tests.toml:6"),
        ('verb = "release.start\nexpect = "allowed"', "policy_tests.toml"),
    ],
)
def test_an_example_that_cannot_be_read_is_an_error_at_its_line(text: str, place: str) -> None:
    before = '[[example]]\nverb = "release.start"\nexpect = "allowed"\n'
    with pytest.raises(ConfigError) as caught:
        read(f"{before}[[example]]\n{text}", POLICY, KNOWN)
    assert caught.value.place == place
