"""Answers judged again and again: only those that have gained an outcome are."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from tidemill.monitor.quality import judge_all, values_of
from tidemill.store.records import Prediction
from tidemill.store.sql import open_live
from tidemill.tasks.ranking.outcomes import ItemsScorer
from tidemill.tasks.tabular.outcomes import ValueScorer
from tidemill.testing import records as sample
from tidemill.testing.live import written


def tell(live: Any, key: str, prediction: str, item: str, value: float = 1.0) -> None:
    written(live, (), [sample.outcome(key, item=item, value=value, prediction=prediction)])
    live.outcomes.join([(key, prediction, "id")], "shop")


def test_an_answer_is_judged_again_when_it_has_gained_an_outcome(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    live, judge = open_live(tmp_path / "live.db"), ItemsScorer("recall@20")
    answers = [sample.prediction(name, at=n, key=None, output=b'{"items":["a","b"]}') for n, name in enumerate("pqr")]
    written(live, answers)
    judged: list[list[str]] = []
    real = live.outcomes.of

    def asked(names: Iterable[str]) -> Any:
        wanted = list(names)
        judged.append(wanted)
        return real(wanted)

    monkeypatch.setattr(live.outcomes, "of", asked)

    def recalls(predictions: list[Prediction]) -> dict[str, float]:
        found = values_of(live, judge, predictions)
        plain = {j.prediction.id: j.values for j in judge_all(live, judge, predictions) if j.values}
        judged.pop()
        assert found == plain, "remembered or not, it is what judging says"
        return {name: values["recall@20"] for name, values in found.items()}

    assert recalls(answers) == {} and judged.pop() == []
    tell(live, "1", "p", "a")
    tell(live, "2", "q", "x")
    assert recalls(answers) == {"p": 1.0, "q": 0.0} and judged.pop() == ["p", "q"]
    assert recalls(answers) == {"p": 1.0, "q": 0.0} and judged.pop() == []
    other = open_live(tmp_path / "live.db")  # as another process would
    tell(other, "3", "q", "b")
    assert recalls(answers) == {"p": 1.0, "q": 0.5} and judged.pop() == ["q"]
    tell(other, "4", "r", "a", value=-1.0)
    assert recalls(answers) == {"p": 1.0, "q": 0.5} and judged.pop() == ["r"]
    tell(other, "5", "r", "a")
    assert recalls(answers[1:]) == {"q": 0.5, "r": 1.0} and judged.pop() == ["r"]
    assert recalls(answers[:1]) == {"p": 1.0} and judged.pop() == ["p"], "what the last call did not ask for is let go"
    other.close()
    live.close()


def test_stores_and_kinds_of_judges_are_apart(tmp_path: Path) -> None:
    """The same key asked of two projects makes the same id."""
    for name, item in (("one", "a"), ("two", "x")):
        live = open_live(tmp_path / f"{name}.db")
        answer = sample.prediction(output=b'{"items":["a"],"value":3.0}')
        written(live, [answer])
        tell(live, "1", "pred_1", item, value=1.0)
        assert values_of(live, ItemsScorer("recall@20"), [answer])["pred_1"]["recall@20"] == (item == "a")
        assert values_of(live, ValueScorer("mae"), [answer])["pred_1"]["mae"] == 2.0
        assert values_of(live, ItemsScorer("recall@20"), [answer])["pred_1"]["recall@20"] == (item == "a")
        live.close()
