"""What the benchmarks stand on: their shop is filled, released and served, and a prediction of it is traced."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import serving, shop, trace
from tidemill.feedback.trace import trace as traced


def test_the_shop_is_served_and_a_prediction_traced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shop, "SUBJECTS", 20)
    monkeypatch.setattr(trace, "PREDICTIONS", 20)
    with shop.project(tmp_path / "shop") as project:
        bundle = shop.blend(project.clock.now())
        shop.histories(project)
        shop.release(project, bundle)
        now = project.clock.now()
        trace.fill(project, shop.answer(project, bundle, "7", now), now)
        told = traced(project, "pred_0000007")
        assert len(told["history"]) == shop.ROWS_EACH and told["verified"]["same_items"]
        with serving.serving(project) as (scorer, headers):
            found = shop.load(
                scorer.port,
                f"/predict/{project.endpoint().name}",
                {"subject": "7", "k": 10},
                headers,
                connections=1,
                requests=3,
            )
    assert found["failed"] == []
