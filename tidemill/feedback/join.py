"""Which prediction an outcome belongs to: decided once for each outcome, whatever order things arrive in.

1. An outcome that names a prediction belongs to it, if the two do not name different subjects or endpoints; the
   prediction is waited for where it is not logged yet, and must not have known the outcome (an answer that is given later
   has its id before). No outcome ever belongs to another endpoint's prediction.
2. Of lists of items: a revoked outcome (value below 0) belongs where the outcome that it takes back belongs: the
   subject's latest purchase of that item that no earlier return has taken back.
3. Any other outcome belongs to its subject's latest prediction within reach before it (a day, unless the project says
   otherwise).
4. What is left after that time is unattributed, and counted.

Rules 2 and 3 wait `SETTLE` of event time, so that what is still on its way to the log cannot change their answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from tidemill.scope.project import Endpoint
from tidemill.store.records import OnlineEvent, Outcome, Prediction
from tidemill.store.sql.predictions import Reach
from tidemill.tasks.table import outcome_scorer_of
from tidemill.types import DAY, SECOND, Micros

if TYPE_CHECKING:
    from tidemill.store.sql.live import LiveStore

SETTLE: Micros = 60 * SECOND
"""Event time that has to pass before the absence of a later prediction is believed."""
_BATCH = 10_000

Join = tuple[str, str | None, str]
Place = tuple[str | None, str]


@dataclass(frozen=True, slots=True)
class Where:
    """The endpoint whose outcomes are joined: to its own predictions, and by the history of its model's dataset.

    ``reach``: so long before an outcome a prediction may be; ``returns``: whether values below 0 take something back.
    """

    endpoint: str
    environment: str = ""
    dataset: str | None = None
    reach: Micros = DAY
    returns: bool = True


def join_due(scope: Endpoint) -> list[str]:
    """Join every outcome that can be decided now, by the project's clock. Doing it again changes nothing. See `join_all`."""
    returns = outcome_scorer_of(scope.model).returns
    where = Where(scope.name, scope.environment, scope.model.dataset.name, scope.monitor.reach, returns)
    return join_all(scope.live, scope.clock.now(), where)


def join_all(live: LiveStore, now: Micros, where: Where) -> list[str]:
    """One pass over an endpoint's outcomes that are not joined yet.

    The keys of those that named a prediction of another subject or endpoint.
    """
    strange, limit = list[str](), _BATCH
    while True:
        waiting = live.outcomes.unjoined(limit, endpoint=where.endpoint, environment=where.environment)
        found = _Pass(live, waiting, now, where)
        joins = found.joins()
        live.outcomes.join(joins, where.endpoint, where.environment, now)
        strange += found.strange
        if len(waiting) < limit:
            return strange
        limit = limit if joins else limit * 4  # those that wait come first in the list: look behind them


class _Pass:
    """One look at the outcomes that wait: what was found for each, and what they need to be found by."""

    def __init__(self, live: LiveStore, waiting: Sequence[Outcome], now: Micros, where: Where) -> None:
        self._live, self._now, self._where = live, now, where
        self.strange: list[str] = []
        self._named = live.predictions.find(o.prediction for o in waiting if o.prediction)
        self._history = cache(lambda subject, item: live.online.list(subject=subject, item=item, dataset=where.dataset))
        self._joined: dict[str, str | None] = {}
        self._latest = live.predictions.latest(
            (self._reach(o) for o in waiting if not (o.prediction or self._is_early(o) or self._revokes(o))),
            endpoint=where.endpoint,
            environment=where.environment,
        )
        # what is taken back comes before what takes it back
        self._order = sorted(waiting, key=lambda o: (self._revokes(o), o.at, o.key))

    def joins(self) -> list[Join]:
        """Those that can be decided now."""
        found: list[Join] = []
        for outcome in self._order:
            place = self._place(outcome)
            if place is None and self._now > outcome.received + self._where.reach:
                place = None, "unattributed"
            if place is not None:
                found.append((outcome.key, *place))
                self._joined[outcome.key] = place[0]
        return found

    def _place(self, outcome: Outcome) -> Place | None:
        """Where it belongs, and how that was found; None while that is not known."""
        if outcome.prediction:
            return self._by_id(outcome, outcome.prediction)
        if self._is_early(outcome):
            return None
        return self._by_purchase(outcome) if self._revokes(outcome) else self._by_subject(outcome)

    def _is_early(self, outcome: Outcome) -> bool:
        return self._now < outcome.at + SETTLE

    def _revokes(self, outcome: Outcome) -> bool:
        return self._where.returns and outcome.value < 0

    def _by_id(self, outcome: Outcome, name: str) -> Place | None:
        prediction = self._named.get(name)
        if prediction is None:
            return None
        strange = prediction.subject and outcome.subject and prediction.subject != outcome.subject
        if strange or (prediction.endpoint, prediction.environment) != (outcome.endpoint, outcome.environment):
            self.strange.append(outcome.key)
            return None, "unattributed"
        if outcome.received < prediction.at and self._knew(prediction, outcome):
            return None, "unattributed"
        return prediction.id, "id"

    def _knew(self, prediction: Prediction, outcome: Outcome) -> bool:
        """Whether the answer, given later than its id, had seen what it would be judged by."""
        history = self._history(outcome.subject, outcome.item)
        return any(row.key == outcome.key and row.seq <= prediction.watermark for row in history)

    def _by_subject(self, outcome: Outcome) -> Place | None:
        """The endpoint's latest answer to this subject: no other endpoint's, whatever its subjects are called."""
        prediction = self._latest.get(self._reach(outcome))
        return (prediction, "subject") if prediction else None

    def _reach(self, outcome: Outcome) -> Reach:
        return Reach(outcome.subject, outcome.at - self._where.reach, outcome.at + 1)

    def _by_purchase(self, outcome: Outcome) -> Place | None:
        key = revoked_by(outcome, self._history(outcome.subject, outcome.item))
        if key is None:
            return None
        bought = self._live.outcomes.look_up(key, self._where.endpoint, self._where.environment)
        if key in self._joined:
            prediction = self._joined[key]
        elif bought is None:  # a row of the dataset from before anything was predicted
            prediction = None
        elif not bought.how:
            return None
        else:
            prediction = bought.joined
        return prediction, "revokes" if prediction else "unattributed"


def revoked_by(outcome: Outcome, history: Iterable[OnlineEvent]) -> str | None:
    """The key of the purchase that this return takes back: returns take the latest purchase that is left.

    >>> buy = [OnlineEvent(i, f"b{i}", "7", "A", i, 1.0) for i in (1, 2)]
    >>> back = Outcome("r1", 3, "7", "A", -1.0, None, 3)
    >>> again = Outcome("r2", 4, "7", "A", -1.0, None, 4)
    >>> revoked_by(back, buy), revoked_by(again, [*buy, OnlineEvent(3, "r1", "7", "A", 3, -1.0)])
    ('b2', 'b1')
    """
    rows = {e.key: (e.at, e.key, e.value) for e in history if e.item == outcome.item and e.at <= outcome.at}
    rows[outcome.key] = (outcome.at, outcome.key, outcome.value)
    bought: list[str] = []
    for at, key, value in sorted(rows.values(), key=lambda row: (row[0], row[2] < 0, row[1])):
        if value > 0:
            bought.append(key)
            continue
        taken = bought.pop() if bought and value < 0 else None
        if key == outcome.key and at == outcome.at:
            return taken
    return None
