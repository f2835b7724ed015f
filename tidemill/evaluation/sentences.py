"""What examinations found, in words: for the page, the notebook and the card. Nothing heavy is imported, since the server shows it."""

from __future__ import annotations

from tidemill.learning.measures import measure
from tidemill.types import JsonObject

MOST_SAID = 5


def is_shown(one: JsonObject) -> bool:
    """Whether it is shown to matter."""
    low = one["lost"][1]
    return low is not None and low > 0


def of_importance(found: JsonObject) -> str:
    """What matters, in words."""
    metric = found["metric"]
    moves = f"{metric} {'rises' if measure(metric).less_is_better else 'falls'}"
    shown = [f"{one['name']} (by {one['lost'][0]:.3g})" for one in found["values"] if is_shown(one)]
    groups = [one for one in found["groups"] if is_shown(one)]
    if not shown and not groups:
        return f"no value is shown to matter on {found['rows']:,} rows of the test"
    more = f" and {len(shown) - MOST_SAID} others" if len(shown) > MOST_SAID else ""
    what = f"{moves} most without {', '.join(shown[:MOST_SAID])}{more}" if shown else "no value matters alone"
    shared = [f"; {' and '.join(one['names'])} say the same and share {one['lost'][0]:.3g}" for one in groups]
    return f"{what}{''.join(shared)}"


def of_curve(one: JsonObject, of: str) -> str:
    """A curve in words: where the answer is least and greatest, and what is not known. ``of``: what is answered.

    >>> points = [{"at": 1.0, "answer": 0.25}, {"at": 29.15, "answer": 0.5}]
    >>> of_curve({"input": "age", "points": points, "empty": [[3.0, 8.0]]}, "the probability of '1'")
    "the probability of '1' is least, 0.25, at age 1 and greatest, 0.5, at age 29.1; nothing is known from 3 to 8, where no row lies"
    """
    points = one.get("points") or one.get("levels") or []
    if not points:
        return f"{one['input']}: no row has it"
    least, most = (pick(points, key=lambda p: p["answer"]) for pick in (min, max))
    if least["answer"] == most["answer"]:
        return f"{of} is {least['answer']:.3g} whatever {one['input']} is"
    ends = " and ".join(
        f"{which}, {point['answer']:.3g}, at {one['input']} {_at(point)}"
        for which, point in (("least", least), ("greatest", most))
    )
    gaps = [f"{low:.3g} to {high:.3g}" for low, high in one.get("empty", ())]
    return f"{of} is {ends}" + (f"; nothing is known from {', '.join(gaps)}, where no row lies" if gaps else "")


def _at(point: JsonObject) -> str:
    return point["at"] if isinstance(point["at"], str) else f"{point['at']:.3g}"
