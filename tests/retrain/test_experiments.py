"""The loop keeps the holdout answered, looks at an A/B at each tick, and does what its terms say when it ends."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from tests.experiment.conftest import untried
from tidemill.config.decode import load
from tidemill.experiment import arms, start
from tidemill.retrain.loop import tick
from tidemill.types import DAY

from .conftest import Shop, add_model

__all__ = ["untried"]


@pytest.fixture
def held_out(shop: Shop) -> Shop:
    toml = shop.project.root / "tidemill.toml"
    text = re.sub(r"\non = .*", '\non = ["decay"]', toml.read_text())
    toml.write_text(f'{text}\n[endpoint.shop]\nholdout = {{ share = "10 %", answered_by = "first" }}\n')
    object.__setattr__(shop.project, "config", load(toml))
    vars(shop.project).pop("endpoints", None)
    return shop


def test_the_holdout_is_answered_from_the_first_tick_on_and_an_ab_is_ended_and_released(held_out: Shop) -> None:
    shop, store = held_out, held_out.project.store
    shop.jobs.fail["holdout"] = 1
    shop.play(shop.days[0])
    assert "failed" in [e.kind for e in tick(shop.project, shop.jobs)]
    shop.play(shop.days[1])
    assert "holdout" in [e.kind for e in tick(shop.project, shop.jobs)]
    (held,) = store.releases.list(endpoint="shop", status="holdout")
    assert held.model == "model:shop@1"
    scope, second = shop.project.endpoint(), add_model(shop.project)
    models = store.models.get("model:shop@1"), second
    found = start.start(scope, models, start.Terms(1.0, "recall@20", 0.1, 0.05, DAY, "release"), "ada", {})
    shop.play(shop.days[2])
    assert "experiment_ended" in [e.kind for e in tick(shop.project, shop.jobs)]
    assert store.experiments.get(found.id).verdict == "time_over"
    before = [kind for kind, _ in shop.jobs.done]
    assert "release" not in before, "nothing was shown"
    store.experiments.put(replace(store.experiments.get(found.id), verdict="better"))
    shop.play(shop.days[3])
    tick(shop.project, shop.jobs)
    shop.play(shop.days[4])
    tick(shop.project, shop.jobs)
    released = [params["model"] for kind, params in shop.jobs.done if kind == "release"]
    assert released == [second.ref], "once"
    assert arms.running(scope) is None and store.windows.list(endpoint="shop", monitor="holdout/first/0.1")
