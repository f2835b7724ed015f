"""A step done in this very process: inputs read, the function called and watched, outputs kept."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from tidemill.engine.context import Context, Progress, RunContext
from tidemill.engine.faults import point
from tidemill.engine.fingerprint.impurity import Recorder, watching
from tidemill.engine.graph.values import filled, split_outputs
from tidemill.engine.runner.port import Done, Job
from tidemill.errors import TidemillError
from tidemill.store.artifacts import codecs
from tidemill.store.artifacts.codecs import Saved
from tidemill.store.artifacts.local import LocalArtifacts


class InlineRunner:
    """Implements `Runner` in the calling thread, which nobody can kill: Python cannot stop a thread."""

    def run(self, job: Job, around: RunContext, progress: Progress | None) -> Done:
        root = getattr(around.artifacts, "root", None)
        recorder = Recorder(around.root, [root] if isinstance(root, Path) else [])
        context = Context(around, job.name, progress, recorder.see)
        clock = time.process_time_ns if job.alone else time.thread_time_ns
        began = clock()
        arguments = _arguments(job, around.artifacts)
        if job.definition.context:
            arguments[job.definition.context] = context
        point("before the step's function")
        with watching(recorder):
            value = job.definition.fn(**arguments)
        point("after the step's function")
        outputs = _keep(job, value, around.artifacts)
        point("outputs kept")
        return Done(outputs, tuple(recorder.seen), (clock() - began) // 1000, context.reads, context.writes)

    def kill(self) -> None:
        """Whoever gives the run up waits for its threads, within a bound."""


def _arguments(job: Job, artifacts: LocalArtifacts) -> dict[str, Any]:
    def read(name: str) -> Any:
        return codecs.load(artifacts, job.inputs[name].digest, job.inputs[name].codec)

    return {name: filled(tree, read) for name, tree in job.arguments.items()}


def _keep(job: Job, value: Any, artifacts: LocalArtifacts) -> dict[str, Saved]:
    outputs = split_outputs(job.definition, value)
    try:
        return {name: codecs.save(artifacts, part) for name, part in outputs.items()}
    except TidemillError as exc:
        exc.place = exc.place or f"step {job.name}"
        raise
