"""What is found before a training: each kind of leak in tables of all sorts, and nothing in clean ones."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import roc_auc_score

from bench.leaky import LEAKS, MADE, PLANTED, Case, clean, held, planted, roomy
from tidemill.learning.findings.copies import is_earlier
from tidemill.learning.findings.look import Truth
from tidemill.learning.findings.power import power

SMALL = ("logistic", "small", "walk", "kinds", "load_iris", "load_diabetes", "strong")
"""Tables of `make test`: of each sort one. All of them: `python -m bench leakage`, and nightly."""


def table(name: str) -> Case:
    return next(case for case in clean() if case.name == name)


@pytest.mark.parametrize("name", list(SMALL))
def test_a_clean_table_is_not_held(name: str) -> None:
    found = table(name).found()
    assert found.rows > 0 and found.columns > 0
    assert list(found.held) == []


@pytest.mark.parametrize("leak", LEAKS)
@pytest.mark.parametrize("name", ["logistic", "walk", "load_diabetes"])
def test_what_is_planted_is_held(name: str, leak: str) -> None:
    found = planted(leak, table(name)).found()
    assert held(leak, found), (PLANTED[leak], found.found)


@pytest.mark.nightly
@pytest.mark.parametrize("leak", LEAKS)
def test_every_leak_is_held_in_every_table(leak: str) -> None:
    missed = [case.name for case in roomy() if not held(leak, planted(leak, case).found())]
    assert len(missed) <= 2, missed  # where the other columns know as much, or of few rows


@pytest.mark.nightly
@pytest.mark.parametrize("seed", range(3))
def test_hardly_a_clean_table_is_held(seed: int) -> None:
    tables = clean(seed)
    assert sum(bool(case.found().held) for case in tables) <= len(tables) / 20


def causes(n: int, others: float, leak: bool, values: bool = False) -> Case:
    """An honest strong cause, others that know something too and are independent of it; or in its place what follows from the label."""
    rng = np.random.default_rng(3)
    x = rng.normal(size=(n, 4))
    score = 4 * x[:, 0] + others * x[:, 1] + others * x[:, 2] + rng.logistic(size=n)
    y = score if values else np.where(score > 0, "yes", "no")
    strong = (
        (score if values else (score > 0) * 1.0) + rng.normal(size=n) * (2.2 if values else 0.5) if leak else x[:, 0]
    )
    return Case(
        "causes",
        pl.DataFrame({"strong": strong, **{f"x{i}": x[:, i] for i in (1, 2, 3)}, "y": y}),
        "y",
        "regress" if values else "classify",
    )


@pytest.mark.parametrize("values", [False, True])
def test_what_follows_from_the_label_is_held_and_a_cause_as_strong_is_not(values: bool) -> None:
    """Causes that have nothing to do with each other have, once the label is given; what is made of the label has not."""
    assert kinds(causes(1_500, 2.0, leak=True, values=values)) == {"strong": ("follows", True)}
    assert kinds(causes(1_500, 2.0, leak=False, values=values)) == {}


def test_where_nothing_else_knows_of_the_label_what_follows_from_it_is_not_told_from_a_cause() -> None:
    assert kinds(causes(1_500, 0.0, leak=True)) == {}


def test_the_power_of_labels_is_that_of_auc() -> None:
    rng = np.random.default_rng(0)
    true = (rng.random(400) < 0.3).astype(float)
    told = np.round(true + rng.normal(size=400), 1)
    found = power(told[:, None], true[:, None], labels=True)
    assert found.value == pytest.approx(2 * roc_auc_score(true, told) - 1)
    assert found.low < found.value


def test_the_bound_holds_what_it_says() -> None:
    """Of 400 small samples the lower bound is above the truth in at most about one in twenty."""
    rng, above = np.random.default_rng(1), {"labels": 0, "values": 0}
    for _ in range(400):
        true = (rng.random(150) < 0.4).astype(float)
        told = true + rng.normal(size=150) * 0.6
        above["labels"] += power(told[:, None], true[:, None], labels=True).low > 2 * 0.8808 - 1  # AUC = Φ(1/(.6·√2))
        x = rng.normal(size=150)
        y = x + rng.normal(size=150) * 0.5
        above["values"] += power(x[:, None], y[:, None], labels=False).low > 0.8  # 1 / 1.25
    assert above["labels"] <= 30 and above["values"] <= 30


def test_labels_that_are_very_many_are_the_most_frequent() -> None:
    truth = Truth.read(pl.Series("y", [f"l{i}" for i in range(40)] * 2 + ["l0"] * 9), labels=True)
    assert truth.of.shape == (89, 20) and truth.labels is not None and "l0" in truth.labels


def test_an_earlier_value_of_the_target_is_no_copy() -> None:
    y = np.cumsum(np.random.default_rng(0).normal(size=200))
    assert is_earlier(pl.Series(y[:-1]), pl.Series(y[1:])) and not is_earlier(pl.Series(y), pl.Series(y))


def made(**columns: object) -> Case:
    rng = np.random.default_rng(0)
    n = 600
    frame = {"a": rng.normal(size=n), "b": rng.normal(size=n), **dict(columns.items())}
    return Case("made", pl.DataFrame({**frame, "y": np.where(frame["a"] + rng.normal(size=n) > 0, "yes", "no")}), "y")


def kinds(case: Case) -> dict[str, tuple[str, bool]]:
    return {one.column: (one.kind, one.held) for one in case.found().found}


def test_a_column_that_another_one_says_is_told_and_not_held() -> None:
    case = made()
    case = Case("made", case.frame.with_columns((pl.col("b") * 1.8 + 32).alias("b_f")), "y")
    assert kinds(case) == {"b_f": ("doubled", False)}


def test_texts_of_their_own_are_told_and_not_held() -> None:
    assert kinds(made(note=[f"note {i * 7919 % 601} of {i}" for i in range(600)])) == {"note": ("id", False)}


@pytest.mark.parametrize(
    "values",
    [[None] * 600, [1.0] * 600, [float("inf"), 1.0, None] * 200, [True, None] * 300, [1.7e308, -1e308, 0.0, 1.0] * 150],
    ids=["all null", "constant", "infinities", "half empty", "very large"],
)
def test_strange_columns_are_no_findings(values: list[object]) -> None:
    assert kinds(made(odd=pl.Series(values, dtype=pl.Float64 if values[0] is not True else pl.Boolean))) == {}


def test_each_finding_has_a_picture_and_says_what_to_do() -> None:
    for leak in LEAKS:
        for one in planted(leak, MADE[0](np.random.default_rng(0))).found().held:
            assert one.said and one.hint and one.figures and one.shape, one


def test_of_too_few_rows_nothing_is_said() -> None:
    case = made(copy=["x"] * 600)
    assert Case("few", case.frame[:25], "y").found().rows == 0
