"""The two sides of an audition beside one another: over all of it, by month, and the verdict; the words for people. numpy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from tidemill.backtest.answers import scored_in, together
from tidemill.backtest.course import Figure, Gain, figures_of, gain_of
from tidemill.backtest.lived import LOOP, Month, by_month
from tidemill.errors import NotEnoughData
from tidemill.learning.measures import measure
from tidemill.release.gates.compare import pooled
from tidemill.release.gates.ruling import Said, of_method
from tidemill.release.gates.sentences import amount, method, percent
from tidemill.types import JsonObject, Micros, to_iso

if TYPE_CHECKING:
    import polars as pl

AUDITION = "audition"
"""The name of its pipeline."""
KIND = "urn:tidemill:audition:v1"
"""Of its signed statement."""
INCUMBENT = "incumbent"
RIGHT = "accuracy"
"""What labels without probabilities are measured by."""
COST = "cost"
"""What a decision costs, where ``[goal] costs`` says what a wrong one does."""
CONFIDENCE = 0.95
WORDS = {
    "promoted": "the loop is better",
    "worse": "the loop is worse",
    "no_gain": "no useful gain",
    "not_enough_data": "not enough data",
}
"""The gates' four verdicts, of an audition."""
CANNOT_KNOW = (
    "when the present system's answers were made: they may rest on rows, labels or a choice of method that came later",
    "what would have happened had the loop's answers been acted on: outcomes are those that came under the present system",
    "what the requests that the present system left out would have shown",
)


def measured_by(settings: JsonObject, hard: bool) -> str:
    """The metric of an audition: in the goal's own unit where wrong labels have a price, else the model's.

    >>> measured_by({"metric": "auc", "details": {"costs": {}}}, True), measured_by({"metric": "auc", "details": {"costs": {"x": 1}}}, False)
    ('accuracy', 'cost')
    """
    if settings["details"].get("costs"):
        return COST
    return RIGHT if hard else str(settings["metric"])


@dataclass(frozen=True)
class Joined:
    """What became of the incumbent's file. ``refused``: by reason; ``before``: of moments before the first cut."""

    file: str
    digest: str
    rows: int
    joined: int
    before: int
    refused: dict[str, int]
    examples: dict[str, list[str]]
    answered: int  # requests that both answered
    unanswered: int  # requests of the same time that the incumbent did not answer


@dataclass(frozen=True)
class Compared:
    """What an audition found."""

    metric: str
    better: str
    unit: str
    start: Micros
    end: Micros
    incumbent: Joined
    arms: dict[str, Figure]
    difference: Figure  # loop less incumbent, in the metric's own unit, more is better
    gain: Gain
    verdict: Said
    said: str
    least_useful: float
    months: list[Month]
    cannot_know: list[str]


def compared(
    table: pl.DataFrame,
    spans: Sequence[tuple[Micros, Micros]],
    metric: str,
    unit: str,
    least: float,
    file: Joined,
    age: str,
    seed: int,
) -> Compared:
    """``table``: what both added to the metric, by span. Raises NotEnoughData where nothing can be compared."""
    pairs = []
    for start, _ in spans:
        own, theirs = (scored_in(table, start, unit, arm) for arm in (LOOP, INCUMBENT))
        if own is not None and theirs is not None:
            pairs.append((own, theirs))
    if not pairs:
        raise NotEnoughData("no span has a request that both answered", place="--incumbent", hint="an earlier --since")
    found = pooled(metric, pairs)
    ruled = of_method(found, least, CONFIDENCE)
    own, theirs = (together([pair[place] for pair in pairs]) for place in range(2))
    gain = gain_of(metric, pairs)
    if gain is None:
        raise NotEnoughData("the figures of the two cannot be compared", place="--incumbent")
    return Compared(
        metric=metric,
        better=measure(metric).better,
        unit=unit,
        start=spans[0][0],
        end=spans[-1][1],
        incumbent=file,
        arms=figures_of(metric, {LOOP: own, INCUMBENT: theirs}, seed),
        difference=_difference(metric, gain),
        gain=gain,
        verdict=ruled.verdict,
        said=method(ruled, "the present system", None, age=age),
        least_useful=least,
        months=list(by_month(metric, {LOOP: own, INCUMBENT: theirs}, seed)),
        cannot_know=list(CANNOT_KNOW),
    )


