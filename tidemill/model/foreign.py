"""A learner that tidemill.toml names, and that is not built in: its recipe, and what it may take."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from tidemill.config.amounts import some_bytes, some_time
from tidemill.config.foreign import module_file, onnx_of
from tidemill.learning.given import read_file, spec_of
from tidemill.types import SECOND, JsonObject, digest

if TYPE_CHECKING:
    from tidemill.scope.project import Model


def given_of(model: Model) -> JsonObject | None:
    """`tidemill.learning.given.Given` as plain values; None where the learners are built in. Raises ModelError for a file that is none."""
    section, root = model.section, model.project.root
    onnx = onnx_of(section)
    if section.learner:
        recipe: JsonObject = {"method": "own", "learner": section.learner, "file": module_file(section.learner)}
    elif onnx is not None:
        recipe = {"method": "onnx", **msgspec.to_builtins(onnx)}
    elif section.process is not None:
        recipe = {"method": "process", "command": list(section.process.command), "url": section.process.url}
    else:
        return None
    if "file" in recipe:
        recipe["source"] = digest(read_file(root, recipe["file"]))
    limits = section.process.limits if section.process else section.limits
    spec = None if section.process is None else msgspec.to_builtins(spec_of(section.process, str(root)))
    return {
        "process": spec,
        "recipe": recipe,
        "root": str(root),
        "memory": some_bytes(limits.memory),
        "seconds": some_time(limits.fit) / SECOND,
    }
