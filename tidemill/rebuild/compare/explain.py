"""The pipeline `compare`: which difference between two versions explains their metrics, by rebuilding with either's data and parameters."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from tidemill.engine import Context, pipeline, step
from tidemill.errors import BadRequest
from tidemill.learning.measures import measure
from tidemill.model.pipeline import features
from tidemill.model.recorded import recorded
from tidemill.rebuild.bisect.asked import COMPARE
from tidemill.rebuild.bisect.bisect import KEPT
from tidemill.rebuild.bisect.causes import between, parameters_of, window_of
from tidemill.rebuild.bisect.trial import CODE, Arrays, Base, Change, Test, ends, trial
from tidemill.rebuild.compare.terms import CORNERS, Term, of_window, scale_of, shares, terms
from tidemill.store.records import ModelVersion
from tidemill.tasks.table import metric_of
from tidemill.types import JsonObject, canonical

if TYPE_CHECKING:
    from tidemill.scope.project import Project


@step(version=CODE)
def explain(
    models: list[str],
    differences: list[JsonObject],
    tests: list[JsonObject],
    answers: Arrays,
    own: Arrays,
    corners: list[Arrays],
    told: list[JsonObject],
    ctx: Context,
) -> JsonObject:
    """The terms: `tidemill.rebuild.bisect.asked.Compared`."""
    metric, units = measure(tests[1]["metric"]), answers["units"]
    one, other = answers["one"], answers["other"]
    figures = [metric.figure(float(values.mean())) for values in (own["one"], one, other)]
    moved = tests[0] != tests[1]
    found = (
        [of_window(own["one"], own["units"], one, units, scale_of(metric.root, figures[0], figures[1]))]
        if moved
        else []
    )
    wrong = [said["error"] for said in told if said.get("error")]
    scale = scale_of(metric.root, figures[1], figures[2])
    if not wrong:
        values = {name: corner["values"] for name, corner in zip(CORNERS, corners)}
        kinds = {one["kind"] for one in differences}
        parts = shares(values, one, other)
        found += [term for term in terms(parts, units, scale, ctx.seed) if _there(term, kinds)]
    whole = terms({"all": other - one}, units, scale, ctx.seed)[0]
    return {
        "models": models,
        "metric": metric.name,
        "better": metric.better,
        "test": tests[1],
        "requests": len(one),
        "units": int(np.max(units, initial=-1)) + 1,
        "figures": figures,
        "differences": differences,
        "terms": [asdict(term) for term in found],
        "whole": asdict(whole),
        "not_measured": wrong,
        "seconds": sum(said.get("seconds", 0.0) for said in told),
    }


def _there(term: Term, kinds: set[str]) -> bool:
    """Whether anything of this kind differs; what is not there adds nothing, and where it does that is shown."""
    names = {"code", "environment"} if term.kind == "code and environment" else {term.kind}
    return bool(names & kinds) or term.adds != 0


@pipeline(name=COMPARE)
def compare_pipeline(
    models: list[str],
    base: JsonObject,
    differences: list[JsonObject],
    tests: list[JsonObject],
    bundles: dict[str, str],
    changes: list[JsonObject],
) -> dict[str, Any]:
    """features of both tests → both versions on the later one, the first on its own → the corners → what each kind adds.

    ``changes``: of each corner what is otherwise than in the other version.
    """
    rows: Any = features.named("features of the test")(base["name"], tests[1]["data"])  # type: ignore[call-arg]
    before: Any = features.named("features before")(base["name"], tests[0]["data"])  # type: ignore[call-arg]
    answers: Any = ends(rows, base["settings"], tests[1], bundles)  # type: ignore[call-arg]
    alone = {"one": bundles["one"]}
    own: Any = ends.named("own")(before, base["settings"], tests[0], alone)  # type: ignore[call-arg]
    corners: list[Any] = []
    said: list[Any] = []
    for name, change in zip(CORNERS, changes):
        made, told = trial.named(f"rebuild {name or 'as the first'}")(rows, base, tests[1], change, None)  # type: ignore[call-arg]
        corners.append(made)
        said.append(told)
    return {"report": explain(models, differences, tests, answers, own, corners, said)}  # type: ignore[call-arg]


def parameters(project: Project, one: ModelVersion, other: ModelVersion) -> JsonObject:
    """The parameters of the run. The fixed test is the other's, which must not be the earlier one.

    Raises NotFound, BadRequest.
    """
    if one.name != other.name:
        raise BadRequest(f"{one.ref} and {other.ref} are of two models", hint="two versions of one model")
    first, second = recorded(project, one), recorded(project, other)
    windows = [window_of(record) for record in (first, second)]
    if windows[0][0] > windows[1][0]:
        hint = f"the other way round: {other.ref} {one.ref}"
        raise BadRequest(f"{one.ref} has learned from the test of {other.ref}", place=one.ref, hint=hint)
    metric = metric_of(project.model(other.name))
    tests = [Test(list(m.data), *window, metric) for m, window in zip((one, other), windows)]
    params = [parameters_of(record) for record in (first, second)]
    swapped = [
        n for n in sorted({*params[0], *params[1]}) if canonical(params[0].get(n)) != canonical(params[1].get(n))
    ]
    swapped = [name for name in swapped if name not in KEPT]
    base = Base(other.name, list(other.data), windows[1][0], second.params["settings"], other.recipe, params[0])
    mine = Change(swapped=swapped, data=list(one.data), until=windows[0][0])
    changes = [
        mine,
        Change(swapped=swapped),
        Change(data=mine.data, until=mine.until),
        Change(),
    ]  # as `CORNERS`
    return {
        "models": [one.ref, other.ref],
        "base": msgspec.to_builtins(base),
        "differences": [asdict(found) for found in between(first, second)],
        "tests": msgspec.to_builtins(tests),
        "bundles": {"one": one.evaluation_bundle, "other": other.evaluation_bundle},
        "changes": msgspec.to_builtins(changes),
    }
