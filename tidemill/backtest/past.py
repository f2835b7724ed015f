"""What happened in a project's past, as a session plays it: requests, outcomes, and by when which rows were in the source.

Of an endpoint that was asked, what its log holds is asked and told again, from its first release on. Before that, and of one that
never was asked, each row is a request at its moment; its outcome comes when the row came, or at once where outcomes are what the next
request's history is made of.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import msgspec
import polars as pl

from tidemill.data.contract.contract import load_contract
from tidemill.data.ingest.events import Commit
from tidemill.data.ingest.register import online_events
from tidemill.data.limited import less_limited, used
from tidemill.data.tables.tables import open_tables
from tidemill.features.transaction_time import KNOWN, with_knowledge
from tidemill.learning.labelled import text_of
from tidemill.model import prepare
from tidemill.monitor.windows import next_end
from tidemill.store.records import ItemChange, Outcome, Prediction
from tidemill.tasks.port import Request
from tidemill.tasks.table import task_of, training_of
from tidemill.types import Micros, named_id

if TYPE_CHECKING:
    from tidemill.data.contract.contract import Contract
    from tidemill.data.tables.tables import TableCommit
    from tidemill.scope.project import Endpoint, Project


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that happened at an endpoint: a request, or an outcome that was told; or what was told of items, at no endpoint.

    ``position``: of what was told of items, and the one up to which a request's answer knew all; None: it is not known.
    """

    at: Micros
    endpoint: str
    request: Request | None = None
    outcome: Outcome | None = None
    items: tuple[ItemChange, ...] = ()
    position: int | None = None

    @property
    def turn(self) -> tuple[Micros, float, bool]:
        """By what moments are ordered: of one instant what is told of items comes before the answers that knew it, outcomes last."""
        last = not self.items and self.position is None
        return self.at, math.inf if last else self.position or 0, self.request is None and not self.items


def moments_of(scope: Endpoint, since: Micros, until: Micros) -> list[Moment]:
    """What happened at this endpoint, in order: of its log from where that begins (`log_from`), before that of its rows."""
    begin = log_from(scope, since, until)
    found = [*_of_rows(scope, since, begin, until)] if since < begin else []
    if begin < until:
        found += _of_log(
            scope, used(scope, scope.live.predictions.list(**scope.here, since=begin, until=until)), begin, until
        )
    return sorted(found, key=lambda one: one.turn)


def log_from(scope: Endpoint, since: Micros, until: Micros) -> Micros:
    """From when on its log says what it was asked: from its first release. ``until`` where nobody asked it in this time."""
    if not scope.live.predictions.list(**scope.here, since=since, until=until, limit=1):
        return until
    started = (release.started for release in scope.releases() if release.started is not None)
    return min(max(min(started, default=since), since), until)


def _of_log(scope: Endpoint, asked: Iterable[Prediction], since: Micros, until: Micros) -> Iterator[Moment]:
    """What was asked and told, in the very words; a request without a key is given its prediction's id as one."""
    kind, names = task_of(scope.model.task).request, {}
    for one in asked:
        key = one.key or one.id
        names[one.id] = named_id("pred", *scope.salt, key)
        body = {**msgspec.json.decode(one.inputs), "subject": one.subject or None, "key": key}
        yield Moment(one.at, scope.name, msgspec.convert(body, kind), position=one.watermark)
    for outcome in scope.live.outcomes.list(**scope.here):
        if since <= outcome.received < until:
            named = names.get(outcome.prediction or "", outcome.prediction)
            told = replace(outcome, prediction=named, joined=None, how="", quarantined=False)
            yield Moment(outcome.received, scope.name, outcome=told)


def _of_rows(scope: Endpoint, since: Micros, begin: Micros, until: Micros) -> Iterator[Moment]:
    """Rows before ``begin``, and what was told of them before ``until``."""
    model = scope.model
    told = model.section.label is None or not model.section.label.from_  # else the loop finds it in that dataset
    task, settings = task_of(model.task), prepare.settings(model)
    trainer = training_of(model.task).open_trainer(prepare.rows(model, prepare.refs_of(model)), settings)
    for one in trainer.happened(since, begin):
        asked = msgspec.convert({**one.body, "key": one.key}, task.request)
        yield Moment(one.at, scope.name, asked)
        if told and one.label is not None:
            came = max(next_end(scope, one.at), one.ripe or 0)
            if came >= until:
                continue
            yield Moment(
                came, scope.name, outcome=_labelled(scope, one.key, one.at, asked.subject or "", one.label, came)
            )
    if task.history:
        yield from _events(scope, since, begin)


