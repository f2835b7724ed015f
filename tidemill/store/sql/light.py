"""What SQLAlchemy imports when it is imported, and few processes ever use: an event loop, and what reads the packages that are installed.

A fifth of the time of loading it. Each is loaded when it is first used instead; a process that has it already keeps it.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import Any

_UNUSED = {
    "asyncio": ("iscoroutine",),
    "importlib.metadata": (),
    "sqlalchemy.dialects.sqlite.aiosqlite": (),
}
"""And of each the functions that are taken from it at once."""


class _Unloaded(ModuleType):
    """Stands for a module until something is asked of it."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name != "__path__":  # the import system looks, and takes nothing
            raise AttributeError(name)
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(import_module(self.__name__), name)


def _late(module: str, name: str) -> Any:
    def function(*args: Any, **named: Any) -> Any:
        return getattr(import_module(module), name)(*args, **named)

    return function


@contextmanager
def lightly() -> Iterator[None]:
    """To load SQLAlchemy in, without these. What is there then stays, as modules and classes do: it is not looked through for garbage, now or
    later, which would take longer than the work of many a process."""
    if "sqlalchemy" in sys.modules:
        yield
        return
    on = gc.isenabled()
    gc.disable()
    standing = {name: _Unloaded(name) for name in _UNUSED if name not in sys.modules}
    for name, module in standing.items():
        vars(module).update({one: _late(name, one) for one in _UNUSED[name]})
    sys.modules.update(standing)
    try:
        yield
    finally:
        for name, module in standing.items():  # whoever else imports it gets the module itself
            if sys.modules.get(name) is module:
                del sys.modules[name]
        gc.freeze()
        if on:
            gc.enable()
