"""The project code that a function reaches, found by reading: each function, class and constant with its digest.

Followed are the names that the code uses: functions, classes and values of local modules, transitively, through imports
at any depth. Not followed: what is only known when it runs (a method of an object passed in, ``getattr``, a registry).
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Set
from dataclasses import dataclass, field
from types import FunctionType, ModuleType
from typing import Any

from tidemill.engine.fingerprint.ast_analysis import Facts, facts_of, loaded_digest, stable_repr
from tidemill.engine.fingerprint.bytecode import code_digest, names_in
from tidemill.engine.fingerprint.modules import Import, Module, first_line, local_module, read_module
from tidemill.engine.fingerprint.nondeterminism_lint import read_at_import, suspicion, suspicious_method
from tidemill.errors import StoreError
from tidemill.store.artifacts.codecs import encode
from tidemill.types import digest

_MACHINERY = ("tidemill.engine", "tidemill.store", "tidemill.files", "tidemill.errors", "tidemill.types")
"""Not followed: the engine itself, errors and ids change nothing that a step computes; codecs have a version."""


@dataclass
class Reach:
    """What was found: digests by ``module:name``, top-level names of installed libraries, and what looks impure."""

    sources: dict[str, str] = field(default_factory=dict)
    libraries: set[str] = field(default_factory=set)
    suspects: dict[str, None] = field(default_factory=dict)


def reach(fn: Callable[..., Any]) -> Reach:
    """Everything that this function reaches, itself first."""
    walk = _Walk()
    walk.function(fn)
    return walk.found


class _Walk:
    def __init__(self) -> None:
        self.found = Reach()
        self._seen: set[tuple[str, str]] = set()
        self._modules: dict[str, Module | None] = {}

    def function(self, fn: Any) -> None:
        """A function that is loaded: where its text is found, by that; else (typed into a shell) by what is loaded."""
        fn = _plain_function(fn)
        if fn is None or fn.__module__.startswith(_MACHINERY) or ("", f"{id(fn)}") in self._seen:
            return
        self._seen.add(("", f"{id(fn)}"))
        module = read_module(fn.__module__, fn.__code__.co_filename)
        node = _node_of(fn, module) if module else None
        if module is None or node is None:
            self._loaded(fn)
        elif node in module.statements.get(fn.__name__, []):
            self._name(module, fn.__name__)
        else:
            self._statement(module, fn.__qualname__, node, f"loaded:{code_digest(fn.__code__)}")
        for name, cell in zip(fn.__code__.co_freevars, fn.__closure__ or ()):
            self._value(f"{fn.__module__}:{fn.__qualname__}.{name}", _content(cell))

    def _name(self, module: Module, name: str, rest: frozenset[tuple[str, ...]] = frozenset()) -> bool:
        """Follow a top-level name of a module; False when the module does not bind it."""
        if name in module.statements:
            if (module.path, name) not in self._seen:
                self._seen.add((module.path, name))
                for node in module.statements[name]:
                    facts = facts_of(node, module)
                    self._statement(module, name, node, loaded_digest(name, module, facts))
            if name not in module.imports:  # what is imported and then changed or passed about counts as both
                return True
        if name in module.imports:
            if (module.path, f"{name} {sorted(rest)}") in self._seen:
                return True
            self._seen.add((module.path, f"{name} {sorted(rest)}"))
            self._import(module.imports[name], rest or {()}, frozenset(), module)
            return True
        return any(
            star is not None and self._name(star, name, rest)
            for star in map(self._module, module.stars)
            if star is not module
        )

    def _statement(self, module: Module, name: str, node: ast.stmt, found: str) -> None:
        key, facts = f"{module.label}:{name}", facts_of(node, module)
        before = self.found.sources.get(key)
        self.found.sources[key] = f"{before}+{found}" if before else found
        for method in facts.methods:
            self._suspect(suspicious_method(method), module)
        for said in sorted(facts.unseeded):
            self._suspect(said, module)
        for chain in sorted(facts.calls_at_import):
            self._called_at_import(chain, facts, module)
        for used in sorted(facts.names):
            rests = frozenset(c[1:] for c in facts.chains if c[0] == used)
            target = facts.imports.get(used) or module.imports.get(used)
            if target is not None:
                self._import(target, rests or {()}, _bare(facts, used), module)
            if used != name and (target is None or used in module.statements):
                self._name(module, used, rests)
            if target is None and used not in module.statements:
                self._judge(used, False, module)

    def _called_at_import(self, chain: tuple[str, ...], facts: Facts, module: Module) -> None:
        """A call that is made while the module is imported, when nobody watches: does it, or what it calls, read?"""
        head, *rest = chain
        target = facts.imports.get(head) or module.imports.get(head)
        where, path = module, chain
        if target is not None:
            path = ((target.name,) if target.name else ()) + tuple(rest)
            other = self._module(target.module)
            if other is None:
                self._suspect(read_at_import(".".join((target.module, *path)), True), module)
                return
            where = other
        if len(path) != 1:
            self._suspect(read_at_import(path[-1] if path else "", False), module)
        elif path[0] not in where.statements:
            self._suspect(read_at_import(path[0], True), module)
        for node in where.statements.get(path[0], []) if len(path) == 1 else []:
            if isinstance(node, ast.FunctionDef) and ("at import", f"{id(node)}") not in self._seen:
                self._seen.add(("at import", f"{id(node)}"))
                inner = facts_of(node, where)
                for call in sorted(inner.calls):
                    self._called_at_import(call, inner, where)

    def _suspect(self, said: str, user: Module) -> None:
        if said:
            self.found.suspects[f"{said} in {user.label}"] = None

    def _import(self, target: Import, rests: Set[tuple[str, ...]], bare: Set[tuple[str, ...]], user: Module) -> None:
        """Follow what was imported, as far as ``rests`` (the attributes used of it) say."""
        if target.module.startswith(_MACHINERY):
            self._judge(f"{target.module}.{target.name}", False, user)
            return
        for rest in sorted(rests):
            path = ((target.name,) if target.name else ()) + rest
            if not self._attributes(target.module, path):
                self._external(target.module, path, rest in bare, user)

    def _attributes(self, module_name: str, path: tuple[str, ...]) -> bool:
        """Follow ``module.a.b``: submodules as far as they go, then the name in the last of them."""
        module = self._module(module_name)
        if not path:
            if module is not None:  # the module itself is passed about: all of it counts
                for name in list(module.statements):
                    self._name(module, name)
            return module is not None
        if module is not None and self._name(module, path[0], frozenset({path[1:]})):
            return True
        return self._attributes(f"{module_name}.{path[0]}", path[1:]) or module is not None

    def _external(self, module_name: str, path: tuple[str, ...], bare: bool, user: Module) -> None:
        top = module_name.partition(".")[0]
        if top not in sys.stdlib_module_names:
            self.found.libraries.add(top)
        self._judge(".".join((module_name, *path)), bare, user)

    def _judge(self, dotted: str, bare: bool, user: Module) -> None:
        self._suspect(suspicion(dotted, bare), user)

    def _loaded(self, fn: FunctionType) -> None:
        """A function without a text: its bytecode, and the global values it names."""
        if ("", f"{id(fn.__code__)}") in self._seen:
            return
        self._seen.add(("", f"{id(fn.__code__)}"))
        key = f"{fn.__module__}:{fn.__qualname__}"
        self.found.sources[key] = f"loaded:{code_digest(fn.__code__)}:{stable_repr(fn.__defaults__)}"
        for name in sorted(names_in(fn.__code__)):
            if name in fn.__globals__:
                self._value(f"{key}.{name}", fn.__globals__[name])

    def _module(self, name: str) -> Module | None:
        """The module, looked for once a walk: thousands of names lead to some fifty."""
        if name not in self._modules:
            self._modules[name] = local_module(name)
        return self._modules[name]

    def _value(self, key: str, value: Any) -> None:
        """A value that is only known loaded: in a closure, or a global of a function typed into a shell."""
        if _plain_function(value) is not None:
            self.function(value)
        elif isinstance(value, ModuleType):
            user = Module(key.partition(":")[0], key.partition(":")[0])
            self._import(Import(value.__name__), {()}, frozenset(), user)
        elif isinstance(value, type):
            module = self._module(value.__module__)
            if module is None or not self._name(module, value.__name__):
                self.found.sources[key] = f"type:{value.__module__}.{value.__qualname__}"
        else:
            try:
                self.found.sources[key] = digest(encode("json", value))
            except (StoreError, RecursionError):
                self.found.suspects[f"the value of {key.rpartition('.')[2]} ({type(value).__qualname__})"] = None


def _plain_function(value: Any) -> FunctionType | None:
    while hasattr(value, "__wrapped__") and not isinstance(value, ModuleType):
        value = value.__wrapped__
    return value if isinstance(value, FunctionType) else None


def _content(cell: Any) -> Any:
    """What a closure holds; None where nothing was put in yet."""
    try:
        return cell.cell_contents
    except ValueError:
        return None


def _node_of(fn: FunctionType, module: Module) -> ast.stmt | None:
    line = fn.__code__.co_firstlineno
    for node in module.statements.get(fn.__name__, []):
        if isinstance(node, ast.FunctionDef) and first_line(node) == line:
            return node
    return module.function(fn.__name__, line)


def _bare(facts: Facts, name: str) -> set[tuple[str, ...]]:
    return {c[1:] for c in facts.called_bare if c[0] == name}
