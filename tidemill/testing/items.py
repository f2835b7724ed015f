"""What every live store must keep of items: one row of each stands, the newest moment of each column wins, and what stood is known."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import permutations
from typing import Any

from tidemill.store.records import ItemChange
from tidemill.store.sql.item_rows import Settled
from tidemill.store.sql.live import LiveStore
from tidemill.testing.asking import refused, together

Opened = Callable[[], LiveStore]


def said(item: str = "mug", at: int = 5, *, store: str = "", gone: bool = False, **values: Any) -> ItemChange:
    """What somebody says of an item."""
    return ItemChange("items", item, store, at, values, gone, "shelf")


def told(live: LiveStore, *changes: ItemChange) -> Settled:
    """Said, and on the disk."""
    return live.items.set(changes, 100).result(60)


def known(live: LiveStore, position: int | None = None, *items: str) -> dict[str, Mapping[str, Any]]:
    """What is known of these items (of a mug), or was."""
    return {row.item + row.store: row.known for row in live.items.among("items", items or ["mug"], position)}


class ItemsSuite:
    def test_the_newest_moment_of_each_column_wins_in_whatever_order_it_comes(self, opened: Opened) -> None:
        store = opened()
        changes = [said(at=1, stock=9, price=2.5), said(at=2, stock=3), said(at=3, gone=True), said(at=4, price=1.0)]
        orders = list(enumerate(permutations([said(at=5, stock=8), *changes])))
        told(store, *(ItemChange("items", f"{n}", "", c.at, c.values, c.gone) for n, order in orders for c in order))
        for n, order in orders:
            assert known(store, None, f"{n}") == {f"{n}": {"price": 1.0, "stock": 8}}, order

    def test_what_is_said_again_or_is_older_changes_nothing(self, opened: Opened) -> None:
        store = opened()
        first = told(store, said(at=5, stock=3, price=2.5))
        again = told(store, said(at=5, stock=3), said(at=4, stock=9, price=2.5), said(at=5, stock=4))
        assert again.position == first.position == 1
        assert [(one.changed, one.older, one.conflicting) for one in again.changes] == [
            (False, False, False),
            (False, True, False),
            (False, False, True),
        ]
        assert known(store) == {"mug": {"stock": 3, "price": 2.5}}

    def test_what_holds_longer_is_newer_and_is_no_other_row(self, opened: Opened) -> None:
        store, other = opened(), opened()
        told(store, said(at=5, stock=3))
        assert told(other, said(at=9, stock=3)).position == 1
        assert told(store, said(at=7, stock=8)).changes[0].older and known(other) == {"mug": {"stock": 3}}
        (row,) = store.items.past("items", "mug")
        assert (row.at, row.received, row.principal, row.until) == (9, 100, "shelf", None)

    def test_what_an_answer_knew_is_known_by_its_position(self, opened: Opened) -> None:
        store = opened()
        told(store, said(stock=3), said("pan", stock=1))
        told(store, said(at=6, stock=0), said(at=7, stock=4))
        told(store, said(at=8, gone=True))
        found = [known(store, position).get("mug") for position in range(6)]
        assert found == [None, {"stock": 3}, {"stock": 3}, {"stock": 0}, {"stock": 4}, {}]
        assert [(row.seq, row.until) for row in store.items.past("items", "mug")] == [(5, None), (4, 5), (3, 4), (1, 3)]
        assert [row[0] for row in store.items.standing(3, 1)] == [2, 3] and store.online.last_seq() == 5

    def test_what_is_gone_comes_back_by_a_later_word(self, opened: Opened) -> None:
        store = opened()
        told(store, said(at=5, stock=3, price=1.0), said(at=6, gone=True))
        assert told(store, said(at=4, stock=9)).changes[0].older and known(store) == {"mug": {}}
        told(store, said(at=7, stock=2))
        assert known(store) == {"mug": {"stock": 2}}  # its price is of before
        assert told(store, said(at=6, gone=True)).position == told(store).position == 3

    def test_a_shop_s_row_is_its_own(self, opened: Opened) -> None:
        store = opened()
        told(store, said(stock=3, store="north"), said(stock=0, store="south"), said(name="Mug"))
        assert known(store) == {"mugnorth": {"stock": 3}, "mugsouth": {"stock": 0}, "mug": {"name": "Mug"}}
        assert [row.store for row in store.items.page_of("items")] == ["", "north", "south"]
        assert [row.store for row in store.items.page_of("items", limit=1, behind=("mug", "north"))] == ["south"]
        assert store.items.page_of("items", "n") == []
        assert store.items.count_now("items") == 3 and store.items.count_now("other") == 0

    def test_the_feed_brings_items_between_events(self, opened: Opened) -> None:
        store, other = opened(), opened()
        told(store, said(stock=3), said("pan", stock=1))
        told(store, said(at=9, stock=None))
        whole = other.online.feed(0)
        rows = [tuple(row) for row in whole.items]
        assert rows == [
            (1, "items", "mug", "", '{"stock":3}'),
            (2, "items", "pan", "", '{"stock":1}'),
            (3, "items", "mug", "", '{"stock":null}'),
        ]
        pieces, after = list[Any](), 0
        while (piece := other.online.feed(after, 1)).position > after:
            pieces, after = [*pieces, *piece.items], piece.position
        assert [tuple(row) for row in pieces] == rows and after == whole.position == 3
        assert other.online.feed(3).items == ()

    def test_many_are_loaded_and_the_same_again_changes_nothing(self, opened: Opened) -> None:
        store = opened()
        made = [ItemChange("items", f"{n}", "", 5, {"stock": n}, file="sha256:x", row=n) for n in range(1_203)]
        assert store.items.load(made, 7) == 1_203 and store.items.load(made, 8) == 0
        assert {row[2] for row in store.items.standing(store.online.last_seq(), 500)} == {c.item for c in made}
        (row,) = store.items.past("items", "1202")
        assert (row.file, row.row, row.received) == ("sha256:x", 1202, 7)

    def test_all_are_written_or_none(self, opened: Opened) -> None:
        store = opened()
        refused(Exception, lambda: told(store, said(stock=3), said("pan", stock=object())))
        assert known(store) == {} and told(store, said(stock=3)).position == 1

    def test_who_says_it_at_once_leaves_one_row_each(self, opened: Opened) -> None:
        stores = [opened(), opened()]

        def work(n: int) -> None:
            for turn in range(6):
                told(stores[n % 2], *(said(item, at=10 * turn + n, stock=10 * turn + n) for item in "abc"))

        together([lambda n=n: work(n) for n in range(4)])  # type: ignore[misc]
        assert known(stores[0], None, *"abc") == {item: {"stock": 53} for item in "abc"}
        assert stores[1].items.count_now("items") == 3
        seqs = [row[0] for row in stores[1].online.feed(0).items]
        assert seqs == [*range(1, len(seqs) + 1)]

    def test_what_no_kept_answer_knew_goes(self, opened: Opened) -> None:
        store = opened()
        for received, stock in ((10, 3), (20, 2), (30, 1)):
            store.items.set([said(at=stock * -1 + 9, stock=stock)], received).result(60)
        assert store.items.prune(20) == 0 and store.items.prune(21) == 1
        assert [row.known["stock"] for row in store.items.past("items", "mug")] == [1, 2]
        assert store.items.prune(99) == 1 and known(store) == {"mug": {"stock": 1}} and store.online.last_seq() == 3
