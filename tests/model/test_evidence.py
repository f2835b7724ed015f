"""What a version shows to whoever has to sign it, each asked by the reader that it is written for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema_rs
import msgspec
import numpy
import pytest
from huggingface_hub import ModelCard
from packageurl import PackageURL

import tidemill
from tests.data.small import CONTRACT
from tests.evaluation.fairness.test_fairness import BOTH, labelled, looked
from tests.model.test_pipeline import START, TOML, as_sales
from tests.model.test_pipeline import lay as lay_shop
from tests.raised import raised
from tests.tasks.ranking.made import shop
from tidemill.data.pipeline import ingest
from tidemill.errors import NotAttested, NotFound
from tidemill.evaluation.slices.slices import Slice
from tidemill.model.card.bom import bom
from tidemill.model.card.facts import facts
from tidemill.model.pipeline import build_candidate
from tidemill.ops import evidence
from tidemill.release.signing import attest
from tidemill.release.signing.provenance import SLSA, sign_provenance
from tidemill.release.signing.signer import FileSigner, seal
from tidemill.scope.project import Project, open_project
from tidemill.store.records import ModelVersion
from tidemill.tasks.ranking.learners import recipe_of
from tidemill.testing import records as sample
from tidemill.types import DAY, HeldClock

TEAM = """
team:
  - { username: ada, name: Ada, role: Data Owner }
  - { username: bo, role: data steward }
  - { username: cy, role: engineer }
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    toml = TOML.replace("[goal]", 'license = "Apache-2.0"\n[goal]')
    root = lay_shop(tmp_path_factory.mktemp("evidence") / "shop", toml)
    (root / "contracts/sales.yaml").write_text(CONTRACT + TEAM)
    as_sales(shop().before(150 * DAY)).write_parquet(root / "data/sales/one.parquet")
    with open_project(root, clock=HeldClock(START + 150 * DAY)) as opened:
        ingest(opened, "sales")
        build_candidate(opened, only=recipe_of("blend", 60 * DAY), author="ada")
        yield opened


@pytest.fixture
def model(project: Project) -> ModelVersion:
    return project.store.models.get("model:shop@1")


def valid(bill: Any) -> bool:
    """By CycloneDX's own schema of 1.7, as its library ships it."""
    kept = files("cyclonedx.schema") / "_res"
    registry = jsonschema_rs.Registry(
        [
            (f"http://cyclonedx.org/schema/{name}.SNAPSHOT.schema.json", json.loads((kept / f"{name}.SNAPSHOT.schema.json").read_text()))
            for name in ("spdx", "jsf-0.82", "cryptography-defs")
        ]
    )  # fmt: skip
    schema = json.loads((kept / "bom-1.7.SNAPSHOT.schema.json").read_text())
    checks = jsonschema_rs.validator_for(schema, registry=registry, validate_formats=True)
    assert not list(checks.iter_errors(bill)), [f"{e.instance_path}: {e.message}" for e in checks.iter_errors(bill)]
    return checks.is_valid(bill)


def test_the_bill_of_materials_is_valid_by_the_official_schema(project: Project, model: ModelVersion) -> None:
    bill = evidence.bom(project, "shop@1")
    assert valid(bill) and bill == evidence.bom(project, "latest"), "and the same again"
    with pytest.raises(AssertionError):
        valid({**bill, "serialNumber": "7"})
    what = bill["metadata"]["component"]
    assert what["type"] == "machine-learning-model" and what["version"] == "1"
    assert what["hashes"] == [{"alg": "SHA-256", "content": model.bundle.removeprefix("sha256:")}]
    figures = {
        (one["type"], one["slice"]): one for one in what["modelCard"]["quantitativeAnalysis"]["performanceMetrics"]
    }
    mean, low, _ = model.metrics["ndcg@10"]
    assert float(figures["ndcg@10", "all"]["value"]) == mean
    assert float(figures["ndcg@10", "all"]["confidenceInterval"]["lowerBound"]) == low
    assert {("ndcg@10", "warm"), ("ndcg@10", "all, baseline popularity")} <= set(figures)
    assert what["licenses"] == [{"expression": "Apache-2.0"}]
    assert any("what would have happened" in one for one in what["modelCard"]["considerations"]["technicalLimitations"])


