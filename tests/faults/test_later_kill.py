"""kill -9 of scorers that hold questions: each that was taken in is answered, once, by whoever comes next."""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.serve import released
from tests.serve.asking import opened
from tests.serve.real import Scorer, start
from tests.tiers import both
from tidemill.access import tokens as auth
from tidemill.access.tokens import SCOPES

PATH = "/predict/shop"


def settled(scorer: Scorer, name: str) -> tuple[int, object]:
    """What became of it, once it does not wait: each look waits for the scorer, which is at work."""
    while (found := scorer.ask("GET", f"/predictions/{name}"))[0] == 202:
        pass
    return found


def unsettled(live: Path) -> int:
    """Questions that wait: an answer is on the disk a moment before its question is settled."""
    with closing(sqlite3.connect(live)) as db:
        return int(db.execute("SELECT count(*) FROM deferred WHERE status != 'answered'").fetchone()[0])


def abandoned(live: Path) -> int:
    """The leases of the dead are over, as they are half a minute later."""
    with closing(sqlite3.connect(live)) as db, db:
        return db.execute("UPDATE deferred SET due = 0 WHERE owner != '' AND status = 'waiting'").rowcount


@pytest.mark.parametrize("kills", both(1, 10))
def test_what_was_taken_in_is_answered_once_however_often_a_scorer_is_killed(tmp_path, monkeypatch, kills):
    monkeypatch.setenv("TIDEMILL_HOME", str(tmp_path / "home"))
    chance, taken = random.Random(kills), dict[str, str]()
    with opened(tmp_path / "shop") as project:
        released.champion(project, sleeps=0.01)
        token, live = auth.issue(project.store, "load", SCOPES), project.state / "live.db"
        left = 0
        for number in range(kills):
            scorer = start(project.root, token)
            asked = [{"subject": str(n), "key": f"{number}/{n}"} for n in range(chance.randrange(8, 8 * kills + 16))]
            status, told = scorer.ask("POST", PATH, asked, Prefer="respond-async")
            assert status == 202
            taken |= {one["key"]: said["prediction_id"] for one, said in zip(asked, told["answers"], strict=True)}
            for _ in range(chance.randrange(0, 20)):
                scorer.ask("GET", f"/predictions/{told['answers'][-1]['prediction_id']}")
            scorer.process.kill()
            scorer.process.wait()
            left += abandoned(live)
        scorer = start(project.root, token)
        first = {name: settled(scorer, name) for name in taken.values()}
        again = {name: scorer.ask("GET", f"/predictions/{name}") for name in taken.values()}
        while unsettled(live):
            scorer.ask("GET", "/healthz")
        assert scorer.stop() == 0
    assert left or kills < 5, "somebody was killed with a question in hand"
    assert first == again and {status for status, _ in first.values()} == {200}
    with closing(sqlite3.connect(live)) as db:
        kept = dict(db.execute("SELECT key, id FROM predictions").fetchall())
        assert db.execute("SELECT count(*) FROM predictions").fetchone()[0] == len(taken)
    assert kept == taken
