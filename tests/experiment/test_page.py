"""The pages of A/B tests and of the holdout, while there is nothing and when there is."""

from __future__ import annotations

from collections.abc import Callable

from tests.experiment.conftest import opened
from tests.experiment.test_holdout import FIRST
from tests.web.test_pages import get
from tidemill.experiment import holdout
from tidemill.ops import experiments as ops
from tidemill.scope.project import Project


def test_each_says_how_it_stands_and_draws_its_sequence(make: Callable[..., Project]) -> None:
    traffic = opened(make, FIRST)
    holdout.keep(traffic.scope)
    assert b"too little is known yet of what the loop is worth" in get(traffic.project, "/experiments").body
    found = traffic.begin()
    path = f"/experiments/{found.id}"
    assert b"not decided yet" in get(traffic.project, path).body
    for _ in range(4):
        traffic.day(300, lambda arm: {"holdout": 0.25, f"arm:{found.arms[1]}": 0.8}.get(arm, 0.4))
    text = get(traffic.project, path).body.decode()
    assert "<svg" in text and 'class="band"' in text and ">better<" in text and "tidemill release start shop@" in text
    overview, every = (get(traffic.project, where).body.decode() for where in ("/", "/experiments"))
    said = ops.said_of_worth(ops.worth(traffic.project)[0])
    assert said.startswith("the loop was worth +") and said in overview and said in every
    for release in (*found.arms, traffic.scope.releases("holdout")[0].id):
        assert get(traffic.project, f"/releases/{release}").status == 200
    assert get(traffic.project, "/releases").status == 200
