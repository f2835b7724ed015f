"""Runs of pipelines: the list, and one run as a graph with why each step ran or did not."""

from __future__ import annotations

from collections import Counter
from typing import Any

from tidemill.errors import TidemillError
from tidemill.ops import runs as verbs
from tidemill.ops.batch import scheduled
from tidemill.ref import Ref
from tidemill.scope.project import Project
from tidemill.store.records import Run, Step
from tidemill.types import Micros
from tidemill.web import format as words
from tidemill.web.charts.graph import Node, graph
from tidemill.web.site import Ask, Page, Shown, by_key, home_of, link
from tidemill.web.talk import talk


def runs(ask: Ask) -> Shown:
    part = by_key(ask, "/runs", verbs.ls, export="runs")
    rows = [{"run": r, "took": took(r.started, r.ended), "steps": _counts(ask.project, r)} for r in part.rows]
    return Shown("Runs", {"part": part, "rows": rows, "batches": scheduled(ask.project)})


def took(started: Micros | None, ended: Micros | None) -> Micros | None:
    """None where it is not known: not ended, or the clock of a replay stood still."""
    return None if started is None or ended is None or ended == started else ended - started


def _counts(project: Project, run: Run) -> str:
    counted = Counter(step.status for step in project.store.steps.list(run=run.id))
    return ", ".join(f"{n} {status}" for status, n in sorted(counted.items()))


def run(ask: Ask) -> Shown:
    found = verbs.show(ask.project, ask.params["run"])
    steps = verbs.steps(ask.project, found.id).items
    chosen = next((s for s in steps if s.name == ask.text("step")), None)
    nodes = [Node(s.name, s.after, s.status, *_line(s)) for s in steps]
    values = {
        "run": found,
        "took": took(found.started, found.ended),
        "graph": graph(f"Steps of {found.pipeline}", nodes),
        "steps": [_step(s, f"/runs/{found.id}") for s in steps],
        "chosen": chosen,
        "why": _why(ask.project, found, chosen) if chosen else "",
        "talk": talk(ask, f"run:{found.id}"),
        "parent": _parent(found),
    }
    return Shown(f"Run {words.short(found.id)}", values, ask.ignored("step", [s.name for s in steps]))


def _parent(run: Run) -> tuple[str, str | None] | None:
    """What asked for it (a run, release or decision, as its id says), and the page about that."""
    kind = (run.parent or "").partition("_")[0]
    return (kind, home_of(str(Ref(kind, run.parent)))) if run.parent else None


def _step(step: Step, run: str) -> dict[str, Any]:
    from tidemill.engine.explain import declared, undeclared

    href, lasted = link(run, step=step.name) + "#step", took(step.started, step.ended)
    return {"step": step, "took": lasted, "href": href, "undeclared": undeclared(step), "declared": declared(step)}


def _line(step: Step) -> tuple[str, str]:
    """How the step ended, and how long it took."""
    if step.status == "cached":
        return "cached", ""
    lasted = took(step.started, step.ended) or step.cpu_us
    return step.status, words.span(lasted) if lasted else ""


def _why(project: Project, found: Run, step: Step) -> str:
    """The engine's own answer to "why did this step run?"."""
    try:
        return str(verbs.why(project, found.id, step.name))
    except TidemillError as exc:
        return str(exc)


PAGES = (
    Page("/runs", "runs.html", "runs", runs, "project.read"),
    Page("/runs/{run}", "run.html", "runs", run, "project.read"),
)
