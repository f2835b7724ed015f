"""What rolls a release back, and the evidence it is judged by.

The rules are looked at again and again while a release runs, so each is a test that stays valid however often one
looks: it keeps an e-value, a bet against "the rule is kept" whose fair value is 1, and calls the rule broken when
the bet has grown to 1 / (1 - confidence) (Ville's inequality: a release that keeps the rule is ever called broken
with at most that chance). Shares are exact (a mixture over binomials); quality is a normal mixture, asymptotic
(Robbins 1970; Waudby-Smith et al. 2021).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from tidemill.config.policies import Rule
from tidemill.learning.measures import measure
from tidemill.release.variants import CANARY, CHAMPION
from tidemill.types import JsonObject

if TYPE_CHECKING:
    from tidemill.release.gates.compare import Comparison
    from tidemill.store.payloads import Mirror

CONFIDENCE = {"errors": 0.99, "p99": 0.99, "quality": 0.95, "decay": 0.95}
"""Platform rules are looked at from the first request, where one mishap is little evidence: they ask for more of it."""
DOUBT = 10**0.5
"""A bet grown to this is substantial evidence against the rule (Jeffreys 1961), though no proof: nothing goes forward on it."""
LEAST_SUBJECTS = 5
"""Below so many independent subjects in an arm, nothing is said about quality."""


@dataclass(frozen=True, slots=True)
class Arm:
    """What one arm did since the release started.

    ``values`` is what each answer whose outcomes are mature adds to the metric's mean (recall@20: 0 to 1; mae: the
    absolute error), ``subjects`` whose it was.
    """

    n: int = 0  # answers, failed ones too
    errors: int = 0  # failed, or not valid
    latency_us: Sequence[int] = ()
    values: Sequence[float] = ()
    subjects: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the release itself did, and beside it the other one that it is compared with.

    In the bake the release is champion already, and is compared ``historical``ly with the one before it.
    """

    release: str
    own: Arm = Arm()
    other: Arm = Arm()
    in_stage: int = 0  # answers of the release since its stage began
    historical: bool = False  # the arms did not run at the same time
    metric: str = "recall@20"  # what the values are of
    pairs: Comparison | None = None  # it beside the other one, on the same requests
    margin: float = 0.0  # the least useful change, a share: what a pair of them may differ by is measured with it
    looked: bool = True  # whether all was asked that can be: without it nothing goes forward
    mirror: Mirror | None = None  # of a release in shadow, which answers nobody
    unready: tuple[str, ...] = ()  # why its stage may not end yet, whatever was seen


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule says about the evidence.

    ``powered``: a release that fails altogether would have been seen. ``doubtful``: not proven broken, but what there
    is speaks against it.
    """

    rule: str
    broken: bool
    powered: bool
    text: str
    figures: JsonObject
    doubtful: bool = False

    @staticmethod
    def of(
        rule: Rule, e_value: float, e_value_if_useless: float, broken_text: str, text: str, figures: JsonObject
    ) -> Finding:
        """From the bet against the rule, and the bet as it would stand if the release were useless."""
        proof = 1 / (1 - CONFIDENCE[rule.kind])
        broken, powered = e_value >= proof, e_value_if_useless >= proof
        doubtful = not broken and e_value >= DOUBT
        word = broken_text if broken else "doubtful" if doubtful else "kept" if powered else "underpowered"
        said = figures | {"e_value": e_value, "confidence": CONFIDENCE[rule.kind]}
        return Finding(rule.text, broken, powered, f"{word}: {text}", said, doubtful)


def judge(rules: Iterable[Rule], evidence: Evidence) -> list[Finding]:
    """Every rule's finding, in order."""
    return [_JUDGES[rule.kind](rule, evidence) for rule in rules]


def share_e_value(bad: int, n: int, limit: float) -> float:
    """The bet against "a share of at most ``limit`` is bad", after ``bad`` of ``n``: uniform over the shares above it.

    >>> round(share_e_value(0, 0, 0.01), 9), share_e_value(1, 1, 0.01) > 50, share_e_value(0, 500, 0.01) < 1
    (1.0, True, True)
    """
    from scipy.special import betaincc, betaln

    a, b = bad + 1, n - bad + 1
    above = float(betaincc(a, b, limit))
    if above == 0:
        return 0.0
    log = (
        float(betaln(a, b))
        + math.log(above)
        - math.log1p(-limit)
        - bad * math.log(limit)
        - (n - bad) * math.log1p(-limit)
    )
    return math.exp(min(log, 700))


