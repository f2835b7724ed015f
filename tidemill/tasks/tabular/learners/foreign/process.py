"""A learner that is a process of somebody else's: it fits, and answers rows, over HTTP on this machine (docs/foreign.md).

``POST /fit`` gives bytes, which the bundle keeps and only that process understands; ``POST /load`` takes them, ``POST /predict`` names
them by their digest. A bundle is still data: who answers starts the command that the signed bundle names. One that dies, hangs or
lies is ended, and started again beside the requests, which fail at once until it is ready.
"""

from __future__ import annotations

import time
from functools import partial
from typing import Any

import msgspec
import numpy as np

from tidemill.errors import ModelError
from tidemill.learning.bundle import file_of
from tidemill.learning.given import Given
from tidemill.process.kept import Kept
from tidemill.process.service import SEE, Service, Spec, Unknown
from tidemill.store.artifacts.codecs import Bundle, decode, encode
from tidemill.tasks.tabular.learners.port import F8, Asked, Learner, Problem
from tidemill.types import JsonObject, digest

STATE, SPEC = "state.bin", "process.json"
MOST = 256_000_000
"""Bytes of what it remembers."""
BATCH, MANY = 1_000, 60.0
"""Rows asked at once, and the seconds that it then has at least."""
NEAR = 1e-3
CHECKED = 1_000
WIDEST = 200
"""Inputs of a process whose answers are explained: beyond, one order of them is more than it can be asked at a time."""
_NUMBER = 40  # bytes of one, as JSON


class Fitted(msgspec.Struct):
    """What ``/fit`` answers: the bytes that it remembers."""

    model: bytes


class Loaded(msgspec.Struct):
    """What ``/load`` answers: the digest of the bytes that it holds now."""

    model: str


class Told(msgspec.Struct):
    """What ``/predict`` answers: whose answers these are, and one row of numbers for each row."""

    model: str
    outputs: list[list[float]]


def fit(recipe: JsonObject, problem: Problem) -> dict[str, bytes]:
    """What the process remembers of these rows, once it has answered some of them. Raises ModelError."""
    given = problem.given
    if not isinstance(given, Given) or given.process is None:
        raise ModelError(
            "the process is not said in tidemill.toml any more", place="process", hint="fit another recipe"
        )
    values = [[one.name, list(one.categories) if one.kind == "category" else None] for one in problem.inputs]
    said: JsonObject = {"columns": values, "labels": problem.labels, "process": msgspec.to_builtins(given.process)}
    rows, about = _rows(values, problem.x), {"columns": [name for name, _ in values], "labels": problem.labels}
    with Service(given.process) as service:
        body: JsonObject = {**about, "rows": rows, "target": problem.y.tolist(), "seed": 0}
        if problem.start is not None:
            body["start"] = file_of(problem.start, STATE)
        try:
            state = service.ask("/fit", body, Fitted, 2 * MOST, given.seconds).model
        except Unknown as exc:
            raise ModelError(str(exc), place="process", hint=SEE) from exc
        if not 0 < len(state) <= MOST:
            raise ModelError(
                f"it remembers {len(state):,} bytes, and at most {MOST:,} are kept",
                place="process",
                hint="remember less",
            )
        _check(_Model(said, state, service), problem.x[:CHECKED])
    return {STATE: state, SPEC: encode("json", said)}


def _check(model: _Model, x: F8) -> None:
    """Raises ModelError where it does not answer what it learned from, or answers otherwise a second time."""
    first, second = model.many(x), model.many(x)
    if not np.allclose(first, second, rtol=1e-6, atol=1e-6):
        raise ModelError(
            "it answers the same rows otherwise the second time", place="process", hint="draw nothing in /predict"
        )


