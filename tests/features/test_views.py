"""Views: declared in tidemill.toml, checked against the contract."""

from __future__ import annotations

import pytest

from tests.data.small import CONTRACT
from tests.raised import raised
from tidemill.config.sections import FeatureConfig, FeatureViewConfig
from tidemill.data.contract.contract import Contract
from tidemill.errors import ConfigError
from tidemill.features.views import View
from tidemill.types import DAY


def view(entity: str | None = "customer", **features: FeatureConfig) -> View:
    config = FeatureViewConfig(from_="sales", entity=entity, name="basket", features=features)
    return View.of(config, Contract.parse(CONTRACT))


def test_a_view_of_the_shop() -> None:
    made = view(
        items=FeatureConfig(op="decayed_count", by="sku", half_life="180 days"),
        spent=FeatureConfig(op="sum", window="90 days"),
        paid=FeatureConfig(op="mean", column="price"),
        hour=FeatureConfig(op="hour"),
    )
    assert (made.entity, made.time, made.value) == ("customer", "at", "quantity")
    items, spent, _, hour = made.features
    assert (items.name, items.half_life, spent.column) == ("items", 180 * DAY, "quantity")
    assert hour.calendar and not spent.calendar


@pytest.mark.parametrize(
    ("feature", "message", "hint"),
    [
        (FeatureConfig(op="decayed_cont", by="sku"), "unknown op 'decayed_cont'", "did you mean 'decayed_count'?"),
        (FeatureConfig(op="count", by="skuu"), "no column 'skuu' in contract.yaml", "did you mean 'sku'?"),
        (FeatureConfig(op="sum", column="sku"), "column 'sku' is no number", ""),
        (FeatureConfig(op="decayed_count", by="sku"), "half_life goes with op decayed_count, and that with it", ""),
        (FeatureConfig(op="count", half_life="1 day"), "half_life goes with op decayed_count, and that with it", ""),
        (FeatureConfig(op="count", column="price"), "op 'count' takes no column", ""),
        (FeatureConfig(op="hour", window="1 day"), "op 'hour' takes nothing else", ""),
        (
            FeatureConfig(op="count", window="soon"),
            "'soon' is not a length of time",
            "write it as '28 days', '12 h' or '20 s'",
        ),
        (FeatureConfig(op="count", window="0 days"), "'0 days' is no length of time", ""),
    ],
)
def test_a_wrong_feature_says_where(feature: FeatureConfig, message: str, hint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        view(x=feature)
    assert (caught.value.message, caught.value.hint) == (message, hint)
    assert caught.value.place == "[features.basket] x"


def test_names_that_are_not_there() -> None:
    with raised(ConfigError, "[features.basket]"):
        view("costumer", n=FeatureConfig(op="count"))
