"""From the sections of the file to what each endpoint keeps to, in each environment.

A key is looked for in ``[endpoint.X.environment.E]``, then ``[endpoint.X]``, then (of rollouts) ``[environment.E]``, then at the top.
A whole key is taken, not a part of it: ``[endpoint.X.gates] refit = {...}`` replaces ``refit`` and leaves the other gates.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from tidemill.config.access import AccessSection
from tidemill.config.amounts import some_time
from tidemill.config.batches import BatchSection
from tidemill.config.engine import EngineSection
from tidemill.config.fairness import FairnessSection
from tidemill.config.labels import patience
from tidemill.config.ledger import LedgerSection
from tidemill.config.network import Fallback, ServeSection
from tidemill.config.policies import (
    ROLLBACK,
    ROLLOUT,
    ApprovalGate,
    Explain,
    GatesSection,
    HoldoutSection,
    MonitorSection,
    RetrainSection,
    RollbackSection,
    StageSection,
)
from tidemill.config.rules import RulesSection
from tidemill.config.sections import (
    DataConfig,
    FeatureViewConfig,
    GoalSection,
    JobsSection,
    ModelSection,
    ProjectSection,
    Section,
)
from tidemill.config.stores import StoresSection
from tidemill.config.strict import Source, decode
from tidemill.errors import ConfigError
from tidemill.types import JsonObject, Micros

Path = tuple[str, ...]


class Overrides(Section, frozen=True):
    """What may be said of an endpoint, everywhere or in one environment."""

    gates: GatesSection = GatesSection()
    rollout: tuple[StageSection, ...] = ROLLOUT
    rollback_on: RollbackSection = ROLLBACK
    monitor: MonitorSection = MonitorSection()
    retrain: RetrainSection = RetrainSection()
    fairness: FairnessSection = FairnessSection()
    explain: Explain = "on request"
    fallback: Fallback | None = None
    holdout: HoldoutSection | None = None
    rules: RulesSection = RulesSection()


class EndpointSection(Overrides, frozen=True):
    """``[endpoint.NAME]``: the model that it serves, whether it answers ``now`` or ``later``, and where it differs from the defaults."""

    model: str = ""
    answer: Literal["now", "later"] = "now"
    environment: dict[str, Overrides] = msgspec.field(default_factory=dict)


class PromotionSection(Section, frozen=True):
    """``promotion``: how long a version must have served, and how often, in the environment before; and who says yes here."""

    for_: str = msgspec.field(default="", name="for")
    min_requests: int = 0
    roles: tuple[str, ...] = ()

    @property
    def span(self) -> Micros:
        return some_time(self.for_) if self.for_ else 0


class EnvironmentSection(Section, frozen=True):
    """``[environment.NAME]``: which one it comes ``after``, whose champions are promoted to here; the rollout of its endpoints."""

    after: str = ""
    promotion: PromotionSection | None = None
    rollout: tuple[StageSection, ...] = ROLLOUT
    rollback_on: RollbackSection = ROLLBACK


class File(Section, frozen=True):
    """The whole file, section by section."""

    project: ProjectSection
    model: dict[str, ModelSection]
    goal: GoalSection = GoalSection()
    data: dict[str, DataConfig] = msgspec.field(default_factory=dict)
    features: dict[str, FeatureViewConfig] = msgspec.field(default_factory=dict)
    endpoint: dict[str, EndpointSection] = msgspec.field(default_factory=dict)
    environment: dict[str, EnvironmentSection] = msgspec.field(default_factory=dict)
    gates: GatesSection = GatesSection()
    monitor: MonitorSection = MonitorSection()
    retrain: RetrainSection = RetrainSection()
    fairness: FairnessSection = FairnessSection()
    jobs: JobsSection = JobsSection()
    stores: StoresSection = StoresSection()
    serve: ServeSection = ServeSection()
    engine: EngineSection = EngineSection()
    ledger: LedgerSection = LedgerSection()
    access: AccessSection = AccessSection()
    batch: dict[str, BatchSection] = msgspec.field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EndpointConfig:
    """What one endpoint keeps to in one environment. The first environment is the default, and is called nothing."""

    name: str
    model: str
    environment: str
    policies: Overrides
    after: str = ""  # the environment before, by its name in the file


class Config(File, frozen=True, kw_only=True):
    """The file, and what every endpoint keeps to in every environment."""

    endpoints: dict[str, dict[str, EndpointConfig]]  # by environment as records keep it, and by name

    def everywhere(self) -> Iterator[tuple[str, dict[str, EndpointConfig]]]:
        """The endpoints of each environment, by its name in the file ("" where there is none)."""
        return zip(self.environment or ("",), self.endpoints.values(), strict=True)


class Layers:
    """The places where a key of an endpoint's may be said, and which of them wins."""

    def __init__(self, raw: JsonObject) -> None:
        self._raw = raw

    def policies(self, endpoint: str, environment: str) -> Overrides:
        """Every key from the place that wins; the file has been decoded before, so each value is of its type."""
        found: dict[str, Any] = {}
        for key in ("rollout", "rollback_on", "explain", "fallback", "holdout", "rules"):
            path = self.path(endpoint, environment, key)
            if (value := self._at(path)) is not None:
                found[key] = value
        for section in ("gates", "monitor", "retrain", "fairness"):
            layers = [self._at(path) or {} for path in reversed(self._places(endpoint, environment, section))]
            found[section] = {key: value for layer in layers for key, value in layer.items()}
        return decode(found, Overrides, Source(lambda path, word: "", lambda path: "", ConfigError))

    def path(self, endpoint: str, environment: str, section: str, key: str = "") -> Path:
        """Where the key that wins is said; the last place that could say it where none does."""
        places = self._places(endpoint, environment, section)
        tails = [(*place, key) if key else place for place in places]
        return next((path for path in tails if self._at(path) is not None), tails[-1])

    def says(self, endpoint: str, environment: str, section: str, key: str) -> bool:
        """Whether the key is said anywhere."""
        return self._at(self.path(endpoint, environment, section, key)) is not None

    def _places(self, endpoint: str, environment: str, section: str) -> list[Path]:
        own: list[Path] = [("endpoint", endpoint, "environment", environment), ("endpoint", endpoint)]
        last: Path = ("environment", environment) if section.startswith("roll") else ()
        return [(*place, section) for place in (*own, last)]

    def _at(self, path: Path) -> Any:
        here: Any = self._raw
        for part in path:
            here = here.get(part) if isinstance(here, dict) else None
        return here


