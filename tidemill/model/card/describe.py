"""The model card: one page that says what a model is, what it learned from, and how good it is."""

from __future__ import annotations

from typing import Any

from tidemill.config.amounts import percent
from tidemill.engine import step
from tidemill.evaluation.table import sections
from tidemill.learning.bundle import versions
from tidemill.model.ruled import told
from tidemill.store.artifacts.codecs import Report
from tidemill.types import DAY, JsonObject, to_iso


@step
def describe(
    name: str,
    purpose: str,
    goal: str,
    cut: JsonObject,
    looked: JsonObject,
    found: JsonObject,
    metrics: JsonObject,
    examined: JsonObject,
    data: list[str],
    timeless: list[str],
    label: str = "",
    ruled: str = "",
    today: list[JsonObject] | None = None,
) -> Report:
    """The model card, in Markdown. ``purpose`` and ``goal`` are the project's words.

    ``looked`` is what was found in the rows before, ``found`` the search's record, ``metrics`` the evaluation's,
    ``examined`` what examinations found, ``cut`` where time was cut,
    ``timeless`` the joined datasets that have no time, ``label`` what a declared label says; ``ruled`` the endpoints that serve it by
    rules of their own, ``today`` what those rules would have made of the test.
    """
    recipe, by_key = found["recipe"], cut["by"] == "key"
    parts = [
        f"# {name}: {recipe['method']}",
        f"For: {purpose}" if purpose else "",
        f"Goal, as the project says it (no gate measures it): {goal}" if goal else "",
        f"It predicts {label}." if label else "",
        f"Learned from {', '.join(data)}, " + ("all rows." if by_key else f"rows before {to_iso(cut['end'])}."),
        f"Joined to each row, whatever its moment: {', '.join(timeless)} as they are now." if timeless else "",
        _measured(metrics, cut),
        f"Tested as the model ranks: without the business rules of {ruled}, which come after it." if ruled else "",
        told(today or []),
        twice(metrics),
        *sections(examined),
        _looked(looked),
        _chosen(found),
        "## Recipe\n" + _recipe(recipe),
        _decides(metrics),
        _intervals(metrics),
        f"## Handled\n{metrics['handled']}" if "handled" in metrics else "",
        _limits(metrics),
        "Made with "
        + ", ".join(f"{k} {v}" for k, v in versions(("tidemill", "numpy", "scipy", "lightgbm")).items())
        + ".",
    ]
    return Report("\n\n".join(part for part in parts if part) + "\n")


def _recipe(recipe: JsonObject) -> str:
    """Its settings; of a blend those of each member, with its share."""
    own = {name: value for name, value in recipe.items() if name not in ("of", "weights")}
    lines = [f"- {key}: {_setting(key, value)}" for key, value in sorted(own.items())]
    for weight, one in zip(recipe.get("weights", ()), recipe.get("of", ())):
        said = ", ".join(f"{key} {_setting(key, value)}" for key, value in sorted(one.items()) if key != "method")
        lines.append(f"- {weight:.0%} {one['method']}: {said}")
    return "\n".join(lines)


def _setting(key: str, value: Any) -> str:
    return f"{value / DAY:g} days" if key == "half_life" else str(value)


def _measured(metrics: JsonObject, cut: JsonObject) -> str:
    if "error" in metrics:
        return f"## Quality\nNot measured: {metrics['error']}"
    test = f"the test from {to_iso(cut['test_start'])} to {to_iso(cut['end'])}"
    if cut["by"] == "key":
        share = (cut["end"] - cut["test_start"]) / cut["end"]
        test = f"a test of {share:.0%} of the keys (no temporal evidence: the rows have no time)"
    rows = ["| | n | " + " | ".join(names := _names(metrics)) + " |", "|---" * (len(names) + 2) + "|"]
    rows.append(_row("all", metrics, names))
    rows += [_row(part, metrics[part], names) for part in ("warm", "cold") if metrics.get(part, {}).get("n")]
    rows += [_row(f"baseline: {name}", told, names) for name, told in metrics.get("baselines", {}).items()]
    return (
        f"## Quality\nOn {test}, which the evaluation model has not seen; 95 % intervals by "
        f"bootstrap over {metrics['units']} independent units.\n\n" + "\n".join(rows)
    )


def twice(metrics: JsonObject) -> str:
    """Whether two fits on the same rows are one, where it was tried.

    >>> twice({"twice": {"metric": "mae", "differs": 0.25, "answers": 3, "of": 400}})
    'Not reproducible: of two fits on the same rows 3 of 400 answers differ, mae by 0.25.'
    """
    found = metrics.get("twice")
    if not found:
        return ""
    if not found["answers"]:
        return "Fitted twice on the same rows it answers the same."
    differ = f"{found['answers']} of {found['of']} answers differ, {found['metric']} by {found['differs']:.4g}"
    return f"Not reproducible: of two fits on the same rows {differ}."


