"""Modules read as text: what each top-level name is bound to. Nothing is imported for it.

"Local" code is the project's and tidemill's own: any module neither in the standard library nor installed. Only local
code is followed; installed libraries go into a fingerprint by their version.
"""

from __future__ import annotations

import ast
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from types import CodeType
from typing import Any

_STDLIB = str(Path(os.__file__).parent)
_parsed: dict[str, tuple[tuple[int, int], Module]] = {}


@dataclass(frozen=True)
class Import:
    """``import module`` or, with a name, ``from module import name``."""

    module: str
    name: str = ""


@dataclass(eq=False)
class Module:
    """A local module's statements by the names they bind."""

    name: str
    path: str
    statements: dict[str, list[ast.stmt]] = field(default_factory=dict)
    imports: dict[str, Import] = field(default_factory=dict)
    stars: list[str] = field(default_factory=list)
    annotations: bool = False  # from __future__ import annotations
    text: bytes = b""
    codes: dict[tuple[str, int], CodeType] | None = None  # all code in it by qualified name and first line
    facts: dict[int, Any] = field(default_factory=dict)  # what a reader found out, by id of the statement

    @property
    def label(self) -> str:
        """The name in fingerprints: a script has the one it would be imported by."""
        return Path(self.path).stem if self.name == "__main__" else self.name

    def function(self, name: str, line: int) -> ast.FunctionDef | None:
        """The function of this name that begins (with its decorators) at this line, however deep it is."""
        for body in self.statements.values():
            for statement in body:
                for node in ast.walk(statement):
                    if isinstance(node, ast.FunctionDef) and node.name == name and first_line(node) == line:
                        return node
        return None


def first_line(node: ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef) -> int:
    return node.decorator_list[0].lineno if node.decorator_list else node.lineno


def local_module(name: str) -> Module | None:
    """The module read, or None when it is not local, not there, or not Python text."""
    path = _locate(name)
    if path is None or not path.endswith(".py") or not is_local(path, name):
        return None
    return read_module(name, path)


def read_module(name: str, path: str) -> Module | None:
    """The module of this file, parsed once for each state of the file. None when it cannot be read or parsed."""
    try:
        status = Path(path).stat()
        stamp = (status.st_mtime_ns, status.st_size)
        known = _parsed.get(path)
        if known and known[0] == stamp:
            return known[1]
        text = Path(path).read_bytes()
        tree = ast.parse(text, path)
    except (OSError, SyntaxError, ValueError):
        return None
    module = Module(name, path, text=text)
    _bind(tree.body, module, _package(name, path))
    _bind_registered(tree.body, module)
    _parsed[path] = (stamp, module)
    return module


def is_local(path: str, name: str) -> bool:
    """Whether the file is the project's or tidemill's own, not installed and not of the standard library."""
    if name.partition(".")[0] == "tidemill":
        return True
    parts = Path(path).parts
    return "site-packages" not in parts and "dist-packages" not in parts and not path.startswith(_STDLIB + os.sep)


def imports_of(node: ast.stmt, module: Module) -> Iterator[tuple[str, Import]]:
    """Names that an import statement binds, and to what."""
    if isinstance(node, ast.Import):
        for alias in node.names:
            top = alias.name.partition(".")[0]
            yield (alias.asname, Import(alias.name)) if alias.asname else (top, Import(top))
    elif isinstance(node, ast.ImportFrom):
        source = _source(node, _package(module.name, module.path))
        for alias in node.names:
            yield alias.asname or alias.name, Import(source, alias.name)


def _source(node: ast.ImportFrom, package: str) -> str:
    if not node.level:
        return node.module or ""
    base = package.split(".")[: len(package.split(".")) - node.level + 1]
    return ".".join([*base, *([node.module] if node.module else [])])


def _package(name: str, path: str) -> str:
    return name if path.endswith("__init__.py") else name.rpartition(".")[0]


