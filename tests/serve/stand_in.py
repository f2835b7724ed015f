"""A scorer process like any other, which also loads bundles that misbehave as their ``behaviour.json`` says."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from noria.kernel.artifacts.codecs import Bundle
from noria.model import scoring
from noria.serve import loading
from noria.types import DAY


class Misbehaves:
    """Sleeps, raises, or answers with what is no number."""

    half_life = 30 * DAY

    def __init__(self, how: dict[str, Any]) -> None:
        self.how = how

    def recommend(self, items: Sequence[str], values: Any, at: int, k: int) -> tuple[list[str], Any]:
        time.sleep(self.how.get("sleeps", 0))
        if self.how.get("raises"):
            raise ValueError(self.how["raises"])
        return ["popular"], np.array([float("nan") if self.how.get("nan") else 1.0])


class Scoring:
    """In the place of `noria.model.scoring`."""

    @staticmethod
    def load(bundle: Bundle) -> Any:
        if bundle.manifest["scorer"] != "misbehaves":
            return scoring.load(bundle)
        return Misbehaves(json.loads(bundle.files["behaviour.json"]))


def install() -> None:
    """Let this process load bundles that misbehave."""
    loading.scoring = Scoring  # type: ignore[assignment]


if __name__ == "__main__":
    from noria.serve.server import main

    install()
    sys.exit(main())
