"""What the policy allows at most, and that each refusal names its rule."""

from __future__ import annotations

import pytest

from tests.raised import raised
from tidemill.access.policy.limits import Limits, first
from tidemill.access.policy.read import Known, parse
from tidemill.errors import ConfigError, PolicyRefused

KNOWN = Known(("shop",), ("staging", "production"), ("people", "sales"))
WHOLE = """
[features]
banned = ["gender", "people.postcode"]
[purpose]
training = ["service", "fraud"]
logging = []
[retention]
predictions = "90 days"
[budget]
search = "10 min"
retrain = "2 hours"
every = "week"
"""


def limits() -> Limits:
    return parse(WHOLE, KNOWN).limits


def rules(found: object) -> list[str]:
    return [refusal.rule for refusal in found]  # type: ignore[attr-defined]


def test_a_banned_column_is_banned_in_every_dataset_or_in_its_own() -> None:
    assert rules(limits().columns([("people", "gender"), ("sales", "gender")])) == ["features.banned"] * 2
    assert rules(limits().columns([("people", "postcode"), ("sales", "postcode"), ("sales", "price")])) == [
        "features.banned"
    ]
    with raised(PolicyRefused, "policy.toml [features] banned"):
        first(limits().columns([("people", "gender")]))
    first(limits().columns([("people", "age")]))


def test_data_is_used_only_for_what_its_purpose_allows() -> None:
    assert not rules(limits().purpose("training", "people", ["marketing", "fraud"]))
    assert rules(limits().purpose("training", "people", ["marketing"])) == ["purpose.training"]
    assert rules(limits().purpose("training", "people", [])) == ["purpose.training"], "no purpose said allows nothing"
    assert rules(limits().purpose("logging", "people", ["fraud"])) == ["purpose.logging"], "none is allowed"
    assert not rules(limits().purpose("features", "people", [])), "a use that no rule speaks of is free"


@pytest.mark.parametrize(("keep", "well"), [("90 days", True), ("3 months", True), ("91 days", False), ("", False)])
def test_predictions_are_kept_no_longer(keep: str, well: bool) -> None:
    assert rules(limits().kept(keep)) == ([] if well else ["retention.predictions"])
    assert not rules(Limits().kept(keep))


@pytest.mark.parametrize(
    ("cpu", "span", "well"),
    [("2 hours", "week", True), ("8 hours", "4 weeks", True), ("1 hour", "day", False), ("", "week", False)],
)
def test_retraining_has_no_more_cpu_time(cpu: str, span: str, well: bool) -> None:
    assert rules(limits().retrained("shop", cpu, span)) == ([] if well else ["budget.retrain"])
    assert not rules(Limits().retrained("shop", cpu, span))


def test_a_search_has_no_more_cpu_time() -> None:
    assert not rules(limits().searched("m", "600 s")) and rules(limits().searched("m", "11 min")) == ["budget.search"]


def test_the_rules_of_the_file_are_listed() -> None:
    own = parse(WHOLE + "[roles]\nboss = ['*']\n[approval.all]\nroles = ['boss']\n", KNOWN).own
    limited = ("features.banned", "purpose.training", "purpose.logging", "retention.predictions")
    assert own == ("roles.boss", "approval.all", *limited, "budget.search", "budget.retrain")
    assert parse(None).own == ()


def test_which_statements_a_release_has_to_carry() -> None:
    key = "0" * 64
    policy = parse(
        f'[attestation.fair]\nstatement = "gate"\ngate = "fairness"\nenvironments = ["production"]\n'
        f'[attestation.from]\nstatement = "provenance"\nkeys = ["{key}"]\n',
        KNOWN,
    )
    assert [one.name for one in policy.needs("shop", "production")] == ["fair", "from"]
    assert [(one.name, one.keys) for one in policy.needs("shop", "")] == [("from", frozenset({key}))]


@pytest.mark.parametrize(
    ("text", "place", "hint"),
    [
        ('[attestation.x]\nstatement = "verdict"', "policy.toml:2", True),
        ('[attestation.x]\nstatement = "gate"', "policy.toml:2", True),
        ('[attestation.x]\nstatement = "release"\ngate = "fairness"', "policy.toml:3", True),
        ('[attestation.x]\nstatement = "release"\nkeys = ["mine"]', "policy.toml:3", True),
        ('[features]\nbanned = ["gone.gender"]', "policy.toml:2", True),
        ('[features]\nban = ["gender"]', "policy.toml:2", True),
        ('[purpose]\ntraning = ["x"]', "policy.toml:2", True),
        ('[retention]\npredictions = "long"', "policy.toml:2", True),
        ('[budget]\nretrain = "0 s"', "policy.toml:2", True),
        ('[budget]\nevery = "fortnight"', "policy.toml:2", True),
    ],
)
def test_a_limit_that_cannot_be_read_is_an_error_at_its_line(text: str, place: str, hint: bool) -> None:
    with raised(ConfigError, place, hint=hint):
        parse(text, KNOWN)
