"""The sections of tidemill.toml as frozen records: what each key is, and what it is when nobody says it."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import msgspec

from tidemill.types import JsonObject


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One section of tidemill.toml."""


class ProjectSection(Section, frozen=True):
    """``[project]``: what it is called, what the data may be used for, and under which licence (SPDX) its models are given away."""

    name: str
    purpose: str = ""
    license: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9.+():-]*( [A-Za-z0-9.+():-]+)*$", max_length=200)] = ""


class CostsSection(Section, frozen=True):
    """``[goal] costs``: what a wrong label costs, of two; ``positive`` where neither means "yes". They set the threshold."""

    false_positive: Annotated[float, msgspec.Meta(gt=0, le=1e9)]
    false_negative: Annotated[float, msgspec.Meta(gt=0, le=1e9)]
    positive: str = ""


class GoalSection(Section, frozen=True):
    """``[goal]``: what the model is for, in words for the people who decide.

    Shown where they look: overview, release, status, model card, approval. Tidemill does not measure it: gates compare
    ``[model] metric``. ``least_useful`` is a share of that, and the margin of the gates. ``costs`` are those of wrong labels:
    they set the threshold of classifiers, and the metric ``cost`` counts them.
    """

    measure: str = ""
    owner: str = ""
    least_useful: str = ""
    costs: CostsSection | None = None

    def json(self) -> JsonObject:
        """By the keys of the file."""
        found: JsonObject = msgspec.to_builtins(self)
        return {name: value for name, value in found.items() if value is not None}

    @property
    def told(self) -> dict[str, str]:
        """What was said, by the names that people read."""
        said = {"goal": self.measure, "owner": self.owner, "least useful": self.least_useful}
        if self.costs:
            said["costs"] = (
                f"a false positive {self.costs.false_positive:g}, a false negative {self.costs.false_negative:g}"
            )
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
    """``[data.NAME]``: where rows come from, the contract they keep, how late they may come; what becomes of a request that breaks its limits."""

    given: ClassVar[tuple[str, ...]] = ("name",)
    source: str
    contract: str
    requests: Literal["flag", "refuse"] = "flag"
    name: str = ""
    complete_after: str = ""


class LimitsSection(Section, frozen=True):
    """``limits``: what foreign code may take: bytes of memory, and wall time of one fit; of a process also until it is ready, and of one answer."""

    memory: str = "2 GB"
    fit: str = "10 minutes"
    start: str = "1 minute"
    answer: str = "1 s"


class ProcessSection(Section, frozen=True):
    """``process``: a process that somebody else wrote: the ``command`` that starts it, or the ``url`` where it runs on this machine.

    ``model``, ``size``: of one that gives texts vectors, what it says it is, and how long these are.
    """

    command: tuple[str, ...] = ()
    url: str = ""
    model: str = ""
    size: int = 0
    limits: LimitsSection = LimitsSection()


class FeatureConfig(Section, frozen=True):
    """One feature of a view: an operation from the small set, and what it works on."""

    op: str
    by: str | None = None
    column: str | None = None
    half_life: str | None = None
    window: str | None = None
    process: ProcessSection | None = None
    ago: str | None = None
    """As of so long before the moment: a lag."""


class FeatureViewConfig(Section, frozen=True):
    """``[features.NAME]``: a view of a dataset, by entity."""

    given: ClassVar[tuple[str, ...]] = ("name", "features")
    from_: str = msgspec.field(name="from")
    entity: str | None = None
    name: str = ""
    features: dict[str, FeatureConfig] = {}


class SplitSection(Section, frozen=True):
    """``split``: how the test is cut off: the last span of time; of a table without a time a share of its keys."""

    by: Literal["time", "key", "random"] = "time"
    test: str = "28 days"


class SearchSection(Section, frozen=True):
    """``search``: how many recipes to try, and the wall time after which no further one is begun (not in a replay)."""

    trials: int = 20
    budget: str = "20 s"


