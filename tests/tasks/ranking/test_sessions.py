"""Nearest sessions against the paper's sums in plain loops."""

from __future__ import annotations

import math
from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.raised import raised
from tidemill.errors import ModelError
from tidemill.features.online import History
from tidemill.store.artifacts.codecs import Bundle, decode, encode
from tidemill.tasks.ranking import learners
from tidemill.tasks.ranking.bundle import bundle_of
from tidemill.tasks.ranking.interactions import Interactions
from tidemill.tasks.ranking.sessions import SessionScorer
from tidemill.tasks.table import load
from tidemill.types import DAY, JsonObject

HOUR = DAY // 24


clicks = st.lists(
    st.tuples(st.sampled_from("uvwx"), st.sampled_from("abcdef"), st.integers(0, 60)), min_size=1, max_size=60
)


def recipe(**given: object) -> JsonObject:
    return {**learners.recipe_of("sessions", DAY), **given}


def sessions_of(rows: list[tuple[str, str, int]], gap: int) -> list[tuple[int, int, set[str]]]:
    """(last moment, order of its beginning, items) of each session of two items or more."""
    found: list[tuple[int, int, set[str]]] = []
    for subject in sorted({one[0] for one in rows}):
        last: int | None = None
        for at, item in sorted((at, item) for who, item, at in rows if who == subject):
            if last is None or at - last > gap:
                found.append((at, len(found), set()))
            found[-1] = (at, found[-1][1], found[-1][2] | {item})
            last = at
    return sorted((one for one in found if len(one[2]) > 1), key=lambda one: one[:2])


def by_hand(rows: list[tuple[str, str, int]], last: list[str], said: JsonObject) -> dict[str, float]:
    """The paper's sums."""
    known = [items for _, _, items in sessions_of(rows, 10)]
    held: dict[str, list[int]] = defaultdict(list)
    for number, items in enumerate(known):
        for item in items:
            held[item].append(number)
    near: dict[int, float] = defaultdict(float)
    first: dict[int, int] = {}
    for place, item in enumerate(last):
        for number in held[item][-said["sample"] :]:
            near[number] += 1 - place / len(last)
            first.setdefault(number, place)
    newest = sorted(near)[-said["sample"] :]
    chosen = sorted(newest, key=lambda number: (-near[number], -number))[: said["nearest"]]
    scores: dict[str, float] = defaultdict(float)
    for number in chosen:
        for item in known[number]:
            idf = math.log(len(known) / len(held[item])) ** said["rare"]
            scores[item] += near[number] * max(0.9 - 0.1 * first[number], 0.0) * idf
    return scores


@settings(max_examples=200)
@given(
    clicks,
    st.lists(st.sampled_from("abcdefz"), min_size=1, max_size=4, unique=True),
    st.integers(1, 4),
    st.integers(1, 5),
    st.integers(1, 3),
)
def test_scores_are_the_papers(
    rows: list[tuple[str, str, int]], last: list[str], sample: int, nearest: int, recent: int
) -> None:
    rows = list(dict.fromkeys(rows))
    users, items, hours = zip(*rows, strict=True)
    data = Interactions.of(users, items, np.array(hours) * HOUR)
    said = recipe(gap_hours=10.0, sample=sample, nearest=nearest, recent=recent, again=True, rare=1.0)
    sessions = learners.fit(said, data)
    assert type(sessions).__name__ == "Sessions"
    code = {name: place for place, name in enumerate(data.items)}
    mine = sessions.scores(np.array([code.get(item, -1) for item in last], np.int64)) - sessions.base  # type: ignore[union-attr, operator]
    expected = by_hand(rows, last[:recent], said)
    assert mine.tolist() == pytest.approx([expected[item] for item in data.items], abs=1e-9)


@pytest.fixture
def scorer() -> SessionScorer:
    """Who takes the pan takes the lid next; bread goes with butter."""
    rows = [(f"s{n}", item, n * 10 + k) for n in range(30) for k, item in enumerate(("pan", "lid"))]
    rows += [(f"t{n}", item, n * 10 + k) for n in range(30) for k, item in enumerate(("bread", "butter"))]
    users, items, hours = zip(*rows, strict=True)
    data = Interactions.of(users, items, np.array(hours) * HOUR)
    bundle = bundle_of(learners.fit(recipe(), data), recipe(), data.end)
    found = load(Bundle({**bundle.manifest, "files": {}}, bundle.files))
    assert isinstance(found, SessionScorer)
    return found


def history(*items: str) -> History:
    known = History()
    known.load([(seq, "u", item, seq * HOUR, 1.0) for seq, item in enumerate(items, 1)])
    return known


def test_what_was_taken_last_says_what_comes_and_is_not_said_again(scorer: SessionScorer) -> None:
    known, now = history("butter", "pan"), DAY
    items, values = known.items("u", now, DAY)
    answer, scores = scorer.recommend(items, values, now, 4, known.times("u", now))
    assert answer[0] == "lid" and answer[-1] == "pan" and "butter" in answer
    assert (np.diff(scores) <= 0).all()
    assert sorted(scorer.recommend([], values[:0], now, 4)[0]) == sorted(answer), "a stranger gets what is popular"


def test_a_bundle_of_sessions_that_do_not_fit_is_refused(scorer: SessionScorer) -> None:
    data = Interactions.of(["u", "u"], ["a", "b"], [0, 1])
    good = bundle_of(learners.fit(recipe(), data), recipe(), data.end)
    arrays = decode("arrays", good.files["sessions.npz"])
    for name, wrong in (
        ("members", arrays["members"] + 5),
        ("begins", arrays["begins"][::-1]),
        ("idf", arrays["idf"][:1]),
    ):
        broken = encode("arrays", {**arrays, name: wrong})
        with raised(ModelError, "", hint=False):
            load(Bundle(good.manifest, {**good.files, "sessions.npz": broken}))


def test_the_order_of_what_was_taken_is_needed(scorer: SessionScorer) -> None:
    with raised(ModelError, "", hint=False):
        scorer.recommend(["pan"], np.ones(1), DAY, 3)
