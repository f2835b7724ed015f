"""A step in a child process: the child's side."""

from __future__ import annotations

import importlib
import importlib.util
import sys
import traceback
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from itertools import zip_longest
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec

from tidemill.engine.context import RunContext
from tidemill.engine.fingerprint.code_dependencies import code_dependencies
from tidemill.engine.graph.declare import step
from tidemill.engine.raised import kinds_of, surfaced, whole
from tidemill.engine.runner.child import Request
from tidemill.engine.runner.parts import in_turn
from tidemill.engine.runner.port import InlineRunner, Job
from tidemill.errors import PipelineError
from tidemill.process.guarded import parent
from tidemill.process.memory import memory_within
from tidemill.store.artifacts import open_artifacts
from tidemill.types import HeldClock, JsonObject, SystemClock


def main() -> None:
    """Hear the job, do the step, answer."""
    channel = parent()
    message = channel.receive() if channel is not None else None
    if channel is None or message is None:
        raise SystemExit("the engine starts this process")
    request = msgspec.convert(message, Request)
    sys.path[:] = request.path
    try:
        with memory_within(request.memory), ExitStack() as at_end:
            resources = Resources(request.reopen, Path(request.root), at_end)
            done = InlineRunner().run(
                _job(request),
                _run_context(request, resources),
                lambda done, total, text: channel.send({"progress": [done, total, text]}),
            )
    except Exception as exc:  # noqa: BLE001 - told to the parent, which raises it
        channel.send({"failed": _failed(exc, request)})
    else:
        sys.stdout.flush()
        channel.send({"done": msgspec.to_builtins(done)})


class Resources(Mapping[str, Any]):
    """Resources opened anew in this process, each when first asked for: name -> ``module:function`` taking the root.

    Closed ``at_end``, before the step is called done, so that nothing they still had to write is lost with the process.
    """

    def __init__(self, reopen: Mapping[str, str], root: Path, at_end: ExitStack) -> None:
        self._reopen, self._root, self._at_end = reopen, root, at_end
        self._open: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._open:
            module, _, function = self._reopen[name].partition(":")
            opened = self._open[name] = getattr(importlib.import_module(module), function)(self._root)
            if callable(close := getattr(opened, "close", None)):
                self._at_end.callback(close)
        return self._open[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._reopen)

    def __len__(self) -> int:
        return len(self._reopen)


def _job(request: Request) -> Job:
    found: Any = _module(request.module, request.file)
    for part in request.qualname.split("."):
        found = getattr(found, part)
    definition = step(outputs=request.outputs)(getattr(found, "fn", found)).definition
    _compare(request, code_dependencies(definition.fn).sources)
    return Job(definition, request.step, request.arguments, request.inputs)


def _compare(request: Request, here: Mapping[str, str]) -> None:
    """Raises PipelineError where the code that is found here is not that of the run."""
    if not request.sources:
        return
    for (name, said), found in zip_longest(request.sources.items(), here.values(), fillvalue=("what it uses", "")):
        if said != found:
            raise PipelineError(
                f"{name} is other code here than where the run began",
                place=f"step {request.step}",
                hint="the same code wherever steps run; then run the same command again",
            )


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


def _run_context(request: Request, resources: Resources) -> RunContext:
    around = RunContext(
        root=Path(request.root),
        clock=SystemClock() if request.clock is None else HeldClock(request.clock),
        artifacts=open_artifacts(request.artifacts),
        store=None,
        resources=resources,
        reopen=request.reopen,
        seed=request.seed,
        run=request.run,
    )
    return replace(around, each=partial(in_turn, around))


def _failed(exc: Exception, request: Request) -> JsonObject:
    """The error that is to leave the engine, and by which names a retry may know what was raised."""
    error = surfaced(exc, request.step)
    if error is not exc:
        traceback.print_exception(exc)
    told = error.problem()
    return {
        **told,
        "place": told["place"] or f"step {request.step}",
        "kinds": kinds_of(exc),
        "error": type(error).__name__,
        "trace": whole(exc),
    }


if __name__ == "__main__":
    main()
