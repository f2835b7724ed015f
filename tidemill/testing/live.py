"""What every live store must pass; used as `MetadataSuite` is."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from tidemill.errors import LeaseLost, NotFound
from tidemill.store.records import Fence, Gone, OnlineEvent, mark_of
from tidemill.store.sql.live import LiveStore, Met
from tidemill.store.sql.online import Feed, HistoryRows
from tidemill.testing import records as sample
from tidemill.testing.asking import refused, together
from tidemill.testing.items import ItemsSuite

Opened = Callable[[], LiveStore]


def written(
    store: LiveStore, predictions: Sequence[Any] = (), outcomes: Sequence[Any] = (), events: Sequence[Any] = ()
) -> list[int]:
    """Appends, waits for the word that it is written, and gives the seqs of the events."""
    answer: Future[list[int]] = Future()

    def done(error: BaseException | None, seqs: Sequence[int]) -> None:
        if error:
            answer.set_exception(error)
        else:
            answer.set_result(list(seqs))

    store.append(predictions, outcomes, events, done)
    return answer.result(60)


def meets(store: LiveStore, predictions: Sequence[Any] = (), events: Sequence[Any] = ()) -> Met:
    """Appends, and gives what these rows met."""
    answer: Future[Met] = Future()
    store.append(predictions, (), events, met=answer.set_result)
    return answer.result(60)


class PredictionsSuite:
    def test_a_prediction_comes_back_as_it_was(self, opened: Opened) -> None:
        store, other = opened(), opened()
        written(store, [sample.prediction(), sample.prediction("pred_2", cold=False, key=None)])
        assert other.predictions.get("pred_1") == sample.prediction()
        assert other.predictions.get("pred_2") == sample.prediction("pred_2", cold=False, key=None)
        refused(NotFound, lambda: other.predictions.get("pred_3"))

    def test_a_retry_never_doubles_and_never_changes(self, opened: Opened) -> None:
        store = opened()
        written(store, [sample.prediction(), sample.prediction(output=b"another")])
        written(store, [sample.prediction(output=b"a third"), sample.prediction("pred_2")])
        assert store.predictions.count() == 2
        assert store.predictions.get("pred_1") == sample.prediction()

    def test_predictions_are_found(self, opened: Opened) -> None:
        store = opened()
        made = [sample.prediction(f"pred_{n}", at=n // 2, subject=str(n % 3), endpoint="ab"[n % 2]) for n in range(9)]
        written(store, made[::-1])
        assert list(store.predictions.list(endpoint="a", since=0, until=4)) == [made[0], made[2], made[4], made[6]]
        assert list(store.predictions.list(endpoint="b", since=1, until=2)) == [made[3]]
        assert store.predictions.find(["pred_3", "none", "pred_3"]) == {"pred_3": made[3]}
        assert (store.predictions.count(), store.predictions.count("a"), store.predictions.count("c")) == (9, 5, 0)
        assert list(store.predictions.page(limit=2)) == [made[8], made[7]]
        assert list(store.predictions.page(before="pred_7", limit=3)) == [made[6], made[5], made[4]]
        assert list(store.predictions.page(limit=1)) == [made[8]]
        refused(NotFound, lambda: store.predictions.page(before="none"))

    def test_many_are_found_at_once(self, opened: Opened) -> None:
        store = opened()
        made = [sample.prediction(f"pred_{n}") for n in range(1_203)]
        written(store, made)
        assert store.predictions.find(p.id for p in made) == {p.id: p for p in made}

    def test_some_of_many_are_spread_evenly(self, opened: Opened) -> None:
        store = opened()
        made = [sample.prediction(f"pred_{n:03}", at=n // 2, endpoint="ab"[n % 10 == 9]) for n in range(100)]
        written(store, made[::-1])
        here = {"endpoint": "a", "environment": "", "since": 0, "until": 40}
        own = [one for one in made[:80] if one.endpoint == "a"]
        assert store.predictions.spread(100, **here) == (own, 72)  # type: ignore[arg-type]
        some, total = store.predictions.spread(10, **here)  # type: ignore[arg-type]
        assert total == 72 and list(some) == own[7::8] and store.predictions.spread(10, **here)[0] == some  # type: ignore[arg-type]

    def test_those_of_a_subject_and_how_many_each_model_answered(self, opened: Opened) -> None:
        store = opened()
        rows = [sample.prediction(f"p{n}", at=n, subject="ab"[n % 2], model=f"model:shop@{n % 3}") for n in range(7)]
        written(store, rows)
        assert [p.id for p in store.predictions.page(subject="a")] == ["p6", "p4", "p2", "p0"]
        assert [p.id for p in store.predictions.page(subject="a", limit=1)] == ["p6"]
        assert store.predictions.by_model() == {"model:shop@0": 3, "model:shop@1": 2, "model:shop@2": 2}

    def test_whose_answers_they_are_and_how_long_each_took(self, opened: Opened) -> None:
        store = opened()
        arms, whose = ("champion", "holdout"), ("a", "b", "")
        made = [
            sample.prediction(f"p{n}", at=n, subject=whose[n % 3], arm=arms[n % 2], release=f"r{n % 2}", latency_us=n)
            for n in range(8)
        ]
        written(store, made)
        here = {"endpoint": "shop", "environment": "", "since": 0}
        assert store.predictions.units(**here, until=6) == {"a", "b", "p2", "p5"}  # type: ignore[arg-type]
        assert store.predictions.units(**here, until=6, arm="holdout") == {"a", "b", "p5"}  # type: ignore[arg-type]
        assert store.predictions.latencies("r1", **here) == [7, 5, 3, 1]  # type: ignore[arg-type]

    def test_the_latest_before(self, opened: Opened) -> None:
        store = opened()
        written(store, [sample.prediction(f"pred_{n}", at=n * 10, subject="ab"[n % 2]) for n in range(6)])
        found = {
            at: store.predictions.first(subject="a", endpoint="shop", since=at - 15, until=at)
            for at in (0, 20, 21, 35, 36)
        }
        assert {at: p and p.id for at, p in found.items()} == {
            0: None,
            20: None,
            21: "pred_2",
            35: "pred_2",
            36: None,
        }
        assert store.predictions.first(subject="a", endpoint="other", since=0) is None


class OutcomesSuite:
    def test_windows_that_gained_labels_are_found(self, opened: Opened) -> None:
        store, here = opened(), {"endpoint": "shop", "environment": ""}
        made = [sample.prediction(f"pred_{n}", at=n * 4, **here) for n in range(5)]
        elsewhere = sample.prediction("pred_9", at=1, endpoint="other", environment="")
        written(store, [*made, elsewhere], [sample.outcome(f"o{n}", endpoint="shop") for n in range(5)])
        assert store.outcomes.labelled(**here, since=0, span=10) == {}
        store.outcomes.join(
            [("o0", "pred_0", "id"), ("o1", "pred_2", "id"), ("o2", None, "unattributed")], "shop", at=7
        )
        store.outcomes.join([("o3", "pred_3", "id")], "shop", at=8)
        assert store.outcomes.labelled(**here, since=7, span=10) == {0: 8, 1: 12}
        assert store.outcomes.labelled(**here, since=8, span=10) == {1: 12}
        assert [store.outcomes.labels(**here, since=start, until=start + 10) for start in (0, 10)] == [2, 1]

    def test_an_outcome_is_there_once(self, opened: Opened) -> None:
        store = opened()
        written(store, (), [sample.outcome(), sample.outcome(value=9.0)])
        written(store, (), [sample.outcome(value=8.0)])
        assert store.outcomes.look_up("o1", "shop", "") == sample.outcome()
        assert store.outcomes.look_up("o2", "shop", "") is None
        assert store.outcomes.count() == {"": 1}

    def test_an_event_goes_with_its_outcome(self, opened: Opened) -> None:
        store = opened()

        def pair(key: str, item: str, value: float = 1.0) -> tuple[Any, Any]:
            outcome = sample.outcome(key, item=item, value=value)
            return outcome, OnlineEvent(0, key, outcome.subject, item, outcome.at, value, endpoint="shop")

        (first, bought), (second, ghost), (third, other) = pair("o1", "mug"), pair("o1", "ghost"), pair("o2", "lamp")
        assert written(store, (), [second], ()) == []
        assert written(store, (), [first, third], [bought, other]) == [0, 1]  # the first of its key was without one
        assert written(store, (), [third, second], [other, ghost]) == [0, 0]
        twice = [pair("o4", "b"), pair("o4", "ghost"), pair("o4", "b")]
        assert written(store, (), [o for o, _ in twice], [e for _, e in twice]) == [2, 0, 0]
        assert [event.item for event in store.online.list()] == ["lamp", "b"]

    def test_what_outcomes_meet_is_told_to_who_asks(self, opened: Opened) -> None:
        store = opened()
        written(store, [sample.prediction()], [sample.outcome()])
        told: list[Met] = []
        came = threading.Event()
        rows = [sample.outcome(value=9.0), sample.outcome("o2", prediction="none"), sample.outcome("o2", value=3.0)]
        store.append((), [sample.outcome("o3")], ())  # one that does not ask may share the commit
        store.append((), rows[:2], (), None, told.append)
        store.append((), rows[2:], (), lambda error, seqs: came.set(), told.append)
        assert came.wait(60)
        assert (list(told[0].earlier), set(told[0].known)) == ([sample.outcome(), None], {"pred_1"})
        assert list(told[1].earlier) == [rows[1]]

    def test_a_prediction_whose_id_is_taken_gets_the_one_that_is_kept(self, opened: Opened) -> None:
        store, other = opened(), opened()
        first, second = sample.prediction(), sample.prediction("pred_2")
        assert meets(store, [first, second]).taken == {}
        late = [replace(first, output=b"late"), sample.prediction("pred_3"), second]
        assert meets(other, late).taken == {"pred_1": first}
        assert meets(store, [sample.prediction("pred_4"), sample.prediction("pred_4", output=b"2")]).taken == {
            "pred_4": sample.prediction("pred_4")
        }

    def test_outcomes_join_once(self, opened: Opened) -> None:
        store = opened()
        written(store, (), [sample.outcome(f"o{n}", at=9 - n) for n in range(5)])
        assert [o.key for o in store.outcomes.unjoined()] == ["o4", "o3", "o2", "o1", "o0"]
        assert [o.key for o in store.outcomes.unjoined(2)] == ["o4", "o3"]
        store.outcomes.join([("o1", "pred_1", "id"), ("o2", "pred_1", "subject"), ("o3", None, "unattributed")], "shop")
        store.outcomes.join([("o1", "pred_2", "subject"), ("none", "pred_2", "id")], "shop")
        store.outcomes.join([], "shop")
        assert [o.key for o in store.outcomes.unjoined()] == ["o4", "o0"]
        assert store.outcomes.count() == {"": 2, "id": 1, "subject": 1, "unattributed": 1}
        found = store.outcomes.of(["pred_1", "pred_2", "pred_1"])
        assert {key: [(o.key, o.how) for o in of] for key, of in found.items()} == {
            "pred_1": [("o2", "subject"), ("o1", "id")]
        }
        assert store.outcomes.counts(["pred_1", "pred_2", "pred_1"]) == {"pred_1": 2}
        assert store.outcomes.counts([]) == {}

    def test_outcomes_are_known_by_their_keys(self, opened: Opened) -> None:
        store = opened()
        written(store, (), [sample.outcome(f"o{n}") for n in range(3)])
        assert store.outcomes.known(["o0", "o2", "o2", "o3"]) == {"o0", "o2"}
        assert store.outcomes.known([]) == set()
        assert {o.key for o in store.outcomes.of_keys(["o0", "o2", "o3"])} == {"o0", "o2"}

    def test_the_oldest_go_a_few_at_a_time(self, opened: Opened) -> None:
        store = opened()
        made = [sample.prediction(f"pred_{n}", at=n, endpoint="ab"[n % 2]) for n in range(9)]
        came = [sample.outcome(f"o{n}", received=n, endpoint="ab"[n % 2], environment="") for n in range(9)]
        written(store, made, came)
        assert [store.predictions.drop(5, 2) for _ in range(4)] == [2, 2, 1, 0]
        assert [p.id for p in store.predictions.list()] == [f"pred_{n}" for n in range(5, 9)]
        assert [store.outcomes.drop(5, 2) for _ in range(3)] == [4, 1, 0]  # so many of each endpoint
        assert {o.key for o in store.outcomes.list()} == {f"o{n}" for n in range(5, 9)}
        assert store.predictions.drop(0, 9) == store.outcomes.drop(0, 9) == 0


class OnlineSuite:
    def test_events_are_numbered_in_the_order_of_knowledge(self, opened: Opened) -> None:
        store, other = opened(), opened()
        assert store.online.last_seq() == 0
        first = written(store, (), (), [sample.online("a"), sample.online("b"), sample.online("a")])
        assert first[2] == 0 and 0 < first[0] < first[1]
        second = written(other, (), (), [sample.online("b"), sample.online("c", at=1)])
        assert second[0] == 0 and second[1] > first[1]
        assert [event.key for event in store.online.list()] == ["a", "b", "c"]
        assert store.online.list()[2] == replace(sample.online("c", at=1), seq=second[1])
        plain = [(e.seq, e.subject, e.item, e.at, e.value, e.dataset) for e in store.online.list()]
        assert [tuple(row) for row in store.online.rows_since(0)] == plain
        assert [tuple(row) for row in store.online.rows_since(first[0], limit=1)] == plain[1:2]
        assert store.online.last_seq() == second[1]

    def test_the_history_of_a_subject_as_known(self, opened: Opened) -> None:
        store = opened()
        seqs = written(store, (), (), [sample.online(f"k{n}", subject="ab"[n % 2]) for n in range(6)])
        everything: dict[tuple[tuple[str, Any], ...], list[str]] = {
            (("subject", "a"),): ["k0", "k2", "k4"],
            (("subject", "a"), ("watermark", seqs[3])): ["k0", "k2"],
            (("subject", "a"), ("item", sample.online().item)): ["k0", "k2", "k4"],
            (("subject", "a"), ("item", "another")): [],
            (("subject", "nobody"),): [],
        }
        for where, keys in everything.items():
            assert [event.key for event in store.online.list(**dict(where))] == keys
        assert store.online.of_all(iter("baa"), "sales") == store.online.list() and not store.online.of_all([], "sales")
        assert store.online.of_all(["nobody", "b"], "sales") == store.online.list(subject="b")
        assert not store.online.of_all(["b"], "stock")
        both = [(e.seq, e.subject, e.item, e.at, e.value, e.dataset) for e in store.online.list()]
        assert [tuple(row) for row in store.online.rows_of(iter("baa"))] == both
        assert [tuple(row) for row in store.online.rows_of(["b", "nobody"])] == both[1::2]
        assert list(store.online.rows_of([])) == []

    def test_what_the_dataset_brings_only_names_the_source_of_what_is_known(self, opened: Opened) -> None:
        store = opened()
        bare: dict[str, Any] = {"file": None, "row": None, "ingest": None}
        (seq,) = written(store, (), (), [sample.online("a", **bare)])
        named: dict[str, Any] = {"file": "sha256:x", "row": 3, "ingest": "i2"}
        assert store.online.load([sample.online("a", value=99.0, **named), sample.online("b"), sample.online("b")]) == 1
        assert list(store.online.list()) == [
            sample.online("a", seq=seq, **named),
            replace(sample.online("b"), seq=seq + 1),
        ]
        assert store.online.load([sample.online("b")]) == 0
        assert store.online.load([sample.online("b", dataset="other")]) == 1

    def test_what_was_told_under_another_key_is_one_event_with_the_row_that_brings_it(self, opened: Opened) -> None:
        store = opened()
        bare: dict[str, Any] = {"file": None, "row": None, "ingest": None}
        seqs = written(store, (), (), [sample.online(key, **bare) for key in ("o1", "o2", "o3")])
        other = sample.online("x", item="other")
        assert store.online.load([sample.online("a"), sample.online("a"), sample.online("b"), other]) == 1
        found = [(event.key, event.seq, event.file is None) for event in store.online.list()]
        assert found == [("a", seqs[0], False), ("b", seqs[1], False), ("o3", seqs[2], True), ("x", seqs[2] + 1, False)]
        assert store.online.load([sample.online("a"), sample.online("b"), other]) == 0
        assert store.online.load([sample.online("c"), sample.online("d")]) == 1
        assert [event.key for event in store.online.list()] == ["a", "b", "c", "x", "d"]

    def test_what_is_told_of_a_row_that_is_in_is_no_second_event(self, opened: Opened) -> None:
        store = opened()
        bare: dict[str, Any] = {"file": None, "row": None, "ingest": None}
        store.online.load([sample.online("a")])
        told = [
            sample.online("o1", **bare),
            sample.online("o2", **bare, item="other"),
            sample.online("o3", **bare, at=7),
        ]
        assert written(store, (), (), told)[0] == 0
        assert [event.key for event in store.online.list()] == ["a", "o2", "o3"]

    def test_outcomes_of_items_that_nobody_sells_are_kept_apart(self, opened: Opened) -> None:
        store = opened()
        held = [sample.outcome(f"o{n}", item="ab"[n % 2], quarantined=True) for n in range(3)]
        written(store, (), [*held, sample.outcome("o9", item="a", quarantined=False)])
        assert store.outcomes.quarantined() == {"a": 2, "b": 1}
        assert {o.key for o in store.outcomes.held_of(["a", "c"])} == {"o0", "o2"}
        store.outcomes.admit([held[0], held[2]])
        assert store.outcomes.quarantined() == {"b": 1}
        assert store.outcomes.look_up("o0", "shop", "") == replace(held[0], quarantined=False)

    def test_rows_of_an_ingest_are_forgotten_and_loaded_anew(self, opened: Opened) -> None:
        store = opened()
        store.online.load([sample.online("a", ingest="i1"), sample.online("b", ingest="i2")])
        written(store, (), (), [sample.online("told", ingest=None)])
        store.online.unload(["i1", "i3"])
        assert [event.key for event in store.online.list()] == ["b", "told"]
        assert store.online.load([sample.online("a", value=7.0, ingest="i1"), sample.online("b", ingest="i2")]) == 1
        assert [(event.key, event.value) for event in store.online.list()][-1] == ("a", 7.0)

    def test_the_feed_tells_what_came_and_what_went(self, opened: Opened) -> None:
        store, other = opened(), opened()
        assert store.online.feed(0) == Feed((), (), 0)
        written(store, (), (), [sample.online(f"k{n}", subject="ab"[n % 2], ingest="i1") for n in range(4)])
        begun = other.online.feed(0)
        assert ([row[1] for row in begun.rows], list(begun.gone), begun.position) == ([*"abab"], [], 4)
        assert other.online.feed(4) == Feed((), (), 4)
        history = next(holder for holder in store.holders() if holder.find("a"))
        assert history.erase("a") == 2 and history.erase("nobody") == 0
        assert not history.verify("a")
        told = other.online.feed(4)
        assert (list(told.rows), list(told.gone), told.position) == ([], [Gone(5, mark_of("a"), "sales")], 5)
        assert written(store, (), (), [sample.online("k9", ingest="i2")]) == [6]
        store.online.unload(["i1", "i2", "i3"])
        assert other.online.feed(5).gone == [Gone(7, "", "sales")] and not other.online.feed(5).rows
        assert other.online.last_seq() == 7  # all rows are gone, and no number comes twice
        assert written(store, (), (), [sample.online("k9")]) == [8]

    def test_the_feed_is_read_in_pieces(self, opened: Opened) -> None:
        store = opened()
        for n in range(3):
            written(store, (), (), [sample.online(f"{n}{name}", subject=name) for name in "abc"])
            assert next(holder for holder in store.holders() if holder.find("a")).erase("a")
        whole, after, pieces = store.online.feed(0), 0, []
        while (piece := store.online.feed(after, 1)).position > after:
            assert all(after < row[0] <= piece.position for row in piece.rows)
            pieces.append(piece)
            after = piece.position
        assert after == whole.position == 12
        assert [row for piece in pieces for row in piece.rows] == whole.rows
        assert [gone for piece in pieces for gone in piece.gone] == whole.gone

    def test_who_follows_the_feed_misses_nothing_that_is_written_meanwhile(self, opened: Opened) -> None:
        stores = [opened() for _ in range(3)]
        histories = next(holder for holder in stores[0].holders() if type(holder) is HistoryRows)
        ends = threading.Event()

        def work(n: int) -> None:
            for turn in range(8):
                written(stores[n % 2], (), (), [sample.online(f"{n}/{turn}/{i}", subject=f"{n}{i}") for i in range(3)])
                if turn % 4 == 3:
                    assert histories.erase(f"{n}0") == 4

        def follow() -> tuple[list[Any], list[Gone], int]:
            rows, gone, position = list[Any](), list[Gone](), 0
            while True:
                last = ends.is_set()
                found = stores[2].online.feed(position, 5)
                assert found.position >= position
                rows, gone, position = [*rows, *found.rows], [*gone, *found.gone], found.position
                if last and position == stores[2].online.last_seq():
                    return rows, gone, position

        with ThreadPoolExecutor(1) as pool:
            following = pool.submit(follow)
            together([lambda n=n: work(n) for n in range(4)])  # type: ignore[misc]
            ends.set()
            rows, gone, position = following.result(60)
        assert position == 4 * 8 * 3 + 4 * 2 and len(gone) == 4 * 2
        seen, left = {tuple(row) for row in rows}, {tuple(row) for row in stores[0].online.rows_since(0)}
        assert len(rows) == len(seen) and left <= seen and len(left) == 4 * 8 * 2
        taken = {(one.seq, one.mark) for one in gone}
        assert all(any(at > seq and mark_of(who) == mark for at, mark in taken) for seq, who, *_ in seen - left)

    def test_the_position_of_a_commit_is_its_last_number(self, opened: Opened) -> None:
        store = opened()
        events = [sample.online("a"), sample.online("b")]
        assert meets(store, events=events).position == 2 and meets(store, events=events[:1]).position == 2
        assert meets(store, [sample.prediction()]).position == 0

    def test_a_long_history_is_loaded(self, opened: Opened) -> None:
        store = opened()
        assert store.online.load(sample.online(f"k{n}") for n in range(12_345)) == 12_345
        assert store.online.load(sample.online(f"k{n}") for n in range(12_345)) == 0
        assert store.online.last_seq() == len(store.online.list()) == 12_345

    def test_an_outcome_and_its_event_are_one(self, opened: Opened) -> None:
        store = opened()
        bad = sample.outcome("o2", value="not a number")
        refused(Exception, lambda: written(store, [], [bad], [sample.online("o2")]))
        assert store.outcomes.look_up("o2", "shop", "") is None and store.online.list() == []


class CorrectedSuite:
    """Rows that say something else by now."""

    def test_what_is_corrected_says_the_new_and_whoever_holds_it_hears(self, opened: Opened) -> None:
        store, other = opened(), opened()
        rows = [sample.online(f"o{n}", subject=f"s{n % 3}", value=1.0 + n) for n in range(6)]
        store.online.load([*rows, sample.online("o1", dataset="other")])
        after = store.online.last_seq()
        new = [replace(rows[1], value=9.0), rows[2], replace(rows[4], item="X")]
        assert store.online.correct(rows[0].dataset, ["o1", "o2", "o3", "o4", "o9"], new) == 3
        feed = other.online.feed(after)
        assert sorted(gone.mark for gone in feed.gone) == sorted(mark_of(s) for s in ("s1", "s0", "s1"))
        assert [(row[1], row[2], row[4]) for row in feed.rows] == [("s1", rows[1].item, 9.0), ("s1", "X", 5.0)]
        left = {e.key: (e.subject, e.item, e.value) for e in other.online.list(dataset=rows[0].dataset)}
        said = {e.key: (e.subject, e.item, e.value) for e in [*rows[:3], rows[5], *new]}
        assert left == said and len(other.online.list(dataset="other")) == 1
        last = store.online.last_seq()
        assert store.online.correct(rows[0].dataset, ["o1", "o2", "o3", "o4"], new) == 0
        assert other.online.last_seq() == last


class AppendSuite:
    def test_many_write_at_once_and_each_gets_its_own(self, opened: Opened) -> None:
        stores = [opened(), opened()]

        def work(n: int) -> list[int]:
            keys = [f"k{n}", f"k{n + 1}"]  # neighbours share a key
            return written(
                stores[n % 2],
                [sample.prediction(f"pred_{n}")],
                [sample.outcome(key) for key in keys],
                [sample.online(key) for key in keys],
            )

        given = together([lambda n=n: work(n) for n in range(16)])  # type: ignore[misc]
        fresh = sorted(seq for seqs in given for seq in seqs if seq)
        assert fresh == sorted(event.seq for event in stores[0].online.list())
        assert len(fresh) == len(set(fresh)) == 17
        assert stores[0].predictions.count() == 16 and stores[1].outcomes.count() == {"": 17}

    def test_one_that_fails_takes_no_other_with_it(self, opened: Opened) -> None:
        store = opened()
        told: dict[int, BaseException | None] = {}
        for n in range(30):
            wrong: Any = {"latency_us": "not a number"} if n % 10 == 3 else {}
            made = sample.prediction(f"pred_{n}", **wrong)
            store.append([made], [], [], lambda error, _, n=n: told.update({n: error}))  # type: ignore[misc]
        store.flush()
        assert sorted(n for n, error in told.items() if error) == [3, 13, 23]
        assert len(told) == 30 and store.predictions.count() == 27

    def test_what_was_met_in_company_of_one_that_fails_is_not_told(self, opened: Opened) -> None:
        store, told = opened(), list[Met]()
        wrong: Any = {"value": None}
        for output, outcomes in ((b"never written", [sample.outcome(**wrong)]), (b"written", [])):
            store.append([sample.prediction("pred_1", output=output)], outcomes, (), met=told.append)
        store.flush()
        assert store.predictions.get("pred_1").output == b"written"
        assert [met.taken for met in told] == [{}]

    def test_a_flush_waits_for_what_nobody_waits_for(self, opened: Opened) -> None:
        store, other = opened(), opened()
        for n in range(50):
            store.append([sample.prediction(f"pred_{n}")], [], [])
        store.flush()
        assert other.predictions.count() == 50

    def test_closing_writes_what_is_queued(self, opened: Opened) -> None:
        store = opened()
        for n in range(50):
            store.append([sample.prediction(f"pred_{n}")], [], [])
        store.close()
        assert opened().predictions.count() == 50

    def test_a_callback_that_fails_harms_nobody(self, opened: Opened) -> None:
        store = opened()

        def fail(error: BaseException | None, seqs: Sequence[int]) -> None:
            raise RuntimeError("in the callback")

        store.append([sample.prediction("pred_1")], [], [], fail)
        written(store, [sample.prediction("pred_2")])
        assert store.predictions.count() == 2

    def test_the_version_tells_that_another_has_written(self, opened: Opened) -> None:
        store, other = opened(), opened()
        before = other.data_version()
        written(store, [sample.prediction()])
        assert before != other.data_version()


class FenceSuite:
    """Who writes by a term of a lease is refused once a later one has begun."""

    def test_an_earlier_term_appends_nothing(self, opened: Opened) -> None:
        frozen, other = opened(), opened()
        frozen.fence_by(Fence("loop", 7))
        written(frozen, [sample.prediction("pred_1")])
        other.fence_by(Fence("loop", 8))
        refused(LeaseLost, lambda: written(frozen, [sample.prediction("pred_2")]))
        refused(LeaseLost, lambda: written(frozen, [sample.prediction(f"pred_{n}") for n in (2, 3)]))
        refused(LeaseLost, lambda: opened().fence_by(Fence("loop", 7)))
        written(opened(), [sample.prediction("pred_9")])
        assert sorted(p.id for p in other.predictions.list()) == ["pred_1", "pred_9"]


class LiveSuite(PredictionsSuite, OutcomesSuite, OnlineSuite, CorrectedSuite, ItemsSuite, AppendSuite, FenceSuite):
    """The whole of it."""
