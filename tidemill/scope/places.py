"""Where a project's steps run that are done apart, as its configuration says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidemill.config.engine import EngineSection
from tidemill.config.strict import brought
from tidemill.engine.runner.port import Limits
from tidemill.engine.runner.schedule import HERE, Places
from tidemill.errors import ConfigError
from tidemill.types import did_you_mean

if TYPE_CHECKING:
    from tidemill.engine.runner.port import Runner

GROUP = "tidemill.runners"
"""Entry points that make a runner of an address."""
MANY = 32
"""Parts of a step side by side on a cluster, where nobody says how many: more trials than a batch of a search has."""


def places(section: EngineSection) -> Places:
    """Raises ConfigError for a runner that no package brings."""
    if not section.runner:
        return Places(trials=section.workers) if section.workers > 1 else HERE
    points = brought(GROUP, ())
    if section.runner not in points:
        hint = (
            did_you_mean(section.runner, points) if points else "install Tidemill itself: pip install 'tidemill[ray]'"
        )
        raise ConfigError(f"no runner {section.runner!r}", place="[engine]", hint=hint)

    def remote() -> Runner:
        made: Runner = points[section.runner].load()(section.address)
        return made

    return Places(remote, max(section.workers, MANY))


def asked(section: EngineSection, *parts: str) -> dict[str, Limits]:
    """What a cluster keeps for each of these parts of a step; on this machine nothing is."""
    return dict.fromkeys(parts, Limits(None, section.asks, section.cpus)) if section.runner else {}
