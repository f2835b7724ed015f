"""The port of a task: all that the rest of Tidemill asks of a kind of answer. Stdlib and msgspec only.

Two sides, loaded apart. `Task` is what configuration, serving, feedback and monitoring ask; each folder of tasks lists its
own in ``serving.py``, which imports numpy at most. `tidemill.learning.trainer.Training` is what the model pipeline and the
gates ask: `TRAINING` in ``training.py`` of the folder, with polars, scipy and the rest. `tidemill.tasks.table` finds both.
`tidemill.testing.tasks` is the suite that every task must pass.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from operator import attrgetter
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple

import msgspec
from msgspec.structs import replace

from tidemill.config.sections import CostsSection, FeatureConfig
from tidemill.learning.labelled import OutcomeScorer
from tidemill.store.artifacts.codecs import Bundle
from tidemill.store.records import OnlineEvent, Outcome, Prediction
from tidemill.types import JsonObject, Micros

if TYPE_CHECKING:
    from tidemill.features.online import History

LARGEST = 1e9
"""An outcome's value beyond this is a mistake or an attack: one subject must not outweigh everybody."""
NEVER_SEEN = "never seen"
"""The flag of a category that no row had from which the model learned: it is answered as if it were missing."""
ITEMS_KNOWN = "items known"
"""The attribute of a recommender's request that says how many items its subject's history has."""
LONGEST_TIMEOUT = 600_000
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=256)]
Part = Name | int | Annotated[float, msgspec.Meta(ge=-LARGEST, le=LARGEST)] | bool
"""One value of a key that is told by its columns."""
Amount = Annotated[float, msgspec.Meta(ge=-LARGEST, le=LARGEST)]
Spell = Callable[[str, str, str], str]
"""(role, name, place in the request) → the name as the dataset's rows spell it."""


