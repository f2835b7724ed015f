"""Where it is asked goes with the question, and what rules did is said with the answer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from tests.data.small import lay
from tidemill.cli.predict import predict
from tidemill.ops import server

REASONS = {
    "rules": "ab12",
    "of": 10_000,
    "out": {"in_stock": 312},
    "moved": {"lamp": ["own brand"]},
    "unmet": {"new": 1},
    "relaxed": {"diversity": 2},
    "skipped": ["include 1"],
    "short": True,
}


def test_the_context_is_sent_and_the_reasons_are_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[dict[str, Any]] = []

    def answered(project: object, request: dict[str, Any], endpoint: str | None, position: int) -> dict[str, Any]:
        sent.append(request)
        return {"prediction_id": "pred_1", "items": ["mug", "lamp"], "scores": [1.0, 0.5], "reasons": REASONS}

    monkeypatch.setattr(server, "predict", answered)
    where = ["--project", str(lay(tmp_path / "shop"))]
    more = ["--context", "store=12", "--context", "basket=a", "--context", "basket=b=c"]
    told = CliRunner().invoke(predict, [*where, "12347", *more])
    assert told.exit_code == 0, told.output
    assert sent[0]["context"] == {"store": "12", "basket": ["a", "b=c"]}
    (lamp,) = [line.split() for line in told.output.splitlines() if line.startswith("lamp")]
    assert lamp[-2:] == ["own", "brand"]
    for word in ("in_stock", "312", "10,000", "new", "diversity", "include 1"):
        assert word in told.output
    for wrong in (
        ["12347", "--context", "store"],
        ["--inputs", "{}", "--context", "a=b"],
        ["--active", "--context", "a=b"],
    ):
        assert CliRunner().invoke(predict, [*where, *wrong]).exit_code == 2
    assert len(sent) == 1


@pytest.mark.parametrize("reasons", [None, {"rules": "ab12", "of": 10, "out": {"in_stock": 10}, "short": True}])
def test_an_empty_list_is_said_to_be_one_and_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reasons: dict[str, Any] | None
) -> None:
    answer = {"prediction_id": "pred_1", "items": [], "scores": []} | ({"reasons": reasons} if reasons else {})
    monkeypatch.setattr(server, "predict", lambda *asked: answer)
    told = CliRunner().invoke(predict, ["--project", str(lay(tmp_path / "shop")), "12347"])
    assert told.exit_code == 0 and "nothing is answered" in told.output
    assert ("in_stock took out 10" in told.output) == (reasons is not None)
