"""Alarms that were wrong, and drift that was not seen: right is an alarm where something is worse, and none elsewhere."""

from __future__ import annotations

import math
from collections.abc import Iterator

import pytest

from tests.cases.projects import DAYS, END, VISITS_HEADER, Folder, column, replayed, visits
from tests.cases.story import A_WINDOW, BEGAN, Told, day_of, drop
from tests.tiers import both
from tidemill.types import DAY


@pytest.fixture
def told(released: Folder) -> Iterator[Told]:
    with replayed(released, END) as project:
        yield Told(project)


@pytest.mark.nightly  # a quiet year of many streams is in every run: tests/monitor/test_decay_simulation.py
@pytest.mark.parametrize("share", both(1.0, 0.97))
def test_no_decay_alarm_on_a_model_that_keeps_its_promise(told: Told, share: float) -> None:
    """Three quarters of days as good as promised or 3 % better: at most one alarm where "1 per quarter" is promised."""
    sure = math.exp(-share * told.promised())
    for day in range(DAYS, DAYS + 273):
        told.answered(BEGAN + day * DAY, "true", sure, n=2)
    told.tick(DAYS + 275)
    assert len(told.windows("quality")) >= 273
    assert len([a for a in told.alarms() if a.kind == "decay"]) <= 1


def test_a_decay_alarm_says_now_the_promise_and_the_range(told: Told) -> None:
    """Quality now, what was promised, an interval that excludes it, about since when."""
    sure = math.exp(-3 * told.promised())
    for day in range(DAYS, DAYS + 20):
        told.answered(BEGAN + day * DAY, "true", sure, n=30)
    told.tick(DAYS + 22)
    (alarm,) = [a for a in told.alarms() if a.kind == "decay"]
    assert abs(alarm.since - BEGAN - DAYS * DAY) <= 2 * DAY
    low, high = alarm.interval
    assert alarm.promised == pytest.approx(told.promised(), rel=0.01)
    assert alarm.now is not None and alarm.promised < low <= alarm.now <= high


def test_an_input_that_is_missing_in_all_requests_raises_an_alarm(told: Told) -> None:
    """What is asked is watched as what is trained on."""
    for day in range(DAYS, DAYS + 4):
        told.answered(BEGAN + day * DAY, None, 0.9, n=60, spent=None)
    told.tick(DAYS + 4)
    assert any("spent" in text for a in told.alarms() for text in a.what)


def test_a_boolean_as_text_in_all_requests_raises_an_alarm(told: Told) -> None:
    """A value that training never had is drift of what is asked."""
    for day in range(DAYS, DAYS + 4):
        told.answered(BEGAN + day * DAY, None, 0.9, n=60, member="true")
    told.tick(DAYS + 4)
    assert any("member" in text for a in told.alarms() for text in a.what)


def test_a_window_of_rows_that_come_late_is_judged_again(told: Told, released: Folder) -> None:
    """Weekly files, daily windows: a window that closed on no rows is judged when they come."""
    for day in range(DAYS, DAYS + 5):
        told.tick(day)
    rows = [line for day in range(DAYS, DAYS + 5) for line in day_of(day)[1:]]
    drop(released, "week", DAYS, [VISITS_HEADER, *rows])
    told.tick(DAYS + 5)
    found = told.windows("drift")
    assert all(found[day].n == A_WINDOW for day in range(DAYS, DAYS + 5))


def test_a_part_of_a_day_raises_no_alarm_and_is_judged_again_when_it_is_whole(told: Told, released: Folder) -> None:
    """The file ends at three in the morning: the window is not judged before the rest has come, and then as a whole."""
    head, *rows = visits(first=DAYS * 1_000, days=[DAYS], a_day=200)
    early = [line for line in rows if line.split(",")[1][11:13] < "03"]
    nights = column([head, *early], "country", "DE")  # who comes at night is not like the others
    drop(released, "night", DAYS, nights)
    told.tick(DAYS)
    assert not told.alarms()
    drop(released, "rest", DAYS, [head, *(line for line in rows if line not in early)])
    told.tick(DAYS + 1)
    assert told.windows("drift")[DAYS].n == 200
    assert not told.alarms()


def test_an_alarm_that_later_rows_take_back_is_closed(told: Told, released: Folder) -> None:
    """The first file of a day looks whole and is odd; the second shows that the day was an ordinary one."""
    odd = column(visits(first=DAYS * 1_000, days=[DAYS], a_day=30), "country", "DE")
    drop(released, "odd", DAYS, odd)
    told.tick(DAYS)
    (alarm,) = told.alarms()
    assert alarm.closed is None and not told.project.store.windows.first(endpoint="visits", monitor="drift").revision
    drop(released, "rest", DAYS, visits(first=DAYS * 1_000 + 500, days=[DAYS], a_day=900))
    told.tick(DAYS + 1)
    (alarm,) = told.alarms()
    assert alarm.ended == "taken_back" and alarm.closed is not None
    assert told.windows("drift")[DAYS].n == 930 and not told.windows("drift")[DAYS].alarm


