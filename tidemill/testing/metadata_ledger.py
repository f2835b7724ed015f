"""The chain of what was done: a part of `MetadataSuite`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from functools import partial

from tidemill.errors import Conflict
from tidemill.store.chain import GENESIS, LedgerRecord
from tidemill.store.records import Tx
from tidemill.store.sql.store import MetadataStore
from tidemill.testing import records as sample
from tidemill.testing.asking import refused, together
from tidemill.testing.metadata_runs import Opened


def is_true(records: Sequence[LedgerRecord]) -> bool:
    """By the encoding that docs/ledger.md says, made anew: no gap, and each record hashed with the one before."""
    before = "0" * 64
    for n, one in enumerate(records, 1):
        said = [one.seq, one.at, one.principal, one.act, one.subject, one.event, one.commitment, one.previous]
        text = json.dumps(["tidemill-ledger-1", *said], separators=(",", ":"))
        if (one.seq, one.previous, one.hash) != (n, before, hashlib.sha256(text.encode()).hexdigest()):
            return False
        before = one.hash
    return True


class Half(float):
    """As numpy's numbers are: a float to whoever asks, and of another class."""


class LedgerSuite:
    """What is done is in the ledger, what is not is not."""

    def test_every_event_has_its_record(self, opened: Opened) -> None:
        store, other = opened(), opened()
        store.events.add(sample.event(principal=""))
        store.events.add(sample.event(principal=""))  # a retry is not done twice
        store.transact(lambda tx: store.events.add(sample.event("event_2", principal=""), tx), "ann", "principal_a")
        store.transact(lambda tx: store.events.add(sample.event("event_3", principal=""), tx), "bob")
        assert not store.events.add_once(sample.event("event_3", data={}))
        records = other.ledger.list()
        assert is_true(records) and records[0].act == GENESIS
        assert [r.event for r in records] == ["", "event_1", "event_2", "event_3"]
        assert [r.principal for r in records] == ["", "", "principal_a", "-"]

    def test_a_name_is_not_in_it_but_the_id_of_who_has_it(self, opened: Opened) -> None:
        store = opened()
        store.principals.add(sample.principal("principal_9", name="ann.lee"))
        store.transact(lambda tx: store.events.add(sample.event(principal=""), tx), "ann.lee")
        assert [r.principal for r in store.ledger.list(event="event_1")] == ["principal_9"]
        assert "ann.lee" not in repr(store.ledger.list())

    def test_a_record_that_counts_is_an_act_though_nobody_is_told(self, opened: Opened) -> None:
        store = opened()
        store.releases.add(sample.release())
        store.releases.promote("release_1", 5)
        store.tokens.add(sample.token())
        store.tokens.delete("token_1")
        store.tokens.delete("token_1")
        store.passwords.put(sample.password())
        store.jobs.put(sample.job())
        acts = [record.act for record in store.ledger.list()][1:]
        assert acts == [
            "release.added",
            "release.changed",
            "token.added",
            "token.deleted",
            "password.written",
            "job.written",
        ]
        assert not store.events.list() and len(store.acts.list()) == len(acts)
        assert "hash of" not in repr(store.acts.list())  # nothing stands in two places, and no secret at all
        assert [act.data["status"] for act in store.acts.list(kind="release.changed")] == ["champion"]

    def test_a_record_that_can_be_written_can_be_an_act(self, opened: Opened) -> None:
        """Whatever kind of number stands in it: what the column takes, the ledger takes."""
        store = opened()
        store.decisions.add(sample.decision(evidence={"value": Half(0.5), "few": {1: (2,), "one": None}}))
        store.experiments.add(sample.experiment(share=Half(0.5)))
        assert is_true(store.ledger.list()) and len(store.ledger.list()) == 3

    def test_what_is_undone_has_no_record(self, opened: Opened) -> None:
        store = opened()

        def work(tx: Tx) -> None:
            store.events.add(sample.event("event_8"), tx)
            store.releases.add(sample.release(), tx)
            raise ValueError("in the middle")

        def kept(n: int) -> None:
            store.events.add(sample.event(f"event_{n}"))

        def failed(n: int) -> None:
            refused(ValueError, lambda: store.transact(work))

        together([partial(failed if n % 2 else kept, 10 + n) for n in range(12)])
        refused(Conflict, lambda: store.events.add(sample.event("event_10", data={"other": "words"})))
        records = store.ledger.list()
        assert is_true(records) and sorted(r.event for r in records[1:]) == [f"event_{n}" for n in range(10, 22, 2)]
        assert not store.acts.list()

    def test_several_at_once_leave_no_gap(self, opened: Opened) -> None:
        stores = [opened(), opened(), opened()]

        def work(store: MetadataStore, n: int) -> None:
            store.events.add(sample.event(f"event_{n}"))  # of a server: without its lock
            store.runs.add(sample.run(f"run_{n}"))  # and with it

        together([partial(work, stores[n % 3], n) for n in range(15)])
        records = stores[0].ledger.list()
        assert is_true(records) and len(records) == 31
