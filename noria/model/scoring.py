"""A bundle's scorer: what the server and the evaluation both run. numpy only."""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np

from noria.errors import ModelError
from noria.kernel.artifacts.codecs import Bundle
from noria.model.rank import Ranking, RecommendScorer

__all__ = ["RecommendScorer", "load"]


def load(bundle: Bundle) -> Any:
    """The scorer of this bundle. Raises ModelError."""
    kind = bundle.manifest.get("scorer")
    if kind != "recommend":
        raise ModelError(f"no scorer {kind!r}")
    items = json.loads(bundle.files["items.json"])
    with np.load(io.BytesIO(bundle.files["weights.npz"]), allow_pickle=False) as found:
        arrays = {name: found[name] for name in found.files}
    return RecommendScorer(Ranking.read(items, arrays, bundle.manifest["numbers"]), int(bundle.manifest["half_life"]))
