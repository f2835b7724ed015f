"""Every route of the control API: where it is, who may ask, and the verb that answers."""

from __future__ import annotations

from typing import Any

from tidemill.access.caller import Caller
from tidemill.api import by_hand
from tidemill.api.verbs import Verb, operate, read
from tidemill.ops import data, models, predictions, quarantine, records, releases, runs
from tidemill.ops.releases import Reason, Role
from tidemill.ops.status import Status
from tidemill.ops.status import status as look
from tidemill.serve.serving import Serving
from tidemill.store.records import Release


def status(serving: Serving, endpoint: str | None = None) -> Status:
    """Is everything all right? The loop at a glance, of one endpoint or of all."""
    return look(serving.project, serving.health(), endpoint)


async def approve(serving: Serving, caller: Caller, release: str, reason: Reason, role: Role = None) -> Release:
    """Say yes to a held release: its rollout begins."""
    await by_hand.say(serving.project, "approve", release, caller.name, reason, role)
    return await followed(serving, release)


async def reject(serving: Serving, caller: Caller, release: str, reason: Reason, role: Role = None) -> Release:
    """Say no to a held release: it ends."""
    await by_hand.say(serving.project, "reject", release, caller.name, reason, role)
    return await followed(serving, release)


async def roll_back(serving: Serving, caller: Caller, release: str, reason: Reason) -> Release:
    """Take a canary or the champion back; the champion before it answers again at once."""
    await by_hand.do(releases.roll_back, serving.project, caller, release, reason)
    return await followed(serving, release)


async def halt(serving: Serving, caller: Caller, release: str, reason: Reason) -> Release:
    """Stop a canary without judging it."""
    await by_hand.do(releases.halt, serving.project, caller, release, reason)
    return await followed(serving, release)


async def advance(serving: Serving, caller: Caller, release: str) -> Release:
    """Look at the release under way now: to its next stage, or back, or wait. The loop does this by itself."""
    await by_hand.do(releases.advance, serving.project, caller, release)
    return await followed(serving, release)


async def followed(serving: Serving, release: str) -> Release:
    """What the release is now, once this server answers accordingly."""
    await serving.refresh()
    found: Release = await by_hand.do(serving.project.store.releases.get, release)
    return found


VERBS: tuple[Verb, ...] = (
    read("/api/status", status),
    read("/api/data", data.ls),
    read("/api/data/{dataset}", data.show),
    read("/api/data/{dataset}/versions", data.versions),
    read("/api/data/{dataset}/files", data.files),
    read("/api/data/{dataset}/diff", data.diff),
    read("/api/data/{dataset}/versions/{version}/profile", data.profile),
    read("/api/data/{dataset}/versions/{version}/quarantine", quarantine.show),
    read("/api/runs", runs.ls),
    read("/api/runs/{run}", runs.show),
    read("/api/runs/{run}/steps", runs.steps),
    read("/api/runs/{run}/steps/{step}/why", runs.why),
    read("/api/compare/runs", runs.compare),
    read("/api/models", models.ls),
    read("/api/models/{model}", models.show),
    read("/api/models/{model}/card", models.card),
    read("/api/compare", models.compare),
    read("/api/releases", releases.ls),
    read("/api/releases/{release}", releases.show),
    operate("/api/releases/{release}/approve", approve),
    operate("/api/releases/{release}/reject", reject),
    operate("/api/releases/{release}/rollback", roll_back),
    operate("/api/releases/{release}/halt", halt),
    operate("/api/releases/{release}/advance", advance),
    read("/api/decisions", records.decisions),
    read("/api/decisions/{decision}", records.decision),
    read("/api/replay", records.replay),
    read("/api/events", records.events),
    read("/api/alarms", records.alarms),
    read("/api/windows/{monitor}", records.windows),
    read("/api/predictions", predictions.ls),
    read("/api/predictions/{prediction}", predictions.show),
    read("/api/predictions/{prediction}/trace", predictions.trace),
    read("/api/impact", predictions.impact),
)


def document(serving: Serving) -> dict[str, Any]:
    """The whole HTTP interface as an OpenAPI document."""
    from tidemill.api.openapi import document as describe

    return describe(serving.project, VERBS)
