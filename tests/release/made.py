"""Model versions, and releases of them that are signed and held, for the tests of this folder."""

from __future__ import annotations

from typing import Any

from tidemill.release.signing import attest
from tidemill.release.signing.signer import FileSigner, seal
from tidemill.scope.project import Project
from tidemill.store.artifacts.codecs import Bundle, put_bundle
from tidemill.store.records import ModelVersion, Release
from tidemill.types import DAY

TOML = """
[project]
name = "shop"
[data.sales]
source = "data/*.csv"
contract = "sales.yaml"
[model]
task = "recommend"
metric = "recall@20"
[environment.production]
rollout = [
  { share = "25 %", for = "2 days", min_requests = 20 },
  { share = "50 %", for = "1 day", min_requests = 40 },
  { share = "100 %" },
]
rollback_on = { errors = "1 %", p99 = "50 ms", hit_rate_drop = "20 %" }
"""
STAGES = (
    {"share": 0.25, "span": 2 * DAY, "requests": 20},
    {"share": 0.5, "span": DAY, "requests": 40},
    {"share": 1.0, "span": 0, "requests": 0},
)


def add_model(project: Project, version: int, **changes: Any) -> ModelVersion:
    """A version whose bundle is a few bytes of its own."""
    bundle = put_bundle(project.artifacts, Bundle({"version": version}, {"model.bin": b"model %d" % version}))
    fields: dict[str, Any] = {
        "name": "shop",
        "version": version,
        "bundle": bundle,
        "evaluation_bundle": bundle,
        "recipe": {"method": "blend"},
        "kind": "refit",
        "metrics": {"recall@20": [0.3, 0.28, 0.32]},
        "data": ("dataset:sales@1",),
        "trained_through": 99 * DAY + version,
        "run": None,
        "author": "ada",
        "card": None,
        "created": 99 * DAY + version,
    }
    model = ModelVersion(**{**fields, **changes})
    project.store.models.add(model)
    return model


VERDICTS = [("refit", "quality", True), ("infrastructure", "infrastructure", True)]


def sign(
    project: Project, model: ModelVersion, release: str, verdicts: Any = VERDICTS, **terms: Any
) -> tuple[str, ...]:
    """The envelopes of a release: a verdict each, and the release's own statement."""
    signer = FileSigner(project.keys_dir, project.state)
    FileSigner(project.keys_dir, project.state, "approval")

    def put(kind: str, predicate: dict[str, Any]) -> str:
        return project.artifacts.put(seal(attest.statement(model.ref, model.bundle, kind, predicate), signer))

    gates = tuple(put(attest.GATE, {"gate": g, "blessing": b, "passed": ok}) for g, b, ok in verdicts)
    said = {
        "release": release,
        "endpoint": "shop",
        "required": {g: b for g, b, _ in verdicts},
        "attestations": list(gates),
        "approval": [],
        **terms,
    }
    return (*gates, put(attest.RELEASE, said))


def hold(project: Project, model: ModelVersion, release: str, **changes: Any) -> Release:
    """A signed release that waits for its start."""
    champion = project.store.releases.champion("shop")
    fields: dict[str, Any] = {
        "id": release,
        "endpoint": "shop",
        "model": model.ref,
        "status": "held",
        "stages": STAGES,
        "stage": 0,
        "stage_since": project.clock.now(),
        "created": project.clock.now(),
        "previous": champion.id if champion else None,
        "author": "ada",
    }
    if "attestations" not in changes:
        fields["attestations"] = sign(project, model, release)
    made = Release(**{**fields, **changes})
    project.store.releases.add(made)
    return made
