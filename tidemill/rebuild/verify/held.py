"""What was built again, held against what was recorded: step by step, the figures, the bytes; and where these differ, the answers."""

from __future__ import annotations

import math
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tidemill.engine.explain import changes_of
from tidemill.errors import NotFound
from tidemill.learning.search import Settings
from tidemill.learning.split import Cut
from tidemill.learning.trainer import Report
from tidemill.rebuild.report import Held, Same, StepHeld
from tidemill.store.artifacts.codecs import get_bundle, load
from tidemill.store.records import ModelVersion, Step
from tidemill.tasks.table import training_of
from tidemill.types import JsonObject

if TYPE_CHECKING:
    from tidemill.model.recorded import Recorded
    from tidemill.scope.project import Project
    from tidemill.store.artifacts.port import Artifacts

F8 = NDArray[np.float64]
SAME = 1e-9
"""Answers that differ by no more are the same: sums that another processor adds up in another order."""
ORDER = ("features", "split", "findings", "search", "train", "evaluate")
CHOSEN = ("recipe", "kept", "tried", "against", "requests", "metric")
"""What a search's outcome is, to the last digit but one; how many trials its budget left it is not."""


def held(project: Project, record: Recorded, copy: Project, run: str) -> Held:
    """The record beside the run in the copy."""
    one, other = record.model, copy.store.models.list(name=record.model.name)[-1]
    again = {step.name: step for step in copy.store.steps.list(run=run)}
    steps = [
        _step(record, copy, record.steps[name], again[name]) for name in ORDER if name in record.steps and name in again
    ]
    metrics = _metrics(one, other)
    same = (one.bundle, one.evaluation_bundle) == (other.bundle, other.evaluation_bundle)
    most, asked = (0.0, 0) if same else _answers(project, record, copy, other, again)
    close = -1 < most <= SAME and not metrics
    verdict: Same = "identical" if same and not metrics else "same_answers" if close else "different"
    first = next((step.step for step in steps if not step.same), "")
    bundles = [one.bundle, other.bundle], [one.evaluation_bundle, other.evaluation_bundle]
    return Held(verdict, steps, metrics, *bundles, first=first, most=most, answers=asked)


def _step(record: Recorded, copy: Project, then: Step, now: Step) -> StepHeld:
    differs = [str(change) for change in changes_of(_alike(then.fingerprint_inputs), _alike(now.fingerprint_inputs))]
    names = [name for name in then.outputs if name != "examined"]  # it holds seconds, and no answer depends on it
    same = all(then.outputs[name]["digest"] == now.outputs.get(name, {}).get("digest") for name in names)
    if not same and then.name in ROUNDED:
        with suppress(NotFound):  # it was collected: whether it was rounded otherwise is not known any more
            pair = ((record.artifacts, then), (copy.artifacts, now))
            same = _close(*(ROUNDED[then.name](of, step) for of, step in pair))
    before, after = ((step.outputs[names[0]]["digest"] if names else "") for step in (then, now))
    return StepHeld(then.name, same, before, after, differs)


def _alike(parts: JsonObject) -> JsonObject:
    """Without what a rebuild sets otherwise on purpose: how long a search may take, where the project is."""
    params = {name: value for name, value in parts.get("params", {}).items() if name != "settings"}
    settings = parts.get("params", {}).get("settings")
    if isinstance(settings, dict):
        given = settings["details"].get("given")
        details = settings["details"] if given is None else {**settings["details"], "given": given["recipe"]}
        params |= {f"settings.{name}": value for name, value in settings.items() if name not in ("budget", "trials")}
        params["settings.details"] = details
    return {**parts, "params": params, "version": _by_dataset(parts.get("version"), params.get("data"))}


