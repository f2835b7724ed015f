"""What is asked for twice is begun once, and whoever asks is told which of both it was, and what comes next."""

from __future__ import annotations

from typing import Any

import pytest
from click.testing import CliRunner

from tests.release.conftest import home, make, project  # noqa: F401 - the fixtures
from tests.release.made import add_model, hold
from tests.release.test_pipeline import BAD, GOOD, second
from tidemill.access.caller import Caller
from tidemill.cli.main import cli
from tidemill.ops import releases
from tidemill.release import pipeline
from tidemill.scope.project import Project


@pytest.fixture(autouse=True)
def _scores_are_given(monkeypatch: pytest.MonkeyPatch, project: Project) -> None:  # noqa: F811
    monkeypatch.chdir(project.root)
    asked = pipeline.release_candidate

    def candidate(*args: Any, **more: Any) -> Any:
        return asked(*args, make_context=GOOD, **more)

    monkeypatch.setattr(pipeline, "release_candidate", candidate)


def start(*args: str) -> Any:
    return CliRunner().invoke(cli, ["release", "start", *args])


def test_who_asks_again_for_what_serves_is_told_that_nothing_was_begun(project: Project) -> None:  # noqa: F811
    model = add_model(project, 1, kind="first")
    first = releases.start(project, Caller.local(), model.ref)
    assert (first.release.status, first.already, first.text) == ("champion", False, "")
    again = releases.start(project, Caller.local(), model.ref)
    assert again.already and again.release.id == first.release.id and again.release.id in again.text
    said = start("1")
    assert said.exit_code == 0 and again.text in said.output
    assert len(project.store.releases.list()) == 1


def test_a_release_that_is_held_says_how_it_is_approved(project: Project) -> None:  # noqa: F811
    """Also where it was asked for past the gates."""
    add_model(project, 1, kind="first")
    found = hold(project, add_model(project, 2), "rel_held", override="the fair opens today")
    project.store.releases.update(found.id, override="the fair opens today")
    said = start("2", "--force", "the fair opens today")
    assert "rel_held" in said.output and "already" in said.output
    assert f"tidemill approve {found.id}" in said.output


def test_gates_that_were_passed_by_hand_have_refused_nothing(project: Project) -> None:  # noqa: F811
    forced, refused = second(project, BAD, override="the fair opens"), second(project, BAD, version=3)
    assert (forced.status, refused.status) == ("canary", "refused")
    lines = CliRunner().invoke(cli, ["release", "status"]).output.splitlines()
    how = {line.split()[0]: line.split()[1] for line in lines if "refit" in line}
    assert how == {forced.id: "passed", refused.id: "refused"}


@pytest.mark.parametrize("kind", ["holdout", "arm"])
def test_a_model_that_answers_beside_is_told_apart_from_its_release(project: Project, kind: str) -> None:  # noqa: F811
    """The holdout's model goes on as such; the release on its way is another one."""
    releases.start(project, Caller.local(), add_model(project, 1, kind="first").ref)
    model = add_model(project, 2)
    hold(project, model, "rel_beside")
    project.store.releases.update("rel_beside", status=kind, started=project.clock.now())
    made = releases.start(project, Caller.local(), model.ref)
    assert made.release.id != "rel_beside" and made.release.status == "canary" and not made.already
    assert made.beside == (kind,) and kind in made.text
    assert project.store.releases.get("rel_beside").status == kind
