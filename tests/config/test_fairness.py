"""[fairness]: decoded strictly, and an endpoint may say its own."""

from __future__ import annotations

import pytest

from tests.raised import raised
from tidemill.config.decode import parse
from tidemill.errors import ConfigError
from tidemill.tasks.check import check

TABLE = """\
[project]
name = "credit"
[data.credit]
source = "data/*.csv"
contract = "contracts/credit.yaml"
[model]
task = "classify"
[fairness]
attributes = ["sex", "age_band"]
"""


def test_what_nobody_says() -> None:
    (found,) = parse(TABLE).endpoints[""].values()
    fairness = found.policies.fairness
    assert (fairness.attributes, fairness.largest, fairness.mitigate) == (("sex", "age_band"), 0.05, "")
    assert (fairness.measured("classify"), fairness.measured("regress")) == ("selection_rate", "error")
    (plain,) = parse(TABLE.partition("[fairness]")[0]).endpoints[""].values()
    assert plain.policies.fairness.attributes == ()


def test_an_endpoint_says_its_own() -> None:
    config = parse(TABLE + '[endpoint.strict]\nmodel = "credit"\n[endpoint.strict.fairness]\nmax_gap = "1 %"\n')
    fairness = config.endpoints[""]["strict"].policies.fairness
    assert (fairness.largest, fairness.attributes) == (0.01, ("sex", "age_band"))


@pytest.mark.parametrize(
    ("said", "line"),
    [
        ('max_gap = "much"', 10),
        ('max_gap = "0 %"', 10),
        ('measure = "selction_rate"', 10),
        ('measure = "residual"', 10),
        ("confidence = 0.2", 10),
        ('mitigate = "hope"', 10),
        ('mitigate = "thresholds"\nmeasure = "calibration"', 10),
        ('atributes = ["sex"]', 10),
    ],
)
def test_what_is_wrong_is_an_error_at_its_line(said: str, line: int) -> None:
    with raised(ConfigError, f"tidemill.toml:{line}"):
        check(TABLE + said + "\n")


def test_what_there_is_to_mitigate_must_be_named() -> None:
    with raised(ConfigError, "tidemill.toml:9"):
        check(TABLE.replace('attributes = ["sex", "age_band"]', 'mitigate = "reweighing"'))
    with raised(ConfigError, "tidemill.toml:10"):
        check(TABLE.replace('"classify"', '"regress"') + 'mitigate = "reweighing"\n')


def test_a_recommender_is_judged_by_whose_items_it_shows_and_a_table_by_whose_row_it_is() -> None:
    shop = TABLE.replace('"classify"', '"recommend"')
    with raised(ConfigError, "tidemill.toml:9"):
        check(shop)
    check(shop.replace('attributes = ["sex", "age_band"]', 'suppliers = "brand"'))
    with raised(ConfigError, "tidemill.toml:10"):
        check(TABLE + 'suppliers = "brand"\n')