def open_process(bundle: Bundle) -> Asked:
    """How the process answers, started now. Raises ModelError, Damaged."""
    said: JsonObject = decode("json", file_of(bundle, SPEC))
    model = _Model(said, file_of(bundle, STATE))

    def tried(x: F8, until: float) -> F8:
        if x.shape[1] > WIDEST:
            raise ModelError(
                f"a process is tried with at most {WIDEST} inputs", place="process", hint="ask without explain"
            )
        return model.rows(x, min(max(until - time.monotonic(), model.seconds), MANY))

    return Asked(lambda row: model.rows(np.asarray(row, np.float64)[None], None)[0], model.many, tried=tried)


class _Model:
    """What the process remembers, asked of it."""

    def __init__(self, said: JsonObject, state: bytes, service: Service | None = None) -> None:
        self._columns, self._labels = said["columns"], said["labels"]
        self._outputs = max(len(self._labels or ()), 1)
        self._name = digest(state)
        load = partial(_load, state, self._columns, self._labels)
        self._kept = Kept(msgspec.convert(said["process"], Spec), load, service)

    @property
    def seconds(self) -> float:
        """How long one answer may take."""
        return self._kept.spec.answer

    def many(self, x: F8) -> F8:
        """Rows x outputs."""
        seconds = max(MANY, self._kept.spec.answer)
        parts = [self.rows(x[at : at + BATCH], seconds) for at in range(0, len(x), BATCH)]
        return np.concatenate(parts) if parts else np.empty((0, self._outputs))

    def rows(self, x: F8, seconds: float | None) -> F8:
        """Raises ModelError."""
        body, most = {"model": self._name, "rows": _rows(self._columns, x)}, 1_000 + len(x) * self._outputs * _NUMBER
        found = self._kept.ask("/predict", body, Told, most, seconds)
        if found.model != self._name:
            hint = "/predict says whose answer it is"
            raise ModelError(f"it answers for another model: {found.model[:80]}", place="process", hint=hint)
        return self._sound(found.outputs, len(x))

    def _sound(self, found: list[list[float]], rows: int) -> F8:
        lengths = {len(one) for one in found}
        allowed = {1, 2} if self._outputs == 2 else {self._outputs}
        if len(found) != rows or len(lengths) != 1 or not lengths <= allowed:
            said = f"{len(found)} rows of {sorted(lengths)} numbers to {rows} rows"
            raise ModelError(
                f"it answers {said}", place="process", hint="one row for each, one number (or one a label) in it"
            )
        told = np.array(found, np.float64)
        if not np.isfinite(told).all():
            raise ModelError("it answers what is no number", place="process", hint=SEE)
        if self._labels is not None and not _chances(told):
            raise ModelError(
                "its answers are no probabilities", place="process", hint="they lie between 0 and 1, and add up to 1"
            )
        return told


def _load(state: bytes, columns: list[list[Any]], labels: list[Any] | None, service: Service) -> None:
    """Give it what it remembers. Raises ModelError, Unknown."""
    body, name = {"model": state, "columns": [name for name, _ in columns], "labels": labels}, digest(state)
    found = service.ask("/load", body, Loaded, 1_000, service.spec.start)
    if found.model != name:
        raise ModelError(f"it holds {found.model[:80]} and not what it was given ({name})", place="process", hint=SEE)


def _chances(told: F8) -> bool:
    total = told.sum(axis=1) if told.shape[1] > 1 else np.ones(1)
    return bool(told.min() >= 0 and told.max() <= 1 and np.abs(total - 1.0).max() <= NEAR)


def _rows(columns: list[list[Any]], x: F8) -> list[list[Any]]:
    """Encoded rows as the process takes them: numbers, categories by their names, null for what is missing or unknown."""
    made = [_values(values, x[:, place]) for place, (_, values) in enumerate(columns)]
    return [list(row) for row in zip(*made, strict=True)]


def _values(values: list[Any] | None, column: F8) -> list[Any]:
    if values is None:
        return [value if value - value == 0 else None for value in column.tolist()]
    return [values[int(code)] if code == code and code < len(values) else None for code in column.tolist()]


PROCESS = Learner(fit, open_process)
