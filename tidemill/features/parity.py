"""The parity check: the same feature of the same live requests, by training's way and by serving's, side by side.

It says how many requests and numbers were compared, the greatest difference, and the worst request.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from tidemill.errors import ConfigError
from tidemill.features.as_of import as_of
from tidemill.features.online import History
from tidemill.features.transaction_time import AS_KNOWN_AT
from tidemill.features.views import Feature, View
from tidemill.store.payloads import FeatureParity
from tidemill.store.records import Prediction

TOLERANCE = 1e-9
"""Differences up to this, relative to the greater of 1 and the value, are rounding."""


def compare(
    view: View,
    rows: pl.LazyFrame | pl.DataFrame,
    history: History,
    requests: pl.DataFrame,
    feature: Feature | None = None,
) -> FeatureParity:
    """Compare both ways on these requests: ``[request, entity, at]``, and ``watermark`` for what serving had seen.

    Training's side stops at the watermark too where ``rows`` have ``_known``, here the ``seq`` of each row's event: a row that came
    later is no difference. Null (an event that serving never had) is: the request should have seen it.
    Raises ConfigError for a feature that serving does not make.
    """
    feature = feature or view.items
    if not view.is_live(feature):
        raise ConfigError(
            f"serving knows only {view.value!r} of each event, not {feature.column!r}",
            place=f"[features.{view.name}] {feature.name}",
        )
    marked = "watermark" in requests.columns
    knowing = requests.with_columns((pl.col("watermark") + 1).alias(AS_KNOWN_AT)) if marked else requests
    offline = as_of(view, rows, knowing, feature)
    marks = requests["watermark"].to_list() if marked else [None] * requests.height
    asked: list[object] = []
    told: list[str] = []
    numbers = [np.empty(0)]
    for request, entity, at, mark in zip(requests["request"], requests["entity"], requests["at"], marks, strict=True):
        items, values = history.by_item(
            str(entity), feature.op, at, half_life=feature.half_life, window=feature.window, watermark=mark
        )
        asked += [request] * len(items)
        told += items
        numbers.append(values)
    schema = {"request": requests.schema["request"], "item": pl.String()}
    online = pl.DataFrame({"request": asked, "item": told}, schema).with_columns(online=np.concatenate(numbers))
    both = offline.join(online, on=["request", "item"], how="full", coalesce=True)
    return _judge(view, feature, requests.height, both)


def _judge(view: View, feature: Feature, requests: int, both: pl.DataFrame) -> FeatureParity:
    scale = pl.max_horizontal(pl.col("value").abs(), pl.lit(1.0))
    shared = both.drop_nulls().with_columns(((pl.col("value") - pl.col("online")).abs() / scale).alias("difference"))
    worst = shared.sort("difference", "request", descending=True).head(1)
    missing, difference = both.height - shared.height, float(worst["difference"][0]) if worst.height else 0.0
    return FeatureParity(
        view=view.name,
        feature=feature.name,
        requests=requests,
        numbers=both.height,
        missing=missing,
        difference=difference,
        ok=missing == 0 and difference <= TOLERANCE,
        worst=str(worst["request"][0]) if worst.height else None,
    )


def requests_of(predictions: Sequence[Prediction]) -> pl.DataFrame:
    """Live predictions as requests, each with the watermark it was answered at."""
    return pl.DataFrame(
        [(p.id, p.subject, p.at, p.watermark) for p in predictions],
        schema={"request": pl.String, "entity": pl.String, "at": pl.Int64, "watermark": pl.Int64},
        orient="row",
    )
