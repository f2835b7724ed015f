"""A step's fingerprint: the same when it would compute the same, and its parts so that `why` can say what changed."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import cache

from tidemill.engine.fingerprint.code_dependencies import CodeDependencies
from tidemill.engine.graph.nodes import Definition
from tidemill.store.artifacts import codecs
from tidemill.types import Json, JsonObject, canonical, digest

PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}.{sys.version_info.micro}"


def fingerprint_inputs(
    definition: Definition,
    code: CodeDependencies,
    arguments: Mapping[str, Json],
    inputs: Mapping[str, str],
    seed: int,
    version: Json,
) -> JsonObject:
    """The parts: ``source`` (digests by module:name), ``params`` (JSON, inputs as {"$input": name}), ``inputs``
    (digests), ``libraries``, ``python``, ``codecs``, ``outputs``; ``seed`` with a context, ``version`` if declared."""
    parts: JsonObject = {
        "source": dict(code.sources),
        "params": dict(arguments),
        "inputs": dict(inputs),
        "libraries": {name: library_version(name) for name in sorted(code.libraries)},
        "python": PYTHON,
        "codecs": codecs.VERSION,
        "outputs": list(definition.outputs),
    }
    if definition.context:
        parts["seed"] = seed
    if definition.version is not None:
        parts["version"] = version
    return parts


def fingerprint(parts: JsonObject) -> str:
    """The digest of the parts.

    >>> fingerprint({"params": {"a": 1}}) == fingerprint({"params": {"a": 1}})
    True
    """
    return digest(canonical(parts))


@cache
def library_version(name: str) -> str:
    """The version of the distribution that is imported under this name, or "?" where none says.

    >>> library_version("numpy") != "?"
    True
    """
    from importlib.metadata import PackageNotFoundError, packages_distributions, version

    try:
        return version(name)
    except PackageNotFoundError:
        owners = packages_distributions().get(name)
        return version(owners[0]) if owners else "?"
