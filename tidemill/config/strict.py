"""One strict decoder, for tidemill.toml and for contracts: plain values to records, and an error that knows its line.

`msgspec.convert` says what is wrong and, of a mapping's keys, not where. So the walk is done here, and msgspec is asked of single
values only: each error gets the path of the value, whose place in the text the caller's ``Source`` knows.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import msgspec

from tidemill.errors import ConfigError, TidemillError
from tidemill.types import did_you_mean

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

Path = tuple[str | int, ...]
T = TypeVar("T", bound=msgspec.Struct)


@dataclass(frozen=True, slots=True)
class Source:
    """What is decoded: where each path of it stands, how a part of it is called, and which error is raised."""

    place: Callable[[Path, str], str]  # of the path, and of this word where it stands in a list: "file:line"
    label: Callable[[Path], str]  # of a section, for a sentence: "[model.split]"
    error: type[TidemillError]

    def wrong(self, path: Path, message: str, hint: str = "", word: str = "") -> TidemillError:
        """The error about the value at this path."""
        return self.error(message, place=self.place(path, word), hint=hint)


def decode(value: Any, kind: type[T], source: Source) -> T:
    """The record of this value. A key that no record has, one that is missing or of another type raises ``source.error``.

    A record's class may name keys in ``given``: its reader fills them in, and no text may; and in ``documentation``: they
    are for people, accepted and not read. One that names a group of entry points in ``supplies`` is open: what packages
    bring for other keys is decoded by their records, into its ``supplied``.
    """
    found: T = _section(value, kind, (), source)
    return found


def _any(value: Any, kind: Any, path: Path, source: Source) -> Any:
    for inner in _alternatives(kind):
        if isinstance(inner, type) and issubclass(inner, msgspec.Struct) and isinstance(value, dict):
            return _section(value, inner, path, source)
        origin, args = typing.get_origin(inner), typing.get_args(inner)
        if origin in (list, tuple) and isinstance(value, list):
            return origin(_any(item, args[0], (*path, i), source) for i, item in enumerate(value))
        if origin is dict and isinstance(value, dict):
            return {key: _any(item, args[1], (*path, key), source) for key, item in value.items()}
    try:
        return msgspec.convert(value, kind, strict=True)
    except msgspec.ValidationError as exc:
        message = str(exc).partition(" - at ")[0]
        where = ".".join(str(part) for part in path if isinstance(part, str))
        choices = _choices(kind) if isinstance(value, str) else []
        hint = did_you_mean(str(value), choices) if choices else ""
        word = value if isinstance(value, str) else ""
        raise source.wrong(path, f"{where}: {message[0].lower()}{message[1:]}", hint, word) from exc


def _section(value: Any, kind: type[msgspec.Struct], path: Path, source: Source) -> Any:
    label = source.label(path)
    if not isinstance(value, dict):
        raise source.wrong(path, f"{label} must be a mapping of keys")
    fields = _fields(kind)
    unread = getattr(kind, "documentation", frozenset[str]())
    others = [key for key in value if key not in fields and key not in unread]
    supplied = brought(getattr(kind, "supplies", ""), fields) if others else {}
    for key in others:
        if key not in supplied:
            known = [name for name in fields if name not in getattr(kind, "given", ())]
            raise source.wrong((*path, key), f"unknown key {key!r} in {label}", did_you_mean(str(key), known))
    for name, field in fields.items():
        if field.required and name not in value:
            raise source.wrong(path, f"{name!r} is missing in {label}")
    own = {key: item for key, item in value.items() if key in fields}
    made = {fields[key].name: _any(item, fields[key].type, (*path, key), source) for key, item in own.items()}
    if others:
        made["supplied"] = {key: _section(value[key], supplied[key].load(), (*path, key), source) for key in others}
    return kind(**made)


@cache
def _fields(kind: type[msgspec.Struct]) -> dict[str, msgspec.structs.FieldInfo]:
    """By the keys that say them. Msgspec works their types out anew whenever it is asked: two thirds of reading a file."""
    return {field.encode_name: field for field in msgspec.structs.fields(kind)}


def brought(group: str, own: Collection[str]) -> dict[str, EntryPoint]:
    """What packages bring by this group of entry points, sorted by name. Raises ConfigError where two have one name, or it is in ``own``."""
    from importlib.metadata import entry_points  # few files ask what is installed, and every process reads one

    found: dict[str, EntryPoint] = {}
    for point in sorted(entry_points(group=group), key=lambda point: (point.name, point.value)):
        other = found[point.name].value if point.name in found else "tidemill" * (point.name in own)
        if other:
            hint = "take one of the two packages away, or give what it brings another name"
            raise ConfigError(f"{point.name!r} is brought by {other} and by {point.value}", place=group, hint=hint)
        found[point.name] = point
    return found


def _alternatives(kind: Any) -> tuple[Any, ...]:
    return typing.get_args(kind) if typing.get_origin(kind) in (typing.Union, types.UnionType) else (kind,)


def _choices(kind: Any) -> list[str]:
    """The words that a literal, or one of the alternatives, allows."""
    return [
        str(c) for inner in _alternatives(kind) if typing.get_origin(inner) is Literal for c in typing.get_args(inner)
    ]
