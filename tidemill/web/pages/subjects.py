"""One person in everything that the project keeps; whose data may not be used; and the documents that an auditor asks for."""

from __future__ import annotations

from typing import Any

from tidemill.errors import TidemillError
from tidemill.ops.rights import audit, documents, limits, subjects
from tidemill.rights.documents.statement import Document
from tidemill.rights.subjects.held import kinds_of
from tidemill.web.site import Ask, Page, Shown


def people(ask: Ask) -> Shown:
    """Who looks is written down before anything is shown."""
    wanted, kind = ask.text("id") or "", ask.text("kind") or ""
    values: dict[str, Any] = {"wanted": wanted, "kind": kind, "found": None, "problem": None}
    values["accounts"] = bool(ask.project.store.principals.list(limit=1))
    values["kinds"] = sorted(set(kinds_of(ask.project).values()))
    if wanted:
        try:
            values["found"] = subjects.find(ask.project, ask.caller, wanted, kind or None)
        except TidemillError as exc:
            values["problem"] = str(exc)
    values["limits"] = limits.ls(ask.project, ask.caller)
    values["documents"] = documents.ls(ask.project)
    values["questions"] = audit.ls(ask.project)
    return Shown("Subjects", values)


def document(ask: Ask) -> Shown:
    return _by_section(documents.show(ask.project, ask.params["document"]))


def question(ask: Ask) -> Shown:
    return _by_section(audit.show(ask.project, ask.params["question"], ask.text("about") or ""))


def _by_section(found: Document) -> Shown:
    parts: dict[str, list[Any]] = {}
    for one in found.statements:
        parts.setdefault(one.section, []).append(one)
    return Shown(found.title, {"document": found, "parts": parts})


PAGES = (
    Page("/subjects", "subjects.html", "trace", people, "subject.read"),
    Page("/documents/{document}", "document.html", "trace", document, "project.read"),
    Page("/audit/{question}", "document.html", "trace", question, "project.read"),
)