def test_it_names_data_with_who_answers_for_it_and_libraries_by_purl(project: Project) -> None:
    parts = evidence.bom(project, "shop@1")["components"]
    (data,) = (one for one in parts if one["type"] == "data")
    assert (
        data["bom-ref"] == "dataset:sales@1"
        and data["hashes"][0]["content"] in project.store.datasets.get("sales", 1).digest
    )
    governance = data["data"][0]["governance"]
    assert [[one["contact"]["name"] for one in governance[kind]] for kind in ("owners", "stewards", "custodians")] == [
        ["Ada"],
        ["bo"],
        ["cy"],
    ]
    libraries = [PackageURL.from_string(one["purl"]) for one in parts if one["type"] == "library"]
    assert ("pypi", "numpy", numpy.__version__) in {(one.type, one.name, one.version) for one in libraries}
    (flow,) = evidence.bom(project, "shop@1")["formulation"][0]["workflows"]
    assert {"train", "evaluate", "register"} <= {task["name"] for task in flow["tasks"]}


def test_the_card_is_read_by_the_hub_s_own_reader(project: Project, model: ModelVersion) -> None:
    card = ModelCard(evidence.card(project, "shop@1").card)
    assert (
        card.data.license == "apache-2.0" and card.data.datasets == ["sales"] and card.data.library_name == "tidemill"
    )
    assert "blend" in card.data.tags and "## Limits" in card.text
    found = {(one.dataset_config, one.metric_type): one for one in card.data.eval_results}
    whole = found[None, "ndcg@10"]
    assert whole.metric_value == model.metrics["ndcg@10"][0] and whole.dataset_name == "dataset:sales@1"
    assert whole.metric_args["interval"] == model.metrics["ndcg@10"][1:] and whole.task_type == "recommendation"
    assert found["warm", "ndcg@10"].metric_value == model.metrics["warm"]["ndcg@10"][0]


def test_the_card_as_json_and_as_a_page_say_the_same(project: Project, model: ModelVersion) -> None:
    said = json.loads(evidence.card(project, "shop@1", "json").card)
    assert said["model"]["bundle"] == model.bundle and said["hub"]["model-index"][0]["name"] == "shop"
    assert said["data"][0]["team"][0] == {"name": "Ada", "role": "Data Owner"}
    page = evidence.card(project, "shop@1", "html").card
    assert "<h1>shop, version 1</h1>" in page and "<h2>Limits</h2>" in page and "<script" not in page
    assert f"{model.metrics['ndcg@10'][0]:.4f}" in page and "@media print" in page


def test_a_notebook_shows_the_card_as_it_would_be_printed(project: Project) -> None:
    with tidemill.open(project.root) as opened:
        card = opened.model("shop@1").card
        assert card == evidence.card(project, "shop@1").card and "<h2>Limits</h2>" in card._repr_html_()
        assert opened.model("shop@1").bom == evidence.bom(project, "shop@1")


