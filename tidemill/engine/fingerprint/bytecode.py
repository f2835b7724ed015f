"""A digest of what code does: its bytecode, names and constants, without comments, layout and line numbers."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from types import CodeType
from typing import Any


def code_digest(code: CodeType) -> str:
    """First 32 hex digits of the SHA-256 of the code and all code in it.

    >>> a = compile("x = 1  # one", "a", "exec"); b = compile("\\n\\nx   =   1", "b", "exec")
    >>> code_digest(a) == code_digest(b)
    True
    """
    found = hashlib.sha256()
    _feed(found, code)
    return found.hexdigest()[:32]


def names_in(code: CodeType) -> Iterator[str]:
    """Names that the code looks up outside itself: globals and attributes."""
    yield from code.co_names
    for const in code.co_consts:
        if isinstance(const, CodeType):
            yield from names_in(const)


def _feed(found: Any, code: CodeType) -> None:
    head = (
        code.co_name,
        code.co_argcount,
        code.co_posonlyargcount,
        code.co_kwonlyargcount,
        code.co_flags,
        code.co_names,
        code.co_varnames,
        code.co_freevars,
        code.co_cellvars,
    )
    found.update(repr(head).encode())
    found.update(code.co_code)
    found.update(code.co_exceptiontable)
    for const in code.co_consts:
        _feed_const(found, const)
    found.update(b"\x00")


def _feed_const(found: Any, const: Any) -> None:
    if isinstance(const, CodeType):
        _feed(found, const)
    elif isinstance(const, tuple):
        found.update(b"(")
        for part in const:
            _feed_const(found, part)
        found.update(b")")
    elif isinstance(const, frozenset):
        found.update(repr(sorted(map(repr, const))).encode())
    else:
        found.update(f"{type(const).__name__}:{const!r};".encode())
