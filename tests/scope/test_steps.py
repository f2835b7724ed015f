"""steps.py and the modules beside it: found, run anew, no other project's, and none that hides what is installed."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.raised import raised
from tidemill.engine.fingerprint.code_dependencies import code_dependencies
from tidemill.errors import SourceError
from tidemill.scope.steps import load_steps, local_modules

STEPS = "import tools\nfrom helpers.rate import rate\n\ndef found():\n    return tools.factor() + rate()\n"


@pytest.fixture(autouse=True)
def path() -> Iterator[None]:
    """The path and the modules as they were."""
    before, loaded = [*sys.path], {*sys.modules}
    yield
    sys.path[:] = before
    for name in {*sys.modules} - loaded:
        del sys.modules[name]


def write(root: Path, name: str, text: str) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def project(root: Path, factor: int = 30) -> Path:
    write(root, "steps.py", STEPS)
    write(root, "tools.py", f"def factor():\n    return {factor}\n")
    write(
        root, "helpers/rate.py", "from .more import more\n\ndef rate():\n    return more()\n"
    )  # a folder is a package
    write(root, "helpers/more.py", "def more():\n    return 7\n")
    return root


def test_modules_beside_it_are_found_and_run_anew(tmp_path: Path) -> None:
    root = project(tmp_path / "one")
    assert load_steps(root, "steps:x").found() == 37
    write(root, "tools.py", "def factor():\n    return 40_000\n")
    assert load_steps(root, "steps:x").found() == 40_007
    assert local_modules(root) == {"tools", "helpers"}


def test_each_project_has_its_own(tmp_path: Path) -> None:
    one, other = project(tmp_path / "one"), project(tmp_path / "other", 500)
    assert [load_steps(root, "steps:x").found() for root in (one, other, one)] == [37, 507, 37]
    assert str(other) not in sys.path


def test_they_count_in_the_fingerprint(tmp_path: Path) -> None:
    root = project(tmp_path / "one")
    first = code_dependencies(load_steps(root, "steps:x").found).sources
    write(root, "helpers/more.py", "def more():\n    return 8_000\n")
    later = code_dependencies(load_steps(root, "steps:x").found).sources
    assert {name for name in first if first[name] != later[name]} == {"helpers.more:more"}


@pytest.mark.parametrize("name", ["numpy", "json"])
def test_a_module_that_would_hide_another_is_refused(tmp_path: Path, name: str) -> None:
    write(tmp_path, f"{name}.py", "")
    write(tmp_path, "tools.py", f"import {name}\n")
    write(tmp_path, "steps.py", "x = 1\n")
    load_steps(tmp_path, "steps:x")  # nobody imports it
    write(tmp_path, "steps.py", "import tools\n")
    with raised(SourceError, "steps.py"):
        load_steps(tmp_path, "steps:x")


def test_what_is_wrong_with_it_is_raised_as_it_is(tmp_path: Path) -> None:
    write(tmp_path, "steps.py", "import tools\n")
    with pytest.raises(ModuleNotFoundError):
        load_steps(tmp_path, "steps:x")
    write(tmp_path, "tools.py", "def (\n")
    with pytest.raises(SyntaxError):
        load_steps(tmp_path, "steps:x")
