"""Which pictures a version's page has, by what its run kept of the test."""

from __future__ import annotations

import re
from typing import Any, cast

import numpy as np
import pytest

from tidemill.errors import Damaged
from tidemill.scope.project import Project
from tidemill.store.records import ModelVersion
from tidemill.web.pages import diagnosis
from tidemill.web.pages.diagnosis import Kept

RNG = np.random.default_rng(0)


def drawn(monkeypatch: pytest.MonkeyPatch, kept: Any) -> dict[str, str]:
    """Headings and pictures of answers that were kept so."""
    monkeypatch.setattr(diagnosis, "_kept", lambda project, model: kept)
    found = diagnosis.pictures(cast(Project, None), cast(ModelVersion, None))
    assert all('class="axis"' in picture and "tabindex" in picture for _, picture in found)
    return {name: str(picture) for name, picture in found}


def of_labels(n: int, rows: int = 300) -> Kept:
    told = RNG.dirichlet([1.0] * n, rows)
    return Kept(told, RNG.integers(0, n, rows).astype(float), [f"label <{i}>" for i in range(n)])


def test_two_labels(monkeypatch: pytest.MonkeyPatch) -> None:
    found = drawn(monkeypatch, of_labels(2))
    assert list(found) == ["ROC", "Calibration", "Confusion"]
    assert re.search(r"Area 0\.\d{3}, of label &lt;1&gt;", found["ROC"])
    counts = re.findall(r"answered with label &lt;\d&gt;: (\d+) of", found["Confusion"])
    assert len(counts) == 4 and sum(map(int, counts)) == 300


def test_more_labels_than_a_matrix_has_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    assert list(drawn(monkeypatch, of_labels(40))) == ["ROC", "Calibration"]


def test_one_label_in_the_test_has_no_roc(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = of_labels(2)
    assert list(drawn(monkeypatch, kept._replace(truth=kept.truth * 0))) == ["Calibration", "Confusion"]


def test_where_labels_have_costs_the_matrix_is_of_what_was_answered_and_the_curves_of_the_positive_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The first label is the positive one, and answered from a tenth on: as the server does."""
    kept = of_labels(2)._replace(threshold={"positive": "label <0>", "at": 0.1})
    found = drawn(monkeypatch, kept)
    assert re.search(r"Area 0\.\d{3}, of label &lt;0&gt;", found["ROC"])
    counts = [int(n) for n in re.findall(r"answered with label &lt;\d&gt;: (\d+) of", found["Confusion"])]
    assert counts[0] + counts[2] == (kept.told[:, 0] >= 0.1).sum()


def test_values(monkeypatch: pytest.MonkeyPatch) -> None:
    truth = RNG.normal(size=500)
    found = drawn(monkeypatch, Kept(truth[:, None] + 2.0, truth, []))
    assert list(found) == ["Residuals"] and "on average 2 too high" in found["Residuals"]


def test_nothing_kept_is_no_picture_and_damaged_bytes_are_none_either(monkeypatch: pytest.MonkeyPatch) -> None:
    assert drawn(monkeypatch, None) == {}

    def damaged(project: Project, model: ModelVersion) -> None:
        raise Damaged("bytes are gone")

    monkeypatch.setattr(diagnosis, "_kept", damaged)
    assert diagnosis.pictures(cast(Project, None), cast(ModelVersion, None)) == []
