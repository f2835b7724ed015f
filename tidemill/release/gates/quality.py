"""The gates of the quality blessing: a refit by what is expected of it, a method and the baselines at the same age.

Rules and what they were measured to do: docs/decisions/0032-gates-that-can-decide.md.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tidemill.errors import GateRefused
from tidemill.learning.measures import measure
from tidemill.model.redacted import redaction_of
from tidemill.release.gates import ruling, sentences
from tidemill.release.gates.again import Earlier
from tidemill.release.gates.compare import compare, pooled
from tidemill.release.gates.port import Blessing, EveryCandidate, GateContext, GateResult
from tidemill.release.gates.refits import Prior, prior_of
from tidemill.release.gates.ruling import Ruling
from tidemill.store.records import ModelVersion
from tidemill.types import JsonObject, Micros, to_iso

if TYPE_CHECKING:
    from tidemill.learning.evaluate import Scored

SAME_AGE = "both fitted anew before each window"


class Refit:
    """A refit of the champion's own recipe: it is expected to gain, and unlikely to lose more than the margin."""

    name = "refit"
    blessing: Blessing = "quality"

    def applies(self, context: GateContext) -> bool:
        return context.is_refit

    def judge(self, context: GateContext) -> GateResult:
        gate, champion = context.endpoint.gates.refit, _champion(context)
        metric = gate.metric or context.metric
        found = compare(metric, _own(context, metric), context.window.score(champion, metric))
        past = context.window.past_refits(champion, metric)
        prior = prior_of([one.gain for one in past], [one.error for one in past])
        said = ruling.of_refit(found, prior, context.margin, 1 - gate.confidence)
        words = sentences.refit(said, champion.ref, _span(context))
        return _result(context, said, words, past=[[one.gain, one.error] for one in past])


class Method:
    """A change of method must be better than the champion's; the first model better than the best simple one."""

    name = "method"
    blessing: Blessing = "quality"

    def applies(self, context: GateContext) -> bool:
        return not context.is_refit

    def judge(self, context: GateContext) -> GateResult:
        gate, champion = context.endpoint.gates.method, context.champion
        metric = gate.metric or context.metric
        if champion is not None:
            _champion(context)
        if context.earlier is not None and context.earlier.holds(context.window.end):
            return _said_before(context.earlier)
        if champion is None:
            return self._first(context, metric, gate.confidence)
        own, other = _own(context, metric), context.window.score(champion, metric)
        fit = ruling.of_refit(compare(metric, own, other), Prior(), context.margin)
        if fit.verdict == "worse":  # this very fit, whatever its method is worth
            return _result(context, fit, sentences.refit(fit, champion.ref, _span(context)))
        if not context.window.reproduces(champion):
            age, pairs = "the evaluation models as they are", [(own, other)]
        else:
            answers, age = same_age(context, metric)
            pairs = list(zip(answers(None), answers(champion.recipe), strict=True))
        said = ruling.of_method(pooled(metric, pairs), context.least_useful, gate.confidence)
        words = sentences.method(said, champion.ref, _span(context), age=age)
        return _result(context, said, words, **_looked(context, len(pairs)))

    def _first(self, context: GateContext, metric: str, confidence: float) -> GateResult:
        """Nothing serves yet: the best baseline is what would, and is to be beaten. A baseline itself must be the best one."""
        _own(context, metric)
        baselines = context.window.baselines(context.endpoint.gates.baseline.superior_to)
        answers, age = same_age(context, metric)
        level = {name: measure(metric).sign * _mean(answers(recipe)) for name, recipe in baselines.items()}
        best = max(level, key=lambda name: level[name])
        found = pooled(metric, list(zip(answers(None), answers(baselines[best]), strict=True)))
        said = ruling.of_method(found, context.least_useful, confidence)
        if is_baseline(context, baselines):
            said = ruling.kept(found, context.least_useful, confidence)
        words = sentences.method(said, f"{best}, the best baseline", _span(context), age=age)
        told: JsonObject = {"baseline": best, "recipe": baselines[best]}
        return _result(context, said, words, **told, **_looked(context, found.windows))


def _looked(context: GateContext, windows: int) -> JsonObject:
    """What tells a later look at the same method when it may come."""
    if not context.window.temporal():
        return {}
    looks = context.earlier.looks + 1 if context.earlier else 1
    told: JsonObject = {"pair": context.pair, "looks": looks}
    return told | {"through": context.window.end, "span": context.window.length * windows}


def _said_before(earlier: Earlier) -> GateResult:
    said = (
        f"this method was judged on data up to {to_iso(earlier.through)}, and too little is new since: {earlier.said}"
    )
    return GateResult(False, said, {"verdict": earlier.verdict}, earlier.verdict)


