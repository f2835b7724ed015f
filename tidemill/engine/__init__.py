"""The engine: steps, pipelines, runs that survive being killed, and why a step ran.

Here stands what a project's steps are declared with. What runs them is `tidemill.engine.runner.engine`, which few of the
processes need.
"""

from tidemill.engine.context import Context
from tidemill.engine.graph.declare import Pipeline, StepFunction, each, pipeline, step, when

__all__ = ["Context", "Pipeline", "StepFunction", "each", "pipeline", "step", "when"]
