"""The table beside these tests."""

from __future__ import annotations

from pathlib import Path


def test_the_notes_of_these_tests_are_whole() -> None:
    """The table beside these tests names every one of them."""
    here = Path(__file__).parent
    told = (here / "README.md").read_text()
    named = [
        line.split("(")[0].removeprefix("def ")
        for path in sorted(here.glob("test_*.py"))
        for line in path.read_text().splitlines()
        if line.startswith("def test_")
    ]
    assert [name for name in named if f"`{name}`" not in told] == []
