"""Which prediction an outcome belongs to: decided once for each outcome, whatever order things arrive in.

1. An outcome that names a prediction belongs to it, if the prediction is of the same subject; it is waited for for a
   day where it is not logged yet.
2. A revoked outcome (value below 0) belongs where the outcome that it takes back belongs: the subject's latest
   purchase of that item that no earlier return has taken back.
3. Any other outcome belongs to its subject's latest prediction within the day before it.
4. What is left after a day is unattributed, and counted.

Rules 2 and 3 wait `SETTLE` of event time, so that what is still on its way to the log cannot change their answer.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from noria.kernel.metadata.base import LiveStore
from noria.kernel.records import OnlineEvent, Outcome
from noria.monitor import judged
from noria.monitor.judged import REACH, Joined
from noria.project import Project
from noria.types import SECOND, JsonObject, Micros

__all__ = ["SETTLE", "JoinReport", "Joined", "join_all", "join_due", "joined", "revoked_by"]

SETTLE: Micros = 60 * SECOND
"""Event time that has to pass before the absence of a later prediction is believed."""
_BATCH = 10_000

Join = tuple[str, str | None, str]


@dataclass(slots=True)
class JoinReport:
    """What one pass did: outcomes by ``how``, and those that wait."""

    by: dict[str, int] = field(default_factory=dict)
    waiting: int = 0
    strangers: int = 0  # named a prediction of another subject

    @property
    def settled(self) -> int:
        return sum(self.by.values())

    def to_json(self) -> JsonObject:
        return {**self.by, "waiting": self.waiting, "strangers": self.strangers}


def join_due(project: Project) -> JoinReport:
    """Join every outcome that can be decided now, by the project's clock. Doing it again changes nothing."""
    return join_all(project.live, project.clock.now())


def joined(project: Project, endpoint: str, start: Micros, end: Micros) -> list[Joined]:
    """Every prediction with ``start <= at < end`` beside its outcomes, by (at, id)."""
    return judged.joined(project.live, endpoint, start, end)


def join_all(live: LiveStore, now: Micros) -> JoinReport:
    """One pass over the outcomes that are not joined yet."""
    report, limit = JoinReport(), _BATCH
    while True:
        waiting = live.outcomes.unjoined(limit)
        joins = _decide(live, waiting, now, report)
        live.outcomes.join(joins)
        for _, _, how in joins:
            report.by[how] = report.by.get(how, 0) + 1
        report.waiting = len(waiting) - len(joins)
        if len(waiting) < limit:
            return report
        limit = limit if joins else limit * 4  # those that wait come first in the list: look behind them


def _decide(live: LiveStore, waiting: Iterable[Outcome], now: Micros, report: JoinReport) -> list[Join]:
    waiting = list(waiting)
    named = live.predictions.find(o.prediction for o in waiting if o.prediction)
    joins: list[Join] = []
    here: dict[str, str | None] = {}  # what this pass has joined
    for outcome in sorted(waiting, key=lambda o: (o.value < 0, o.at, o.key)):  # what is taken back before who takes
        late = now > outcome.received + REACH
        found: tuple[str | None, str] | None = None
        if outcome.prediction:
            prediction = named.get(outcome.prediction)
            if prediction is not None and prediction.subject == outcome.subject:
                found = prediction.id, "id"
            elif prediction is not None:
                report.strangers += 1
                found = None, "unattributed"
        elif now >= outcome.at + SETTLE:
            found = _revoked(live, outcome, here) if outcome.value < 0 else _of_subject(live, outcome)
        if found is None and late:
            found = None, "unattributed"
        if found is not None:
            joins.append((outcome.key, *found))
            here[outcome.key] = found[0]
    return joins


def _of_subject(live: LiveStore, outcome: Outcome) -> tuple[str | None, str] | None:
    prediction = live.predictions.latest_before(outcome.subject, outcome.at, REACH)
    return (prediction.id, "subject") if prediction else None


def _revoked(live: LiveStore, outcome: Outcome, here: dict[str, str | None]) -> tuple[str | None, str] | None:
    """Where the outcome that it takes back belongs; None while that is not known."""
    key = revoked_by(outcome, live.online.of(outcome.subject))
    if key is None:
        return None
    if key in here:
        return here[key], "revokes" if here[key] else "unattributed"
    taken_back = live.outcomes.get(key)
    if taken_back is None:
        return None, "unattributed"  # a row of the dataset from before anything was predicted
    if not taken_back.how:
        return None
    return taken_back.joined, "revokes" if taken_back.joined else "unattributed"


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
