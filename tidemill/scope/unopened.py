"""What a tidemill.toml says, for those who need no store: a command beside a running server, a project that was just made."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tidemill.config import DataConfig, RetrainSection, load
from tidemill.scope.names import one_of


def endpoint_name(root: Path, name: str | None) -> str:
    """The endpoint of this name; without a name the only one of the project in this folder. Raises NotFound, ConfigError."""
    found = load(root / "tidemill.toml").endpoints[""]
    return one_of("endpoint", found, name).name


def declared_data(root: Path) -> Mapping[str, DataConfig]:
    """Every dataset of the project in this folder. Raises ConfigError."""
    return load(root / "tidemill.toml").data


def retrain_sections(path: Path) -> dict[str, RetrainSection]:
    """By endpoint, the ``[retrain]`` of this file. Raises ConfigError."""
    return {name: endpoint.policies.retrain for name, endpoint in load(path).endpoints[""].items()}
