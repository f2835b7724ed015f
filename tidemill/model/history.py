"""The datasets that a model learns from, in the versions that are asked for: each read with when its rows were known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tidemill.data.contract.contract import load_contract
from tidemill.data.limited import less_limited
from tidemill.data.tables.tables import open_tables
from tidemill.features.transaction_time import as_known_at, with_knowledge
from tidemill.labels.settled import Completeness, newest
from tidemill.ref import Ref
from tidemill.types import JsonObject, Micros

if TYPE_CHECKING:
    import polars as pl

    from tidemill.data.tables.tables import TableCommit
    from tidemill.scope.project import Project


@dataclass(frozen=True)
class Less:
    """What is left out of rows: those of these source files (digests), as if they had never come; what stands in these columns, as if
    nobody had known it. ``dataset``: of this one alone, else of each."""

    files: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    dataset: str = ""

    def of(self, frame: pl.LazyFrame, dataset: str) -> pl.LazyFrame:
        """The rows of a dataset that are left, as they are left."""
        import polars as pl

        if self.dataset not in ("", dataset):
            return frame
        if self.files:
            frame = frame.filter(~pl.col("_file").is_in(list(self.files)).fill_null(False))
        schema = frame.collect_schema() if self.columns else {}
        return frame.with_columns(pl.lit(None, schema[name]).alias(name) for name in self.columns if name in schema)


NOTHING = Less()


class Histories:
    """The rows of each dataset (``data``: refs, that of the model's rows first), or as they were known before ``as_of``.

    ``less``: what is left out of them, beside the rows of whom may not be learned from; ``limits``: as it stood at this revision.
    """

    def __init__(
        self,
        project: Project,
        data: Sequence[str],
        as_of: Micros | None = None,
        less: Less = NOTHING,
        limits: int | None = None,
    ) -> None:
        self.project, self.as_of, self.less, self.limits = project, as_of, less, limits
        self.versions = dict(Ref.versioned("dataset", ref) for ref in data)
        self._read: dict[str, pl.LazyFrame] = {}

    def of(self, dataset: str) -> pl.LazyFrame:
        """With when each row was known, where any came late."""
        if dataset not in self._read:
            contract, commits = load_contract(self.project, dataset), self._commits(dataset)
            time = contract.time
            frame = open_tables(self.project).read(dataset, self.versions[dataset])
            frame = self.less.of(less_limited(self.project, dataset, frame, self.limits), dataset)
            if contract.revised:
                frame = _last_word(frame, [*contract.key, *([time] if time else [])], commits)
            frame = with_knowledge(frame, time, commits)
            known = frame if self.as_of is None else as_known_at(frame.collect(), time, self.as_of).lazy()
            self._read[dataset] = known
        return self._read[dataset]

    def whole(self, dataset: str) -> Completeness:
        """How far the rows of the dataset that says the labels are complete."""
        moments = {name: self._newest(name) for name in dict.fromkeys([dataset, next(iter(self.versions))])}
        there = [at for at in moments.values() if at is not None]
        came = max(int(commit.meta["tidemill.at"]) for name in self.versions for commit in self._commits(name))
        late = self.project.datasets[dataset].complete_after
        return Completeness.of(moments[dataset], max(there, default=None), self.as_of or came, late)

    def _newest(self, dataset: str) -> Micros | None:
        contract = load_contract(self.project, dataset)
        return newest(self.of(dataset), str(contract.time)) if contract.time else None

    def _commits(self, dataset: str) -> list[TableCommit]:
        return commits_of(self.project, dataset, self.versions[dataset])


def _last_word(frame: pl.LazyFrame, key: list[str], commits: Sequence[TableCommit]) -> pl.LazyFrame:
    """Of items that came again: of each (at a moment) the last value of each column."""
    import polars as pl

    turn = pl.col("_ingest").replace_strict({one.ingest: one.version for one in commits}, return_dtype=pl.Int64)
    ordered = frame.sort(turn, maintain_order=True)
    return ordered.group_by(key, maintain_order=True).agg(pl.all().drop_nulls().last())


def identity_of(project: Project, dataset: str, version: int) -> JsonObject:
    """What `Histories` reads of a dataset: its bytes, when they came, its contract, and how late its rows are."""
    found: JsonObject = {
        "digest": project.store.datasets.get(dataset, version).digest,
        "came": [commit.meta["tidemill.at"] for commit in commits_of(project, dataset, version)],
        "contract": load_contract(project, dataset).digest,
    }
    late = project.datasets[dataset].complete_after
    return found if late is None else {**found, "late": late}


def commits_of(project: Project, dataset: str, version: int) -> list[TableCommit]:
    """Those that brought rows, up to a version."""
    return [commit for commit in open_tables(project).versions(dataset) if commit.version <= version]
