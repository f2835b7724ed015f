"""Events in words."""

from __future__ import annotations

from noria.kernel.records import Event
from noria.types import DAY
from noria.web.tell import tell, timeline


def test_days_stand_newest_first_and_what_is_of_one_instant_as_it_was_written() -> None:
    events = [
        Event(f"e{i}", at, kind, "release:rel_1", {})
        for i, at, kind in ((9, 0, "alarm"), (2, DAY, "retrain"), (1, DAY, "canary"))
    ]
    told = [[line.kind for line in day.lines] for day in timeline(events)]
    assert told == [["canary", "retrain"], ["alarm"]]


def test_a_proof_says_what_it_counts() -> None:
    told = tell(Event("e", 0, "baked", "release:rel_1", {"model": "model:shop@3", "in_stage": 74, "findings": []}))
    assert (told.title, told.about, told.text) == ("Proved itself", "shop@3", "no rule broken over 74 answers")
