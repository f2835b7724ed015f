"""A scorer process like any other but for its arithmetic: the bundle's one file says what it answers.

Everything around it is real: bundle, digests, signatures, stores, HTTP. What models do is tested in tests/model.
"""

from __future__ import annotations

import json
import sys
import time
import types
from collections.abc import Sequence
from typing import Any

import numpy as np

from noria.errors import ModelError
from noria.kernel.artifacts.codecs import Bundle
from noria.types import DAY


class Told:
    """Answers as the bundle's ``behaviour.json`` says."""

    half_life = 30 * DAY

    def __init__(self, how: dict[str, Any]) -> None:
        self.how = how

    def recommend(self, items: Sequence[str], values: Any, at: int, k: int) -> tuple[list[str], Any]:
        if self.how.get("sleeps"):
            time.sleep(self.how["sleeps"])
        if self.how.get("raises"):
            raise ValueError(self.how["raises"])
        names = [*items, *self.how.get("popular", ["popular"])][:k]
        scores = [float("nan") if self.how.get("nan") else 1.0 / (1 + i) for i in range(len(names))]
        return names, np.array(scores)


def load(bundle: Bundle) -> Told:
    how = json.loads(bundle.files["behaviour.json"])
    if how.get("does_not_load"):
        raise ModelError("this bundle does not load")
    return Told(how)


def install() -> None:
    """Put this in the place of the models' arithmetic."""
    module = types.ModuleType("noria.model.scoring")
    module.load = load  # type: ignore[attr-defined]
    sys.modules["noria.model.scoring"] = module
    import noria.model

    noria.model.scoring = module  # type: ignore[attr-defined]


if __name__ == "__main__":
    from noria.serve.server import main

    install()
    sys.exit(main())
