"""Rollouts that are killed at each of their writes; run as a script by test_rollout_kill.

``python -m tests.faults.killed_rollout FOLDER STORY EVERY FIRST``: the story is told undisturbed, and then again and again from its
beginning, each time killed before another write or commit (each EVERYth from FIRST on) and gone on with. A line of JSON a telling.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

from tests.release.asking import TWO, caller, person
from tests.release.made import TOML, add_model, hold
from tests.release.test_pipeline import GOOD
from tests.release.test_promotion import TEAM
from tests.release.test_rollout import evidence
from tidemill.config.policies import StageSection, stages
from tidemill.ops import approvals
from tidemill.release.asked import asked_of
from tidemill.release.pipeline import release_candidate
from tidemill.release.rollout import rollout
from tidemill.release.rollout.rules import Finding
from tidemill.release.variants import choose
from tidemill.scope.project import Project, open_project
from tidemill.types import DAY, HeldClock

START = 100 * DAY
PEOPLE = [str(n) for n in range(200)]
ALL = StageSection(share="100 %")
STAGED = {
    "canary": (
        StageSection(share="25 %", for_="1 day", min_requests=20),
        StageSection(share="50 %", for_="1 day"),
        ALL,
    ),
    "linear": (StageSection(share="20 %", step="30 %", for_="1 day", min_requests=20),),
    "blue_green": (StageSection(share="0 %", for_="1 day"), StageSection(share="100 %", for_="2 days")),
    "shadow": (StageSection(shadow=True, for_="1 day"), StageSection(share="50 %", for_="1 day"), ALL),
    "paused": (StageSection(share="50 %", for_="2 days"), ALL),
    "bad": (StageSection(share="50 %", for_="2 days"), ALL),
    "decay": (StageSection(share="0 %", for_="1 day"), StageSection(share="100 %", for_="1 day")),
    "promotion": (StageSection(share="50 %", for_="1 day"), ALL),
    "votes": (StageSection(share="50 %", for_="1 day"), ALL),
}
VOTERS = {2: "bob", 4: "eve"}
"""Who says yes on which day: the second is who was missing."""
BROKEN = Finding("errors > 1%", True, True, "broken: 42 of 300 answers failed", {"bad": 42, "n": 300})
DAYS = 12


def begin(root: Path, story: str) -> None:
    """A champion, and a release that waits for its start."""
    (root / "tidemill.toml").write_text(TEAM if story == "promotion" else TOML)
    with open_project(root, clock=HeldClock(START)) as project:
        first = hold(project, add_model(project, 1), "release_1")
        rollout.begin(project, first.id, START)
        if story == "votes":
            (root / "policy.toml").write_text(TWO)
            for name in VOTERS.values():
                person(project, name)
        if story != "promotion":
            held = hold(project, add_model(project, 2), "release_2", stages=stages(STAGED[story]))
            if story == "votes":
                asked_of(project, held)


def day(project: Project, story: str, now: int) -> None:
    """What happens on this day; done twice it is done once."""
    held = project.endpoint().releases("held")
    if held and story == "votes":
        vote(project, held[0].id, (now - START) // DAY)
        return
    if held and story != "promotion":
        rollout.begin(project, held[0].id, now)
        return
    release = rollout.watched(project, "shop")
    if story == "paused" and release is not None and release.status == "canary":
        _pause(project, release.id, now)
        release = rollout.watched(project, "shop")
    if release is not None:
        level = 0.02 if story == "bad" else 0.3
        rollout.check(project, "shop", now, evidence(release, level=level, in_stage=100))
    champion = project.endpoint().champion()
    if story == "decay" and champion is not None and champion.id == "release_2" and champion.evidence.bake:
        rollout.look_after(project, champion, [BROKEN], now)


def _pause(project: Project, release: str, now: int) -> None:
    found = project.store.releases.get(release)
    if now == START + 2 * DAY and not found.evidence.paused and not found.evidence.pauses:
        rollout.pause(project, release, by="ada", reason="wait")
    if now == START + 4 * DAY and found.evidence.paused:
        rollout.resume(project, release, by="ada", reason="go on")


def vote(project: Project, release: str, day: int) -> None:
    """Today's voter says yes, unless they have."""
    who = VOTERS.get(day)
    if who and f"principal_{who}" not in {one.principal for one in project.store.votes.list()}:
        approvals.vote(project, caller(project, f"principal_{who}"), release, True, "looked")


