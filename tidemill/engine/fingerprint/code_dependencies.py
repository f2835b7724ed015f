"""The project code that a step depends on: its own function, and by name what that uses of the project's files.

Each function, class and value counts by a digest of its syntax tree, so comments, layout and docstrings change nothing.
Installed libraries, and Tidemill itself, count by their version. Not followed: what is only known when the code runs (a
method of an object passed in, ``getattr``, what other modules put into a registry).

Files are read as text; nothing is imported for it. The project's own are those that are neither installed nor of the
standard library nor Tidemill's. What a file said when this process first looked at it counts as long as that module
stays loaded: a notebook that goes on with old code must not store its results under the new code's fingerprint.
"""

from __future__ import annotations

import ast
import copy
import inspect
import os
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from types import FunctionType
from typing import Any

from tidemill.types import digest

_STDLIB = str(Path(os.__file__).parent) + os.sep
_COMPOUND = (ast.If, ast.Try, ast.TryStar, ast.With, ast.For, ast.While, ast.Match)
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_NATIVE = re.compile(
    r"DeltaTable|(read|scan|write|sink)_(csv|parquet|ipc|ndjson|json|avro|delta|excel|iceberg|database)"
)
"""Opens files in Rust, which no audit event shows: the one thing that is told by its name."""
_files: dict[str, tuple[tuple[Any, Any], Module]] = {}  # the spec is kept, so that no other has its id


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
        else:
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
        if fn.__closure__:  # values and functions that nobody finds by a name
            self.found.unseen[f"what {fn.__qualname__} closes over"] = None

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
        if path in _files and _files[path][0] == (spec, stamp):
            return _files[path][1]
        tree = ast.parse(Path(path).read_bytes(), path)
    except (OSError, SyntaxError, ValueError):
        return None
    package = name if path.endswith("__init__.py") else name.rpartition(".")[0]
    module = Module(Path(path).stem if name == "__main__" else name, path, package=package)
    for statement in tree.body:
        if not _is_elsewhere(statement):
            _bind(statement, module)
    _files[path] = (spec, stamp), module
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
