"""What a candidate is judged on: its test window, that nothing compared has learned from, and the windows before it.

The test window is the last span of the data that the candidate was made from. Its evaluation model and the champion's answer
every request of it; one that was fitted on any of it is refused. Methods are compared over several windows, each recipe fitted
anew before each: the test, and older ones that the candidate's search did not see. What refits gain is measured on the windows
before the test, the champion's recipe fitted before each and again so much earlier as the champion is older than the candidate.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from tidemill.errors import GateRefused, ModelError, NotEnoughData
from tidemill.release.gates.compare import Comparison, compare
from tidemill.store.artifacts.codecs import Bundle, get_bundle
from tidemill.store.records import ModelVersion
from tidemill.types import JsonObject, Micros, canonical, to_iso

if TYPE_CHECKING:
    from tidemill.evaluation.inputs.stability import Stability
    from tidemill.evaluation.robustness.falls import Robustness
    from tidemill.learning.evaluate import Scored
    from tidemill.learning.trainer import Questions, Report, Trainer
    from tidemill.learning.trials import Validation
    from tidemill.scope.project import Endpoint

Span = tuple[Micros, Micros]
METHOD_WINDOWS = 6
"""So many windows compare two methods: one alone is of one season."""
FEWEST = 3
"""With fewer the test alone does: of two windows nobody knows the spread."""
REFIT_WINDOWS = 6
"""So many windows before the test say what refits gain."""


class EvaluationWindow:
    """A candidate's windows, and everybody's answers to them. Read when first asked for."""

    def __init__(self, scope: Endpoint, candidate: ModelVersion) -> None:
        self._scope, self._project, self._candidate = scope, scope.project, candidate
        self._reports: dict[Any, Any] = {}
        self._validations: dict[Span, Validation] = {}
        self._answers: dict[tuple[bytes, Span, str], Scored] = {}
        self._windows: dict[str, list[Span]] = {}

    @cached_property
    def trainer(self) -> Trainer:
        """The task on the rows that the candidate was made from."""
        from tidemill.model import prepare
        from tidemill.tasks.table import training_of

        settings = prepare.settings(self._scope.model)
        return training_of(settings.task).open_trainer(prepare.rows(self._scope.model, self._candidate.data), settings)

    @cached_property
    def cut(self) -> Any:
        """Where the test begins and ends: nothing that is compared may have been fitted on what is in it."""
        from tidemill.learning.split import cut
        from tidemill.model.prepare import gap_of, split_of

        at, model = self.trainer.at, self._scope.model
        return cut(split_of(model), int(at.min()), int(at.max()), gap_of(model))

    def temporal(self) -> bool:
        """Whether the window is of a later time than what was learned from."""
        return bool(self.cut.temporal)

    @property
    def start(self) -> Micros:
        return int(self.cut.test_start)

    @property
    def end(self) -> Micros:
        return int(self.cut.end)

    @property
    def length(self) -> Micros:
        return self.end - self.start

    def score(self, model: ModelVersion, metric: str) -> Scored:
        """How well the version's evaluation model answers the test. Raises GateRefused when it was fitted on it."""
        return self.report(model)[0].of(metric)

    def report(self, model: ModelVersion) -> tuple[Report, Bundle]:
        """What the version's evaluation model answers to the test, and that model. Raises as `score`, and ModelError."""
        key = model.evaluation_bundle, self.start
        bundle = get_bundle(self._project.artifacts, model.evaluation_bundle)
        if key not in self._reports:
            through = bundle.manifest.get("trained_through")
            if not isinstance(through, int) or through > self.start:
                raise GateRefused(f"the evaluation model of {model.ref} was fitted {self._seen(through)}")
            self._ask(key, bundle, (self.start, self.cut.end))
        return self._report(key), bundle

    def robustness(self, model: ModelVersion, metric: str, seed: int) -> Robustness:
        """What the version's evaluation model loses where an input is missing. Raises GateRefused when it was fitted on the test, NotEnoughData."""
        from tidemill.evaluation.robustness.robustness import of_missing

        self.score(model, metric)
        bundle = get_bundle(self._project.artifacts, model.evaluation_bundle)
        return of_missing(self.trainer, bundle, (self.start, self.end), metric, seed)

    def stability(self, model: ModelVersion, champion: ModelVersion | None, seed: int) -> Stability:
        """Whether the version answers for reasons that stay. Raises GateRefused when it was fitted on the test, NotEnoughData, ModelError."""
        from tidemill.evaluation.inputs.stability import stability
        from tidemill.tasks.tabular.training import TabularTrainer

        if not isinstance(self.trainer, TabularTrainer):
            raise NotEnoughData("its answers are not made of columns", hint="take `stability` out of [gates]")
        bundle = self.report(model)[1]
        other = self.report(champion)[1] if champion else None
        return stability(self.trainer, bundle, other, (self.start, self.end), seed)

    def _seen(self, through: Any) -> str:
        if not self.temporal():
            return "on a part of the keys of the test"
        seen = to_iso(through) if isinstance(through, int) else "an unknown time"
        return f"up to {seen}, into the test window from {to_iso(self.start)}"

    def fitted(self, recipe: JsonObject, metric: str) -> Scored:
        """How well a recipe does on the test, fitted on what was known before it. Raises ModelError."""
        return self._refitted(recipe, self.start, (self.start, self.cut.end), metric)

    def baselines(self, named: str | Sequence[str]) -> dict[str, JsonObject]:
        """The recipes of these baselines by name; ``all``: every simple one that the task has."""
        names = self.trainer.baselines if named == "all" else [named] if isinstance(named, str) else named
        return {name: self.trainer.baseline(name) for name in names}

    def reproduces(self, model: ModelVersion) -> bool:
        """Whether the version is what its recipe makes here: not one that somebody brought, or of code that is gone."""
        return model.kind != "manual" and self.trainer.reproduces(model.recipe)

    def by_recipe(self, recipe: JsonObject, metric: str) -> list[Scored]:
        """How well a method does: fitted before each window for methods, it answers that window. Raises ModelError."""
        return [self._by_recipe(recipe, window, metric) for window in self._measured(metric)]

    def _by_recipe(self, recipe: JsonObject, window: Span, metric: str) -> Scored:
        """One window's, fitted once: every gate and every baseline asks for the candidate's."""
        from tidemill.learning.evaluate import Scored

        key = canonical(recipe), window, metric
        if key not in self._answers:
            if window not in self._validations:
                self._validations[window] = self.trainer.validation([window])
            values, units = self._validations[window](recipe, metric)
            none = np.zeros(len(values), np.int64)
            self._answers[key] = Scored(values, units, none, none > 0, unit=self.trainer.unit)
        return self._answers[key]

    def _measured(self, metric: str) -> list[Span]:
        """The test, and those windows before it in which the candidate's method can be measured; too few: the test alone.

        Nobody came in the others, or they lack what the metric needs: they say nothing of a method.
        """
        if metric not in self._windows:
            test, *older = self.method_windows
            found = [test, *(window for window in older if self._says(window, metric))]
            self._windows[metric] = found if len(found) >= FEWEST else [test]
        return self._windows[metric]

    def _says(self, window: Span, metric: str) -> bool:
        try:
            return len(self._by_recipe(self._candidate.recipe, window, metric).values) > 0
        except NotEnoughData:
            return False

    @cached_property
    def method_windows(self) -> list[Span]:
        """The test, and before it windows that the candidate's search did not choose by; newest first."""
        test, older = (self.start, int(self.cut.end)), min(start for start, _ in self.cut.windows)
        return [test, *self._before(older, METHOD_WINDOWS - 1, self.length)]

    def _before(self, end: Micros, most: int, learn: Micros) -> list[Span]:
        """Windows one before the other, newest first, while there is ``learn`` of time left to learn from."""
        if not self.temporal():
            return []
        first, length = int(self.trainer.at.min()) + int(self.cut.gap), self.length
        starts = [end - length * (place + 1) for place in range(most)]
        return [(start, start + length) for start in starts if start >= first + learn]

    def past_refits(self, champion: ModelVersion, metric: str) -> list[Comparison]:
        """What the champion's recipe gained by being fitted anew, in each window before the test; oldest first."""
        through = get_bundle(self._project.artifacts, champion.evaluation_bundle).manifest.get("trained_through")
        older = self.start - through if isinstance(through, int) else 0
        if older <= 0 or not self.reproduces(champion):
            return []
        found = []
        for window in reversed(self._before(self.start, REFIT_WINDOWS, self.length + older)):
            with suppress(ModelError, GateRefused):  # nobody came, or there was nothing to learn from: it says nothing
                new, old = (self._refitted(champion.recipe, window[0] - back, window, metric) for back in (0, older))
                found.append(compare(metric, new, old))
        return found

    def requests(self) -> list[JsonObject]:
        """Requests from all over the window, for the real server."""
        return self._questions.requests

    def answers(self) -> list[JsonObject]:
        """What the released fit answers to them here."""
        return self._questions.answers(get_bundle(self._project.artifacts, self._candidate.bundle))

    @cached_property
    def _questions(self) -> Questions:
        dataset = self._scope.model.dataset.name
        return self.trainer.questions(self._project.live, self.start, self.cut.end, dataset)

    def _refitted(self, recipe: JsonObject, end: Micros, window: Span, metric: str) -> Scored:
        key = canonical(recipe), end, window
        if key not in self._reports:
            self._ask(key, self.trainer.fit(recipe, end), window)
        return self._scored(key, metric)

    def _ask(self, key: Any, bundle: Bundle, window: Span) -> None:
        """Keep the bundle's answers, or why there are none: a model that is slow to fail is asked once."""
        try:
            self._reports[key] = self.trainer.report(bundle, *window)
        except ModelError as exc:
            self._reports[key] = exc

    def _scored(self, key: Any, metric: str) -> Scored:
        return self._report(key).of(metric)

    def _report(self, key: Any) -> Report:
        report: Report | ModelError = self._reports[key]
        if isinstance(report, ModelError):
            raise report
        return report
