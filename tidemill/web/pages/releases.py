"""Releases: what is on its way and how far, verdicts with their evidence and power, attestations, and the buttons."""

from __future__ import annotations

from typing import Any

from tidemill.ref import short_name
from tidemill.store.records import Release, Verdict
from tidemill.types import JsonObject, Micros
from tidemill.web import format as words
from tidemill.web.charts.rollout import track
from tidemill.web.site import Ask, Page, Shown, by_key

TONES = {
    "champion": "ok",
    "canary": "busy",
    "held": "warn",
    "halted": "warn",
    "refused": "bad",
    "rolled_back": "bad",
    "superseded": "idle",
}
ACTIONS = {"held": ("approve", "reject"), "canary": ("halt", "rollback"), "champion": ("rollback",)}
"""What a person may do with a release in this state."""


def releases(ask: Ask) -> Shown:
    store = ask.project.store.releases
    found = [r for status in ("held", "canary", "champion") for r in store.list(status=status)]
    active = sorted(found, key=lambda r: (r.created, r.id), reverse=True)
    part = by_key(ask, "/releases", store.page, export="releases")
    values = {
        "part": part,
        "active": [
            {"r": r, "ref": short_name(r.model), "track": track(r, ask.now), "line": standing(r, ask.now)}
            for r in active
        ],
        "tones": TONES,
    }
    return Shown("Releases", values)


def release(ask: Ask) -> Shown:
    store = ask.project.store
    found = store.releases.get(ask.params["release"])
    allowed = [a for a in ACTIONS.get(found.status, ()) if not (a == "rollback" and cornered(found))]
    values = {
        "r": found,
        "ref": short_name(found.model),
        "tone": TONES.get(found.status, "idle"),
        "line": standing(found, ask.now),
        "track": track(found, ask.now),
        "verdicts": [_verdict(v) for v in store.verdicts.list(model=found.model)],
        "actions": allowed if ask.may_operate else [],
        "roles": approval.roles if (approval := ask.project.endpoint(found.endpoint).gates.approval) else (),
        "events": store.edges.list(source=f"release:{found.id}"),
        "seen": findings(found),
    }
    return Shown(f"Release of {short_name(found.model)}", values)


def cornered(found: Release) -> bool:
    """A champion with nothing before it cannot be taken back."""
    return found.status == "champion" and found.previous is None


def standing(r: Release, now: Micros) -> str:
    """How a release stands, in a sentence."""
    if r.status == "canary" and r.stages:
        stage = r.stages[r.stage]
        share = words.share(float(stage.get("share", 0)))
        left = r.stage_since + int(stage.get("span", 0)) - now
        wait = f"at least {words.span(left)} to go" if left > 0 else "its time is over; it waits for enough evidence"
        return f"{share} of the subjects since {words.ago(r.stage_since, now)}; {wait}"
    if r.status == "champion":
        bake = r.evidence.bake_until
        watched = f"; watched closely until {words.when(bake)}" if bake is not None and bake > now else ""
        return f"serves everybody since {words.ago(r.stage_since or r.created, now)}{watched}"
    if r.status == "held":
        return f"passed its gates {words.ago(r.created, now)} and waits for a person"
    ended = f" {words.ago(r.ended, now)}" if r.ended is not None else ""
    return f"{words.label(r.status)}{ended}{_why(r)}"


def _why(r: Release) -> str:
    said = r.evidence.rolled_back or r.evidence.halted or r.evidence.rejected or {}
    return f": {said['reason']}" if said.get("reason") else ""


def findings(r: Release) -> list[JsonObject]:
    """What the rules said about the live evidence, latest first."""
    ends = (r.evidence.bake, r.evidence.halted, r.evidence.rolled_back)
    seen = [*r.evidence.stages, *(end for end in ends if end is not None)]
    return [{**finding, "at": stop.get("at")} for stop in reversed(seen) for finding in stop.get("findings", ())]


def _verdict(v: Verdict) -> dict[str, Any]:
    said = str(v.evidence.get("said", ""))
    power = v.evidence.get("power")
    rest = {k: x for k, x in v.evidence.items() if k not in ("said", "power")}
    tone = "warn" if v.no_baseline else "ok" if v.passed else "bad"
    word = "no baseline" if v.no_baseline else "passed" if v.passed else "refused"
    return {
        "v": v,
        "said": said,
        "power": words.said(power) if power is not None and words.said(power) not in said else "",
        "rest": rest,
        "tone": tone,
        "word": word,
    }


PAGES = (
    Page("/releases", "releases.html", "releases", releases),
    Page("/releases/{release}", "release.html", "releases", release),
)
