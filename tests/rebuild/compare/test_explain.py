"""Which difference between two versions explains their metrics, where it is known which does."""

from __future__ import annotations

import numpy as np
import pytest

from tests.rebuild.loans import LINE, past, sixty
from tidemill.access.caller import Caller
from tidemill.errors import BadRequest
from tidemill.ops import bisects, comparisons, models
from tidemill.rebuild.bisect.asked import Compared
from tidemill.rebuild.compare.terms import CORNERS, shares
from tidemill.scope.project import Project


def explained(project: Project, one: str = "1", other: str = "2") -> Compared:
    return comparisons.explain(project, Caller.local(), one, other, lambda kind, data: None).report


def of(found: Compared, kind: str) -> float:
    return next((term["adds"] for term in found.terms if term["kind"] == kind), 0.0)


def adds_up(found: Compared, kind: str) -> None:
    """What made it worse is the greatest term, and all of them are the whole."""
    on_fixed = [term for term in found.terms if term["kind"] != "window"]
    assert max(on_fixed, key=lambda term: term["adds"])["kind"] == kind
    assert of(found, kind) > 0.8 * found.whole["adds"] > 0
    assert sum(term["adds"] for term in on_fixed) == pytest.approx(found.whole["adds"], abs=1e-9)
    assert found.figures[0] + sum(term["adds"] for term in found.terms) == pytest.approx(found.figures[2], abs=1e-9)
    assert of(found, "code and environment") == pytest.approx(0.0, abs=1e-9), "both were made here"


def test_of_a_spoiled_file_the_data_explain_it(spoiled):
    adds_up(explained(spoiled), "data")
    assert comparisons.ls(spoiled).items


def test_of_another_recipe_the_parameters_explain_it_the_list_names_it_and_a_bisect_finds_it(loans):
    past(loans), sixty(loans, recipe={**LINE, "l2": 1e9})
    adds_up(explained(loans), "parameters")
    found = models.compare(loans, "1", "2")["differences"]
    assert {one["kind"] for one in found} == {"window", "data", "parameters"}
    (recipe,) = (one for one in found if one["kind"] == "parameters")
    assert (recipe["what"], recipe["one"], recipe["other"]) == ("recipe.l2", LINE["l2"], 1e9)
    traced = bisects.bisect(
        loans, Caller.local(), bisects.Asked("1", "2", by="parameters"), lambda kind, data: None
    ).report
    assert (traced.ended, [part.name for part in traced.left]) == ("found", ["recipe.l2"])


def test_a_version_is_never_asked_a_test_that_it_has_learned_from(spoiled):
    with pytest.raises(BadRequest) as refused:
        explained(spoiled, "2", "1")
    assert "model:loans@1 model:loans@2" in refused.value.hint


def test_shares_are_shapley_values():
    """Against the definition: the mean over every order of what a kind adds when it comes."""
    rng = np.random.default_rng(0)
    corners = {name: rng.normal(size=50) for name in CORNERS}
    found = shares(corners, corners[""], corners["data parameters"])
    value = {frozenset(name.split()): values for name, values in corners.items()}
    for kind in ("data", "parameters"):
        (other,) = {"data", "parameters"} - {kind}
        first = value[frozenset([kind])] - value[frozenset()]
        last = value[frozenset(["data", "parameters"])] - value[frozenset([other])]
        assert np.allclose(found[kind], (first + last) / 2)
    assert np.allclose(found["code and environment"], 0.0)
