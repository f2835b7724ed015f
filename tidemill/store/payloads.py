"""What a closed window holds, by the monitor that closed it (each says its ``kind``, by which it is read back), what is known
of a release, and what was found in a model's rows before its training.

What a task measures (figures by the names of its metrics) is the task's own, and plain JSON here. Moments and times are
whole microseconds. A monitor that somebody adds keeps `CustomWindow`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Literal

from tidemill.store.frozen import dataclass
from tidemill.types import JsonObject, Micros


@dataclass(frozen=True, slots=True)
class ColumnDrift:
    """One column of the window's rows against the baseline's."""

    p: float  # how often a clean window differs as much
    words: str = ""
    n: int = 0
    x2: float = 0.0
    df: int = 0
    moved: float = 0.0  # total variation
    counts: tuple[int, ...] = ()  # of the window, in the baseline's bins


@dataclass(frozen=True, slots=True)
class AlarmRate:
    """The threshold on the score, and false alarms per span of the promise: promised, and as the past would have had them."""

    threshold: float
    promised: float
    expected: float | None = None  # block bootstrap of the past
    realised: float | None = None  # on the part of the past that the fit did not see
    realised_windows: int = 0
    windows: int = 0
    method: str = "chi-square"  # or block bootstrap


@dataclass(frozen=True, slots=True)
class DriftWindow:
    """New rows, or what was asked and answered, against the rows that the champion was trained on."""

    model: str
    calibration: AlarmRate
    columns: Mapping[str, ColumnDrift] = field(default_factory=dict)
    which: tuple[str, ...] = ()  # the columns above the threshold, worst first
    score: float | None = None
    skipped: Mapping[str, str] = field(default_factory=dict)  # column -> why it is not watched
    version: int = 0  # of the dataset, whose rows were looked at
    source: Literal["rows", "requests", "attributions"] = "rows"
    reasons: Mapping[str, Mapping[str, int]] = field(default_factory=dict)  # input -> missing | unknown -> requests
    labels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # of columns that the baseline does not have
    subjects: int = 0  # whose rows these are; 0: nobody says one
    shown: float | None = None  # of the items that training knew, the share that answers showed
    kind: Literal["drift"] = "drift"


@dataclass(frozen=True, slots=True)
class DetectorState:
    """The decay test of one model version after a window, see `tidemill.monitor.decay`. Each sum has a count and a beginning."""

    model: str
    windows: int  # with answers, so far
    sums: tuple[float, ...]
    counts: tuple[int, ...]  # windows since each stood at 0
    since: tuple[Micros, ...]  # the start of the first of these
    near: float  # variance of the shortfall, by windows close to one another
    week: float  # by weeks
    last: tuple[float, ...]  # shortfalls, the latest last


@dataclass(frozen=True, slots=True)
class DecayWindow:
    """A window's answers of the champion beside its promise, in shares of that; 0 is kept, 0.2 a fifth worse."""

    shortfall: float
    error2: float  # the square of its standard error
    answers: int
    subjects: int  # 0: nobody says one
    spread: float  # how much windows differ by themselves, as the ones before show
    score: float  # 1 and above: an alarm
    since: Micros  # when the run of windows began that the score is of
    windows: int  # so many with answers

    @property
    def alarm(self) -> bool:
        return self.score >= 1


@dataclass(frozen=True, slots=True)
class QualityWindow:
    """Answers beside what really happened, once their labels are mature."""

    model: str | None  # the champion when it was closed
    metric: str  # the one that is watched
    predictions: int = 0
    mature: float | None = None  # share of them whose truth is known
    figures: JsonObject = field(default_factory=dict)  # metric -> [figure, low, high]; the task's own beside
    models: Mapping[str, JsonObject] = field(default_factory=dict)  # model ref -> figures of its answers
    promised: float | None = None  # worse end of what the champion was evaluated with
    decay: DecayWindow | None = None
    detector: DetectorState | None = None
    labels: int = 0  # outcomes joined to its answers when it was judged
    labels_through: Micros = 0  # the newest answer of the endpoint that had one then
    kind: Literal["quality"] = "quality"


@dataclass(frozen=True, slots=True)
class PlatformWindow:
    """How fast answers were, and how much disk is left. It decides nothing about models."""

    p50_us: int | None = None
    p99_us: int | None = None
    p99_limit_us: int = 0
    disk_free: int = 0
    disk_total: int = 0
    which: tuple[str, ...] = ()
    model: None = None
    kind: Literal["platform"] = "platform"


@dataclass(frozen=True, slots=True)
class FeatureParity:
    """One feature of live requests: as it was served, and as training makes it."""

    view: str
    feature: str
    requests: int
    numbers: int
    missing: int
    difference: float
    ok: bool
    worst: str | None = None  # prediction


@dataclass(frozen=True, slots=True)
class ParityWindow:
    """The features of the champion's first requests."""

    model: str
    features: tuple[FeatureParity, ...] = ()
    kind: Literal["parity"] = "parity"

    @property
    def which(self) -> tuple[str, ...]:
        """Those that are served otherwise than training makes them."""
        wrong = (one for one in self.features if not one.ok)
        return tuple(f"{f.view}.{f.feature}: {f.missing} missing, {f.difference:g} apart at most" for f in wrong)


