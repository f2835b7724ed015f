"""Where in the text of tidemill.toml a key stands."""

from __future__ import annotations

import re


def place_of(text: str, name: str, path: list[str], word: str = "") -> str:
    """``file:line`` of the last part of the path that can be found; of this word of its list where it stands below."""
    line, start = 0, 0
    lines = text.splitlines()
    heads = [".".join(path[: i + 1]) for i in range(len(path))]
    for number, content in enumerate(lines, 1):
        head = re.match(r"\s*\[([^\[\]]+)\]", content)
        if head and head[1].strip() in heads:
            line = start = number
    for number, content in enumerate(lines[start:], start + 1):
        if re.match(r"\s*\[", content):
            break
        if path and any(re.search(rf"(^|[{{,\s]){re.escape(part)}\s*=", content) for part in path[-2:]):
            return f"{name}:{_line_of(word, lines, number)}"
    return f"{name}:{line}" if line else name


def _line_of(word: str, lines: list[str], first: int) -> int:
    """The line on which a list's word stands, from the list's first line on."""
    quoted = (f'"{word}"', f"'{word}'")
    for number, content in enumerate(lines[first - 1 :], first):
        if word and any(one in content for one in quoted):
            return number
        if "]" in content:
            break
    return first
