"""What the parts of an export mean, in words that a person understands: columns, purposes, who may read it, and how answers are made."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from tidemill.access.policy import policy_of
from tidemill.data.contract.meanings import meanings
from tidemill.data.contract.purposes import purposes_of
from tidemill.errors import TidemillError
from tidemill.ref import short_name
from tidemill.rights.notices import readers
from tidemill.rights.subjects.held import Held
from tidemill.store.records import ModelVersion
from tidemill.types import JsonObject, to_iso

if TYPE_CHECKING:
    from tidemill.scope.project import Project

ORIGIN = {
    "_file": "the digest of the file that the row came in",
    "_row": "the row of that file, from 0",
    "_ingest": "the run that took the file in",
    "_reason": "why the row is kept apart",
    "_raw": "the row as it came",
}
STORES = {
    "tables": "rows of the datasets, as the latest version holds them",
    "quarantine": "rows that the checks of the data refused, kept apart and used for nothing",
    "predictions": "answers that were given to you, with what was asked, what was answered, when, and by which version of which model",
    "outcomes": "what happened after an answer, as it was reported",
    "online": "your history, as the next answer to you would use it",
    "entity_inputs": "what a model would be asked about you next",
    "deferred": "questions about you that are still to be answered",
    "records": "records of the work itself that name you: runs, steps, events",
    "artifacts": "files made from the rows: feature tables, baselines, models' parts, reports",
    "files": "journals kept beside the stores",
}
"""What each part of an export is, said to the person."""


def columns(project: Project, datasets: Iterable[str]) -> JsonObject:
    """By dataset: its purposes, and of each column the type and what it means, as its contract says it."""
    from tidemill.data.contract.contract import Contract

    told: JsonObject = {}
    for name in datasets:
        path = project.dataset(name).contract_path
        contract, called = Contract.load(path), meanings(path)
        told[name] = {
            "purposes": list(purposes_of(path)) or [project.purpose or "not said"],
            "columns": {
                **{c.name: {"type": c.kind, "means": called.get(c.name, "")} for c in contract.columns},
                **{column: {"type": "", "means": means} for column, means in ORIGIN.items()},
            },
        }
    return told


def recipients(project: Project) -> JsonObject:
    """Who may read what is kept of one person, by the policy; and the accounts that have such a role now, counted."""
    try:
        policy_of(project)
    except TidemillError as exc:
        return {"why": f"the policy cannot be read: {exc.message}"}
    roles = readers(project)
    accounts = [one for one in project.store.principals.list() if one.disabled is None]
    if not accounts:
        return {"roles": [], "accounts": 0, "why": "there are no accounts: whoever can read the project's folder"}
    return {"roles": list(roles), "accounts": sum(bool(set(one.roles) & set(roles)) for one in accounts)}


def logic(project: Project, found: Held) -> list[JsonObject]:
    """Each model that learned from them or answered them, in plain words."""
    wanted = {*found.learned, *found.answered}
    return [
        {
            "model": model.ref,
            "learned from you": model.ref in found.learned,
            "answered you": model.ref in found.answered,
            "means": _plain(project, model),
            "trained on": list(model.data),
            "trained through": to_iso(model.trained_through),
        }
        for model in project.store.models.list()
        if model.ref in wanted
    ]


def _plain(project: Project, model: ModelVersion) -> str:
    method = str(model.recipe.get("method", "")).replace("_", " ")
    of = project.models.get(model.name)
    task = f" ({of.task})" if of is not None else ""
    how = f" by the method {method}" if method else ""
    return (
        f"{short_name(model.ref)} is a model{task} that was made{how} from the rows of {', '.join(model.data)}. "
        "It answers a request from what is known of whoever asks and from what it learned of all rows together; "
        "what each answer was made of is in explanations.jsonl, where it can still be told."
    )
