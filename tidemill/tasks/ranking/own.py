"""A project's own learner, named in tidemill.toml as ``task = "steps:my_learner"``. numpy only; the server runs it too.

In the project's steps.py, a class (made without arguments) or an object with two functions:

    class my_learner:
        def fit(self, train):
            '''``train``: `tidemill.tasks.ranking.interactions.Interactions`, purchases and returns before ``train.end``. Gives a dict
            of plain numpy arrays: all that the model remembers.'''
            return {"popular": np.bincount(train.item, minlength=len(train.items)).astype(float)}

        def score(self, state, items, values, at, k):
            '''``state``: what fit gave, and ``state["items"]``: the names of the items it knew, sorted (array of text).
            ``items``, ``values``: the subject's items and their decayed counts as of ``at`` (µs). Gives up to k items and
            their scores, best first. Several threads may call it at a time.'''
            best = np.argsort(-state["popular"], kind="stable")[:k]
            return state["items"][best].tolist(), state["popular"][best]

The text of steps.py goes into the bundle: the server runs the very bytes that were gated and signed, never the file in the
folder. So it must stand alone: import what is installed, not other files of the project; import what is heavy (polars)
inside the functions that need it. A NaN score, an exception and a slow answer are evidence for the gates.
"""

from __future__ import annotations

import linecache
import sys
import types
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from tidemill.errors import ConfigError, ModelError
from tidemill.learning.bundle import file_of
from tidemill.store.artifacts.codecs import Bundle, decode
from tidemill.tasks.ranking.bundle import items_of
from tidemill.types import Micros, did_you_mean, digest

if TYPE_CHECKING:
    from tidemill.tasks.ranking.interactions import Interactions

F8 = NDArray[np.float64]
Arrays = Mapping[str, NDArray[Any]]
STEPS = "steps.py"


class OwnLearner(Protocol):
    """What steps.py has to bring."""

    def fit(self, train: Interactions) -> dict[str, NDArray[Any]]: ...
    def score(
        self, state: Arrays, items: Sequence[str], values: F8, at: Micros, k: int
    ) -> tuple[Sequence[str], Sequence[float]]: ...


def read_source(root: Path, task: str) -> bytes:
    """The text of the project's steps.py. Raises ConfigError."""
    path = root / STEPS
    try:
        return path.read_bytes()
    except OSError as exc:
        raise ConfigError(f"{task!r} needs a file steps.py", place=str(root), hint="write the learner there") from exc


def open_learner(source: bytes, task: str) -> OwnLearner:
    """Run the source and find the learner that ``steps:NAME`` names. Raises ModelError for whatever the source raises."""
    name = task.partition(":")[2]
    module = types.ModuleType(f"_tidemill_learner_{digest(source)[7:23]}")
    sys.modules[module.__name__] = module  # dataclasses and annotations look their module up
    text = source.decode(errors="replace")
    linecache.cache[STEPS] = len(text), None, text.splitlines(keepends=True), STEPS  # what tracebacks show
    try:
        exec(compile(source, STEPS, "exec"), module.__dict__)  # noqa: S102 - the project's own attested code
        found = getattr(module, name)
        learner = found() if isinstance(found, type) else found
    except AttributeError as exc:
        known = [n for n in vars(module) if not n.startswith("_")]
        raise ModelError(f"{task!r} cannot be made: {exc}", place=STEPS, hint=did_you_mean(name, known)) from exc
    except Exception as exc:
        raise _blamed(task, "loading", exc) from exc
    for verb in ("fit", "score"):
        if not callable(getattr(learner, verb, None)):
            raise ModelError(f"{task!r} has no {verb}()", place=STEPS, hint="see tidemill.tasks.ranking.own")
    made: OwnLearner = learner
    return made


def _blamed(task: str, verb: str, exc: Exception) -> ModelError:
    """What the project's own code raised, as the model's error."""
    from tidemill.engine.raised import MEMORY, MEND, blamed

    alone = "the server runs the text of steps.py alone: keep in it what the learner needs of the project"
    hint = alone if isinstance(exc, ImportError) else MEMORY if isinstance(exc, MemoryError) else MEND
    where = blamed(exc)
    place = f"{STEPS}:{where[1]}" if where else STEPS
    return ModelError(f"{task!r}: {verb} raised {type(exc).__name__}: {exc}", place=place, hint=hint)


def fit_learner(learner: OwnLearner, task: str, train: Interactions) -> dict[str, NDArray[Any]]:
    """What the learner remembers. Raises ModelError for whatever it raises, or gives that is no dict."""
    try:
        state = learner.fit(train)
    except Exception as exc:
        raise _blamed(task, "fit()", exc) from exc
    if not isinstance(state, dict) or "items" in state:
        raise ModelError(f"{task!r}: fit() gives a dict of arrays without 'items'", place=STEPS)
    return state


class LearnerScorer:
    """Answers with the project's own code. What that raises comes out as ModelError; a NaN comes out as it is."""

    def __init__(self, bundle: Bundle) -> None:
        self.half_life = int(bundle.manifest["half_life"])
        self.titles: Mapping[str, str] = {}  # what items are called, where the bundle says it
        self._task = str(bundle.manifest["method"])
        self._learner = open_learner(file_of(bundle, "learner.py"), self._task)
        self.names = items_of(bundle)
        self.codes = {name: code for code, name in enumerate(self.names)}
        self.catalogue = self.codes.keys()
        self._state = decode("arrays", file_of(bundle, "state.npz")) | {"items": np.array(self.names, np.str_)}

    def recommend(self, items: Sequence[str], values: F8, at: Micros, k: int) -> tuple[list[str], F8]:
        """Up to k items and their scores, as the learner gives them."""
        try:
            names, scores = self._learner.score(self._state, items, values, at, k)
            answer, numbers = [str(name) for name in names][:k], np.asarray(scores, np.float64)[:k]
            if numbers.shape != (len(answer),):
                raise ValueError(f"{len(answer)} items with scores of shape {numbers.shape}")
        except Exception as exc:
            raise _blamed(self._task, "score()", exc) from exc
        return answer, numbers
