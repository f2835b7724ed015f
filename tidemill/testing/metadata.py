"""What every metadata store must pass. An implementation's tests subclass it and say how their store is opened:

class TestMine(MetadataSuite):
    @pytest.fixture
    def opened(self, tmp_path):
        with opener(lambda: open_metadata(tmp_path / "tidemill.db")) as opened:
            yield opened
"""

from __future__ import annotations

from typing import Any

from tidemill.errors import Conflict, StoreError
from tidemill.store.records import Tx
from tidemill.store.sql.store import MetadataStore
from tidemill.testing import records as sample
from tidemill.testing.asking import refused, together
from tidemill.testing.metadata_ledger import LedgerSuite
from tidemill.testing.metadata_logins import LogInsSuite
from tidemill.testing.metadata_records import RecordsSuite
from tidemill.testing.metadata_releases import AccessSuite, ReleasesSuite
from tidemill.testing.metadata_rights import LimitsSuite, RequestsSuite
from tidemill.testing.metadata_runs import Opened, RunsSuite


class TransactionsSuite:
    """All or nothing, alone and together."""

    def test_a_transaction_is_all_or_nothing(self, opened: Opened) -> None:
        store, other = opened(), opened()

        def work(tx: Tx) -> None:
            store.runs.add(sample.run(), tx)
            store.settings.set("x", 1, tx)
            raise ValueError("in the middle")

        assert str(refused(ValueError, lambda: store.transact(work))) == "in the middle"
        assert other.settings.get("x") is None and other.runs.page() == []

    def test_what_is_written_in_a_transaction_is_seen_after_it(self, opened: Opened) -> None:
        store, other = opened(), opened()

        def work(tx: Tx) -> Any:
            store.settings.set("x", 1, tx)
            store.models.add(sample.model(store.models.next_version("shop", tx)), tx)
            return other.settings.get("x"), store.models.next_version("shop", tx)

        assert store.transact(work) == (None, 2)
        assert other.settings.get("x") == 1

    def test_a_write_within_a_transaction_without_its_tx_is_refused(self, opened: Opened) -> None:
        store = opened()
        refused(StoreError, lambda: store.transact(lambda tx: store.settings.set("x", 1)))
        store.settings.set("x", 2)
        assert store.settings.get("x") == 2

    def test_settings_written_soon_are_written_in_order(self, opened: Opened) -> None:
        store, other = opened(), opened()
        written = [store.settings.set_soon("x", i) for i in range(50)]
        store.settings.set("y", 1)
        assert all(one.done() for one in written) and other.settings.get("x") == 49
        store.close()
        refused(StoreError, lambda: store.settings.set_soon("x", 50))

    def test_numbers_taken_together_are_different(self, opened: Opened) -> None:
        stores = [opened(), opened()]

        def take(store: MetadataStore) -> int:
            def work(tx: Tx) -> int:
                version = store.models.next_version("shop", tx)
                store.models.add(sample.model(version), tx)
                return version

            return store.transact(work)

        versions = together([lambda n=n: take(stores[n % 2]) for n in range(12)])  # type: ignore[misc]
        assert sorted(versions) == list(range(1, 13))

    def test_one_that_fails_takes_no_other_with_it(self, opened: Opened) -> None:
        store = opened()
        store.runs.add(sample.run())

        def put(n: int) -> bool:
            if n % 3:
                store.runs.add(sample.run(f"run_{n + 2}"))
                return True
            refused(Conflict, lambda: store.runs.add(sample.run(seed=n + 100)))
            return False

        kept = together([lambda n=n: put(n) for n in range(12)])  # type: ignore[misc]
        assert len(store.runs.page()) == 1 + sum(kept) == 9

    def test_the_version_tells_that_another_has_written(self, opened: Opened) -> None:
        store, other = opened(), opened()
        before = other.data_version()
        store.settings.set("x", 1)
        after = other.data_version()
        assert before != after

    def test_what_is_written_is_there_when_opened_again(self, opened: Opened) -> None:
        store = opened()
        store.settings.set("x", 1)
        store.close()
        refused(StoreError, lambda: store.settings.set("x", 2))
        assert opened().settings.get("x") == 1


class MetadataSuite(
    LedgerSuite,
    LimitsSuite,
    RequestsSuite,
    LogInsSuite,
    RunsSuite,
    RecordsSuite,
    ReleasesSuite,
    AccessSuite,
    TransactionsSuite,
):
    """The whole of it."""
