"""What a model may say of a learner that is not built in: ``learner``, ``onnx``, ``process``, and their ``limits``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from tidemill.config.amounts import some_bytes, some_time
from tidemill.config.sections import LimitsSection, ModelSection, OnnxSection, ProcessSection, StartSection
from tidemill.errors import ConfigError

TABLES = ("classify", "regress")
_FUNCTION = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*")
_FILE = re.compile(r"(?!/|~)[^\x00-\x1f\x7f\\]+")


class Wrong(NamedTuple):
    """A key of the section, and what is wrong with what it says."""

    key: str
    message: str
    hint: str


def onnx_of(model: ModelSection) -> OnnxSection | None:
    """The file, where the section names one in either way."""
    return OnnxSection(file=model.onnx) if isinstance(model.onnx, str) else model.onnx


def module_file(learner: str) -> str:
    """The file of the project that a learner is in, as seen from tidemill.toml.

    >>> module_file("steps:make"), module_file("models.forest:make")
    ('steps.py', 'models/forest.py')
    """
    return learner.partition(":")[0].replace(".", "/") + ".py"


def check_foreign(model: ModelSection) -> Iterator[Wrong]:
    """All that is wrong."""
    said = [key for key in ("learner", "onnx", "process") if getattr(model, key)]
    if len(said) > 1:
        yield Wrong(said[1], f"{said[0]} is said, too", "a model has one of them")
    if said and model.task not in TABLES:
        hint = 'a recommender of your own is task = "steps:NAME"'
        yield Wrong(said[0], f"it is of the tasks {' and '.join(TABLES)}", hint)
    if model.learner and not _FUNCTION.fullmatch(model.learner):
        yield Wrong(
            "learner", f"{model.learner!r} names no function", 'write it as "steps:make" or "models.forest:make"'
        )
    onnx = onnx_of(model)
    if onnx is not None and not _inside(onnx.file):
        yield Wrong("onnx", f"{onnx.file!r} is no file of the project", 'write it as "models/churn.onnx"')
    yield from (Wrong("start_from", message, hint) for message, hint in _start(model))
    if model.process is not None:
        yield from (Wrong("process", message, hint) for message, hint in check_process(model.process))
        if model.limits != LimitsSection():
            yield Wrong("limits", "of a process they stand in it", "process = { command = [...], limits = { … } }")
    yield from (Wrong("limits", message, hint) for message, hint in _limits(model.limits))


def _start(model: ModelSection) -> Iterator[tuple[str, str]]:
    start = model.start_from
    if not start:
        return
    if model.task not in TABLES:
        yield f"it is of the tasks {' and '.join(TABLES)}", "leave it out: a recommender is fitted anew in one step"
    if model.learner or model.onnx:
        yield "an estimator or a file begins nowhere", "leave it out, or write a process"
    if isinstance(start, str) and start != "champion":
        yield f"{start!r} is no model", 'write "champion", or { project = "../other", bundle = "sha256:…" }'
    if isinstance(start, StartSection) and not re.fullmatch(r"sha256:[0-9a-f]{64}", start.bundle):
        yield f"{start.bundle!r} is no digest", "tidemill models show MODEL --json says it (bundle)"


def _limits(limits: LimitsSection) -> Iterator[tuple[str, str]]:
    times = ((some_time, text) for text in (limits.fit, limits.start, limits.answer))
    for reader, text in ((some_bytes, limits.memory), *times):
        try:
            reader(text)
        except ConfigError as exc:
            yield exc.message, exc.hint


def check_process(process: ProcessSection) -> Iterator[tuple[str, str]]:
    """What is wrong with it, and the hint."""
    example = 'command = ["python", "-m", "their.server"]'
    if bool(process.command) == bool(process.url):
        yield "it is a command or a url", f"write {example}, or the url where it runs"
    yield from _limits(process.limits)
    if process.command and (not process.command[0].strip() or any("\0" in word for word in process.command)):
        yield "its command names no program", f"write {example}"
    found = re.fullmatch(r"http://(127\.0\.0\.1|localhost|\[::1\]):(\d{1,5})", process.url)
    if process.url and not (found and 0 < int(found[2]) < 65_536):
        yield f"{process.url!r} is no address on this machine", 'write it as url = "http://127.0.0.1:9000"'


def _inside(path: str) -> bool:
    return bool(_FILE.fullmatch(path)) and ".." not in path.split("/")
