"""What an examination is, and what it looks at."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from tidemill.errors import ModelError
from tidemill.evaluation.parts import Part, parts
from tidemill.learning.search import Settings
from tidemill.learning.split import Cut
from tidemill.learning.trainer import Report, Trainer
from tidemill.store.artifacts.codecs import Bundle
from tidemill.types import JsonObject

if TYPE_CHECKING:
    import polars as pl

_log = logging.getLogger("tidemill.evaluation")


@dataclass(frozen=True)
class Look:
    """A candidate on its test: who answered, what, and beside whom.

    ``rows``: what the step ``features`` gave, whole; ``own``: the evaluation model's answers to the test, request by request;
    ``baselines``: those of the simple models, by name, and ``simple`` the models themselves. ``asked``: by examination what tidemill.toml says of it.
    """

    trainer: Trainer
    rows: pl.DataFrame
    settings: Settings
    cut: Cut
    bundle: Bundle
    own: Report
    baselines: Mapping[str, Report]
    simple: Mapping[str, Bundle]
    seed: int
    asked: Mapping[str, JsonObject] = field(default_factory=dict)
    incumbent: Bundle | None = None
    """The champion's evaluation model, where there is one."""

    @property
    def recipe(self) -> JsonObject:
        recipe: JsonObject = self.bundle.manifest["recipe"]
        return recipe

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """Fits of random parts of the rows that the evaluation model learned from."""
        return tuple(parts(self.rows, self.settings, self.recipe, self.cut, self.seed))

    @cached_property
    def champion(self) -> Report | None:
        """The champion's answers to the same test; None without one, and where it was fitted on any of it or cannot answer."""
        through = self.incumbent.manifest.get("trained_through") if self.incumbent else None
        if self.incumbent is None or not isinstance(through, int) or through > self.cut.test_start:
            return None
        try:
            return self.trainer.report(self.incumbent, self.cut.test_start, self.cut.end)
        except ModelError:
            return None


@dataclass(frozen=True)
class Examination:
    """One look at a candidate. ``look`` raises NotEnoughData or ModelError where it cannot be made; it changes nothing, and the same
    `Look` gets the same answer.

    ``card``: what it found, as a section of the model card in Markdown; empty where there is nothing to say.
    """

    name: str
    applies: Callable[[Look], bool]
    look: Callable[[Look], JsonObject]
    card: Callable[[JsonObject], str] = lambda found: ""


def examine(examinations: tuple[Examination, ...], look: Look) -> dict[str, JsonObject]:
    """What each that applies found, by name; ``{"error": …}`` of one that cannot be made."""
    return {one.name: _made(one, look) for one in examinations if one.applies(look)}


def _made(examination: Examination, look: Look) -> JsonObject:
    try:
        return examination.look(look)
    except ModelError as exc:
        return {"error": str(exc)}
    except Warning:  # where warnings are errors, they shall be seen
        raise
    except Exception as exc:  # noqa: BLE001 - it is said in the record, and the log has the whole story
        _log.exception("the examination %s failed", examination.name)
        return {"error": f"it failed: {type(exc).__name__}: {exc}"}
