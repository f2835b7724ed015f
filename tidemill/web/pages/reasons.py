"""What an answer is made of, on the trace page: bars of contributions, whether they are computed again the same, and the person's sentence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tidemill.types import JsonObject
from tidemill.web.charts.contributions import contributions

SHOWN, OF_SEVERAL, ANSWERS = 12, 5, 6
"""Contributions that are drawn of an answer alone, of each of several; and how many of these."""
SCALES = {
    "log-odds": "log-odds",
    "log value": "logarithm of the value",
    "log(1 + value)": "logarithm of 1 + the value",
    "probability": "probability",
    "value": "the value's own unit",
    "score": "score",
}


def explained(said: JsonObject | None, names: Mapping[str, str] | None = None) -> dict[str, Any] | None:
    """As the page shows it; nothing of a trace that has none. ``names``: what items are called."""
    if not said:
        return None
    most, scale = OF_SEVERAL if len(said["answers"]) > 1 else SHOWN, SCALES.get(said.get("unit", ""), "")
    return {
        **said,
        "names": names or {},
        "shown": [_answer(one, scale, most, names or {}) for one in said["answers"][:ANSWERS]],
    }


def _answer(one: JsonObject, scale: str, most: int, names: Mapping[str, str]) -> dict[str, Any]:
    parts, more = one["because"][:most], one["because"][most:]
    parts = [{**part, "what": names.get(part["what"], part["what"])} for part in parts]
    left = len(more) + one.get("others", 0)
    rest = sum(part["value"] for part in more) + one.get("rest", 0.0)
    bars = [*parts, {"what": f"{left} others", "value": rest}] if left else parts
    picture = contributions(f"What moved {names.get(one['answer'], one['answer'])}", bars, x=f"contribution ({scale})")
    return {**one, "picture": picture, "steps": one.get("then", ())}
