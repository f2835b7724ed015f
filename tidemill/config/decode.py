"""The text of tidemill.toml to its records, strictly."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tidemill.config import strict
from tidemill.config.check import check
from tidemill.config.resolve import Config, File, Layers, resolve
from tidemill.config.unsupported import later
from tidemill.errors import ConfigError, NotAvailableYet, ProjectError
from tidemill.types import JsonObject

NAMED = ("data", "features", "release", "environment", "endpoint", "batch")


def load(path: Path) -> Config:
    """Read and check a tidemill.toml. Raises ConfigError with file and line."""
    try:
        text = path.read_text("utf-8-sig")
    except FileNotFoundError as exc:
        refuse_former_name(path.parent)
        raise ConfigError(
            "no tidemill.toml here",
            place=str(path.parent),
            hint="make a project with: tidemill new NAME --recipe recommend",
        ) from exc
    except (OSError, UnicodeDecodeError) as exc:
        raise ConfigError(f"cannot be read: {exc}", place=str(path)) from exc
    return parse(text, path.name)


def refuse_former_name(folder: Path) -> None:
    """Tidemill was called Noria until 2026: a project of that time is told what to rename. Raises ProjectError."""
    if (folder / "noria.toml").is_file() and not (folder / "tidemill.toml").exists():
        raise ProjectError(
            "this project was made when Tidemill was called Noria",
            place=str(folder),
            hint="in this folder: mv noria.toml tidemill.toml && sed -i 's/noria/tidemill/g; s/Noria/Tidemill/g' "
            "tidemill.toml contracts/*.yaml *.py && rm -r .noria && tidemill run (its state is built anew from the data)",
        )


@dataclass(frozen=True, slots=True)
class Read:
    """A configuration, and where each part of it stands: for checks above this layer."""

    config: Config
    layers: Layers
    place: Callable[..., str]  # of a path, as file and line


def parse(text: str, name: str = "tidemill.toml") -> Config:
    """The configuration in this text.

    >>> parse('[project]\\nname = "shop"\\n[model]\\ntask = "recommend"\\nmetrik = "ndcg@10"')
    Traceback (most recent call last):
    ...
    tidemill.errors.ConfigError: tidemill.toml:5: unknown key 'metrik' in [model] - did you mean 'metric'?
    """
    return read(text, name).config


def read(text: str, name: str = "tidemill.toml") -> Read:
    """As `parse`, with the places."""
    try:
        raw = tomllib.loads(text)
    except RecursionError as exc:
        raise ConfigError("not valid TOML: nested too deep", place=name) from exc
    except ValueError as exc:  # TOMLDecodeError, and a number with more digits than Python reads
        raise ConfigError(f"not valid TOML: {exc}", place=name) from exc
    source = _Text(text, name, _is_single(raw), "release" in raw)
    shaped = _shape(raw, source)
    for found in later(shaped):
        raise NotAvailableYet(f"{found.what} is not available yet", place=source.place(found.path), hint=found.hint)
    file = strict.decode(shaped, File, strict.Source(source.place, source.label, ConfigError))
    check(file, shaped, source.place)
    return Read(resolve(file, shaped), Layers(shaped), source.place)


@dataclass(frozen=True, slots=True)
class _Text:
    """The text of the file: where the parts of its meaning stand, and how they are called there."""

    text: str
    name: str
    single: bool  # [model] without a name
    release: bool  # [release.X] is said for [environment.X]

    def place(self, path: strict.Path, word: str = "") -> str:
        return place_of(self.text, self.name, self._written(path), word)

    def label(self, path: strict.Path) -> str:
        written = self._written(path)
        return f"[{'.'.join(written)}]" if written else "the file"

    def _written(self, path: strict.Path) -> list[str]:
        parts = [part for part in path if isinstance(part, str)]
        if parts[:1] == ["environment"] and self.release:
            parts[0] = "release"
        if self.single and parts[:1] == ["model"]:
            del parts[1:2]
        if parts[:1] == ["features"] and parts[2:3] == ["features"]:
            del parts[2]
        return parts


def _is_single(raw: JsonObject) -> bool:
    model = raw.get("model")
    return isinstance(model, dict) and not (model and all(isinstance(v, dict) for v in model.values()))


def _shape(raw: JsonObject, source: _Text) -> JsonObject:
    """Give every named section its name, and gather a view's features under one key."""
    shaped = dict(raw)
    for kind in NAMED:
        if kind in raw and not _tables(raw[kind]):
            raise ConfigError(f"[{kind}] needs a name", place=source.place((kind,)), hint=f"write it as [{kind}.NAME]")
    if source.single:
        shaped["model"] = {_project_name(raw): raw["model"]}
    for kind in ("data", "features", "model", "batch"):
        sections = shaped.get(kind, {})
        for key, section in sections.items() if isinstance(sections, dict) else ():
            if "name" in section:
                place = source.place((kind, key, "name"))
                label = source.label((kind, key))
                raise ConfigError(f"unknown key 'name' in {label}", place=place, hint="the section is its name")
        if isinstance(sections, dict):
            shaped[kind] = {key: {**section, "name": key} for key, section in sections.items()}
    shaped["features"] = {
        key: {
            **{own: view[own] for own in ("from", "entity", "name") if own in view},
            "features": {name: value for name, value in view.items() if name not in ("from", "entity", "name")},
        }
        for key, view in shaped["features"].items()
    }
    shaped["environment"] = _environments(raw, source)
    shaped.pop("release", None)
    return shaped


def _environments(raw: JsonObject, source: _Text) -> JsonObject:
    """``[environment.X]``, which may be written ``[release.X]``, and not in both ways."""
    if "release" in raw and "environment" in raw:
        place = source.place(("release", next(iter(raw["release"]), "")))
        raise ConfigError("[release.NAME] and [environment.NAME] are the same", place=place, hint="keep one spelling")
    return dict(raw.get("release") or raw.get("environment") or {})


def _project_name(raw: JsonObject) -> str:
    project = raw.get("project")
    name = project.get("name") if isinstance(project, dict) else None
    return name if isinstance(name, str) else "model"


def _tables(section: Any) -> bool:
    return isinstance(section, dict) and all(isinstance(v, dict) for v in section.values())


def place_of(text: str, name: str, path: list[str], word: str = "") -> str:
    """``file:line`` of the last part of the path that can be found; of this word of its list where it stands below."""
    line, start = 0, 0
    lines = text.splitlines()
    heads = [".".join(path[: i + 1]) for i in range(len(path))]
    for number, content in enumerate(lines, 1):
        head = re.match(r"\s*\[([^\[\]]+)\]", content)
        if head and head[1].strip() in heads:
            line = start = number
    for number, content in enumerate(lines[start:], start + 1):
        if re.match(r"\s*\[", content):
            break
        if path and any(re.search(rf"(^|[{{,\s]){re.escape(part)}\s*=", content) for part in path[-2:]):
            return f"{name}:{_line_of(word, lines, number)}"
    return f"{name}:{line}" if line else name


def _line_of(word: str, lines: list[str], first: int) -> int:
    """The line on which a list's word stands, from the list's first line on."""
    quoted = (f'"{word}"', f"'{word}'")
    for number, content in enumerate(lines[first - 1 :], first):
        if word and any(one in content for one in quoted):
            return number
        if "]" in content:
            break
    return first
