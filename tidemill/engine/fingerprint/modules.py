"""Project files read as text: which statement each top-level name stands for. Nothing is imported for it.

The project's own files are those that are neither installed nor of the standard library nor Tidemill's. What a file
said when this process first looked at it counts as long as that module stays loaded: a notebook that goes on with old
code must not store its results under the new code's fingerprint.
"""

from __future__ import annotations

import ast
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_STDLIB = str(Path(os.__file__).parent) + os.sep
_COMPOUND = (ast.If, ast.Try, ast.TryStar, ast.With, ast.For, ast.While, ast.Match)
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_read: dict[str, tuple[tuple[Any, Any], Module]] = {}  # the spec is kept, so that no other has its id


@dataclass(frozen=True)
class Import:
    """``import module`` or, with a name, ``from module import name``."""

    module: str
    name: str = ""


@dataclass(eq=False)
class Module:
    """A file's top-level statements and imports, by the names they bind. ``label``: its name in fingerprints."""

    label: str
    path: str
    statements: dict[str, list[ast.stmt]] = field(default_factory=dict)
    imports: dict[str, list[Import]] = field(default_factory=dict)
    stars: list[str] = field(default_factory=list)
    package: str = ""  # what its relative imports start from


def project_module(name: str) -> Module | None:
    """The project's module of this name, or None when it is somebody else's or not there."""
    top = name.partition(".")[0]
    if top in sys.stdlib_module_names or top == "tidemill":
        return None
    path = _find(name)
    return read_module(name, path) if path and _is_project(path) else None


def read_module(name: str, path: str) -> Module | None:
    """The module of this file; None when it cannot be read or parsed."""
    try:
        status = Path(path).stat()
        spec = getattr(sys.modules.get(name), "__spec__", None)  # another object when the module is loaded again
        stamp = id(spec) if spec else (status.st_mtime_ns, status.st_size)
        if path in _read and _read[path][0] == (spec, stamp):
            return _read[path][1]
        tree = ast.parse(Path(path).read_bytes(), path)
    except (OSError, SyntaxError, ValueError):
        return None
    package = name if path.endswith("__init__.py") else name.rpartition(".")[0]
    module = Module(Path(path).stem if name == "__main__" else name, path, package=package)
    for statement in tree.body:
        if not _is_elsewhere(statement):
            _bind(statement, module)
    _read[path] = (spec, stamp), module
    return module


def imports_of(statement: ast.AST, module: Module) -> Iterator[tuple[str, Import]]:
    """Names bound by the imports in a statement, at any depth, and to what."""
    for node in ast.walk(statement):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.asname or alias.name.partition(".")[0], Import(alias.name)
        elif isinstance(node, ast.ImportFrom) and node.module != "__future__":
            base = module.package.split(".")[: len(module.package.split(".")) - node.level + 1] if node.level else []
            source = ".".join([*base, *([node.module] if node.module else [])])
            for alias in node.names:
                yield alias.asname or alias.name, Import(source, alias.name)


def _bind(statement: ast.stmt, module: Module) -> None:
    """A definition or a plain assignment stands for its own names, any other statement for all it mentions: it may
    change them."""
    if isinstance(statement, _DEFINITIONS):
        names = {statement.name}
    elif isinstance(statement, (ast.Assign, ast.AnnAssign)):
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        names = {n.id for target in targets for n in ast.walk(target) if isinstance(n, ast.Name)}
    else:
        names = {n.id for n in ast.walk(statement) if isinstance(n, ast.Name)}
        names |= {n.name for n in ast.walk(statement) if isinstance(n, _DEFINITIONS)}
    for name in names:
        module.statements.setdefault(name, []).append(statement)
    if isinstance(statement, (ast.Import, ast.ImportFrom, *_COMPOUND)):
        for name, target in imports_of(statement, module):
            if name == "*":
                module.stars.append(target.module)
            else:
                module.imports.setdefault(name, []).append(target)


def _is_elsewhere(statement: ast.stmt) -> bool:
    """``if TYPE_CHECKING`` and ``if __name__ == "__main__"``: no step uses what they do."""
    names = (
        {n.id for n in ast.walk(statement.test) if isinstance(n, ast.Name)} if isinstance(statement, ast.If) else set()
    )
    return bool(names & {"TYPE_CHECKING", "__name__"})


def _find(name: str) -> str | None:
    """The file of a module, without importing it or the packages above it."""
    loaded = getattr(sys.modules.get(name), "__file__", None)
    if loaded:
        return str(loaded)
    tail = name.replace(".", os.sep)
    for folder in sys.path:
        for path in (os.path.join(folder, tail, "__init__.py"), os.path.join(folder, f"{tail}.py")):
            if os.path.isfile(path):  # noqa: PTH113 - strings throughout: this is asked often
                return path
    return None


def _is_project(path: str) -> bool:
    parts = Path(path).parts
    installed = "site-packages" in parts or "dist-packages" in parts
    return path.endswith(".py") and not installed and not path.startswith(_STDLIB)
