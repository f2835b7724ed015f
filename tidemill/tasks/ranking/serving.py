"""What the server runs of a recommender. numpy only."""

from __future__ import annotations

from collections.abc import Callable

from tidemill.store.artifacts.codecs import Bundle
from tidemill.tasks.ranking.bundle import ranking_of
from tidemill.tasks.ranking.own import LearnerScorer
from tidemill.tasks.ranking.rank import RecommendScorer


def recommender(bundle: Bundle) -> RecommendScorer:
    """The scorer of a built-in recommender. Raises ModelError, Damaged."""
    return RecommendScorer(ranking_of(bundle), int(bundle.manifest["half_life"]))


SCORERS: dict[str, Callable[[Bundle], RecommendScorer | LearnerScorer]] = {
    "recommend": recommender,
    "learner": LearnerScorer,
}
