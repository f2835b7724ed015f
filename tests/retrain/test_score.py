"""The loop keeps score: what alarms, refusals, promotions and roll backs claimed, beside what came."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tidemill.feedback.join import join_due
from tidemill.monitor.alerts import TAKEN_BACK
from tidemill.ops.records import score
from tidemill.recipes.recommend.shop import Day
from tidemill.release.gates.compare import Comparison
from tidemill.release.pairs import Again
from tidemill.release.rollout.paired import not_worse
from tidemill.retrain.loop import tick
from tidemill.retrain.score import AFTER, claims, settle
from tidemill.scope.project import open_project
from tidemill.store.payloads import ReleaseEvidence
from tidemill.store.records import Alarm, Settlement
from tidemill.types import DAY

from .conftest import FakeTraining, Shop, add_model, add_release

Says = Callable[[str, float], None]


@pytest.fixture
def says(monkeypatch: pytest.MonkeyPatch) -> Says:
    """What each version is worth when it is asked again; the last one is the better or the worse by a little noise."""
    worth: dict[str, float] = {}

    def values(self: Again, ref: str) -> list[float]:
        noise = np.random.default_rng(int(ref[-1])).normal(0, 0.02, len(self.asked))
        return [worth[ref] + float(x) for x in noise]

    monkeypatch.setattr(Again, "values", values)
    return worth.__setitem__


DAYS = 30
"""A day, the four weeks after it, and one for the labels."""


def told(shop: Shop, first: int = 0, days: int = DAYS) -> None:
    """So many days go by."""
    for day in shop.days[first:days]:
        shop.play(day)
    join_due(shop.project.endpoint())


@pytest.fixture(scope="module")
def told_folder(tmp_path_factory: pytest.TempPathFactory, opened_shop: Path, real_days: list[Day]) -> Path:
    """The month by the first model alone, that most of these begin with."""
    root = tmp_path_factory.mktemp("told") / "shop"
    shutil.copytree(opened_shop, root)
    with open_project(root) as project:
        told(Shop(project, real_days, FakeTraining(project)))
    return root


@pytest.fixture
def told_shop(
    tmp_path: Path, told_folder: Path, real_days: list[Day], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Shop]:
    """A copy of it, at the month's end."""
    monkeypatch.setenv("TIDEMILL_HOME", str(tmp_path / "home"))
    shutil.copytree(told_folder, tmp_path / "shop")
    with open_project(tmp_path / "shop") as project:
        yield Shop(project, real_days, FakeTraining(project))


def only(shop: Shop) -> Settlement:
    (found,) = settle(shop.project.endpoint(), shop.project.clock.now())
    return found


def alarm(shop: Shop, **more: Any) -> None:
    """An alarm of the first model, at the end of the first day."""
    at = shop.days[0].end
    fields = {"metric": "recall@20", "now": 0.2, "promised": 0.28, "interval": (0.15, 0.25)} | more
    made = Alarm(
        "a1", "", "shop", "quality", "decay", "model:shop@1", at, at, at, ("worse",), "yes", False, {}, **fields
    )
    shop.project.store.alarms.add(made)


@pytest.mark.parametrize(("worth", "settled"), [(0.2, "right"), (0.35, "wrong"), (0.281, "undecidable")])
def test_an_alarm_is_right_where_the_promise_was_broken(
    told_shop: Shop, says: Says, worth: float, settled: str
) -> None:
    shop = told_shop
    says("model:shop@1", worth)
    alarm(shop)
    found = only(shop)
    assert (found.settled, found.what, found.other, found.model) == (settled, "decay", "", "model:shop@1")
    assert found.expected == pytest.approx(-0.08)
    assert found.interval[0] < found.came < found.interval[1] and found.came == pytest.approx(worth - 0.28, abs=0.005)
    assert found.requests > 100 and found.at == shop.days[0].end and found.when == found.at + AFTER + DAY


@pytest.mark.parametrize(
    ("kind", "second", "settled"),
    [
        *(("promoted", 0.35, "right"), ("promoted", 0.25, "wrong"), ("promoted", 0.3, "undecidable")),
        *(("refused", 0.25, "right"), ("refused", 0.35, "wrong")),
        *(("rolled_back", 0.25, "right"), ("rolled_back", 0.35, "wrong")),
    ],
)
def test_a_release_is_judged_beside_the_one_before(
    told_shop: Shop, says: Says, kind: str, second: float, settled: str
) -> None:
    shop, end = told_shop, told_shop.project.clock.now()
    shop.at(shop.days[0].end)
    made = add_release(shop.project, add_model(shop.project).ref, "champion" if kind == "promoted" else "refused")
    if kind == "promoted":
        shop.project.store.releases.update(made.id, evidence=ReleaseEvidence(bake={"at": 1}))
    if kind == "rolled_back":
        shop.project.store.releases.update(made.id, status=kind, ended=shop.days[0].end)
    says("model:shop@1", 0.3)
    says("model:shop@2", second)
    shop.at(end)
    found = only(shop)
    assert (found.kind, found.settled, found.subject) == (kind, settled, f"release:{made.id}")
    assert (found.model, found.other, found.expected) == ("model:shop@2", "model:shop@1", None)


