"""The project code that a step depends on: its own function, and by name what that uses of the project's files.

Each function, class and value counts by a digest of its syntax tree, so comments, layout and docstrings change nothing.
Installed libraries, and Tidemill itself, count by their version. Not followed: what is only known when the code runs (a
method of an object passed in, ``getattr``, what other modules put into a registry).
"""

from __future__ import annotations

import ast
import copy
import inspect
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from types import FunctionType
from typing import Any

from tidemill.engine.fingerprint.modules import Import, Module, imports_of, project_module, read_module
from tidemill.errors import StoreError
from tidemill.store.artifacts.codecs import encode
from tidemill.types import digest

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_NATIVE = re.compile(
    r"DeltaTable|(read|scan|write|sink)_(csv|parquet|ipc|ndjson|json|avro|delta|excel|iceberg|database)"
)
"""Opens files in Rust, which no audit event shows: the one thing that is told by its name."""


@dataclass
class CodeDependencies:
    """Digests by ``module:name``, the step's own first; libraries by import name; what no fingerprint can see."""

    sources: dict[str, str] = field(default_factory=dict)
    libraries: set[str] = field(default_factory=set)
    unseen: dict[str, None] = field(default_factory=dict)


def code_dependencies(fn: Callable[..., Any]) -> CodeDependencies:
    """Everything that this function reaches, itself first."""
    walk = _Walk()
    walk.function(fn)
    return walk.found


class _Walk:
    def __init__(self) -> None:
        self.found = CodeDependencies()
        self._followed: set[tuple[str, str]] = set()
        self._modules: dict[str, Module | None] = {}

    def function(self, fn: Any) -> None:
        """A loaded function: by its name in its file, or by itself where it was made in another function or a shell."""
        fn = inspect.unwrap(fn)
        module = read_module(fn.__module__, fn.__code__.co_filename)
        if module is not None and fn.__qualname__ in module.statements:
            self._follow(module, fn.__qualname__)
        elif (fn.__module__, fn.__qualname__) not in self._followed:
            self._followed.add((fn.__module__, fn.__qualname__))
            self._made(fn, module)

    def _made(self, fn: FunctionType, module: Module | None) -> None:
        key = f"{fn.__module__}:{fn.__qualname__}"
        try:
            self.found.sources[key] = digest(inspect.getsource(fn).encode())
        except (OSError, TypeError):
            self.found.unseen[f"its source: {fn.__qualname__} stands in no file"] = None
        if module is not None:
            for name in fn.__code__.co_names:
                self._follow(module, name)
        for name, cell in zip(fn.__code__.co_freevars, fn.__closure__ or ()):
            self._value(f"{key}.{name}", cell)

    def _value(self, key: str, cell: Any) -> None:
        """What a closure holds."""
        try:
            value = inspect.unwrap(cell.cell_contents)
            if isinstance(value, FunctionType):
                self.function(value)
            else:
                self.found.sources[key] = digest(encode("json", value))
        except (ValueError, StoreError, RecursionError):  # nothing in it yet, or no data
            self.found.unseen[f"the value of {key.rpartition('.')[2]}"] = None

    def _follow(self, module: Module, name: str) -> bool:
        """A top-level name of a module, and all it uses; False when it is asked for first and the module does not bind it."""
        if (module.path, name) in self._followed:
            return True
        self._followed.add((module.path, name))
        known = name in module.statements or name in module.imports
        for statement in module.statements.get(name, ()):
            self._statement(module, name, statement)
        for target in module.imports.get(name, ()):
            self._import(target)
        return known or any(self._follow_star(star, name) for star in module.stars)

    def _follow_star(self, star: str, name: str) -> bool:
        module = self._module(star)
        if module is None:
            self._import(Import(star))
        return module is not None and self._follow(module, name)

    def _statement(self, module: Module, name: str, statement: ast.stmt) -> None:
        read = _read(statement, module)
        key, before = f"{module.label}:{name}", self.found.sources.get(f"{module.label}:{name}")
        self.found.sources[key] = digest(f"{before} {read.digest}".encode()) if before else read.digest
        self.found.unseen.update(read.unseen)
        for used in read.names:
            self._follow(module, used)
        for target in read.imports:
            self._import(target)

    def _import(self, target: Import) -> None:
        module = self._module(target.module)
        if module is not None and target.name and self._follow(module, target.name):
            return
        part = self._module(f"{target.module}.{target.name}") if target.name else module
        if part is not None:  # the module itself is used: all of it counts
            for name in (*part.statements, *part.imports):
                self._follow(part, name)
        elif module is None and (top := target.module.partition(".")[0]) not in sys.stdlib_module_names:
            self.found.libraries.add(top)

    def _module(self, name: str) -> Module | None:
        """The module, looked for once a walk."""
        if name not in self._modules:
            self._modules[name] = project_module(name)
        return self._modules[name]


@dataclass(frozen=True)
class _Statement:
    """What a statement says, and what it uses."""

    digest: str
    names: list[str]
    imports: list[Import]
    unseen: dict[str, None]


@lru_cache(maxsize=4_096)
def _read(statement: ast.stmt, module: Module) -> _Statement:
    """Looked through once, as long as the module's file stays the same."""
    statement, names, unseen = _stripped(statement, module), dict[str, None](), dict[str, None]()
    for node in ast.walk(statement):
        used = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
        if _NATIVE.match(used):
            unseen[f"files ({used}) in {module.label}"] = None
        if isinstance(node, ast.Name):
            names[used] = None
    imports = [target for _, target in imports_of(statement, module)]
    return _Statement(digest(ast.dump(statement).encode()), list(names), imports, unseen)


def _stripped(statement: ast.stmt, module: Module) -> ast.stmt:
    """Without docstrings, and without Tidemill's decorators: their options are no part of what it computes."""
    if not isinstance(statement, _DEFINITIONS):
        return statement
    statement = copy.deepcopy(statement)
    statement.decorator_list = [d for d in statement.decorator_list if not _is_ours(d, module)]
    for node in ast.walk(statement):
        if isinstance(node, _DEFINITIONS) and ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:] or [ast.Pass()]
    return statement


def _is_ours(decorator: ast.expr, module: Module) -> bool:
    node = decorator.func if isinstance(decorator, ast.Call) else decorator
    while isinstance(node, ast.Attribute):
        node = node.value
    imports = module.imports.get(node.id, []) if isinstance(node, ast.Name) else []
    return any(target.module.partition(".")[0] == "tidemill" for target in imports)