def _bind(body: list[ast.stmt], module: Module, package: str, whole: ast.stmt | None = None) -> None:
    """Take note of what each statement binds; what is inside an ``if``, ``try`` or ``match`` is bound to the whole of it."""
    for node in body:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            _bind_import(node, module)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            module.statements.setdefault(node.name, []).append(whole or node)
        elif isinstance(node, ast.If) and _is_elsewhere(node.test):
            _bind(node.orelse, module, package, whole)
        elif isinstance(node, (ast.If, ast.Try, ast.TryStar, ast.With, ast.For, ast.While, ast.Match)):
            for name in _names_stored(node):
                module.statements.setdefault(name, []).append(whole or node)
            for part in ("body", "orelse", "finalbody"):
                _bind(getattr(node, part, []), module, package, whole or node)
            for branch in (*getattr(node, "handlers", ()), *getattr(node, "cases", ())):
                _bind(branch.body, module, package, whole or node)
        else:
            for name in _names_stored(node):
                module.statements.setdefault(name, []).append(whole or node)


def _bind_registered(body: list[ast.stmt], module: Module) -> None:
    """``@register def f``: what the module's own decorator puts things into is changed by each function it decorates."""
    for node in body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            used = {n.id for d in node.decorator_list for n in ast.walk(d) if isinstance(n, ast.Name)}
            for decorator in [
                d for name in used for d in module.statements.get(name, []) if isinstance(d, ast.FunctionDef)
            ]:
                for name in _names_stored(decorator):
                    if name in module.statements and node not in module.statements[name]:
                        module.statements[name].append(node)


def _bind_import(node: ast.Import | ast.ImportFrom, module: Module) -> None:
    for name, target in imports_of(node, module):
        if name == "*":
            module.stars.append(target.module)
        elif target.module == "__future__":
            module.annotations |= target.name == "annotations"
        else:
            module.imports[name] = target


def _is_elsewhere(test: ast.expr) -> bool:
    """``if TYPE_CHECKING`` and ``if __name__ == "__main__"``: no step of the module uses what they bind."""
    if isinstance(test, ast.Compare):
        test = test.left
    name = test.id if isinstance(test, ast.Name) else test.attr if isinstance(test, ast.Attribute) else ""
    return name in ("TYPE_CHECKING", "__name__")


def _names_stored(node: ast.stmt) -> list[str]:
    """Names that the statement sets or, as ``table["x"] = 1``, ``table.add(x)`` and ``fill(table)`` may, changes."""
    found: dict[str, None] = {}
    for part in ast.walk(node):
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
            found[part.id] = None
        elif isinstance(part, (ast.Subscript, ast.Attribute)) and isinstance(part.ctx, ast.Store):
            _add_root(part, found)
        elif isinstance(part, (ast.MatchAs, ast.MatchStar)) and part.name:
            found[part.name] = None
        elif isinstance(part, ast.Expr) and isinstance(part.value, ast.Call):
            call = part.value
            _add_root(call.func, found)
            for given in (*call.args, *(keyword.value for keyword in call.keywords)):
                found.update((name.id, None) for name in ast.walk(given) if isinstance(name, ast.Name))
    return list(found)


def _add_root(node: ast.expr, found: dict[str, None]) -> None:
    while isinstance(node, (ast.Subscript, ast.Attribute)):
        node = node.value
        if isinstance(node, ast.Name):
            found[node.id] = None


def _locate(name: str) -> str | None:
    """The file of a module, without importing it or the packages above it."""
    loaded = getattr(sys.modules.get(name), "__file__", None)
    if loaded:
        return str(loaded)
    top, _, rest = name.partition(".")
    if not top or top in sys.stdlib_module_names:
        return None
    try:
        spec = find_spec(top)
    except (ImportError, ValueError, AttributeError):
        return None
    if spec is None:
        return None
    if not rest:
        return spec.origin if spec.has_location else None
    for folder in spec.submodule_search_locations or ():
        base = os.path.join(folder, *rest.split("."))
        for path in (base + ".py", os.path.join(base, "__init__.py")):
            if os.path.isfile(path):  # noqa: PTH113 - strings throughout: this is asked often
                return path
    return None