def drop_e_value(gap: float, error: float, scale: float) -> float:
    """The bet against "the gap is not below 0", given its standard error: half-normal over losses of ``scale``.

    >>> drop_e_value(0.0, 0.05, 0.1) < 1 < drop_e_value(-0.1, 0.05, 0.1)
    True
    """
    if error <= 0 or scale <= 0:
        return 0.0
    spread = (scale / error) ** 2
    weight = spread / (1 + spread)
    z = -gap / error
    log = math.log(2) - 0.5 * math.log1p(spread) + 0.5 * z * z * weight
    half = 0.5 * math.erfc(-z * math.sqrt(weight) / math.sqrt(2))
    return math.exp(min(log, 700)) * half


def _errors(rule: Rule, evidence: Evidence) -> Finding:
    return _share(rule, evidence.own.errors, evidence.own.n, f"more than {rule.limit:.2%} of answers failed")


def _p99(rule: Rule, evidence: Evidence) -> Finding:
    slow = sum(1 for took in evidence.own.latency_us if took > rule.limit)
    n = len(evidence.own.latency_us)
    return _share(rule, slow, n, f"more than 1 % of answers took over {rule.limit / 1000:g} ms", limit=0.01)


def _share(rule: Rule, bad: int, n: int, broken_text: str, limit: float | None = None) -> Finding:
    limit = rule.limit if limit is None else limit
    e_values = share_e_value(bad, n, limit), share_e_value(n, n, limit)
    return Finding.of(rule, *e_values, broken_text, f"{bad} of {n}", {"bad": bad, "n": n})


def _quality(rule: Rule, evidence: Evidence) -> Finding:
    """A share of the other arm's figure may be lost: a drop of what is good, a rise of an error.

    Useless is a model that hits nothing, or whose error is beyond what is tolerated by all of the other arm's.
    """
    kind = measure(evidence.metric)
    new, old = clustered(evidence.own), clustered(evidence.other)
    figures: JsonObject = {CANARY: asdict(new), CHAMPION: asdict(old), "historical": evidence.historical}
    counts = f"{new.n} answers to {new.subjects} subjects beside {old.n} to {old.subjects}"
    if min(new.subjects, old.subjects) < LEAST_SUBJECTS or old.mean <= 0:
        return Finding(rule.text, False, False, f"underpowered: {counts}", figures)
    floor = kind.worse(old.mean, rule.limit)
    room = old.mean if kind.less_is_better else floor
    # A useless model's values are all alike: their spread says nothing, so it is never taken below the champion's.
    own = max(new.error, old.error * math.sqrt(old.subjects / new.subjects))
    error = math.hypot(own, kind.worse(1.0, rule.limit) * old.error)
    e_value = drop_e_value(kind.sign * (new.mean - floor), error, room / 2)
    useless = drop_e_value(-room, error, room / 2)
    figures |= {"floor": floor, "error": error, "e_value_if_useless": useless}
    means = [kind.text(kind.figure(arm.mean)) for arm in (new, old)]
    return Finding.of(rule, e_value, useless, rule.text, f"{means[0]} against {means[1]}, {counts}", figures)


_JUDGES = {"errors": _errors, "p99": _p99, "quality": _quality}


@dataclass(frozen=True, slots=True)
class Clustered:
    """A mean over answers, with the standard error that counts a subject's answers as one observation."""

    mean: float
    error: float  # 0 where there are fewer than two subjects
    n: int
    subjects: int


def clustered(arm: Arm) -> Clustered:
    """The arm's mean quality and its standard error over subjects (ratio estimator).

    >>> clustered(Arm(values=[1.0, 0.0, 1.0, 0.0], subjects=["a", "b", "c", "d"])).mean
    0.5
    """
    sums: dict[str, float] = {}
    counts: dict[str, int] = {}
    for value, subject in zip(arm.values, arm.subjects, strict=True):
        sums[subject] = sums.get(subject, 0.0) + value
        counts[subject] = counts.get(subject, 0) + 1
    n, groups = len(arm.values), len(sums)
    if groups < 2:
        return Clustered(math.fsum(arm.values) / n if n else 0.0, 0.0, n, groups)
    mean = math.fsum(sums.values()) / n
    squares = math.fsum((sums[s] - mean * counts[s]) ** 2 for s in sums)
    return Clustered(mean, math.sqrt(squares * groups / (groups - 1)) / n, n, groups)
