"""What the policy says of a model's columns, of its data and of its CPU time is asked before it is trained, and before it is released."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cases.projects import END, VISITS, VISITS_TOML, Folder, lay, replayed, visits
from tests.labels.worlds import CHURN
from tests.labels.worlds import lay as world
from tests.raised import raised
from tidemill.data.contract.purposes import purposes_of
from tidemill.errors import ConfigError, PolicyRefused
from tidemill.model.allowed import check_model, check_training, used
from tidemill.model.pipeline import build_candidate
from tidemill.ops import policy as verbs
from tidemill.release.pipeline import release_candidate
from tidemill.scope.project import Project, open_project
from tidemill.store.records import ModelVersion

BANNED = '[features]\nbanned = ["country"]\n'
WITHOUT = VISITS_TOML.replace('task = "classify"', 'task = "classify"\ninputs = { exclude = ["country"] }')


def folder(root: Path, toml: str = VISITS_TOML, purpose: str = "") -> Folder:
    said = (
        f"customProperties: [{{ property: tidemill.purpose, value: {purpose} }}, " if purpose else "customProperties: ["
    )
    made = lay(root / "visits", "visits", VISITS.replace("customProperties: [", said, 1), toml)
    made.write("data/visits/a.csv", *visits(days=range(40)))
    return made


def refused(made: Folder, policy: str, place: str) -> None:
    made.write("policy.toml", policy)
    with open_project(made.root) as project, raised(PolicyRefused, place):
        check_training(project.endpoint())


@pytest.mark.parametrize(
    ("policy", "rule"),
    [
        (BANNED, "[features] banned"),
        ('[features]\nbanned = ["visits.member"]', "[features] banned"),
        ('[purpose]\ntraining = ["service"]', "[purpose] training"),
        ('[purpose]\nfeatures = ["service"]', "[purpose] features"),
        ('[budget]\nsearch = "5 s"', "[budget] search"),
        ('[budget]\nretrain = "1 min"', "[budget] retrain"),
    ],
)
def test_a_training_is_refused_by_its_rule_before_it_is_begun(tmp_path: Path, policy: str, rule: str) -> None:
    made = folder(tmp_path)
    refused(made, policy, f"policy.toml {rule}")
    with open_project(made.root) as project:
        with raised(PolicyRefused, f"policy.toml {rule}"):
            build_candidate(project)
        assert not project.store.runs.list()
        lacks = verbs.check(project).lacks + verbs.declared(project)
        assert {lack.place for lack in lacks} == {f"policy.toml {rule}"}


def test_what_is_left_out_and_what_is_there_for_it_is_allowed(tmp_path: Path) -> None:
    made = folder(tmp_path, WITHOUT, purpose="[service, fraud]")
    assert purposes_of(made.root / "contracts/visits.yaml") == ("service", "fraud")
    made.write("policy.toml", BANNED + '[purpose]\ntraining = ["fraud"]\nfeatures = ["service"]\nlogging = []\n')
    with open_project(made.root) as project:
        check_training(project.endpoint())
        check_model(project.model())


def test_a_policy_that_cannot_be_read_trains_nothing(tmp_path: Path) -> None:
    made = folder(tmp_path)
    made.write("policy.toml", BANNED)
    with open_project(made.root) as project:
        with pytest.raises(PolicyRefused):
            check_training(project.endpoint())
        made.write("policy.toml", "[features]\nbanned = [")
        with raised(ConfigError, "policy.toml"):
            check_training(project.endpoint())


def test_what_a_view_of_another_dataset_reads_is_used_too(tmp_path: Path) -> None:
    made = world(tmp_path / "shop", CHURN)
    with open_project(made.root) as project:
        assert ("sales", "amount") in used(project.model())
    refused(made, '[features]\nbanned = ["sales.amount"]', "policy.toml [features] banned")


def test_a_version_that_took_a_column_before_it_was_banned_is_not_released(tmp_path: Path) -> None:
    made = folder(tmp_path)
    made.ingest("visits")
    with replayed(made, END) as project:
        model = build_candidate(project)
        made.write("policy.toml", BANNED)
        _not_released(project, model, "[features] banned")
        made.write("tidemill.toml", WITHOUT)
    with replayed(made, END) as project:
        check_training(project.endpoint())
        _not_released(project, model, "[features] banned")
        made.write("policy.toml", '[purpose]\nlogging = ["service"]\n')
        _not_released(project, model, "[purpose] logging")
        made.write("policy.toml", '[purpose]\ntraining = ["service"]\n[features]\nbanned = ["gender"]\n')
        released = release_candidate(project, model.ref, override="for the test")
        assert released.evidence.policy.startswith("sha256:")
        (change,) = project.store.events.list(kind="policy_changed")
        assert (change.data["before"], change.data["after"]) == ("", released.evidence.policy)
        assert "gender" in change.data["text"] and change.data["rules"] == ["features.banned", "purpose.training"]


def _not_released(project: Project, model: ModelVersion, rule: str) -> None:
    with raised(PolicyRefused, f"policy.toml {rule}"):
        release_candidate(project, model.ref, override="whatever the gates say")
    assert not project.store.releases.list()
