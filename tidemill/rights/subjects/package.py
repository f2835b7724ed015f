"""What a person may take with them: a folder, or one zip file, of JSON lines, CSV and a text that says what they are."""

from __future__ import annotations

import csv
import json
import shutil
import zipfile
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from tidemill.errors import BadRequest
from tidemill.feedback.explained import person
from tidemill.files import fsync_folder
from tidemill.rights.subjects import meaning
from tidemill.rights.subjects.held import ROWS, Held, records
from tidemill.store.records import Prediction
from tidemill.types import JsonObject, to_iso

if TYPE_CHECKING:
    from tidemill.scope.project import Project

EXPLAINED = 1_000
"""Of so many answers, the latest, what they were made of is worked out."""
OnRecords = Callable[[int, int], None]
"""Told how many records are written, and of about how many."""


@dataclass(frozen=True)
class Exported:
    """What was written: the records by store, and how many answers are explained, of how many."""

    path: str
    subject: str
    kind: str | None
    records: dict[str, int]
    explained: int
    answers: int


def write(
    project: Project, found: Held, kind: str | None, out: Path, answers: Iterable[Prediction], on_records: OnRecords
) -> Exported:
    """A folder, or a file where ``out`` ends in ``.zip``: there whole, or not at all. Raises BadRequest where something is there.

    Records are written one after the other: memory does not grow with them. ``answers``: those to them, the latest first.
    """
    if out.exists() or not out.parent.is_dir():
        why = "it is there already" if out.exists() else "there is no such folder to write it in"
        raise BadRequest(why, place=str(out), hint="name one that is new: --out FOLDER or --out FILE.zip")
    part = out.with_name(f".{out.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(mode=0o700)
    try:
        told = _write(project, found, kind, part, answers, on_records)
        if out.suffix == ".zip":
            _zip(part, out)
        else:
            part.replace(out)
        fsync_folder(out.parent)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return Exported(str(out), found.subject, kind, *told)


def _write(
    project: Project,
    found: Held,
    kind: str | None,
    folder: Path,
    given: Iterable[Prediction],
    on_records: OnRecords,
) -> tuple[dict[str, int], int, int]:
    with ExitStack() as stack:
        counted = _records(project, found, kind, folder, stack, on_records)
    explained, answers = _explanations(project, given, folder / "explanations.jsonl")
    about: JsonObject = {
        "subject": found.subject,
        "kind": kind,
        "exported": to_iso(project.clock.now()),
        "purpose": project.purpose,
        "records": counted,
        "recipients": meaning.recipients(project),
        "datasets": meaning.columns(project, {one.dataset: None for one in found.rows}),
        "models": meaning.logic(project, found),
        "stores": {name: meaning.STORES[name] for name in counted if name in meaning.STORES},
    }
    (folder / "about.json").write_text(json.dumps(about, indent=1, ensure_ascii=False), "utf-8")
    (folder / "README.txt").write_text(_readme(about, explained, answers), "utf-8")
    return counted, explained, answers


def _records(
    project: Project, found: Held, kind: str | None, folder: Path, stack: ExitStack, on_records: OnRecords
) -> dict[str, int]:
    files: dict[str, IO[str]] = {}
    tables: dict[str, Any] = {}
    counted: dict[str, int] = {}
    of = sum(one.records for one in found.holdings)
    for n, record in enumerate(records(project, found, kind), 1):
        store = str(record["store"])
        if store not in files:
            files[store] = stack.enter_context((folder / f"{store}.jsonl").open("w", encoding="utf-8"))
        files[store].write(json.dumps(record, ensure_ascii=False, default=str) + "\n")
        counted[store] = counted.get(store, 0) + 1
        if store in ROWS:
            _row(record, folder, tables, stack)
        on_records(n, of)
    return counted


def _row(record: JsonObject, folder: Path, tables: dict[str, Any], stack: ExitStack) -> None:
    """A dataset's rows all have its columns."""
    name = str(record["dataset"]) + ("" if record["store"] == "tables" else ".quarantine")
    plain = {key: value for key, value in record.items() if key not in ("store", "dataset")}
    if name not in tables:
        opened = stack.enter_context((folder / f"{name}.csv").open("w", encoding="utf-8", newline=""))
        tables[name] = csv.DictWriter(opened, list(plain))
        tables[name].writeheader()
    tables[name].writerow(plain)


def _explanations(project: Project, given: Iterable[Prediction], path: Path) -> tuple[int, int]:
    """What the latest answers were made of, as sentences, or why it cannot be told."""
    explained = answers = 0
    with path.open("w", encoding="utf-8") as out:
        for answer in given:
            answers += 1
            if answers <= EXPLAINED:
                told = person(project, answer.id)
                explained += bool(told["sentences"])
                out.write(json.dumps(told, ensure_ascii=False) + "\n")
    return explained, answers


def _readme(about: JsonObject, explained: int, answers: int) -> str:
    lines = [
        f"What is kept here of {about['subject']}, as of {about['exported']}",
        "",
        f"What it is used for: {about['purpose'] or 'not said by the project'}",
        "",
        *(f"{name}.jsonl: {n} records: {meaning.STORES.get(name, '')}" for name, n in about["records"].items()),
        f"explanations.jsonl: what {explained} of {answers} answers were made of, as sentences (the latest {EXPLAINED} at most)",
        "about.json: what each column means, who may read all of this, and how each model came to its answers",
        "",
        "Each line of a .jsonl file is one record, as JSON; rows of datasets are in .csv files too.",
        "Not in here: what was given to others before, copies of this export, and backups.",
    ]
    return "\n".join(lines) + "\n"


def _zip(folder: Path, out: Path) -> None:
    part = out.with_name(f".{out.name}.zip-part")
    with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.iterdir()):
            archive.write(file, file.name)
    part.chmod(0o600)
    part.replace(out)
