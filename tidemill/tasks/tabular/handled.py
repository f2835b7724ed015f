"""What was done to inputs, rows and answers of a fit that a reader would not expect: a sentence each, for the card. Stdlib only."""

from __future__ import annotations

from typing import Any

from tidemill.learning.labelled import text_of
from tidemill.tasks.tabular.learners.encode import NATIVE
from tidemill.tasks.tabular.learners.port import Bounds
from tidemill.types import JsonObject

_WIDE = {
    "trees": f"for trees each is the mean of the target in it, shrunk to that of all: LightGBM keeps {NATIVE} apart",
    "linear": "each has a weight of its own, shrunk",
}


def handled(manifest: JsonObject, limits: Bounds) -> str:
    """The sentences of a bundle; ``limits``: the target's, as the contract says.

    >>> handled({"bounds": (0.0, None), "method": "linear"}, (None, None))
    'No answer is below 0: no target was.'
    """
    low, high = manifest.get("bounds", (None, None))
    said = []
    if low is not None:
        said.append(f"No answer is below {low:g}: {'no target was' if limits[0] is None else 'the contract says so'}.")
    if high is not None:
        said.append(f"No answer is above {high:g}: the contract says so.")
    recipe: JsonObject = manifest.get("recipe", {})
    methods = {one["method"] for one in recipe.get("of", [recipe]) if "method" in one}
    how = "; ".join(_WIDE[name] for name in sorted(methods & _WIDE.keys()))
    said += [
        f"{name} has {n:,} categories that two rows have: {how}." for name, n in manifest.get("wide", {}).items() if how
    ]
    weights: list[Any] | None = manifest.get("weights")
    if weights:
        each = ", ".join(
            f"{text_of(label)} {weight:.3g}" for label, weight in zip(manifest["labels"], weights, strict=True)
        )
        said.append(
            f"Rows counted by their label where they were learned ({each}); probabilities are told without that."
        )
    return " ".join(said)
