"""The metrics by name: which way is better, how a mean over answers becomes the figure that people read. Stdlib only."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Measure:
    """One metric. Each answer adds a value to a mean; the figure is the mean, or (``root``) its square root.

    >>> MEASURES["mae"].bound, measure("recall@20").bound
    ('or less', 'or more')
    """

    name: str
    less_is_better: bool = False
    root: bool = False
    zero: float = 0.0  # what an answer of no worth reaches: a share of the level is one of what is beyond it
    watched_by: str = (
        ""  # what stands in for one that single answers do not give, where answers are watched as they come
    )

    @property
    def sign(self) -> float:
        """Times this, more is better."""
        return -1.0 if self.less_is_better else 1.0

    @property
    def better(self) -> str:
        return "lower" if self.less_is_better else "higher"

    @property
    def bound(self) -> str:
        """How a promise about it reads."""
        return "or less" if self.less_is_better else "or more"

    def figure(self, mean: float) -> float:
        """The figure of a mean.

        >>> MEASURES["rmse"].figure(9.0), MEASURES["mae"].figure(9.0)
        (3.0, 9.0)
        """
        return math.sqrt(mean) if self.root else mean

    def mean(self, figure: float) -> float:
        """The mean of a figure."""
        return figure * figure if self.root else figure

    def worse(self, mean: Any, share: float) -> Any:
        """The mean (or means) whose figure is worse by this share.

        >>> MEASURES["mae"].worse(10.0, 0.5), measure("recall@20").worse(10.0, 0.5), MEASURES["rmse"].worse(4.0, 0.5)
        (15.0, 5.0, 9.0)
        """
        if self.root:
            return mean * (1 + share) ** 2
        return mean * (1 + share if self.less_is_better else 1 - share)

    def rounded(self, figure: float) -> float:
        """As kept: a share to four places, an error (whose unit is the target's) to six figures.

        >>> measure("recall@20").rounded(0.123456), MEASURES["mae"].rounded(0.000123456789)
        (0.1235, 0.000123457)
        """
        return float(f"{figure:.6g}") if self.less_is_better else round(figure, 4)

    def text(self, figure: float) -> str:
        return f"{figure:.4g}" if self.less_is_better else f"{figure:.3f}"

    def amount(self, difference: float) -> str:
        """A difference in words.

        >>> measure("ndcg@10").amount(0.03), MEASURES["mae"].amount(0.03)
        ('3.0 points', '0.03')
        """
        return f"{difference:.3g}" if self.less_is_better else f"{difference * 100:.1f} points"


MEASURES = {
    one.name: one
    for one in (
        Measure("mae", True),
        Measure("rmse", True, root=True),
        Measure("wape", True, watched_by="mae"),
        Measure("interval_score", True),
        Measure("log_loss", True),
        Measure("cost", True),
        Measure("auc", zero=0.5, watched_by="log_loss"),
        Measure("pr_auc", watched_by="log_loss"),
    )
}


def measure(name: str) -> Measure:
    """The metric of this name; of what is not an error more is better."""
    return MEASURES.get(name) or Measure(name)


def mean_metric(metric: str) -> str:
    """The metric that is watched answer by answer: one answer has no AUC, so that log loss stands in for it.

    >>> mean_metric("auc"), mean_metric("wape"), mean_metric("ndcg@10")
    ('log_loss', 'mae', 'ndcg@10')
    """
    return measure(metric).watched_by or metric
