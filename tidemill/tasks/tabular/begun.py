"""What a fit begins from: the champion's bundle, or another project's. Its trees are added to, its weights are shrunk towards.

A fit as of a moment must know nothing of what comes after. A champion has often seen the window that its successor is tested on: then
the champion's recipe is fitted anew, as long before that moment as the champion is older than the newest rows, and that is begun from.
So what is measured is what is done. Another project's rows are not these, and its bundle is begun from whenever it was fitted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict

import msgspec

from tidemill.errors import ModelError
from tidemill.learning.intervals import paired_bootstrap
from tidemill.learning.measures import measure
from tidemill.learning.search import SearchResult
from tidemill.learning.trials import Validation
from tidemill.store.artifacts import open_artifacts
from tidemill.store.artifacts.codecs import Bundle, get_bundle
from tidemill.tasks.tabular.inputs import Input
from tidemill.tasks.tabular.tables import Table
from tidemill.types import JsonObject, Micros

MORE = 20, 80
"""So many trees are added, in two candidates."""
TOWARDS = 1.0, 30.0, 300.0
"""How much a linear model's weights are held to those that it begins from."""
DEEPEST = 3
"""Champions that began from champions, fitted anew one before the other."""
KEY = "start"
"""What a recipe says of it: ``of`` whom, the ``bundles`` by digest, the newest first, and whether they are the project's ``own``."""


def recipes(start: JsonObject, table: Table, task: str) -> list[JsonObject]:
    """The candidates that begin from it; none where it is of another task, or of a learner that cannot go on. Raises ModelError, Damaged."""
    newest = _read(start, table)[0].manifest["recipe"]
    base = {name: value for name, value in newest.items() if name not in (KEY, "calibration")}
    if base.get("task") != task:
        return []
    if base["method"] == "trees":
        return [{**base, "num_iterations": trees, KEY: start} for trees in MORE]
    if base["method"] == "linear":
        return [{**base, "l2": l2, KEY: start} for l2 in TOWARDS]
    given = table.given.recipe if table.given is not None else {}
    if base["method"] == "process" == given.get("method"):  # as it is said now: the champion's may have been another's
        return [{**given, "task": task, KEY: start}]
    return []


def begun(
    recipe: JsonObject, table: Table, end: Micros, fit: Callable[[JsonObject, Micros, int], Bundle], depth: int = 0
) -> Bundle | None:
    """The bundle that a fit of what was known before ``end`` begins from; ``fit``: (recipe, end, depth) → a bundle. Raises ModelError."""
    start = recipe.get(KEY)
    if not start:
        return None
    bundles = _read(start, table)
    honest = [one for one in bundles if not start["own"] or one.manifest["trained_through"] <= end]
    if honest:
        return max(honest, key=lambda one: int(one.manifest["trained_through"]))
    if depth >= DEEPEST:
        raise ModelError(
            f"it begins from {DEEPEST} champions that began from champions",
            hint="fit it anew once: leave start_from out",
        )
    newest = bundles[0].manifest
    older = max(int(table.at[-1]) + 1 - int(newest["trained_through"]), 0)
    return fit(newest["recipe"], end - older, depth + 1)


def gained(validate: Validation, found: SearchResult, of: str, seed: int) -> JsonObject:
    """What the best recipe that begins from it gains over the best other one, on the validation windows; None where none was measured."""
    sign, tried = measure(found.metric).sign, [one for one in found.tried if not one.error and not one.stopped]
    warm, cold = ([one for one in tried if (KEY in one.recipe) is begins] for begins in (True, False))
    if not warm or not cold:
        return {"of": of, "gain": None}
    (own, units), (other, _) = (
        validate(max(each, key=lambda one: sign * one.mean).recipe, found.metric) for each in (warm, cold)
    )
    return {"of": of, "gain": asdict(paired_bootstrap(sign * own, sign * other, units, seed))}


def same_inputs(start: Bundle, inputs: Sequence[Input], labels: Sequence[object] | None) -> tuple[Input, ...]:
    """These inputs with the categories that the start knows: a place means the same to both. Raises ModelError where it has others."""
    theirs = msgspec.convert(start.manifest["columns"], tuple[Input, ...])
    if [*map(_means, theirs)] != [*map(_means, inputs)]:
        said = ", ".join(one.name for one in theirs)
        raise ModelError(
            f"what it begins from has other inputs: {said[:200]}", hint="the same columns in the same order"
        )
    if start.manifest["labels"] != (None if labels is None else list(labels)):
        raise ModelError("what it begins from has other labels", hint="begin from none")
    return tuple(
        msgspec.structs.replace(own, categories=one.categories) for own, one in zip(inputs, theirs, strict=True)
    )


def _means(one: Input) -> tuple[str, str, str]:
    """What an input's numbers mean: of a text's vector whose they are."""
    return one.name, one.kind, one.embedding.model if one.embedding else ""


def _read(start: JsonObject, table: Table) -> list[Bundle]:
    if table.artifacts is None:
        raise ModelError(
            f"it begins from {start['of']}, and [model] start_from is not said any more", hint="say it again"
        )
    kept = open_artifacts(table.artifacts)
    return [get_bundle(kept, digest) for digest in start["bundles"]]
