"""The learners of this folder, by the method of their recipes."""

from __future__ import annotations

from tidemill.tasks.tabular.learners.foreign.onnx import open_onnx
from tidemill.tasks.tabular.learners.port import Learner, Problem
from tidemill.types import JsonObject


def _own(recipe: JsonObject, problem: Problem) -> dict[str, bytes]:
    from tidemill.tasks.tabular.learners.foreign import fitted  # a server never fits

    return fitted.own(recipe, problem)


def _file(recipe: JsonObject, problem: Problem) -> dict[str, bytes]:
    from tidemill.tasks.tabular.learners.foreign import fitted

    return fitted.file(recipe, problem)


OWN = Learner(_own, open_onnx, libraries=("scikit-learn", "skl2onnx", "onnxruntime"))
FILE = Learner(_file, open_onnx, libraries=("onnx", "onnxruntime"))
