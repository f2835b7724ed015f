"""What a gate is, what it sees, and how its verdict is reached.

A gate looks at a candidate and answers with evidence. There are two independent blessings, quality and
infrastructure; a candidate needs every gate of both. A gate of quality says one of four verdicts (`ruling`). A gate that
raises has refused; the error is the evidence.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from importlib.metadata import entry_points
from typing import Any, Literal, Protocol, TypeVar

import msgspec

from tidemill.config.amounts import parse_share
from tidemill.config.sections import Section
from tidemill.errors import (
    DiskFull,
    GateRefused,
    LeaseLost,
    NotAvailableYet,
    NotEnoughData,
    StoreBusy,
    TidemillError,
)
from tidemill.model.registry import verdicts_of
from tidemill.release.gates.again import QUARTER, Earlier, earlier_of, pair_of
from tidemill.release.gates.ruling import Ruling, Said
from tidemill.release.gates.window import EvaluationWindow
from tidemill.scope.project import Endpoint
from tidemill.store.records import ModelVersion, Verdict
from tidemill.tasks.table import metric_of
from tidemill.types import JsonObject, Micros

Blessing = Literal["quality", "infrastructure"]
S = TypeVar("S", bound=Section)
ROUNDS = 5
"""How often the real server is asked each request."""
LEAST_USEFUL = 0.02
"""The share of the champion's level below which a change is not worth a release, where ``[goal]`` does not say."""


@dataclass(frozen=True)
class CandidateReport:
    """What the real server did with a candidate. ``latency_us``: its own handle time, round by round."""

    ok: bool
    errors: list[str] = field(default_factory=list)  # what went wrong, in words; not empty where ``ok`` is False
    latency_us: list[int] = field(default_factory=list)  # rounds x requests
    answers: list[JsonObject] = field(default_factory=list)  # of the first round, in the order of the requests


class CandidateServer(Protocol):
    """The real server, started apart with one bundle.

    Promise: `probe` starts the server's own code in a child with the bundle of this digest alone (a one-load ticket),
    asks it each request ``rounds`` times over, kills the child and returns. It never raises for what the candidate does
    and never takes longer than its time limit: a candidate that sleeps, dies or answers with an error gives
    ``ok=False`` and the words for it. A request is what the
    scoring route takes, and ``at`` (microseconds): the moment it is asked for.
    """

    def probe(self, bundle_digest: str, requests: Sequence[JsonObject], rounds: int) -> CandidateReport: ...


@dataclass(frozen=True)
class GateContext:
    """A candidate before the gates, and how they look at it: the answers to its test window, and the real server."""

    endpoint: Endpoint
    seed: int
    candidate: ModelVersion
    champion: ModelVersion | None
    window: EvaluationWindow
    server: CandidateServer
    least_useful: float = LEAST_USEFUL
    lead: float | None = None  # of the champion's method over the best baseline, as far as it was shown
    judged: Micros | None = None  # the end of the windows in which that was shown
    earlier: Earlier | None = None  # what was said of the candidate's method, against the champion's, before

    @property
    def margin(self) -> float:
        """What a refit may lose: its gate's own margin, else the least useful change; never more than half of the lead.

        Two refits that each lose a margin as large as the lead would leave a champion that is worth no more than a baseline.
        """
        own = self.endpoint.gates.refit.margin
        margin = parse_share(own, "gates.refit.margin") if own else self.least_useful
        return min(margin, self.lead / 2) if self.lead is not None and self.lead > 0 else margin

    @property
    def metric(self) -> str:
        """What good means, where a gate does not say: the model's metric, else the task's first."""
        return metric_of(self.endpoint.model)

    @property
    def pair(self) -> str:
        """The method that is judged and the one that it is compared with, as the gate is asked today."""
        gates = self.endpoint.gates
        terms: JsonObject = {"metric": gates.method.metric or self.metric, "confidence": gates.method.confidence}
        terms["least_useful"] = self.least_useful
        if self.champion is None:  # the best of these is what it is compared with
            terms["baselines"] = msgspec.to_builtins(gates.baseline.superior_to)
        return pair_of(self.candidate, self.champion, terms)

    @property
    def is_refit(self) -> bool:
        """The champion's very recipe on fresher data; anything else is a change of method, whatever it calls itself."""
        champion = self.champion
        return champion is not None and self.candidate.kind != "manual" and self.candidate.recipe == champion.recipe

    @property
    def baselines_due(self) -> bool:
        """Whether the champion's recipe meets the baselines again: what was shown a quarter ago was shown of other times."""
        if not self.is_refit or not self.window.temporal():
            return False
        return self.judged is None or self.window.end >= self.judged + QUARTER

    def settings(self, gate: str, kind: type[S]) -> S:
        """What ``[gates.NAME]`` says for a gate that a package brings; nothing said: the defaults."""
        found = self.endpoint.gates.supplied.get(gate)
        return found if isinstance(found, kind) else kind()

    @cached_property
    def requests(self) -> list[JsonObject]:
        """What the real server is asked."""
        return self.window.requests()

    @cached_property
    def report(self) -> CandidateReport:
        """The real server's report: asked once, and before anything runs the candidate's code in this process."""
        return self.server.probe(self.candidate.bundle, self.requests, ROUNDS)


