"""Contributions of trees against the package `shap`, where it is installed: 450 MB, so that no daily run asks for it."""

from __future__ import annotations

import lightgbm
import numpy as np
import pytest

from tests.tasks.tabular.test_trees import fitted

shap = pytest.importorskip("shap")
pytestmark = [pytest.mark.nightly, pytest.mark.filterwarnings("ignore")]


@pytest.mark.parametrize("task", ["regress", "binary", "multi"])
def test_trees_say_what_shap_says(task: str) -> None:
    table, bundle, scorer, _ = fitted(task)
    x = table.encoded(scorer.inputs, np.arange(0, len(table), 3))
    own = lightgbm.Booster(model_str=bundle.files["model.txt"].decode())
    theirs = shap.TreeExplainer(own, feature_perturbation="tree_path_dependent")
    told = theirs.shap_values(x)
    values = np.asarray(told)
    if isinstance(told, list):  # of two labels one for each, which are the same with the sign turned
        values = np.moveaxis(values, 0, 1)
    else:
        values = values[:, None, :] if values.ndim == 2 else np.moveaxis(values, -1, 1)
    found = scorer.contributed(x)
    np.testing.assert_allclose(found.by, values[:, -found.by.shape[1] :], atol=1e-6)
    np.testing.assert_allclose(found.base[0], np.ravel(theirs.expected_value)[-found.by.shape[1] :], atol=1e-6)
