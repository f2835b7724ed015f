"""Dataset versions and the source files that went into them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, select

from noria.errors import NotFound
from noria.kernel.metadata import schema
from noria.kernel.metadata.base import Tx
from noria.kernel.metadata.database import Database
from noria.kernel.metadata.rows import Rows
from noria.kernel.records import DatasetVersion, IngestedFile

DATASETS = Rows(DatasetVersion, schema.datasets, "dataset version")
FILES = Rows(IngestedFile, schema.files, "file")
_dataset, _file = schema.datasets.c, schema.files.c


class Datasets:
    def __init__(self, database: Database) -> None:
        self._db = database

    def add(self, version: DatasetVersion, files: Iterable[IngestedFile], tx: Tx = None) -> None:
        taken = list(files)

        def work(tx: Connection) -> None:
            DATASETS.add(tx, version)
            for file in taken:
                FILES.add(tx, file)

        self._db.write(work, tx)

    def get(self, dataset: str, version: int | None = None) -> DatasetVersion:
        query = DATASETS.select.where(_dataset.dataset == dataset)
        if version is not None:
            query = query.where(_dataset.version == version)
        row = self._db.first(query.order_by(_dataset.version.desc(), _dataset.generation.desc()).limit(1))
        if row is None:
            raise NotFound(
                f"no version of dataset {dataset!r}" if version is None else f"no dataset:{dataset}@{version}"
            )
        return DATASETS.record(row)

    def list(self, dataset: str | None = None) -> Sequence[DatasetVersion]:
        query = DATASETS.select.order_by(_dataset.dataset, _dataset.version, _dataset.generation)
        if dataset is not None:
            query = query.where(_dataset.dataset == dataset)
        return DATASETS.records(self._db.rows(query))

    def files(self, dataset: str) -> Sequence[IngestedFile]:
        query = FILES.select.where(_file.dataset == dataset).order_by(_file.version, _file.name, _file.digest)
        return FILES.records(self._db.rows(query))

    def has_file(self, dataset: str, digest: str) -> bool:
        query = select(_file.version).where(_file.dataset == dataset, _file.digest == digest)
        return self._db.first(query) is not None
