"""The answers to one partition: rows that need no word of their own by vectors, every other row as the server answers it.

One code path: the same variants by the same hash, the same flags, refusals and fallbacks (`tidemill.serve.predictor.Predictor`).
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
import numpy as np
import polars as pl
from numpy.typing import NDArray

from tidemill.config.network import history_bytes
from tidemill.data.contract.contract import load_contract
from tidemill.errors import BadRequest, ModelError, TidemillError
from tidemill.features.items import begun
from tidemill.release.variants import UNASKED
from tidemill.serve.batch.columns import as_given
from tidemill.serve.batch.given import BROKEN, columns_of
from tidemill.serve.bodies import predict_body
from tidemill.serve.histories import Histories
from tidemill.serve.metrics import Metrics
from tidemill.serve.predictor import Answer, Predictor
from tidemill.serve.served import Loaded
from tidemill.store.batched import row_ids
from tidemill.tasks.port import Plain, Question, Request
from tidemill.types import JsonObject, Micros

if TYPE_CHECKING:
    from tidemill.scope.project import Endpoint

HELD = 1_000
"""Subjects whose histories are read at a time."""
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True)
class Asking:
    """How the rows of a batch are asked about. ``as_of``: when their inputs were made, where they are of entities."""

    endpoint: str
    at: Micros
    k: int = 20
    explain: bool = False
    as_of: str = ""


class Who(NamedTuple):
    """Who answers, as what, and how likely that was."""

    loaded: Loaded
    arm: str
    propensity: float

    @property
    def said(self) -> Said:
        return Said(self.loaded.release.model, self.loaded.release.id, self.arm, self.propensity)


class Said(NamedTuple):
    """Who answered, as it is kept."""

    model: str
    release: str
    arm: str
    propensity: float


@dataclass(frozen=True)
class One:
    """What became of a row that was asked alone."""

    row: int
    subject: str
    inputs: bytes
    answer: Answer
    explained: bytes = b""

    @property
    def said(self) -> Said:
        release = self.answer.by.release
        return Said(release.model, release.id, self.answer.arm, self.answer.propensity)


@dataclass
class Answers:
    """What became of a partition's rows."""

    frame: pl.DataFrame
    subjects: Sequence[str] | None
    ids: Sequence[str]
    fast: list[tuple[Who, NDArray[Any], Plain]] = field(default_factory=list)
    """By variant: who answered, the rows, and what was said."""
    slow: list[One] = field(default_factory=list)
    errors: dict[int, str] = field(default_factory=dict)
    watermark: int = 0
    inputs: Sequence[str] = ()
    keys: Sequence[str] | None = None
    given: dict[str, Any] = field(default_factory=dict)
    """The columns as models take them."""


