"""The sections of tidemill.toml as frozen records: what each key is, and what it is when nobody says it."""

from __future__ import annotations

from typing import Literal

import msgspec

from tidemill.types import JsonObject

Task = str
"""``recommend``, ``classify``, ``regress`` or ``steps:NAME``."""

METRICS = {
    "recommend": ("ndcg@10", "recall@20", "mrr@20"),
    "classify": ("log_loss", "auc"),
    "regress": ("mae", "rmse"),
}
BASELINES = {
    "recommend": ("popularity", "buy_again", "item_knn", "ease", "blend"),
    "classify": ("constant", "popularity", "prior"),
    "regress": ("constant", "mean", "popularity"),
}
"""What ``superior_to`` of the baseline gate may name; of tables all are the constant answer."""


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One section of tidemill.toml."""


class ProjectSection(Section, frozen=True):
    """``[project]``: what it is called and what the data may be used for."""

    name: str
    purpose: str = ""


class GoalSection(Section, frozen=True):
    """``[goal]``: what the model is for, in words for the people who decide.

    Shown where they look: overview, release, status, model card, approval. Tidemill does not measure it and no gate reads it:
    gates compare ``[model] metric``.
    """

    measure: str = ""
    owner: str = ""
    least_useful: str = ""

    def json(self) -> JsonObject:
        """By the keys of the file."""
        return msgspec.structs.asdict(self)

    @property
    def told(self) -> dict[str, str]:
        """What was said, by the names that people read."""
        said = {"goal": self.measure, "owner": self.owner, "least useful": self.least_useful}
        return {name: " ".join(text.split()) for name, text in said.items() if text.strip()}

    @property
    def words(self) -> str:
        """One sentence, or nothing.

        >>> GoalSection(measure="revenue per visit", least_useful="1 %").words
        'revenue per visit; a gain below 1 % is not worth a release'
        """
        told = self.told
        parts = [told.get("goal", ""), f"owner: {told['owner']}" if "owner" in told else ""]
        parts.append(f"a gain below {told['least useful']} is not worth a release" if "least useful" in told else "")
        return "; ".join(part for part in parts if part)


class DataConfig(Section, frozen=True):
    """``[data.NAME]``: where rows come from and the contract they keep."""

    source: str
    contract: str
    name: str = ""


class FeatureConfig(Section, frozen=True):
    """One feature of a view: an operation from the small set, and what it works on."""

    op: str
    by: str | None = None
    column: str | None = None
    half_life: str | None = None
    window: str | None = None


class FeatureViewConfig(Section, frozen=True):
    """``[features.NAME]``: a view of a dataset, by entity."""

    from_: str = msgspec.field(name="from")
    entity: str | None = None
    name: str = ""
    features: dict[str, FeatureConfig] = {}


class SplitSection(Section, frozen=True):
    """``split``: how the test window is cut. Timed data is split by time only."""

    by: Literal["time", "random"] = "time"
    test: str = "28 days"


class SearchSection(Section, frozen=True):
    """``search``: how many recipes to try, and the wall time after which no further one is begun (not in a replay)."""

    trials: int = 20
    budget: str = "20 s"


class ModelSection(Section, frozen=True):
    """``[model]``: the task, what good means, and how far to search."""

    task: Task
    metric: str = ""
    train: str = "all"
    split: SplitSection = SplitSection()
    search: SearchSection = SearchSection()


class RefitGate(Section, frozen=True):
    """A refit of the champion's own recipe must be not inferior to it."""

    not_inferior_to: Literal["champion"] = "champion"
    metric: str = ""
    margin: str = "2 %"
    confidence: float = 0.95


class MethodGate(Section, frozen=True):
    """A change of method must be superior."""

    superior_to: Literal["champion"] = "champion"
    metric: str = ""
    confidence: float = 0.95


class BaselineGate(Section, frozen=True):
    """Any candidate must be superior to the baseline."""

    superior_to: str = "popularity"
    metric: str = ""
    confidence: float = 0.95


class LatencyGate(Section, frozen=True):
    """The real server must answer within this."""

    p99: str = "50 ms"


class ApprovalGate(Section, frozen=True):
    """A release is held until one of these roles says yes."""

    roles: tuple[str, ...]


class GatesSection(Section, frozen=True):
    """``[gates]``: what a candidate must show."""

    refit: RefitGate = RefitGate()
    method: MethodGate = MethodGate()
    baseline: BaselineGate = BaselineGate()
    latency: LatencyGate = LatencyGate()
    approval: ApprovalGate | None = None


class ReleaseSection(Section, frozen=True):
    """``[release.ENVIRONMENT]``: the stages of a rollout and what rolls it back."""

    rollout: tuple[str, ...] = ("25% 2 days min 20 requests", "100%")
    rollback_on: tuple[str, ...] = ("errors > 1%", "hit rate drops 20%")


class DriftSection(Section, frozen=True):
    """``drift``: which columns are watched and how many false alarms are promised."""

    columns: Literal["all"] | tuple[str, ...] = "all"
    false_alarms: str = "1 per quarter"


class MonitorSection(Section, frozen=True):
    """``[monitor]``: the window, how long after an answer its outcome may come, the promise about false alarms."""

    window: str = "1 day"
    outcomes_within: str = "1 day"
    drift: DriftSection = DriftSection()


class RetrainSection(Section, frozen=True):
    """``[retrain]``: when the model is built again, how often at most, and for how much."""

    on: tuple[str, ...] = ("drift", "decay", "new data 5%")
    cooldown: str = "3 days"
    budget: str = "1 cpu-hour / week"


class Config(Section, frozen=True):
    """The whole file."""

    project: ProjectSection
    model: ModelSection
    goal: GoalSection = GoalSection()
    data: dict[str, DataConfig] = {}
    features: dict[str, FeatureViewConfig] = {}
    gates: GatesSection = GatesSection()
    release: dict[str, ReleaseSection] = {}
    monitor: MonitorSection = MonitorSection()
    retrain: RetrainSection = RetrainSection()

    @property
    def dataset(self) -> DataConfig:
        """The dataset that the model learns from: the first one."""
        return next(iter(self.data.values()))

    @property
    def endpoint(self) -> str:
        """The endpoint that serves this project's model: the project's name."""
        return self.project.name

    @property
    def rollout(self) -> ReleaseSection:
        """The one environment, or the defaults."""
        return next(iter(self.release.values()), ReleaseSection())
