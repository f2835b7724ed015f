"""Bundles: a fitted model as data-only files with a typed signature."""

from __future__ import annotations

from noria.kernel.artifacts.codecs import Bundle, encode
from noria.model.rank import Ranking
from noria.types import JsonObject, canonical


def recommend_bundle(ranking: Ranking, recipe: JsonObject, end: int) -> Bundle:
    """A recommender's bundle."""
    manifest: JsonObject = {
        "scorer": "recommend",
        "recipe": recipe,
        "half_life": recipe["half_life"],
        "numbers": ranking.numbers,
        "trained_through": end,
        "signature": {
            "inputs": {"subject": "string", "k": "integer"},
            "outputs": {"items": "list of string", "scores": "list of float64"},
        },
    }
    files = {"items.json": canonical(list(ranking.items)), "weights.npz": encode("arrays", ranking.arrays)}
    return Bundle(manifest, files)
