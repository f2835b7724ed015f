"""What hostile senders make up: any JSON, valid texts that were spoiled, and how many of them a run tries."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

NASTY = (
    *("\x00", "\n", "\r", "\t", "\u2028", "\ufeff", "\ud7ff", "\uffff", "é", "e\u0301", "\u202e", "💣"),
    *(
        '"',
        "'",
        "\\",
        "`",
        "{",
        "}",
        "[",
        "]",
        "[[",
        "{{",
        ",",
        ":",
        "=",
        "#",
        "-",
        "&a",
        "*a",
        "!!python/object:os.system x",
        "<<: *a",
    ),
    *(
        "../",
        "/etc/passwd",
        "~",
        "%2e%2e/",
        "${HOME}",
        "$(id)",
        "'; DROP TABLE runs; --",
        "<script>",
        "{{7*7}}",
        "%s%n",
    ),
    *("9" * 400, "1e999", "-0", "NaN", "Infinity", "0x10", "1_000", "2011-13-45", "true", "null", "\x1f\x8b", "\x80"),
)
TEXTS = st.sampled_from(NASTY) | st.text(max_size=30)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=10,
)


@st.composite
def spoiled(draw: Any, text: str) -> str:
    """The text with a few parts cut out, doubled, moved, or with something nasty put in."""
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 40)))
        piece = draw(st.sampled_from(["", text[start:end] * 2, text[start:end] * 200]) | TEXTS)
        keeps = draw(st.booleans())
        text = text[:start] + piece + (text[start:] if keeps else text[end:])
    return text


LITERALS = (
    *(
        '""',
        '"x"',
        "0",
        "-1",
        "1e308",
        "-1e-300",
        "nan",
        "inf",
        "-inf",
        "[]",
        "[[]]",
        "{}",
        "[{}]",
        "true",
        "false",
        "null",
    ),
    *(
        '"\\u0000"',
        '"é"',
        '"../x"',
        '"/x"',
        '"steps:x"',
        '"0 days"',
        '"1e400 days"',
        '"99999999999 days"',
        '"-3 %"',
        '"101 %"',
    ),
    *(
        '"nan %"',
        '"0 3 31 2 *"',
        '"* * * * * *"',
        '"latest"',
        '["a", "a"]',
        '[1, "a"]',
        "1979-05-27",
        "9223372036854775808",
    ),
    '"' + "a" * 300 + '"',
)
"""Values of TOML, most of them of YAML too."""
_VALUE = re.compile(r"([=:]\s*)([^={}\[\],\n]+)")


@st.composite
def reworded(draw: Any, text: str) -> str:
    """The text with other values in some places, and lines that are gone or there twice: what is still well-formed."""
    for _ in range(draw(st.integers(1, 3))):
        places = list(_VALUE.finditer(text))
        if draw(st.integers(0, 3)) and places:
            found = draw(st.sampled_from(places))
            text = text[: found.start(2)] + draw(st.sampled_from(LITERALS)) + text[found.end(2) :]
        else:
            lines = text.split("\n")
            at = draw(st.integers(0, len(lines) - 1))
            lines[at : at + 1] = [lines[at]] * draw(st.sampled_from([0, 2]))
            text = "\n".join(lines)
    return text


@st.composite
def changed(draw: Any, value: dict[str, Any]) -> Any:
    """The JSON object with some of its parts replaced, removed or added to."""
    made = dict(value)
    for _ in range(draw(st.integers(1, 3))):
        name = draw(st.sampled_from(sorted(value)) | TEXTS)
        if draw(st.booleans()):
            made[name] = draw(JSON)
        else:
            made.pop(name, None)
    return made


def tried(n: int, strategy: st.SearchStrategy[Any], test: Callable[[Any], None]) -> None:
    """The test with so many examples: always the same few in every run, new ones in the long run of the night."""

    @settings(
        max_examples=n,
        derandomize=n < 1_000,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate] if n < 1_000 else [Phase.generate, Phase.shrink],
    )
    @given(strategy)
    def run(example: Any) -> None:
        test(example)

    run()
