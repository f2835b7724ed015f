"""A gate that a package brings: found by its entry point, and configured in tidemill.toml by settings of its own."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.release.made import TOML
from tests.release.test_gates import case
from tests.scope.made import endpoint_of
from tidemill.config.decode import parse
from tidemill.errors import ConfigError
from tidemill.release.gates.port import judge_all
from tidemill.release.gates.registry import gates_of

PACKAGE = '''
from tidemill.config.sections import Section
from tidemill.release.gates.port import EveryCandidate, GateResult


class SizeSection(Section, frozen=True):
    """At most so many rows may be needed."""

    at_most: int = 300


class Size(EveryCandidate):
    """The candidate was measured with few rows."""

    name, blessing = "size", "quality"

    def judge(self, context):
        most = context.settings(self.name, SizeSection).at_most
        n = len(context.window.score(context.candidate, context.metric).values)
        return GateResult(n <= most, f"{n} rows, at most {most}", {"rows": n, "at_most": most})
'''
ENTRY_POINTS = """
[tidemill.gates]
size = tidemill_size:Size
[tidemill.gate_settings]
size = tidemill_size:SizeSection
"""


@pytest.fixture(autouse=True)
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The package, as pip would lay it down."""
    info = tmp_path / "tidemill_size-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: tidemill-size\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(ENTRY_POINTS)
    (tmp_path / "tidemill_size.py").write_text(PACKAGE)
    monkeypatch.syspath_prepend(tmp_path)
    yield
    sys.modules.pop("tidemill_size", None)


@pytest.mark.parametrize(
    ("said", "passed"),
    [
        ("", True),
        ("[gates]\nsize = { at_most = 299 }", False),
        ("[gates.size]\nat_most = 299", False),
        ("[gates]\nsize = { at_most = 299 }\n[endpoint.shop.gates]\nsize = { at_most = 301 }", True),
        ("[gates]\nsize = { at_most = 301 }\n[endpoint.shop.gates]\nlatency = { p99 = '1 s' }", True),
    ],
)
def test_it_judges_by_what_the_file_says(said: str, passed: bool) -> None:
    context = case(endpoint=endpoint_of(TOML + said))
    found = {one["gate"]: one for one in judge_all(gates_of(context), context)}
    assert found["size"]["passed"] is passed and found["size"]["evidence"]["rows"] == 300
    assert found["refit"]["passed"], "the others are asked as ever"


@pytest.mark.parametrize(
    ("said", "hint"),
    [
        ("[gates.size]\nat_mst = 3", "did you mean 'at_most'?"),
        ("[gates.size]\nat_most = 'three'", ""),
        ("[gates.sise]\nat_most = 3", None),
        ("[endpoint.shop.gates.size]\nat_mst = 3", "did you mean 'at_most'?"),
    ],
)
def test_its_settings_are_decoded_strictly_and_at_once(said: str, hint: str | None) -> None:
    text = TOML + said
    with pytest.raises(ConfigError) as error:
        parse(text)
    line = len(text.splitlines())
    assert error.value.place in (f"tidemill.toml:{line}", f"tidemill.toml:{line - 1}")
    assert hint is None or error.value.hint == hint