def _difference(metric: str, gain: Gain) -> Figure:
    """The gain in the metric's own unit: what is a share of the other's level, times that."""
    level = gain.figures[1] - measure(metric).zero
    level = level if level > 0 else 1.0  # of nothing a share is a plain difference
    return gain.gain * level, gain.low * level, gain.high * level


def sentences(found: Compared, goal: str) -> list[str]:
    """What it found, for people: the verdict, what could not be used, what it cannot know."""
    file = found.incumbent
    lines = [f"{WORDS[found.verdict]}: {found.said}"]
    if found.metric == COST:
        lines.append(_saved(*(value * found.gain.requests for value in found.difference)))
    elif goal:
        lines.append(f"the goal ({goal}) is not measured itself: both are judged by {found.metric}")
    lines.append(f"{file.file}: {file.rows:,} rows, {file.joined:,} joined by key; {file.answered:,} requests compared")
    lines += [
        f"left out, {reason}: {n:,} ({', '.join(file.examples.get(reason, []))})" for reason, n in file.refused.items()
    ]
    if file.before:
        lines.append(
            f"left out, before {to_iso(found.start)}, from when on the loop had enough to learn from: {file.before:,}"
        )
    if file.unanswered:
        lines.append(
            f"{file.unanswered:,} requests of that time have no answer of the present system, and count for neither"
        )
    return lines


def _saved(less: float, low: float, high: float) -> str:
    """
    >>> _saved(-15000.2, -20000.0, -1.5)
    "at the goal's costs the loop's decisions would have cost 15,000 more in all (1.5 to 20,000)"
    """
    word, figures = ("less", (less, low, high)) if less >= 0 else ("more", (-less, -high, -low))
    saved, least, most = (f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}" for value in figures)
    return f"at the goal's costs the loop's decisions would have cost {saved} {word} in all ({least} to {most})"


def markdown(found: Compared, model: str, goal: str) -> str:
    """The report as a page of Markdown."""
    kind = measure(found.metric)

    def figure(value: Figure) -> str:
        return f"{kind.text(value[0])} ({kind.text(value[1])} to {kind.text(value[2])})"

    def row(name: str, n: int, arms: Mapping[str, Figure], gain: Gain | None) -> str:
        told = "" if gain is None else f"{percent(gain.gain)} ({gain.low * 100:+.1f} to {percent(gain.high)})"
        return f"| {name} | {n:,} | {figure(arms[LOOP])} | {figure(arms[INCUMBENT])} | {told} |"

    lines = [
        f"# Audition of {model}: {WORDS[found.verdict]}",
        "\n".join(f"- {line}" for line in sentences(found, goal)),
        f"## By month\n{found.metric} ({found.better} is better), 95 % intervals over {found.unit}; the gain is turned so that "
        "more is better, in shares of the present system's level.",
        "| | requests | loop | present system | gain |\n|---|---|---|---|---|",
        "\n".join(row(one.month, one.n, one.arms, one.gain) for one in found.months),
        row("all", found.gain.requests, found.arms, found.gain),
        f"A gain below {amount(found.least_useful)} is not worth a change.",
        "## What this cannot know\n" + "\n".join(f"- {line}" for line in found.cannot_know),
    ]
    return _spaced(lines)


def _spaced(lines: Sequence[str]) -> str:
    """Paragraphs apart, the rows of a table together."""
    text = lines[0]
    for before, line in pairwise(lines):
        text += ("\n" if before.startswith("|") and line.startswith("|") else "\n\n") + line
    return text + "\n"