def _looked(looked: JsonObject) -> str:
    """What was found before the training; nothing of a task whose rows have no columns to look at."""
    if not looked["rows"]:
        return ""
    columns = f"{looked['columns']} column{'s' * (looked['columns'] != 1)}"
    head = f"## Leakage\nLooked at before the training: {columns}, on {looked['rows']} rows before the test."
    lines = [f"- {'held: ' * one['held']}{one['said']}. {one['hint']}." for one in looked["found"]]
    return head + "\n" + ("\n".join(lines) or "Nothing was found.")


def _names(metrics: JsonObject) -> list[str]:
    return [name for name, value in metrics.items() if isinstance(value, list)]


def _row(name: str, told: JsonObject, names: list[str]) -> str:
    return f"| {name} | {told.get('n', '')} | " + " | ".join(_interval(told.get(n)) for n in names) + " |"


def _interval(value: Any) -> str:
    return f"{value[0]:.4f} ({value[1]:.4f} to {value[2]:.4f})" if isinstance(value, list) else ""


def _chosen(found: JsonObject) -> str:
    lines = [f"- {t['recipe']['method']}{_from(t['recipe'])}: {_reached(t)}" for t in found["tried"]]
    lines += [_gained(found["begun"])] if found.get("begun") else []
    kept = "The recipe of the champion was kept. " if found["kept"] else ""
    made, wanted = found["trials"]
    capped = f" search: {made} of {wanted} trials, stopped by the cap of {found['cap']:g} s." if made < wanted else ""
    head = f"## Search\n{kept}{found['metric']} on {found['requests']} validation requests:{capped}\n"
    return head + "\n".join(lines)


def _from(recipe: JsonObject) -> str:
    return f", begun from {recipe['start']['of']}" if recipe.get("start") else ""


def _gained(begun: JsonObject) -> str:
    """What beginning from another model is worth."""
    gain = begun["gain"]
    if gain is None:
        return f"\nNothing was measured that begins from {begun['of']}: see the errors above, or its method does not go on."
    return (
        f"\nThe best that begins from {begun['of']} gains {gain['mean']:.4g} over the best that begins from nothing "
        f"(95 %: {gain['low']:.4g} to {gain['high']:.4g})."
    )


def _reached(trial: JsonObject) -> str:
    """What a trial reached; the stopped ones on their first window."""
    stopped = f" on the first window: {trial['stopped']}" if trial.get("stopped") else ""
    return trial["error"] or f"{trial['mean']:.4f}{stopped}"


def _decides(metrics: JsonObject) -> str:
    if "threshold" not in metrics:
        return ""
    return (
        f"## Decision\n{metrics['positive']!r} is answered from a probability of {metrics['threshold']:.4g} on: "
        "from there it costs less, by [goal] costs. `cost` is what a decision cost on the test"
        f"{_at_half(metrics)}."
    )


def _at_half(metrics: JsonObject) -> str:
    """What the same answers would have cost by the usual threshold."""
    if "cost_at_half" not in metrics or "cost" not in metrics:
        return ""
    return f": {metrics['cost'][0]:.4f}; from a probability of one half on it would have been {metrics['cost_at_half']:.4f}"


def _intervals(metrics: JsonObject) -> str:
    if "interval" not in metrics:
        return ""
    head = "## Intervals\n"
    if metrics["interval"] is None or "coverage" not in metrics:
        return head + "None: the rows are too few to say how far the answers err."
    share, low, high = metrics["coverage"]
    return head + (
        f"Each value comes with an interval in which {percent(metrics['interval'])} of the truths shall lie: split conformal, by "
        f"level of the answer, on the last fifth of what was learned from, told by a fit of the rows before. "
        f"On the test {share:.1%} did ({low:.1%} to {high:.1%})."
    )


def _limits(metrics: JsonObject) -> str:
    cold = metrics.get("cold", {}).get("n", 0)
    said = f" {cold} of {metrics['n']} test requests came without a history." if cold else ""
    return (
        "## Limits\nMeasured on what happened, not on what would have happened had other answers been shown: "
        f"what was never shown may be better than it looks.{said}" + _caps(metrics.get("caps", {}))
    )


def _caps(caps: JsonObject) -> str:
    """What was not looked at whole."""
    told = [f"{what}: {used:,} of {of:,}" for what, (used, of) in caps.items()]
    return f"\nNot everything was looked at: {'; '.join(told)}." if told else ""
