"""policy.toml is decoded strictly, over what comes with Tidemill."""

from __future__ import annotations

import pytest

from tests.raised import raised
from tidemill.access.permissions import EVERYBODY, PERMISSIONS, matching
from tidemill.access.policy.read import Known, parse, shipped
from tidemill.access.policy.rules import Rule
from tidemill.errors import ConfigError
from tidemill.types import DAY

ROLES = (
    "product-owner",
    "data-scientist",
    "data-engineer",
    "software-engineer",
    "devops",
    "ml-engineer",
    "data-protection-officer",
    "viewer",
    "administrator",
)


def test_nine_roles_come_with_it_and_no_permission_is_out_of_reach() -> None:
    policy = parse(None)
    assert set(policy.roles) == set(ROLES) and policy.digest == ""
    given = frozenset().union(*policy.roles.values())
    assert PERMISSIONS.keys() - given == {"replay.clock"}, "that one is a program's"


def test_what_comes_with_it_is_a_policy_of_its_own() -> None:
    assert parse(shipped()).roles == parse(None).roles


def test_a_project_says_what_is_otherwise_by_key() -> None:
    policy = parse('[roles]\nviewer = ["project.read"]\nshift = ["role:viewer", "release.*"]\n')
    assert policy.roles["viewer"] == {"project.read"} | EVERYBODY
    assert policy.roles["shift"] == {"project.read"} | EVERYBODY | matching("release.*")
    assert policy.roles["devops"] > policy.roles["viewer"], "one that is not said is as it came"
    assert policy.digest.startswith("sha256:")


def test_roles_together_may_what_each_may_and_an_unknown_one_nothing() -> None:
    policy = parse(None)
    assert policy.may(("viewer", "devops")) == policy.roles["viewer"] | policy.roles["devops"]
    assert policy.may(("gone",)) == policy.may(()) == EVERYBODY


def test_the_strictest_of_the_rules_that_speak_of_it_counts() -> None:
    known = Known(("shop", "home"), ("staging", "production"))
    policy = parse(
        "[approval.every]\nroles = ['product-owner', 'devops']\n"
        "[approval.production]\nroles = ['product-owner']\nneeded = 2\ndeadline = '2 days'\nenvironments = ['production']\n"
        "[approval.shop]\nroles = ['product-owner', 'viewer']\nfour_eyes = true\nreason = true\nendpoints = ['shop']\n"
        "[approval.hand]\nkind = ['override']\nroles = ['ml-engineer']\n",
        known,
    )
    assert policy.asks("release", "home") == policy.asks("release", "home", "staging"), (
        "records call the first one nothing"
    )
    one = policy.asks("release", "home", "")
    assert one is not None and (one.roles, one.needed, one.four_eyes) == (("product-owner", "devops"), 1, False)
    both = policy.asks("release", "shop", "production")
    place = "policy.toml [approval.every] and policy.toml [approval.production] and policy.toml [approval.shop]"
    assert both == Rule("every and production and shop", ("product-owner",), 2, True, 2 * DAY, True, False, place)
    assert policy.asks("people") is None
    hand = policy.asks("override", "shop", "production")
    assert hand is not None and hand.roles == ("ml-engineer",)


@pytest.mark.parametrize(
    ("text", "place", "hint"),
    [
        ('[roles]\nowner = ["relase.*"]', "policy.toml:2", True),
        ('[roles]\nowner = [\n  "run.start",\n  "run.strat",\n]', "policy.toml:4", True),
        ('[roles]\nowner = ["role:boss"]', "policy.toml:2", True),
        ('[roles]\na = ["role:b"]\nb = ["role:c"]\nc = ["role:a"]', "policy.toml:4", True),
        ('[roles]\na = ["role:a"]', "policy.toml:2", True),
        ('[roles]\n"A B" = ["*"]', "policy.toml:1", True),
        ("[rolls]\n", "policy.toml:1", True),
        ('[approval.x]\nroles = ["boss"]', "policy.toml:2", True),
        ('[approval.x]\nroles = ["viewer"]\nneeded = 0', "policy.toml:3", False),
        ("[approval.x]\nroles = []", "policy.toml:2", True),
        ('[approval.x]\nroles = ["viewer", "viewer"]', "policy.toml:2", True),
        ("[approval.x]\nneeded = 2", "policy.toml:1", False),
        ('[approval.x]\nroles = ["viewer"]\nkind = ["relase"]', "policy.toml:3", True),
        ('[approval.x]\nroles = ["viewer"]\nendpoints = ["shp"]', "policy.toml:3", True),
        ('[approval.x]\nroles = ["viewer"]\ndeadline = "soon"', "policy.toml:3", True),
        ('[approval.x]\nroles = ["viewer"]\nfour_eye = true', "policy.toml:3", True),
        ('[approval.a]\nroles = ["viewer"]\n[approval.b]\nroles = ["devops"]', "policy.toml:4", True),
        ('[roles]\nviewer = ["project.read"', "policy.toml", True),
        ("a = " + "[" * 5_000, "policy.toml", False),
    ],
)
def test_what_is_not_understood_is_an_error_at_its_line(text: str, place: str, hint: bool) -> None:
    with raised(ConfigError, place, hint=hint):
        parse(text, Known(("shop",), ("production",)))


@pytest.mark.parametrize("keep", range(1, 12))
def test_a_file_that_is_cut_never_says_less_than_it_did(keep: int) -> None:
    """Cut in the middle of a rule it is refused; cut between rules it is another policy, whose digest shows it."""
    whole = '[approval.production]\nroles = ["product-owner"]\nneeded = 2\nfour_eyes = true\n'
    cut = whole[: len(whole) * keep // 12]
    try:
        found = parse(cut).digest
    except ConfigError:
        found = ""
    assert found != parse(whole).digest
