"""Labels as texts: a model's labels, a reply's JSON keys and an outcome's value are told in one way. Stdlib only."""

from __future__ import annotations

from collections.abc import Container

_SAME = {"true": "1", "false": "0", "1": "true", "0": "false"}


def text_of(label: str | float | bool) -> str:
    """The label as JSON would write it, a text without its quotes.

    >>> text_of("yes"), text_of(True), text_of(3), text_of(3.0)
    ('yes', 'true', '3', '3')
    """
    if isinstance(label, bool):
        return "true" if label else "false"
    if isinstance(label, float) and label.is_integer():
        return str(int(label))
    return str(label)


def known(text: str, labels: Container[str]) -> str | None:
    """The label that this text means: itself, or 1 for true and 0 for false, and the other way round.

    >>> known("true", {"0": .4, "1": .6}), known("1", ["1"]), known("maybe", ["no", "yes"])
    ('1', '1', None)
    """
    if text in labels:
        return text
    other = _SAME.get(text)
    return other if other is not None and other in labels else None
