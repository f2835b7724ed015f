"""A policy that nobody could satisfy is said, and by which rule."""

from __future__ import annotations

import pytest

from tidemill.access.policy.read import Known, parse
from tidemill.access.policy.satisfied import Person, unsatisfiable
from tidemill.store.people import Principal

KNOWN = Known(("shop",), ("staging", "production"))
OWNER, BOSS = ("product-owner",), ("product-owner", "ml-engineer")


def person(id: str, *roles: str, key: bool = False) -> Person:
    return Person(id, frozenset(roles), key)


def lacking(text: str, *people: Person, keys: tuple[str, ...] = ()) -> list[str]:
    return [one.rule for one in unsatisfiable(parse(text, KNOWN), KNOWN, people, keys)]


ONE = '[approval.one]\nroles = ["product-owner"]\n'
ANN, BOB = person("ann", "product-owner"), person("bob", "product-owner", "ml-engineer")
CAL = person("cal", "ml-engineer")


@pytest.mark.parametrize(
    ("more", "people", "well"),
    [
        ("", (ANN,), True),
        ("", (CAL,), False),
        ("", (), True),
        ("needed = 2", (ANN, CAL), False),
        ("needed = 2", (ANN, BOB), True),
        ("needed = 2", (), False),
        ("four_eyes = true", (BOB,), False),
        ("four_eyes = true", (BOB, CAL), True),
        ("four_eyes = true", (ANN,), True),
        ("four_eyes = true\nneeded = 2", (ANN, BOB), False),
        ("four_eyes = true\nneeded = 2", (ANN, BOB, CAL), True),
        ("four_eyes = true", (), False),
        ("own_key = true", (ANN,), False),
        ("own_key = true", (person("ann", "product-owner", key=True),), True),
    ],
)
def test_a_rule_needs_people_enough_in_its_roles(more: str, people: tuple[Person, ...], well: bool) -> None:
    """Of four eyes: who may start a release counts as its author; where nobody may, it is the loop."""
    assert lacking(ONE + more, *people) == ([] if well else ["approval.one"])


def test_a_role_that_may_not_say_yes_is_nobody() -> None:
    assert lacking('[approval.x]\nroles = ["viewer"]', person("vic", "viewer")) == ["approval.x"]


def test_rules_that_speak_of_the_same_are_asked_together() -> None:
    text = ONE + '[approval.two]\nroles = ["product-owner"]\nneeded = 2\nenvironments = ["production"]\n'
    assert lacking(text, ANN) == ["approval.one and two"], "staging alone asks for one"


def test_a_statement_by_a_key_that_nobody_has() -> None:
    text = f'[attestation.built]\nstatement = "provenance"\nkeys = ["{"0" * 64}"]\n'
    assert lacking(text) == ["attestation.built"] and lacking(text, keys=("0" * 64,)) == []
    assert lacking('[attestation.any]\nstatement = "provenance"\n') == []


def test_only_people_who_are_enabled_count() -> None:
    made = [
        Principal("p_1", "ann", "person", OWNER, 0),
        Principal("p_2", "bot", "program", OWNER, 0, owner="p_1"),
        Principal("p_3", "old", "person", OWNER, 0, disabled=1),
    ]
    assert [one.id for one in Person.among(made)] == ["p_1"]
