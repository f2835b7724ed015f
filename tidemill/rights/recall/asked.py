"""What came of a recall: plain values, which serving reads, too."""

from __future__ import annotations

import msgspec

from tidemill.rights.recall.named import What
from tidemill.rights.recall.standing import Standing
from tidemill.types import JsonObject, Micros

RECALL = "recall"
"""The name of its pipeline."""


class Span(msgspec.Struct, frozen=True):
    """Answers of an endpoint, ``since <= at < until``: so many as one step asks again."""

    endpoint: str
    environment: str
    since: Micros
    until: Micros


class Changed(msgspec.Struct, frozen=True):
    """An answer that is another without it. It names nobody: whose it is stands in the log, for as long as it stands there.

    ``by``: what alone moves it (model, history, inputs; none where only several together do); ``shown``: what it says is another, and
    not its numbers alone.
    """

    id: str
    endpoint: str
    environment: str
    model: str
    release: str
    by: list[str]
    shown: bool


class Recalled(msgspec.Struct, frozen=True):
    """What stands on ``what``, and of ``answers`` given before ``until`` those that it changed.

    ``unknown``: why of how many answers that cannot be told; ``models``: of each version on it whether it can be built again, and how many
    answers it gave; ``forgotten``: people who were taken out of the project since it came, whose answers are in no log.
    """

    what: What
    until: Micros
    standing: Standing
    answers: int
    changed: list[Changed]
    unknown: dict[str, int]
    models: list[JsonObject]
    forgotten: int = 0

    @property
    def shown(self) -> int:
        """Answers that said something else."""
        return sum(one.shown for one in self.changed)

    @property
    def by(self) -> dict[str, int]:
        """By cause the changed answers; those that only several causes together move are "together"."""
        found: dict[str, int] = {}
        for one in self.changed:
            for name in one.by or ["together"]:
                found[name] = found.get(name, 0) + 1
        return found
