"""Names for models."""

from __future__ import annotations

import pytest

from tests.release.made import TOML, add_model, hold
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


def test_each_endpoint_of_a_model_has_a_champion_of_its_own(make):
    """Two endpoints that serve one model: that of its name is meant where nothing is said."""
    several = make(TOML + '[endpoint.shop]\n[endpoint.mobile]\nmodel = "shop"\n', "several")
    for version in (1, 2, 3):
        add_model(several, version)
    for endpoint, version, status in (("shop", 1, "champion"), ("mobile", 2, "champion"), ("mobile", 3, "canary")):
        release = hold(
            several, several.store.models.get(f"model:shop@{version}"), f"{endpoint}{version}", endpoint=endpoint
        )
        several.store.releases.update(release.id, status=status)
    assert registry.aliases(several, "shop") == {"champion": 1, "champion:mobile": 2, "challenger:mobile": 3}
    for text, version in (("champion", 1), ("champion:mobile", 2), ("shop@challenger:mobile", 3)):
        assert registry.resolve(several, text).version == version
    with pytest.raises(NotFound):
        registry.resolve(several, "challenger")


def test_before_the_first_model(project):
    for text in ("latest", "champion", "1"):
        with pytest.raises(NotFound) as raised:
            registry.resolve(project, text)
        assert "tidemill run" in raised.value.hint


def test_two_versions_side_by_side(shop):
    verdict = Verdict("v1", "model:shop@3", "refit", "quality", False, "worse", {"said": "worse"}, None, 0)
    shop.store.verdicts.add(verdict)
    found = registry.compare(shop, "champion", "3")
    assert found["models"] == ["model:shop@2", "model:shop@3"] and not found["same_bytes"]
    assert found["recipe"] == {"gone": [1, None], "knn": [2, None], "method": ["blend", "ease"]}
    assert found["metrics"]["recall@20"] == [[0.3, 0.28, 0.32]] * 2
    assert found["verdicts"] == [[], [{"gate": "refit", "passed": False, "verdict": "worse", "said": "worse"}]]
    assert registry.compare(shop, "2", "champion")["same_bytes"]
