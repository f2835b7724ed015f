"""What the decoder found wrong, in the words of the file: line, key and hint."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from tidemill.config.places import place_of
from tidemill.config.sections import Config, DataConfig, FeatureConfig, FeatureViewConfig, ReleaseSection
from tidemill.errors import ConfigError
from tidemill.types import JsonObject, did_you_mean


def explain(exc: msgspec.ValidationError, shaped: JsonObject, text: str, name: str) -> ConfigError:
    """Turn msgspec's words into line, key and hint."""
    message, _, where = str(exc).partition(" - at `$")
    path = _name_dynamic([part.strip(".") or part for part in re.findall(r"\.[^.\[\]`]+|\[\.\.\.\]", where)], shaped)
    shown = ".".join(p for i, p in enumerate(path) if not (i == 2 and path[0] == p == "features"))
    unknown = re.search(r"unknown field `([^`]+)`", message)
    if unknown:
        known = _fields_at(path)
        section = f"[{shown}]" if path else "the file"
        return ConfigError(
            f"unknown key {unknown[1]!r} in {section}",
            place=place_of(text, name, [*path, unknown[1]]),
            hint=did_you_mean(unknown[1], known),
        )
    missing = re.search(r"missing required field `([^`]+)`", message)
    if missing:
        section = f"[{shown}]" if path else "the file"
        return ConfigError(f"{missing[1]!r} is missing in {section}", place=place_of(text, name, path))
    return ConfigError(f"{shown}: {message[0].lower()}{message[1:]}", place=place_of(text, name, path))


def _name_dynamic(path: list[str], shaped: JsonObject) -> list[str]:
    """msgspec writes ``[...]`` for a key of a mapping: put the name back where only one can be meant."""
    named: list[str] = []
    here: Any = shaped
    for part in path:
        if part == "[...]" and isinstance(here, dict):
            part = next((k for k, v in here.items() if not _fits(v, named)), next(iter(here), part))
        named.append(part)
        here = here.get(part) if isinstance(here, dict) else None
    return named


def _fits(value: Any, path: list[str]) -> bool:
    kinds: dict[str, Any] = {"data": DataConfig, "features": FeatureViewConfig, "release": ReleaseSection}
    kind = FeatureConfig if len(path) > 1 else kinds.get(path[0] if path else "", dict)
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError:
        return False
    return True


def _fields_at(path: list[str]) -> list[str]:
    kind: Any = Config
    for part in path:
        fields = {f.encode_name: f.type for f in msgspec.structs.fields(kind)} if _is_section(kind) else {}
        kind = fields.get(part) or _value_type(kind)
        if kind is None:
            return []
        kind = next((a for a in getattr(kind, "__args__", ()) if _is_section(a)), kind) if "|" in str(kind) else kind
    if not _is_section(kind):
        return []
    return [
        f.encode_name
        for f in msgspec.structs.fields(kind)
        if f.encode_name not in ("name", "features") or len(path) < 2
    ]


def _is_section(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


def _value_type(kind: Any) -> Any:
    args: list[Any] = list(getattr(kind, "__args__", ()))
    return args[1] if len(args) == 2 else None
