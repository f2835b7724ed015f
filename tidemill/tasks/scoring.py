"""The scorer of a bundle: the same code answers in evaluation and in the server. numpy only, nothing heavy.

scorer = load(bundle)
items, values = history.items(subject, at, scorer.half_life)
scorer.recommend(items, values, at, k=20)           # recommend, learner
scorer.predict({"temperature": 12.5, "day": "mo"})  # trees
"""

from __future__ import annotations

from typing import Any

from tidemill.learning.bundle import open_scorer
from tidemill.store.artifacts.codecs import Bundle
from tidemill.tasks.port import Task
from tidemill.tasks.table import TASKS

SCORERS = {name: load for task, _ in TASKS.values() for name, load in task.scorers.items()}
_ANSWERING: dict[str, Task] = {name: task for task, _ in reversed(TASKS.values()) for name in task.scorers}


def load(bundle: Bundle) -> Any:
    """The scorer that the manifest names. The bytes are those that the caller has verified. Raises ModelError, Damaged."""
    return open_scorer(bundle, SCORERS)


def task_answering(bundle: Bundle) -> Task:
    """A task whose `Task.answer` asks the scorer of this bundle; the configuration may have another one by now."""
    return _ANSWERING[bundle.manifest["scorer"]]
