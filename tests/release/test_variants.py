"""Several variants beside a champion: shares that do not depend on each other, and who never answers."""

from __future__ import annotations

from collections import Counter

from tidemill.release.variants import choose, named, takes
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
