"""The engine: steps, pipelines, runs that survive being killed, and why a step ran."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from tidemill.engine.context import Context
from tidemill.engine.graph.pipelines import Pipeline, each, pipeline, when
from tidemill.engine.graph.steps import StepFunction, step

if TYPE_CHECKING:
    from tidemill.engine.explain import Why, why
    from tidemill.engine.journal.orphans import settle_orphans
    from tidemill.engine.runner.engine import Engine, RunResult

__all__ = [
    "Context",
    "Engine",
    "Pipeline",
    "RunResult",
    "StepFunction",
    "Why",
    "each",
    "pipeline",
    "settle_orphans",
    "step",
    "when",
    "why",
]

_HOME = {
    "Engine": "runner.engine",
    "RunResult": "runner.engine",
    "Why": "explain",
    "why": "explain",
    "settle_orphans": "journal.orphans",
}


def __getattr__(name: str) -> Any:
    """Running and explaining are loaded when first used: a project's steps import this package."""
    if name not in _HOME:
        raise AttributeError(f"module 'tidemill.engine' has no attribute {name!r}")
    return getattr(import_module(f"tidemill.engine.{_HOME[name]}"), name)
