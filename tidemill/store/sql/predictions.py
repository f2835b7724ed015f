"""Every answer of the server, and what really happened after it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from sqlalchemy import and_, bindparam, case, delete, func, literal, or_, select, tuple_, update

from tidemill.store.records import Outcome, Prediction
from tidemill.store.sql import schema
from tidemill.store.sql.columns import Whole
from tidemill.store.sql.nouns import Named, Records
from tidemill.store.sql.rows import Rows
from tidemill.types import Micros

PREDICTIONS = Rows(Prediction, schema.predictions, "prediction", "at", "id", moment="at")
OUTCOMES = Rows(Outcome, schema.outcomes, "outcome", "at", "key")
_prediction, _outcome, _batched = schema.predictions.c, schema.outcomes.c, schema.batch_parts.c
_ASKED = [schema.predictions.c[name] for name in ("at", "id", "model", "inputs", "output", "subject", "watermark")]
_FIND = PREDICTIONS.select.where(_prediction.id.in_(bindparam("ids", expanding=True)))
_KNOWN = select(_outcome.key).where(_outcome.key.in_(bindparam("keys", expanding=True)))
_OF_KEYS = OUTCOMES.select.where(_outcome.key.in_(bindparam("keys", expanding=True)))
_THEIRS = _outcome.joined.in_(bindparam("predictions", expanding=True))
_OF = OUTCOMES.select.where(_THEIRS).order_by(*OUTCOMES.order)
_COUNTS = select(_outcome.joined, func.count()).where(_THEIRS).group_by(_outcome.joined)
_JOIN = (
    update(schema.outcomes)
    .where(
        _outcome.key == bindparam("the_key"),
        _outcome.endpoint == bindparam("the_endpoint"),
        _outcome.environment == bindparam("the_environment"),
        _outcome.how == "",
    )
    .values(joined=bindparam("the_prediction"), how=bindparam("the_how"), joined_at=bindparam("the_moment"))
)
# Of batches: the ids of a partition's rows begin with its name.
_OF_PARTS = schema.outcomes.join(
    schema.batch_parts,
    _outcome.joined.between(literal("pred_") + _batched.name + "0" * 6, literal("pred_") + _batched.name + "z" * 6),
)
_THERE = (_batched.endpoint == bindparam("endpoint"), _batched.environment == bindparam("environment"))
_OF_THESE = schema.outcomes.join(schema.predictions, _prediction.id == _outcome.joined)
_HERE = (_prediction.endpoint == bindparam("endpoint"), _prediction.environment == bindparam("environment"))
_number = (_prediction.at // bindparam("span", type_=Whole)).label("number")
_LABELLED = (
    select(_number, func.max(_prediction.at))
    .select_from(_OF_THESE)
    .where(_outcome.joined.is_not(None), _outcome.joined_at >= bindparam("since"), *_HERE)
    .group_by(_number)
)
_PART = (_batched.at // bindparam("span", type_=Whole)).label("number")
_LABELLED_PARTS = (
    select(_PART, func.max(_batched.at))
    .select_from(_OF_PARTS)
    .where(_outcome.joined.is_not(None), _outcome.joined_at >= bindparam("since"), *_THERE)
    .group_by(_PART)
)
_LABELS_PARTS = (
    select(func.count())
    .select_from(_OF_PARTS)
    .where(_outcome.joined.is_not(None), _batched.at >= bindparam("since"), _batched.at < bindparam("until"), *_THERE)
)
_LABELS = (
    select(func.count())
    .select_from(_OF_THESE)
    .where(_prediction.at >= bindparam("since"), _prediction.at < bindparam("until"), *_HERE)
)


_HELD = select(_outcome.item, func.count()).where(_outcome.quarantined).group_by(_outcome.item)
_HELD_OF = OUTCOMES.select.where(_outcome.quarantined, _outcome.item.in_(bindparam("items", expanding=True)))
_ADMIT = (
    update(schema.outcomes)
    .where(
        _outcome.key == bindparam("the_key"),
        _outcome.endpoint == bindparam("the_endpoint"),
        _outcome.environment == bindparam("the_environment"),
    )
    .values(quarantined=False)
)


_OLD = (
    select(_prediction.id).where(_prediction.at < bindparam("before")).order_by(_prediction.at).limit(bindparam("most"))
)
_DROP = delete(schema.predictions).where(_prediction.id.in_(_OLD))
_NAME = (_outcome.key, _outcome.endpoint, _outcome.environment)
_OLD_OUTCOMES = (
    select(*_NAME)
    .where(_outcome.endpoint == bindparam("endpoint"), _outcome.received < bindparam("before"))
    .limit(bindparam("most"))
)
_DROP_OUTCOMES = delete(schema.outcomes).where(tuple_(*_NAME).in_(_OLD_OUTCOMES))
_NEXT_ENDPOINT = select(func.min(_outcome.endpoint)).where(_outcome.endpoint > bindparam("after"))
_FIRST_ENDPOINT = select(func.min(_outcome.endpoint))


SOME = 10_000


class Asked(NamedTuple):
    """What was asked and answered, without the rest of a prediction."""

    at: Micros
    id: str
    model: str
    inputs: bytes
    output: bytes
    subject: str
    watermark: int


class Reach(NamedTuple):
    """Answers to a subject, of this span."""

    subject: str
    since: Micros
    until: Micros


class Given(NamedTuple):
    """To whom a release answered, and when."""

    at: Micros
    id: str
    subject: str


class Predictions(Named[Prediction]):
    def find(self, ids: Iterable[str]) -> dict[str, Prediction]:
        found = PREDICTIONS.records(self._db.rows_among(_FIND, "ids", ids))
        return {record.id: record for record in found}

    def asked(
        self, *, endpoint: str, environment: str, since: Micros, until: Micros, at_once: int = 20_000
    ) -> Iterator[Asked]:
        """Each of this span, oldest first: so many rows in memory at once."""
        given = {"endpoint": endpoint, "environment": environment, "since": since, "until": until}
        query = PREDICTIONS.narrowed(given).order_by(_prediction.at, _prediction.id).limit(at_once)
        query = query.with_only_columns(*_ASKED)
        rows = self._db.rows(query, given=given)
        while rows:
            yield from (Asked(*row) for row in rows)
            at, last = rows[-1][:2]
            after = or_(_prediction.at > at, and_(_prediction.at == at, _prediction.id > last))
            rows = self._db.rows(query.where(_prediction.at >= at, after), given=given) if len(rows) == at_once else ()

    def spread(
        self, most: int, *, endpoint: str, environment: str, since: Micros, until: Micros
    ) -> tuple[Sequence[Prediction], int]:
        """At most so many of this span, evenly over those that came, oldest first; and how many came."""
        given = {"endpoint": endpoint, "environment": environment, "since": since, "until": until}
        query, order = PREDICTIONS.narrowed(given), (_prediction.at, _prediction.id)
        total = int(self._db.value(query.with_only_columns(func.count(_prediction.at)), given=given))
        step = -(-total // most)
        if step <= 1:
            return PREDICTIONS.records(self._db.rows(query.order_by(*order), given=given)), total
        numbered = query.add_columns(func.row_number().over(order_by=order).label("place")).subquery()
        some = select(*(numbered.c[name] for name in PREDICTIONS.names)).where(numbered.c.place % step == 0)
        return PREDICTIONS.records(self._db.rows(some.order_by(numbered.c.place), given=given)), total

    def units(
        self, *, endpoint: str, environment: str, since: Micros, until: Micros, arm: str | None = None
    ) -> set[str]:
        """Whose answers of this span these are: each subject, and where none is said each prediction; ``arm``: of this variant alone."""
        given = {"endpoint": endpoint, "environment": environment, "since": since, "until": until}
        given |= {} if arm is None else {"arm": arm}
        unit = func.coalesce(func.nullif(_prediction.subject, ""), _prediction.id)
        query = PREDICTIONS.narrowed(given).with_only_columns(unit).distinct()
        return {str(row[0]) for row in self._db.rows(query, given=given)}

    def latencies(self, release: str, *, endpoint: str, environment: str, since: Micros) -> list[int]:
        """How long each answer of this release took since then, in microseconds; the latest `SOME` of them."""
        given = {"endpoint": endpoint, "environment": environment, "since": since}
        query = PREDICTIONS.narrowed(given).where(_prediction.release == bindparam("the_release"))
        query = query.with_only_columns(_prediction.latency_us).order_by(_prediction.at.desc()).limit(SOME)
        return [int(row[0]) for row in self._db.rows(query, given={**given, "the_release": release})]

    def by_model(self) -> dict[str, int]:
        """How many each model (by its ref) has answered; one look at every prediction."""
        query = select(_prediction.model, func.count(_prediction.at)).group_by(_prediction.model)
        return {row[0]: int(row[1]) for row in self._db.rows(query)}

    def drop(self, before: Micros, most: int) -> int:
        """The oldest of those that were answered before this moment go, at most so many; how many they were."""
        given = {"before": before, "most": most}
        if self._db.first(_OLD, given={**given, "most": 1}) is None:
            return 0
        return self._db.write(lambda tx: tx.execute(_DROP, given).rowcount, alone=False)

    def given_by(self, release: str, most: int, *, endpoint: str, environment: str, since: Micros) -> int:
        """How many this release has answered since then; counted up to so many."""
        given = {"endpoint": endpoint, "environment": environment, "since": since}
        query = PREDICTIONS.narrowed(given).where(_prediction.release == bindparam("the_release"))
        some = query.with_only_columns(_prediction.at).limit(bindparam("most")).subquery()
        found = self._db.value(
            select(func.count()).select_from(some), given={**given, "the_release": release, "most": most}
        )
        return int(found)

    def answers_of(
        self, release: str, *, endpoint: str, environment: str, since: Micros, until: Micros, at_once: int = 20_000
    ) -> Iterator[Given]:
        """What this release has answered in this span, oldest first: so many rows in memory at once."""
        given = {"endpoint": endpoint, "environment": environment, "since": since, "until": until}
        query = PREDICTIONS.narrowed(given).where(_prediction.release == bindparam("the_release"))
        query = query.order_by(_prediction.at, _prediction.id).limit(at_once)
        query = query.with_only_columns(_prediction.at, _prediction.id, _prediction.subject)
        given["the_release"] = release
        rows = self._db.rows(query, given=given)
        while rows:
            yield from (Given(*row) for row in rows)
            at, last = rows[-1][:2]
            after = or_(_prediction.at > at, and_(_prediction.at == at, _prediction.id > last))
            rows = self._db.rows(query.where(_prediction.at >= at, after), given=given) if len(rows) == at_once else ()

    def slow(self, release: str, limit: Micros, *, endpoint: str, environment: str, since: Micros) -> tuple[int, int]:
        """How many this release has answered since then, and how many of these took longer."""
        given = {"endpoint": endpoint, "environment": environment, "since": since}
        query = PREDICTIONS.narrowed(given).where(_prediction.release == bindparam("the_release"))
        late = func.sum(case((_prediction.latency_us > bindparam("limit"), 1), else_=0))
        counted = query.with_only_columns(func.count(_prediction.at), late)
        n, slow = self._db.rows(counted, given={**given, "the_release": release, "limit": limit})[0]
        return int(n), int(slow or 0)

    def count(self, endpoint: str | None = None) -> int:
        query = select(func.count(_prediction.at))
        if endpoint is not None:
            query = query.where(_prediction.endpoint == endpoint)
        return int(self._db.value(query))


class Outcomes(Records[Outcome]):
    def known(self, keys: Iterable[str]) -> set[str]:
        """Those of these keys that are stored."""
        return {str(row[0]) for row in self._db.rows_among(_KNOWN, "keys", keys)}

    def of_keys(self, keys: Iterable[str]) -> Sequence[Outcome]:
        """Those with one of these keys, of any endpoint."""
        return OUTCOMES.records(self._db.rows_among(_OF_KEYS, "keys", keys))

    def received(self, endpoint: str, since: Micros) -> Sequence[Outcome]:
        """Those of an endpoint that were received from this moment on."""
        given = {"endpoint": endpoint, "the_moment": since}
        query = OUTCOMES.narrowed({"endpoint": endpoint}).where(_outcome.received >= bindparam("the_moment"))
        return OUTCOMES.records(self._db.rows(query.order_by(*OUTCOMES.order), given=given))

    def drop(self, before: Micros, most: int) -> int:
        """Those that were received before this moment go, at most so many of each endpoint; how many they were."""
        dropped, endpoint = 0, self._db.value(_FIRST_ENDPOINT)
        while endpoint is not None:
            given = {"endpoint": endpoint, "before": before, "most": most}
            if self._db.first(_OLD_OUTCOMES, given={**given, "most": 1}) is not None:
                dropped += self._db.write(lambda tx: tx.execute(_DROP_OUTCOMES, given).rowcount, alone=False)  # noqa: B023
            endpoint = self._db.value(_NEXT_ENDPOINT, given={"after": endpoint})
        return dropped

    def unjoined(
        self, limit: int = 10_000, *, endpoint: str | None = None, environment: str | None = None
    ) -> Sequence[Outcome]:
        """The oldest."""
        here = {"endpoint": endpoint, "environment": environment}
        given = {name: value for name, value in here.items() if value is not None}
        query = OUTCOMES.narrowed(given).where(_outcome.how == "").order_by(*OUTCOMES.order).limit(limit)
        return OUTCOMES.records(self._db.rows(query, given=given))

    def join(
        self, joins: Iterable[tuple[str, str | None, str]], endpoint: str, environment: str = "", at: Micros = 0
    ) -> None:
        """Of this endpoint's outcomes (key, prediction id, how), each at most once. ``at``: the moment of joining."""
        here = {"the_endpoint": endpoint, "the_environment": environment, "the_moment": at}
        rows = [
            {"the_key": key, "the_prediction": prediction, "the_how": how, **here} for key, prediction, how in joins
        ]
        if rows:
            self._db.write(lambda tx: tx.execute(_JOIN, rows) and None, alone=False)

    def of(self, predictions: Iterable[str]) -> dict[str, Sequence[Outcome]]:
        """By prediction, oldest first."""
        found: dict[str, list[Outcome]] = {}
        for record in OUTCOMES.records(self._db.rows_among(_OF, "predictions", predictions)):
            found.setdefault(record.joined or "", []).append(record)
        return dict(found)

    def counts(self, predictions: Iterable[str]) -> dict[str, int]:
        """How many outcomes each of them has, those without left out."""
        rows = self._db.rows_among(_COUNTS, "predictions", predictions)
        return {str(row[0]): int(row[1]) for row in rows}

    def labelled(self, *, endpoint: str, environment: str, since: Micros, span: Micros) -> dict[int, Micros]:
        """The windows of this length, by their number since 1970, whose answers have had outcomes joined since then: when the
        newest of these answers was given."""
        given = {"endpoint": endpoint, "environment": environment, "since": since, "span": span}
        rows = [row for query in (_LABELLED, _LABELLED_PARTS) for row in self._db.rows(query, given=given)]
        return {
            number: max(int(row[1]) for row in rows if row[0] == number) for number in {int(row[0]) for row in rows}
        }

    def labels(self, *, endpoint: str, environment: str, since: Micros, until: Micros) -> int:
        """How many are joined to the answers of this span."""
        given = {"endpoint": endpoint, "environment": environment, "since": since, "until": until}
        return sum(int(self._db.rows(query, given=given)[0][0]) for query in (_LABELS, _LABELS_PARTS))

    def count(self) -> dict[str, int]:
        """How many by `how`."""
        query = select(_outcome.how, func.count()).group_by(_outcome.how).order_by(_outcome.how)
        return {str(row[0]): int(row[1]) for row in self._db.rows(query)}

    def quarantined(self) -> dict[str, int]:
        """How many wait for each item that nobody sells."""
        return {str(row[0]): int(row[1]) for row in self._db.rows(_HELD)}

    def held_of(self, items: Iterable[str]) -> Sequence[Outcome]:
        """Those in quarantine that are of these items."""
        return OUTCOMES.records(self._db.rows_among(_HELD_OF, "items", items))

    def admit(self, outcomes: Iterable[Outcome]) -> None:
        """Their items are sold: they are in quarantine no longer."""
        rows = [{"the_key": o.key, "the_endpoint": o.endpoint, "the_environment": o.environment} for o in outcomes]
        if rows:
            self._db.write(lambda tx: tx.execute(_ADMIT, rows) and None, alone=False)
