"""What an endpoint keeps to: gates, rollout, monitor, retraining. Defaults stand at the top of the file, an endpoint overrides by key.

Every table checks itself when it is made, so that what could not be acted on is an error at its line, and not in the loop weeks later.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar, Literal

import msgspec

from tidemill.config import cron
from tidemill.config.amounts import every, parse_share, percent, some_share, some_time
from tidemill.config.sections import Section
from tidemill.errors import ConfigError
from tidemill.types import JsonObject, Micros, parse_span


class RefitGate(Section, frozen=True):
    """A refit of the champion's own recipe must be expected to gain, and unlikely to be inferior by more than the margin."""

    not_inferior_to: Literal["champion"] = "champion"
    metric: str = ""
    margin: str = ""  # a share; nothing said: what ``[goal] least_useful`` says
    confidence: float = 0.94  # that it does not lose more than the margin


class MethodGate(Section, frozen=True):
    """A change of method must be superior."""

    superior_to: Literal["champion"] = "champion"
    metric: str = ""
    confidence: float = 0.95


class BaselineGate(Section, frozen=True):
    """Any method must be superior to each of these baselines; ``all``: every simple model of the task."""

    superior_to: str | tuple[str, ...] = "all"
    metric: str = ""
    confidence: float = 0.95


class LatencyGate(Section, frozen=True):
    """The real server must answer within this."""

    p99: str = "50 ms"


class CoverageGate(Section, frozen=True):
    """The truth must lie within the intervals of ``[model] interval`` so often, as far as the test can tell."""

    at_least: str = ""  # a share; nothing said: half as many again may be missed as the level leaves


class SlicesGate(Section, frozen=True):
    """No value of these columns may be answered worse than the whole test by more than ``max_gap``, a share of the whole's level.

    ``by`` names columns of the model's rows, also those that ``inputs`` leaves out. Nor may a value be answered worse than by the champion.
    """

    by: tuple[str, ...]
    max_gap: float | str = 0.2
    metric: str = ""
    confidence: float = 0.95

    @property
    def gap(self) -> float:
        """The share. Raises ConfigError.

        >>> SlicesGate(by=("country",), max_gap="20 %").gap, SlicesGate(by=("country",)).gap
        (0.2, 0.2)
        """
        return some_share(str(self.max_gap), most=10.0)


class RobustnessGate(Section, frozen=True):
    """A candidate may lose so much of its metric, and no more, where one input is missing."""

    missing: str = "20 %"  # a share of what it reaches with all inputs
    metric: str = ""


class StabilityGate(Section, frozen=True):
    """Of what weighs in the answers, fits to halves of the rows may differ in so much, and a candidate from its champion by so much more."""

    at_most: str = "10 %"


class ApprovalGate(Section, frozen=True):
    """A release is held until one of these roles says yes."""

    roles: tuple[str, ...]


class GatesSection(Section, frozen=True):
    """``[gates]``: what a candidate must show. ``supplied``: what is said of gates that packages bring, by name."""

    given: ClassVar[tuple[str, ...]] = ("supplied",)
    supplies: ClassVar[str] = "tidemill.gate_settings"
    supplied: dict[str, Section] = msgspec.field(default_factory=dict)
    refit: RefitGate = RefitGate()
    method: MethodGate = MethodGate()
    baseline: BaselineGate = BaselineGate()
    latency: LatencyGate = LatencyGate()
    coverage: CoverageGate = CoverageGate()
    slices: SlicesGate | None = None
    robustness: RobustnessGate | None = None
    verify: bool = False
    stability: StabilityGate | None = None
    approval: ApprovalGate | None = None


