"""A project's estimator, fitted and written in ONNX; runs in the child alone. scikit-learn and skl2onnx are imported here."""

from __future__ import annotations

import inspect
import sys
import types
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tidemill.errors import ModelError
from tidemill.learning.bundle import versions
from tidemill.learning.labelled import text_of
from tidemill.learning.threads import one_thread
from tidemill.tasks.tabular.learners.foreign import check
from tidemill.tasks.tabular.learners.foreign.onnx import EXTRA, first_line
from tidemill.tasks.tabular.learners.foreign.rows import F8, Learned
from tidemill.types import JsonObject, did_you_mean, digest

TOLERANCE = 1e-6
"""Between an answer of the estimator and one of ONNX: of the value, or of 1 where that is more."""
SAME = 1_000
"""So many rows are asked of two fits."""
_TWICE: set[str] = set()  # of these sources two fits have been compared


def made(source: bytes, learner: str, train: Learned) -> tuple[bytes, JsonObject]:
    """The model in ONNX, and what it is fed with. Raises ModelError."""
    found = _called(source, learner, train)
    if isinstance(found, bytes) or hasattr(found, "SerializeToString"):
        model = found if isinstance(found, bytes) else found.SerializeToString()
        recipe = {"inputs": list(train.columns), "labels": [text_of(label) for label in train.labels or ()]}
        return model, check.checked(model, recipe, train, encoded=True)
    with one_thread():
        fitted, classes = _fitted(found, train)
        if digest(source) not in _TWICE:
            _same_again(_called(source, learner, train), fitted, train)
            _TWICE.add(digest(source))
        own = _answers(fitted, train.x, train.labels is not None)
    model = _converted(fitted, train)
    spec: JsonObject = {"feeds": [_feed(train)], **_output(model, train, classes)}
    spec["parity"] = _parity(own, model, spec, train)
    spec["made_with"] = versions(("numpy", "scikit-learn", "skl2onnx"))
    return model, spec


def _called(source: bytes, learner: str, train: Learned) -> Any:
    """What the project's function gives. Raises ModelError for whatever it raises."""
    name = learner.partition(":")[2]
    module = types.ModuleType(f"_tidemill_own_{digest(source)[7:23]}")
    sys.modules[module.__name__] = module
    try:
        exec(compile(source, learner, "exec"), module.__dict__)  # noqa: S102 - the project's own code
        function = getattr(module, name)
        takes = inspect.signature(function).parameters
        return function(train) if takes else function()
    except AttributeError as exc:
        known = [n for n in vars(module) if not n.startswith("_")]
        raise ModelError(f"cannot be made: {exc}", hint=did_you_mean(name, known)) from exc
    except MemoryError:
        raise
    except Exception as exc:
        raise ModelError(f"raised {type(exc).__name__}: {first_line(exc)}") from exc


def _fitted(estimator: Any, train: Learned) -> tuple[Any, list[str]]:
    """The estimator, fitted where it is not; and its labels as texts. Raises ModelError."""
    try:
        from sklearn.exceptions import NotFittedError
        from sklearn.utils.validation import check_is_fitted
    except ImportError as exc:
        raise ModelError("an estimator needs scikit-learn and skl2onnx", hint=EXTRA) from exc
    if not hasattr(estimator, "predict"):
        hint = "give back a scikit-learn estimator, or a model in ONNX (bytes)"
        raise ModelError(f"gave a {type(estimator).__name__}, which cannot predict", hint=hint)
    if train.labels is not None and not hasattr(estimator, "predict_proba"):
        hint = "take one that does, or CalibratedClassifierCV around it"
        raise ModelError("it gives labels and no probabilities (predict_proba)", hint=hint)
    try:
        check_is_fitted(estimator)
    except NotFittedError:
        _seeded(estimator)
    else:
        return estimator, _known(np.asarray(getattr(estimator, "classes_", ())).tolist(), train.labels)
    try:
        fitted = estimator.fit(train.x, train.y)
    except MemoryError:
        raise
    except Exception as exc:
        raise ModelError(f"fit raised {type(exc).__name__}: {first_line(exc)}") from exc
    labels = train.labels or []
    return fitted, [text_of(labels[int(one)]) for one in getattr(fitted, "classes_", ())]


