"""One real scorer for all hostile clients: none of them may bring it down."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.serve import released
from tests.serve.asking import opened
from tests.serve.real import Scorer, scorer


@pytest.fixture(scope="session")
def served(tmp_path_factory: Any) -> Iterator[Any]:
    """A project with a champion, and the scorer that answers for it."""
    root = tmp_path_factory.mktemp("hostile") / "shop"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TIDEMILL_HOME", str(root.parent / "home"))
        with opened(root) as project:
            released.champion(project)
            with scorer(project, "--read-seconds", "1") as running:
                yield project, running


@pytest.fixture
def server(served: Any) -> Iterator[Scorer]:
    """The scorer, which must still answer rightly after the test."""
    yield served[1]
    status, answer = served[1].ask("POST", "/predict/shop", {"subject": "7"})
    assert status == 200 and answer["items"] == ["top of 1"]
