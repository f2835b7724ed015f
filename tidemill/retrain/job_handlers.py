"""What each kind of job does. Runs in the worker child (or inline): here the heavy libraries may be imported."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tidemill.errors import EngineError
from tidemill.types import JsonObject, did_you_mean

if TYPE_CHECKING:
    from tidemill.scope.project import Project

Tell = Callable[[JsonObject], None]


def warm_up() -> None:
    """Import what jobs need, so that the first one does not wait for it."""
    import tidemill.data.pipeline
    import tidemill.model.pipeline
    import tidemill.monitor.baseline
    import tidemill.release.pipeline  # noqa: F401


def do(project: Project, kind: str, params: JsonObject, tell: Tell) -> JsonObject:
    """The answer of one job. Raises TidemillError."""
    if kind not in _HANDLERS:
        raise EngineError(f"no job {kind!r}", hint=did_you_mean(kind, _HANDLERS))
    return _HANDLERS[kind](project, params, tell)


def _ingest(project: Project, params: JsonObject, tell: Tell) -> JsonObject:
    from tidemill.data.pipeline import ingest

    made = ingest(project, params["dataset"])
    return {"version": made.version if made else None, "rows": made.rows if made else None}


def _watch(project: Project, params: JsonObject, tell: Tell) -> JsonObject:
    from tidemill.monitor.monitors import monitors

    scope = project.endpoint(params["endpoint"])
    closed = [w for m in monitors().values() if m.heavy for w in m.close(scope, params["now"])]
    return {"closed": [[w.monitor, w.start, w.alarm] for w in closed]}


def _train(project: Project, params: JsonObject, tell: Tell) -> JsonObject:
    from tidemill.model.pipeline import build_candidate

    model = build_candidate(project, endpoint=params.get("endpoint"), parent=params.get("decision"))
    return {"model": model.ref, "run": model.run}


def _release(project: Project, params: JsonObject, tell: Tell) -> JsonObject:
    from tidemill.release.pipeline import release_candidate

    asked = {name: params.get(name) for name in ("endpoint", "decision")}
    made = release_candidate(project, params["model"], author=params.get("author", ""), **asked)
    return {"release": made.id, "status": made.status}


_HANDLERS: dict[str, Callable[[Any, JsonObject, Tell], JsonObject]] = {
    "ingest": _ingest,
    "watch": _watch,
    "train": _train,
    "release": _release,
}
