"""The scorer of a bundle: the same code answers in evaluation and in the server. numpy only, nothing heavy.

scorer = load(bundle)
items, values = history.items(subject, at, scorer.half_life)
scorer.recommend(items, values, at, k=20)           # recommend, learner
scorer.predict({"temperature": 12.5, "day": "mo"})  # trees
"""

from __future__ import annotations

from tidemill.errors import ModelError
from tidemill.model.boost import TreesScorer
from tidemill.model.bundle import FORMAT, ranking_of
from tidemill.model.learner import LearnerScorer
from tidemill.model.rank import RecommendScorer, Row
from tidemill.store.artifacts.codecs import Bundle
from tidemill.types import did_you_mean

__all__ = ["LearnerScorer", "RecommendScorer", "Row", "Scorer", "TreesScorer", "load"]

Scorer = RecommendScorer | TreesScorer | LearnerScorer


def load(bundle: Bundle) -> Scorer:
    """The scorer that the manifest names. The bytes are those that the caller has verified. Raises ModelError, Damaged."""
    said = bundle.manifest
    if said.get("format") != FORMAT:
        raise ModelError(
            f"a bundle of format {said.get('format')!r}", hint=f"this version of Tidemill reads format {FORMAT}"
        )
    kind = said.get("scorer")
    if kind == "recommend":
        return RecommendScorer(ranking_of(bundle), int(said["half_life"]))
    if kind == "learner":
        return LearnerScorer(bundle)
    if kind == "trees":
        return TreesScorer(bundle)
    raise ModelError(f"no scorer {kind!r}", hint=did_you_mean(str(kind), ["recommend", "trees", "learner"]))