def test_late_rows_of_a_judged_window_raise_the_alarm_that_it_missed(told: Told, released: Folder) -> None:
    """A window that was judged, and quiet, is judged again: the same record, one revision on."""
    for day in range(DAYS, DAYS + 4):
        drop(released, f"{day}", day)
        told.tick(day)
    assert not told.alarms()
    drop(released, "late", DAYS, column(visits(first=DAYS * 1_000 + 500, days=[DAYS], a_day=200), "country", "US"))
    told.tick(DAYS + 4)
    (alarm,) = told.alarms()
    assert (alarm.window, alarm.since) == (BEGAN + (DAYS + 1) * DAY, BEGAN + DAYS * DAY)
    found = told.windows("drift")
    assert [(found[day].n, found[day].revision) for day in (DAYS, DAYS + 1)] == [(A_WINDOW + 200, 1), (A_WINDOW, 0)]


def test_a_window_without_rows_is_not_a_quiet_one(told: Told, released: Folder) -> None:
    """Nothing came: it says so; and once a later day has rows, it is complete and still has none."""
    told.tick(DAYS)
    assert told.windows("drift")[DAYS].state == "incomplete"
    drop(released, "later", DAYS + 1)
    told.tick(DAYS + 1)
    found = told.windows("drift")
    assert (found[DAYS].state, found[DAYS + 1].state) == ("no rows", "quiet")


def test_a_column_that_moves_is_seen_at_once(told: Told, released: Folder) -> None:
    """What the tests beside this one rest on: another country in every row raises an alarm that names the column."""
    drop(released, "more", DAYS, column(day_of(DAYS), "country", "US"))
    told.tick(DAYS)
    assert [a.kind for a in told.alarms()] == ["drift"] and "country" in told.alarms()[0].what[0]


def test_a_number_that_moves_is_seen_in_small_windows(told: Told, released: Folder) -> None:
    """Spending grows tenfold in days of 25 rows: a column of numbers is not blind where rows are few."""
    for day in range(DAYS, DAYS + 3):
        lines = visits(first=day * 1_000, days=[day])
        drop(released, f"{day}", day, column(lines, "spent", lambda old: f"{float(old) * 10:.2f}"))
        told.tick(day)
    assert any("spent" in text for a in told.alarms() for text in a.what)


def test_a_column_that_was_constant_is_watched(told: Told, released: Folder) -> None:
    """One value in training, another one in every row since: an alarm that names the column."""
    for day in range(DAYS, DAYS + 3):
        drop(released, f"{day}", day, column(day_of(day), "site", "B"))
        told.tick(day)
    assert any("site" in text for a in told.alarms() for text in a.what)


def test_a_column_that_is_not_watched_is_said(told: Told, released: Folder) -> None:
    """If a column is not watched, a command says so."""
    drop(released, "more", DAYS)
    told.tick(DAYS)
    said = [released.tidemill(*words).stdout for words in (["status"], ["doctor"], ["data", "show", "visits"])]
    assert any("not watched" in text and "site" in text for text in said)


def test_since_of_an_alarm_is_not_before_the_change(told: Told, released: Folder) -> None:
    """Spending grows tenfold on one day: the alarm says since that day."""
    for day in range(DAYS, DAYS + 6):
        lines = day_of(day)
        grown = column(lines, "spent", lambda old: f"{float(old) * 10:.2f}")
        drop(released, f"{day}", day, grown if day >= DAYS + 3 else lines)
        told.tick(day)
    alarms = [a for a in told.alarms() if any("spent" in text for text in a.what)]
    assert [a.since for a in alarms] == [BEGAN + (DAYS + 3) * DAY]


def test_an_unknown_label_is_not_scored(told: Told) -> None:
    """A typo among the outcomes is counted apart, and is no answer that was as wrong as can be."""
    told.answered(BEGAN + DAYS * DAY, "true", 0.9, n=20)
    told.answered(BEGAN + DAYS * DAY, "mayhap", 0.9, n=20)
    told.tick(DAYS + 2)
    window = told.windows("quality")[DAYS]
    assert window.n == 20
    assert window.data["figures"]["log_loss"][0] == pytest.approx(-math.log(0.9), rel=0.01)


def test_labels_that_no_answer_could_have_said_are_not_all_right(told: Told, released: Folder) -> None:
    """Where most of what is told is unknown, nothing is measured: that is a state, with a next step."""
    told.answered(BEGAN + DAYS * DAY, "mayhap", 0.9, n=20)
    told.tick(DAYS + 2)
    found = released.json("status")
    (part,) = [p for p in found["parts"] if p["key"] == "feedback"]
    assert (part["state"], part["code"], found["all_right"]) == ("warn", "unknown_labels", False) and part["next"]


def test_labels_are_read_as_the_files_labels_are(told: Told) -> None:
    """The files say yes and no: so may the outcomes."""
    told.answered(BEGAN + DAYS * DAY, "yes", 0.9, n=20)
    told.tick(DAYS + 2)
    assert told.windows("quality")[DAYS].data["figures"]["log_loss"][0] == pytest.approx(-math.log(0.9), rel=0.01)
