"""JSON that means one thing: an object that has a key twice is refused, where decoders take the last one without a word."""

from __future__ import annotations

import json
import re
from typing import Any

from tidemill.errors import BadRequest

_TEXTS = re.compile(rb'"([^"\\]*(?:\\.[^"\\]*)*)"(\s*:)?')
"""Every text of a valid document in turn, and whether it is a key."""
_KEYS = re.compile(rb'"([^"\\]*)"\s*:|"[^"\\]*"')
"""The same where no text is empty or has a backslash: of a key the text, of another nothing. In a fifth less time."""


def refuse_twice(data: bytes) -> None:
    """Raises BadRequest where an object of this valid JSON has a key twice.

    No key of the whole document twice, and none written with a backslash: then no object has one. Else it is read anew.

    >>> refuse_twice(b'{"inputs": {"pages": 1}, "key": "a"}')
    >>> refuse_twice(b'{"inputs": {"pages": 1, "p\\\\u0061ges": 9}}')
    Traceback (most recent call last):
    ...
    tidemill.errors.BadRequest: $: the key 'pages' is there twice in one object - say it once
    """
    if b"\\" in data or b'""' in data:
        keys = [text for text, colon in _TEXTS.findall(data) if colon]
        plain = b"\\" not in b"".join(keys)
    else:
        keys, plain = [text for text in _KEYS.findall(data) if text], True
    if not plain or len(set(keys)) < len(keys):
        json.loads(data, object_pairs_hook=once, parse_int=str, parse_float=str)


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The object of these pairs, as `json.loads` asks for it. Raises BadRequest where a key is there twice."""
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise BadRequest(f"the key {name[:80]!r} is there twice in one object", place="$", hint="say it once")
        found[name] = value
    return found
