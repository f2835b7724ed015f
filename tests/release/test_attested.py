"""What the policy asks for by [attestation] a release carries, signed by the keys meant, or no scorer loads it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.raised import raised
from tests.release.made import TOML, add_model, hold, sign
from tidemill.errors import NotAttested
from tidemill.ops import policy as verbs
from tidemill.release.signing.attested import check_policy, unattested
from tidemill.release.signing.signer import FileSigner
from tidemill.release.signing.trust import keyid, public_keys
from tidemill.release.signing.unfit import why_unfit


@pytest.fixture
def project(make):
    return make(TOML, "bank")


@pytest.fixture
def release(project):
    FileSigner(project.keys_dir, project.state)
    return hold(project, add_model(project, 1), "release_1")


def asks(project, text):
    (project.root / "policy.toml").write_text(f"[attestation.needed]\n{text}\n")


PLACE = "policy.toml [attestation.needed]"


@pytest.mark.parametrize(
    "text",
    [
        'statement = "gate"\ngate = "refit"',
        'statement = "release"',
        'statement = "release"\nenvironments = ["production"]',
    ],
)
def test_one_that_carries_it_is_loaded(project, release, text):
    asks(project, text)
    check_policy(project, release, public_keys(project))
    assert why_unfit(project, release) == "" and unattested(project, release) is None


@pytest.mark.parametrize(
    "text",
    [
        'statement = "gate"\ngate = "fairness"',
        'statement = "provenance"',
        'statement = "approval"',
        f'statement = "release"\nkeys = ["{"0" * 64}"]',
    ],
)
def test_one_that_does_not_is_loaded_by_nobody_and_the_rule_is_named(project, release, text):
    asks(project, text)
    with raised(NotAttested, PLACE, reason="missing"):
        check_policy(project, release, public_keys(project))
    assert PLACE in why_unfit(project, release)


def test_it_has_to_be_signed_by_the_key_that_is_meant(project, release):
    keys = public_keys(project)
    asks(project, f'statement = "release"\nkeys = ["{keyid(keys.gate)}"]')
    check_policy(project, release, keys)
    asks(project, f'statement = "release"\nkeys = ["{keyid(keys.approval)}"]')
    with raised(NotAttested, PLACE, reason="missing"):
        check_policy(project, release, keys)
    assert verbs.check(project).lacks == [], "the key is known: another release may carry it"


def test_a_gate_that_did_not_pass_is_no_statement_that_it_did(project, release):
    model = project.store.models.get(release.model)
    refused = [("refit", "quality", True), ("fairness", "quality", False), ("infrastructure", "infrastructure", True)]
    other = replace(release, attestations=sign(project, model, release.id, refused))
    asks(project, 'statement = "gate"\ngate = "fairness"')
    with raised(NotAttested, PLACE, reason="missing"):
        check_policy(project, other, public_keys(project))


def test_a_champion_that_no_scorer_would_load_is_said(project, release):
    project.store.releases.promote(release.id, project.clock.now())
    asks(project, 'statement = "provenance"')
    (lack,) = verbs.troubles(project)
    assert lack.place == PLACE and release.model in lack.message


def test_where_nobody_can_read_the_policy_nothing_is_loaded(project, release):
    (project.root / "policy.toml").write_text("[attestation")
    with raised(NotAttested, "policy.toml"):
        check_policy(project, release, public_keys(project))
