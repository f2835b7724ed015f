"""`tidemill gc`: deletes the artifacts that no record reaches, and says what and how much.

One rule: an artifact is kept if a record that lives can reach it. Those are every model (bundles, card, search, the answers of its
test and what was found in them), every verdict's and release's signed statements, every dataset version's profile and contract, the
baselines of models that are released, uncommitted changes that runs were made from and what was installed then, the logs of batches,
and what steps left in runs that are not finished and in the newest run of each pipeline; and the reports of backtests, auditions, rebuilds,
bisects, comparisons and features. What was put or verified within the grace period is kept, too: a run may be about to record or to read it.
What a step left in older runs goes; asked for again, the step is done again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tidemill.access.caller import Caller
from tidemill.access.needs import needs
from tidemill.model.registry import answers_kept, examined_kept, search_kept
from tidemill.ops.act import act, record
from tidemill.ops.page import walk
from tidemill.ref import Ref
from tidemill.rights.forget.kept import receipts
from tidemill.scope.project import Project
from tidemill.store.artifacts.codecs import parts_of
from tidemill.store.records import Tx

GRACE = 86_400.0  # Seconds (wall time) within which nothing that was put or verified is deleted
REPORTS = ("backtest", "audition", "verify", "features", "represents", "bisect", "compare", "recall")
"""Pipelines whose outputs are what people asked for: small, and kept of every run."""
KEPT = (answers_kept, examined_kept, search_kept)
"""What the run of a model keeps for it."""
_ENDED = ("refused", "halted", "rolled_back", "superseded", "replaced")


@dataclass(frozen=True, slots=True)
class Collected:
    """What was deleted, or with ``dry_run`` would be. Sizes in bytes."""

    dry_run: bool
    kept: int
    young: int  # of those: reached by no record, but not idle for long enough
    deleted: tuple[str, ...]  # digests
    size: int
    unrecorded: int  # of the deleted: bytes that had no row
    rows: int  # rows without bytes that went


@needs("project.gc")
def collect(project: Project, caller: Caller, *, dry_run: bool = False, grace: float = GRACE) -> Collected:
    """Delete what nothing reaches and nobody has touched for ``grace`` seconds."""
    rows = {row.digest for row in project.store.artifacts.list()}
    there = set(project.artifacts.digests())
    loose = sorted(there - reachable(project))

    def would_free(digest: str, grace: float) -> int | None:
        there = project.artifacts.stat(digest)
        return there.size if there.idle >= grace else None

    free = would_free if dry_run else project.artifacts.delete
    freed = {digest: size for digest in loose if (size := free(digest, grace)) is not None}
    found = Collected(
        dry_run,
        kept=len(there) - len(freed),
        young=len(loose) - len(freed),
        deleted=tuple(freed),
        size=sum(freed.values()),
        unrecorded=len(freed.keys() - rows),
        rows=len(rows - there),
    )
    if not dry_run and (freed or found.rows):
        gone = (rows - there) | (freed.keys() & rows)
        act(project, caller, "project.gc", lambda tx: _remove_rows(project, gone, found, tx))
    return found


def _remove_rows(project: Project, gone: set[str], found: Collected, tx: Tx) -> None:
    """Bytes that have come back meanwhile keep their row: who puts writes bytes first, and the row after us."""
    for digest in gone:
        if not project.artifacts.has(digest):
            project.store.artifacts.delete(digest, tx)
    record(project, "collected", {"artifacts": len(found.deleted), "size": found.size}, tx)


def reachable(project: Project) -> set[str]:
    """The digests that the living records reach; with a bundle its files."""
    logs = (part.log for part in project.live.predictions.parts.list())
    return {*_of_models(project), *_of_datasets(project), *_of_runs(project), *_of_people(project), *logs}


def lasting(project: Project) -> set[str]:
    """Of these what a record needs as it is; the rest (what steps left) is made anew when it is asked for."""
    logs = (part.log for part in project.live.predictions.parts.list())
    reports = (d for run in walk(project.store.runs.page) if run.pipeline in REPORTS for d in run.outputs.values())
    return {*_of_models(project), *_of_datasets(project), *_of_people(project), *reports, *logs}


def _of_people(project: Project) -> Iterator[str]:
    """What they said, and whose keys are whose, and what was done for whom: signed."""
    yield from receipts(project).values()
    yield from filter(None, (vote.envelope for vote in project.store.votes.list()))
    yield from filter(None, (principal.key_envelope for principal in project.store.principals.list()))


def _of_models(project: Project) -> Iterator[str]:
    store, releases = project.store, project.store.releases.list()
    for model in store.models.list():
        yield from _bundle(project, model.bundle)
        yield from _bundle(project, model.evaluation_bundle)
        for digest in model.recipe.get("start", {}).get("bundles", ()):
            yield from _bundle(project, digest)
        signed = (v.attestation for v in store.verdicts.list(model=model.ref))
        yield from filter(None, (model.card, *(kept(project, model) for kept in KEPT), *signed))
    for release in releases:
        yield from release.attestations
    alive = {release.model for release in releases if release.status not in _ENDED}
    yield from (baseline.artifact for baseline in store.baselines.list() if baseline.model in alive)


def _of_datasets(project: Project) -> Iterator[str]:
    for version in project.store.datasets.list():
        edges = project.store.edges.list(target=str(Ref("dataset", version.dataset, version.version)))
        sources = [Ref.parse(edge.source) for edge in edges]
        yield from (source.name for source in sources if source.kind == "artifact")
        yield from filter(None, (version.profile,))


def _of_runs(project: Project) -> Iterator[str]:
    newest: set[str] = set()
    for run in walk(project.store.runs.page):
        yield from filter(None, (run.code.get("diff"), run.environment.get("pins")))
        if run.pipeline in REPORTS:
            yield from run.outputs.values()
        if run.status == "running" or run.pipeline not in newest:
            newest.add(run.pipeline)
            yield from run.outputs.values()
            for step in project.store.steps.list(run=run.id):
                yield from step.inputs.values()
                for output in step.outputs.values():
                    of_bundle = output["codec"] == "bundle"
                    yield from _bundle(project, output["digest"]) if of_bundle else (output["digest"],)


def _bundle(project: Project, digest: str) -> Iterator[str]:
    yield digest
    if project.artifacts.has(digest):
        yield from parts_of(project.artifacts, digest)
