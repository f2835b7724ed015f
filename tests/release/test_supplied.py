"""A gate that a package brings: found by its entry point, and configured in tidemill.toml by settings of its own."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.raised import raised
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


class FewRowsSection(Section, frozen=True):
    """At most so many rows may be needed."""

    at_most: int = 300


class FewRows(EveryCandidate):
    """The candidate was measured with few rows."""

    name, blessing = "few_rows", "quality"

    def judge(self, context):
        most = context.settings(self.name, FewRowsSection).at_most
        n = len(context.window.score(context.candidate, context.metric).values)
        return GateResult(n <= most, f"{n} rows, at most {most}", {"rows": n, "at_most": most})
'''
ENTRY_POINTS = """
[tidemill.gates]
few_rows = tidemill_fewrows:FewRows
[tidemill.gate_settings]
few_rows = tidemill_fewrows:FewRowsSection
"""


def lay(folder: Path, name: str, points: str) -> None:
    """A package's metadata, as pip would lay them down."""
    info = folder / f"{name}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(points)


@pytest.fixture(autouse=True)
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    lay(tmp_path, "tidemill_fewrows", ENTRY_POINTS)
    (tmp_path / "tidemill_fewrows.py").write_text(PACKAGE)
    monkeypatch.syspath_prepend(tmp_path)
    yield
    sys.modules.pop("tidemill_fewrows", None)


@pytest.mark.parametrize(
    ("said", "passed"),
    [
        ("", True),
        ("[gates]\nfew_rows = { at_most = 299 }", False),
        ("[gates.few_rows]\nat_most = 299", False),
        ("[gates]\nfew_rows = { at_most = 299 }\n[endpoint.shop.gates]\nfew_rows = { at_most = 301 }", True),
        ("[gates]\nfew_rows = { at_most = 301 }\n[endpoint.shop.gates]\nlatency = { p99 = '1 s' }", True),
    ],
)
def test_it_judges_by_what_the_file_says(said: str, passed: bool) -> None:
    context = case(endpoint=endpoint_of(TOML + said))
    found = {one["gate"]: one for one in judge_all(gates_of(context), context)}
    assert found["few_rows"]["passed"] is passed and found["few_rows"]["evidence"]["rows"] == 300
    assert found["refit"]["passed"], "the others are asked as ever"


@pytest.mark.parametrize(
    ("said", "hint"),
    [
        ("[gates.few_rows]\nat_mst = 3", "did you mean 'at_most'?"),
        ("[gates.few_rows]\nat_most = 'three'", ""),
        ("[gates.few_row]\nat_most = 3", None),
        ("[endpoint.shop.gates.few_rows]\nat_mst = 3", "did you mean 'at_most'?"),
    ],
)
def test_its_settings_are_decoded_strictly_and_at_once(said: str, hint: str | None) -> None:
    text = TOML + said
    with pytest.raises(ConfigError) as error:
        parse(text)
    line = len(text.splitlines())
    assert error.value.place in (f"tidemill.toml:{line}", f"tidemill.toml:{line - 1}")
    assert hint is None or error.value.hint == hint


@pytest.mark.parametrize(
    ("group", "name", "other"),
    [
        ("gates", "latency", "tidemill"),
        ("gates", "approval", "tidemill"),  # a section of its own
        ("gates", "few_rows", "tidemill_fewrows:FewRows"),
        ("gate_settings", "latency", "tidemill"),
        ("gate_settings", "few_rows", "tidemill_fewrows:FewRowsSection"),
    ],
)
def test_a_name_that_is_taken_is_refused(tmp_path: Path, group: str, name: str, other: str) -> None:
    lay(tmp_path, "tidemill_second", f"[tidemill.{group}]\n{name} = tidemill_second:Second\n")
    with raised(ConfigError, f"tidemill.{group}") as error:
        gates_of(case(endpoint=endpoint_of(TOML)))
    assert {repr(name), other, "tidemill_second:Second"} <= set(error.value.message.split())
    if group == "gate_settings":
        with raised(ConfigError, f"tidemill.{group}"):
            parse(TOML + "[gates.few_rows]\nat_most = 3")


def test_a_gate_has_the_name_of_its_entry_point(tmp_path: Path) -> None:
    lay(tmp_path, "tidemill_second", "[tidemill.gates]\nmany_rows = tidemill_fewrows:FewRows\n")
    with raised(ConfigError, "tidemill.gates"):
        gates_of(case(endpoint=endpoint_of(TOML)))
