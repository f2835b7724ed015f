"""The replay's own parts: its journal, its rivals, its summary."""

from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np
import pytest

from tidemill.recipes.recommend.compare import Rivals
from tidemill.recipes.recommend.replay import Replay, read_journal
from tidemill.recipes.recommend.shop import OPENING, Line, Visit, days, read_cut
from tidemill.recipes.recommend.summary import Scored, difference, months
from tidemill.tasks.ranking.rank import Ranking, RecommendScorer
from tidemill.types import DAY, parse_time

AT = parse_time("2010-12-05T10:00:00")


def scored(request: str, customer: str, loop: list[str], static: list[str], truth: list[str]) -> Scored:
    items = {"loop": loop, "static": static, "buy_again": static, "popularity": []}
    return Scored(request, AT, customer, "model:shop@1", f"p{request}", items, truth)


def test_a_journal_cut_short_by_a_kill_loses_its_last_day_only(tmp_path, monkeypatch):
    """What is cut off is cut off in place, by bytes: whatever the disk or a kill does then, the whole days stay."""
    monkeypatch.setattr(Path, "write_text", None)
    journal = tmp_path / "replay.jsonl"
    whole = json.dumps(
        {"day": 1, "seconds": 2.5, "scored": [["1", AT, "c", "m", "p", {"loop": ["é"]}, ["a"]]]}, ensure_ascii=False
    )
    journal.write_bytes((whole + "\n" + json.dumps({"day": 2, "scored": []})[:9]).encode())
    assert {day: (len(kept.scored), kept.seconds) for day, kept in read_journal(journal).items()} == {1: (1, 2.5)}
    assert journal.read_text("utf-8") == whole + "\n"
    assert read_journal(tmp_path / "none") == {}


class Server:
    """Acknowledges everything, and has nothing due."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def get(self, path):
        return {"clock": OPENING, "behind": False, "loop": {"next_due": OPENING + 365 * DAY}}

    def post(self, path, body, meanwhile=lambda: None):
        self.asked.append(path)
        return {"items": [], "model": "model:shop@1", "prediction_id": f"p{body['key']}"} if "predict" in path else {}


class Alone:
    def learn(self, customer, lines):
        """Learns nothing."""

    def answer(self, visit, at):
        return {}


def test_a_day_is_done_when_its_end_is(tmp_path):
    """Killed at what its end brings, it is played again, and its end with it; seconds are summed over processes."""
    journal, (day, after) = tmp_path / "replay.jsonl", days(read_cut(), 2)

    def replay(began):
        return Replay(Server(), "shop", Alone(), tmp_path, journal, began)

    def killed():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        replay(time.monotonic()).play(day, killed)
    assert read_journal(journal) == {}
    first = replay(time.monotonic() - 1_000)
    first.play(day)
    kept = read_journal(journal)
    assert list(kept) == [day.start] and kept[day.start].scored == first.scored and first.scored
    assert 1_000 < kept[day.start].seconds == first.seconds
    second = replay(time.monotonic() - 100)
    second.skip(day, kept[day.start])
    assert (second.told, second.seconds) == (first.told, first.seconds)
    second.play(after)
    assert second.seconds > first.seconds + 100
    assert first.told < second.told == {line.key for d in (day, after) for v in d.visits for line in v.lines}
    assert journal.stat().st_mode & 0o777 == 0o600, "the journal is its owner's alone"


def test_rivals_know_what_happened_before_and_nothing_after():
    rivals = Rivals(RecommendScorer(Ranking.plain(["a", "b", "c"], np.array([3.0, 2.0, 1.0])), DAY))
    rivals.learn("c1", [Line("1/b", "b", AT - DAY, 2.0), Line("1/c", "c", AT, 1.0), Line("2/a", "a", AT - DAY, -1.0)])
    visit = Visit("3", "c1", AT, ())
    answers = rivals.answer(visit, AT)
    assert answers["static"] == ["a", "b", "c"]
    assert answers["buy_again"][0] == "b"
    assert "a" not in answers["buy_again"]  # a return is no purchase


def test_months_are_means_of_the_requests():
    found = months([scored("1", "c", ["a"], ["x"], ["a"]), scored("2", "c", ["x"], ["a"], ["a"])])
    assert found[0]["month"] == "2010-12"
    assert found[0]["recall@20"]["loop"] == 0.5
    assert found[0]["recall@20"]["popularity"] == 0.0


def test_the_difference_is_drawn_by_customer():
    """A hundred visits of one customer are one observation: the interval is as wide as two customers are apart."""
    many = [scored(f"{n}", "one", ["a"], ["x"], ["a"]) for n in range(100)] + [scored("z", "two", ["x"], ["a"], ["a"])]
    mean, low, high = difference(many, "static", seed=1)
    assert mean == pytest.approx(99 / 101)
    assert low == -1.0 and high == 1.0
    assert difference(many, "static", seed=1) == [mean, low, high]
    assert difference([], "static", seed=1) == [0.0, 0.0, 0.0]