class Answerer:
    """Answers partitions of one endpoint by what is released now. Raises NoModel where nothing is."""

    def __init__(self, scope: Endpoint) -> None:
        project = scope.project
        most = history_bytes(project.reached.history)
        self._scope, self._histories = scope, Histories(project.live, most, items=begun(project))
        self.predictor = Predictor(scope, Metrics(), self._histories)
        self.predictor.take_rules(scope)
        self.follow()

    @property
    def loaded(self) -> list[Loaded]:
        return list(self.predictor.served.variants.values())

    def follow(self) -> None:
        """Answer by what is released by now. Raises NoModel."""
        self.predictor.refresh()
        self.predictor.limits.bring_now()
        self.predictor.first("")

    @property
    def asks(self) -> tuple[str, ...] | None:
        """The columns that rows of a table are asked by; None of a recommender."""
        names = [one.scorer.names for one in self.loaded if hasattr(one.scorer, "names")]
        return tuple(sorted(set().union(*names))) if "inputs" in self._request.__struct_fields__ else None

    @property
    def _alike(self) -> bool:
        """Whether all variants ask the same columns. Where they do not, each row is asked for its own variant's."""
        return len({one.scorer.names for one in self.loaded if hasattr(one.scorer, "names")}) < 2

    @property
    def _numbers(self) -> set[str]:
        """Inputs that are numbers, written as 1234.5."""
        slots = [slot for one in self.loaded if hasattr(one.scorer, "slots") for slot in one.scorer.slots]
        return {name for name, column, *_ in slots if column.kind in ("number", "integer") and not column.digits}

    @property
    def _request(self) -> type[Request]:
        return self.predictor.task.request

    def answers(self, frame: pl.DataFrame, text: bool, part: str, asking: Asking) -> Answers:
        """What is said to each row. ``part``: the partition's name; ``text``: the columns are as in a file of text."""
        n = frame.height
        subject = self._subject_column(frame)
        subjects = None if subject is None else [_text(one) for one in frame[subject].to_list()]
        inputs = self._inputs(frame)
        found = Answers(frame, subjects, row_ids(part, range(n)), inputs=inputs, keys=self._keys(frame))
        left = self._broken(found)
        if not asking.explain and inputs and self._alike:
            left = self._fast(found, left, inputs, text)
        self._slow(found, np.flatnonzero(left), inputs, asking)
        found.watermark = self.predictor.history.seq
        return found

    def _subject_column(self, frame: pl.DataFrame) -> str | None:
        """The column that says whom a row is about: by its name in the contract, else ``subject``."""
        role = next((one.roles["subject"].name for one in self.loaded if "subject" in one.roles), "")
        return next((name for name in ("_subject", role, "subject") if name in frame.columns), None)

    def _keys(self, frame: pl.DataFrame) -> list[str] | None:
        """What names each row: the column ``key``, else the key of the dataset's rows, as feedback spells it; "" where a part is missing."""
        names = ("key",) if "key" in frame.columns else self._key
        if not names or not set(names) <= set(frame.columns):
            return None
        parts = [[_text(one) for one in frame[name].to_list()] for name in names]
        return parts[0] if len(parts) == 1 else ["/".join(row) if all(row) else "" for row in zip(*parts)]

    @cached_property
    def _key(self) -> tuple[str, ...]:
        """The columns of the key of the dataset's rows; none where it has none, or cannot be read."""
        with suppress(TidemillError):
            return load_contract(self._scope.project, self._scope.model.dataset.name).key
        return ()

    def _inputs(self, frame: pl.DataFrame) -> list[str]:
        """The columns of the rows that the model asks. Raises BadRequest where there is none of them."""
        if self.asks is None:
            return []
        there = set(frame.columns)
        found = [name for name in self.asks if name in there]
        if not found:
            hint = f"the model asks {', '.join(self.asks[:8])}; the rows have {', '.join(columns_of(frame)[:8])}"
            raise BadRequest("no column of the rows is an input of the model", place="--in", hint=hint)
        return found

    def _broken(self, found: Answers) -> NDArray[np.bool_]:
        """The rows that are left, without lines that are no rows."""
        left = np.ones(found.frame.height, np.bool_)
        if BROKEN in found.frame.columns:
            words = found.frame[BROKEN].to_list()
            found.errors |= {row: said for row, said in enumerate(words) if said is not None}
            left[list(found.errors)] = False
        return left

    # by vectors -------------------------------------------------------------------------------------------------------

    def _fast(self, found: Answers, left: NDArray[np.bool_], inputs: Sequence[str], text: bool) -> NDArray[np.bool_]:
        """Answer what can be answered by vectors; the rows that are left."""
        left = left & ~self._wanted(found)
        found.given, odd = as_given(found.frame.select(inputs), self._numbers if text else ())
        left = left & ~odd
        done = np.zeros_like(left)
        for who, rows in self._variants(found, left):
            plain = self._plain(who.loaded, found.given, rows, found.subjects)
            if plain is not None and len(rows := rows[plain.rows]):
                found.fast.append((who, rows, plain))
                done[rows] = True
        whole = np.ones_like(left)
        whole[list(found.errors)] = False
        return whole & ~done

    def _wanted(self, found: Answers) -> NDArray[np.bool_]:
        """The rows that the policy explains unasked."""
        if not self._scope.explain_share:
            return np.zeros(found.frame.height, np.bool_)
        return np.array([self.predictor.explainer.wanted(id) for id in found.ids], np.bool_)

    def _variants(self, found: Answers, left: NDArray[np.bool_]) -> Iterator[tuple[Who, NDArray[Any]]]:
        """The rows of each variant. One whose subject cannot be read, or whose data may not be used, is left to be told so alone."""
        if self.predictor.alone and found.subjects is None:
            yield Who(*self.predictor.first("")), np.flatnonzero(left)
            return
        by: dict[str, tuple[Who, list[int]]] = {}
        for row in np.flatnonzero(left).tolist():
            try:
                unit = self._spelled(found, row) or found.ids[row]
            except BadRequest:
                continue
            if self.predictor.limited(unit):
                continue
            who = Who(*self.predictor.first(unit))
            by.setdefault(who.arm, (who, []))[1].append(row)
        for who, rows in by.values():
            yield who, np.array(rows, np.int64)

    def _spelled(self, found: Answers, row: int) -> str:
        """The subject of a row, as rows of the dataset spell it, from now on. Raises BadRequest."""
        if found.subjects is None or not (subject := found.subjects[row]):
            return ""
        assert isinstance(found.subjects, list)
        spelled = self.predictor.name("subject", subject, "$.subject")
        found.subjects[row] = spelled
        return spelled

    def _plain(
        self, loaded: Loaded, given: dict[str, Any], rows: NDArray[Any], subjects: Sequence[str] | None
    ) -> Plain | None:
        """The variant's answers to those of these rows that need no word of their own; None where each is asked alone."""
        column = loaded.roles.get("subject")
        if loaded.task.columns is None or (column is not None and column.limited and subjects is not None):
            return None
        asked = {name: _at(held, rows) for name, held in given.items()}
        if loaded.scorer.subject and subjects is not None:
            asked = {loaded.scorer.subject: [subjects[row] or None for row in rows.tolist()], **asked}
        try:
            return loaded.task.columns(loaded.scorer, asked, len(rows))
        except Exception:  # noqa: BLE001 - whatever it is: row by row it is told, and the champion answers in its place
            return None

    # one by one -------------------------------------------------------------------------------------------------------

    def _slow(self, found: Answers, rows: NDArray[Any], inputs: Sequence[str], asking: Asking) -> None:
        task = self.predictor.task
        for start in range(0, len(rows), HELD):
            some = rows[start : start + HELD].tolist()
            if task.history and found.subjects is not None:
                self._histories.preload(self._scope.model.dataset.name, {found.subjects[row] for row in some})
            bodies = self._bodies(found, some, inputs, asking)
            for row, body in zip(some, bodies, strict=True):
                try:
                    found.slow.append(self._one(found, row, body, asking))
                except (BadRequest, ModelError) as exc:
                    found.errors[row] = str(exc)

    def _bodies(self, found: Answers, rows: list[int], inputs: Sequence[str], asking: Asking) -> Iterator[JsonObject]:
        """What is asked of each of these rows, as a request says it; what is missing is left out."""
        fields = [
            name for name in self._request.__struct_fields__ if name not in ("subject", "key", "explain", "inputs")
        ]
        own = [name for name in fields if name in found.frame.columns]
        wholes = {one.name for one in msgspec.structs.fields(self._request) if _is_whole(one.type)}
        k = {"k": asking.k} if "k" in fields else {}
        as_of = {"as_of": asking.as_of} if asking.as_of else {}
        table = found.frame[rows].select(*inputs, *own)
        for row, values in zip(rows, table.iter_rows(named=True) if table.width else [{}] * len(rows), strict=True):
            said = {name: plain for name, value in values.items() if (plain := _json(value)) is not None}
            body: JsonObject = {
                **k,
                **as_of,
                **{name: _spoken(said[name], name in wholes) for name in own if name in said},
            }
            if self.asks is not None:
                body["inputs"] = {name: said[name] for name in self._own(found, row, inputs) if name in said}
            if found.subjects is not None and found.subjects[row]:
                body["subject"] = found.subjects[row]
            yield body

    def _own(self, found: Answers, row: int, inputs: Sequence[str]) -> Sequence[str]:
        """Of these the inputs that are asked by who answers this row: a model refuses what it does not know."""
        if self._alike:
            return inputs
        try:
            names = self.predictor.first(self._spelled(found, row) or found.ids[row])[0].scorer.names
        except BadRequest:
            return inputs  # which is said of the row
        return [name for name in inputs if name in names]

    def _one(self, found: Answers, row: int, said: JsonObject, asking: Asking) -> One:
        """The answer to a row, as the server gives it. Raises BadRequest, ModelError."""
        try:
            body = predict_body(_encode(said), self._request)
        except (TypeError, ValueError) as exc:
            raise BadRequest(f"the row is no JSON: {exc}") from exc
        body, id = body.spelled(self.predictor.name), found.ids[row]
        answer = self.predictor.answer(body, body.subject or id, asking.at, draw=id)
        explained = b""
        if answer.arm not in UNASKED and (asking.explain or self.predictor.explainer.wanted(id)):
            seen, by = json.loads(answer.output), answer.by
            question = Question(body, self.predictor.history, asking.at, answer.watermark, seen)
            explained = self.predictor.explainer.at_once(by.task, by.scorer, by.bundle, question)
        return One(row, body.subject or "", _encode(body.kept()), answer, explained)

    def tell_failures(self) -> None:
        self.predictor.tell_failures()


