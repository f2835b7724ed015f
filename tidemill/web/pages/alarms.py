"""One alarm: what it says and whether it hurts by the labels of now, how it ended, whether it was right; and the button."""

from __future__ import annotations

from typing import Any

from tidemill.ops.records import affected
from tidemill.retrain.score import explained
from tidemill.scope.project import Project
from tidemill.store.records import Alarm, Settlement
from tidemill.web import format as words
from tidemill.web.site import Ask, Page, Shown
from tidemill.web.talk import talk

TONES = {"yes": "bad", "perhaps": "warn", "no": "ok"}
"""By whether quality is affected."""
ENDS = {
    "over": "over: three windows in a row without it",
    "new_champion": "another version serves",
    "taken_back": "taken back: later rows or labels do not show it",
    "by_hand": "closed by hand",
}


def said(project: Project, alarm: Alarm) -> dict[str, Any]:
    """An alarm as a person reads it: which monitor, what moved, and whether quality is affected, by the labels of now."""
    hurts = affected(project.endpoint(alarm.endpoint), alarm)
    answer, reason = str(hurts["answer"]), str(hurts.get("words", ""))
    return {
        "alarm": alarm,
        "answer": answer,
        "tone": TONES.get(answer, "idle"),
        "words": reason if reason not in alarm.what else "",
        "ended": ENDS.get(alarm.ended, alarm.ended),
    }


def alarm(ask: Ask) -> Shown:
    found = ask.project.store.alarms.named(ask.params["alarm"])
    settled = ask.project.store.settlements.list(subject=f"alarm:{found.id}")
    values = {
        "a": said(ask.project, found),
        "figures": list(_figures(found)),
        "settled": [_settled(one) for one in settled],
        "talk": talk(ask, f"alarm:{found.id}"),
        "may_close": ask.may("alarm.close") and found.closed is None,
        "command": f"tidemill alarms close {found.id} --reason WHY",
    }
    return Shown(f"Alarm of {found.kind}", values)


def _figures(alarm: Alarm) -> list[tuple[str, str]]:
    """What an alarm of quality says in numbers; of another its evidence says it."""
    if not alarm.metric:
        rows, subjects = alarm.evidence.get("rows"), alarm.evidence.get("subjects")
        said = [("rows of the window", rows), ("of subjects", subjects)]
        return [(name, words.count(n)) for name, n in said if n]
    low, high = (words.number(x) for x in alarm.interval) if len(alarm.interval) == 2 else ("–", "–")
    return [
        (f"{alarm.metric} since then", f"{words.number(alarm.now)} ({low} to {high})"),
        ("promised", words.number(alarm.promised)),
        ("windows", words.count(alarm.windows)),
        ("answers", words.count(alarm.answers)),
        ("subjects", "–" if alarm.subjects is None else words.count(alarm.subjects)),
        ("blind below", words.share(alarm.blind_below)),
    ]


def _settled(one: Settlement) -> dict[str, Any]:
    return {"one": one, "tone": {"right": "ok", "wrong": "bad"}.get(one.settled, "idle"), "came": explained(one)}


PAGES = (Page("/alarms/{alarm}", "alarm.html", "live", alarm, "project.read"),)
