"""Many requests of a file, sent so many at a time."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner

from tests.data.small import lay
from tidemill.cli.predict import predict
from tidemill.ops import server


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What reaches the server; who is called "bad" is refused there."""
    found: list[Any] = []

    def post(path: str, body: dict[str, Any], headers: dict[str, str]) -> dict[str, Any]:
        found.append((path, len(body["requests"]), headers))
        error = {"code": "bad_request", "detail": "no"}
        return {"answers": [{"error": error} if one["subject"] == "bad" else one for one in body["requests"]]}

    client = SimpleNamespace(post=post, close=lambda: None)
    monkeypatch.setattr(server, "Client", SimpleNamespace(of=lambda root: client))
    return found


def test_a_file_is_sent_in_parts_and_one_that_is_refused_is_told(tmp_path: Path, sent: list[Any]) -> None:
    where = ["--project", str(lay(tmp_path / "shop"))]
    requests = [{"subject": str(n)} for n in range(1_001)]
    file = tmp_path / "requests.jsonl"
    file.write_text("\n".join(map(json.dumps, requests)))
    told = CliRunner().invoke(predict, [*where, "--file", str(file), "--position", "7", "--json"])
    assert told.exit_code == 0, told.output
    assert json.loads(told.output) == requests
    assert sent == [(sent[0][0], n, {"Position": "7"}) for n in (500, 500, 1)]
    file.write_text('[{"subject": "1"}, {"subject": "bad"}]')
    told = CliRunner().invoke(predict, [*where, "--file", str(file)])
    assert told.exit_code == 8 and "request 2" in told.output and '"subject": "1"' in told.output
    assert CliRunner().invoke(predict, [*where, "7", "--file", str(file)]).exit_code == 2


def test_a_part_is_as_long_as_a_body_may_be(sent: list[Any]) -> None:
    project: Any = SimpleNamespace(endpoint=lambda name: SimpleNamespace(name="shop"), root=None)
    server.predict_many(project, [{"subject": "x" * 1_000_000}] * 5)
    assert [n for _, n, _ in sent] == [2, 2, 1]
