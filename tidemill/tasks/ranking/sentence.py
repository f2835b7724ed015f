"""Because you bought: why an item is shown, in a sentence for the person.

It names what the person bought, by what is added to the item's score: `chosen` is all that it says. No score, no model, nobody else.
"""

from __future__ import annotations

from calendar import month_name
from collections.abc import Collection, Mapping, Sequence

from tidemill.tasks.port import Contribution, Reason, one_line
from tidemill.tasks.ranking.rank import POPULAR
from tidemill.tasks.ranking.traced import AGAIN, NEW, VISITS

NAMED = 3
"""So many reasons are named, the greatest first."""
LEAST = 0.1
"""What is less than this share of the greatest is not named."""
SURE = 2.0
"""Of what is sampled only what is so many standard errors from nothing."""
PARTS = {
    POPULAR: "it is popular",
    AGAIN: "those who buy it often buy it again",
    VISITS: "it suits how often you come",
    NEW: "you have not bought it yet",
}
BY_RULE = {
    "exposure": "it is shown to everybody now and then",
    "popularity": "it is new here, and may be had",
}
MONTHS = tuple(month_name)


def chosen(reason: Reason) -> Sequence[Contribution]:
    """What a sentence names: what adds most to the score.

    >>> made = [Contribution("mug", 3.0, "history"), Contribution("pan", -2.0, "history"), Contribution("lid", 0.1, "history")]
    >>> [one.what for one in chosen(Reason("lamp", 1.1, 0.0, tuple(made), 0.0))]
    ['mug']
    """
    sure = [one for one in reason.contributions if one.value > 0 and one.value >= SURE * one.error]
    sure.sort(key=lambda one: -one.value)
    return [
        one for one in sure[:NAMED] if one.value >= LEAST * sure[0].value and (one.kind != "part" or one.what in PARTS)
    ]


def because(
    reason: Reason, just: Collection[str], names: Mapping[str, str] | None = None, moved: Collection[str] = ()
) -> str:
    """The sentence. ``just``: what the request named as taken just now; ``names``: of items, what people call them; ``moved``: the rules
    that brought the item where it is: one that the model did not choose is not said to be chosen.

    >>> made = (Contribution("mug", 3.0, "history", at="2011-03-04T10:00:00Z"), Contribution("popularity", 1.0, "part"))
    >>> because(Reason("lamp", 4.0, 0.0, made, 0.0), ())
    'You see “lamp” because you bought “mug” on 4 March 2011 and it is popular.'
    """
    shown = f"You see {_called(reason.answer, names)}"
    if instead := next((words for rule, words in BY_RULE.items() if rule in moved), None):
        return f"{shown} because {instead}."
    picked = [_why(one, reason.answer, one.what in just, names) for one in chosen(reason)]
    if not picked:
        return f"{shown} after what suits you better."
    return f"{shown} because {' and '.join(filter(None, (', '.join(picked[:-1]), picked[-1])))}."


def _why(one: Contribution, item: str, is_new: bool, names: Mapping[str, str] | None) -> str:
    if one.kind == "part":
        return PARTS[one.what]
    when = "just now" if is_new else f"on {_day(one.at)}" if one.at else "before"
    if one.what == item:
        return f"you bought it {when}"
    return f"you bought {_called(one.what, names)} {when}"


def _day(at: str) -> str:
    """The date of an ISO moment, as people write it.

    >>> _day("2011-03-04T10:00:00Z")
    '4 March 2011'
    """
    year, month, day = at[:10].split("-")
    return f"{int(day)} {MONTHS[int(month)]} {year}"


def _called(item: str, names: Mapping[str, str] | None) -> str:
    return f"“{one_line((names or {}).get(item) or item)}”"
