"""Plays the shop against a running Tidemill, day by day, over HTTP.

Each invoice is a request before it happens and outcomes after; at the day's end its rows fall into the source folder as a file, and only then
does the clock move on. The clock moves only when the loop has nothing due, so the same seed gives the same story. Every call carries its own
key: a replay that was killed plays its last day again and changes nothing that was acknowledged.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from tidemill.errors import ServeError
from tidemill.recipes.recommend.compare import K, Rivals
from tidemill.recipes.recommend.shop import Day, Line, Visit
from tidemill.recipes.recommend.summary import Scored
from tidemill.recipes.recommend.written import drop_file
from tidemill.serve.client import Client
from tidemill.types import JsonObject, Micros, to_iso

IDLE_TIMEOUT = 600.0  # seconds a single due point may take: a training is in it
INSTEAD = "forgotten-"
"""How the name begins that a journal has for who was forgotten."""
WAIT = 20  # seconds that the server holds the question whether the loop is done


class Kept(msgspec.Struct, frozen=True):
    """One day in the journal: what was scored, and the seconds that the replay had taken at its end."""

    day: Micros
    seconds: float
    scored: list[Scored]


class Replay:
    """One replay in progress. ``journal`` keeps what was scored, a line a visit, fsynced at each day's end."""

    def __init__(
        self,
        client: Client,
        endpoint: str,
        rivals: Rivals,
        source: Path,
        journal: Path,
        began: float | None = None,
    ) -> None:
        """``began``: the monotonic moment from which this process's seconds count; now, if not said."""
        self._client, self._endpoint, self._rivals = client, endpoint, rivals
        self._source, self._journal = source, journal
        self._began, self._before = time.monotonic() if began is None else began, 0.0
        self.scored: list[Scored] = []
        self.told: set[str] = set()
        """Keys of the outcomes that the server has acknowledged."""
        self.seconds = 0.0
        """What the days took, whichever processes played them."""
        state = client.get("/replay/state")
        self._clock = int(state["clock"])
        self._due = self._settle(state, self._clock)

    def play(self, day: Day, at_end: Callable[[], None] = lambda: None) -> list[Scored]:
        """One day: its visits, its file, its end, and what else is done then. What was scored.

        The journal's line comes last: a day that was killed before it is played again, its end with it.
        """
        scored: list[Scored] = []
        asked: dict[str, str] = {}
        for at, visit, lines in _moments(day):
            self._move(at)
            if visit.truth and at == visit.at:
                scored.append(self._ask(visit))
                asked[visit.invoice] = scored[-1].prediction
            self._tell(visit, lines, asked.get(visit.invoice))
        if day.rows.height:
            drop_file(day.rows, self._source, f"{to_iso(day.start)[:10]}.parquet")
        self._move(day.end)
        at_end()
        self.seconds = self._before + time.monotonic() - self._began
        _append(self._journal, Kept(day.start, self.seconds, scored))
        self.scored += scored
        return scored

    def skip(self, day: Day, kept: Kept) -> None:
        """A day that an earlier process played: learn what it taught, ask nothing again."""
        for visit in day.visits:
            self._rivals.learn(visit.customer, visit.lines)
            self.told |= {line.key for line in visit.lines}
        self.scored += kept.scored
        self._before = self.seconds = kept.seconds

    def forget(self, customer: str, until: Micros, keys: set[str]) -> None:
        """A customer who was forgotten: what they were answered and told before this moment counts no more. The journal has a mark for them."""
        self.scored = [
            one
            for one in self.scored
            if one.at >= until or not (one.customer == customer or one.customer.startswith(INSTEAD))
        ]
        self.told -= keys

    def _ask(self, visit: Visit) -> Scored:
        rivals: dict[str, list[str]] = {}
        answer = self._client.post(
            f"/predict/{self._endpoint}",
            {"subject": visit.customer, "k": K, "key": visit.invoice},
            meanwhile=lambda: rivals.update(self._rivals.answer(visit, visit.at)),
        )
        items = {"loop": [str(item) for item in answer["items"]], **rivals}
        model, prediction = str(answer["model"]), str(answer["prediction_id"])
        return Scored(visit.invoice, visit.at, visit.customer, model, prediction, items, visit.truth)

    def _tell(self, visit: Visit, lines: Sequence[Line], prediction: str | None) -> None:
        """Lines as outcomes; a cancellation's are returns, and come without a prediction of their own."""
        own = {"prediction_id": prediction} if prediction else {}
        told: list[JsonObject] = [
            {"key": line.key, "subject": visit.customer, "item": line.item, "value": line.value, "at": to_iso(line.at)}
            | own
            for line in lines
        ]
        self._client.post("/feedback", told)
        self.told |= {line.key for line in lines}
        self._rivals.learn(visit.customer, lines)

    def _move(self, to: Micros) -> None:
        """Move the clock, stopping at every point where the loop has something due until it is done."""
        while self._clock < to:
            target = min(to, self._due) if self._due > self._clock else to
            state = self._client.post("/replay/clock", {"to": to_iso(target)})
            self._clock = target
            if target >= self._due:
                self._due = self._settle(state, target)

    def _settle(self, state: JsonObject, at: Micros) -> Micros:
        """Wait until the loop is idle at this moment; the next moment at which it has something due."""
        deadline = time.monotonic() + IDLE_TIMEOUT
        while state["behind"]:
            if time.monotonic() > deadline:
                raise ServeError(
                    f"the loop has not finished {to_iso(at)} in {IDLE_TIMEOUT:.0f} s", hint="see .tidemill/logs/"
                )
            state = self._client.get(f"/replay/state?wait={WAIT}")
        return int(state["loop"]["next_due"])


def _moments(day: Day) -> list[tuple[Micros, Visit, list[Line]]]:
    """What happens when: a visit with the lines of its own minute, and lines that were added to an invoice later."""
    moments = []
    for visit in day.visits:
        for at in sorted({line.at for line in visit.lines}):
            moments.append((at, visit, [line for line in visit.lines if line.at == at]))
    return sorted(moments, key=lambda m: (m[0], m[1].invoice))


def _append(journal: Path, day: Kept) -> None:
    fd = os.open(journal, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)  # it tells who bought what
    with os.fdopen(fd, "ab") as handle:
        handle.write(msgspec.json.encode(day) + b"\n")
        handle.flush()
        os.fsync(handle.fileno())


def read_journal(journal: Path) -> dict[Micros, Kept]:
    """What earlier processes played, by day. A last line that a kill cut short is left out: its day is played again."""
    data = journal.read_bytes() if journal.exists() else b""
    whole = data[: data.rfind(b"\n") + 1]
    if whole != data:
        os.truncate(journal, len(whole))  # not written anew: a kill in between would lose every day
    return {day.day: day for day in map(msgspec.json.Decoder(Kept).decode, whole.splitlines())}
