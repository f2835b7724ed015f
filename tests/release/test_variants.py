"""Several variants beside a champion: shares that do not depend on each other, and who never answers."""

from __future__ import annotations

from collections import Counter

import pytest

from tidemill.release.variants import chances, choose, named, takes
from tidemill.testing import records as sample

UNITS = [str(n) for n in range(20_000)]


def of(name: str, share: float, status: str = "canary") -> tuple[str, sample.r.Release]:
    return name, sample.release(f"rel_{name}", status=status, stages=({"share": share},), stage=0)


def test_each_takes_its_share_of_what_those_before_it_leave() -> None:
    beside = [of("canary", 0.1), of("holdout", 0.2), of("arm:a", 0.5)]
    counts = Counter(choose(beside, unit) for unit in UNITS)
    expected = {"canary": 0.1, "holdout": 0.18, "arm:a": 0.36, "champion": 0.36}
    assert {name: round(n / len(UNITS), 2) for name, n in counts.items()} == expected


def test_another_variant_moves_nobody_of_the_first() -> None:
    canary, holdout = of("canary", 0.25), of("holdout", 0.5)
    alone = {unit for unit in UNITS if choose([canary], unit) == "canary"}
    assert alone == {unit for unit in UNITS if choose([canary, holdout], unit) == "canary"}
    assert alone == {unit for unit in UNITS if takes(canary[1], unit)}


def test_arms_are_many_and_every_other_kind_is_one() -> None:
    releases = [sample.release(f"rel_{n}") for n in range(3)]
    assert list(named("arm", releases)) == ["arm:rel_0", "arm:rel_1", "arm:rel_2"]
    assert list(named("holdout", releases)) == ["holdout"] and named("canary", []) == {}
    assert {name.partition(":")[0] for name in named("arm", releases)} == {"arm"}


def test_both_arms_of_a_test_share_a_draw_and_never_meet_while_the_share_grows() -> None:
    def arms(share: float) -> list[tuple[str, sample.r.Release]]:
        lower, upper = {"share": share, "salt": "exp_1"}, {"share": share, "salt": "exp_1", "top": True}
        return [
            (f"arm:{n}", sample.release(f"rel_{n}", status="arm", stages=(stage,), stage=0))
            for n, stage in enumerate((lower, upper))
        ]

    before = dict.fromkeys(UNITS, "champion")
    for share in (0.05, 0.2, 0.5):
        now = {unit: choose(arms(share), unit) for unit in UNITS}
        assert all(was in ("champion", now[unit]) for unit, was in before.items())
        counts = Counter(now.values())
        assert all(abs(counts[name] / len(UNITS) - share) < 0.01 for name in ("arm:0", "arm:1"))
        assert chances(arms(share)) == pytest.approx({"arm:0": share, "arm:1": share, "champion": 1 - 2 * share})
        before = now
    assert "champion" not in before.values()


def test_the_propensity_is_the_share_that_a_variant_gets() -> None:
    beside = [of("holdout", 0.1), of("canary", 0.25)]
    assert chances(beside) == pytest.approx({"holdout": 0.1, "canary": 0.225, "champion": 0.675})
    assert chances([]) == {"champion": 1.0}
