"""Contributions of built-in recommenders sum to the score, and each is what its formula says."""

from __future__ import annotations

import math
from functools import cache, partial
from typing import Any, NamedTuple

import lightgbm
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tasks.ranking.made import shop
from tests.tasks.ranking.test_own import built
from tests.tasks.ranking.test_rank import plainly, ranking
from tidemill.data.contract.contract import Contract
from tidemill.errors import ContractError, ModelError
from tidemill.features.online import History
from tidemill.learning.search import Settings
from tidemill.store.artifacts.codecs import Bundle
from tidemill.tasks.port import EXPLAINED, Contribution, Question, Reason
from tidemill.tasks.ranking import learners
from tidemill.tasks.ranking.because import by_row, shares_of
from tidemill.tasks.ranking.bundle import bundle_of
from tidemill.tasks.ranking.interactions import table_of
from tidemill.tasks.ranking.rank import POPULAR, RecommendScorer, best_of
from tidemill.tasks.ranking.ranker import NAMES, RankerScorer
from tidemill.tasks.ranking.sentence import PARTS, because, chosen
from tidemill.tasks.ranking.serving import RECOMMEND, ItemsRequest, answer
from tidemill.tasks.ranking.sessions import JUST, SessionScorer
from tidemill.tasks.ranking.traced import BEHIND, NEW
from tidemill.tasks.ranking.training import open_trainer
from tidemill.tasks.table import load
from tidemill.types import DAY

HALF, AT = 30 * DAY, 201 * DAY
NAMED = [f"i{n:03}" for n in range(0, 40, 3)]


class Row(NamedTuple):
    item: str
    at: int
    value: float = 1.0


rows = st.lists(
    st.builds(Row, st.sampled_from([*NAMED, "a-new", "z-new"]), st.integers(0, 202).map(lambda d: d * DAY), st.sampled_from([1.0, 2.0, -1.0, 0.0])),
    max_size=12,
)  # fmt: skip


@cache
def fitted(method: str) -> Any:
    """As it is served: read back from its bundle. Few candidates, so that some answers stand behind them."""
    recipe = {**learners.recipe_of(method, HALF), **({"candidates": 15} if method == "ranker" else {})}
    data = shop(users=120)
    bundle = bundle_of(learners.fit(recipe, data), recipe, data.end)
    return load(Bundle({**bundle.manifest, "files": {}}, bundle.files))


def known(history: list[Row]) -> History:
    found = History()
    found.load([(seq, "u", row.item, row.at, row.value) for seq, row in enumerate(history, 1)])
    return found


@pytest.mark.parametrize("method", learners.METHODS)
@settings(max_examples=60)
@given(history=rows, k=st.integers(1, 45))
def test_shares_sum_to_the_score_by_item_and_by_row(method: str, history: list[Row], k: int) -> None:
    scorer, told = fitted(method), known(history)
    items, values = told.items("u", AT, HALF)
    times = partial(told.times, "u", AT)
    names, scores = best_of(scorer, items, values, AT, k, times)
    shares = shares_of(scorer, names, items, values, AT, times)
    assert np.abs(shares.total - scores).max() <= 1e-9
    each = by_row(scorer, shares.history, items, history, AT)
    assert each.shape == (len(history), len(names))
    np.testing.assert_allclose(each.sum(axis=0), shares.history.sum(axis=0), atol=1e-12)
    uncounted = [nth for nth, row in enumerate(history) if row.value <= 0 or row.at >= AT]
    assert not each[uncounted].any()


@given(
    st.integers(0, 30),
    st.dictionaries(st.sampled_from([f"i{n:02}" for n in range(12)] + ["a-new"]), st.floats(0.01, 5), max_size=8),
)
def test_an_item_s_share_is_its_term_of_the_formula(seed: int, history: dict[str, float]) -> None:
    """With a linear history (any power of each count, but no two items in one term) it is what leaving the item out changes."""
    r, names = ranking(seed), sorted(history)
    wanted = [*r.items, *(["a-new"] if r.again else [])]
    shares = RecommendScorer(r, 100).shares(wanted, names, np.array([history[name] for name in names]))
    whole = plainly(r, history)
    for nth, name in enumerate(names):
        without = plainly(r, {item: count for item, count in history.items() if item != name})
        expected = [whole.get(one, 0.0) - without.get(one, 0.0) for one in wanted]
        np.testing.assert_allclose(shares.history[nth], expected, atol=1e-9)
    np.testing.assert_allclose(shares.parts[POPULAR], [plainly(r, {}).get(one, 0.0) for one in wanted])


