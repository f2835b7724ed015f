"""The examination of a table's curves: each model on the same draws, intervals that hold what they say, and the bad cases."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, confusion_matrix, precision_score, recall_score, roc_auc_score

from tidemill.errors import NotEnoughData
from tidemill.evaluation.curves import curves
from tidemill.evaluation.curves.curves import CURVES, Labels, Values, card, look, read
from tidemill.evaluation.port import Look
from tidemill.learning.evaluate import Scored, answers_of
from tidemill.learning.trainer import Report
from tidemill.ops.curved import OpenCurves
from tidemill.types import JsonObject, canonical
from tidemill.web.pages.examined import sections

N = 600


def report(told: Any, truth: Any, metric: str, units: Any) -> Report:
    none = np.zeros(len(truth), np.int64)
    scored = Scored(np.abs(np.asarray(told).reshape(len(truth), -1)[:, -1] - truth), units, none, none > 0)
    return Report({metric: scored}, {}, answers_of(told, truth))


def seen(
    own: Report, baselines: dict[str, Report], metric: str, champion: Report | None = None, **manifest: Any
) -> Look:
    bundle = SimpleNamespace(manifest=manifest)
    settings = SimpleNamespace(metric=metric)
    told = SimpleNamespace(
        own=own, baselines=baselines, settings=settings, seed=3, champion=champion, bundle=bundle, incumbent=bundle
    )
    return cast(Look, told)


def labelled(seed: int = 0, sure: float = 3.0) -> tuple[Any, Any]:
    """(the probability of "yes", whether it came true)."""
    rng = np.random.default_rng(seed)
    logit = sure * rng.normal(size=N)
    return 1 / (1 + np.exp(-logit)), (rng.random(N) < 1 / (1 + np.exp(-logit))).astype(float)


def of_labels(champion: bool = True, threshold: JsonObject | None = None) -> tuple[Look, Any, Any]:
    told, truth = labelled()
    units = np.arange(N) // 2
    weak = 0.5 + 0.3 * (told - 0.5) + 0.3 * (np.random.default_rng(9).random(N) - 0.5)
    one, other = (report(np.column_stack([1 - each, each]), truth, "log_loss", units) for each in (told, weak))
    same = report(np.full((N, 2), 0.5), truth, "log_loss", units)
    given = {"labels": ["no", "yes"]} | ({"threshold": threshold} if threshold else {})
    return seen(one, {"constant": same, "linear": other}, "log_loss", other if champion else None, **given), told, truth


def drawn(look_: Look) -> Labels:
    found = look(look_)
    canonical(found)
    told = read(found)
    assert told is not None and told.labels is not None
    return told.labels


def test_areas_rates_and_confusion_are_scikit_learn_s_of_the_answers_as_they_are_kept() -> None:
    asked, told, truth = of_labels()
    found = drawn(asked)
    kept = np.asarray(told, np.float32)
    own = found.models["candidate"]
    assert found.label == "yes" and list(found.models)[:2] == ["candidate", "champion"]
    assert own.auc is not None and own.auc[0] == pytest.approx(roc_auc_score(truth, kept), abs=1e-5)
    assert own.average_precision is not None
    assert own.average_precision[0] == pytest.approx(average_precision_score(truth, kept), abs=1e-5)
    said = kept > 0.5
    assert found.confusion == confusion_matrix(truth, said).tolist()
    assert own.rates["true positive rate"][0] == pytest.approx(recall_score(truth, said), abs=1e-5)
    assert own.rates["precision"][0] == pytest.approx(precision_score(truth, said), abs=1e-5)
    assert own.rates["false positive rate"][0] == pytest.approx(1 - recall_score(1 - truth, ~said), abs=1e-5)
    for low, at, high in (
        (each[1], each[0], each[2]) for each in (own.auc, own.average_precision, *own.rates.values())
    ):
        assert low <= at <= high and high - low < 0.2


def test_the_difference_to_each_other_model_has_an_interval_that_pairs_the_draws() -> None:
    found = drawn(of_labels()[0])
    own = found.models["candidate"]
    for name in ("champion", "constant"):
        mean, low, high = found.models[name].above["auc"]
        assert low < mean < high and low > 0
        other = found.models[name].auc
        assert own.auc is not None and other is not None and mean == pytest.approx(own.auc[0] - other[0], abs=1e-5)
    assert own.above == {}


def test_the_confusion_is_by_the_threshold_of_the_costs() -> None:
    asked, told, _ = of_labels(threshold={"positive": "no", "at": 0.1, "costs": {}})
    found = drawn(asked)
    assert (found.label, found.threshold) == ("no", 0.1) and found.confusion is not None
    assert sum(row[0] for row in found.confusion) == (np.asarray(1 - told, np.float32) >= 0.1).sum()


def test_where_groups_have_thresholds_of_their_own_the_confusion_is_of_what_each_is_answered() -> None:
    by = {"positive": "yes", "at": 0.5, "by": ["sex"], "groups": {"sex=f": 0.2, "sex=m": 0.8}}
    asked, told, truth = of_labels(threshold=by)
    sex = np.where(np.arange(N) % 2, "f", "m").astype(object)
    scored = {name: replace(one, attributes={"sex": sex}) for name, one in asked.own.scored.items()}
    cast(Any, asked).own = replace(asked.own, scored=scored)
    found, said = drawn(asked), np.asarray(told, np.float32) >= np.where(sex == "f", 0.2, 0.8)
    assert found.confusion == confusion_matrix(truth, said).tolist() and found.by == ("sex",)
    rates = found.models["candidate"].rates
    assert rates["true positive rate"][0] == pytest.approx(recall_score(truth, said), abs=1e-5)


def test_bands_hold_the_curve_of_many_rows() -> None:
    """Of 20 samples the true curve lies within the bands at a point in the middle nearly always."""
    truth_at = 0.0
    many = [labelled(seed) for seed in range(100, 130)]
    whole = np.concatenate([each[0] for each in many]), np.concatenate([each[1] for each in many])
    truth_at = float(roc_auc_score(whole[1], whole[0]))
    inside = 0
    for seed in range(20):
        told, truth = labelled(seed)
        own = report(np.column_stack([1 - told, told]), truth, "log_loss", np.arange(N))
        auc = drawn(seen(own, {}, "log_loss", labels=["no", "yes"])).models["candidate"].auc
        assert auc is not None
        inside += auc[1] <= truth_at <= auc[2]
    assert inside >= 17


def test_of_more_labels_the_most_frequent_one_is_watched_and_the_confusion_is_of_all() -> None:
    rng = np.random.default_rng(0)
    truth = rng.choice(3, N, p=[0.2, 0.5, 0.3]).astype(float)
    truth[:5] = -1  # labels that training never saw
    told = rng.dirichlet([1, 1, 1], N)
    found = drawn(seen(report(told, truth, "log_loss", np.arange(N)), {}, "log_loss", labels=["a", "b", "c"]))
    assert found.label == "b" and found.n == N - 5 and np.array(found.confusion).sum() == N - 5


def test_a_test_with_one_label_alone_has_no_curves_and_says_so() -> None:
    told, truth = labelled()
    own = report(np.column_stack([1 - told, told]), truth * 0, "log_loss", np.arange(N))
    with pytest.raises(NotEnoughData):
        look(seen(own, {}, "log_loss", labels=["no", "yes"]))


def test_a_champion_with_other_labels_is_not_laid_beside() -> None:
    asked, _, _ = of_labels()
    cast(Any, asked).incumbent = SimpleNamespace(manifest={"labels": ["no", "maybe"]})
    assert "champion" not in drawn(asked).models


def of_values() -> Look:
    rng = np.random.default_rng(0)
    truth = rng.normal(10, 3, N)
    good, bad = truth + rng.normal(0.5, 1, N), np.full(N, 10.0)
    own, other = (report(each[:, None], truth, "mae", np.arange(N)) for each in (good, bad))
    return seen(own, {"constant": other}, "mae")


def values(asked: Look) -> Values:
    told = read(look(asked))
    assert told is not None and told.values is not None
    return told.values


def test_values_have_residuals_by_what_was_predicted_beside_the_simple_model_s() -> None:
    found = values(of_values())
    own, other = found.models["candidate"], found.models["constant"]
    assert own.bias[1] < 0.5 < own.bias[2] and own.half[1] < own.half[0] < own.half[2]
    assert len(own.by_predicted) == 10 and sum(each.n for each in own.by_predicted) == N
    assert len(other.by_predicted) == 1, "one value is one bin"
    assert all(each.at[2] <= each.at[1] <= each.at[3] and each.spread > 0 for each in own.by_predicted)
    assert len(found.cloud) <= 200


@pytest.mark.parametrize("asked", [of_labels()[0], of_values()], ids=["labels", "values"])
def test_the_page_the_notebook_and_the_card_show_the_same(asked: Look) -> None:
    found = look(asked)
    (section,) = sections({"curves": found})
    assert section.section.name == CURVES.name and len(section.x.pictures) >= 2
    assert section.x.key[0][0] == "candidate"
    opened = OpenCurves(found)
    assert opened.frame().height > 10 and opened._repr_html_().count("<polyline") >= 2
    assert all(line in card(found) for line in curves.said(cast(Any, read(found))))


def test_what_could_not_be_made_says_why() -> None:
    (section,) = sections({"curves": {"error": "one label <alone>"}})
    assert section.error and "&lt;alone&gt;" in OpenCurves({"error": "<alone>"})._repr_html_()
    assert sections({}) == [] and OpenCurves(None).frame().height == 0