class Baseline(EveryCandidate):
    """Better than each simple model. A refit keeps what its recipe has shown, unless it is shown worse than one of them.

    A quarter after it was shown the recipe meets them again, in all windows.
    """

    name = "baseline"
    blessing: Blessing = "quality"

    def judge(self, context: GateContext) -> GateResult:
        gate = context.endpoint.gates.baseline
        metric = gate.metric or context.metric
        own, baselines = _own(context, metric), context.window.baselines(gate.superior_to)
        pairs, age = self._pairs(context, metric, own, baselines)
        found = {name: pooled(metric, each) for name, each in pairs.items()}
        rule = self._rule(context, baselines)
        name, said = ruling.of_baselines({n: rule(f, context.least_useful, gate.confidence) for n, f in found.items()})
        words = sentences.method(said, _named(name, len(found)), _span(context), age=age)
        if rule is not ruling.of_method and said.verdict == "promoted":
            words = sentences.kept(said, _named(name, len(found)), age=age)
        gains = {name: one.gain for name, one in found.items()}
        return _result(context, said, words, baselines=gains, **self._shown(context, min(gains.values())))

    def _rule(self, context: GateContext, baselines: dict[str, JsonObject]) -> Callable[..., Ruling]:
        """What is asked: more than each of them, of a method; of a refit that what its recipe has shown still holds."""
        if is_baseline(context, baselines):
            return ruling.kept
        if not context.is_refit:
            return ruling.of_method
        return ruling.still if context.baselines_due else ruling.kept

    def _shown(self, context: GateContext, lead: float) -> JsonObject:
        """The lead over the best one, and up to when it was shown: now, or when the recipe met them last."""
        if context.is_refit and not context.baselines_due:
            told: JsonObject = {"lead": context.lead, "judged": context.judged}
        else:
            told = {"lead": lead, "judged": context.window.end if context.window.temporal() else None}
        return {name: value for name, value in told.items() if value is not None}

    def _pairs(
        self, context: GateContext, metric: str, own: Scored, baselines: dict[str, JsonObject]
    ) -> tuple[dict[str, list[tuple[Scored, Scored]]], str]:
        """The candidate beside each baseline, window by window; and how they were made comparable."""
        if context.is_refit and not context.baselines_due:
            fitted = {name: context.window.fitted(recipe, metric) for name, recipe in baselines.items()}
            return {name: [(own, one)] for name, one in fitted.items()}, "the evaluation model in its own window"
        answers, age = same_age(context, metric)
        again = "judged again, as each quarter; " if context.is_refit else ""
        return {
            n: list(zip(answers(None), answers(recipe), strict=True)) for n, recipe in baselines.items()
        }, again + age


def _named(name: str, baselines: int) -> str:
    return name if baselines == 1 else f"{name}, the nearest of {baselines} baselines"


Answers = Callable[[JsonObject | None], list[Any]]


def same_age(context: GateContext, metric: str) -> tuple[Answers, str]:
    """(recipe, or None for the candidate) → its answers window by window; and in words how they were made comparable.

    A candidate that is not what its recipe makes answers the test alone, as it is.
    """
    window, candidate = context.window, context.candidate
    if window.reproduces(candidate):
        return lambda recipe: window.by_recipe(candidate.recipe if recipe is None else recipe, metric), SAME_AGE

    def alone(recipe: JsonObject | None) -> list[Scored]:
        return [window.score(candidate, metric) if recipe is None else window.fitted(recipe, metric)]

    return alone, "the candidate as it is"


def is_baseline(context: GateContext, baselines: dict[str, JsonObject]) -> bool:
    """Whether the candidate is one of the simple models itself."""
    return context.candidate.recipe in baselines.values() and context.window.reproduces(context.candidate)


def _mean(answers: list[Scored]) -> float:
    return float(sum(one.values.sum() for one in answers) / sum(len(one.values) for one in answers))


def _champion(context: GateContext) -> ModelVersion:
    """The champion, whose evaluation model must be older than the test.

    Not where the latest rows went with somebody who was forgotten since it was made: what it may have seen of the test speaks for it, and
    keeps nobody's rows in service for want of newer ones.
    """
    champion = context.champion
    if champion is None:
        raise GateRefused("there is no champion to compare with")
    later = champion.trained_through > context.candidate.trained_through
    if later and redaction_of(context.endpoint.project, champion) is None:
        raise GateRefused("the champion was trained on later data: its evaluation model may have seen the test window")
    return champion


def _own(context: GateContext, metric: str) -> Scored:
    """The candidate's values. One that the real server got no answers from is not tried in this process."""
    if not context.report.ok:
        raise GateRefused("not scored: the real server gets no right answers from it")
    return context.window.score(context.candidate, metric)


def _span(context: GateContext) -> Micros | None:
    return context.window.length if context.window.temporal() else None


def _result(context: GateContext, said: Ruling, words: str, **more: Any) -> GateResult:
    if not context.window.temporal():
        words += "; no temporal evidence: the rows have no time"
        more["temporal"] = False
    return GateResult.of(said, words, **more)
