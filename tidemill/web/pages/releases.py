"""Releases: what is on its way and how far, verdicts with their evidence and power, attestations, and the buttons."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tidemill.access.needs import needed_by
from tidemill.ops import releases as verbs
from tidemill.ref import short_name
from tidemill.release.rollout.timing import elapsed
from tidemill.release.variants import answers_nobody, in_shadow
from tidemill.store.records import Release, Verdict
from tidemill.types import JsonObject, Micros
from tidemill.web import format as words
from tidemill.web.actions import ACTIONS as ACTIONS_OF
from tidemill.web.charts.rollout import track
from tidemill.web.pages.leakage import Leak, leaks
from tidemill.web.site import Ask, Page, Shown, by_key
from tidemill.web.talk import talk

TONES = {
    "champion": "ok",
    "canary": "busy",
    "shadow": "busy",
    "arm": "busy",
    "holdout": "ok",
    "held": "warn",
    "halted": "warn",
    "refused": "bad",
    "rolled_back": "bad",
    "superseded": "idle",
    "replaced": "idle",
}
ACTIONS = {
    "held": ("approve", "reject"),
    "canary": ("halt", "rollback"),
    "shadow": ("halt",),
    "champion": ("rollback",),
}
"""What a person may do with a release in this state."""


def releases(ask: Ask) -> Shown:
    every = ask.project.store.releases.list
    found = [
        r for status in (*ACTIONS, "arm", "holdout") for r in every(status=status, environment=ask.project.environment)
    ]
    active = sorted(found, key=lambda r: (r.created, r.id), reverse=True)
    part = by_key(ask, "/releases", verbs.ls, export="releases")
    shown = [{"r": r, "track": track(r, ask.now), "line": _line(ask, r)} for r in active]
    return Shown("Releases", {"part": part, "active": shown, "tones": TONES})


def release(ask: Ask) -> Shown:
    shown = verbs.show(ask.project, ask.params["release"])
    found = shown.release
    cornered = found.status == "champion" and found.previous is None  # with nothing before it, it cannot be taken back
    approval = ask.project.endpoint(found.endpoint).gates.approval
    values = {
        "r": found,
        "tone": TONES[found.status],
        "line": _line(ask, found),
        "track": track(found, ask.now),
        "looks": found.evidence.shadow.looks[::-1] if found.evidence.shadow else (),
        "verdicts": [_verdict(v) for v in shown.verdicts],
        "actions": []
        if cornered
        else [one for one in actions_of(found) if ask.may(needed_by(ACTIONS_OF["release", one]))],
        "asked": ask.project.store.approvals.list(subject=f"release:{found.id}"),
        "roles": approval.roles if approval else (),
        "seen": findings(found),
        "saw": verbs.saw(ask.project, found.id) if found.evidence.saw is not None else None,
        "mirror": shown.mirror,
        "talk": talk(ask, f"release:{found.id}"),
        "leaks": _to_decide(ask, found),
    }
    return Shown(f"Release of {short_name(found.model)}", values)


def actions_of(r: Release) -> tuple[str, ...]:
    """What a person may do with it now."""
    found = ACTIONS.get(r.status, ())
    return ("resume" if r.evidence.paused else "pause", *found) if r.status == "canary" else found


def _to_decide(ask: Ask, r: Release) -> list[Leak]:
    """What a person has to decide before it goes on."""
    if r.status != "held" or "leakage" not in r.evidence.waits:
        return []
    found = ask.project.store.models.get(r.model).findings
    return leaks(replace(found, found=found.held))


def _line(ask: Ask, r: Release) -> str:
    return standing(r, ask.now, verbs.in_shadow(r, verbs.pairs_of(ask.project, r)))


def standing(r: Release, now: Micros, dark: str = "") -> str:
    """How a release stands, in a sentence. ``dark``: of one in shadow how far it is."""
    if r.evidence.shadow is not None and r.status == "shadow":
        ends = words.when(r.evidence.shadow.until)
        return f"asked beside the champion since {words.ago(r.created, now)}, and never answers; {dark}; requests until {ends}"
    if r.status == "canary" and r.evidence.paused is not None:
        pause = r.evidence.paused
        return f"paused {words.ago(pause.since, now)} by {pause.by}: {pause.reason}; it answers nobody, and its time stands still"
    if r.status == "canary" and r.stages:
        stage = r.stages[r.stage]
        share = words.share(float(stage.get("share", 0)))
        who = f"in shadow, and answers nobody: {dark}; so" if in_shadow(r) else f"{share} of the subjects"
        if answers_nobody(r):
            who = "loaded beside the champion and tried, and answers nobody yet,"
        left = int(stage.get("span", 0)) - elapsed(r, now)
        wait = f"at least {words.span(left)} to go" if left > 0 else "its time is over; it waits for enough evidence"
        return f"{who} since {words.ago(r.stage_since, now)}; {wait}"
    if r.status in ("arm", "holdout"):
        share = words.share(float(r.stages[r.stage].get("share", 0)))
        what = "an arm of an A/B" if r.status == "arm" else "answers the holdout"
        return f"{what}, {share} of the subjects since {words.ago(r.stage_since, now)}"
    if r.status == "champion":
        bake = r.evidence.bake_until
        watched = f"; watched closely until {words.when(bake)}" if bake is not None and bake > now else ""
        return f"serves 100 % since {words.ago(r.stage_since or r.created, now)}{watched}"
    if r.status == "held" and r.evidence.waits:
        why = "its inputs may know the label" if "leakage" in r.evidence.waits else "no figure decides"
        return f"{why}: waits for a person's reason since {words.ago(r.created, now)}"
    if r.status == "held":
        return f"passed its gates {words.ago(r.created, now)} and waits for a person"
    ended = f" {words.ago(r.ended, now)}" if r.ended is not None else ""
    end = r.evidence.rolled_back or r.evidence.halted or r.evidence.rejected or {}
    why = f": {end['reason']}" if end.get("reason") else ""
    return f"{words.label(r.status)}{ended}{why}"


def findings(r: Release) -> list[JsonObject]:
    """What the rules said about the live evidence, latest first."""
    ends = (r.evidence.bake, r.evidence.halted, r.evidence.rolled_back)
    seen = [*r.evidence.stages, *(end for end in ends if end is not None)]
    return [{**finding, "at": stop.get("at")} for stop in reversed(seen) for finding in stop.get("findings", ())]


def _verdict(v: Verdict) -> dict[str, Any]:
    text, power = str(v.evidence.get("said", "")), words.text(v.evidence.get("power", ""))
    rest = {k: x for k, x in v.evidence.items() if k not in ("said", "power")}
    return {"v": v, "text": text, "power": power if "power" in v.evidence and power not in text else "", "rest": rest}


PAGES = (
    Page("/releases", "releases.html", "releases", releases, "project.read"),
    Page("/releases/{release}", "release.html", "releases", release, "project.read"),
)
