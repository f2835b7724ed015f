"""Opens a project: configuration to stores. Wiring only, no verbs."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict

from msgspec import structs

from tidemill.config.access import AccessSection
from tidemill.config.amounts import some_memory
from tidemill.config.batches import BatchSection
from tidemill.config.decode import load, refuse_former_name
from tidemill.config.engine import EngineSection
from tidemill.config.fairness import FairnessSection
from tidemill.config.labels import own_views
from tidemill.config.ledger import LedgerSection
from tidemill.config.network import ServeSection
from tidemill.config.policies import (
    GatesSection,
    HoldoutSection,
    MonitorSection,
    RetrainSection,
    Rule,
    explain_share,
    stages,
)
from tidemill.config.resolve import Config, EndpointConfig, PromotionSection
from tidemill.config.rules import RulesSection
from tidemill.config.sections import DataConfig, FeatureViewConfig, GoalSection, ModelSection
from tidemill.errors import NotAttested, NotFound, ProjectError
from tidemill.process.memory import machine_memory
from tidemill.scope.home import ID, keys_of, known_id
from tidemill.scope.names import one_of
from tidemill.scope.stores import Places, is_alone, places_of, stores_of
from tidemill.store.artifacts import codecs, open_artifacts
from tidemill.store.artifacts.recorded import RecordedArtifacts
from tidemill.store.records import Fence, Release, Tx
from tidemill.store.reserve import Reserve
from tidemill.types import Clock, JsonObject, Micros, did_you_mean, new_id, parse_span

if TYPE_CHECKING:
    from tidemill.engine.runner.engine import Engine
    from tidemill.engine.runner.port import Limits
    from tidemill.store.sql.live import LiveStore
    from tidemill.store.sql.store import MetadataStore


ENVIRONMENT = "TIDEMILL_ENVIRONMENT"
"""The environment's word for that of the project, where nobody says another."""
FENCE = "TIDEMILL_FENCE"
"""The environment's word for the term that a loop's worker, and what it starts, write by: ``TERM NAME ROOT``."""
LIVE = "live"
"""The setting that says that the live store was made: one that is missing later was lost."""


class StoredClock:
    """The clock of a project opened for replay: it stands in the metadata store, and only the replay's driver moves it."""

    def __init__(self, store: MetadataStore) -> None:
        self._store = store

    def now(self) -> Micros:
        at = self._store.settings.get("clock")
        if not isinstance(at, int):
            raise ProjectError("the replay clock is not set", hint="start the replay with: tidemill demo --fresh")
        return at


@dataclass(frozen=True, eq=False)
class Dataset:
    """One dataset: where its rows come from, and the contract that they keep."""

    project: Project
    name: str
    source: str
    contract: str  # the path as it is written, below the project's folder
    complete_after: Micros | None = None  # by then a moment's rows have come, as the file says
    requests: str = "flag"  # | refuse: what becomes of a request that breaks the contract's limits

    @property
    def contract_path(self) -> Path:
        return self.project.root / self.contract

    @property
    def models(self) -> list[Model]:
        """The models that learn from its rows."""
        return [model for model in self.project.models.values() if model.dataset.name == self.name]


@dataclass(frozen=True, eq=False)
class Model:
    """One model: its task, the dataset and views that it learns from, its metric and its search."""

    project: Project
    section: ModelSection
    dataset: Dataset
    views: Mapping[str, FeatureViewConfig]

    @property
    def name(self) -> str:
        return self.section.name

    @property
    def task(self) -> str:
        return self.section.task

    @property
    def datasets(self) -> tuple[str, ...]:
        """All that it learns from by name, the one of its rows first: those of its views, and of its label."""
        label = self.section.label.from_ if self.section.label else ""
        return tuple(
            dict.fromkeys([self.dataset.name, *(v.from_ for v in self.views.values()), *filter(None, [label])])
        )

    @property
    def own_code(self) -> bool:
        """Whether what fits it is the project's own: nobody knows how long that takes, or how much."""
        return self.task.startswith("steps:")

    @property
    def served(self) -> Sequence[Endpoint]:
        """The endpoints that serve it, of every environment."""
        project = self.project
        found = (one for _, own in project.config.everywhere() for one in own.values())
        return [Endpoint(project, one, self) for one in found if one.model == self.name]

    @property
    def train(self) -> Micros | None:
        """The window of data that it is trained on; None for all."""
        return None if self.section.train == "all" else parse_span(self.section.train)


