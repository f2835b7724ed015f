"""What is meant by a name, also for those who need no store: a command beside a running server, a project that was just made."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from tidemill.config.decode import load
from tidemill.config.policies import RetrainSection
from tidemill.config.sections import DataConfig
from tidemill.errors import NotFound
from tidemill.types import did_you_mean

T = TypeVar("T")


def one_of(what: str, known: Mapping[str, T], name: str | None) -> T:
    """The one of this name; without a name the only one. Raises NotFound.

    >>> one_of("endpoint", {"shop": 1}, None)
    1
    """
    if name is None and len(known) == 1:
        return next(iter(known.values()))
    if name is None:
        raise NotFound(f"there are {len(known)} {what}s: which one?", hint=f"say --{what} {' or '.join(sorted(known))}")
    if name not in known:
        raise NotFound(f"no {what} {name!r}", hint=did_you_mean(name, known))
    return known[name]


def chosen_by(environment: str) -> str:
    """How an environment is chosen, for hints.

    >>> chosen_by("production")
    'TIDEMILL_ENVIRONMENT=production'
    """
    return f"TIDEMILL_ENVIRONMENT={environment}" if environment else "without TIDEMILL_ENVIRONMENT"


def loop_key(environment: str) -> str:
    """Whose lease is the loop's: each environment has one, the first is called nothing.

    >>> loop_key(""), loop_key("production")
    ('loop', 'loop@production')
    """
    return "@".join(("loop", *filter(None, (environment,))))


def declared_data(root: Path) -> Mapping[str, DataConfig]:
    """Every dataset of the project in this folder. Raises ConfigError."""
    return load(root / "tidemill.toml").data


def retrain_sections(path: Path) -> dict[str, RetrainSection]:
    """By endpoint, the ``[retrain]`` of this file. Raises ConfigError."""
    return {name: endpoint.policies.retrain for name, endpoint in load(path).endpoints[""].items()}
