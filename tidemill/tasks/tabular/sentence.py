"""Why, in a sentence for the person whom an answer concerns: the inputs that moved it most, and which way.

It names nothing but what was given of the person, by the names of the contract: no score, no model, nobody else. What it names, in which
order and which way, are the contributions: `chosen` is all that it says.
"""

from __future__ import annotations

from calendar import day_name, month_name
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from tidemill.features.transforms import CALENDAR
from tidemill.learning.labelled import text_of
from tidemill.tasks.port import Contribution, Reason, one_line, plain
from tidemill.tasks.tabular.inputs import Input, called
from tidemill.types import DAY, to_iso

FOR, AGAINST = 3, 2
"""So many inputs are named that moved the answer where it went, and so many that moved it back."""
LEAST = 0.1
"""What is less than this share of the greatest is not named."""
SURE = 2.0
"""Of contributions that are drawn, only those are named that are so many standard errors from nothing."""
DAYS, MONTHS = tuple(day_name), tuple(month_name)[1:]


class Chosen(NamedTuple):
    """What is named: ``because`` moved the answer where it went (``up`` or down), ``although`` the other way; the greatest first."""

    because: Sequence[Contribution]
    although: Sequence[Contribution]
    up: bool


def chosen(reason: Reason) -> Chosen:
    """What a sentence names.

    >>> made = [Contribution("a", -3.0), Contribution("b", 2.0), Contribution("c", -0.1)]
    >>> because, although, up = chosen(Reason("value", -1.1, 0.0, tuple(made), 0.0))
    >>> [one.what for one in because], [one.what for one in although], up
    (['a'], ['b'], False)
    """
    sure = [one for one in reason.contributions if one.value and abs(one.value) >= SURE * one.error]
    least = LEAST * max((abs(one.value) for one in sure), default=0.0)
    named = sorted((one for one in sure if abs(one.value) >= least), key=lambda one: -abs(one.value))
    moved = reason.score - reason.base
    up = (moved or (named[0].value if named else 1.0)) > 0
    because, although = ([one for one in named if (one.value > 0) is way] for way in (up, not up))
    return Chosen(because[:FOR], although[:AGAINST], up)


def sentence(
    reason: Reason,
    output: Mapping[str, Any],
    inputs: Sequence[Input],
    given: Mapping[str, Any],
    names: Mapping[str, str],
) -> str:
    """The sentence. ``given``: the columns that were asked, by name; ``names``: what people call them."""
    picked, several = chosen(reason), len(output.get("probabilities", ())) > 2
    known = {called(one): one for one in inputs}

    def listed(part: Sequence[Contribution]) -> str:
        each = [f"{_is(one.what, known.get(one.what), given, names)} ({way(one.value > 0)})" for one in part]
        return " and ".join(filter(None, (", ".join(each[:-1]), each[-1])))

    def way(up: bool) -> str:
        return ("spoke for it" if up else "spoke against it") if several else "raised it" if up else "lowered it"

    if not picked.because and not picked.although:
        return f"{_answer(reason, output)}. Nothing that was given moved it noticeably."
    usual = f", {'more' if picked.up else 'less'} than usual"
    why = f"mostly because {listed(picked.because)}" if picked.because else "because of many small things"
    but = f", although {listed(picked.although)}" if picked.although else ""
    return f"{_answer(reason, output)}{usual}, {why}{but}."


def _answer(reason: Reason, output: Mapping[str, Any]) -> str:
    chances = output.get("probabilities")
    if chances is None:
        return f"The answer is {plain(output['value'])}"
    at = output.get("threshold")
    likely = f"{_percent(chances[reason.answer])} likely" + ("" if at is None else f" (said from {_percent(at)} on)")
    said = f"The answer is {_quoted(text_of(output['value']))}"
    if reason.answer == text_of(output["value"]):
        return f"{said}, which is {likely}"
    return f"{said}: {_quoted(reason.answer)} is {likely}"


def _percent(share: float) -> str:
    """What is nearly sure is not said to be.

    >>> _percent(0.1234), _percent(0.99999), _percent(1e-7)
    ('12.3 %', 'more than 99.9 %', 'less than 0.1 %')
    """
    if not 0.001 <= share <= 0.999:
        return "less than 0.1 %" if share < 0.5 else "more than 99.9 %"
    return f"{100 * share:.3g} %"


def _is(what: str, one: Input | None, given: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """An input and its value, as the person was asked."""
    source = one.source if one else what
    name, value = names.get(what) or what.replace("_", " ").replace(".", " "), given.get(source)
    if value is None or value == "":
        return f"no {name} is known"
    return f"{name} is {_moment(one, value) if one and one.kind in CALENDAR else _value(value)}"


def _moment(one: Input, value: Any) -> str:
    """A part of the calendar, as people say it; of the trend the date."""
    number = int(one.number(value))
    if one.kind == "hour":
        return f"{number}:00 UTC"
    if one.kind == "trend":
        return to_iso(number * DAY)[:10]
    return DAYS[number] if one.kind == "weekday" else MONTHS[number - 1]


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return plain(value)
    return _quoted(value)


def _quoted(text: str) -> str:
    return f"“{one_line(text)}”"
