"""Texts, and whatever a text names, as numbers: a process of somebody else's gives each a vector. numpy only.

One process for all that ask for the same, started when first asked. A text is asked for once: its vector is kept by its content.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import msgspec
import numpy as np
from numpy.typing import NDArray

from tidemill.errors import ModelError
from tidemill.process.kept import Kept
from tidemill.process.service import SEE, Spec

F8 = NDArray[np.float64]
KEPT = 10_000
"""Vectors that stay in memory."""
BATCH, SECONDS = 256, 120.0
"""Texts that are asked for at once in training, and how long that may take."""
_NUMBER = 40  # bytes of one, as JSON


class Embedding(msgspec.Struct, frozen=True):
    """``process`` gives a text ``size`` numbers, and says that it is ``model``."""

    process: Spec
    model: str
    size: int


class Vectors(msgspec.Struct):
    """What ``POST /embed`` answers."""

    model: str
    vectors: list[list[float]]


def begin(embedding: Embedding) -> None:
    """Start its process, and hold its first answer against what was declared, before anybody waits for one. Raises ModelError."""
    _asked(embedding, ["water"], SECONDS)


def component(embedding: Embedding, place: int, text: str) -> float:
    """One number of a text's vector. Raises ModelError."""
    return _vector(embedding, text)[place]


def vectors(embedding: Embedding, texts: Sequence[str | None]) -> F8:
    """Texts x size; NaN for what is missing. Raises ModelError."""
    wanted = list(dict.fromkeys(text for text in texts if text is not None))
    found = np.full((len(wanted) + 1, embedding.size), np.nan)
    for at in range(0, len(wanted), BATCH):
        part = wanted[at : at + BATCH]
        found[at : at + len(part)] = _asked(embedding, part, SECONDS)
    places = {text: place for place, text in enumerate(wanted)}
    return found[[places.get(text, -1) if text is not None else -1 for text in texts]]


@lru_cache(KEPT)
def _vector(embedding: Embedding, text: str) -> tuple[float, ...]:
    return tuple(_asked(embedding, [text], None)[0].tolist())


@lru_cache(8)
def _kept(process: Spec) -> Kept:
    return Kept(process, lambda service: None)


def _asked(embedding: Embedding, texts: list[str], seconds: float | None) -> F8:
    most = 1_000 + len(texts) * embedding.size * _NUMBER
    found = _kept(embedding.process).ask("/embed", {"texts": texts}, Vectors, most, seconds)
    if found.model != embedding.model:
        hint = f"its vectors mean something else: start the one that is {embedding.model}, or declare the other and train again"
        raise ModelError(f"the process says that it is {found.model[:80]!r}", place="process", hint=hint)
    if len(found.vectors) != len(texts) or any(len(one) != embedding.size for one in found.vectors):
        hint = f"POST /embed gives a vector of {embedding.size} numbers for each text"
        raise ModelError(f"it gives {len(found.vectors)} vectors to {len(texts)} texts", place="process", hint=hint)
    told = np.array(found.vectors, np.float64).reshape(len(texts), embedding.size)
    if not np.isfinite(told).all():
        raise ModelError("it gives a vector that is no numbers", place="process", hint=SEE)
    return told
