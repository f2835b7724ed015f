"""Dataset versions and the source files that went into them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, bindparam

from tidemill.errors import NotFound
from tidemill.store.ports import Tx
from tidemill.store.records import DatasetVersion, IngestedFile
from tidemill.store.sql import schema
from tidemill.store.sql.database import Database
from tidemill.store.sql.paging import given, page
from tidemill.store.sql.rows import OptionalFilters, Rows
from tidemill.types import did_you_mean

DATASETS = Rows(DatasetVersion, schema.datasets, "dataset version")
FILES = Rows(IngestedFile, schema.files, "file")
_dataset, _file = schema.datasets.c, schema.files.c
_GET = OptionalFilters(
    DATASETS.where("dataset").order_by(_dataset.version.desc(), _dataset.generation.desc()).limit(1),
    version=_dataset.version == bindparam("version"),
)
_FILES = FILES.where("dataset").order_by(_file.version, _file.name, _file.digest)
_AMONG = FILES.where("dataset").where(_file.digest.in_(bindparam("digests", expanding=True)))


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
        narrow = {"version": version}
        row = self._db.first(_GET.by(narrow), given={"dataset": dataset, **narrow})
        if row is None:
            raise self._missing(dataset, version)
        return DATASETS.record(row)

    def _missing(self, dataset: str, version: int | None) -> NotFound:
        """Names the versions that there are, or the datasets."""
        versions = self.list()
        if last := max((v.version for v in versions if v.dataset == dataset), default=0):
            return NotFound(
                f"no dataset:{dataset}@{version}", hint=f"the last one is {last}: tidemill data ls {dataset}"
            )
        names = {v.dataset for v in versions}
        hint = did_you_mean(dataset, names) if names else "nothing was taken in yet: tidemill run"
        return NotFound(f"no version of dataset {dataset!r}", hint=hint)

    def list(self, dataset: str | None = None) -> Sequence[DatasetVersion]:
        query = DATASETS.select.order_by(_dataset.dataset, _dataset.version, _dataset.generation)
        if dataset is not None:
            query = query.where(_dataset.dataset == dataset)
        return DATASETS.records(self._db.rows(query))

    def page(self, dataset: str, *, before: int | None = None, limit: int = 50) -> Sequence[DatasetVersion]:
        key = None if before is None else {"dataset": dataset, "version": before}
        order = (_dataset.version, _dataset.generation)
        return page(self._db, DATASETS, order, key, limit, _dataset.dataset == dataset)

    def files_page(
        self, dataset: str, *, version: int | None = None, before: str | None = None, limit: int = 50
    ) -> Sequence[IngestedFile]:
        key = None if before is None else {"dataset": dataset, "digest": before}
        order = (_file.version, _file.name, _file.digest)
        return page(self._db, FILES, order, key, limit, *given((_file.dataset, dataset), (_file.version, version)))

    def files(self, dataset: str, digests: Iterable[str] | None = None) -> Sequence[IngestedFile]:
        narrow = {"dataset": dataset}
        if digests is None:
            return FILES.records(self._db.rows(_FILES, given=narrow))
        found = FILES.records(self._db.rows_among(_AMONG, "digests", digests, narrow))
        return sorted(found, key=lambda file: (file.version, file.name, file.digest))