def _labelled(scope: Endpoint, key: str, at: Micros, subject: str, label: Any, came: Micros) -> Outcome:
    named = named_id("pred", *scope.salt, key)
    if isinstance(label, str | bool):
        return Outcome(key, at, subject, text_of(label), float(label) if isinstance(label, bool) else 1.0, named, came)
    item = text_of(label) if scope.model.task == "classify" else ""
    return Outcome(key, at, subject, item, float(label), named, came)


def _events(scope: Endpoint, since: Micros, until: Micros) -> Iterator[Moment]:
    """Each row of the history as an outcome, told when it happened."""
    dataset = scope.model.dataset
    version = scope.store.datasets.get(dataset.name).version
    rows = less_limited(scope.project, dataset.name, open_tables(scope.project).read(dataset.name, version)).collect()
    for event in online_events(dataset.name, load_contract(scope.project, dataset.name), rows):
        if since <= event.at < until:
            told = Outcome(event.key, event.at, event.subject, event.item, event.value, None, event.at)
            yield Moment(event.at, scope.name, outcome=told)


def files_of(project: Project, dataset: str, since: Micros, span: Micros) -> dict[Micros, list[pl.DataFrame]]:
    """By the due moment at which the loop finds them: the dataset's rows as files, those known before ``since`` at ``since``.

    A row is in the file of the first due moment after it was known; a value that completed it later is in a file of its own.
    """
    tables, contract = open_tables(project), load_contract(project, dataset)
    last = project.store.datasets.first(dataset=dataset)
    if last is None:  # as of items that only programs have told of
        return {}
    version = last.version
    commits = [commit for commit in tables.versions(dataset) if commit.version <= version]
    rows = less_limited(
        project, dataset, with_knowledge(tables.read(dataset, version), contract.time, commits)
    ).collect()
    own = [name for name in rows.columns if not name.startswith("_")]
    if contract.revised:
        return _revisions(rows, contract, commits, since, span)
    if contract.time is None:
        return {since: [rows.select(own)]}
    at = pl.col(contract.time).cast(pl.Datetime("us")).dt.epoch("us")
    known = pl.col(KNOWN) if KNOWN in rows.columns else at
    came = rows.with_columns(_due(known, known == at, since, span).alias("_due"))
    late = [name for name in own if f"{KNOWN} {name}" in rows.columns]
    for name in late:
        by = pl.col(f"{KNOWN} {name}")
        came = came.with_columns(pl.max_horizontal("_due", _due(by, pl.lit(False), since, span)).alias(f"_due {name}"))
    found: dict[Micros, list[pl.DataFrame]] = {}
    whole = came.with_columns(pl.when(pl.col(f"_due {n}") <= pl.col("_due")).then(pl.col(n)).alias(n) for n in late)
    for (due,), part in whole.partition_by("_due", as_dict=True).items():
        found.setdefault(int(due), []).append(part.select(own))
    for name in late:
        later = came.filter(pl.col(f"_due {name}") > pl.col("_due"))
        for (due,), part in later.partition_by(f"_due {name}", as_dict=True).items():
            found.setdefault(int(due), []).append(part.select(*contract.key, name))
    return found


def _revisions(
    rows: pl.DataFrame, contract: Contract, commits: Sequence[TableCommit], since: Micros, span: Micros
) -> dict[Micros, list[pl.DataFrame]]:
    """Of items whose newest row counts: what each ingest said, without the columns of which its file said nothing; of several that
    are found at once the last word."""
    found: dict[Micros, list[pl.DataFrame]] = {}
    for commit in commits:
        said = Commit.of(commit)
        due = max(since, -(-said.at // span) * span) if said.at >= since else since
        for file in said.files:
            part = rows.filter((pl.col("_ingest") == commit.ingest) & (pl.col("_file") == file.digest))
            if part.height:
                found.setdefault(due, []).append(part.select(n for n in contract.names if n not in file.absent))
    key = list(contract.key)
    return {due: parts if len(parts) == 1 else [_last_word(parts, key)] for due, parts in found.items()}


def _last_word(parts: Sequence[pl.DataFrame], key: Sequence[str]) -> pl.DataFrame:
    return pl.concat(parts, how="diagonal").group_by(key, maintain_order=True).agg(pl.all().drop_nulls().last())


def _due(known: pl.Expr, at_once: pl.Expr, since: Micros, span: Micros) -> pl.Expr:
    """The end of the window that a moment is in; of what an ingest brought late, that ingest's own moment."""
    end = pl.when(at_once).then((known // span + 1) * span).otherwise(-(-known // span) * span)
    return pl.when(known < since).then(since).otherwise(pl.max_horizontal(end, pl.lit(since, pl.Int64)))
