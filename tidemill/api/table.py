"""Every route of the control API: where it is, who may ask, and the verb that answers."""

from __future__ import annotations

from tidemill.api.verbs import Verb, operate, read
from tidemill.ops import auditions, backtests, by_hand, data, models, predictions, quarantine, records, releases, runs
from tidemill.ops.status import status

VERBS: tuple[Verb, ...] = (
    read("/api/status", status),
    read("/api/data", data.ls),
    read("/api/data/{dataset}", data.show),
    read("/api/data/{dataset}/versions", data.versions),
    read("/api/data/{dataset}/files", data.files),
    read("/api/data/{dataset}/diff", data.diff),
    read("/api/data/{dataset}/versions/{version}/profile", data.profile),
    read("/api/data/{dataset}/versions/{version}/quarantine", quarantine.show),
    operate("/api/data/{dataset}/retry", data.retry),
    read("/api/runs", runs.ls),
    read("/api/runs/{run}", runs.show),
    read("/api/runs/{run}/steps", runs.steps),
    read("/api/runs/{run}/steps/{step}/why", runs.why),
    read("/api/compare/runs", runs.compare),
    read("/api/models", models.ls),
    read("/api/models/{model}", models.show),
    read("/api/models/{model}/card", models.card),
    read("/api/compare", models.compare),
    read("/api/backtests", backtests.ls),
    read("/api/backtests/{backtest}", backtests.show),
    read("/api/compare/backtests", backtests.compare),
    read("/api/auditions", auditions.ls),
    read("/api/auditions/{audition}", auditions.show),
    read("/api/releases", releases.ls),
    read("/api/releases/{release}", releases.show),
    operate("/api/releases/{release}/approve", by_hand.approve),
    operate("/api/releases/{release}/reject", by_hand.reject),
    operate("/api/releases/{release}/rollback", releases.roll_back),
    operate("/api/releases/{release}/halt", releases.halt),
    operate("/api/releases/{release}/advance", by_hand.advance),
    read("/api/decisions", records.decisions),
    read("/api/decisions/{decision}", records.decision),
    read("/api/replay", records.replay),
    read("/api/score", records.score),
    read("/api/events", records.events),
    read("/api/alarms", records.alarms),
    operate("/api/alarms/{alarm}/close", records.close_alarm),
    read("/api/windows/{monitor}", records.windows),
    read("/api/predictions", predictions.ls),
    read("/api/predictions/{prediction}", predictions.show),
    read("/api/predictions/{prediction}/trace", predictions.trace),
    read("/api/impact", predictions.impact),
)
