"""Every task passes the suite of its port."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from tests.data.small import CONTRACT as SALES
from tests.model.test_pipeline import as_sales
from tests.tasks.ranking.made import shop
from tests.tasks.ranking.test_own import GOOD
from tidemill.testing.tasks import Sample, TaskSuite, Trained
from tidemill.types import DAY

ROWS = """\
apiVersion: v3.0.2
kind: DataContract
id: rows
version: 1.0.0
schema:
  - name: rows
    customProperties: [{ property: tidemill.key, value: [at] }]
    properties:
      - { name: at, logicalType: timestamp, required: true, customProperties: [{ property: tidemill.role, value: time }] }
      - { name: y, logicalType: TYPE, customProperties: [{ property: tidemill.role, value: target }] }
      - { name: warmth, logicalType: number }
      - { name: day, logicalType: string }
      - { name: dry, logicalType: boolean, required: true }
"""


def rows(labels: bool) -> pl.DataFrame:
    rng = np.random.default_rng(0)
    n = 600
    warmth, day, dry = rng.normal(size=n), rng.choice(["mo", "tu", "we"], n), rng.random(n) < 0.5
    y = warmth + (day == "mo") + dry
    return pl.DataFrame(
        {
            "at": pl.Series(np.arange(n) * DAY // 5).cast(pl.Datetime("us", "UTC")),
            "y": np.where(y > 1, "yes", "no") if labels else y,
            "warmth": np.where(rng.random(n) < 0.1, np.nan, warmth),
            "day": day,
            "dry": dry,
        }
    ).with_columns(pl.col("warmth").fill_nan(None))


ITEM = {"key": "o", "at": "2011-05-01", "subject": "u001", "item": "i001", "value": 1.0}
VALUE = {"key": "o", "at": "1970-04-01", "subject": "7", "value": 1.5}
SAMPLES = {
    "recommend": lambda: Sample("recommend", SALES, as_sales(shop(users=20)), ITEM, "sku"),
    "steps:my_learner": lambda: Sample("steps:my_learner", SALES, as_sales(shop(users=20)), ITEM, "sku", source=GOOD),
    "regress": lambda: Sample("regress", ROWS.replace("TYPE", "number"), rows(False), VALUE, "y"),
    "classify": lambda: Sample("classify", ROWS.replace("TYPE", "string"), rows(True), {**VALUE, "value": "yes"}, "y"),
}


@pytest.fixture(scope="module", params=SAMPLES)
def sampled(request, tmp_path_factory):
    return Trained(SAMPLES[request.param](), tmp_path_factory.mktemp("task"))


class TestTasks(TaskSuite):
    @pytest.fixture
    def trained(self, sampled):
        return sampled