@dataclass(frozen=True, slots=True)
class Checked:
    """An estimate beside the truth: of the answers whose labels have come, what they were expected to show, and what they showed."""

    n: int
    value: float
    low: float
    high: float
    truth: float
    off: float  # truth - estimate, on the scale of means
    chance: float  # variance of that by the number of answers
    steady: float  # of what more answers do not make smaller

    @property
    def inside(self) -> bool:
        return self.low <= self.truth <= self.high


@dataclass(frozen=True, slots=True)
class EstimateWindow:
    """How good a window's answers will turn out, said before their labels come, and beside these once they have."""

    model: str | None
    metric: str = ""  # by which it is held against the labels
    estimates: Mapping[str, tuple[float, float, float]] = field(default_factory=dict)  # metric -> figure, low, high
    moved: Mapping[str, float] = field(default_factory=dict)  # column -> how far its rows are from the test's
    beyond: Mapping[str, float] = field(default_factory=dict)  # column -> share of rows beyond what the test had
    checked: Mapping[str, Checked] = field(default_factory=dict)  # metric -> beside the truth
    labels: int = 0  # of its answers, as its window of quality counted them
    score: float = 0.0  # of the test whether labels contradict the estimates: at 1 they do
    unusable_since: Micros | None = None  # the start of the first window that speaks against this version's estimates
    why: str = ""  # why there is no estimate
    which: tuple[str, ...] = ()
    kind: Literal["estimate"] = "estimate"

    @property
    def state(self) -> str:
        """none | unusable | outside (of what was measured) | estimated | checked (labels have come)"""
        if not self.estimates:
            return "none"
        if self.unusable_since is not None:
            return "unusable"
        return "outside" if self.beyond else "checked" if self.checked else "estimated"


@dataclass(frozen=True, slots=True)
class FairnessWindow:
    """The champion's answers by group, once their labels are mature, and the detectors of gaps after them."""

    model: str | None
    measure: str
    max_gap: float
    scale: float = 1.0  # what a gap is a share of
    groups: Mapping[str, JsonObject] = field(
        default_factory=dict
    )  # attribute -> group -> {"n", measure: [mean, low, high]}
    gaps: Mapping[str, DecayWindow] = field(
        default_factory=dict
    )  # of two groups, by their names: beyond what is allowed
    detectors: Mapping[str, DetectorState] = field(default_factory=dict)
    totals: Mapping[str, tuple[float, ...]] = field(
        default_factory=dict
    )  # measure -> answers, sum, sum of squares so far
    which: tuple[str, ...] = ()  # the gaps that are an alarm, worst first
    kind: Literal["fairness"] = "fairness"


@dataclass(frozen=True, slots=True)
class ComparedSide:
    """What a window's answers add to one side of a comparison: values whose truth is known and their number, by group of subjects."""

    requests: int = 0  # of subjects that were drawn for it, whoever answered
    itself: int = 0  # of these it answered
    sums: tuple[float, ...] = ()
    counts: tuple[int, ...] = ()
    latency_us: int = 0  # of all requests together


@dataclass(frozen=True, slots=True)
class ComparedWindow:
    """Two sides of an A/B, or a holdout and all others: a window's own answers, and the estimate over all up to its end."""

    of: str  # the experiment, or what answers the holdout
    metric: str
    sides: Mapping[str, ComparedSide] = field(default_factory=dict)
    gain: tuple[float, float, float] | None = (
        None  # so far: how much better the second side is, and the confidence sequence
    )
    figures: tuple[float, float] | None = None  # so far: of either side
    judged: tuple[int, int] = (0, 0)
    subjects: Mapping[str, int] = field(default_factory=dict)  # so far, by side
    odds: float = 1.0  # so far, against the sample ratio that is meant
    rests_on: Micros = 0  # when the window of quality that it was read with was judged
    model: None = None
    which: tuple[str, ...] = ()
    kind: Literal["compared"] = "compared"


@dataclass(frozen=True, slots=True)
class CustomWindow:
    """Of a monitor that is not Tidemill's own."""

    model: str | None = None
    which: tuple[str, ...] = ()
    figures: JsonObject = field(default_factory=dict)
    kind: Literal["custom"] = "custom"


WindowData = (
    DriftWindow
    | QualityWindow
    | PlatformWindow
    | ParityWindow
    | EstimateWindow
    | FairnessWindow
    | ComparedWindow
    | CustomWindow
)
WINDOWS: Mapping[str, type[WindowData]] = {
    "drift": DriftWindow,
    "quality": QualityWindow,
    "platform": PlatformWindow,
    "parity": ParityWindow,
    "estimate": EstimateWindow,
    "fairness": FairnessWindow,
    "compared": ComparedWindow,
    "custom": CustomWindow,
}


