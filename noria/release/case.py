"""Builds the case of a candidate from the project: its test window, the twins' answers, and requests for the server.

The test window is the last span of the data that the candidate was made from. Its twin, the champion's twin and the
baseline answer every request of it from the same histories; a twin that was fitted on any of it is refused.
"""

from __future__ import annotations

import hashlib
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from noria.errors import GateRefused, NotAvailableYet
from noria.kernel.artifacts.codecs import get_bundle
from noria.kernel.records import ModelVersion
from noria.release.gates import Case, PerRequest, candidate_server
from noria.types import JsonObject, Micros, to_iso

if TYPE_CHECKING:
    from noria.project import Project

QUESTIONS = 60
"""How many requests of the test window the real server is asked, a round."""
K = 20


def build_case(project: Project, candidate: ModelVersion, champion: ModelVersion | None) -> Case:
    """The candidate before its gates. Raises NotAvailableYet for a task without gates."""
    task = project.config.model.task
    if task in ("classify", "regress"):
        raise NotAvailableYet(f"gates for the task {task!r} are not available yet")
    window = RecommendWindow(project, candidate)
    return Case(
        config=project.config,
        seed=seed_of(project.seed, candidate.ref),
        candidate=candidate,
        champion=champion,
        score=window.score,
        score_baseline=window.score_baseline,
        known=window.questions,
        answers=window.offline_answers,
        server=candidate_server(project),
        test_start=window.start,
    )


def seed_of(seed: int, ref: str) -> int:
    """The seed of everything random about this candidate: the project's and its name.

    >>> seed_of(0, "model:shop@1") == seed_of(0, "model:shop@1") != seed_of(0, "model:shop@2")
    True
    """
    return int.from_bytes(hashlib.sha256(f"{seed}:{ref}".encode()).digest()[:4], "big")


class RecommendWindow:
    """The test window of a recommender, and everybody's answers to it."""

    def __init__(self, project: Project, candidate: ModelVersion) -> None:
        self._project, self._candidate = project, candidate
        self._answers: dict[str, Any] = {}

    @cached_property
    def data(self) -> Any:
        """The rows that the candidate was made from."""
        from noria.data.ingest import load_contract
        from noria.data.tables import open_tables
        from noria.model.interactions import from_frame

        dataset, _, version = self._candidate.data[0].removeprefix("dataset:").rpartition("@")
        frame = open_tables(self._project).read(dataset, int(version)).collect()
        return from_frame(frame, load_contract(self._project, dataset))

    @cached_property
    def start(self) -> Micros:
        """Where the test begins: nothing that is compared may have been fitted on what comes after."""
        from noria.data.split import temporal_split

        section = self._project.config.model.split
        return temporal_split(section, int(self.data.at.min()), int(self.data.at.max())).test_start

    @cached_property
    def requests(self) -> Any:
        from noria.model.interactions import requests_between

        return requests_between(self.data, self.start, self.data.end)

    def score(self, model: ModelVersion, metric: str) -> PerRequest:
        """How well the model's twin answers each request. Raises GateRefused when it was fitted on the window."""
        if model.evaluated not in self._answers:
            bundle = get_bundle(self._project.artifacts, model.evaluated)
            through = bundle.manifest.get("trained_through")
            if not isinstance(through, int) or through > self.start:
                seen = to_iso(through) if isinstance(through, int) else "an unknown time"
                raise GateRefused(
                    f"the twin of {model.ref} was fitted up to {seen}, into the test window from {to_iso(self.start)}"
                )
            self._answers[model.evaluated] = self._ask(_scorer(bundle))
        return self._scored(model.evaluated, metric)

    def score_baseline(self, name: str, metric: str) -> PerRequest:
        """How well a baseline does, fitted on what was known before the window."""
        from noria.model import learners
        from noria.model.rank import RecommendScorer

        if name not in self._answers:
            half_life = _scorer(get_bundle(self._project.artifacts, self._candidate.evaluated)).half_life
            recipe = learners.recipe_of(name.replace("-", "_"), half_life)
            fitted = learners.fit(recipe, self.data.before(self.start))
            self._answers[name] = self._ask(RecommendScorer(fitted, half_life))
        return self._scored(name, metric)

    def questions(self) -> list[JsonObject]:
        """Requests from all over the window, for the real server: each with its moment and what was known."""
        watermark = self._project.live.online.last_seq()
        n = len(self.requests)
        places = sorted(set(np.linspace(0, n - 1, min(n, QUESTIONS)).round().astype(int).tolist())) if n else []
        chosen = self.requests.take(places)
        return [
            {"subject": subject, "k": K, "at": at, "watermark": watermark}
            for subject, at in zip(chosen.subjects, chosen.at.tolist())
        ]

    def offline_answers(self, requests: list[JsonObject]) -> list[JsonObject]:
        """What the released fit answers here, from the same histories that serving has."""
        from noria.features.online import History

        bundle = get_bundle(self._project.artifacts, self._candidate.bundle)
        scorer, known = _scorer(bundle), int(bundle.manifest["items"])
        found: list[JsonObject] = []
        for asked in requests:
            history = History()
            history.extend(self._project.live.online.of(asked["subject"], asked["watermark"]))
            items, values = history.items(asked["subject"], asked["at"], scorer.half_life, asked["watermark"])
            names, scores = scorer.recommend(items, values, asked["at"], asked["k"])
            fewest = min(asked["k"], known)
            found.append({"items": list(names), "scores": np.asarray(scores).tolist(), "fewest": fewest})
        return found

    def _ask(self, scorer: Any) -> Any:
        from noria.model.evaluate import answer

        return answer(scorer, self.data, self.requests)

    def _scored(self, name: str, metric: str) -> PerRequest:
        from noria.model.evaluate import score_answers

        return score_answers(self._answers[name], self.requests, metric)


def _scorer(bundle: Any) -> Any:
    from noria.model import scoring

    return scoring.load(bundle)
