"""What was taken just now goes with the question."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner

from tests.data.small import lay
from tidemill.cli.predict import predict
from tidemill.ops import server


def test_the_items_are_sent_in_their_order_and_only_for_a_subject(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[dict[str, Any]] = []

    def answered(project: object, request: dict[str, Any], endpoint: str | None, position: int) -> dict[str, Any]:
        sent.append(request)
        return {"prediction_id": "pred_1", "items": [], "scores": []}

    monkeypatch.setattr(server, "predict", answered)
    where = ["--project", str(lay(tmp_path / "shop"))]
    told = CliRunner().invoke(predict, [*where, "12347", "--recent", "b", "--recent", "a"])
    assert told.exit_code == 0, told.output
    assert CliRunner().invoke(predict, [*where, "12347"]).exit_code == 0
    assert sent == [{"subject": "12347", "k": 20, "recent": ["b", "a"]}, {"subject": "12347", "k": 20}]
    for wrong in (["--inputs", "{}"], ["--active"]):
        assert CliRunner().invoke(predict, [*where, *wrong, "--recent", "a"]).exit_code == 2
    assert len(sent) == 2


def test_of_entities_it_is_asked_too_and_not_left_out_in_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    """A table's model takes no items: its server says so."""
    sent: list[dict[str, Any]] = []

    def post(path: str, body: dict[str, Any]) -> dict[str, Any]:
        sent.append(body)
        return {}

    client = SimpleNamespace(post=post, close=lambda: None)
    monkeypatch.setattr(server, "Client", SimpleNamespace(of=lambda root: client))
    monkeypatch.setattr(server, "_questions", lambda scope, names: [{"subject": names[0], "inputs": {"n": 1}}])
    model = SimpleNamespace(section=SimpleNamespace(rows=SimpleNamespace(entity="customer_id")))
    store = SimpleNamespace(limits=SimpleNamespace(standing=tuple))
    scope = SimpleNamespace(name="churn", model=model, store=store)
    project = SimpleNamespace(endpoint=lambda name: scope, root=None)
    server.predict(project, {"subject": "7", "k": 20, "recent": ["a"]})  # type: ignore[arg-type]
    assert sent == [{"subject": "7", "inputs": {"n": 1}, "recent": ["a"]}]


def test_a_position_goes_with_the_request_and_none_does_where_none_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[dict[str, Any]] = []
    client = SimpleNamespace(post=lambda path, body, **more: sent.append(more) or {}, close=lambda: None)
    monkeypatch.setattr(server, "Client", SimpleNamespace(of=lambda root: client))
    model = SimpleNamespace(section=SimpleNamespace(rows=None))
    project = SimpleNamespace(endpoint=lambda name: SimpleNamespace(name="shop", model=model), root=None)
    for position in (0, 7):
        server.predict(project, {"subject": "7"}, None, position)  # type: ignore[arg-type]
    assert sent == [{}, {"headers": {"Position": "7"}}]