def _by_dataset(version: Any, refs: Any) -> Any:
    """What the rows depended on, dataset by dataset: its bytes, its contract."""
    if not isinstance(version, dict) or not isinstance(refs, list) or not isinstance(version.get("data"), list):
        return version
    of_data = {f"{ref} {name}": value for ref, one in zip(refs, version["data"]) for name, value in one.items()}
    return {**{name: value for name, value in version.items() if name != "data"}, **of_data}


def _only(step: Step) -> str:
    """The digest of what a step with one output gave."""
    (output,) = step.outputs.values()
    return str(output["digest"])


def _chosen(artifacts: Artifacts, step: Step) -> JsonObject:
    found = load(artifacts, _only(step), "json")
    return {name: found.get(name) for name in CHOSEN}


def _figures(artifacts: Artifacts, step: Step) -> JsonObject:
    found: JsonObject = load(artifacts, step.outputs["metrics"]["digest"], "json")
    return found


ROUNDED = {"search": _chosen, "evaluate": _figures}
"""Steps whose figures are means over many requests: the last digit of a sum is that of how its numbers lie in memory."""


def _metrics(one: ModelVersion, other: ModelVersion) -> dict[str, list[Any]]:
    """The figures that differ, of those that were recorded, by more than how a processor happens to add up."""
    there = other.metrics
    return {name: [value, there.get(name)] for name, value in one.metrics.items() if not _close(value, there.get(name))}


def _close(one: Any, other: Any) -> bool:
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_close(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_close, one, other))
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=SAME, abs_tol=SAME)
    return bool(one == other)


def _answers(
    project: Project, record: Recorded, copy: Project, other: ModelVersion, again: dict[str, Step]
) -> tuple[float, int]:
    """The greatest difference between both fits' answers to the test, and how many were compared."""
    rows = load(copy.artifacts, _only(again["features"]), "table")
    cut = Cut.read(load(copy.artifacts, _only(again["split"]), "json"))
    settings = Settings(**record.params["settings"])
    trainer = training_of(settings.task).open_trainer(rows, settings)
    most, asked = 0.0, 0
    for one, two in ((record.model.evaluation_bundle, other.evaluation_bundle), (record.model.bundle, other.bundle)):
        pair = get_bundle(project.artifacts, one), get_bundle(copy.artifacts, two)
        differs, n = _apart(*(trainer.report(bundle, cut.test_start, cut.end) for bundle in pair))
        most, asked = (-1.0 if -1.0 in (most, differs) else max(most, differs)), asked + n
    return most, asked


def _apart(one: Report, other: Report) -> tuple[float, int]:
    """Of two reports on the same requests; -1 where they did not answer the same ones, or otherwise than by another number.

    What a table was told is kept in 32 bit: what each request adds to the metrics is held against each other, too.
    """
    told = [report.answers.get("told") for report in (one, other)]
    scored = [[report.scored[name].values for report in (one, other)] for name in one.scored]
    most = max((_gap(*pair) for pair in ([told] if told[0] is not None else scored)), default=math.inf)
    if 0 <= most <= SAME and told[0] is not None and not all(_alike_all(a, b) for a, b in scored):
        most = max(_gap(*pair) for pair in scored)
    shown = [report.listed and list(map(list, report.listed.shown)) for report in (one, other)]
    if most == math.inf or (most <= SAME and shown[0] != shown[1]):
        return -1.0, 0
    return most, len(told[0] if told[0] is not None else scored[0][0])


def _alike_all(a: F8, b: F8) -> bool:
    return a.shape == b.shape and np.allclose(a, b, rtol=SAME, atol=SAME, equal_nan=True)


def _gap(a: Any, b: Any) -> float:
    """The greatest difference; infinity where there is none in numbers. What is no number on both sides is the same."""
    if a is None or b is None or a.shape != b.shape or not np.issubdtype(a.dtype, np.number):
        return math.inf
    same = (a == b) | (np.isnan(a) & np.isnan(b))
    apart = np.abs(np.where(same, 0.0, a) - np.where(same, 0.0, b))
    return math.inf if np.isnan(apart).any() else float(apart.max(initial=0.0))
