"""The tasks by name. A new one is a folder with ``serving.py`` and ``training.py``, and its name in `FOLDERS`."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from tidemill.config.sections import CostsSection
from tidemill.errors import ConfigError
from tidemill.learning.bundle import open_scorer
from tidemill.learning.labelled import OutcomeScorer
from tidemill.store.artifacts.codecs import Bundle
from tidemill.tasks.port import Task
from tidemill.tasks.ranking import serving as ranking
from tidemill.tasks.tabular import serving as tabular
from tidemill.types import did_you_mean

if TYPE_CHECKING:
    from tidemill.learning.trainer import Training
    from tidemill.scope.project import Model

FOLDERS = (ranking, tabular)
TASKS = {task.name: (task, folder.__name__.rpartition(".")[0]) for folder in FOLDERS for task in folder.TASKS}
SCORERS = {name: load for task, _ in TASKS.values() for name, load in task.scorers.items()}
_ANSWERING: dict[str, Task] = {name: task for task, _ in reversed(TASKS.values()) for name in task.scorers}
NAMES = [*(name for name in TASKS if name != "steps"), "steps:NAME"]


def task_of(text: str) -> Task:
    """The task that ``[model] task`` names. Raises ConfigError.

    >>> task_of("steps:mine").kind, task_of("regress").metrics
    ('a recommender', ('mae', 'rmse', 'wape'))
    """
    return _found(text)[0]


def training_of(text: str) -> Training:
    """Its other side, which is heavy: imported only now. Raises ConfigError."""
    found: Training = import_module(f"{_found(text)[1]}.training").TRAINING
    return found


def load(bundle: Bundle) -> Any:
    """The scorer that the manifest names: the same code answers in evaluation and in the server.

    The bytes are those that the caller has verified. Raises ModelError, Damaged.

    scorer = load(bundle)
    items, values = history.items(subject, at, scorer.half_life)
    scorer.recommend(items, values, at, k=20)           # recommend, learner
    scorer.predict({"temperature": 12.5, "day": "mo"})  # trees
    """
    return open_scorer(bundle, SCORERS)


def task_answering(bundle: Bundle) -> Task:
    """A task whose `Task.answer` asks the scorer of this bundle; the configuration may have another one by now."""
    return _ANSWERING[bundle.manifest["scorer"]]


def metric_of(model: Model) -> str:
    """What good means: the configured metric, else the task's first."""
    return model.section.metric or task_of(model.task).metrics[0]


def outcome_scorer_of(model: Model) -> OutcomeScorer:
    """How this model's answers are judged once the truth is known."""
    return task_of(model.task).outcome_scorer(model.section.metric, costs_of(model))


def costs_of(model: Model) -> CostsSection | None:
    """What a wrong label costs, where the model answers with labels."""
    return model.project.goal.costs if task_of(model.task).costs else None


def _found(text: str) -> tuple[Task, str]:
    name, colon, own = text.partition(":")
    if name not in TASKS or (name == "steps") != own.isidentifier() or (colon and not own):
        raise ConfigError(f"unknown task {text!r}", place="[model] task", hint=did_you_mean(text, NAMES))
    return TASKS[name]
