"""The sections of policy.toml as frozen records: what each key is, and what it is when nobody says it."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from tidemill.config.sections import Section

Words = tuple[str, ...]
KINDS = ("release", "promotion", "override", "erasure", "contest")
"""What people may be asked about."""
USES = ("training", "features", "logging")
"""What data is used for."""


class ApprovalSection(Section, frozen=True):
    """``[approval.NAME]``: who is asked about what. No endpoint or environment said: all of them."""

    roles: Words
    kind: Words = ("release",)
    endpoints: Words = ()
    environments: Words = ()
    needed: Annotated[int, msgspec.Meta(ge=1, le=100)] = 1
    four_eyes: bool = False  # nobody who wants it done counts
    deadline: str = ""  # unanswered for so long it is expired
    reason: bool = False  # a yes says why
    own_key: bool = False  # only what is signed by the voter's own key counts


class AttestationSection(Section, frozen=True):
    """``[attestation.NAME]``: which signed statement a release has to carry before a scorer loads it, and by whose key it is signed."""

    statement: Literal["gate", "provenance", "release", "approval", "override"]
    gate: str = ""  # of a gate's verdict: which gate
    keys: Words = ()  # their fingerprints (key ids); none said: any key that the project trusts
    endpoints: Words = ()
    environments: Words = ()


class FeaturesSection(Section, frozen=True):
    """``[features]``: columns that no model may learn from: COLUMN of any dataset, or DATASET.COLUMN."""

    banned: Words = ()


class PurposeSection(Section, frozen=True):
    """``[purpose]``: for each use the purposes of data, as contracts say them, that allow it; a use that is not said is free."""

    training: Words | None = None
    features: Words | None = None
    logging: Words | None = None


class RetentionSection(Section, frozen=True):
    """``[retention]``: how long something is kept at most."""

    predictions: str = ""  # what was asked and answered: [serve] keep


class BudgetSection(Section, frozen=True):
    """``[budget]``: how much CPU time may be spent at most."""

    search: str = ""  # of one search: [model.NAME] search
    retrain: str = ""  # of all retraining of an endpoint, in each ``every``: [retrain] budget
    every: str = "week"


class PolicyFile(Section, frozen=True):
    """What policy.toml may say."""

    roles: dict[str, Words] = msgspec.field(default_factory=dict)
    approval: dict[str, ApprovalSection] = msgspec.field(default_factory=dict)
    attestation: dict[str, AttestationSection] = msgspec.field(default_factory=dict)
    features: FeaturesSection = FeaturesSection()
    purpose: PurposeSection = PurposeSection()
    retention: RetentionSection = RetentionSection()
    budget: BudgetSection = BudgetSection()
