"""What there is: artifacts, versions of datasets with their files, versions of models."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, bindparam, exists

from tidemill.errors import NotFound
from tidemill.ref import Ref
from tidemill.store.records import Artifact, DatasetVersion, IngestedFile, ModelVersion, Tx
from tidemill.store.sql import schema
from tidemill.store.sql.nouns import Records
from tidemill.store.sql.rows import Rows
from tidemill.types import did_you_mean

ARTIFACTS = Rows(Artifact, schema.artifacts, "artifact", "digest", called="digest")
_newer = schema.datasets.alias("newer")
DATASETS = Rows(
    DatasetVersion,
    schema.datasets,
    "dataset version",
    "dataset",
    "version",
    "generation",
    called="version",
    subject="dataset:{dataset}@{version}",
    stands=~exists().where(
        _newer.c.dataset == schema.datasets.c.dataset,
        _newer.c.version == schema.datasets.c.version,
        _newer.c.generation > schema.datasets.c.generation,
    ),
)
FILES = Rows(IngestedFile, schema.files, "file", "version", "name", "digest", called="digest")
MODELS = Rows(
    ModelVersion,
    schema.models,
    "model",
    "name",
    "version",
    newest=("created", "name", "version"),
    called="version",
    subject="model:{name}@{version}",
)
_file = schema.files.c
_AMONG = FILES.narrowed(["dataset"]).where(_file.digest.in_(bindparam("digests", expanding=True)))


class Datasets(Records[DatasetVersion]):
    def add_with(self, version: DatasetVersion, files: Iterable[IngestedFile], tx: Tx = None) -> None:
        """The version, and the source files that are in a dataset from it on: all or none."""
        taken = list(files)

        def work(tx: Connection) -> None:
            DATASETS.add(tx, version)
            for file in taken:
                FILES.add(tx, file)

        self._db.write(work, tx)

    def get(self, dataset: str, version: int | None = None) -> DatasetVersion:
        """This version, or the last. Raises NotFound."""
        found = self.first(dataset=dataset, version=version)
        if found is None:
            raise self._missing(dataset, version)
        return found

    def _missing(self, dataset: str, version: int | None) -> NotFound:
        """Names the versions that there are, or the datasets."""
        if last := self.first(dataset=dataset):
            hint = f"the last one is {last.version}: tidemill data ls {dataset}"
            return NotFound(f"no dataset:{dataset}@{version}", hint=hint)
        names = {v.dataset for v in self.list()}
        hint = did_you_mean(dataset, names) if names else "nothing was taken in yet: tidemill run"
        return NotFound(f"no version of dataset {dataset!r}", hint=hint)


class Files(Records[IngestedFile]):
    def among(self, dataset: str, digests: Iterable[str]) -> Sequence[IngestedFile]:
        """Those of the dataset with these digests, by version and name."""
        found = FILES.records(self._db.rows_among(_AMONG, "digests", digests, {"dataset": dataset}))
        return sorted(found, key=lambda file: (file.version, file.name, file.digest))


class Models(Records[ModelVersion]):
    """A version is called by its ref, ``model:NAME@VERSION``."""

    def next_version(self, name: str, tx: Tx = None) -> int:
        newest = self.first(name=name, tx=tx)
        return newest.version + 1 if newest else 1

    def get(self, ref: str) -> ModelVersion:
        """Raises NotFound."""
        found = self.look_up(*Ref.versioned("model", ref))
        if found is None:
            raise NotFound(f"no model {ref!r}", hint="tidemill models ls")
        return found

    def _called(self, before: str | int) -> dict[str, str | int]:
        name, version = Ref.versioned("model", str(before))
        return {"name": name, "version": version}