def test_trees_say_by_column_what_lightgbm_says() -> None:
    scorer: RankerScorer = fitted("ranker")
    told = known([Row("i003", 10 * DAY), Row("i003", 150 * DAY), Row("i030", 190 * DAY), Row("a-new", 195 * DAY)])
    items, values = told.items("u", AT, HALF)
    names, x = scorer.rows(items, values, AT, told.times("u", AT))
    shares = scorer.shares(names, items, values, AT, told.times("u", AT))
    oracle = lightgbm.Booster(model_str=scorer.ranker.trees.decode()).predict(x, pred_contrib=True)
    assert isinstance(oracle, np.ndarray) and shares.base == pytest.approx(oracle[0, -1], abs=1e-12)
    for place, name in enumerate(NAMES):
        np.testing.assert_allclose(shares.features[name], oracle[:, place], atol=1e-12)
    own = {name: place for place, name in enumerate(names) if name in items}
    assert own and all(shares.parts[NEW][place] == 0.0 for place in own.values())
    assert not np.any(shares.parts.get(BEHIND, 0.0)), "each of these is a candidate"


def test_the_session_of_an_item_is_its_term_of_the_sum() -> None:
    """In loops: of each near session that holds the item its term of the nearness, times what the session says."""
    scorer: SessionScorer = fitted("sessions")
    told = known([Row("i003", 190 * DAY), Row("i030", 195 * DAY), Row("nowhere", 196 * DAY), Row("i024", 199 * DAY)])
    items, values = told.items("u", AT, HALF)
    s, wanted = scorer.sessions, ["i021", "i033", "i024", "i003"]
    shares = scorer.shares(wanted, items, values, AT, told.times("u", AT))
    last = ["i024", "nowhere", "i030"]
    code = {name: place for place, name in enumerate(s.items)}
    spans = [
        set(s.holders[s.begins[code[one]] : s.begins[code[one] + 1]].tolist()) if one in code else set() for one in last
    ]
    near = {n: sum(1 - p / 3 for p in range(3) if n in spans[p]) for n in set().union(*spans)}
    newest = sorted(near)[-s.sample :]
    chosen = sorted(newest, key=lambda n: (-near[n], -n))[: s.nearest]
    for place, item in enumerate(last):
        for nth, name in enumerate(wanted):
            expected = 0.0
            for n in chosen:
                if n in spans[place] and code[name] in s.members[s.starts[n] : s.starts[n + 1]]:
                    first = min(p for p in range(3) if n in spans[p])
                    expected += (1 - place / 3) * (0.9 - 0.1 * first) * s.idf[code[name]]
            assert shares.history[items.index(item), nth] == pytest.approx(expected, abs=1e-12)
    assert shares.total[2] == -1.0 and shares.parts[JUST][2] < -1.0, "taken last, it is not said again"
    assert not shares.history[items.index("i003")].any(), "only the last three are looked at"


def asked(method: str, history: list[Row], k: int = 20, recent: tuple[str, ...] = ()) -> tuple[Any, Question]:
    scorer, told = fitted(method), known(history)
    request = ItemsRequest(subject="u", k=k, recent=recent)
    return scorer, Question(request, told, AT, len(history), answer(scorer, request, told, AT, len(history)).output)


@pytest.mark.parametrize("method", learners.METHODS)
@settings(max_examples=40)
@given(history=rows, k=st.integers(1, 30), recent=st.lists(st.sampled_from([*NAMED, "nowhere"]), max_size=3))
def test_an_explanation_adds_up_and_its_sentence_says_what_the_numbers_say(
    method: str, history: list[Row], k: int, recent: list[str]
) -> None:
    scorer, question = asked(method, history, k, tuple(recent))
    found = RECOMMEND.contributions(scorer, question)
    assert [one.answer for one in found.reasons] == question.output["items"][:EXPLAINED]
    for reason, score in zip(found.reasons, question.output["scores"]):
        total = reason.base + sum(one.value for one in reason.contributions)
        assert reason.score == score and abs(total - score) <= 1e-9 and reason.error <= 1e-9
        assert all(one.value for one in reason.contributions)
        text = RECOMMEND.sentence(scorer, question, reason, {})
        named, rest = chosen(reason), [one for one in reason.contributions if one.kind == "history"]
        assert all(one.value > 0 for one in named) and text.startswith(f"You see “{reason.answer}”")
        for one in named:
            assert (PARTS[one.what] if one.kind == "part" else one.what) in text
        places = [
            text.index(PARTS[one.what] if one.kind == "part" else _said(one.what, reason.answer)) for one in named
        ]
        assert places == sorted(places), "the greatest first"
        least = min((one.value for one in named), default=0.0)
        for one in rest:
            if one not in named:
                assert one.value <= least or not named
                assert one.what == reason.answer or f"“{one.what}”" not in text, "what adds less is not named"


