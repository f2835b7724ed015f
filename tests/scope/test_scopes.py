"""What a verb is given, by name; and that nobody but scope reads the configuration."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.config.test_decode import MANY
from tests.raised import raised
from tidemill.errors import NotFound
from tidemill.model.registry import resolve
from tidemill.scope.project import Project, open_project


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.setenv("TIDEMILL_HOME", str(tmp_path / "home"))
    (tmp_path / "tidemill.toml").write_text(MANY)
    with open_project(tmp_path) as found:
        yield found


def test_every_name_is_resolved(project: Project):
    assert list(project.datasets) == ["sales", "visits"] and list(project.models) == ["recommend", "returns"]
    assert {name: endpoint.model.name for name, endpoint in project.endpoints.items()} == {
        "shadow": "recommend",
        "recommend": "recommend",
        "returns": "returns",
    }
    assert project.model("returns").dataset.name == "visits"
    assert [model.name for model in project.dataset("sales").models] == ["recommend"]
    assert project.endpoint("returns").gates.latency.p99 == "80 ms"


@pytest.mark.parametrize("what", ["dataset", "model", "endpoint"])
def test_an_unknown_name_and_none_where_there_are_several(project: Project, what: str):
    with pytest.raises(NotFound) as caught:
        getattr(project, what)("recomend")
    assert caught.value.hint
    with pytest.raises(NotFound) as caught:
        getattr(project, what)()
    assert f"--{what}" in caught.value.hint


def test_a_model_is_released_at_an_endpoint_that_serves_it(project: Project):
    assert project.serving("returns").name == "returns" and project.serving("recommend", "shadow").name == "shadow"
    assert project.serving("of another name", "returns").name == "returns"
    with pytest.raises(NotFound) as caught:
        project.serving("returns", "shadow")
    assert "returns" in caught.value.hint
    with pytest.raises(NotFound):
        project.serving("recommend")


def test_of_several_models_one_is_named(project: Project):
    for text in ("champion", "latest", "3", "recommend"):
        with pytest.raises(NotFound) as caught:
            resolve(project, text)
        assert f"recommend@{text}" in caught.value.hint


def test_the_first_environment_adds_nothing(project: Project, monkeypatch):
    assert (project.environment, project.endpoint("returns").salt) == ("", ("returns",))
    with open_project(project.root, environment="staging") as same:
        assert same.environment == ""
    monkeypatch.setenv("TIDEMILL_ENVIRONMENT", "production")
    with open_project(project.root) as other:
        assert other.endpoint("returns").salt == ("returns", "production")
        assert [stage["share"] for stage in other.endpoint("recommend").stages] == [0.5, 1.0]
    with raised(NotFound, "") as caught:
        open_project(project.root, environment="prodction")
    assert "'prodction'" in caught.value.message


def test_nothing_but_scope_reads_the_configuration():
    house = Path(__file__).parents[2] / "tidemill"
    outside = [p for p in house.rglob("*.py") if p.relative_to(house).parts[0] not in ("config", "scope")]
    reads = re.compile(r"(?:project|loop|ask|serving|context)\.config\b|tidemill\.config import .*\b(?:load|parse)\b")
    recipes = house / "recipes"  # a project's own tests, which are copied into it, look at its own file
    found = {
        p for p in outside if reads.search(p.read_text()) and "template" not in p.relative_to(recipes.parent).parts
    }
    assert not found