def build_context(scope: Endpoint, candidate: ModelVersion, champion: ModelVersion | None) -> GateContext:
    """The candidate before its gates."""
    seed, window = seed_of(scope.project.seed, candidate.ref), EvaluationWindow(scope, candidate)
    lead, judged = lead_of(scope.store.verdicts.list(model=champion.ref)) if champion else (None, None)
    least = least_useful_of(scope)
    context = GateContext(scope, seed, candidate, champion, window, candidate_server(scope), least, lead, judged)
    return replace(context, earlier=earlier_of(_of_method(scope, candidate), context.pair))


def _of_method(scope: Endpoint, candidate: ModelVersion) -> Iterator[Verdict]:
    """What was said here of other versions of the candidate's recipe, oldest first."""
    for release in scope.releases():
        model = scope.store.models.get(release.model)
        if model.ref != candidate.ref and model.recipe == candidate.recipe:
            yield from verdicts_of(scope.project, release)


def least_useful_of(scope: Endpoint) -> float:
    """The share of the champion's level below which a change is not worth a release."""
    said = scope.project.goal.least_useful
    return parse_share(said, "[goal] least_useful") if said else LEAST_USEFUL


def lead_of(verdicts: Sequence[Verdict]) -> tuple[float | None, Micros | None]:
    """By how much a version's method was better than the best baseline when that was judged last; and up to when."""
    found = [v.evidence for v in verdicts if v.gate == "baseline" and "lead" in v.evidence]
    return (float(found[-1]["lead"]), found[-1].get("judged")) if found else (None, None)


def seed_of(seed: int, ref: str) -> int:
    """The seed of everything random about this candidate: the project's and its name.

    >>> seed_of(0, "model:shop@1") == seed_of(0, "model:shop@1") != seed_of(0, "model:shop@2")
    True
    """
    return int.from_bytes(hashlib.sha256(f"{seed}:{ref}".encode()).digest()[:4], "big")


@dataclass(frozen=True, slots=True)
class GateResult:
    """What a gate says: in words, and in figures that JSON can hold."""

    passed: bool
    said: str
    figures: JsonObject = field(default_factory=dict)
    verdict: Said | None = None  # of a gate that compares

    @staticmethod
    def of(ruling: Ruling, said: str, **more: Any) -> GateResult:
        """What a comparison came to."""
        return GateResult(ruling.verdict == "promoted", said, {**ruling.json(), **more}, ruling.verdict)

    def json(self, gate: Gate) -> JsonObject:
        return {
            "gate": gate.name,
            "blessing": gate.blessing,
            "passed": self.passed,
            "verdict": self.verdict or "",
            "evidence": {"said": self.said, **self.figures},
        }


class Gate(Protocol):
    """A check on a candidate. The name is unique; `judge` changes nothing, and the same context gets the same answer."""

    name: str
    blessing: Blessing

    def applies(self, context: GateContext) -> bool:
        """Whether this candidate has to pass it."""
        ...

    def judge(self, context: GateContext) -> GateResult: ...


class EveryCandidate:
    """A gate that every candidate has to pass."""

    def applies(self, context: GateContext) -> bool:
        return True


def judge_all(
    gates: Sequence[Gate],
    context: GateContext,
    progress: Callable[[int, int, str], None] = lambda done, total, text: None,
) -> list[JsonObject]:
    """Every gate's result as JSON, in order; all of them are asked, also after one has refused."""
    found = []
    for done, gate in enumerate(gates):
        progress(done, len(gates), gate.name)
        found.append(_judge(gate, context).json(gate))
    return found


def _judge(gate: Gate, context: GateContext) -> GateResult:
    """Raises StoreBusy, DiskFull, LeaseLost: a store that is away for a minute says nothing of a candidate, which is judged again."""
    try:
        result = gate.judge(context)
    except (StoreBusy, DiskFull, LeaseLost):
        raise
    except GateRefused as exc:
        return GateResult(False, exc.message)
    except NotEnoughData as exc:
        return GateResult(False, f"not decided: {exc}", {"verdict": "not_enough_data"}, "not_enough_data")
    except TidemillError as exc:
        return GateResult(False, f"{exc.code}: {exc}", {"error": exc.problem()})
    except Exception as exc:  # noqa: BLE001 - a candidate's own code may raise anything
        return GateResult(False, f"it raised {type(exc).__name__}: {exc}", {"error": {"type": type(exc).__name__}})
    if unsayable := next(_not_finite(result.figures, "evidence"), None):
        return GateResult(False, f"the gate's own evidence is not a number at {unsayable}")
    return result


def _not_finite(value: Any, where: str) -> Iterator[str]:
    if isinstance(value, float) and not math.isfinite(value):
        yield where
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list | tuple) else ()
    for key, inner in inside:
        yield from _not_finite(inner, f"{where}.{key}")


def candidate_server(scope: Endpoint) -> CandidateServer:
    """The server that tries candidates out, an entry point of ``tidemill.candidate_server``. Raises NotAvailableYet."""
    point = next(iter(entry_points(group="tidemill.candidate_server")), None)
    if point is None:
        raise NotAvailableYet("no server to try a candidate on", hint="install Tidemill itself: pip install tidemill")
    made: CandidateServer = point.load()(scope)
    return made