class Here(TypedDict):
    """Whose a record is."""

    endpoint: str
    environment: str


@dataclass(frozen=True, eq=False)
class Endpoint:
    """One endpoint in the project's environment: the model that it serves, and what it keeps to."""

    project: Project
    config: EndpointConfig
    model: Model

    @property
    def name(self) -> str:
        return self.config.name

    @property
    def environment(self) -> str:
        """As records keep it: nothing for the first one."""
        return self.config.environment

    @property
    def salt(self) -> tuple[str, ...]:
        """What an id of this endpoint's is made from: its name, and the environment where it is not the first."""
        return (self.name, *filter(None, (self.environment,)))

    @property
    def store(self) -> MetadataStore:
        return self.project.store

    @property
    def live(self) -> LiveStore:
        return self.project.live

    @property
    def artifacts(self) -> RecordedArtifacts:
        return self.project.artifacts

    @property
    def clock(self) -> Clock:
        return self.project.clock

    @property
    def here(self) -> Here:
        """Whose records are its own."""
        return {"endpoint": self.name, "environment": self.environment}

    def champion(self, tx: Tx = None) -> Release | None:
        """The release that it serves."""
        return self.store.releases.champion(self.name, tx, self.environment)

    def releases(self, status: str | None = None, tx: Tx = None) -> Sequence[Release]:
        """Its releases (in this status), oldest first."""
        return self.store.releases.list(**self.here, status=status, tx=tx)

    @property
    def before(self) -> Endpoint | None:
        """Itself in the environment that this one comes after: what serves there is promoted to here, and nothing is trained here."""
        after = self.config.after
        if not after:
            return None
        known = self.project.config
        kept = "" if after == next(iter(known.environment)) else after
        return Endpoint(self.project, known.endpoints[kept][self.name], self.model)

    @property
    def promotion(self) -> PromotionSection:
        """What a version must have shown in the environment before."""
        return self.project.config.environment[self.environment].promotion or PromotionSection()

    @property
    def list_rules(self) -> RulesSection:
        """What becomes of a recommender's list after the model."""
        return self.config.policies.rules

    def reread(self) -> Endpoint:
        """The same as the file says it now. Raises ConfigError."""
        found = load(self.project.root / "tidemill.toml").endpoints.get(self.environment, {})
        return replace(self, config=found[self.name]) if self.name in found else self

    @property
    def explain_share(self) -> float:
        """The share of all answers that are explained unasked."""
        return explain_share(self.config.policies.explain)

    @property
    def fallback(self) -> str:
        """What answers where the champion cannot: ``baseline``, ``last_good`` or ``none``; "": as the task has it."""
        return self.config.policies.fallback or self.project.reached.fallback or ""

    @property
    def answers_later(self) -> bool:
        """Whether its requests are taken in, and answered when a scorer comes to it."""
        section = self.project.config.endpoint.get(self.name)
        return section is not None and section.answer == "later"

    @property
    def gates(self) -> GatesSection:
        return self.config.policies.gates

    @property
    def monitor(self) -> MonitorSection:
        return self.config.policies.monitor

    @property
    def retrain(self) -> RetrainSection:
        return self.config.policies.retrain

    @property
    def fairness(self) -> FairnessSection:
        return self.config.policies.fairness

    @property
    def holdout(self) -> HoldoutSection | None:
        """Who is never answered by what the loop makes; None: everybody is."""
        return self.config.policies.holdout

    @cached_property
    def stages(self) -> tuple[JsonObject, ...]:
        """Of a rollout, in order."""
        return stages(self.config.policies.rollout)

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """What takes a release back."""
        return self.config.policies.rollback_on.rules()


