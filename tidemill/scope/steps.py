"""A project's own steps.py, run with the modules beside it.

Modules of the project's folder stand last on the path, so that they can hide nothing that is installed; one that would
be hidden is refused. They are run anew with steps.py: what a long process, such as the loop, runs is what the files say.
"""

from __future__ import annotations

import ast
import importlib
import importlib.machinery
import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from tidemill.engine.raised import STEPS
from tidemill.errors import SourceError

_here: list[str] = []  # the folder that `load_steps` has put on the path
_loaded: set[str] = set()  # the modules beside steps.py that it imported, by their first names


def load_steps(root: Path, place: str) -> ModuleType:
    """The project's steps.py, run anew. Raises SourceError when there is none, or a module beside it cannot be imported;
    besides what it raises itself.
    """
    path = root / STEPS
    if not path.is_file():
        raise SourceError("the project has no steps.py", place=place, hint="write one, or name files")
    _forget_others()
    beside = local_modules(root)
    for name in sorted(beside):
        if _is_elsewhere(name, root.resolve()):
            message = f"{name} is imported, which is the name of an installed module and of one beside steps.py"
            raise SourceError(message, place=STEPS, hint=f"call the project's own {name} by another name")
    if not any(_is(entry, root.resolve()) for entry in sys.path):
        _here.append(str(root.resolve()))
        sys.path.append(_here[-1])
    _loaded.update(beside)
    spec = importlib.util.spec_from_file_location("steps", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def local_modules(root: Path) -> set[str]:
    """The modules and packages of the project's folder that steps.py, or one of them, imports: their first names."""
    found: set[str] = set()
    waiting = [root / STEPS]
    while waiting:
        for name in {name.partition(".")[0] for name in _imports(waiting.pop())} - found:
            files = [root / f"{name}.py"] if (root / f"{name}.py").is_file() else [*(root / name).rglob("*.py")]
            if files:
                found.add(name)
                waiting += files
    return found


def _imports(path: Path) -> Iterator[str]:
    """What a file imports by whole names, at any depth. Nothing of one that cannot be parsed: running it says why."""
    try:
        tree = ast.parse(path.read_bytes(), path)
    except (SyntaxError, ValueError, OSError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


def _is_elsewhere(name: str, root: Path) -> bool:
    """Whether a module of this name is Python's own or installed."""
    spec = importlib.machinery.PathFinder.find_spec(name, [entry for entry in sys.path if not _is(entry, root)])
    return name in sys.stdlib_module_names or (spec is not None and spec.origin is not None)


def _is(entry: str, root: Path) -> bool:
    """Whether this entry of the path is the folder."""
    return Path(entry or Path.cwd()).resolve() == root


def _forget_others() -> None:
    """Let the modules that were run before be run anew, and take another project's folder from the path."""
    for name in list(sys.modules):
        if name.partition(".")[0] in _loaded:
            del sys.modules[name]
    sys.path[:] = [entry for entry in sys.path if entry not in _here]
    _here.clear()
    _loaded.clear()
    importlib.invalidate_caches()
