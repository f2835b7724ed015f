"""The sections of policy.toml as frozen records: what each key is, and what it is when nobody says it."""

from __future__ import annotations

from typing import Annotated

import msgspec

from tidemill.config.sections import Section

Words = tuple[str, ...]
KINDS = ("release", "promotion", "override", "erasure", "people")
"""What people may be asked about."""
USES = ("training", "features", "logging")
"""What data is used for."""
CLASSES = ("predictions", "quarantine", "audit")


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


class PolicyFile(Section, frozen=True):
    """What policy.toml may say."""

    roles: dict[str, Words] = msgspec.field(default_factory=dict)
    approval: dict[str, ApprovalSection] = msgspec.field(default_factory=dict)