class RowsSection(Section, frozen=True):
    """``rows``: the dataset that a model learns from: each row a moment; or each ``entity`` that was ``active``, ``every`` so often."""

    from_: str = msgspec.field(name="from")
    entity: str = ""
    every: str = ""
    active: str = ""


class LabelSection(Section, frozen=True):
    """``label``: what a model predicts: a column of its rows, or what rows of a dataset say ``within`` a time (`tidemill.labels`).

    ``after``: that time begins so long after the moment; nothing said: with it.
    """

    column: str = ""
    from_: str = msgspec.field(default="", name="from")
    on: str = ""
    op: str = ""
    within: str = ""
    after: str = ""
    otherwise: int | float | bool | str | None = msgspec.field(default=None, name="else")


class InputsSection(Section, frozen=True):
    """``inputs``: the views and columns that a model sees. Nothing said: every view of its dataset, every column."""

    views: tuple[str, ...] | None = None
    columns: tuple[str, ...] | None = None
    exclude: tuple[str, ...] = ()
    monotone: dict[str, Literal["increasing", "decreasing"]] = {}
    """Numbers with which the answer may only rise, or only fall; of two labels the second one's probability."""
    actionable: dict[str, Literal["up", "down", "any"]] = {}
    """What the person concerned could change, and which way: what would have to change for another answer is looked for among these."""


class OnnxSection(Section, frozen=True):
    """``onnx``: a model that somebody else made, and how its tensors and answers are called.

    ``inputs``: the inputs of the one tensor, in its order; or by tensor the input that it takes (nothing said: tensors are called
    like inputs). ``labels``: those of its probabilities, in their order; ``output``: the tensor that answers, of several.
    """

    file: str
    inputs: tuple[str, ...] | dict[str, str] = ()
    output: str = ""
    labels: tuple[str, ...] = ()


class StartSection(Section, frozen=True):
    """``start_from``: another project's model: its folder, and the digest of the bundle, which every byte is held against."""

    project: str
    bundle: str


class ModelSection(Section, frozen=True):
    """``[model.NAME]``: the task, what it learns from, what good means, and how far to search.

    ``learner``: a function of the project's that gives an estimator; ``onnx``: a model's file;
    ``process``: one that fits and answers. All within ``limits``.
    ``learners``: what a search tries beside the baselines, the first of them varied; nothing said: as the task has it.
    ``class_weights``: how much the rows of a label count where it is learned, by its text (1 of one that is not named), or ``balanced``.
    ``start_from``: what some candidates begin from: the champion, or another project's model.
    ``interval``: the share of intervals around its values in which the truth shall lie.
    ``shown_moves_outcomes``: whether what is answered moves what happens then; nothing said: as its task is held to be.
    """

    given: ClassVar[tuple[str, ...]] = ("name",)
    task: str
    name: str = ""
    rows: RowsSection | None = None
    label: LabelSection | None = None
    inputs: InputsSection = InputsSection()
    metric: str = ""
    class_weights: Literal["balanced"] | dict[str, float] = msgspec.field(default_factory=dict)
    interval: str = ""
    train: str = "all"
    split: SplitSection = SplitSection()
    search: SearchSection = SearchSection()
    learner: str = ""
    onnx: str | OnnxSection | None = None
    process: ProcessSection | None = None
    limits: LimitsSection = LimitsSection()
    learners: tuple[str, ...] = ()
    start_from: str | StartSection = ""
    shown_moves_outcomes: bool | None = None


class JobsSection(Section, frozen=True):
    """``[jobs]``: the wall time after which a job of the loop is killed, and ``memory``, of which none may take more.

    A model's own code is held to ``train`` and ``memory`` by `tidemill run`, too. Memory: as ``4 GB``, or a share of the machine's.
    """

    ingest: str = "10 minutes"
    watch: str = "5 minutes"
    train: str = "1 hour"
    release: str = "30 minutes"
    batch: str = "1 hour"
    memory: str = "75 %"
