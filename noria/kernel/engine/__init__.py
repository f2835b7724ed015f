"""The engine: steps, pipelines, runs that survive being killed, and why a step ran."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from noria.kernel.engine.context import Context
from noria.kernel.engine.pipelines import Pipeline, each, pipeline, when
from noria.kernel.engine.steps import StepFunction, step

if TYPE_CHECKING:
    from noria.kernel.engine.explain import Why, why
    from noria.kernel.engine.orphans import settle_orphans
    from noria.kernel.engine.runner import Engine, RunResult

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

_HOME = {"Engine": "runner", "RunResult": "runner", "Why": "explain", "why": "explain", "settle_orphans": "orphans"}


def __getattr__(name: str) -> Any:
    """Running and explaining are loaded when first used: a project's steps import this package."""
    if name not in _HOME:
        raise AttributeError(f"module 'noria.kernel.engine' has no attribute {name!r}")
    return getattr(import_module(f"noria.kernel.engine.{_HOME[name]}"), name)