def _said(item: str, answered: str) -> str:
    return "you bought it " if item == answered else f"you bought “{item}”"


def test_a_sentence_says_when() -> None:
    history = [Row("i003", 10 * DAY), Row("i003", 150 * DAY)]
    scorer, question = asked("buy_again", history, 1, ("i006",))
    (reason,) = RECOMMEND.contributions(scorer, question).reasons
    assert RECOMMEND.sentence(scorer, question, reason, {}) == "You see “i006” because you bought it just now."
    scorer, question = asked("buy_again", history, 1)
    (reason,) = RECOMMEND.contributions(scorer, question).reasons
    assert reason.contributions[0].at == "1970-05-31T00:00:00Z"
    assert RECOMMEND.sentence(scorer, question, reason, {}) == "You see “i003” because you bought it on 31 May 1970."


def test_a_stranger_sees_what_is_popular_and_what_comes_last_is_said_to() -> None:
    scorer, question = asked("popularity", [], 1)
    (reason,) = RECOMMEND.contributions(scorer, question).reasons
    assert RECOMMEND.sentence(scorer, question, reason, {}).endswith("because it is popular.")
    scorer, question = asked("ranker", [Row("i003", 150 * DAY)], 20)
    last = RECOMMEND.contributions(scorer, question).reasons[-1]
    assert [one.what for one in last.contributions] == [BEHIND]
    assert RECOMMEND.sentence(scorer, question, last, {}).endswith("after what suits you better.")


OWN = """
import numpy as np

class my_learner:
    '''An item is worth what its neighbour was bought, and half as much more where both are there: known Shapley values.'''

    def fit(self, train):
        return {"popular": np.bincount(train.item, minlength=len(train.items)).astype(float)}

    def score(self, state, items, values, at, k):
        names = state["items"].tolist()
        scores = state["popular"] / 1000
        pair = 2.0 if {"i003", "i006"} <= set(items) else 0.0
        for item in items:
            if item in names:
                scores[names.index(item)] += 3.0
        scores[names.index("i009")] += pair + len(items)
        best = np.argsort(-scores, kind="stable")[:k]
        return [names[i] for i in best], scores[best]
"""


def own(source: str) -> Any:
    return load(built(source)[1])


def test_a_learner_of_one_s_own_is_sampled_and_adds_up() -> None:
    scorer, told = own(OWN), known([Row("i003", 10 * DAY), Row("i006", 20 * DAY), Row("i012", 30 * DAY)])
    request = ItemsRequest(subject="u", k=3)
    question = Question(request, told, AT, 3, answer(scorer, request, told, AT, 3).output)
    found = RECOMMEND.contributions(scorer, question)
    assert found.method == "sampled_shapley" and found.samples > 0
    (first,) = (one for one in found.reasons if one.answer == "i009")
    by = {one.what: one.value for one in first.contributions}
    assert first.base == pytest.approx(scorer._state["popular"][9] / 1000), "what a stranger is told"
    assert by == pytest.approx({"i003": 2.0, "i006": 2.0, "i012": 1.0}, abs=1e-9), (
        "pairs of orders share evenly what two do"
    )
    assert first.base + sum(by.values()) == pytest.approx(first.score, abs=1e-9) and first.error <= 1e-9
    again = RECOMMEND.contributions(scorer, question._replace(samples=found.samples))
    assert again == found, "so many samples again are the same"
    text = RECOMMEND.sentence(scorer, question, first, {})
    assert text.startswith("You see “i009” because you bought “i003” on 11 January 1970, you bought “i006”")


def test_a_slow_learner_of_one_s_own_is_given_up_within_its_first_order(monkeypatch: pytest.MonkeyPatch) -> None:
    scorer, told = own(OWN), known([Row("i003", 10 * DAY), Row("i006", 20 * DAY)])
    request, asked = ItemsRequest(subject="u", k=3), list[int]()
    question = Question(request, told, AT, 2, answer(scorer, request, told, AT, 2).output, -math.inf)
    monkeypatch.setattr(scorer, "recommend", lambda *_: asked.append(1))
    with pytest.raises(ModelError):
        RECOMMEND.contributions(scorer, question)
    assert not asked