@dataclass(frozen=True)
class Project:
    """An open project. Close it when done; it is a context manager."""

    root: Path
    config: Config
    id: str
    store: MetadataStore
    live: LiveStore
    artifacts: RecordedArtifacts
    clock: Clock
    seed: int = 0
    environment: str = ""  # as records keep it: nothing for the first one

    @property
    def name(self) -> str:
        return self.config.project.name

    @property
    def purpose(self) -> str:
        """What the data may be used for."""
        return self.config.project.purpose

    @property
    def license(self) -> str:
        """Under which licence (SPDX) its models are given away; nothing where it is not said."""
        return self.config.project.license

    @property
    def goal(self) -> GoalSection:
        """What the models are for, in words."""
        return self.config.goal

    @property
    def features(self) -> Mapping[str, FeatureViewConfig]:
        """Every declared view by its name."""
        return self.config.features

    @property
    def machines(self) -> EngineSection:
        """Where steps and trials run, and what each asks for; those of a copy, whose files no other machine has, on this one."""
        section = self.config.engine
        return structs.replace(section, runner="") if is_alone(self.state) else section

    @property
    def ledger(self) -> LedgerSection:
        """When heads of the ledger are signed, and who is told; those of a copy are nobody's business."""
        section = self.config.ledger
        return structs.replace(section, anchors=()) if is_alone(self.state) else section

    @property
    def access(self) -> AccessSection:
        """How people log in, beside what is always there."""
        return self.config.access

    @property
    def reached(self) -> ServeSection:
        """How its server may be reached from other machines."""
        return self.config.serve

    @property
    def kept_since(self) -> Micros:
        """What was answered before this moment is not kept; 0: everything is. Every endpoint's windows, in every environment, are
        there whole, or not at all."""
        if not self.config.serve.keep:
            return 0
        before = self.clock.now() - parse_span(self.config.serve.keep)
        spans = {one.policies.monitor.span for here in self.config.endpoints.values() for one in here.values()}
        return max(0, min((before // span * span for span in spans), default=0))

    @cached_property
    def datasets(self) -> Mapping[str, Dataset]:
        """Every dataset by its name, in the order of the file (as are models and endpoints)."""
        return {name: self._dataset(section) for name, section in self.config.data.items()}

    def _dataset(self, section: DataConfig) -> Dataset:
        after = parse_span(section.complete_after) if section.complete_after else None
        return Dataset(self, section.name, section.source, section.contract, after, section.requests)

    @cached_property
    def models(self) -> Mapping[str, Model]:
        """One that names no dataset learns from the only one, or the first; one that names no view sees all of its dataset."""
        return {section.name: self._model(section) for section in self.config.model.values()}

    def _model(self, section: ModelSection) -> Model:
        dataset = self.datasets[section.rows.from_ if section.rows else next(iter(self.datasets))]
        entity = section.rows.entity if section.rows else ""
        own = own_views(self.features, dataset.name, entity)
        named = own if section.inputs.views is None else section.inputs.views
        return Model(self, section, dataset, {name: self.features[name] for name in named})

    @cached_property
    def endpoints(self) -> Mapping[str, Endpoint]:
        """Those of this environment."""
        found = self.config.endpoints[self.environment].values()
        return {endpoint.name: Endpoint(self, endpoint, self.models[endpoint.model]) for endpoint in found}

    @property
    def environments(self) -> Mapping[str, str]:
        """Every environment by its name in the file, in its order: the one that it comes after, or nothing."""
        return {name: section.after for name, section in self.config.environment.items()}

    @property
    def endpoint_names(self) -> list[str]:
        """Of every environment's endpoints, each once, in order of name."""
        return sorted({name for _, own in self.config.everywhere() for name in own})

    @property
    def promoted_from(self) -> str:
        """The environment that this one comes after, by its name; nothing of one that makes its own models."""
        section = self.config.environment.get(self.environment)
        return section.after if section else ""

    @property
    def real_endpoints(self) -> Sequence[Endpoint]:
        """Those of the environments that none comes after: what is told there happened, what is told before is a rehearsal."""
        rehearsed = {section.after for section in self.config.environment.values()}
        found = (own.values() for name, own in self.config.everywhere() if name not in rehearsed)
        return [Endpoint(self, one, self.models[one.model]) for own in found for one in own]

    def dataset(self, name: str | None = None) -> Dataset:
        """The dataset of this name; without a name the only one (as of `model` and `endpoint`). Raises NotFound."""
        return one_of("dataset", self.datasets, name)

    def model(self, name: str | None = None) -> Model:
        return one_of("model", self.models, name)

    def endpoint(self, name: str | None = None) -> Endpoint:
        return one_of("endpoint", self.endpoints, name)

    def serving(self, model: str, endpoint: str | None = None) -> Endpoint:
        """The endpoint of this name, which must serve this model; without a name the only one that does. Raises NotFound.

        Of a model that no endpoint serves any more every endpoint may be named.
        """
        found = {name: scope for name, scope in self.endpoints.items() if scope.model.name == model}
        if found and endpoint not in found and endpoint in self.endpoints:
            raise NotFound(f"endpoint {endpoint!r} serves no model {model!r}", hint=f"say {' or '.join(found)}")
        return one_of("endpoint", found or self.endpoints, endpoint)

    @property
    def batches(self) -> dict[str, BatchSection]:
        """What the loop of this environment has answered when its time comes, by name."""
        first = next(iter(self.config.environment), "")
        ours = (self.environment,) if self.environment else (first, "")
        return {name: batch for name, batch in self.config.batch.items() if batch.environment in ours}

    def limit(self, job: str) -> float:
        """The wall seconds after which a job of this kind is killed."""
        return parse_span(getattr(self.config.jobs, job)) / 1_000_000

    @property
    def memory(self) -> int:
        """Bytes of memory that a job, or a step of the project's own code, may take."""
        return some_memory(self.config.jobs.memory, machine_memory())

    @property
    def state(self) -> Path:
        return self.root / ".tidemill"

    @property
    def stores_at(self) -> Places:
        """Where its artifacts and tables are."""
        return places_of(self.config.stores, self.state)

    @property
    def tables_at(self) -> str:
        """Where its tables are, as `tidemill.data.tables.tables.Tables` takes it."""
        return self.stores_at.tables

    @property
    def logs(self) -> Path:
        """Where its processes write their logs."""
        return self.state / "logs"

    @property
    def keys_dir(self) -> Path:
        """Where the keys are: outside the project, so that who can write the folder can neither sign nor be trusted.

        Raises NotAttested where this machine knows the folder under another id than its own database says.
        """
        known = known_id(self.root)
        if known not in (None, self.id):
            raise NotAttested(
                f"this machine knows the folder as {known}, but its database says {self.id}",
                place=str(self.state / "tidemill.db"),
                hint="if you put another project here yourself, compare its fingerprint: tidemill trust",
            )
        return keys_of(self.id)

    @property
    def reserve(self) -> Reserve:
        """Room kept back on the disk, for what must be possible on a full one."""
        return Reserve(self.state)

    @property
    def replay(self) -> bool:
        return self.store.settings.get("mode") == "replay"

    def engine(self, *, own_code: bool = True, apart: Mapping[str, Limits] | None = None, **resources: Any) -> Engine:
        """An engine on this project's stores. Its steps get ``ctx.resource("project")``, those in a child process too:
        there the project is opened anew. ``resources`` are more things for steps in this process.
        ``own_code``: whether code of the project takes part, so that its commit belongs to what a run writes down.
        ``apart``: steps that are kept within limits, in a process of their own."""
        from tidemill.engine.runner.engine import Engine
        from tidemill.scope.places import places

        return Engine(
            self.store,
            self.artifacts.plain,
            self.clock,
            self.root,
            resources={"project": self, **resources},
            seed=self.seed,
            reopen={"project": "tidemill.scope.project:open_project"},
            own_code=own_code,
            apart=apart,
            places=places(self.machines),
        )

    def fence_by(self, fence: Fence) -> None:
        """Write by this term from now on: refused once another process has begun a later one. Raises LeaseLost."""
        self.store.fence_by(fence)
        self.live.fence_by(fence)

    def close(self) -> None:
        self.live.close()
        self.store.close()

    def __enter__(self) -> Project:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def find_root(start: Path) -> Path:
    """The nearest folder upwards with a tidemill.toml. Raises ProjectError."""
    for folder in (start, *start.parents):
        if (folder / "tidemill.toml").is_file():
            return folder
        refuse_former_name(folder)
    raise ProjectError(
        f"no tidemill.toml in {start} or above",
        hint="cd into a project, or make one with: tidemill new NAME --recipe recommend",
    )


def open_project(
    root: Path, *, clock: Clock | None = None, environment: str | None = None, reading: bool = False
) -> Project:
    """Open the project in this folder, making its state folder (mode 0700) at the first time.

    The clock is the database's (of files: the machine's), or the stored one where the project is open for replay, or the one given
    (tests). The environment is the given one, else ``$TIDEMILL_ENVIRONMENT``, else the first of the file. Raises NotFound for one
    that is not declared, LeaseLost in a process of a loop that leads no more.
    ``reading``: to look at one that is there, and make nothing. Raises ProjectError where nothing has run yet.
    """
    root = root.resolve()
    config = load(root / "tidemill.toml")
    environment = _environment(config, environment or os.environ.get(ENVIRONMENT) or "")
    state = root / ".tidemill"
    reserve = Reserve(state)
    known = _has_run(state)
    if reading:
        known = known or bool(config.stores.metadata)  # a team's machine may read before anything ran on it
        if not known:
            raise ProjectError("nothing has run here yet", place=str(root), hint="start with: tidemill run")
    else:
        for folder in (state, state / "tables", state / "artifacts"):
            folder.mkdir(mode=0o700, exist_ok=True)
        reserve.fill()
    stores = stores_of(config.stores, config.project.name, state)
    with ExitStack() as undone:  # what is open is closed where the rest cannot be
        store = reserve.helped(lambda: stores.metadata(known))
        undone.callback(store.close)
        places = places_of(config.stores, state)
        places.stand(store)
        lives = store.settings.get(LIVE) is not None
        live = reserve.helped(lambda: stores.live(lives))
        undone.callback(live.close)
        if not lives:
            store.settings.keep(LIVE, True)
        identity = _identity(root, store, stores.place)
        if clock is None:
            clock = StoredClock(store) if store.settings.get("mode") == "replay" else store.clock
        seed = store.settings.get("seed", 0)
        places.claim(identity, store, reading)
        artifacts = RecordedArtifacts(open_artifacts(places.artifacts), store.artifacts, clock.now)
        live.predictions.fetch = partial(codecs.load, artifacts, codec="arrays")
        project = Project(
            root=root,
            config=config,
            id=identity,
            store=store,
            live=live,
            artifacts=artifacts,
            clock=clock,
            seed=seed if isinstance(seed, int) else 0,
            environment=environment,
        )
        if fence := _handed_on(root):
            project.fence_by(fence)
        undone.pop_all()
    return project


def hand_on(root: Path, fence: Fence) -> None:
    """From now on whatever this process starts opens the project in this folder to write by this term."""
    os.environ[FENCE] = f"{fence.term} {fence.name} {root.resolve()}"


def _handed_on(root: Path) -> Fence | None:
    term, _, rest = os.environ.get(FENCE, "").partition(" ")
    name, _, where = rest.partition(" ")
    return Fence(name, int(term)) if where == str(root) else None


def _has_run(state: Path) -> bool:
    """Whether the folder holds what is only made after tidemill.db: then none is made in silence in its place."""
    folders = (folder for folder in (state / "tables", state / "artifacts", state / "copies") if folder.is_dir())
    return (state / "live.db").exists() or any(next(folder.iterdir(), None) for folder in folders)


def _environment(config: Config, name: str) -> str:
    """As records keep it: nothing for the first one."""
    if name and name not in config.environment:
        raise NotFound(f"no environment {name!r}", hint=did_you_mean(name, config.environment))
    return "" if name == next(iter(config.environment), "") else name


def _identity(root: Path, store: MetadataStore, place: str) -> str:
    """The project's id, given at the first time; a folder that is begun anew keeps its keys."""
    kept = store.settings.get("project_id") or store.settings.keep("project_id", known_id(root) or new_id("project"))
    identity = str(kept)
    if not ID.fullmatch(identity):  # it names a folder of keys
        raise ProjectError(f"{identity!r} is no id that Tidemill gave to a project", place=place)
    return identity
