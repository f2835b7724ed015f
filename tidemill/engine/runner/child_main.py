"""A step in a child process: the child's side."""

from __future__ import annotations

import importlib
import importlib.util
import sys
import traceback
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from tidemill.engine.fingerprint.code_dependencies import code_dependencies
from tidemill.engine.graph.nodes import Definition
from tidemill.engine.graph.steps import StepFunction, step
from tidemill.engine.graph.values import Kept
from tidemill.engine.runner.attempts import surfaced
from tidemill.engine.runner.inline import run_here
from tidemill.engine.runner.port import Job, RunContext
from tidemill.errors import PipelineError
from tidemill.process.guarded import parent
from tidemill.store.artifacts.local import LocalArtifacts
from tidemill.types import HeldClock, JsonObject, SystemClock


def main() -> None:
    """Hear the job, do the step, answer."""
    channel = parent()
    request = channel.receive() if channel is not None else None
    if channel is None or request is None:
        raise SystemExit("the engine starts this process")
    sys.path[:] = request["path"]
    root = Path(request["root"])
    try:
        with Resources(request["reopen"], root) as resources:
            done = run_here(
                _job(request),
                _run_context(request, root, resources),
                lambda done, total, text: channel.send({"progress": [done, total, text]}),
            )
    except Exception as exc:  # noqa: BLE001 - told to the parent, which raises it
        channel.send({"failed": _failed(exc, request["step"])})
    else:
        sys.stdout.flush()
        channel.send({"done": done.message()})


class Resources(Mapping[str, Any]):
    """Resources opened anew in this process, each when first asked for: name -> ``module:function`` taking the root.

    Closed before the step is called done, so that nothing they still had to write is lost with the process.
    """

    def __init__(self, reopen: Mapping[str, str], root: Path) -> None:
        self._reopen, self._root = reopen, root
        self._open: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._open:
            module, _, function = self._reopen[name].partition(":")
            self._open[name] = getattr(importlib.import_module(module), function)(self._root)
        return self._open[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._reopen)

    def __len__(self) -> int:
        return len(self._reopen)

    def __enter__(self) -> Resources:
        return self

    def __exit__(self, *exc: object) -> None:
        for resource in self._open.values():
            close = getattr(resource, "close", None)
            if callable(close):
                close()


def _job(request: JsonObject) -> Job:
    definition = _definition(request)
    inputs = {name: Kept(*kept) for name, kept in request["inputs"].items()}
    job = Job(definition, request["step"], request["arguments"], inputs)
    source = next(iter(code_dependencies(definition.fn).sources.values()), "")
    if request["source"] and request["source"] != source:
        raise PipelineError(
            "its source has changed since the run began",
            place=f"step {job.name}",
            hint="run the same command again",
        )
    return job


def _definition(request: JsonObject) -> Definition:
    found: Any = _module(request["module"], request["file"])
    for part in request["qualname"].split("."):
        found = getattr(found, part)
    if not isinstance(found, StepFunction):
        found = step(outputs=request["outputs"])(found)
    definition: Definition = found.definition
    return definition


def _module(name: str, file: str) -> ModuleType:
    """The module imported by its name, or from its file when it is a script or stands off the path."""
    if name != "__main__":
        try:
            module = importlib.import_module(name)
        except ImportError:
            pass
        else:
            if getattr(module, "__file__", None) == file:
                return module
    spec = importlib.util.spec_from_file_location(Path(file).stem if name == "__main__" else name, file)
    if spec is None or spec.loader is None:
        raise PipelineError(f"{file} cannot be imported", hint="keep steps in a .py file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def _run_context(request: JsonObject, root: Path, resources: Resources) -> RunContext:
    at = request["clock"]
    return RunContext(
        root=root,
        clock=SystemClock() if at is None else HeldClock(at),
        artifacts=LocalArtifacts(request["artifacts"]),
        store=None,
        resources=resources,
        reopen=request["reopen"],
        seed=request["seed"],
        run=request["run"],
    )


def _failed(exc: Exception, name: str) -> JsonObject:
    """The error that is to leave the engine, and by which names a retry may know what was raised."""
    error = surfaced(exc, name)
    if error is not exc:
        traceback.print_exception(exc)
    kinds = [f"{kind.__module__}.{kind.__qualname__}" for kind in type(exc).__mro__]
    told = {"message": error.message, "place": error.place, "hint": error.hint}
    return {"kinds": kinds, "error": type(error).__name__, **told}


if __name__ == "__main__":
    main()