def resolve(file: File, raw: JsonObject) -> Config:
    """Every endpoint in every environment. The names in ``file`` have been checked."""
    layers, served = Layers(raw), dict(_served(file))
    endpoints: dict[str, dict[str, EndpointConfig]] = {}
    for environment in file.environment or ("",):
        kept = environment if endpoints else ""
        asks, section = _asks(file.environment.get(environment)), file.environment.get(environment)
        after = section.after if section else ""
        endpoints[kept] = {
            name: EndpointConfig(name, model, kept, asks(_patient(file, model, layers, name, environment)), after)
            for name, model in served.items()
        }
    return Config(**msgspec.structs.asdict(file), endpoints=endpoints)


def _asks(environment: EnvironmentSection | None) -> Callable[[Overrides], Overrides]:
    """Of an environment whose promotions need a yes: its endpoints do, where they say nothing of it themselves."""
    roles = environment.promotion.roles if environment and environment.promotion else ()

    def asking(policies: Overrides) -> Overrides:
        if not roles or policies.gates.approval is not None:
            return policies
        gates = msgspec.structs.replace(policies.gates, approval=ApprovalGate(roles))
        return msgspec.structs.replace(policies, gates=gates)

    return asking


def _patient(file: File, model: str, layers: Layers, endpoint: str, environment: str) -> Overrides:
    """What an endpoint keeps to; where nobody says how long outcomes are awaited, as long as the model's label needs."""
    policies, said = (
        layers.policies(endpoint, environment),
        layers.says(endpoint, environment, "monitor", "outcomes_within"),
    )
    wanted = "" if said else patience(file.model[model], file.data)
    if not wanted:
        return policies
    return msgspec.structs.replace(policies, monitor=msgspec.structs.replace(policies.monitor, outcomes_within=wanted))


def _served(file: File) -> Iterator[tuple[str, str]]:
    """(endpoint, model): those that are declared, and one of its own name for each model that none of them serves."""
    declared = {name: section.model or name for name, section in file.endpoint.items()}
    for model in file.model:
        found = [name for name, serves in declared.items() if serves == model] or [model]
        yield from ((name, model) for name in found)
