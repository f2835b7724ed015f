"""What a store and a project tell of themselves, as JSON: written beside a kept state, and asked of it again later."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any

import msgspec
import polars as pl

from tidemill.data.tables.tables import Tables
from tidemill.feedback.trace import trace
from tidemill.scope.project import Project
from tidemill.store.sql.live import LiveStore
from tidemill.store.sql.nouns import Records
from tidemill.store.sql.store import MetadataStore

DRAWN = ("ledger", "acts")
"""Nouns whose records are of what each store has drawn: that the chain holds is seen instead."""


def nouns(*stores: MetadataStore | LiveStore) -> dict[str, list[Any]]:
    """Every record, by noun."""
    found = (pair for store in stores for pair in vars(store).items() if isinstance(pair[1], Records))
    found = (pair for pair in found if pair[0] not in DRAWN)
    return {name: [json.loads(msgspec.json.encode(one)) for one in records.list()] for name, records in found}


def tables(project: Project) -> dict[str, list[str]]:
    """Of each dataset the digest of its rows at every version."""
    kept = Tables(project.state / "tables")
    return {
        name: [_digest(kept.read(name, version).collect()) for version in range(kept.version(name) + 1)]
        for name in project.datasets
    }


def _digest(frame: pl.DataFrame) -> str:
    return hashlib.sha256(frame.write_csv().encode()).hexdigest()


def traces(project: Project) -> Iterator[dict[str, Any]]:
    """Of each prediction what its model says to it when it is asked again."""
    for one in project.live.predictions.list():
        said = trace(project, one.id)
        yield {"id": one.id, "verified": said["verified"], "training": said["training"]}
