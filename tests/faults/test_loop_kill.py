"""kill -9 of the loop under load, twenty times: what was acknowledged is in the store, and every outcome is joined at most once."""

from __future__ import annotations

import json
import random
import sqlite3
import subprocess
import sys

import pytest

from noria.feedback.join import join_due
from noria.serve import auth
from noria.serve.routes import SCOPES
from tests.faults.test_serve_kill import Load
from tests.serve import released
from tests.serve.asking import opened
from tests.serve.real import start

KILLS = 20


@pytest.mark.slow
def test_what_was_acknowledged_survives_kills_of_the_loop(tmp_path, monkeypatch):
    monkeypatch.setenv("NORIA_HOME", str(tmp_path / "home"))
    chance, load = random.Random(3), Load()
    with opened(tmp_path / "shop") as project:
        released.champion(project)
        token = auth.issue(project.store, "load", SCOPES)
        scorer = start(project.root, token)
        threads = load.run(scorer.port, token)
        alive = 0
        for _ in range(KILLS):
            with (tmp_path / "loop.log").open("ab") as log:
                loop = subprocess.Popen([sys.executable, "-m", "noria.retrain", str(project.root)], stderr=log)
            for _ in range(chance.randrange(50, 1_500)):
                assert load.acknowledged.acquire(timeout=60)
            alive += loop.poll() is None
            loop.kill()
            loop.wait()
        scorer.process.kill()
        scorer.process.wait()
        for thread in threads:
            thread.join(60)
        assert alive == KILLS, (tmp_path / "loop.log").read_text()[-2000:]
        join_due(project)
    assert not load.wrong
    with sqlite3.connect(project.state / "live.db") as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        kept = dict(db.execute("SELECT key, output FROM predictions"))
        outcomes = dict(db.execute("SELECT key, value FROM outcomes"))
        joined = db.execute("SELECT count(*) FROM outcomes WHERE how = 'id' OR how = 'subject'").fetchone()[0]
        unknown = db.execute(
            "SELECT count(*) FROM outcomes o WHERE o.joined IS NOT NULL AND o.joined NOT IN (SELECT id FROM predictions)"
        )
        assert unknown.fetchone()[0] == 0
    assert len(load.predictions) > KILLS and len(load.outcomes) > KILLS
    for key, answer in load.predictions.items():
        assert json.loads(kept[key])["items"] == answer["items"]
    assert all(outcomes[key] == value for key, value in load.outcomes.items())
    assert joined <= len(outcomes)
