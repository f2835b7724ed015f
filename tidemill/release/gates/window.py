"""A candidate's test window: nothing that is compared has learned from it, and everybody answers every request of it.

The test window is the last span of the data that the candidate was made from. Its twin, the champion's twin and the
baseline answer every request of it from the same histories; a twin that was fitted on any of it is refused.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from tidemill.errors import GateRefused, ModelError
from tidemill.store.artifacts.codecs import Bundle, get_bundle
from tidemill.store.records import ModelVersion
from tidemill.types import JsonObject, Micros, to_iso

if TYPE_CHECKING:
    from tidemill.learning.evaluate import Scored
    from tidemill.learning.trainer import Questions, Trainer
    from tidemill.scope.project import Endpoint


class EvaluationWindow:
    """The window that nothing has learned from, and everybody's answers to it. Read when first asked for."""

    def __init__(self, scope: Endpoint, candidate: ModelVersion) -> None:
        self._scope, self._project, self._candidate = scope, scope.project, candidate
        self._reports: dict[str, Any] = {}

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
        from tidemill.model.prepare import split_of

        at = self.trainer.at
        return cut(split_of(self._scope.model), int(at.min()), int(at.max()))

    def temporal(self) -> bool:
        """Whether the window is of a later time than what was learned from."""
        return bool(self.cut.temporal)

    @property
    def start(self) -> Micros:
        return int(self.cut.test_start)

    def score(self, model: ModelVersion, metric: str) -> Scored:
        """How well the model's twin answers each request. Raises GateRefused when it was fitted on the window."""
        if model.evaluation_bundle not in self._reports:
            bundle = get_bundle(self._project.artifacts, model.evaluation_bundle)
            through = bundle.manifest.get("trained_through")
            if not isinstance(through, int) or through > self.start:
                raise GateRefused(f"the twin of {model.ref} was fitted {self._seen(through)}")
            self._ask(model.evaluation_bundle, bundle)
        return self._scored(model.evaluation_bundle, metric)

    def _seen(self, through: Any) -> str:
        if not self.temporal():
            return "on a part of the keys of the test"
        seen = to_iso(through) if isinstance(through, int) else "an unknown time"
        return f"up to {seen}, into the test window from {to_iso(self.start)}"

    def score_baseline(self, name: str, metric: str) -> Scored:
        """How well a baseline does, fitted on what was known before the window. Raises ModelError."""
        if name not in self._reports:
            self._ask(name, self.trainer.fit(self.trainer.baseline(name), self.start))
        return self._scored(name, metric)

    def requests(self) -> list[JsonObject]:
        """Requests from all over the window, for the real server."""
        return self._questions.requests

    def answers(self) -> list[JsonObject]:
        """What the released fit answers to them here."""
        return self._questions.answers(get_bundle(self._project.artifacts, self._candidate.bundle))

    @cached_property
    def _questions(self) -> Questions:
        return self.trainer.questions(self._project.live, self.start, self.cut.end)

    def _ask(self, name: str, bundle: Bundle) -> None:
        """Keep the bundle's answers, or why there are none: a model that is slow to fail is asked once."""
        try:
            self._reports[name] = self.trainer.report(bundle, self.start, self.cut.end)
        except ModelError as exc:
            self._reports[name] = exc

    def _scored(self, name: str, metric: str) -> Scored:
        report = self._reports[name]
        if isinstance(report, ModelError):
            raise report
        found: dict[str, Scored] = report.scored
        if metric not in found:
            raise GateRefused(f"the metric {metric!r} is not measured a request", hint=f"known: {', '.join(found)}")
        return found[metric]