class Request(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What every request may say: who asks, and a ``key`` that names it. The same key again gets the stored answer.

    ``explain``: what the answer is made of is told, too.
    """

    subject: Name | None = None
    key: Name | None = None
    explain: bool = False
    timeout: Annotated[int, msgspec.Meta(ge=1, le=LONGEST_TIMEOUT)] | None = None
    """Milliseconds in which it is answered, or refused; the header ``Deadline`` says the same."""

    @property
    def keys_said(self) -> int:
        """So many different keys its JSON has at least: one that says what saying nothing means is not counted."""
        values, defaults = _values(type(self))
        said = [value for value, default in zip(values(self), defaults) if value != default]
        return len(said) + sum([len(value) for value in said if type(value) is dict])

    def kept(self) -> JsonObject:
        """What is written down of the question, beside subject and key."""
        return {name: getattr(self, name) for name in _own(type(self))}

    def spelled(self, name: Spell) -> Request:
        """With its names as the dataset's rows spell them. Raises what ``name`` raises."""
        if self.subject is None:
            return self
        subject = name("subject", self.subject, "$.subject")
        return self if subject == self.subject else replace(self, subject=subject)

    def nobodys(self) -> Request:
        """The same of nobody: nothing that it says of its subject is left."""
        return replace(self, subject=None)

    @property
    def is_open(self) -> bool:
        """Whether it names its subject alone, and leaves what is asked about it to be looked up."""
        return False

    def about(self, inputs: JsonObject, as_of: str) -> Request:
        """One that `is_open` with what is known of its subject, as of a moment (ISO 8601). Raises BadRequest where it says another."""
        raise NotImplementedError


@cache
def _values(kind: type[Request]) -> tuple[Callable[[Request], tuple[Any, ...]], tuple[Any, ...]]:
    """What gives the values of all fields, and what each has by default."""
    fields, none = msgspec.structs.fields(kind), msgspec.NODEFAULT
    defaults = tuple(f.default if f.default_factory is none else f.default_factory() for f in fields)
    return attrgetter(*(f.name for f in fields)), defaults


@cache
def _own(kind: type[Request]) -> tuple[str, ...]:
    """The fields that not every request has."""
    return tuple(name for name in kind.__struct_fields__ if name not in Request.__struct_fields__)


class OutcomeBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What every outcome says: its own ``key``, when it happened (read as a file's time is), and the prediction or the subject that
    it belongs to.

    The key is one text, or the values of the columns that are the key of the dataset's rows: then a row of a file that has
    the same is the same event.
    """

    key: Name | Annotated[dict[Name, Part], msgspec.Meta(min_length=1, max_length=32)]
    at: Annotated[str, msgspec.Meta(max_length=40)] | int | float
    subject: Name | None = None
    prediction_id: Name | None = None
    endpoint: Name | None = None  # where there are several, and no prediction is named

    def outcome(self, key: str, at: Micros, received: Micros) -> Outcome:
        """As it is kept. ``key``: the one text that `key` says; ``at``: the moment that `at` says."""
        raise NotImplementedError


class Answered(NamedTuple):
    """A model's answer: a JSON object of finite numbers and texts; ``cold``: nothing was known of the subject.

    ``flags``: by input what is strange about its value, which stands in the output, too.
    """

    output: JsonObject
    cold: bool
    flags: Mapping[str, str] = {}


class Plain(NamedTuple):
    """Many rows answered at once: which of them, and their answers by column. What is the same for all is there once; ``probabilities``
    are by label.
    """

    rows: Any
    """A truth value a row."""
    told: Mapping[str, Any]
    """An array or a list as long as there are such rows, a number, or a mapping of arrays."""


LONGEST = 60
"""Characters of a name or a value in a sentence."""


def one_line(text: str) -> str:
    """What somebody wrote, as one short line: nothing in it steers a terminal or turns the reading round.

    >>> one_line("\\x1b[31mred\\n\\u202e")
    ' [31mred  '
    """
    text = "".join(letter if letter.isprintable() else " " for letter in text)
    return text if len(text) <= LONGEST else text[:LONGEST] + "…"


def plain(number: float) -> str:
    """As people write it: without an exponent, where that can be read.

    >>> plain(2500.0), plain(0.12345678), plain(1_234_567), plain(2.5e6)
    ('2500', '0.123457', '1234567', '2500000')
    """
    size = abs(number)
    return f"{number:.0f}" if 1e5 < size < 1e15 else f"{number:.6g}" if size < 1e15 else f"{number:.3g}"


MOST = 32
"""So many contributions of an answer are told and kept; what the others add up to is one number."""
EXPLAINED = 20
"""So many parts of an answer (the items of a list) are explained, the first ones."""


class Question(NamedTuple):
    """What was asked and answered, and is to be explained."""

    request: Request
    history: History
    at: Micros
    watermark: int
    output: JsonObject
    until: float = math.inf
    """The moment (of `time.monotonic`) by which what has to be sampled is sampled."""
    samples: int = 0
    """So many samples and no other: those of an explanation that is made again."""


Unit = Literal["value", "log value", "log(1 + value)", "log-odds", "probability", "score"]


class Contribution(msgspec.Struct, frozen=True, omit_defaults=True):
    """How much something moved the score. ``error``: the standard error of one that is sampled; ``at``: of an item of the history
    when the subject had it last.
    """

    what: str
    value: float
    kind: Literal["input", "history", "part"] = msgspec.field(default="input")
    error: float = 0.0
    at: str = ""


class Became(msgspec.Struct, frozen=True):
    """What a step made of the score."""

    step: str
    value: float


class Reason(msgspec.Struct, frozen=True, omit_defaults=True):
    """Why a part of the answer has its score: ``base`` and all contributions add up to ``score``, off by ``error`` at most.

    ``contributions``: the greatest first; ``then``: what becomes of the score, up to the number that is answered.
    """

    answer: str
    score: float
    base: float
    contributions: tuple[Contribution, ...]
    error: float
    then: tuple[Became, ...] = ()


class Explanation(msgspec.Struct, frozen=True, omit_defaults=True):
    """What an answer is made of. ``unit``: the scale on which contributions add up; ``why``: of none why there is none."""

    method: str
    unit: Unit
    reasons: tuple[Reason, ...]
    why: str = ""
    samples: int = 0


def unexplained(scorer: Any, question: Question) -> Explanation:
    """Of a scorer that does not say what its answers are made of."""
    return Explanation("none", "score", (), "the model does not say what its answers are made of")


@dataclass(frozen=True, slots=True)
class Want:
    """Another answer: this label, or a value that is no less, or no more, than this. Nothing said: of two labels the other one."""

    label: str | None = None
    at_least: float | None = None
    at_most: float | None = None

    @property
    def text(self) -> str:
        if self.label is not None:
            return self.label
        return (
            f"at least {plain(self.at_least)}" if self.at_least is not None else f"at most {plain(self.at_most or 0)}"
        )


class Explained(NamedTuple):
    """Why: for each part of the answer its score and the weight of each row of the history; and whether it holds again."""

    reasons: Sequence[tuple[str, float, Sequence[float]]]
    verified: JsonObject


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
    """What the contract of its rows must name; each is one of `tidemill.data.contract.odcs.ROLES`."""
    watched: tuple[str, ...]
    """Roles that monitoring watches by what is new in them, not by value: subject, item, and value (whose sign tells what counts)."""
    history: bool
    """Whether outcomes become part of the subject's history."""
    request: type[Request]
    reply: type[msgspec.Struct]
    """What an answer's JSON object is."""
    outcome: type[OutcomeBody]
    scorers: Mapping[str, Callable[[Bundle], Any]]
    """By the name in a bundle's manifest: how its scorer is loaded. Raises ModelError, Damaged."""
    answer: Callable[[Any, Any, History, Micros, int], Answered]
    """(scorer, request, history, at, watermark) → the answer. Raises BadRequest, ModelError."""
    explain: Callable[[Any, Prediction, JsonObject, Sequence[OnlineEvent]], Explained]
    """(scorer, prediction, its answer, the history it saw) → which rows weigh, and whether it answers so again."""
    outcome_scorer: Callable[[str, CostsSection | None], OutcomeScorer]
    """By the configured metric, which may be empty, and what a wrong label costs."""
    labels: Callable[[Any], list[str] | None]
    """(scorer) → the labels that it can answer with, where it answers with labels."""
    catalogue: Callable[[Any], Container[str]]
    """(scorer) → the items that it can answer with, where it answers with items."""
    unsupported: Callable[[FeatureConfig], str | None]
    """What to write instead of a declared feature that no model of this task would read."""
    learners: tuple[str, ...] = ()
    """What ``[model] learners`` may name."""
    moves_outcomes: bool = False
    """Whether what is shown is held to move what happens then, where ``[model]`` does not say: no pairs are made of live requests."""
    targets: tuple[str, ...] = ()
    """Types of columns that it can learn to say, where it learns from a label."""
    intervals: bool = False
    """Whether its answers are values that an interval may go with: ``[model] interval``."""
    costs: bool = False
    """Whether its answers are labels, of which a wrong one may have a cost."""
    asked: Callable[[JsonObject], Mapping[str, Any]] | None = None
    """(what is kept of a question) → the dataset's columns as they were asked, to be watched beside those it was trained on."""
    contributions: Callable[[Any, Question], Explanation] = unexplained
    """(scorer, what was asked and answered) → what the answer is made of. Raises ModelError."""
    sentence: Callable[[Any, Question, Reason, Mapping[str, str]], str] = lambda scorer, question, reason, names: ""
    """(scorer, …, one part of it, what the columns are called) → the reason as a person whom it concerns is told."""
    otherwise: Callable[[Any, Request, Want, Mapping[str, str]], JsonObject] | None = None
    """(scorer, what was asked, what is wanted, what the columns are called) → what would have to change. Raises BadRequest, ModelError."""
    usual: Callable[[Any, Sequence[JsonObject]], JsonObject | None] = lambda scorer, lately: None
    """(scorer, answers of lately) → what is answered where the model cannot be; None where that cannot be told."""
    instead: Callable[[JsonObject, Any], JsonObject] = lambda usual, request: usual
    """(what is usual, request) → the answer to it."""
    columns: Callable[[Any, Mapping[str, Any], int], Plain | None] | None = None
    """(scorer, columns of inputs by name, how many rows) → the answers to those that need no word of their own, as `answer` gives them."""
    ranked: Callable[[Any, Any, History, Micros, int], Any] | None = None
    """Of a recommender: as `answer`, all that the model can offer (`tidemill.tasks.ranking.ranked.Ranked`), for rules that come after it."""
    usual_ranked: Callable[[JsonObject, Any], Any] | None = None
    """(what is usual, request) → the same of that."""
    said: Callable[[JsonObject], Mapping[str, Any]] | None = None
    """(an answer) → what is watched of it, by name: numbers, texts, truth values; a ``probability`` lies in [0, 1]."""
