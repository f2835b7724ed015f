"""What ARCHITECTURE.md, CONTRIBUTING.md and the documentation name is there: a move that forgets them fails here."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tidemill.data.discover.readers import READERS

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("page", ["ARCHITECTURE.md", "CONTRIBUTING.md"])
def test_the_files_that_it_names_are_there(page):
    named = set(re.findall(r"`((?:\w+/)+\w+\.\w+)`", (ROOT / page).read_text()))
    assert len(named) > 10
    gone = [name for name in named if not any((base / name).exists() for base in (ROOT / "tidemill", ROOT))]
    assert gone == []


def test_the_names_that_contributing_tells_are_in_the_source():
    """Identifiers in backticks, also those with arguments or dots; a word may stand anywhere in tidemill/."""
    told = (ROOT / "CONTRIBUTING.md").read_text().partition("## Where to add")[2].partition("## House")[0]
    named = {word for name in re.findall(r"`([A-Za-z_][\w.]*)[`(]", told) for word in name.split(".")}
    words = {word for path in (ROOT / "tidemill").rglob("*.py") for word in re.findall(r"\w+", path.read_text())}
    assert {"Gate", "READERS", "BrokenLine"} <= named
    assert named - words - {"pyproject", "toml"} == set()


def test_every_kind_of_file_is_told():
    told = (ROOT / "docs/data.md").read_text()
    assert [ending for ending in READERS if f"`{ending}`" not in told] == []
