"""What `tidemill up` says when it is up: where it is, and what it does not answer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.test_data import typed
from tests.data.small import lay
from tidemill.ops import server


@pytest.mark.parametrize(("health", "said"), [("ok", False), ("no_model", True), ("degraded", True)])
def test_an_endpoint_that_does_not_answer_is_said(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    health: str,
    said: bool,
) -> None:
    def up(project: Any, host: str, port: int, on_ready: Callable[[Any], None], *_: Any) -> None:
        on_ready({"url": "http://127.0.0.1:1", "login": "", "health": {"shop": health}})

    monkeypatch.chdir(lay(tmp_path / "shop"))
    monkeypatch.setattr(server, "up", up)
    code, out, _ = typed(capsys, "up")
    assert code == 0 and (f"shop does not answer as it should: {health}" in out) is said
    assert ("tidemill doctor" in out) is said


def test_what_is_up_says_how_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the word of the server itself; of a folder where none runs nothing is said."""
    assert server.server_health(tmp_path) == {}

    class Up:
        def get(self, path: str) -> Any:
            return {"endpoints": {"shop": "no_model"}} if path == "/healthz" else {}

        def close(self) -> None: ...

    monkeypatch.setattr(server.Client, "of", lambda *_, **__: Up())
    assert server.server_health(tmp_path) == {"shop": "no_model"}
