"""The little Markdown that cards are written in, in pieces."""

from __future__ import annotations

from typing import Any


def pieces(text: str) -> list[tuple[str, Any]]:
    """The card in pieces: ("h", heading), ("li", point), ("table", rows of cells), ("pre", text), ("p", the rest).

    >>> pieces("# A\\n- b\\n\\n| c | d |\\n|---|---|\\n| 1 | |\\n")
    [('h', 'A'), ('li', 'b'), ('table', [['c', 'd'], ['1', '']])]
    """
    found: list[tuple[str, Any]] = []
    for line in filter(str.strip, text.splitlines()):
        kind, piece = _piece(line)
        if kind == "table" and found and found[-1][0] == "table":
            found[-1][1].extend(piece)
        else:
            found.append((kind, piece))
    return found


def _piece(line: str) -> tuple[str, Any]:
    text = line.strip()
    if text.startswith("#"):
        return "h", text.lstrip("# ")
    if text[:2] in ("- ", "* "):
        return "li", text[2:]
    if text.startswith("|"):
        cells = [cell.strip() for cell in text.strip("|").split("|")]
        return "table", [cells] if set("".join(cells)) - set("-: ") or "-" not in text else []
    return ("pre", line) if line.startswith("    ") else ("p", text)
