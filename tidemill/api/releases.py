"""Releases: how they went, and what a person may decide about them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter
from pydantic import Field

from tidemill.api import by_hand
from tidemill.api.asked import Opened, Served, Who
from tidemill.api.paging import After, Limit, Page, page
from tidemill.api.scoped import operates, reads
from tidemill.release.rollout import rollout
from tidemill.scope.project import Project
from tidemill.serve.serving import Serving
from tidemill.store.records import Release, Verdict

router = APIRouter(prefix="/api/releases", tags=["releases"])


@dataclass(frozen=True)
class Word:
    """Why, in a person's words; and in which role, where one is asked for."""

    reason: Annotated[str, Field(min_length=1, max_length=2_000)]
    role: Annotated[str, Field(max_length=100)] | None = None


@dataclass(frozen=True)
class Shown:
    """A release with the verdicts on its model."""

    release: Release
    verdicts: list[Verdict]


@reads(router, "")
def releases(project: Opened, status: str | None = None, limit: Limit = 100, after: After = None) -> Page[Release]:
    """Releases, the latest first."""
    found = sorted(
        project.store.releases.list(project.endpoint().name, status), key=lambda r: (r.created, r.id), reverse=True
    )
    return page(found, lambda r: r.id, limit, after)


@reads(router, "/{release}")
def show(project: Opened, release: str) -> Shown:
    """One release."""
    found = project.store.releases.get(release)
    return Shown(found, list(project.store.releases.verdicts(found.model)))


@operates(router, "/{release}/approve")
async def approve(serving: Served, release: str, word: Word, who: Who) -> Release:
    """Say yes to a held release: its rollout begins."""
    await by_hand.say(serving.project, "approve", release, who, word.reason, word.role)
    return await _followed(serving, release)


@operates(router, "/{release}/reject")
async def reject(serving: Served, release: str, word: Word, who: Who) -> Release:
    """Say no to a held release: it ends."""
    await by_hand.say(serving.project, "reject", release, who, word.reason, word.role)
    return await _followed(serving, release)


@operates(router, "/{release}/rollback")
async def roll_back(serving: Served, release: str, word: Word, who: Who) -> Release:
    """Take a canary or the champion back; the champion before it answers again at once."""
    await by_hand.do(rollout.roll_back, serving.project, release, by=who, reason=word.reason)
    return await _followed(serving, release)


@operates(router, "/{release}/halt")
async def halt(serving: Served, release: str, word: Word, who: Who) -> Release:
    """Stop a canary without judging it."""
    await by_hand.do(rollout.halt, serving.project, release, by=who, reason=word.reason)
    return await _followed(serving, release)


async def _followed(serving: Serving, release: str) -> Release:
    """What the release is now, once this server answers accordingly."""
    await serving.refresh()
    return _get(serving.project, release)


def _get(project: Project, release: str) -> Release:
    return project.store.releases.get(release)
