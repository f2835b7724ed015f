"""The steps of a forget, in their order. Each may be done again; a stop between two of them is gone on from by the same call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tidemill.data.tables.generation import Generation
from tidemill.engine.lease import is_orphan
from tidemill.errors import Conflict
from tidemill.release.signing.signer import seal, signer_of
from tidemill.rights.forget import kept, scan
from tidemill.rights.forget.kept import UnderWay
from tidemill.rights.forget.tables import numbers, take_out
from tidemill.rights.holders import row_holders
from tidemill.rights.limits.people import Person
from tidemill.rights.subjects.held import held
from tidemill.store.artifacts.holder import artifact_subjects, redact_lines
from tidemill.store.holder import Holding
from tidemill.store.records import Artifact, Tx
from tidemill.types import JsonObject, to_iso

if TYPE_CHECKING:
    from tidemill.scope.project import Project

OnStep = Callable[[str], None]
STATEMENT = "urn:tidemill:redaction:v1"
NOT_COVERED = (
    "the source files that the rows came in",
    "backups, until they expire",
    "exports, and copies that others have",
    "models that learned from the person, until they are retrained and the former ones are removed",
    "blocks of the disk that the file system has freed and not yet written over",
)


@dataclass(frozen=True)
class Forgotten:
    """``remaining``: what still names them; while there is any it is not done."""

    mark: str
    receipt: str
    tables: tuple[Generation, ...]
    held: dict[str, int]
    artifacts: tuple[str, ...]  # removed
    remaining: tuple[Holding, ...]
    learned: tuple[str, ...]

    @property
    def done(self) -> bool:
        return not self.remaining


def plan(project: Project, who: Person, by: str) -> UnderWay:
    """What would be done; nothing is. Raises NotAvailableYet, Conflict."""
    before = numbers(project, who.kind)
    alive = (run for run in project.store.runs.unfinished() if not is_orphan(project.store, run))
    if running := next(alive, None):
        raise Conflict("a run is under way", place=f"run:{running.id}", hint="wait until it ends, or cancel it")
    found = held(project, who.name, who.kind)
    counted: dict[str, int] = {}
    for one in found.holdings:
        counted[one.store] = counted.get(one.store, 0) + one.records
    now = project.clock.now()
    return UnderWay(who.mark, who.kind, by, now, before, counted, [*found.learned], [*found.answered])


def erase(
    project: Project, who: Person, one: UnderWay, lasting: Callable[[], set[str]], on_step: OnStep = lambda step: None
) -> Forgotten:
    """``lasting``: the artifacts that a record needs as they are. What names the person in one of them is told as remaining."""
    one = kept.begin(project, one)
    on_step("begun")
    made = take_out(project, who.name, who.kind, one.before, on_step)
    on_step("tables")
    for holder in row_holders(project):
        holder.erase(who.name)
        on_step("rows")
    instead = f"forgotten-{who.mark[:12]}"
    redact_lines(project.state, who.name, instead)
    on_step("journals")
    redacted = project.store.named_in().redact(who.name, instead)
    on_step("records")
    project.store.limits.redact(who.mark, project.clock.now(), one.by)
    project.store.requests.redact(who.mark)
    on_step("limits")
    gone = _artifacts(project, who.name, lasting())
    on_step("artifacts")
    project.live.emptied()
    project.store.emptied()
    on_step("emptied")
    formats = scan.canaries()
    left = scan.remaining(project, who.name)
    receipt = "" if left else _receipt(project, one, made, gone, redacted, formats)
    on_step("scanned")
    return Forgotten(who.mark, receipt, tuple(made), one.held, tuple(gone), tuple(left), tuple(one.learned))


def end(project: Project, done: Forgotten, one: UnderWay, tx: Tx) -> None:
    size = project.artifacts.stat(done.receipt).size
    project.store.artifacts.add_new([Artifact(done.receipt, "json", size, project.clock.now())], tx)
    kept.end(project, one, done.receipt, tx)


def _artifacts(project: Project, subject: str, lasting: set[str]) -> list[str]:
    """Those that are made anew when they are asked for go."""
    named = {one.place for one in artifact_subjects(project.artifacts).find(subject)}
    gone = sorted(named - lasting)
    for digest in gone:
        project.artifacts.delete(digest)
        project.store.artifacts.delete(digest)
    return gone


def _receipt(
    project: Project,
    one: UnderWay,
    made: list[Generation],
    gone: list[str],
    redacted: dict[str, int],
    formats: list[str],
) -> str:
    """Signed: what was removed, how, as of when, which digest of a table became which, and what is not covered. It holds no name."""
    tables: list[JsonObject] = [
        {
            "table": each.dataset,
            "generation": each.number,
            "rows": each.removed,
            "files": {"rewritten": each.rewritten, "linked": each.linked},
            "versions": {str(version): {"was": was, "is": now} for version, (was, now) in each.digests.items()},
        }
        for each in made
    ]
    said: JsonObject = {
        "mark": one.mark,
        "kind": one.kind,
        "by": one.by,
        "approval": one.approval,
        "approved_by": one.approved_by,
        "begun": to_iso(one.begun),
        "as_of": to_iso(project.clock.now()),
        "held": one.held,
        "tables": tables,
        "artifacts": gone,
        "records": redacted,
        "scan": {"planted_and_found": formats, "found_of_the_person": 0},
        "models_to_retrain": one.learned,
        "not_covered": list(NOT_COVERED),
    }
    return project.artifacts.put(seal({"_type": STATEMENT, "predicate": said}, signer_of(project)))
