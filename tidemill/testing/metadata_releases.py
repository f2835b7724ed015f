"""Releases, leases and tokens: a part of `MetadataSuite`."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

from tidemill.errors import Conflict, LeaseLost, NotFound, StoreBusy
from tidemill.store.payloads import ReleaseEvidence
from tidemill.store.records import MOVING, Baseline, Fence, Lease, Tx
from tidemill.store.sql.nouns import Records, Where
from tidemill.store.sql.store import MetadataStore
from tidemill.testing import records as sample
from tidemill.testing.asking import refused, together
from tidemill.testing.metadata_runs import Opened
from tidemill.types import SECOND


class ReleasesSuite:
    """Releases: one champion an endpoint."""

    def _store(self, opened: Opened) -> MetadataStore:
        store = opened()
        for n in range(1, 5):
            store.models.add(sample.model(n))
            store.releases.add(
                sample.release(
                    f"release_{n}", n, created=n, previous=None, started=None, ended=None, evidence=ReleaseEvidence()
                )
            )
        return store

    def test_a_release_comes_back_as_it_was(self, opened: Opened) -> None:
        store = self._store(opened)
        seen = ReleaseEvidence(
            stages=({"stage": 0},),
            waits_in=(0, "doubtful"),
            damaged="a",
            bake_until=9,
            bake={"at": 1},
            halted={"by": "x"},
        )
        made = sample.release("release_9", 1, endpoint="other", created=9, evidence=seen)
        store.releases.add(made)
        store.releases.add(made)
        assert store.releases.get("release_9") == made
        assert [r.id for r in store.releases.list(endpoint="shop", status="held")] == [
            f"release_{n}" for n in range(1, 5)
        ]
        assert [r.id for r in store.releases.list()][-1] == "release_9"
        assert store.releases.champion("shop") is None
        refused(NotFound, lambda: store.releases.get("release_8"))

    def test_one_experiment_runs_at_an_endpoint(self, opened: Opened) -> None:
        store = opened()
        first = sample.experiment()
        store.experiments.add(first)
        store.experiments.add(sample.experiment("experiment_2", endpoint="other"))
        store.experiments.add(sample.experiment("experiment_3", environment="production"))
        refused(Conflict, lambda: store.experiments.add(sample.experiment("experiment_4")))
        assert opened().experiments.get("experiment_1") == first
        store.experiments.update("experiment_1", status="settling", verdict="better")
        store.experiments.add(sample.experiment("experiment_4", started=200))
        assert [e.id for e in store.experiments.list(endpoint="shop", environment="")] == [
            "experiment_1",
            "experiment_4",
        ]

    def test_failures_of_two_scorers_are_added(self, opened: Opened) -> None:
        stores = [self._store(opened), opened()]
        together([lambda n=n: stores[n % 2].releases.add_failures("shop", {"release_1": n}) for n in range(1, 9)])  # type: ignore[misc]
        stores[1].releases.add_failures("other", {"release_9": 2})
        before = stores[0].releases.revision()
        assert stores[0].releases.failures("shop") == {"release_1": 36} and stores[0].releases.revision() == before
        assert stores[1].releases.failures("nobody") == {}

    def test_an_environment_sees_its_own(self, opened: Opened) -> None:
        store = opened()
        here: Where = {"endpoint": "shop", "environment": "production"}
        for environment in ("", "production"):
            store.releases.add(sample.release(f"release_{environment}", environment=environment, status="champion"))
            store.releases.add_failures("shop", {f"release_{environment}": 1}, environment)
            store.windows.put(sample.window(environment=environment))
            store.baselines.put(Baseline(environment, "shop", "model:shop@1", "sha256:b", 10))
            store.alarms.add(sample.alarm(f"alarm_{environment}", environment=environment))
            store.jobs.put(sample.job(f"job_{environment}", environment=environment))
            store.decisions.add(sample.decision(f"decision_{environment}", environment=environment))
        assert store.releases.failures("shop", "production") == {"release_production": 1}
        champion = store.releases.champion("shop", environment="production")
        assert champion is not None and champion.id == "release_production"
        nouns: list[Records[Any]] = [
            store.releases,
            store.windows,
            store.baselines,
            store.alarms,
            store.jobs,
            store.decisions,
        ]
        for noun in nouns:
            assert [record.environment for record in noun.list(**here)] == ["production"]
            assert [record.environment for record in noun.page(**here)] == ["production"]
            assert len(noun.list(endpoint="shop")) == 2

    def test_promotion_hands_over(self, opened: Opened) -> None:
        store = self._store(opened)
        store.releases.promote("release_1", 10)
        store.releases.promote("release_2", 20)
        store.releases.promote("release_2", 21)  # again: nothing
        champion, before = store.releases.champion("shop"), store.releases.get("release_1")
        assert champion is not None
        assert (champion.id, champion.previous, champion.stage_since) == ("release_2", "release_1", 20)
        assert (before.status, before.ended) == ("superseded", 20)
        refused(NotFound, lambda: store.releases.promote("release_8", 30))

    def test_rolling_back_brings_the_one_before_again(self, opened: Opened) -> None:
        store = self._store(opened)
        for n in (1, 2, 3):
            store.releases.promote(f"release_{n}", n * 10)
        assert store.releases.roll_back("release_3", 40, {"why": "bad"}) == "release_2"
        assert store.releases.roll_back("release_3", 41, {"why": "again"}) == "release_2"
        gone, back = store.releases.get("release_3"), store.releases.champion("shop")
        assert (gone.status, gone.ended, gone.evidence) == (
            "rolled_back",
            40,
            ReleaseEvidence(rolled_back={"why": "bad"}),
        )
        assert back is not None and (back.id, back.ended) == ("release_2", None)
        assert store.releases.roll_back("release_2", 50, {}) == "release_1"
        assert store.releases.roll_back("release_1", 60, {}) is None
        assert store.releases.champion("shop") is None
        refused(Conflict, lambda: store.releases.promote("release_3", 70))

    def test_a_canary_that_is_rolled_back_leaves_the_champion(self, opened: Opened) -> None:
        store = self._store(opened)
        store.releases.promote("release_1", 10)
        store.releases.update("release_2", status="canary")
        assert store.releases.roll_back("release_2", 20, {}) == "release_1"

    def test_two_champions_cannot_be(self, opened: Opened) -> None:
        store = self._store(opened)
        store.releases.promote("release_1", 10)
        refused(Conflict, lambda: store.releases.update("release_2", status="champion"))
        refused(Conflict, lambda: store.releases.add(sample.release("release_5", 1, status="champion")))
        store.releases.add(sample.release("release_6", 1, status="champion", endpoint="other"))
        assert [r.id for r in store.releases.list(endpoint="shop", status="champion")] == ["release_1"]

    def test_all_promote_at_once_and_one_is_champion(self, opened: Opened) -> None:
        store = self._store(opened)
        stores = [store, opened(), opened(), opened()]
        together([lambda n=n: stores[n].releases.promote(f"release_{n + 1}", n) for n in range(4)])  # type: ignore[misc]
        assert len(store.releases.list(endpoint="shop", status="champion")) == 1
        assert len(store.releases.list(endpoint="shop", status="superseded")) == 3

    def test_a_transaction_reads_what_it_has_written(self, opened: Opened) -> None:
        store = self._store(opened)

        def work(tx: Tx) -> tuple[str, str, int]:
            store.releases.promote("release_1", 1, tx)
            champion = store.releases.champion("shop", tx)
            assert champion is not None and store.releases.champion("shop") is None
            return (
                champion.id,
                store.releases.get("release_1", tx).status,
                len(store.releases.list(endpoint="shop", status="held", tx=tx)),
            )

        assert store.transact(work) == ("release_1", "champion", 3)

    def test_the_revision_grows_with_every_change(self, opened: Opened) -> None:
        store, other = self._store(opened), opened()
        seen = [other.releases.revision()]
        store.releases.promote("release_1", 1)
        seen.append(other.releases.revision())
        store.releases.update("release_2", status="canary")
        seen.append(other.releases.revision())
        store.releases.roll_back("release_2", 2, {})
        seen.append(other.releases.revision())
        store.releases.add(sample.release("release_7"))
        seen.append(other.releases.revision())
        assert seen == sorted(set(seen))
        store.releases.promote("release_1", 9)  # it is champion already
        assert other.releases.revision() == seen[-1]

    def test_verdicts(self, opened: Opened) -> None:
        store = self._store(opened)
        bare = sample.verdict("verdict_2", at=2, passed=False, verdict="worse", attestation=None)
        store.verdicts.add(bare)
        store.verdicts.add(sample.verdict("verdict_1", at=1))
        store.verdicts.add(sample.verdict("verdict_3", model="model:shop@2"))
        assert list(store.verdicts.list(model="model:shop@1")) == [
            sample.verdict("verdict_1", at=1),
            bare,
        ]


class AccessSuite:
    """Leases and tokens."""

    def test_a_lease_has_one_owner(self, opened: Opened) -> None:
        store, other = opened(), opened()
        taken = store.leases.take("loop", "me", 600)
        assert isinstance(taken, Lease) and taken.owner == "me"
        assert other.leases.take("loop", "you", 600) is None
        assert other.leases.look_up("loop") == taken
        again = store.leases.take("loop", "me", 900)
        assert again is not None and again.expires > taken.expires
        assert store.leases.renew("loop", "me", 1200) and not other.leases.renew("loop", "you", 600)
        other.leases.drop("loop", "you")
        assert store.leases.look_up("loop") is not None
        store.leases.drop("loop", "me")
        assert store.leases.look_up("loop") is None
        yours = other.leases.take("loop", "you", 600)
        run = store.leases.take("a run", "me", -1)
        assert store.leases.list() == [run, yours]

    def test_a_lease_that_ran_out_is_anybodys(self, opened: Opened) -> None:
        store = opened()
        assert store.leases.take("loop", "me", -1) is not None
        assert store.leases.take("loop", "you", 600) is not None
        assert not store.leases.renew("loop", "me", 600)

    def test_each_owner_has_a_later_term_also_after_one_that_is_gone(self, opened: Opened) -> None:
        store, other = opened(), opened()
        first, again = store.leases.take("loop", "me", 600), store.leases.take("loop", "me", 600)
        assert first is not None and again is not None and first.term == again.term > 0
        store.leases.drop("loop", "me")
        last = other.leases.take("loop", "you", -1)
        assert last is not None and last.term > first.term
        taken = store.leases.take("loop", "me", 600)
        assert taken is not None and taken.term > last.term

    def test_who_writes_by_an_earlier_term_writes_nothing(self, opened: Opened) -> None:
        frozen, other = opened(), opened()
        frozen.fence_by(Fence("loop", 7))
        frozen.settings.set("x", 1)
        other.fence_by(Fence("loop", 8))
        assert (frozen.fence, other.fence) == (Fence("loop", 7), Fence("loop", 8))
        other.settings.set("x", 2)
        refused(LeaseLost, lambda: frozen.settings.set("x", 3))
        refused(LeaseLost, lambda: frozen.transact(lambda tx: frozen.settings.set("x", 4, tx)))
        refused(LeaseLost, lambda: frozen.leases.renew("loop", "me", 600))
        refused(LeaseLost, lambda: opened().fence_by(Fence("loop", 7)))
        assert frozen.settings.get("x") == 2, "it may look"
        opened().fence_by(Fence("loop@production", 1))
        other.settings.set("x", 5)

    def test_a_later_term_begins_when_what_was_begun_is_written(self, opened: Opened) -> None:
        """Nothing of an earlier one comes after it."""
        old, new = opened(), opened()
        old.fence_by(Fence("loop", 1))
        order, inside = list[str](), threading.Event()

        def slow(tx: Tx) -> None:
            inside.set()
            began.wait(0.2)
            old.settings.set("x", "old", tx)
            order.append("old")

        began = threading.Event()

        def begins() -> None:
            inside.wait(10)
            new.fence_by(Fence("loop", 2))
            order.append("new")
            began.set()

        together([lambda: old.transact(slow), begins])
        assert order == ["old", "new"]

    def test_its_clock_is_the_databases_and_does_not_go_back(self, opened: Opened) -> None:
        store = opened()
        seen = [store.clock.now() for _ in range(3)]
        assert seen == sorted(seen) and abs(seen[-1] - store.leases.now()) < 60 * SECOND

    def test_all_want_the_lease_and_one_gets_it(self, opened: Opened) -> None:
        stores = [opened() for _ in range(4)]
        got = together([lambda n=n: stores[n].leases.take("loop", f"owner {n}", 600) for n in range(4)])  # type: ignore[misc]
        assert sum(lease is not None for lease in got) == 1

    def test_tokens(self, opened: Opened) -> None:
        store = opened()
        store.tokens.add(sample.token("token_1"))
        store.tokens.add(sample.token("token_2", once=False, expires=None, created=2))
        assert store.tokens.first(hash="hash of token_1") == sample.token("token_1")
        assert store.tokens.first(hash="nobody's") is None
        assert [t.id for t in store.tokens.list()] == ["token_1", "token_2"]
        refused(Conflict, lambda: store.tokens.add(sample.token("token_3", hash="hash of token_1")))

    def test_tokens_that_are_made_or_taken_back_are_a_new_revision(self, opened: Opened) -> None:
        store, other = opened(), opened()
        seen = [store.tokens.revision()]
        store.tokens.add(sample.token())
        seen.append(other.tokens.revision())
        assert not other.tokens.delete("token_2") and other.tokens.revision() == seen[-1]
        other.tokens.delete("token_1")
        seen.append(store.revisions()["tokens"])
        assert seen == sorted(set(seen)) and store.revisions()["releases"] == store.releases.revision()

    def test_a_scorer_is_alive_while_its_lease_runs(self, opened: Opened) -> None:
        store, other = opened(), opened()
        first = store.scorers.beat(sample.scorer("scorer_1"), 600)
        second = store.scorers.beat(sample.scorer("scorer_2", address="other"), -1)
        assert first.since == first.beat and first.expires == first.beat + 600_000_000
        assert list(other.scorers.live()) == [first] and len(other.scorers.list()) == 2
        again = store.scorers.beat(replace(second, position=7), 600)
        assert again.since == second.since and other.scorers.look_up("scorer_2") == again
        store.scorers.drop("scorer_2")
        assert list(other.scorers.list()) == [first]

    def test_a_scorer_that_went_without_a_word_is_known_for_an_hour(self, opened: Opened) -> None:
        store, other = opened(), opened()
        gone = store.scorers.beat(sample.scorer("scorer_2", address="other"), -3_500)
        alive = store.scorers.beat(sample.scorer("scorer_3", address="third"), 600)
        store.scorers.beat(sample.scorer("scorer_1"), -3_700)
        assert list(other.scorers.known()) == [gone, alive] and list(other.scorers.live()) == [alive]

    def test_in_stores_that_a_project_leaves_nobody_is_alive(self, opened: Opened) -> None:
        store, other = opened(), opened()
        assert store.leases.take("loop", "me", 600) is not None
        scorer = store.scorers.beat(sample.scorer("scorer_1"), 600)
        other.settings.set(MOVING, {"to": {}, "moved": True})
        assert not store.leases.renew("loop", "me", 600)
        assert store.leases.take("loop", "me", 600) is None and store.leases.take("a run", "me", 600) is None
        refused(StoreBusy, lambda: store.scorers.beat(scorer, 600))
        other.settings.set(MOVING, None)
        assert store.leases.renew("loop", "me", 600) and store.scorers.beat(scorer, 600).since == scorer.since

    def test_a_scorer_that_begins_takes_the_place_of_the_one_that_was_killed_there(self, opened: Opened) -> None:
        store = opened()
        store.scorers.beat(sample.scorer("scorer_1"), -1)
        elsewhere = store.scorers.beat(sample.scorer("scorer_2", host="other"), -1)
        here = store.scorers.beat(sample.scorer("scorer_3"), 600)
        assert {one.id for one in store.scorers.list()} == {elsewhere.id, here.id}

    def test_a_code_is_used_once(self, opened: Opened) -> None:
        stores = [opened() for _ in range(4)]
        stores[0].tokens.add(sample.token())
        assert sorted(together([lambda s=s: s.tokens.delete("token_1") for s in stores])) == [False, False, False, True]  # type: ignore[misc]
        assert stores[0].tokens.first(hash="hash of token_1") is None
