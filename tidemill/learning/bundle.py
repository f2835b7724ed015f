"""A fitted model as a bundle: a manifest with a typed signature, and files that are data only. Stdlib only.

The manifest names the scorer that answers; each task says which files its scorers read.
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping
from functools import cache
from importlib.metadata import version
from typing import Any, TypeVar

from tidemill.errors import ModelError
from tidemill.store.artifacts.codecs import Bundle
from tidemill.types import JsonObject, Micros, did_you_mean

S = TypeVar("S")

FORMAT = 1  # Raised when a bundle is laid out differently: a scorer refuses what it does not know


def manifest(
    scorer: str,
    recipe: JsonObject,
    trained_through: Micros,
    signature: JsonObject,
    libraries: tuple[str, ...],
    **more: Any,
) -> JsonObject:
    """What every bundle says of itself."""
    return {
        "format": FORMAT,
        "scorer": scorer,
        "method": recipe.get("method", scorer),
        "recipe": recipe,
        "trained_through": trained_through,
        "signature": signature,
        "versions": versions(("tidemill", "numpy", *libraries)),
        **more,
    }


def versions(libraries: tuple[str, ...]) -> JsonObject:
    """The versions of Python and of these distributions."""
    return {"python": platform.python_version(), **{name: _version(name) for name in libraries}}


_version = cache(version)  # a fit asks for several, and each is read from the disk


def file_of(bundle: Bundle, name: str) -> bytes:
    """A file of the bundle. Raises ModelError where it is not there."""
    if name not in bundle.files:
        raise ModelError(f"the bundle has no {name}", hint=f"it has: {', '.join(sorted(bundle.files))}")
    return bundle.files[name]


def open_scorer(bundle: Bundle, scorers: Mapping[str, Callable[[Bundle], S]]) -> S:
    """The scorer that the manifest names. The bytes are those that the caller has verified. Raises ModelError, Damaged."""
    said = bundle.manifest
    if said.get("format") != FORMAT:
        raise ModelError(
            f"a bundle of format {said.get('format')!r}", hint=f"this version of Tidemill reads format {FORMAT}"
        )
    kind = str(said.get("scorer"))
    if kind not in scorers:
        raise ModelError(f"no scorer {kind!r}", hint=did_you_mean(kind, scorers))
    return scorers[kind](bundle)
