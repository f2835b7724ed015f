"""What one statement says: the names it uses, what it imports, and the digest of what it does."""

from __future__ import annotations

import ast
import copy
import sys
from dataclasses import dataclass, field
from types import CodeType, FunctionType
from typing import Any

from tidemill.engine.fingerprint.bytecode import code_digest, names_in
from tidemill.engine.fingerprint.modules import Import, Module, imports_of
from tidemill.engine.fingerprint.nondeterminism_lint import unseeded
from tidemill.types import digest

_FUTURE_ANNOTATIONS = 0x1000000
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_PLAIN = (type(None), bool, int, float, str, bytes, tuple, list, dict, set)


@dataclass(eq=False)
class Facts:
    """Of one statement, without its docstrings and without the decorators `step` and `pipeline`."""

    digest: str = ""
    names: set[str] = field(default_factory=set)
    chains: set[tuple[str, ...]] = field(default_factory=set)  # a.b.c as ("a", "b", "c")
    called_bare: set[tuple[str, ...]] = field(default_factory=set)
    methods: set[str] = field(default_factory=set)
    unseeded: set[str] = field(default_factory=set)  # what is drawn without a seed
    calls: set[tuple[str, ...]] = field(default_factory=set)  # f(), a.b() as a chain; ("", "b") for b of whatever it is
    calls_at_import: set[tuple[str, ...]] = field(default_factory=set)  # those that run with the statement itself
    imports: dict[str, Import] = field(default_factory=dict)
    literals: dict[str, Any] = field(default_factory=dict)  # by name: NAME = LITERAL, also those of a class's body


def facts_of(statement: ast.stmt, module: Module) -> Facts:
    """The statement's facts, worked out once."""
    known = module.facts.get(id(statement))
    if isinstance(known, Facts):
        return known
    facts = module.facts[id(statement)] = Facts(literals=_literals(statement))
    if isinstance(statement, _DEFINITIONS):
        statement = copy.copy(statement)
        statement.decorator_list = [d for d in statement.decorator_list if not _is_ours(d, module)]
    _look(statement, module, facts)
    facts.calls, facts.calls_at_import = _calls(statement, True), _calls(statement, False)
    code = _compiled(statement, module)
    facts.names &= set(names_in(code))  # a local variable is no global of the same name,
    facts.names.update(facts.imports)  # but may be imported right there
    facts.digest = code_digest(code)
    return facts


def loaded_digest(name: str, module: Module, facts: Facts) -> str:
    """The statement's digest, or that of what is loaded under its name where the file has changed since."""
    loaded = getattr(sys.modules.get(module.name), name, None)
    while loaded is not None and hasattr(loaded, "__wrapped__"):
        loaded = loaded.__wrapped__
    if isinstance(loaded, FunctionType):
        return facts.digest if _is_as_read(loaded, module) else f"loaded:{code_digest(loaded.__code__)}"
    if isinstance(loaded, type):
        methods = [f for f in vars(loaded).values() if isinstance(f, FunctionType)]
        methods = [f for f in methods if f.__code__.co_filename == module.path]  # not those that a decorator made
        if changed := [f for f in methods if not _is_as_read(f, module)]:
            return "loaded:" + ",".join(code_digest(f.__code__) for f in changed)
    values = vars(loaded) if isinstance(loaded, type) else {name: loaded}
    if module.name not in sys.modules or len(module.statements[name]) > 1:
        return facts.digest
    others = {n: values[n] for n, v in facts.literals.items() if n in values and _is_other(values[n], v)}
    return f"loaded:{digest(stable_repr(others).encode())}" if others else facts.digest


def _is_other(loaded: Any, literal: Any) -> bool:
    """Whether a value was changed since its module was imported. Where something made another kind of thing of it (a
    member of an Enum, a slot) it is as it was; a container of things that are no data is a cache or a registry."""
    if type(loaded) not in _PLAIN or not _is_data(loaded):
        return False
    if isinstance(literal, (dict, list, set)):
        return bool(loaded != literal)
    return stable_repr(loaded) != stable_repr(literal)


def stable_repr(value: Any) -> str:
    """Like repr, but sets stand in order: their own is another in each process.

    >>> stable_repr({"b": ({"y", "x"}, 1)})
    "dict('b': tuple(set('x' 'y') 1))"
    """
    if isinstance(value, dict):
        parts = [f"{stable_repr(key)}: {stable_repr(part)}" for key, part in value.items()]
    elif isinstance(value, (set, frozenset)):
        parts = sorted(map(stable_repr, value))
    elif isinstance(value, (list, tuple)):
        parts = list(map(stable_repr, value))
    else:
        return repr(value)
    return f"{type(value).__name__}({' '.join(parts)})"


