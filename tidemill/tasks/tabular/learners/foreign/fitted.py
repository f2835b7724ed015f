"""Asks the child with limits for a model in ONNX: of a project's estimator, or of a file that somebody made."""

from __future__ import annotations

from tidemill.errors import ModelError
from tidemill.learning.given import Given
from tidemill.process.channel import Channel
from tidemill.process.limited import Died, Limited
from tidemill.store.artifacts.codecs import encode
from tidemill.tasks.tabular.learners.foreign.onnx import FILE, SPEC
from tidemill.tasks.tabular.learners.port import Problem
from tidemill.types import JsonObject

_CHILD = Limited("tidemill.tasks.tabular.learners.foreign.main")
_ALONE = "try it alone, in Python"
_MORE = "give it more: [model] limits = {{ {} }}"


def own(recipe: JsonObject, problem: Problem) -> dict[str, bytes]:
    """The project's estimator, fitted and as ONNX. Raises ModelError."""
    return _asked("own", recipe, problem, str(recipe["learner"]))


def file(recipe: JsonObject, problem: Problem) -> dict[str, bytes]:
    """The model's file, once it was looked into and has answered the rows. Raises ModelError."""
    return _asked("file", recipe, problem, str(recipe["file"]))


def _asked(what: str, recipe: JsonObject, problem: Problem, place: str) -> dict[str, bytes]:
    given = problem.given
    if not isinstance(given, Given):
        raise ModelError(f"{place} is not said in tidemill.toml any more", place=place)
    data = given.read(recipe)
    inputs = [[one.name, one.kind, list(one.categories)] for one in problem.inputs]
    message = {"do": what, "recipe": recipe, "inputs": inputs, "labels": problem.labels, "memory": given.memory}
    rows = encode("arrays", {"x": problem.x, "y": problem.y})
    try:
        return _CHILD.ask({**message, "file": len(data)}, data + rows, given.seconds, _heard)
    except TimeoutError:
        hint = _MORE.format('fit = "1 hour"')
        raise ModelError(f"not done within {given.seconds:g} s", place=place, hint=hint) from None
    except Died as exc:
        if exc.why == "memory":
            said = f"it needs more than {given.memory / 1e9:g} GB of memory"
            raise ModelError(said, place=place, hint=_MORE.format('memory = "4 GB"')) from None
        raise ModelError(f"its process {exc.ended}", place=place, hint=_ALONE) from None
    except OSError as exc:
        raise ModelError(f"no process can be started: {exc.strerror}", place=place) from exc
    except ModelError as exc:
        raise ModelError(exc.message, place=place, hint=exc.hint or _ALONE) from exc


def _heard(channel: Channel, until: float) -> dict[str, bytes]:
    message = channel.receive(until)
    if message is None:
        raise EOFError
    if "error" in message:
        raise ModelError(message["error"], hint=message["hint"])
    model, spec = (bytes(channel.receive_bytes(message[name], until)) for name in ("model", "spec"))
    return {FILE: model, SPEC: spec}
