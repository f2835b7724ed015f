"""Is everything all right? One look at the whole loop."""

from __future__ import annotations

from fastapi import APIRouter

from tidemill.api.asked import Served
from tidemill.api.scoped import reads
from tidemill.ops.status import Status
from tidemill.ops.status import status as look

router = APIRouter(tags=["status"])


@reads(router, "/api/status")
def status(serving: Served) -> Status:
    """The loop at a glance."""
    return look(serving.project, serving.health())
