"""Whether a record that a sentence names is there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from tidemill.ref import Ref

if TYPE_CHECKING:
    from tidemill.scope.project import Project

_BY_ID = {
    "run": "runs",
    "release": "releases",
    "verdict": "verdicts",
    "decision": "decisions",
    "alarm": "alarms",
    "experiment": "experiments",
    "approval": "approvals",
    "vote": "votes",
    "event": "events",
    "limit": "limits",
    "request": "requests",
    "principal": "principals",
}
"""By the kind of a ref the noun of the store whose records have an id."""
_ALWAYS = ("project", "policy", "setting")


def is_there(project: Project, ref: str) -> bool:
    """Of a ref of a kind that names no record: it is."""
    found = Ref.parse(ref)
    if found.kind in _BY_ID:
        noun: Any = getattr(project.store, _BY_ID[found.kind])
        return noun.look_up(found.name) is not None
    look = _OTHERS.get(found.kind)
    return look is None or look(project, found)


def _file(project: Project, ref: Ref) -> bool:
    return any(project.store.files.look_up(dataset, ref.name) is not None for dataset in project.datasets)


_OTHERS: Mapping[str, Callable[[Project, Ref], bool]] = {
    "model": lambda project, ref: project.store.models.look_up(ref.name, ref.version or 0) is not None,
    "dataset": lambda project, ref: project.store.datasets.first(dataset=ref.name, version=ref.version) is not None,
    "artifact": lambda project, ref: project.artifacts.has(ref.name),
    "prediction": lambda project, ref: project.live.predictions.look_up(ref.name) is not None,
    "file": _file,
    "ledger": lambda project, ref: project.store.ledger_heads.look_up(int(ref.name)) is not None,
}