def promoted(root: Path, now: int) -> None:
    """Production takes what staging serves, by its own gates, approval and rollout."""
    from tidemill.release.approvals import answer

    with open_project(root, clock=HeldClock(now), environment="production") as project:
        if not any(one.model == "model:shop@1" and one.status != "refused" for one in project.endpoint().releases()):
            release_candidate(
                project, "model:shop@1", author="the loop", override="rules are another test's", make_context=GOOD
            )
            return
        held = project.endpoint().releases("held")
        if held and held[0].created < now:  # a day later: done twice on one day it is the same story
            answer(project, held[0].id, "eva", "seen", role="product-owner")


def told(root: Path, story: str) -> None:
    """Day after day; which one it is stands in a file, and is there after a kill."""
    at = root / "day"
    for number in range(int(at.read_text()) if at.exists() else 0, DAYS):
        now = START + number * DAY
        if story == "promotion":
            promoted(root, now)
        else:
            with open_project(root, clock=HeldClock(now)) as project:
                day(project, story, now)
        at.write_text(str(number + 1))


def count_down(left: list[int], dies: bool) -> Callable[..., None]:
    """Passed before each write: counts, or kills."""

    def passed(*given: Any) -> None:
        words = given[2].lstrip()[:6].upper() if len(given) > 2 else "COMMIT"
        if words in ("SELECT", "PRAGMA", "WITH"):
            return
        left[0] -= 1
        if dies and left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    return passed


def in_a_child(root: Path, story: str, kill_at: int) -> tuple[bool, int]:
    """Whether it came to its end, and how many writes it passed."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        left = [kill_at or 1 << 30]
        passed = count_down(left, bool(kill_at))
        event.listen(Engine, "before_cursor_execute", passed)
        event.listen(Engine, "commit", lambda connection: passed(connection))
        told(root, story)
        os.write(write, str((1 << 30) - left[0]).encode())
        os._exit(0)
    os.close(write)
    _, status = os.waitpid(child, 0)
    with os.fdopen(read) as heard:
        passed_by = heard.read()
    assert status == 0 or os.WTERMSIG(status) == signal.SIGKILL, status
    return status == 0, int(passed_by or 0)


def ask(root: Path, query: str) -> list[Any]:
    with closing(sqlite3.connect(root / ".tidemill/tidemill.db")) as db:
        return db.execute(query).fetchall()


def state(root: Path) -> dict[str, Any]:
    """Who serves, and who is answered by what."""
    rows = ask(root, "select id, environment, status, stage from releases order by environment, id")
    champions = ask(root, "select environment, count(*) from releases where status = 'champion' group by environment")
    with open_project(root, clock=HeldClock(START)) as project:
        canary = project.store.releases.list(status="canary")
        arms = "".join("c" if choose([("canary", one) for one in canary], who) == "canary" else "." for who in PEOPLE)
    asked = ask(root, "select kind, status from approvals order by id")
    (said,) = ask(root, "select count(*) from votes")
    return {"rows": rows, "champions": champions, "arms": arms, "asked": asked, "votes": said}


def ended(root: Path) -> dict[str, Any]:
    """What is written in the end."""
    events = ask(root, "select kind, subject, at from events order by seq")
    return {
        "releases": ask(
            root, "select id, environment, status, stage, stage_since, started, previous from releases order by id"
        ),
        "events": sorted(map(list, events)),
        **state(root),
    }


def main(folder: Path, story: str, every: int, first: int) -> None:
    start = folder / "start"
    start.mkdir()
    begin(start, story)

    def fresh(name: str) -> Path:
        shutil.copytree(start, folder / name)
        return folder / name

    whole = fresh("whole")
    over, writes = in_a_child(whole, story, 0)
    assert over
    print(json.dumps({"whole": ended(whole), "writes": writes, "path": path(fresh("path"), story)}), flush=True)
    for at in range(first, writes + 1, every):
        root = fresh(f"killed-{at}")
        done, _ = in_a_child(root, story, at)
        after = state(root)
        again, _ = in_a_child(root, story, 0)
        print(json.dumps({"at": at, "died": not done, "after": after, "again": again, "end": ended(root)}), flush=True)
        shutil.rmtree(root)


def path(root: Path, story: str) -> list[dict[str, Any]]:
    """The states that the story goes through, undisturbed."""
    found = [state(root)]
    for number in range(DAYS):
        (root / "day").write_text(str(number))
        now = START + number * DAY
        if story == "promotion":
            promoted(root, now)
        else:
            with open_project(root, clock=HeldClock(now)) as project:
                day(project, story, now)
        found.append(state(root))
    return found


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
