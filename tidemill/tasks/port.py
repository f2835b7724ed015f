"""The port of a task: all that the rest of Tidemill asks of a kind of answer. Stdlib and msgspec only.

Two sides, loaded apart. `Task` is what configuration, serving, feedback and monitoring ask; each folder of tasks lists its
own in ``serving.py``, which imports numpy at most. `Training` is what the model pipeline and the gates ask: the module
``training.py`` of the folder, with polars, scipy and the rest. `tidemill.tasks.table` finds both by the task's name.
`tidemill.testing.tasks` is the suite that every task must pass.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, Protocol

import msgspec

from tidemill.config import FeatureConfig
from tidemill.learning.labelled import OutcomeScorer
from tidemill.store.artifacts.codecs import Bundle
from tidemill.store.records import OnlineEvent, Outcome, Prediction
from tidemill.types import JsonObject, Micros

if TYPE_CHECKING:
    import polars as pl

    from tidemill.data.contract.contract import Contract
    from tidemill.features.online import History
    from tidemill.features.views import View
    from tidemill.learning.trainer import Settings, Trainer

LARGEST = 1e9
"""An outcome's value beyond this is a mistake or an attack: one subject must not outweigh everybody."""
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=256)]
Amount = Annotated[float, msgspec.Meta(ge=-LARGEST, le=LARGEST)]


class Request(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What every request may say: who asks, and a ``key`` that names it. The same key again gets the stored answer."""

    subject: Name | None = None
    key: Name | None = None

    def kept(self) -> JsonObject:
        """What is written down of the question, beside subject and key."""
        raise NotImplementedError


class OutcomeBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What every outcome says: its own ``key``, when it happened, and the prediction or the subject that it belongs to."""

    key: Name
    at: Annotated[str, msgspec.Meta(max_length=40)]
    subject: Name | None = None
    prediction_id: Name | None = None

    def outcome(self, at: Micros, received: Micros) -> Outcome:
        """As it is kept. ``at``: the moment that `at` says."""
        raise NotImplementedError


class Answered(NamedTuple):
    """A model's answer: a JSON object of finite numbers and texts; ``cold``: nothing was known of the subject."""

    output: JsonObject
    cold: bool


class Explained(NamedTuple):
    """Why: for each part of the answer its score and the weight of each row of the history; and whether it holds again."""

    reasons: Sequence[tuple[str, float, Sequence[float]]]
    verified: JsonObject


class Unsupported(NamedTuple):
    """A declared feature that no model of this task would read, in words, and what to write instead."""

    what: str
    hint: str


@dataclass(frozen=True, slots=True)
class Task:
    """A kind of answer, as ``[model] task`` names it (``steps`` is the name of every ``steps:NAME``)."""

    name: str
    kind: str
    """In words, with its article: ``a recommender``."""
    metrics: tuple[str, ...]
    """What ``metric`` may name; the first is the default."""
    baselines: tuple[str, ...]
    """What the baseline gate may name."""
    roles: tuple[str, ...]
    """What the contract of its rows must name."""
    history: bool
    """Whether outcomes become part of the subject's history."""
    request: type[Request]
    outcome: type[OutcomeBody]
    scorers: Mapping[str, Callable[[Bundle], Any]]
    """By the name in a bundle's manifest: how its scorer is loaded. Raises ModelError, Damaged."""
    answer: Callable[[Any, Any, History, Micros, int], Answered]
    """(scorer, request, history, at, watermark) → the answer. Raises BadRequest, ModelError."""
    explain: Callable[[Any, Prediction, JsonObject, Sequence[OnlineEvent]], Explained]
    """(scorer, prediction, its answer, the history it saw) → why."""
    outcome_scorer: Callable[[str], OutcomeScorer]
    """By the configured metric, which may be empty."""
    labels: Callable[[Any], list[str] | None]
    """(scorer) → the labels that it can answer with, where it answers with labels."""
    unsupported: Callable[[str, FeatureConfig], Unsupported | None]
    """Why a declared feature would not be read, or None."""


class Questions(Protocol):
    """Requests from a test window for the real server, and what the offline scorer answers to them."""

    def requests(self) -> list[JsonObject]:
        """As the scoring route takes them, at most `MOST`; ``at`` and ``watermark`` where the moment matters."""
        ...

    def answers(self, bundle: Bundle, requests: list[JsonObject]) -> list[JsonObject]:
        """What the bundle answers here; ``fewest``: so many items there must be at least."""
        ...


class Training(Protocol):
    """The module ``training.py`` of a folder of tasks."""

    TIME: str
    """The column of `rows` that holds each row's moment in µs."""

    def details(self, contract: Contract, views: Sequence[View], root: Path, task: str) -> JsonObject:
        """What `Settings.details` holds for this task. Raises ConfigError."""
        ...

    def rows(self, frame: pl.LazyFrame, contract: Contract, views: Sequence[View]) -> pl.DataFrame:
        """The dataset's rows as the trainer needs them, for the artifact between steps. Raises ContractError."""
        ...

    def open_trainer(self, rows: pl.DataFrame, settings: Settings) -> Trainer:
        """The trainer of what `rows` gave."""
        ...


MOST = 60
"""How many requests of the test window the real server is asked, a round."""


def spread(n: int) -> list[int]:
    """At most `MOST` places from all over n.

    >>> spread(3), len(spread(1000)), spread(1000)[-1], spread(0)
    ([0, 1, 2], 60, 999, [])
    """
    few = min(n, MOST)
    return sorted({round(place * (n - 1) / max(few - 1, 1)) for place in range(few)})
