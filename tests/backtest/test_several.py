"""The loop's past of a project with several endpoints: a recommender at two of them, and who leaves, whose labels are weeks late."""

from __future__ import annotations

import random
from datetime import timedelta
from pathlib import Path

import pytest

from tests.backtest.test_loop import inline
from tests.backtest.test_walk import quiet
from tests.labels.worlds import BEGAN, START
from tests.raised import raised
from tidemill.access.caller import Caller
from tidemill.backtest import play as playing
from tidemill.backtest.copy import FOLDER
from tidemill.backtest.cuts import Asked
from tidemill.backtest.walk import parameters
from tidemill.data.pipeline import ingest
from tidemill.errors import NotEnoughData, NotFound
from tidemill.ops import backtests
from tidemill.scope.project import open_project
from tidemill.types import DAY, HeldClock, parse_time

DAYS, OPEN, SINCE = 140, 14, "2024-04-25"
CONTRACT = """\
apiVersion: v3.0.2
kind: DataContract
id: sales
version: 1.0.0
schema:
  - name: sales
    customProperties: [{ property: tidemill.key, value: [sale] }]
    properties:
      - { name: sale, logicalType: string, required: true }
      - { name: at, logicalType: timestamp, required: true, customProperties: [{ property: tidemill.role, value: time }] }
      - { name: customer_id, logicalType: string, required: true, customProperties: [{ property: tidemill.role, value: subject }] }
      - { name: sku, logicalType: string, required: true, customProperties: [{ property: tidemill.role, value: item }] }
"""
TOML = f"""\
[project]
name = "shop"
[data.sales]
source = "data/sales/*.csv"
contract = "contracts/sales.yaml"
[features.lately]
from = "sales"
entity = "customer_id"
month = {{ op = "count", window = "28 days" }}
[features.basket]
from = "sales"
entity = "customer_id"
items = {{ op = "decayed_count", by = "sku", half_life = "60 days" }}
[model.recommend]
task = "recommend"
rows = {{ from = "sales" }}
inputs = {{ views = ["basket"] }}
search = {{ trials = 1 }}
split = {{ by = "time", test = "14 days" }}
[model.leaves]
task = "classify"
rows = {{ from = "sales", entity = "customer_id", every = "7 days", active = "28 days" }}
label = {{ from = "sales", op = "none", within = "{OPEN} days" }}
inputs = {{ views = ["lately"] }}
search = {{ trials = 1 }}
split = {{ by = "time", test = "14 days" }}
[endpoint.home]
model = "recommend"
[endpoint.mail]
model = "recommend"
[gates]
latency = {{ p99 = "5 s" }}
[environment.production]
rollout = [{{ share = "100 %" }}]
[monitor]
window = "7 days"
[retrain]
on = []
"""


def lay(root: Path) -> Path:
    """Sixty customers with tastes of their own; half of them come every few days, the others now and then."""
    dice, rows = random.Random(0), list[tuple[object, ...]]()
    for n in range(60):
        own, day = dice.sample(range(20), 4), dice.uniform(0, 10)
        while day < DAYS:
            rows += [(START + timedelta(days=day), f"c{n:02}", f"S{sku}") for sku in dice.sample(own, 2)]
            day += dice.expovariate(0.4 if n % 2 else 0.06)
    for name in ("contracts", "data/sales"):
        (root / name).mkdir(parents=True)
    (root / "contracts/sales.yaml").write_text(CONTRACT)
    (root / "tidemill.toml").write_text(TOML)
    lines = [f"s{place},{at:%Y-%m-%dT%H:%M:%S},{who},{sku}" for place, (at, who, sku) in enumerate(sorted(rows))]  # type: ignore[str-format]
    (root / "data/sales/all.csv").write_text("\n".join(["sale,at,customer_id,sku", *lines]))
    return root


@pytest.mark.nightly  # three endpoints in one loop are in every run: tests/retrain/test_three_endpoints.py
def test_all_endpoints_live_through_it_and_what_is_not_settled_counts_for_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIDEMILL_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(playing, "worker_jobs", inline)
    end = parse_time(BEGAN) + DAYS * DAY
    with open_project(lay(tmp_path / "shop"), clock=HeldClock(end)) as project:
        ingest(project, "sales")
        lived = backtests.play(
            project, Caller.local(), Asked("leaves", every="7 days", since=SINCE, loop=True), quiet
        ).lived
        assert lived is not None and not lived.from_log and lived.gain is not None
        (root,) = (project.state / FOLDER).iterdir()
        with open_project(root) as copy:
            answers = {name: copy.live.predictions.list(endpoint=name) for name in copy.endpoints}
            outcomes = copy.live.outcomes.of(one.id for one in answers["leaves"])
            assert {name for name, given in answers.items() if given} == {"home", "mail", "leaves"}
            joined = copy.live.outcomes.of(one.id for name in ("home", "mail") for one in answers[name])
            assert len(joined) > 0.8 * (len(answers["home"]) + len(answers["mail"])), "each has its own outcomes"
            assert copy.endpoint("mail").champion() is not None
        last = lived.end // (7 * DAY) * 7 * DAY  # the loop looked then for the last time
        settled = [one for one in answers["leaves"] if one.at + OPEN * DAY < last]
        assert lived.requests == len(answers["leaves"]) > len(settled) > 50
        assert set(outcomes) == {one.id for one in settled} and lived.gain.requests == len(settled)
        with pytest.raises(NotFound):
            parameters(project, Asked("recommend", every="7 days", since=SINCE, loop=True))
        assert (
            parameters(project, Asked("recommend", every="7 days", since=SINCE, loop=True, endpoint="mail"))["loop"][
                "endpoint"
            ]
            == "mail"
        )
        with raised(NotEnoughData, "--since"):  # a walk could begin here; the loop's first model is tested, too
            parameters(project, Asked("leaves", every="7 days", since="2024-03-10", loop=True))
        assert parameters(project, Asked("leaves", every="7 days", since="2024-03-10"))["loop"] is None