def _at(held: Any, rows: NDArray[Any]) -> Any:
    if len(rows) == len(held):
        return held
    return held[rows] if isinstance(held, np.ndarray) else [held[row] for row in rows.tolist()]


def _text(value: Any) -> str:
    plain = _json(value)
    return "" if plain is None else plain if isinstance(plain, str) else json.dumps(plain)


def _is_whole(type_: Any) -> bool:
    return isinstance(msgspec.inspect.type_info(type_), msgspec.inspect.IntType)


def _spoken(value: Any, whole: bool) -> Any:
    """What a field of a request says: a list, an object or a whole number may stand as text, as files of text have it."""
    if whole and isinstance(value, str) and value.strip().isdecimal():
        return int(value)
    try:
        return json.loads(value) if isinstance(value, str) and value[:1] in ("[", "{") else value
    except ValueError:
        return value


def _json(value: Any) -> Any:
    """A value of a table as a request says it; None for what is missing."""
    if isinstance(value, float):
        return None if math.isnan(value) else value if math.isfinite(value) else str(value)  # which reads as no number
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return float(value) if isinstance(value, Decimal) else value


def by_of(found: Answers) -> dict[Said, int]:
    """Who answered how many rows."""
    return Counter({who.said: len(rows) for who, rows, _ in found.fast}) + Counter(one.said for one in found.slow)
