"""Events in words."""

from __future__ import annotations

from tidemill.store.records import Event
from tidemill.types import DAY, JsonObject
from tidemill.web.timeline import line, routine, timeline

MORE: list[JsonObject] = [{}, {"known": 3}, {"kept": 2}]


def test_days_stand_newest_first_and_what_is_of_one_instant_as_it_was_written() -> None:
    events = [
        Event(f"e{i}", at, kind, "release:rel_1", {})
        for i, at, kind in ((9, 0, "alarm"), (2, DAY, "retrain"), (1, DAY, "canary"))
    ]
    told = [[shown.kind for shown in day.lines] for day in timeline(events)]
    assert told == [["canary", "retrain"], ["alarm"]]


def test_a_file_that_grows_is_counted_and_not_listed() -> None:
    again = [Event(f"e{i}", 0, "again", "dataset:sales@2", {"message": "m", **more}) for i, more in enumerate(MORE)]
    told = [shown.text for day in timeline(again) for shown in day.lines]
    assert told == ["m"], "the one that brought nothing of what is in"
    taken = Event("e", 0, "ingested", "dataset:sales@2", {"rows": 5, "quarantined": 1, "known": 1_200})
    assert line(taken).text == "5 rows, 1 in quarantine, 1,200 in already"
    assert routine([taken, taken]) == "2 ingests: 10 rows, 2 in quarantine, 2,400 in already"


def test_a_proof_says_what_it_counts() -> None:
    told = line(Event("e", 0, "baked", "release:rel_1", {"model": "model:shop@3", "in_stage": 74, "findings": []}))
    assert (told.title, told.about, told.text) == ("Bake passed", "shop@3", "no rule broken over 74 answers")


def test_the_arms_of_an_experiment_are_told_apart() -> None:
    of = {"experiment": "e1", "model": "model:shop@3", "share": 0.25}
    arms = [line(Event(f"e{arm}", 0, "arm", "experiment:e1", {**of, "arm": arm})) for arm in "ab"]
    assert [arm.text for arm in arms] == ["a, 25 % of the subjects", "b, 25 % of the subjects"]
    data = {**of, "models": ["model:shop@1", "model:shop@3"], "share": 0.5}
    begun = line(Event("e", 0, "experiment", "experiment:e1", data))
    assert begun.text == "shop@3 beside shop@1, on 50 % of the subjects" and begun.href == "/experiments/e1"