def test_it_is_settled_once_when_the_labels_are_in(shop: Shop, says: Says) -> None:
    says("model:shop@1", 0.2)
    told(shop, 0, 26)
    alarm(shop)
    endpoint, due = shop.project.endpoint(), shop.days[0].end + AFTER + DAY
    assert settle(endpoint, due - 1) == [] and score(shop.project).open == 1
    told(shop, 26)
    (found,) = settle(endpoint, due)
    assert settle(endpoint, due + 90 * DAY) == []
    shop.at(due)
    shown = score(shop.project)
    assert (shown.counts, shown.open) == ({"decay": {"right": 1, "wrong": 0, "undecidable": 0}}, 0)
    assert list(shown.items) == [found] == list(shop.project.store.settlements.list())


def test_an_alarm_that_was_taken_back_counts_for_nothing(told_shop: Shop, says: Says) -> None:
    """Also where it was settled before its window was judged again; raised once more it is settled once more."""
    shop = told_shop
    says("model:shop@1", 0.2)
    alarm(shop)
    endpoint, due = shop.project.endpoint(), shop.days[0].end + AFTER + DAY
    shop.at(due)
    (found,) = settle(endpoint, due)
    shop.project.store.alarms.update("a1", closed=shop.days[0].end, ended=TAKEN_BACK)
    assert settle(endpoint, due + DAY) == []
    shown = score(shop.project)
    assert (list(shown.items), shown.counts, shown.open) == ([], {}, 0)
    shop.project.store.alarms.update("a1", closed=None, ended="")
    assert settle(endpoint, due + 2 * DAY) == [found]


def test_what_cannot_be_known_is_undecidable(told_shop: Shop) -> None:
    """Of a version that never answered, a bundle that nobody can load. What another answered itself is in the log."""
    shop, end = told_shop, told_shop.project.clock.now()
    shop.at(shop.days[0].end)
    add_release(shop.project, add_model(shop.project).ref, "refused")
    shop.at(end)
    assert only(shop).settled == "undecidable" and only_reason(shop) not in ("shown", "too_few")


def only_reason(shop: Shop) -> str:
    (found,) = shop.project.store.settlements.list()
    return found.reason


def test_few_requests_say_nothing(shop: Shop, says: Says) -> None:
    says("model:shop@1", 0.1)
    alarm(shop)
    shop.at(shop.days[-1].end)
    assert (found := only(shop)).reason == "too_few" and found.requests == 0 and found.came is None


def test_what_says_nothing_of_quality_is_no_claim(shop: Shop) -> None:
    """An alarm of the platform; and the first release, which is compared with nothing."""
    alarm(shop)
    one = replace(shop.project.store.alarms.get("a1"), id="a2", monitor="platform", kind="platform", model=None)
    shop.project.store.alarms.add(one)
    assert [claim.subject for claim in claims(shop.project.endpoint(), shop.days[5].end)] == ["alarm:a1"]


@pytest.mark.parametrize(
    ("status", "infrastructure", "claimed"),
    [
        ("refused", "blessed", ["refused"]),
        ("refused", "refused", []),
        ("halted", "blessed", ["promoted"]),
        ("halted", "refused", []),
    ],
)
def test_what_the_infrastructure_refused_is_no_claim(
    shop: Shop, status: str, infrastructure: str, claimed: list[str]
) -> None:
    """A model that was too slow to be released, or forced though it was, would hold up every look of the loop until it is killed."""
    evidence = ReleaseEvidence({"quality": "refused", "infrastructure": infrastructure}, ("refit",))
    if status == "halted":  # it was forced, promoted, and somebody stopped it
        evidence = replace(evidence, bake={"at": shop.days[0].end})
    add_release(shop.project, add_model(shop.project).ref, status, evidence=evidence)
    assert [claim.kind for claim in claims(shop.project.endpoint(), shop.days[5].end)] == claimed


def test_what_a_bake_by_pairs_saw_is_what_its_roll_back_expected(shop: Shop) -> None:
    pairs = Comparison("recall@20", 0.27, 0.3, -0.1, 0.025, -0.15, -0.05, 300, 200)
    evidence = ReleaseEvidence(rolled_back={"reason": "worse", "findings": [asdict(not_worse(pairs, 0.02))]})
    add_release(shop.project, add_model(shop.project).ref, "rolled_back", evidence=evidence, ended=shop.days[0].end)
    shop.at(shop.days[-1].end)
    assert (found := only(shop)).kind == "rolled_back" and found.expected == pytest.approx(-0.03)


def test_the_loop_settles_with_its_windows(told_shop: Shop, says: Says) -> None:
    shop = told_shop
    says("model:shop@1", 0.2)
    alarm(shop)
    seen = []
    for day in shop.days[DAYS - 2 : DAYS]:
        shop.at(day.end)
        tick(shop.project, shop.jobs)
        seen.append([one.settled for one in shop.project.store.settlements.list(endpoint="shop")])
    assert seen[0] == [] and seen[1][:1] == ["right"]