def _is_data(value: Any) -> bool:
    if isinstance(value, dict):
        return all(_is_data(part) for pair in value.items() for part in pair)
    if isinstance(value, (list, tuple, set)):
        return all(map(_is_data, value))
    return type(value) in _PLAIN


def _is_as_read(fn: FunctionType, module: Module) -> bool:
    """Whether the function is what the file says now; compiled whole, for the compiler looks at the module's imports."""
    if module.codes is None:
        module.codes = {}
        _index(compile(module.text, module.path, "exec", dont_inherit=True), module.codes)
    return module.codes.get((fn.__code__.co_qualname, fn.__code__.co_firstlineno)) == fn.__code__


def _index(code: CodeType, found: dict[tuple[str, int], CodeType]) -> None:
    for const in code.co_consts:
        if isinstance(const, CodeType):
            found[const.co_qualname, const.co_firstlineno] = const
            _index(const, found)


def _compiled(statement: ast.stmt, module: Module) -> CodeType:
    flags = _FUTURE_ANNOTATIONS if module.annotations else 0
    tree = ast.Module([statement], [])
    code: CodeType = compile(tree, module.path, "exec", flags=flags, dont_inherit=True)
    return code


def _literals(statement: ast.stmt) -> dict[str, Any]:
    body = statement.body if isinstance(statement, ast.ClassDef) else [statement]
    found = {}
    for part in body:
        if isinstance(part, (ast.Assign, ast.AnnAssign)) and part.value is not None:
            targets = part.targets if isinstance(part, ast.Assign) else [part.target]
            if len(targets) == 1 and isinstance(targets[0], ast.Name):
                try:
                    found[targets[0].id] = ast.literal_eval(part.value)
                except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
                    continue
    return found


def _is_ours(decorator: ast.expr, module: Module) -> bool:
    """Whether it is tidemill's `step` or `pipeline`: their options are no part of what the function computes."""
    chain = _chain(decorator.func if isinstance(decorator, ast.Call) else decorator)
    target = module.imports.get(chain[0]) if chain else None
    if target is None or target.module.partition(".")[0] != "tidemill":
        return False
    return (chain[-1] if len(chain) > 1 else target.name) in ("step", "pipeline")


def _look(statement: ast.stmt, module: Module, facts: Facts) -> None:
    for node in ast.walk(statement):
        if isinstance(node, ast.Name):
            facts.names.add(node.id)
        elif isinstance(node, ast.Attribute):
            facts.methods.add(node.attr)
            if chain := _chain(node):
                facts.chains.add(chain)
        elif isinstance(node, ast.Call):
            if isinstance(node.func, ast.Attribute):
                keywords = [keyword.arg for keyword in node.keywords]
                if said := unseeded(node.func.attr, len(node.args), keywords):
                    facts.unseeded.add(said)
            if not node.args and not node.keywords and (chain := _chain(node.func)):
                facts.called_bare.add(chain)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            facts.imports.update(imports_of(node, module))
        elif isinstance(node, _DEFINITIONS):
            _drop_docstring(node)


def _calls(node: ast.AST, bodies: bool) -> set[tuple[str, ...]]:
    """What is called; without ``bodies`` not in those of functions, whose decorators and defaults do run."""
    found = set()
    if isinstance(node, ast.Call):
        found.add(_chain(node.func) or (("", node.func.attr) if isinstance(node.func, ast.Attribute) else ("",)))
    skipped: set[int] = set()
    if isinstance(node, _DEFINITIONS):
        found.update(_chain(decorator) or ("",) for decorator in node.decorator_list)
    if not bodies and isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        skipped = set(map(id, node.body))
    if not bodies and isinstance(node, ast.Lambda):
        skipped = {id(node.body)}
    for part in ast.iter_child_nodes(node):
        if id(part) not in skipped:
            found |= _calls(part, bodies)
    return found


def _drop_docstring(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> None:
    first = node.body[0]
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
        node.body = node.body[1:] or [ast.copy_location(ast.Pass(), first)]


def _chain(node: ast.expr) -> tuple[str, ...]:
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return (node.id, *reversed(parts)) if isinstance(node, ast.Name) else ()
