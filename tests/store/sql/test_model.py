"""Any order of calls: the stores against plain Python that says the same."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tidemill.errors import Conflict
from tidemill.store.records import OnlineEvent
from tidemill.store.sql import open_live, open_metadata
from tidemill.testing import records as sample
from tidemill.testing.live import written

KEYS = st.sampled_from([f"k{n}" for n in range(8)])
ENDPOINTS = st.sampled_from(["shop", "demand"])


class ReleasesMachine(RuleBasedStateMachine):
    """Promotions and roll backs of two endpoints, also inside transactions that fail."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.store = open_metadata(Path(self.folder.name) / "tidemill.db")
        self.state: dict[str, dict[str, Any]] = {}
        self.now, self.revision = 0, 0

    @rule(endpoint=ENDPOINTS)
    def add(self, endpoint: str) -> None:
        id = f"release_{len(self.state):03}"
        self.store.releases.add(sample.release(id, len(self.state) + 1, endpoint=endpoint, previous=None))
        self.state[id] = {"endpoint": endpoint, "status": "held", "previous": None, "ended": None}

    @precondition(lambda self: self.state)
    @rule(data=st.data(), fails=st.booleans())
    def promote(self, data: st.DataObject, fails: bool) -> None:
        id = data.draw(st.sampled_from(sorted(self.state)))
        self.now += 1
        mine = self.state[id]
        if mine["status"] == "rolled_back":
            try:
                self.store.releases.promote(id, self.now)
            except Conflict:
                return
            raise AssertionError("what was rolled back is not promoted again")
        if fails:
            self._promote_and_fail(id)
            return
        self.store.releases.promote(id, self.now)
        if mine["status"] == "champion":
            return
        before = self._champion(mine["endpoint"])
        if before is not None:
            self.state[before].update(status="superseded", ended=self.now)
        mine.update(status="champion", previous=before, ended=None)

    def _promote_and_fail(self, id: str) -> None:
        def work(tx: Any) -> None:
            self.store.releases.promote(id, self.now, tx)
            raise ZeroDivisionError

        try:
            self.store.transact(work)
        except ZeroDivisionError:
            return
        raise AssertionError("the error comes through")

    @precondition(lambda self: self.state)
    @rule(data=st.data())
    def roll_back(self, data: st.DataObject) -> None:
        id = data.draw(st.sampled_from(sorted(self.state)))
        self.now += 1
        mine, was = self.state[id], self.state[id]["status"]
        champion = self.store.releases.roll_back(id, self.now, {"n": self.now})
        if was != "rolled_back":
            mine.update(status="rolled_back", ended=self.now)
        if was == "champion":
            heir = self._heir(mine)
            if heir is not None:
                self.state[heir].update(status="champion", ended=None)
        assert champion == self._champion(mine["endpoint"])

    def _heir(self, mine: dict[str, Any]) -> str | None:
        pool = {
            id: other
            for id, other in self.state.items()
            if other["endpoint"] == mine["endpoint"] and other["status"] == "superseded"
        }
        if mine["previous"] in pool:
            return str(mine["previous"])
        return max(pool, key=lambda id: (pool[id]["ended"], id), default=None)

    def _champion(self, endpoint: str) -> str | None:
        found = [id for id, one in self.state.items() if one["endpoint"] == endpoint and one["status"] == "champion"]
        assert len(found) <= 1
        return found[0] if found else None

    @invariant()
    def the_store_says_the_same(self) -> None:
        for release in self.store.releases.list():
            mine = self.state[release.id]
            assert (release.status, release.ended) == (mine["status"], mine["ended"] or release.ended)
        for endpoint in ("shop", "demand"):
            champion = self.store.releases.champion(endpoint)
            assert (champion and champion.id) == self._champion(endpoint)

    @invariant()
    def the_revision_never_goes_back(self) -> None:
        revision = self.store.releases.revision()
        assert revision >= self.revision
        self.revision = revision

    def teardown(self) -> None:
        self.store.close()
        self.folder.cleanup()


class LiveMachine(RuleBasedStateMachine):
    """Appends, loads, joins and re-openings, with keys that come again."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.live = open_live(Path(self.folder.name) / "live.db")
        self.online: dict[str, OnlineEvent] = {}
        self.joined: dict[str, tuple[str | None, str]] = {}
        self.predictions: dict[str, bytes] = {}

    @rule(keys=st.lists(KEYS, max_size=4), value=st.floats(-5, 5))
    def outcome(self, keys: list[str], value: float) -> None:
        seqs = written(
            self.live,
            [],
            [sample.outcome(key, value=value) for key in keys],
            [sample.online(key, value=value, file=None, row=None, ingest=None) for key in keys],
        )
        for key, seq in zip(keys, seqs, strict=True):
            self.joined.setdefault(key, (None, ""))
            assert (seq == 0) == (key in self.online)
            if seq:
                assert seq > max((event.seq for event in self.online.values()), default=0)
                self.online[key] = sample.online(key, value=value, file=None, row=None, ingest=None, seq=seq)

    @rule(keys=st.lists(KEYS, max_size=4, unique=True), row=st.integers(0, 9))
    def load(self, keys: list[str], row: int) -> None:
        new = self.live.online.load([sample.online(key, value=7.0, row=row) for key in keys])
        assert new == len([key for key in keys if key not in self.online])
        for key in keys:
            if key in self.online:
                named = sample.online(key, row=row)
                self.online[key] = replace(self.online[key], file=named.file, row=row, ingest=named.ingest)
        for event in self.live.online.list()[len(self.online) :]:
            assert event == sample.online(event.key, value=7.0, row=row, seq=event.seq)
            self.online[event.key] = event

    @rule(key=KEYS, prediction=st.sampled_from(["p1", "p2"]), how=st.sampled_from(["id", "subject"]))
    def join(self, key: str, prediction: str, how: str) -> None:
        self.live.outcomes.join([(key, prediction, how)], "shop")
        if self.joined.get(key) == (None, ""):
            self.joined[key] = (prediction, how)

    @rule(ids=st.lists(KEYS, max_size=4), output=st.binary(max_size=4))
    def predict(self, ids: list[str], output: bytes) -> None:
        written(self.live, [sample.prediction(id, output=output) for id in ids])
        for id in ids:
            self.predictions.setdefault(id, output)

    @rule()
    def reopen(self) -> None:
        self.live.close()
        self.live = open_live(Path(self.folder.name) / "live.db")

    @invariant()
    def the_store_says_the_same(self) -> None:
        assert list(self.live.online.list()) == sorted(self.online.values(), key=lambda event: event.seq)
        assert {id: p.output for id, p in self.live.predictions.find(self.predictions).items()} == self.predictions
        outcomes = {key: self.live.outcomes.look_up(key, "shop", "") for key in self.joined}
        assert {key: o and (o.joined, o.how) for key, o in outcomes.items()} == self.joined
        assert {o.key for o in self.live.outcomes.unjoined()} == {k for k, (_, how) in self.joined.items() if not how}

    def teardown(self) -> None:
        self.live.close()
        self.folder.cleanup()


TestReleases = ReleasesMachine.TestCase
TestReleases.settings = settings(max_examples=12, stateful_step_count=15, deadline=None, derandomize=True)
TestLive = LiveMachine.TestCase
TestLive.settings = settings(max_examples=12, stateful_step_count=15, deadline=None, derandomize=True)
