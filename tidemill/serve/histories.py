"""Every subject's history in memory, by dataset: shared by the endpoints whose models learn from the same one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tidemill.features.online import History
from tidemill.store.records import OnlineEvent

if TYPE_CHECKING:
    from tidemill.store.sql.live import LiveStore

_READ = 5_000


class Histories:
    """What serving knows, up to ``seq`` of all rows. Each `History` has the position of its own last row."""

    def __init__(self, live: LiveStore) -> None:
        self._live, self.seq = live, 0
        self._of: dict[str, History] = {}

    def of(self, dataset: str) -> History:
        """The history of this dataset's subjects: always the same object."""
        return self._of.setdefault(dataset, History())

    def follow(self) -> int:
        """Learn what any process has written to the online events since; how many they were."""
        count = 0
        while rows := self._live.online.rows_since(self.seq, _READ):
            count += self.load(rows)
            if len(rows) < _READ:
                break
        return count

    def load(self, rows: Sequence[Sequence[Any]]) -> int:
        """Know these rows, in order of seq and as `Online.rows_since` gives them; how many were new."""
        by_dataset: dict[str, list[Sequence[Any]]] = {}
        for row in rows:
            by_dataset.setdefault(row[5], []).append(row)
        count = sum(self.of(dataset).load(own) for dataset, own in by_dataset.items())
        self.seq = max(self.seq, rows[-1][0]) if rows else self.seq
        return count

    def learn(self, events: Sequence[OnlineEvent], seqs: Sequence[int]) -> None:
        """Our own events are committed: into the history at once, unless another writer's rows come before them."""
        fresh = [(seq, event) for seq, event in zip(seqs, events, strict=True) if seq]
        following = range(self.seq + 1, self.seq + 1 + len(fresh))
        if [seq for seq, _ in fresh] != list(following):
            self.follow()
            return
        for seq, event in fresh:
            self.of(event.dataset).add(event.subject, event.item, event.at, event.value, seq)
            self.seq = seq
