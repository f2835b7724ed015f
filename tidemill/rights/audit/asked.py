"""The twelve questions by name, what each is about, and their answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from tidemill.errors import BadRequest, NotFound
from tidemill.rights.audit import models
from tidemill.rights.audit import project as whole
from tidemill.rights.audit.there import is_there
from tidemill.rights.documents.statement import Document, Statement
from tidemill.store.records import ModelVersion, Prediction
from tidemill.types import did_you_mean, to_iso

if TYPE_CHECKING:
    from tidemill.scope.project import Project

PROJECT, MODEL, PREDICTION = "project", "model", "prediction"


class Asked(NamedTuple):
    """``about``: what has to be named; a question about a version is about the champion where none is."""

    text: str
    about: str
    sentences: Callable[..., Iterator[Statement]]


QUESTIONS: dict[str, Asked] = {
    "purpose": Asked("What is it for, who answers for it, and by what rules?", PROJECT, whole.purpose),
    "data": Asked("Of whom is the data, since when, and what for?", PROJECT, whole.data),
    "access": Asked("Who may read it, how long is it kept, and who has looked?", PROJECT, whole.access),
    "origin": Asked("Of which rows and files, by which code and whom was this version made?", MODEL, models.origin),
    "tested": Asked("How was it tested, and what did each gate say?", MODEL, models.tested),
    "groups": Asked("Whom does it serve worse?", MODEL, models.groups),
    "let-out": Asked("Who let it out, and who said yes?", MODEL, models.let_out),
    "answer": Asked("Which version, release and data stand behind this answer?", PREDICTION, whole.answer),
    "oversight": Asked("Where did a person decide?", PROJECT, whole.oversight),
    "watched": Asked("What is watched, what was alarmed, and what was changed, and why?", PROJECT, whole.watched),
    "people": Asked("What did people ask for, and what was done?", PROJECT, whole.people),
    "record": Asked("Has anybody changed the record of all this?", PROJECT, whole.record),
}


def answer(project: Project, question: str, about: str = "") -> Document:
    """As of now. Raises NotFound, BadRequest where what it is about has to be named."""
    if question not in QUESTIONS:
        hint = did_you_mean(question, QUESTIONS) or f"one of: {', '.join(QUESTIONS)}"
        raise NotFound(f"no question is called {question!r}", place="question", hint=hint)
    asked = QUESTIONS[question]
    found = _about(project, asked.about, about)
    sentences = list(asked.sentences(project, *([found] if found is not None else [])))
    name = f": {found.ref if isinstance(found, ModelVersion) else found.id}" if found is not None else ""
    missing = tuple(_missing(project, sentences))
    said = f"{asked.text[:-1]}{name}?" if name else asked.text
    return Document(
        question,
        said,
        f"{project.name}, question {list(QUESTIONS).index(question) + 1} of {len(QUESTIONS)}",
        to_iso(project.clock.now()),
        (*sentences, *missing),
    )


def _about(project: Project, kind: str, said: str) -> ModelVersion | Prediction | None:
    if kind == PROJECT:
        return None
    if kind == PREDICTION:
        if not said:
            raise BadRequest("which answer?", place="about", hint="its id stands in the answer: pred_…")
        return project.live.predictions.named(said)
    return project.store.models.get(said or _champion(project))


def _champion(project: Project) -> str:
    """The only version that serves. Raises BadRequest."""
    serving = {one.model for one in project.store.releases.list(status="champion")}
    if len(serving) != 1:
        why = f"{len(serving)} versions serve" if serving else "no version serves"
        raise BadRequest(
            f"which version? {why}", place="about", hint="model:NAME@VERSION; tidemill models ls lists them"
        )
    return serving.pop()


def _missing(project: Project, sentences: list[Statement]) -> Iterator[Statement]:
    """The records that a sentence stands on and that are not there, each once; those that a gap names are told by it."""
    told = {ref for one in sentences if one.gap for ref in one.records}
    named: dict[str, Any] = {ref: one for one in sentences if not one.gap for ref in one.records if ref not in told}
    for ref, one in named.items():
        if not is_there(project, ref):
            yield Statement(
                one.section, f"{ref} is not there any more: the record that this stands on was deleted", (ref,), True
            )
