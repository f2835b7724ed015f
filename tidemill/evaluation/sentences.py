"""What examinations found, in words: for the page, the notebook and the card. Stdlib only, since the server shows it."""

from __future__ import annotations

from tidemill.types import JsonObject

MOST_SAID = 5


def is_shown(one: JsonObject) -> bool:
    """Whether it is shown to matter."""
    low = one["lost"][1]
    return low is not None and low > 0


def of_importance(found: JsonObject) -> str:
    """What matters, in words."""
    shown = [f"{one['name']} ({one['lost'][0]:.3g})" for one in found["values"] if is_shown(one)]
    groups = [one for one in found["groups"] if is_shown(one)]
    if not shown and not groups:
        return f"no value is shown to matter on {found['rows']} rows of the test"
    more = f" and {len(shown) - MOST_SAID} others" if len(shown) > MOST_SAID else ""
    what = f"so much worse without {', '.join(shown[:MOST_SAID])}{more}" if shown else "no value matters alone"
    shared = [f"; {' and '.join(one['names'])} say the same and share {one['lost'][0]:.3g}" for one in groups]
    return f"by {found['metric']}, {what}{''.join(shared)}"


def of_curve(one: JsonObject, answer: str) -> str:
    """A curve in words: where it begins and ends, and what is not known."""
    points = one.get("points") or one.get("levels") or []
    if not points:
        return f"{one['input']}: no row has it"
    least, most = (pick(points, key=lambda p: p["answer"]) for pick in (min, max))
    said = f"{one['input']}: {answer} from {least['answer']:.4g} (at {_at(least)}) to {most['answer']:.4g} (at {_at(most)})"
    gaps = [f"{low:.4g} to {high:.4g}" for low, high in one.get("empty", ())]
    return said + (f"; nothing is known from {', '.join(gaps)}, where no row lies" if gaps else "")


def _at(point: JsonObject) -> str:
    return point["at"] if isinstance(point["at"], str) else f"{point['at']:.4g}"
