"""The engine: steps, pipelines, runs that survive being killed, and why a step ran."""

from __future__ import annotations

from tidemill.engine.context import Context
from tidemill.engine.explain import Why, why
from tidemill.engine.graph.pipelines import Pipeline, each, pipeline, when
from tidemill.engine.graph.steps import StepFunction, step
from tidemill.engine.lease import settle_orphans
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
