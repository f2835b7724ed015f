"""Public tables as packages ship them, no file edited: two commands from the file to a judged model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.e2e.public_csvs import PUBLIC, Public, tried


def _each() -> list[Any]:
    """One of a package that the tests need anyhow in every run, the others in the nightly one."""
    return [
        pytest.param(p, id=p.name, marks=[] if p.file == "load_breast_cancer" else pytest.mark.nightly) for p in PUBLIC
    ]


@pytest.mark.parametrize("public", _each())
def test_a_public_table_becomes_a_judged_model(public: Public, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDEMILL_HOME", str(tmp_path / "home"))
    if not public.there():
        pytest.skip(f"{public.package} is not installed: pip install {public.package.replace('_', '-')}")
    found = tried(public, tmp_path)
    assert found["judged"], found


def test_half_of_them_have_no_time() -> None:
    assert len(PUBLIC) == 20 and sum(not public.timed for public in PUBLIC) >= 10