def _known(classes: list[Any], labels: list[Any] | None) -> list[str]:
    """What an estimator that is fitted already tells apart, as texts: labels, or their places as `Learned.y` has them. Raises ModelError."""
    said, texts = [text_of(one) for one in classes], [text_of(label) for label in labels or ()]
    if labels is None or set(said) <= set(texts):
        return said
    if all(type(one) in (int, float) and one in range(len(labels)) for one in classes):
        return [texts[int(one)] for one in classes]
    if not set(said) & set(texts):
        raise ModelError(
            f"it is fitted to other labels: {', '.join(said[:5])}",
            hint="fit it to train.y, or to the labels themselves",
        )
    return said


def _seeded(estimator: Any) -> None:
    """What is drawn at random is drawn alike each time, unless the project said how."""
    params = estimator.get_params(deep=True)
    unsaid = {name: 0 for name, value in params.items() if name.endswith("random_state") and value is None}
    if unsaid:
        estimator.set_params(**unsaid)


def _same_again(estimator: Any, fitted: Any, train: Learned) -> None:
    """Raises ModelError where a second fit of the same rows answers otherwise: no figure of such a model would be its own."""
    again, _ = _fitted(estimator, train)
    first, second = (_answers(one, train.x[:SAME], train.labels is not None) for one in (fitted, again))
    if first.shape != second.shape or not np.allclose(first, second, rtol=TOLERANCE, atol=TOLERANCE, equal_nan=True):
        hint = "give it a random_state, and one thread (n_jobs=1)"
        raise ModelError("two fits of the same rows give two models", hint=hint)


def _answers(fitted: Any, x: F8, labels: bool) -> F8:
    """Raises ModelError."""
    try:
        told = np.asarray(fitted.predict_proba(x) if labels else fitted.predict(x), np.float64)
    except MemoryError:
        raise
    except Exception as exc:
        raise ModelError(f"predict raised {type(exc).__name__}: {first_line(exc)}") from exc
    return told.reshape(len(x), -1)


def _converted(fitted: Any, train: Learned) -> bytes:
    try:
        from skl2onnx import to_onnx
        from skl2onnx.common.data_types import FloatTensorType
    except ImportError as exc:
        raise ModelError("an estimator needs skl2onnx", hint=EXTRA) from exc
    options = {"zipmap": False} if train.labels is not None else None
    try:
        kind = [("x", FloatTensorType([None, len(train.columns)]))]
        made: bytes = to_onnx(fitted, initial_types=kind, options=options).SerializeToString()
    except MemoryError:
        raise
    except Exception as exc:
        hint = "skl2onnx converts most of scikit-learn, and no own classes; or give a model in ONNX (bytes) yourself"
        raise ModelError(f"cannot be written in ONNX: {first_line(exc)}", hint=hint) from exc
    return made


def _feed(train: Learned) -> JsonObject:
    columns = list(range(len(train.columns)))
    return {"tensor": "x", "type": "tensor(float)", "columns": columns, "flat": False, "values": [None] * len(columns)}


def _output(model: bytes, train: Learned, classes: list[str]) -> JsonObject:
    """The tensor that answers, and where each label's probability is."""
    names = check.outputs_of(model)
    if train.labels is None:
        return {"output": names[0], "picks": None, "labels": 0}
    texts = [text_of(label) for label in train.labels]
    return {
        "output": names[-1],
        "picks": [classes.index(text) if text in classes else -1 for text in texts],
        "labels": len(classes),
    }


def _parity(own: F8, model: bytes, spec: JsonObject, train: Learned) -> JsonObject:
    """How far ONNX's answers are from the estimator's, on the rows learned from. Raises ModelError, which names the worst row."""
    told = check.asked(model, {**spec, "picks": None}, train.x)
    if not np.isfinite(own).all():
        raise ModelError(f"it answers no number to {train.row(int(np.argmin(np.isfinite(own).all(axis=1))))}")
    off: NDArray[np.float64] = np.abs(told - own) / np.maximum(np.abs(own), 1.0)
    worst = int(np.argmax(np.nan_to_num(off, nan=np.inf).max(axis=1)))
    largest = float(np.nan_to_num(off, nan=np.inf)[worst].max())
    if largest > TOLERANCE:
        place = int(np.argmax(off[worst]))
        said = f"ONNX says {told[worst, place]:.9g} and the estimator {own[worst, place]:.9g} of {train.row(worst)}"
        hint = "trees behind a scaler or an imputer: numbers of 32 bits fall on another side of a cut; give trees the numbers as they are"
        raise ModelError(f"{said}: {largest:.2g} apart, and {TOLERANCE:g} is allowed", hint=hint)
    return {"rows": len(own), "largest": largest, "tolerance": TOLERANCE}
