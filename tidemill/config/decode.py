"""The text of tidemill.toml to its records, strictly."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import msgspec

from tidemill.config.check import check
from tidemill.config.explain import explain
from tidemill.config.places import place_of
from tidemill.config.sections import Config
from tidemill.config.unsupported import later
from tidemill.errors import ConfigError, NotAvailableYet, ProjectError
from tidemill.types import JsonObject


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


def parse(text: str, name: str = "tidemill.toml") -> Config:
    """The configuration in this text.

    >>> parse('[project]\\nname = "shop"\\n[model]\\ntask = "recommend"\\nmetrik = "ndcg@10"')
    Traceback (most recent call last):
    ...
    tidemill.errors.ConfigError: tidemill.toml:5: unknown key 'metrik' in [model] - did you mean 'metric'?
    """
    try:
        raw = tomllib.loads(text)
    except RecursionError as exc:
        raise ConfigError("not valid TOML: nested too deep", place=name) from exc
    except ValueError as exc:  # TOMLDecodeError, and a number with more digits than Python reads
        raise ConfigError(f"not valid TOML: {exc}", place=name) from exc
    _refuse_later(raw, text, name)
    shaped = _shape(raw, text, name)
    try:
        config = msgspec.convert(shaped, Config, strict=True)
    except msgspec.ValidationError as exc:
        raise explain(exc, shaped, text, name) from exc
    check(config, text, name)
    return config


def _shape(raw: JsonObject, text: str, name: str) -> JsonObject:
    """Give every named section its name, and gather a view's features under one key."""
    shaped = dict(raw)
    for kind in ("data", "features", "release"):
        if kind in raw and not _tables(raw[kind]):
            raise ConfigError(
                f"[{kind}] needs a name", place=place_of(text, name, [kind]), hint=f"write it as [{kind}.NAME]"
            )
    for key, section in raw.get("data", {}).items():
        if "name" in section:
            place = place_of(text, name, ["data", key, "name"])
            raise ConfigError(f"unknown key 'name' in [data.{key}]", place=place, hint="the section is its name")
    shaped["data"] = {k: {**v, "name": k} for k, v in raw.get("data", {}).items()}
    shaped["features"] = {
        k: {
            **{key: v[key] for key in ("from", "entity") if key in v},
            "name": k,
            "features": {key: value for key, value in v.items() if key not in ("from", "entity")},
        }
        for k, v in raw.get("features", {}).items()
    }
    return shaped


def _tables(section: Any) -> bool:
    return isinstance(section, dict) and all(isinstance(v, dict) for v in section.values())


def _refuse_later(raw: JsonObject, text: str, name: str) -> None:
    """Settings that the documentation names and that this version does not build."""
    for found in later(raw):
        place = place_of(text, name, found.path)
        raise NotAvailableYet(f"{found.what} is not available yet", place=place, hint=found.hint)