@dataclass(frozen=True, slots=True)
class Look:
    """One look at a candidate in shadow: the window of its gate and the live pairs so far, together."""

    at: Micros
    pairs: int
    verdict: str  # as a gate's
    said: str
    gain: float  # of the pairs alone, a share of the champion's level
    error: float
    digest: str  # of the pairs, which are made again from the log


@dataclass(frozen=True, slots=True)
class Shadow:
    """A candidate that its gate could not decide on: what is asked live it is asked too, afterwards, and it is judged by pairs."""

    gate: str  # refit | method
    metric: str
    since: Micros  # requests of the windows from here on
    until: Micros  # up to here; when their truth is known it ends, whatever that says
    next: int  # pairs at which it is looked at next
    looks: tuple[Look, ...] = ()
    ended: str = ""  # verdict, or replaced | halted


@dataclass(frozen=True, slots=True)
class Mirror:
    """A release in the shadow stage of its rollout: what was asked live and then asked of it, apart, and what came of that.

    Times are counted by `tidemill.release.mirror.bin_of`; ``memory`` is that of the process that answered, in bytes.
    """

    through: Micros  # requests before this moment have been asked
    of: int = 0  # requests that came
    asked: int = 0  # of these: at most some thousands a look
    errors: Mapping[str, int] = field(default_factory=dict)  # code -> requests
    compared: int = 0  # answers beside the champion's own
    agreed: float = 0.0  # the sum of their agreements, each 0 to 1
    took: Mapping[str, int] = field(default_factory=dict)  # microseconds -> answers
    champion_took: Mapping[str, int] = field(default_factory=dict)  # for the same requests
    memory: tuple[int, int] = (0, 0)  # at the latest look: before the first request, after the last
    stopped: str = ""  # why the latest look ended before all was asked


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that a table's rows show before a model is trained on them: a column that knows the label, rows on both sides."""

    kind: str  # alone | after | copy | id | twins | group | doubled
    column: str  # "": of whole rows
    held: bool  # whether a person has to decide before a release
    said: str
    hint: str
    figures: JsonObject = field(default_factory=dict)
    shape: tuple[tuple[str, float, int], ...] = ()  # for a picture: of a part of the rows its name, a mean, how many

    @property
    def about(self) -> str:
        """What a person's word on it names."""
        return self.column or self.kind


@dataclass(frozen=True, slots=True)
class Findings:
    """What was looked at before a training, and what was found, the gravest first. Without rows: it was not looked at."""

    rows: int = 0  # before the test
    columns: int = 0
    found: tuple[Finding, ...] = ()
    answer: str = ""  # what the means of a shape are: of a label how often it came, of values their mean

    @property
    def held(self) -> tuple[Finding, ...]:
        return tuple(one for one in self.found if one.held)


@dataclass(frozen=True, slots=True)
class Pause:
    """While a release answers nobody, and its stage's time stands still."""

    since: Micros
    by: str
    reason: str
    until: Micros | None = None


@dataclass(frozen=True, slots=True)
class Saw:
    """Who was answered by a release, counted once it had ended."""

    requests: int
    subjects: int
    nobody: int  # requests without a subject
    first: Micros | None
    last: Micros | None
    complete: bool  # whether the log still held all of them


@dataclass(frozen=True, slots=True)
class Watch:
    """The span over which the platform's rules look at a champion after its bake."""

    number: int  # 1: the first after its bake
    since: Micros
    failed: int  # its failures until then


@dataclass(frozen=True, slots=True)
class ReleaseEvidence:
    """What speaks for a release and against it. Reasons and what was seen are JSON for people: nothing is decided on them."""

    blessings: Mapping[str, str] = field(default_factory=dict)  # quality, infrastructure -> blessed | refused
    refused: tuple[str, ...] = ()  # gates
    approved: JsonObject | None = None  # who said so, and why
    rejected: JsonObject | None = None
    stages: tuple[JsonObject, ...] = ()  # as each ended: {stage, at, in_stage, findings}
    waits_in: tuple[int, str] | None = None  # the stage, and doubtful | underpowered: told once
    damaged: str = ""  # why its files may not be served: told once
    shadow: Shadow | None = None
    mirror: Mirror | None = None  # of a rollout that begins in shadow
    bake_until: Micros | None = None  # while it is watched as a new champion
    bake: JsonObject | None = None  # as that ended
    halted: JsonObject | None = None  # {reason, by, …}
    rolled_back: JsonObject | None = None
    waits: tuple[str, ...] = ()  # gates that a person's reason passes: `approved` holds it
    paused: Pause | None = None
    pauses: tuple[Pause, ...] = ()  # those that are over
    uncounted: Micros = 0  # how much of the stage's time does not count
    failed_before: int = 0  # failures that what is seen since it started leaves out
    watch: Watch | None = None
    no_way_back: JsonObject | None = (
        None  # {reason, at, findings}: taken back after its bake, if one could follow; told once
    )
    saw: Saw | None = None
    policy: str = ""  # digest of the policy that it was made under; nothing: what comes with Tidemill
