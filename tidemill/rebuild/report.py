"""What came of a rebuild: plain values, as they are signed. Serving reads these: it imports nothing of a training."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from tidemill.types import JsonObject

VERIFY = "verify"
"""The pipeline."""
KIND = "urn:tidemill:rebuild:v1"
"""What its signed statement is."""
Same = Literal["identical", "same_answers", "different"]
Verdict = Literal["identical", "same_answers", "different", "not_possible", "redacted"]
PASSES: tuple[Verdict, ...] = ("identical", "same_answers")
ENVIRONMENTS = ("same", "fresh")


@dataclass(frozen=True)
class Seen:
    """One dataset version. ``wrong``: what is not as it was, in words; ``since``: the first version in which it is."""

    dataset: str  # a ref
    digest: str
    files: int
    wrong: str = ""
    since: str = ""


@dataclass(frozen=True)
class Pin:
    """One library. ``here`` is empty where it is not installed, ``recorded`` where nothing was."""

    name: str
    recorded: str
    here: str

    def __str__(self) -> str:
        return f"{self.name} {self.recorded or '(not recorded)'}, here {self.here or 'not installed'}"


@dataclass(frozen=True)
class StepHeld:
    """One step in both runs: whether its outputs are the same bytes, and what of its fingerprint differs."""

    step: str
    same: bool
    recorded: str  # the digest of its first output
    rebuilt: str
    differs: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Held:
    """``first``: the first step whose outputs differ. ``most``: the greatest difference of an answer, of ``answers`` of them, where bytes
    differ; -1 where it has no number."""

    verdict: Same
    steps: list[StepHeld]
    metrics: dict[str, list[Any]]  # those that differ: as recorded, as rebuilt
    bundle: list[str]
    evaluation_bundle: list[str]
    first: str = ""
    most: float = 0.0
    answers: int = 0


@dataclass(frozen=True)
class Why:
    """Why a version cannot be built again. ``code``: redacted | record | code | data | pins | failed."""

    code: str
    said: str
    hint: str = ""


@dataclass(frozen=True)
class Verified:
    """What came of one rebuild. ``held``: nothing where it was not possible."""

    model: str
    verdict: Verdict
    why: list[Why]
    held: Held | None
    data: list[Seen]
    pins: list[Pin]
    pinned: int  # libraries that were held against the record
    environment: str
    code: JsonObject
    seed: int
    seconds: float
    notes: list[str] = field(default_factory=list)

    @property
    def passes(self) -> bool:
        return self.verdict in PASSES