def test_what_a_project_calls_itself_is_no_markup(
    project: Project, model: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "# <script>alert(1)</script>\n- <img src=x onerror=y>\n| <b> | d |\n|---|---|\n| 1 | <i> |\n\np\n|---|\n"
    monkeypatch.setattr(evidence, "card_text", lambda *_: text)
    page = evidence.card(project, "shop@1", "html").card
    assert "<script" not in page and "<img" not in page and "<b>" not in page and "&lt;i&gt;" in page


def test_where_it_comes_from_is_stated_and_signed_with_its_release(project: Project, model: ModelVersion) -> None:
    unsigned = evidence.provenance(project, "shop@1")
    assert unsigned.envelope is None and not unsigned.signed
    FileSigner(project.keys_dir, project.state, "approval")
    digest = sign_provenance(project, model)
    assert sign_provenance(project, model) == digest, "the same records, the same bytes"
    now = project.clock.now()
    project.store.releases.add(
        sample.release("rel_p", 1, status="refused", model=model.ref, created=now, attestations=(digest,))
    )
    found = evidence.provenance(project, "shop@1")
    assert found.signed and found.statement == unsigned.statement and found.envelope is not None
    said = found.statement
    assert said["predicateType"] == SLSA and said["subject"][0]["digest"]["sha256"] == model.bundle.removeprefix(
        "sha256:"
    )
    definition, details = said["predicate"]["buildDefinition"], said["predicate"]["runDetails"]
    materials = {one["uri"]: one for one in definition["resolvedDependencies"]}
    assert materials["dataset:sales@1"]["digest"]["sha256"] in project.store.datasets.get("sales", 1).digest
    assert definition["externalParameters"]["settings"]["metric"] == "ndcg@10"
    assert details["metadata"]["invocationId"] == model.run and details["builder"]["id"]


def test_an_envelope_that_another_key_signed_is_refused(project: Project, model: ModelVersion, tmp_path: Path) -> None:
    other = FileSigner(tmp_path / "keys", tmp_path / "state")
    forged = project.artifacts.put(seal(attest.statement(model.ref, model.bundle, SLSA, {}), other))
    release = sample.release(
        "rel_f", 1, status="refused", model=model.ref, created=project.clock.now(), attestations=(forged,)
    )
    project.store.releases.update("rel_p", attestations=()) if project.store.releases.look_up("rel_p") else None
    project.store.releases.add(release)
    with raised(NotAttested, "", reason="other_key"):
        evidence.provenance(project, "shop@1")


def test_an_envelope_about_another_version_is_refused(project: Project, model: ModelVersion) -> None:
    other = project.artifacts.put(
        seal(attest.statement("model:shop@7", model.bundle, SLSA, {}), FileSigner(project.keys_dir, project.state))
    )
    FileSigner(project.keys_dir, project.state, "approval")
    for release in project.store.releases.list():
        project.store.releases.update(release.id, attestations=(other,))
    if not project.store.releases.list():
        project.store.releases.add(
            sample.release(
                "rel_o", 1, status="refused", model=model.ref, created=project.clock.now(), attestations=(other,)
            )
        )
    with raised(NotAttested, "", hint=False, reason="other_model"):
        evidence.provenance(project, "shop@1")


def test_a_contract_that_is_none_any_more_costs_only_what_it_says(project: Project) -> None:
    path = project.root / "contracts/sales.yaml"
    before = path.read_text()
    for broken in ("kind: [", "- 1", None):
        path.write_text(broken) if broken else path.unlink()
        bill = evidence.bom(project, "shop@1")
        assert (
            valid(bill)
            and "governance" not in next(one for one in bill["components"] if one["type"] == "data")["data"][0]
        )
    path.write_text(before)


def test_a_model_that_is_not_there_has_none_of_it(project: Project) -> None:
    for verb in (evidence.card, evidence.bom, evidence.provenance):
        with pytest.raises(NotFound):
            verb(project, "shop@9")


def test_for_whom_it_answers_worse_is_considered(project: Project, model: ModelVersion) -> None:
    known = facts(project, model)
    assert any(
        "not judged" in one["name"]
        for one in bom(known)["metadata"]["component"]["modelCard"]["considerations"]["ethicalConsiderations"]
    )
    judged = replace(
        known,
        examined={**known.examined, "fairness": looked(labelled(gap=0.15), BOTH), "robustness": {"error": "too few"}},
    )
    bill = bom(judged)
    card = bill["metadata"]["component"]["modelCard"]
    assert valid(bill)
    assessed = {one["groupAtRisk"]: one for one in card["considerations"]["fairnessAssessments"]}
    assert "beyond" in assessed["sex: f"]["harms"] and "5%" in assessed["sex: f"]["mitigationStrategy"]
    slices = {
        one["slice"]: one
        for one in card["quantitativeAnalysis"]["performanceMetrics"]
        if one["type"] == "selection_rate"
    }
    assert {"sex = f", "sex = m", "age_band = old"} <= set(slices) and "sex=f, age_band=old" in slices
    assert float(slices["sex = f"]["value"]) < float(slices["sex = m"]["value"])
    assert any("robustness" in one for one in card["considerations"]["technicalLimitations"])
    assert not any("not judged" in one["name"] for one in card["considerations"].get("ethicalConsiderations", ()))


def test_slices_of_the_test_are_figures(project: Project, model: ModelVersion) -> None:
    known = facts(project, model)
    reached = {"candidate": (0.3, 0.2, 0.4), "champion": (0.5, 0.4, 0.6)}
    some = [Slice("country", "Norway", 40, 30, reached), Slice("country", "Japan", 1, 1, {"candidate": None})]
    slices = {**known.examined["slices"], "slices": msgspec.to_builtins(some)}
    bill = bom(replace(known, examined={**known.examined, "slices": slices}))
    figures = bill["metadata"]["component"]["modelCard"]["quantitativeAnalysis"]["performanceMetrics"]
    mine = [one for one in figures if one["slice"].startswith("country")]
    assert valid(bill) and mine == [
        {
            "type": "ndcg@10",
            "value": "0.3",
            "slice": "country = Norway",
            "confidenceInterval": {"lowerBound": "0.2", "upperBound": "0.4"},
        }
    ], "of a group of one nothing is said"
