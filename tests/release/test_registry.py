"""Names for models."""

from __future__ import annotations

import pytest

from tests.release.made import add_model, hold
from tidemill.errors import NotFound
from tidemill.model import registry
from tidemill.release.rollout import rollout
from tidemill.store.records import Verdict


@pytest.fixture
def shop(project):
    for version in (1, 2, 3):
        add_model(
            project,
            version,
            recipe={"method": "blend", "knn": version, "gone": 1} if version < 3 else {"method": "ease"},
        )
    rollout.begin(project, hold(project, project.store.models.get("model:shop@2"), "r2").id, 0)
    return project


@pytest.mark.parametrize(
    ("text", "version"),
    [("champion", 2), ("latest", 3), ("3", 3), ("v1", 1), ("shop@1", 1), ("model:shop@3", 3), (" 2 ", 2)],
)
def test_resolve(shop, text, version):
    assert registry.resolve(shop, text).version == version


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("champoin", "did you mean 'champion'?"),
        ("4", "known: 1, 2, 3, champion, latest"),
        ("bank@1", "no model is built yet: tidemill run"),
    ],
)
def test_a_name_that_is_none_says_what_there_is(shop, text, hint):
    with pytest.raises(NotFound) as raised:
        registry.resolve(shop, text)
    assert raised.value.hint == hint


def test_before_the_first_model(project):
    for text in ("latest", "champion", "1"):
        with pytest.raises(NotFound) as raised:
            registry.resolve(project, text)
        assert "tidemill run" in raised.value.hint


def test_two_versions_side_by_side(shop):
    verdict = Verdict("v1", "model:shop@3", "refit", "quality", False, False, {"said": "worse"}, None, 0)
    shop.store.verdicts.add(verdict)
    found = registry.compare(shop, "champion", "3")
    assert found["models"] == ["model:shop@2", "model:shop@3"] and not found["same_bytes"]
    assert found["recipe"] == {"gone": [1, None], "knn": [2, None], "method": ["blend", "ease"]}
    assert found["metrics"]["recall@20"] == [[0.3, 0.28, 0.32]] * 2
    assert found["verdicts"] == [[], [{"gate": "refit", "passed": False, "said": "worse"}]]
    assert registry.compare(shop, "2", "champion")["same_bytes"]
