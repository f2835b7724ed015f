"""A small real project, as text."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from tidemill.data.tables.keys import KeyIndex
from tidemill.data.tables.tables import open_tables
from tidemill.scope.project import Project
from tidemill.types import parse_time

CONTRACT = """\
apiVersion: v3.0.2
kind: DataContract
id: sales
version: 1.0.0
schema:
  - name: sales
    customProperties:
      - { property: tidemill.key, value: [invoice, sku] }
      - { property: tidemill.max_bad_share, value: 0.5 }
    properties:
      - { name: invoice, logicalType: string, required: true, logicalTypeOptions: { pattern: "^C?[0-9]+$" } }
      - name: sku
        logicalType: string
        required: true
        customProperties: [{ property: tidemill.role, value: item }]
      - name: quantity
        logicalType: integer
        required: true
        customProperties: [{ property: tidemill.role, value: value }]
      - name: at
        logicalType: timestamp
        required: true
        customProperties: [{ property: tidemill.role, value: time }]
      - { name: price, logicalType: number, logicalTypeOptions: { minimum: 0 } }
      - name: customer
        logicalType: string
        required: true
        customProperties: [{ property: tidemill.role, value: subject }]
slaProperties:
  - { property: freshness, value: 7, unit: d }
"""

TOML = """\
[project]
name = "shop"
[data.sales]
source = "data/sales/*"
contract = "contracts/sales.yaml"
[model]
task = "recommend"
"""

NOW = parse_time("2011-01-10")


def lay(root: Path, source: str = "data/sales/*.csv") -> Path:
    """The project's files, without data."""
    (root / "contracts").mkdir(parents=True)
    (root / "data/sales").mkdir(parents=True)
    (root / "contracts/sales.yaml").write_text(CONTRACT)
    (root / "tidemill.toml").write_text(TOML.replace("data/sales/*", source))
    return root


def rows(*given: tuple[str, str, int, str, float, str]) -> str:
    """CSV of sales."""
    head = "invoice,sku,quantity,at,price,customer"
    return "\n".join([head, *(",".join(map(str, r)) for r in given)]) + "\n"


DAY_1 = rows(
    ("1", "mug", 2, "2011-01-01 10:00:00", 1.5, "ann"),
    ("1", "lamp", 1, "2011-01-01 10:00:00", 20.0, "ann"),
    ("2", "mug", 1, "2011-01-01 11:00:00", 1.5, "bob"),
)
DAY_2 = rows(
    ("3", "mug", 4, "2011-01-02 10:00:00", 1.4, "ann"),
    ("C4", "lamp", -1, "2011-01-02 12:00:00", 20.0, "ann"),
)


def drop(folder: Path, name: str, text: str) -> Path:
    """A source file, as it arrives."""
    path = folder / "data/sales" / name
    path.write_text(text)
    return path


def state(project: Project) -> dict[str, object]:
    """Everything that an ingest leaves behind, for saying that nothing changed."""
    tables = open_tables(project)
    return {
        "versions": [
            tuple(map(str, (v.version, v.digest, v.rows, v.profile)))
            for v in project.store.datasets.list(dataset="sales")
        ],
        "files": sorted(f.digest for f in project.store.files.list(dataset="sales")),
        "table": tables.digest("sales") if tables.exists("sales") else None,
        "events": sorted((e.id, e.kind) for e in project.store.events.list()),
        "online": project.live.online.last_seq(),
    }


def frame(text: str) -> pl.DataFrame:
    """The CSV as a frame of text columns."""
    return pl.read_csv(text.encode(), infer_schema=False)


def verified(index: KeyIndex, version: int) -> bool:
    """Whether the index says exactly what the table says."""
    index.catch_up(version)
    truth = index.entries(index._tables.added(index._dataset, range(1, version + 1), index.columns))
    mine = np.concatenate([index.entries(pl.DataFrame()), *(segment.entries for segment in index._segments)])
    return bool(np.array_equal(mine[np.argsort(mine["hash"], kind="stable")], truth))