class StageSection(Section, frozen=True):
    """One stage of a rollout: a share of the subjects, for at least this long *and* at least so many answers of the new model.

    ``shadow``: before all others, nobody is answered by it: what was asked is asked of it, too, afterwards and apart.
    ``step``: a linear rollout, the share grows by so much from stage to stage. A share of 0 %: loaded and tried, and answers nobody.
    Of the last stage, with everybody, ``for`` is the bake: so long the release before it stays loaded, too.
    """

    share: str = ""
    for_: str = msgspec.field(default="", name="for")
    min_requests: int = 0
    shadow: bool = False
    step: str = ""

    def json(self) -> JsonObject:
        """As a release keeps it, the first one of a linear rollout. Raises ConfigError.

        >>> StageSection(share="25 %", for_="2 days", min_requests=200).json()
        {'share': 0.25, 'span': 172800000000, 'requests': 200}
        >>> StageSection(shadow=True, for_="1 day").json()
        {'share': 0.0, 'span': 86400000000, 'requests': 0, 'shadow': True}
        """
        terms: JsonObject = {"span": parse_span(self.for_) if self.for_ else 0, "requests": self.min_requests}
        if self.shadow:
            return {"share": 0.0, **self._shadowed(terms), "shadow": True}
        if not (self.share or self.step) or self.min_requests < 0:
            hint = 'write it as { share = "25 %", for = "2 days", min_requests = 200 }'
            raise ConfigError("a stage of a rollout needs a share", hint=hint)
        share = parse_share(self.share or self.step, most=1.0000001)
        if share == 0 and (self.min_requests or not terms["span"]):
            hint = 'say how long it is tried: { share = "0 %", for = "10 min" }'
            raise ConfigError("at 0 % nobody is answered", hint=hint)
        return {"share": share, **terms}

    def _shadowed(self, terms: JsonObject) -> JsonObject:
        hint = 'write it as { shadow = true, for = "1 day", min_requests = 200 }'
        if self.share or self.step:
            raise ConfigError("a release in shadow answers nobody, and has no share", hint=hint)
        if self.min_requests < 0 or not (self.for_ or self.min_requests):
            raise ConfigError("a stage in shadow needs a time, or a number of requests", hint=hint)
        return terms

    def stages(self) -> tuple[JsonObject, ...]:
        """This stage; of a linear rollout each of its steps, below everybody. Raises ConfigError.

        >>> [stage["share"] for stage in StageSection(share="5 %", step="40 %", for_="1 day").stages()]
        [0.05, 0.45, 0.85]
        """
        first = self.json()
        if not self.step:
            return (first,)
        step = some_share(self.step)
        if not first["span"] or step < LEAST_STEP:
            hint = '{ share = "10 %", step = "10 %", for = "1 day" }'
            raise ConfigError(f"a step needs a time, and at least {percent(LEAST_STEP)}", hint=hint)
        return tuple({**first, "share": share} for share in _growing(first["share"] or step, step))


LEAST_STEP = 0.01
"""Of a linear rollout."""
ROLLOUT = (StageSection(share="25 %", for_="2 days", min_requests=20), StageSection(share="100 %"))


def _growing(share: float, step: float) -> Iterator[float]:
    number = 0
    while (found := round(share + number * step, 9)) < 1:
        yield found
        number += 1


