"""Scopes of a configuration that belongs to no project on the disk."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

from tidemill.config.decode import parse
from tidemill.scope.project import Endpoint, Model


def endpoint_of(text: str) -> Endpoint:
    """The only endpoint of this tidemill.toml."""
    config, nobody = parse(text), cast(Any, None)
    project = cast(Any, SimpleNamespace(goal=config.goal))
    (found,) = config.endpoints[""].values()
    return Endpoint(nobody, found, Model(project, config.model[found.model], nobody, {}))
