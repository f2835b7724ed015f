"""Tidemill runs the whole life of a machine-learning model in one closed loop.

The public names are loaded when first used, so that ``import tidemill`` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from polars import DataFrame as Table

    from tidemill.engine import Context, each, pipeline, step, when
    from tidemill.engine.runner.engine import Engine
    from tidemill.ops.new import new as new
    from tidemill.ops.notebook import open as open
    from tidemill.scope.project import Project, open_project

__version__ = "0.1.0"

_HOME = {
    "Context": "tidemill.engine",
    "Engine": "tidemill.engine.runner.engine",
    "Project": "tidemill.scope.project",
    "Table": "polars",
    "each": "tidemill.engine",
    "new": "tidemill.ops.new",
    "open": "tidemill.ops.notebook",
    "open_project": "tidemill.scope.project",
    "pipeline": "tidemill.engine",
    "step": "tidemill.engine",
    "when": "tidemill.engine",
}

# `open` is public and not listed: ``from tidemill import *`` must not take Python's own away.
__all__ = ["Context", "Engine", "Project", "Table", "each", "new", "open_project", "pipeline", "step", "when"]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'tidemill' has no attribute {name!r}")
    found = getattr(import_module(_HOME[name]), "DataFrame" if name == "Table" else name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted([*__all__, "open", "__version__"])
