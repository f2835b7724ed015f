"""What a person is to be told when their data comes (Art. 13 and 14 GDPR), of a dataset: from its contract, the configuration and the policy.

Nothing is invented: what none of them says is named as missing, to be said by whoever sends the notice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tidemill.access.policy import policy_of
from tidemill.data.contract.meanings import meanings
from tidemill.data.contract.odcs import parse_document, read_text
from tidemill.data.contract.purposes import purposes_of
from tidemill.data.contract.subjects import subject_column
from tidemill.errors import TidemillError

if TYPE_CHECKING:
    from tidemill.scope.project import Project

RIGHTS = (
    "to have what is held of you, and a copy in files that programs read",
    "to have it corrected, restricted or erased",
    "to object to its use, and to withdraw a consent; what is answered to you is then what is usual",
    "to have a person decide anew on an answer of a model",
    "to complain to a supervisory authority",
)


@dataclass(frozen=True)
class ColumnTold:
    name: str
    type: str
    means: str


@dataclass(frozen=True)
class Answering:
    """Where answers about a person come from these rows without a person."""

    endpoint: str
    model: str
    task: str


@dataclass(frozen=True)
class Notice:
    """``about``: the kind of people; ``missing``: what nobody has said yet, and a notice has to."""

    dataset: str
    about: str
    project: str
    owner: str
    purposes: tuple[str, ...]
    columns: tuple[ColumnTold, ...]
    answers: tuple[Answering, ...]
    readers: tuple[str, ...]
    answers_kept: str  # "": always
    rights: tuple[str, ...]
    missing: tuple[str, ...]


def notice(project: Project, dataset: str) -> Notice:
    """Of this dataset. Raises NotFound, ContractError."""
    path = project.dataset(dataset).contract_path
    document, _ = parse_document(read_text(path), f"{path.parent.name}/{path.name}")
    called, about = meanings(path), subject_column(path)
    columns = tuple(
        ColumnTold(one.name, one.logicalType, called.get(one.name, "")) for one in document.schema[0].properties
    )
    purposes, owner = purposes_of(path), project.goal.owner
    answers = tuple(
        Answering(scope.name, scope.model.name, scope.model.task)
        for scope in project.endpoints.values()
        if scope.model.dataset.name == dataset
    )
    missing = [
        *([] if about else ["whom the rows are about: tidemill.role: subject"]),
        *([] if purposes else ["what they were collected for: tidemill.purpose"]),
        *([] if owner else ["who is responsible: [goal] owner"]),
        *(f"what {one.name} means: its description" for one in columns if not one.means),
        "the legal basis, where the data comes from, and how to reach whoever is responsible",
    ]
    return Notice(
        dataset=dataset,
        about=about.name if about else "",
        project=project.name,
        owner=owner,
        purposes=purposes,
        columns=columns,
        answers=answers,
        readers=readers(project),
        answers_kept=project.reached.keep,
        rights=RIGHTS,
        missing=tuple(missing),
    )


def readers(project: Project) -> tuple[str, ...]:
    """The roles that may read what is kept of one person. Of a policy that cannot be read: none that is known."""
    try:
        policy = policy_of(project)
    except TidemillError:
        return ()
    return tuple(sorted(role for role in policy.roles if "person.read" in policy.may((role,))))
