"""The scorer of a bundle: the same code answers in evaluation and in the server. numpy only, nothing heavy.

scorer = load(bundle)
items, values = history.items(subject, at, scorer.half_life)
scorer.recommend(items, values, at, k=20)           # recommend, learner
scorer.predict({"temperature": 12.5, "day": "mo"})  # trees
"""

from __future__ import annotations

from tidemill.learning.bundle import open_scorer
from tidemill.store.artifacts.codecs import Bundle
from tidemill.tasks.ranking import serving as ranking
from tidemill.tasks.ranking.own import LearnerScorer
from tidemill.tasks.ranking.rank import RecommendScorer, Row
from tidemill.tasks.tabular.boost import TreesScorer

__all__ = ["LearnerScorer", "RecommendScorer", "Row", "Scorer", "TreesScorer", "load"]

Scorer = RecommendScorer | TreesScorer | LearnerScorer


def load(bundle: Bundle) -> Scorer:
    """The scorer that the manifest names. The bytes are those that the caller has verified. Raises ModelError, Damaged."""
    return open_scorer(bundle, {**ranking.SCORERS, "trees": TreesScorer})