def stages(rollout: tuple[StageSection, ...]) -> tuple[JsonObject, ...]:
    """The stages in order: in shadow where one is, then shares that grow, the last one 100 %, which a linear rollout reaches by itself.

    Raises ConfigError.

    >>> [stage["share"] for stage in stages((StageSection(shadow=True, for_="1 day"), *ROLLOUT))]
    [0.0, 0.25, 1.0]
    >>> [stage["share"] for stage in stages((StageSection(step="25 %", for_="1 day"),))]
    [0.25, 0.5, 0.75, 1.0]
    """
    whole = (StageSection(share="100 %"),) if rollout and rollout[-1].step else ()
    found = tuple(stage for section in (*rollout, *whole) for stage in section.stages())
    shares = [stage["share"] for stage in found]
    if not shares or shares[-1] != 1:
        raise ConfigError("a rollout must end with everybody", hint='add { share = "100 %" } as the last stage')
    if any(
        later <= earlier for earlier, later in pairwise(stage["share"] - bool(stage.get("shadow")) for stage in found)
    ):
        raise ConfigError("the shares of a rollout must grow from stage to stage")
    return found


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule that rolls a release back."""

    text: str
    kind: str  # errors | p99 | quality | decay
    limit: float  # a share, microseconds, or a share of loss


class RollbackSection(Section, frozen=True):
    """``rollback_on``: what takes a release back, each with the limit above which it does."""

    errors: str = ""
    p99: str = ""
    hit_rate_drop: str = ""
    quality_drop: str = ""
    loss_rise: str = ""
    decay: str = ""  # after its bake: what it may have fallen by, a share of what it promised

    def rules(self) -> tuple[Rule, ...]:
        """Raises ConfigError, naming the key.

        >>> [rule.text for rule in RollbackSection(errors="1 %", p99="50 ms", hit_rate_drop="20 %").rules()]
        ['errors > 1%', 'p99 > 50 ms', 'hit rate drops 20%']
        """
        return tuple(self._rules())

    def _rules(self) -> Iterator[Rule]:
        if self.errors:
            share = some_share(self.errors)
            yield Rule(f"errors > {percent(share)}", "errors", share)
        if self.p99:
            yield Rule(f"p99 > {self.p99}", "p99", some_time(self.p99))
        for key, text in (("hit_rate_drop", self.hit_rate_drop), ("quality_drop", self.quality_drop)):
            if text:
                share = some_share(text)
                yield Rule(f"{key.removesuffix('_drop').replace('_', ' ')} drops {percent(share)}", "quality", share)
        if self.decay:
            share = some_share(self.decay, most=100.0)
            yield Rule(f"decays {percent(share)}", "decay", share)
        if self.loss_rise:
            share = some_share(self.loss_rise, most=100.0)
            yield Rule(f"loss rises {percent(share)}", "quality", share)


FIRST = "first"
"""What answers a holdout: the first model that served, as it was."""
ROLLBACK = RollbackSection(errors="1 %", hit_rate_drop="20 %")


class FalseAlarms(Section, frozen=True):
    """``false_alarms``: at most so many, every so often."""

    at_most: float = 1.0
    every: str = "quarter"

    @property
    def span(self) -> Micros:
        return every(self.every)

    def per_window(self, window: Micros) -> float:
        """The false alarms that one window may raise, on average.

        >>> round(1 / FalseAlarms().per_window(parse_span("1 day")))
        91
        """
        return min(0.5, self.at_most * window / every(self.every))


class DriftSection(Section, frozen=True):
    """``drift``: which columns are watched and how many false alarms are promised."""

    columns: Literal["all"] | tuple[str, ...] = "all"
    false_alarms: FalseAlarms = FalseAlarms()


class MonitorSection(Section, frozen=True):
    """``[monitor]``: the window, how long after an answer its outcome may come, the promise about false alarms."""

    window: str = "1 day"
    outcomes_within: str = "1 day"
    drift: DriftSection = DriftSection()

    @property
    def span(self) -> Micros:
        """The length of a window."""
        return some_time(self.window)

    @property
    def reach(self) -> Micros:
        """How long after an answer an outcome may still be its own: labels of a window are mature so long after its end."""
        return parse_span(self.outcomes_within)


class ExplainSection(Section, frozen=True):
    """``explain = { share = "1 %" }``: so many of all answers are explained and kept so, and each for which it is asked."""

    share: str


Explain = Literal["on request", "always"] | ExplainSection


def explain_share(explain: Explain) -> float:
    """The share of all answers that are explained unasked. Raises ConfigError.

    >>> explain_share("on request"), explain_share("always"), explain_share(ExplainSection(share="1 %"))
    (0.0, 1.0, 0.01)
    """
    if isinstance(explain, ExplainSection):
        return some_share(explain.share, most=1.0000001)
    return float(explain == "always")


class HoldoutSection(Section, frozen=True):
    """``holdout``: so many of all subjects are never answered by what the loop makes, but by a simple model that it keeps fresh
    (``answered_by`` names a baseline of the task), or by the first model, which it leaves alone (``first``)."""

    share: str
    answered_by: str = FIRST

    @property
    def part(self) -> float:
        """The share. Raises ConfigError.

        >>> HoldoutSection(share="10 %").part
        0.1
        """
        share = some_share(self.share)
        if share > 0.5:
            hint = "a share above 0 and at most 50 %: what is held out is what the loop is not worth to them"
            raise ConfigError(f"{self.share!r} is no holdout", hint=hint)
        return share


class TriggerSection(Section, frozen=True):
    """One thing that calls for a retraining and has an amount: new data (a share or rows), or a schedule (a cron line)."""

    new_data: str = ""
    schedule: str = ""
    zone: str = "UTC"

    def amount(self) -> tuple[float | None, int | None]:
        """The share of new rows, or their number. Raises ConfigError.

        >>> TriggerSection(new_data="5 %").amount(), TriggerSection(new_data="1000 rows").amount()
        ((0.05, None), (None, 1000))
        """
        number = self.new_data.removesuffix("rows").strip()
        if number.isdecimal() and self.new_data.endswith("rows"):
            if int(number) <= 0:
                raise ConfigError(f"{self.new_data!r} is always true", hint="ask for more than 0")
            return None, int(number)
        try:
            return some_share(self.new_data, most=1000.0), None
        except ConfigError as exc:
            raise ConfigError(f"new_data: {exc.message}", hint="write it as '5 %' or '1000 rows'") from exc


class BudgetSection(Section, frozen=True):
    """``budget``: how much CPU time retraining may take, and in which time."""

    cpu: str = "1 hour"
    every: str = "week"


class RetrainSection(Section, frozen=True):
    """``[retrain]``: when the model is built again, how often at most, and for how much."""

    on: tuple[Literal["drift", "decay"] | TriggerSection, ...] = ("drift", "decay", TriggerSection(new_data="5 %"))
    cooldown: str = "3 days"
    budget: BudgetSection | Literal["none"] = BudgetSection()
    forgotten: str = "30 days"  # so long a version may come back that learned from somebody who was forgotten since


def check_trigger(trigger: TriggerSection) -> None:
    """Raises ConfigError for one that is neither or both, and for an amount or a line that cannot be read."""
    if bool(trigger.new_data) == bool(trigger.schedule):
        hint = 'write { new_data = "5 %" } or { schedule = "0 3 * * 1" }'
        raise ConfigError("a trigger is new data or a schedule", hint=hint)
    if trigger.new_data:
        trigger.amount()
        return
    cron.parse(trigger.schedule, trigger.zone)
