"""What items are called, wherever their codes are shown: by the newest row of a table of items, else by what a model's bundle says.

And what was known of the items of an answer when it was given.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from tidemill.data.contract.items import item_tables
from tidemill.errors import TidemillError
from tidemill.store.artifacts.codecs import get_file
from tidemill.tasks.port import one_line
from tidemill.tasks.ranking.bundle import TITLES, read_titles
from tidemill.types import JsonObject, to_iso

if TYPE_CHECKING:
    from tidemill.scope.project import Project
    from tidemill.store.artifacts.port import Artifacts
    from tidemill.store.records import ItemRow, Prediction

MOST = 200
"""Items of an answer of which is told what was known of them."""


def called(
    project: Project, items: Iterable[str], models: Iterable[str] = (), position: int | None = None
) -> dict[str, str]:
    """The names of those of these items that have one, each in a line. ``models``: refs of those whose bundles may say it, the first
    one's word first; ``position``: at which a table of items is read, now if nothing is said."""
    wanted = {item for item in items if item}
    found: dict[str, str] = {}
    for model in models if wanted else ():
        said = _of_model(project, model)
        found |= {item: said[item] for item in wanted - found.keys() if item in said}
    for dataset, columns in item_tables(project).items() if wanted else ():
        if columns.title and columns.store is None:
            rows = project.live.items.among(dataset, sorted(wanted), position)
            found |= {row.item: str(row.known[columns.title]) for row in rows if row.known.get(columns.title)}
    return {item: one_line(said).strip() for item, said in found.items() if said.strip() and said != item}


def _of_model(project: Project, model: str) -> Mapping[str, str]:
    """What the bundle of a model says; nothing where it cannot be read any more."""
    try:
        return _of_bundle(project.artifacts.plain, project.store.models.get(model).bundle)
    except TidemillError:
        return {}


@lru_cache(maxsize=8)
def _of_bundle(artifacts: Artifacts, digest: str) -> Mapping[str, str]:
    return read_titles(get_file(artifacts, digest, TITLES))


def named_in(output: Any, inputs: Any = None) -> set[str]:
    """The items of an answer and of its request."""
    found = [*output.get("items", ())] if isinstance(output, dict) else []
    found += inputs.get("recent", ()) if isinstance(inputs, dict) else ()
    return {item for item in found if isinstance(item, str)}


def known_of_items(project: Project, prediction: Prediction, items: Collection[str]) -> list[JsonObject]:
    """The rows of tables of items that stood when this answer was given, of these items: whose word they are, and of when."""
    found: list[ItemRow] = []
    wanted = list(items)[:MOST]
    for dataset in item_tables(project) if wanted else ():
        found += project.live.items.among(dataset, wanted, prediction.watermark)
    paths = {
        file.digest: file.name
        for dataset in {row.dataset for row in found if row.file}
        for file in project.store.files.among(dataset, [row.file for row in found if row.file])
    }
    return [
        _shown(row, paths) for row in sorted(found, key=lambda row: (wanted.index(row.item), row.dataset, row.store))
    ]


def _shown(row: ItemRow, paths: Mapping[str, str]) -> JsonObject:
    names = ("dataset", "item", "store", "known", "file", "row", "ingest")
    said = {name: getattr(row, name) for name in names} | {"position": row.seq, "by": row.principal}
    path = paths.get(row.file or "")
    return said | {"at": to_iso(row.at), "received": to_iso(row.received), "path": path, "gone": not row.known}