def test_nothing_in_an_item_s_name_steers_what_shows_the_sentence() -> None:
    made = (Contribution("mug\x1b[2J\u202e", 1.0, "history", at="2011-03-04T10:00:00Z"),)
    assert because(Reason("lamp\n", 1.0, 0.0, made, 0.0), ()).isprintable()


def test_a_stranger_of_a_learner_of_one_s_own_has_its_base_alone() -> None:
    scorer, told = own(OWN), known([])
    request = ItemsRequest(subject="u", k=2)
    found = RECOMMEND.contributions(scorer, Question(request, told, AT, 0, answer(scorer, request, told, AT, 0).output))
    assert all(one.score == one.base and not one.contributions for one in found.reasons)


def test_a_learner_that_does_not_score_an_item_does_not_say() -> None:
    scorer = own(
        OWN.replace(
            "return [names[i] for i in best], scores[best]", "return [names[i] for i in best][:5], scores[best][:5]"
        )
    )
    told, request = known([Row("i003", 10 * DAY), Row("i037", 20 * DAY)]), ItemsRequest(subject="u", k=5)
    question = Question(request, told, AT, 2, answer(scorer, request, told, AT, 2).output)
    with pytest.raises(ModelError):
        RECOMMEND.contributions(scorer, question)


CONTRACT = """\
apiVersion: v3.0.2
kind: DataContract
id: sales
version: 1.0.0
schema:
  - name: sales
    properties:
      - { name: who, logicalType: string, required: true, customProperties: [{ property: tidemill.role, value: subject }] }
      - { name: sku, logicalType: string, required: true, customProperties: [{ property: tidemill.role, value: item }] }
      - { name: at, logicalType: timestamp, required: true, customProperties: [{ property: tidemill.role, value: time }] }
      - { name: text, logicalType: string, customProperties: [{ property: tidemill.role, value: title }] }
"""


def test_items_are_called_what_the_rows_said_last() -> None:
    data = shop(users=40)
    names = [data.items[i] for i in data.item]
    old = data.at < 100 * DAY
    texts = [None if item == "i002" else f"{'old' if was else 'new'} {item}" for item, was in zip(names, old)]
    frame = pl.DataFrame({"who": [data.users[u] for u in data.user], "sku": names, "at": data.at, "text": texts})
    frame = frame.with_columns(pl.col("at").cast(pl.Datetime("us"))).sample(fraction=1.0, shuffle=True, seed=1)
    rows = table_of(frame, Contract.parse(CONTRACT))
    assert len(rows) == len(frame), "a row without a name counts"
    trainer = open_trainer(rows, Settings("recommend", "ndcg@10", None, 1, 0, {"half_life": HALF}))
    scorer = load(trainer.fit(learners.recipe_of("buy_again", HALF), data.end))
    last = dict(zip(names, data.at.tolist()))
    bought = next(item for item in NAMED if last.get(item, 0) > 100 * DAY)
    assert scorer.titles[bought] == f"new {bought}" and "i002" not in scorer.titles
    told, request = known([Row(bought, 150 * DAY)]), ItemsRequest(subject="u", k=1)
    question = Question(request, told, AT, 1, answer(scorer, request, told, AT, 1).output)
    (reason,) = RECOMMEND.contributions(scorer, question).reasons
    assert RECOMMEND.sentence(scorer, question, reason, {}).startswith(
        f"You see “new {bought}” because you bought it on"
    )
    without = table_of(frame.drop("text"), Contract.parse(CONTRACT))
    assert (
        "titles.json"
        not in open_trainer(without, trainer.settings).fit(learners.recipe_of("buy_again", HALF), data.end).files
    )


def test_a_title_is_a_text() -> None:
    with pytest.raises(ContractError):
        Contract.parse(CONTRACT.replace("text, logicalType: string", "text, logicalType: integer"))


def test_an_item_that_a_rule_brought_is_not_said_to_be_chosen_for_the_person() -> None:
    reason = Reason("lamp", 4.0, 0.0, (Contribution("mug", 3.0, "history", at="2011-03-04T10:00:00Z"),), 0.0)
    chosen = because(reason, ())
    assert because(reason, (), moved=["own brand"]) == chosen and "mug" in chosen
    for rule in ("exposure", "popularity"):
        assert "mug" not in because(reason, (), moved=[rule]) and "lamp" in because(reason, (), moved=[rule])
