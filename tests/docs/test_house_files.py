"""Every file that ARCHITECTURE.md and CONTRIBUTING.md name is there: a move that forgets them fails here."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("page", ["ARCHITECTURE.md", "CONTRIBUTING.md"])
def test_the_files_that_it_names_are_there(page):
    named = set(re.findall(r"`((?:\w+/)+\w+\.\w+)`", (ROOT / page).read_text()))
    assert len(named) > 10
    gone = [name for name in named if not any((base / name).exists() for base in (ROOT / "tidemill", ROOT))]
    assert gone == []
