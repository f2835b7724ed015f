"""Lists on a terminal: words stay whole, and what has no room is left out from the right, and said."""

from __future__ import annotations

import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from tidemill.cli.columns import GAP, LONGEST, draw, fitted

ID, AT = "run_01jb2x8z5c9m7t4k1q0w3e6r2y", "2024-10-09T10:00Z"
HEADINGS = ["run", "pipeline", "status", "started", "seconds", "error"]
ROW = [ID, "model", "done", AT, "12.5", "a sentence of many words that has to be wrapped somewhere"]


def shown(width: int, rows: list[list[str]] | None = None) -> str:
    out = io.StringIO()
    draw(Console(file=out, width=width), HEADINGS, rows or [ROW])
    return out.getvalue()


@pytest.mark.parametrize("width", [40, 60, 80, 100, 120, 200])
def test_no_line_is_longer_and_no_id_or_moment_is_cut(width: int) -> None:
    text = shown(width)
    assert max(map(len, text.splitlines())) <= max(width, len(ID))
    assert ID in text
    left_out = re.search(r"not in \d+ columns: (.*) \(", " ".join(text.split()))
    assert (AT in text) == (left_out is None or "started" not in left_out[1])


def test_brackets_are_kept() -> None:
    assert "policy.toml [approval.production]" in shown(200, [[*ROW[:5], "policy.toml [approval.production] :key:"]])
    assert ":key:" in shown(200, [[*ROW[:5], "policy.toml [approval.production] :key:"]])


def test_at_80_columns_the_moment_is_there() -> None:
    assert AT in shown(80) and "not in" not in shown(120)


SIZES = st.lists(
    st.tuples(st.integers(1, LONGEST), st.integers(0, 60)).map(lambda s: (s[0], s[0] + s[1])), min_size=1, max_size=9
)


@given(SIZES, st.integers(20, 200))
def test_what_is_kept_has_room(sizes: list[tuple[int, int]], width: int) -> None:
    widths = fitted(sizes, width, False)
    assert widths and all(least <= found <= most for (least, most), found in zip(sizes, widths))
    assert len(widths) == 1 or sum(widths) + GAP * (len(widths) - 1) <= width


def test_letters_that_are_two_wide_are_counted_so() -> None:
    text = shown(60, [[ID, "数据", "完成", AT, "1", "漢字" * 30]])
    assert all(cell_len(line) <= 60 for line in text.splitlines())
