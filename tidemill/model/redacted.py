"""Versions that learned from rows of somebody who was forgotten since: by the signed receipts, which say what each table's versions became."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tidemill.ref import Ref
from tidemill.types import Micros, parse_time

if TYPE_CHECKING:
    from tidemill.scope.project import Project
    from tidemill.store.records import ModelVersion

FORGOTTEN = "forgotten"
"""The setting that has, by the mark of who was forgotten, the digest of the receipt."""


@dataclass(frozen=True)
class Redaction:
    """``receipt``: the artifact; ``versions``: of each table those that are others since."""

    receipt: str
    at: Micros
    versions: Mapping[str, frozenset[int]]


def receipts(project: Project) -> dict[str, str]:
    """By the mark of who was forgotten, the digest of the signed receipt."""
    found: Any = project.store.settings.get(FORGOTTEN, {})
    return dict(found)


def redaction_of(project: Project, model: ModelVersion) -> Redaction | None:
    """The first one after it was made that changed what it learned from; None where nothing did."""
    found = (_read(project, digest) for digest in receipts(project).values())
    mine = (one for one in found if one.at >= model.created and _touches(one, model))
    return min(mine, key=lambda one: one.at, default=None)


def _touches(one: Redaction, model: ModelVersion) -> bool:
    refs = (Ref.versioned("dataset", ref) for ref in model.data)
    return any(version in one.versions.get(name, ()) for name, version in refs)


def _read(project: Project, digest: str) -> Redaction:
    envelope = json.loads(project.artifacts.get(digest))
    said = json.loads(base64.b64decode(envelope["payload"]))["predicate"]
    versions = {one["table"]: frozenset(map(int, one["versions"])) for one in said["tables"]}
    return Redaction(digest, parse_time(said["as_of"]), versions)
