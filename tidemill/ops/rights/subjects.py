"""A person found in everything that the project keeps, and what is held of them given out. Who looks is written down."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

from msgspec import Meta

from tidemill.access.caller import Caller
from tidemill.access.needs import needs
from tidemill.ops.looked import looked, subject_digest
from tidemill.ops.page import walk
from tidemill.rights.marks import mark
from tidemill.rights.requests import ACCESS, PORTABILITY, answer
from tidemill.rights.subjects.held import Held, one_kind
from tidemill.rights.subjects.held import find as find_in
from tidemill.rights.subjects.package import Exported, OnRecords, write
from tidemill.scope.project import Project

Subject = Annotated[str, Meta(max_length=500)]
Kind = Annotated[str, Meta(max_length=100)] | None


@needs("subject.read")
def find(project: Project, caller: Caller, subject: Subject, kind: Kind = None) -> Held:
    """Where a person is: stores, datasets, models that learned from them or answered them. Raises NotFound."""
    looked(project, caller, "find", subject, "project:subjects")
    return find_in(project, subject, kind)


@needs("subject.read")
def export(
    project: Project,
    caller: Caller,
    subject: Subject,
    kind: Kind,
    out: Path,
    on_records: OnRecords = lambda n, of: None,
) -> Exported:
    """All that is held of a person, in a new folder or zip file, with what it means. Raises NotFound, BadRequest."""
    looked(project, caller, "export", subject, f"project:subjects/{subject_digest(project, subject)}")
    found = find_in(project, subject, kind)
    chosen = kind if kind is not None else one_kind(found)
    answers = walk(partial(project.live.predictions.page, subject=found.subject))
    made = write(project, found, chosen, out, answers, on_records)
    if chosen is not None:
        answer(project, mark(project, chosen, found.subject), (ACCESS, PORTABILITY), "exported", caller.by)
    return made
