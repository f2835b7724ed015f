"""Frozen records with slots, as `dataclasses` makes them, but made when the first of them is: a process that reads a run's steps needs
three of ninety, and writing and compiling the methods of all of them is a tenth of what it does.

>>> @dataclass(frozen=True, slots=True)
... class Mug:
...     name: str
...     sold: int = 0
>>> Mug("blue"), Mug("blue") == Mug("blue", 0), hash(Mug("red")) == hash(Mug("red"))
(Mug(name='blue', sold=0), True, True)
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from inspect import get_annotations
from typing import TYPE_CHECKING, Any

_WRITTEN = ("__init__", "__eq__", "__hash__", "__repr__")
_TOLD = ("__dataclass_fields__", "__dataclass_params__")


class _Later:
    """What a class tells of itself, and does not know yet."""

    def __init__(self, name: str, finish: Callable[[], None]) -> None:
        self._name, self._finish = name, finish

    def __get__(self, one: object, kind: type) -> Any:
        self._finish()
        return getattr(kind, self._name)


def _record(cls: type) -> type:
    own, names = dict(cls.__dict__), tuple(get_annotations(cls))
    written = [name for name in _WRITTEN if name in own]
    if cls.__bases__ != (object,) or "__slots__" in own or "__post_init__" in own or written:
        raise TypeError(f"{cls.__name__} is more than a plain record: use dataclasses.dataclass")
    defaults = {name: own.pop(name) for name in names if name in own}
    for name in ("__dict__", "__weakref__"):
        own.pop(name, None)

    def finish() -> None:
        plain = {
            "__module__": cls.__module__,
            "__qualname__": cls.__qualname__,
            "__annotations__": get_annotations(cls),
        }
        whole: Any = dataclasses.dataclass(frozen=True)(type(cls.__name__, (), {**plain, **defaults}))
        for name in (*_TOLD, *_WRITTEN):
            setattr(made, name, getattr(whole, name))

    def late(name: str) -> Callable[..., Any]:
        def method(self: object, *args: object, **named: object) -> Any:
            finish()
            return getattr(made, name)(self, *args, **named)

        return method

    own |= {name: late(name) for name in _WRITTEN} | {name: _Later(name, finish) for name in _TOLD}
    own |= {"__slots__": names, "__match_args__": names, "__setattr__": _refuse, "__delattr__": _refuse}
    own |= {"__getstate__": _values, "__setstate__": _put}
    made = type(cls.__name__, (), own)
    return made


def _refuse(self: object, name: str, value: object = None) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot change field {name!r}")


def _values(self: Any) -> list[Any]:
    return [getattr(self, name) for name in self.__slots__]


def _put(self: Any, values: list[Any]) -> None:
    for name, value in zip(self.__slots__, values, strict=True):
        object.__setattr__(self, name, value)


if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
else:

    def dataclass(*, frozen: bool, slots: bool) -> Callable[[type], type]:
        """Of a class with neither base nor methods of its own for what a dataclass is given."""
        if not (frozen and slots):
            raise TypeError("a record is frozen, and has slots")
        return _record
