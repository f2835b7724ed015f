"""Outcomes join exactly once, whatever order things arrive in; on a real live store."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidemill.feedback.join import SETTLE, Where, join_all, revoked_by
from tidemill.store.records import OnlineEvent, Outcome, Prediction
from tidemill.store.sql import open_live
from tidemill.store.sql.live import LiveStore
from tidemill.testing import records as sample
from tidemill.types import DAY, SECOND

T0 = 1_000 * DAY
SHOP = Where("shop")
HOUR = 3_600 * SECOND


@pytest.fixture
def live(tmp_path: Path) -> Iterator[LiveStore]:
    store = open_live(tmp_path / "live.db")
    yield store
    store.close()


def asked(id: str, at: int, subject: str = "7") -> Prediction:
    return sample.prediction(id, at=at, subject=subject, key=None)


def came(
    key: str, at: int, *, subject: str = "7", item: str = "A", value: float = 1.0, named: str | None = None
) -> Outcome:
    return Outcome(key, at, subject, item, value, named, received=at, endpoint="shop")


def tell(live: LiveStore, *rows: Prediction | Outcome) -> None:
    outcomes = [r for r in rows if isinstance(r, Outcome)]
    events = [OnlineEvent(0, o.key, o.subject, o.item, o.at, o.value, endpoint="shop") for o in outcomes]
    live.append([r for r in rows if isinstance(r, Prediction)], outcomes, events)
    live.flush()


def where(live: LiveStore, *keys: str) -> list[tuple[str | None, str]]:
    found = [live.outcomes.look_up(key, "shop", "") for key in keys]
    return [(o.joined, o.how) for o in found if o is not None]


def test_by_id_before_by_subject(live: LiveStore) -> None:
    tell(live, asked("p1", T0), asked("p2", T0 + HOUR), came("a", T0 + 2 * HOUR, named="p1"), came("b", T0 + 2 * HOUR))
    join_all(live, T0 + 3 * HOUR, SHOP)
    assert where(live, "a", "b") == [("p1", "id"), ("p2", "subject")]
    assert not live.outcomes.unjoined()


def test_an_outcome_that_a_later_answer_knew_is_not_what_it_is_judged_by(live: LiveStore) -> None:
    """Its id is there before the answer is."""
    tell(live, came("knew", T0, named="p1"), came("new", T0 + 1, named="p2"))
    seen = live.online.list(subject="7", key="knew")[0].seq
    tell(live, *(replace(asked(name, T0 + HOUR), watermark=seen) for name in ("p1", "p2")))
    join_all(live, T0 + 2 * HOUR, SHOP)
    assert where(live, "knew", "new") == [(None, "unattributed"), ("p2", "id")]


def test_the_subjects_latest_within_a_day(live: LiveStore) -> None:
    tell(
        live,
        asked("p1", T0),
        came("exactly", T0 + DAY),
        came("too late", T0 + DAY + 1),
        came("before", T0 - 1),
        came("other", T0 + 1, subject="8"),
    )
    join_all(live, T0 + 1 * DAY + HOUR, SHOP)
    assert where(live, "exactly", "too late") == [("p1", "subject"), (None, "")]
    assert where(live, "before", "other") == [(None, "unattributed")] * 2
    join_all(live, T0 + 3 * DAY, SHOP)
    assert where(live, "too late", "before", "other") == [(None, "unattributed")] * 3
    assert live.outcomes.count() == {"subject": 1, "unattributed": 3}


def test_an_early_outcome_waits_for_the_prediction_that_it_names(live: LiveStore) -> None:
    tell(live, came("a", T0 + HOUR, named="p1"))
    join_all(live, T0 + 2 * HOUR, SHOP)
    assert len(live.outcomes.unjoined()) == 1
    tell(live, asked("p1", T0))
    join_all(live, T0 + 2 * HOUR, SHOP)
    assert where(live, "a") == [("p1", "id")]


def test_a_name_that_never_comes_is_unattributed_and_stays_so(live: LiveStore) -> None:
    tell(live, asked("p1", T0), came("a", T0, named="nobody"))
    join_all(live, T0 + 2 * DAY, SHOP)
    tell(live, asked("nobody", T0))
    join_all(live, T0 + 2 * DAY, SHOP)
    assert where(live, "a") == [(None, "unattributed")]


def test_anothers_prediction_is_refused_and_counted(live: LiveStore) -> None:
    tell(live, asked("p1", T0, subject="8"), came("a", T0 + 1, named="p1"))
    strange = join_all(live, T0 + HOUR, SHOP)
    assert where(live, "a") == [(None, "unattributed")] and strange == ["a"]


def test_what_is_still_on_its_way_to_the_log_is_waited_for(live: LiveStore) -> None:
    tell(live, asked("p1", T0), came("a", T0 + HOUR))
    join_all(live, T0 + HOUR + SETTLE - 1, SHOP)
    assert where(live, "a") == [(None, "")]
    tell(live, asked("p2", T0 + HOUR - 1))  # the answer of a scorer that was slow to write it down
    join_all(live, T0 + HOUR + SETTLE, SHOP)
    assert where(live, "a") == [("p2", "subject")]


def test_a_return_goes_where_its_purchase_went(live: LiveStore) -> None:
    tell(live, asked("p1", T0), came("buy", T0 + 1, named="p1"), came("back", T0 + 20 * DAY, value=-1.0))
    join_all(live, T0 + 21 * DAY, SHOP)
    assert where(live, "buy", "back") == [("p1", "id"), ("p1", "revokes")]
    both = live.outcomes.of(["p1"])["p1"]
    assert [(o.key, o.value) for o in both] == [("buy", 1.0), ("back", -1.0)]


def test_two_returns_take_back_two_purchases(live: LiveStore) -> None:
    for day, id in enumerate(("p1", "p2")):
        tell(live, asked(id, T0 + day * DAY), came(f"buy {id}", T0 + day * DAY + 1, named=id))
    tell(live, came("back 1", T0 + 5 * DAY, value=-1.0), came("back 2", T0 + 6 * DAY, value=-1.0))
    tell(live, came("back 3", T0 + 7 * DAY, value=-1.0))
    join_all(live, T0 + 9 * DAY, SHOP)
    assert where(live, "back 1", "back 2", "back 3") == [("p2", "revokes"), ("p1", "revokes"), (None, "unattributed")]


def test_a_return_of_what_was_bought_before_anything_was_asked(live: LiveStore) -> None:
    live.online.load([OnlineEvent(0, "old", "7", "A", T0 - 90 * DAY, 1.0, "sha256:f", 3, "ing")])
    tell(live, asked("p1", T0 - HOUR), came("back", T0, value=-1.0))
    join_all(live, T0 + HOUR, SHOP)
    assert where(live, "back") == [(None, "unattributed")]


def test_many_that_wait_do_not_hide_those_behind_them(live: LiveStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tidemill.feedback.join._BATCH", 4)
    tell(live, asked("p1", T0 + 50), *[came(f"w{i}", T0 + i, named="later") for i in range(9)])
    tell(live, came("a", T0 + 60, named="p1"))
    join_all(live, T0 + HOUR, SHOP)
    assert len(live.outcomes.unjoined()) == 9
    assert where(live, "a") == [("p1", "id")]


SUBJECTS = ("7", "8")
predictions = st.lists(st.tuples(st.integers(0, 60), st.sampled_from(SUBJECTS)), max_size=6, unique=True)
outcomes = st.lists(
    st.tuples(
        st.integers(0, 60),
        st.sampled_from(SUBJECTS),
        st.sampled_from("AB"),
        st.sampled_from([1.0, -1.0]),
        st.sampled_from([None, 0, 1, 2, 9]),
    ),
    max_size=12,
)


@settings(max_examples=20, deadline=None)
@given(predictions, outcomes, st.randoms(use_true_random=False))
def test_any_order_and_any_repetition_give_the_same_joins(
    tmp_path_factory: pytest.TempPathFactory, asks: list, happened: list, order: random.Random
) -> None:
    rows: list[Prediction | Outcome] = [asked(f"p{i}", T0 + at * HOUR, subject) for i, (at, subject) in enumerate(asks)]
    for i, (at, subject, item, value, named) in enumerate(happened):
        name = None if named is None else f"p{named}"
        rows.append(came(f"o{i}", T0 + at * HOUR, subject=subject, item=item, value=value, named=name))
    rows = [replace(r, received=T0 + 60 * HOUR) if isinstance(r, Outcome) else r for r in rows]
    results = []
    for shuffled in (rows, [order.choice(rows) for _ in rows] + order.sample(rows, len(rows)) if rows else []):
        live = open_live(tmp_path_factory.mktemp("any") / "live.db")
        seen: dict[str, tuple] = {}
        for i, row in enumerate(shuffled):
            tell(live, row)
            if i % 3 == 0:
                join_all(live, T0, SHOP)  # too early for everything but ids
        for now in (T0 + 61 * HOUR, T0 + 61 * HOUR, T0 + 90 * HOUR):
            join_all(live, now, SHOP)
            for key in (f"o{i}" for i in range(len(happened))):
                (found,) = where(live, key)
                assert key not in seen or not seen[key][1] or seen[key] == found, "a join never changes"
                seen[key] = found
        assert sum(live.outcomes.count().values()) == len(happened)
        results.append(seen)
        live.close()
    assert results[0] == results[1]
    assert all(how for _, how in results[0].values())


def test_what_a_return_takes_back_is_the_latest_that_is_left() -> None:
    history = [OnlineEvent(i, f"b{i}", "7", "A", i, 1.0) for i in (1, 2, 5)]
    returns = [Outcome(f"r{at}", at, "7", "A", -1.0, None, at) for at in (3, 4, 6, 7)]
    for r in returns:
        history.append(OnlineEvent(0, r.key, r.subject, r.item, r.at, r.value))
    assert [revoked_by(r, history) for r in returns] == ["b2", "b1", "b5", None]


def test_rows_of_tables_join_by_id_whoever_they_are_of(live: LiveStore) -> None:
    """A row may be asked without a subject, and its outcome told without one; a value below 0 takes nothing back."""
    tell(live, asked("p1", T0, subject=""), asked("p2", T0, subject="7"))
    tell(live, came("a", T0 + 1, subject="", named="p1", value=-2.0), came("b", T0 + 1, subject="", named="p2"))
    tell(live, came("c", T0 + HOUR, subject="7", value=-3.5), came("d", T0 + 1, subject="9", named="p2"))
    strange = join_all(live, T0 + 2 * HOUR, replace(SHOP, returns=False))
    assert where(live, "a", "b", "c") == [("p1", "id"), ("p2", "id"), ("p2", "subject")]
    assert where(live, "d") == [(None, "unattributed")] and strange == ["d"]


def test_how_far_an_outcome_reaches_is_the_project_s_word(live: LiveStore) -> None:
    tell(live, asked("p1", T0), came("late", T0 + 20 * DAY), came("too late", T0 + 31 * DAY))
    join_all(live, T0 + 32 * DAY, replace(SHOP, reach=30 * DAY))
    assert where(live, "late", "too late") == [("p1", "subject"), (None, "")]
    join_all(live, T0 + 62 * DAY, replace(SHOP, reach=30 * DAY))
    assert where(live, "too late") == [(None, "unattributed")]


ENDPOINTS = ("shop", "fraud", "demand")
colliding = st.lists(
    st.tuples(
        st.sampled_from(ENDPOINTS), st.integers(0, 30), st.sampled_from(SUBJECTS), st.sampled_from([None, 0, 1, 2])
    ),
    max_size=15,
)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(ENDPOINTS), st.integers(0, 30), st.sampled_from(SUBJECTS)), max_size=9),
    colliding,
)
def test_no_outcome_ever_joins_another_endpoints_prediction(
    tmp_path_factory: pytest.TempPathFactory, asks: list, happened: list
) -> None:
    """Subjects, keys and the names of predictions are the same everywhere; only the endpoint tells them apart."""
    live = open_live(tmp_path_factory.mktemp("many") / "live.db")
    tell(live, *(replace(asked(f"p{i}", T0 + at * HOUR, who), endpoint=at_) for i, (at_, at, who) in enumerate(asks)))
    rows = [
        replace(came(f"o{i % 4}", T0 + at * HOUR, subject=who, named=None if n is None else f"p{n}"), endpoint=at_)
        for i, (at_, at, who, n) in enumerate(happened)
    ]
    tell(live, *rows)
    kept = {(row.endpoint, row.key) for row in rows}
    for endpoint in ENDPOINTS:
        join_all(live, T0 + 90 * HOUR, Where(endpoint))
    for endpoint, key in kept:
        found = live.outcomes.look_up(key, endpoint, "")
        assert found is not None and found.how
        assert found.joined is None or live.predictions.get(found.joined).endpoint == endpoint
    assert sum(live.outcomes.count().values()) == len(kept), "one key is one outcome at each endpoint"
    live.close()
