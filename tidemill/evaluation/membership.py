"""Whether the answers tell who was learned from: a fit of a random half of the rows, attacked by its losses on both halves.

Which rows were learned from was drawn, so that nothing but learning tells the halves apart: between a test and what was before it
time has passed, too. Two attacks: by the loss alone, of which what was learned from has less (Yeom et al. 2018), and by the loss
less that of a model which knows neither, so that hard rows do not hide it (Watson et al. 2022, as LiRA does with many). The score is
the chance that a row that was learned from looks more like it than one that was not (AUC): 0.5 tells nothing. A half is learned
more by heart than all rows are, so that the released model gives away less than this says. Single rows are drawn: another row
of the same unit may be in the other half.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from tidemill.errors import NotEnoughData
from tidemill.evaluation.port import Examination, Look
from tidemill.evaluation.robustness.falls import student
from tidemill.learning.intervals import auc_values, clustered_error
from tidemill.tasks.tabular.training import TabularTrainer
from tidemill.types import JsonObject

F8 = NDArray[np.float64]
Mask = NDArray[np.bool_]
Said = Literal["tells", "little", "not_enough_data"]
HALF, QUARTER = 0.5, 0.25
MOST = 4_000
"""So many of the rows are asked, evenly taken."""
LITTLE = 0.05
"""An AUC that is shown to be less than so far above 0.5 gives little away."""
LEAST = 30
"""Independent units; with fewer nothing is said."""
PLAIN, BESIDE = "loss", "loss beside a model that knows neither"


@dataclass(frozen=True, slots=True)
class Attack:
    """``auc``; at its threshold ``advantage``, the true less the false positive rate; each (mean, low, high): 95 %, by unit."""

    name: str
    auc: tuple[float, float, float]
    advantage: tuple[float, float, float]
    members: int
    others: int
    units: int

    @property
    def verdict(self) -> Said:
        """``tells``: shown above 0.5. ``little``: shown to be near it. Else nothing is claimed."""
        _, low, high = self.auc
        if self.units < LEAST:
            return "not_enough_data"
        if low > 0.5:
            return "tells"
        return "little" if high < 0.5 + LITTLE else "not_enough_data"


def attack(name: str, score: F8, member: Mask, units: NDArray[Any], threshold: float) -> Attack:
    """``score``: greater is more like a member's; from ``threshold`` on it is called one. Raises NotEnoughData.

    >>> found = attack("loss", np.array([0.9, 0.8, 0.2, 0.1]), np.array([True, True, False, False]), np.arange(4), 0.5)
    >>> found.auc[0], found.advantage[0], found.verdict
    (1.0, 1.0, 'not_enough_data')
    """
    share = member.mean() if len(member) else 0.0
    if not 0 < share < 1 or len(np.unique(units)) < 2:
        raise NotEnoughData("too few rows to tell those that were learned from from others", hint="more rows")
    said = (score >= threshold).astype(np.float64)
    rates = np.where(member, said / share, -said / (1 - share))
    both = (_interval(auc_values(score, member), units), _interval(rates, units))
    return Attack(name, *both, int(member.sum()), int((~member).sum()), len(np.unique(units)))


def _interval(values: F8, units: NDArray[Any]) -> tuple[float, float, float]:
    mean = float(values.mean())
    reach = student(len(np.unique(units)) - 1, 0.975) * clustered_error(values, units)
    return mean, mean - reach, mean + reach


def attacks(
    loss: F8, member: Mask, units: NDArray[Any], reference: F8 | None = None, apart: Mask | None = None
) -> list[Attack]:
    """By the loss: a member where it is no more than members' own on average. And beside the ``reference``'s: where it is less;
    ``apart``: the rows that the reference has not learned from. Raises NotEnoughData."""
    if not member.any():
        raise NotEnoughData("no row was learned from")
    found = [attack(PLAIN, -loss, member, units, -float(loss[member].mean()))]
    if reference is not None and apart is not None:
        found.append(attack(BESIDE, (reference - loss)[apart], member[apart], units[apart], 0.0))
    return found


def verdict(found: list[Attack]) -> Said:
    """The attack that is better decides; ``little`` where none is shown to tell and each is shown to be near nothing."""
    said = [one.verdict for one in found]
    return "tells" if "tells" in said else "little" if set(said) == {"little"} else "not_enough_data"


def look(look: Look) -> JsonObject:
    """The attacks on the fit of half of the rows. Raises NotEnoughData, ModelError."""
    assert isinstance(look.trainer, TabularTrainer)
    by_share = {part.share: part for part in look.parts}
    if HALF not in by_share:
        raise NotEnoughData("half of the rows are too few to learn from", hint="more data")
    half, quarter = by_share[HALF], by_share.get(QUARTER)
    metric, end = "log_loss" if look.settings.task == "classify" else "mae", look.cut.test_start
    asked = look.trainer.learned(half.bundle, end, MOST)
    loss, member = asked.base[metric].values, half.kept[asked.rows]
    beside = look.trainer.learned(quarter.bundle, end, MOST).base[metric].values if quarter else None
    found = attacks(loss, member, asked.units, beside, ~quarter.kept[asked.rows] if quarter else None)
    losses = {"learned": float(loss[member].mean()), "others": float(loss[~member].mean())}
    told = [{**asdict(one), "verdict": one.verdict} for one in found]
    made = {"verdict": verdict(found), "metric": metric, "loss": losses, "unit": look.trainer.unit, "attacks": told}
    return {**made, "said": sentence(made)}


def sentence(found: JsonObject) -> str:
    """The better attack of those that decide, and what that means."""
    deciding = [one for one in found["attacks"] if one["verdict"] == found["verdict"]]
    best = max(deciding, key=lambda one: one["auc"][1])
    mean, low, high = best["auc"]
    said = {
        "tells": "Its answers tell who was learned from: it knows rows by heart. Fewer leaves, more rows in each, or fewer columns that name a "
        "row make it less; who may ask it, and how often, is a matter of access",
        "little": "Its answers give little away of who was learned from",
        "not_enough_data": f"Not enough data to say whether its answers tell who was learned from: {best['units']:,} {found['unit']}",
    }[found["verdict"]]
    rates = "{:.3f} ({:.3f} to {:.3f})".format(*best["advantage"])
    return (
        f"{said}. Of a fit of half of the rows, by the {best['name']}: AUC {mean:.3f} ({low:.3f} to {high:.3f}; 0.5 tells nothing), "
        f"advantage {rates}, on {best['members']:,} rows that it learned from and {best['others']:,} others."
    )


def card(found: JsonObject) -> str:
    return f"## Membership\n{found['said']}"


MEMBERSHIP = Examination("membership", lambda look: isinstance(look.trainer, TabularTrainer), look, card)
