"""The monitor of attributions in a project's own loop: steady requests are no alarm, others are one, and the page shows it."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from tests.cases.projects import DAYS, END, Folder, replayed
from tests.cases.story import BEGAN, Told
from tests.web.test_pages import get
from tidemill.types import DAY


@pytest.fixture
def told(released: Folder) -> Iterator[Told]:
    with replayed(released, END) as project:
        yield Told(project)


def asked(told: Told, day: int, low: int, high: int, n: int = 60) -> None:
    dice = random.Random(day)
    for _ in range(n):
        spent, country = round(dice.random() * 50, 2), dice.choice(["FR", "DE", "GB"])
        member = dice.random() < 0.5
        row = {"pages": dice.randrange(low, high), "spent": spent, "member": member, "country": country}
        hour = f"2024-10-{day % 28 + 1:02}T{dice.randrange(24):02}:00:00"
        told.answered(BEGAN + day * DAY + dice.randrange(10**9), None, 0.9, n=1, ts=hour, **row)


def test_other_requests_are_an_alarm_that_names_the_input(told: Told) -> None:
    for day in range(DAYS, DAYS + 6):
        asked(told, day, 1, 12)
    for day in range(DAYS + 6, DAYS + 9):
        asked(told, day, 9, 12)
    told.tick(DAYS + 9)
    windows = told.windows("attribution")
    assert not any(windows[day].alarm for day in range(DAYS, DAYS + 6))
    assert all(windows[day].alarm and windows[day].n == 60 for day in range(DAYS + 6, DAYS + 9))
    found = windows[DAYS + 6].data
    assert found["which"][0] == "pages" and found["calibration"]["promised"] == 1.0
    (alarm,) = [one for one in told.alarms() if one.kind == "attribution"]
    assert alarm.what[0].startswith("pages makes") and alarm.since == BEGAN + (DAYS + 6) * DAY
    shown = get(told.project, "/live").body.decode()
    assert "What answers are made of" in shown and "pages" in shown
    assert get(told.project, f"/alarms/{alarm.id}").status == 200


def test_where_the_bundle_is_gone_it_says_so(told: Told) -> None:
    asked(told, DAYS, 1, 12)
    model = told.project.store.models.list()[0]
    told.project.artifacts.delete(model.bundle)
    told.tick(DAYS)
    window = told.windows("attribution")[DAYS]
    assert not window.alarm and window.n == 0 and "all inputs" in window.data["skipped"]
