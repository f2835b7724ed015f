"""`tidemill status`: is everything all right?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tidemill.cli.output import emit, facts, json_option, opened, project_option
from tidemill.learning.measures import measure
from tidemill.serve.client import trouble, troubled
from tidemill.types import to_iso

if TYPE_CHECKING:
    from tidemill.scope.project import Project


def overview(project: Project) -> dict[str, Any]:
    """What a person asks first: what serves, since when, on which data, what was decided last, what waits."""
    from tidemill.data.contract.freshness import stale_now
    from tidemill.monitor.quality import recently

    store, config = project.store, project.config
    champion = store.releases.champion(config.endpoint)
    datasets = {name: store.datasets.list(name) for name in config.data}
    decisions = store.decisions.list()
    alarms = store.events.list(kind="alarm")
    return {
        "project": config.project.name,
        "goal": config.goal.json(),
        "clock": to_iso(project.clock.now()),
        "mode": "replay" if project.replay else "live",
        "serving": {"model": champion.model, "release": champion.id} if champion else None,
        "canary": [r.model for r in store.releases.list(config.endpoint, "canary")],
        "waiting": [r.id for r in store.releases.list(config.endpoint, "held")],
        "data": {name: {"version": v[-1].version, "rows": v[-1].rows} for name, v in datasets.items() if v},
        "stale": stale_now(project, project.clock.now()),
        "predictions": project.live.predictions.count(config.endpoint),
        "outcomes": project.live.outcomes.count(),
        "quality": recently(project),
        "alarms": len(alarms),
        "last_alarm": {"at": to_iso(alarms[-1].at), **alarms[-1].data} if alarms else None,
        "decisions": len(decisions),
        "last_retrain": next(
            ({"at": to_iso(d.at), "reason": d.reason} for d in reversed(decisions) if d.action == "retrain"), None
        ),
        "trouble": trouble(project.root),
        "running": [r.id for r in store.runs.list(status="running")],
    }


def _quality(found: dict[str, Any] | None) -> str | None:
    """The live figure, and what the model promised."""
    if found is None:
        return None
    kind = measure(found["metric"])
    promise = found["promised"]
    said = f", promised {kind.text(promise)} {kind.bound}" if promise is not None else ""
    return f"{kind.name} {kind.text(found['value'])} over {found['answers']:,} answers{said}"


@click.command()
@project_option
@json_option
def status(folder: Path, as_json: bool) -> None:
    """What serves, on which data, what was decided last, what waits for somebody."""
    with opened(folder) as project:
        found, goal = overview(project), project.config.goal.told

    def show() -> None:
        serving = found["serving"]
        data = ", ".join(f"{k} version {v['version']}, {v['rows']:,} rows" for k, v in found["data"].items())
        retrain, alarm = found["last_retrain"], found["last_alarm"]
        for name, told in found["trouble"].items():
            click.echo(f"LOOK: {troubled(name, told)}; mend it, see .tidemill/logs/{name}.log")
        for said in found["stale"].values():
            click.echo(f"LOOK: {said}")
        facts(
            {
                "project": f"{found['project']} ({found['mode']}, {found['clock']})",
                **goal,
                "serving": serving["model"] if serving else "nothing yet: tidemill run",
                "canary": ", ".join(found["canary"]) or None,
                "waiting": ", ".join(found["waiting"]) or None,
                "data": data or "nothing yet",
                "predictions": f"{found['predictions']:,}",
                "outcomes": ", ".join(f"{k or 'not joined yet'} {v:,}" for k, v in found["outcomes"].items()) or "0",
                "quality": _quality(found["quality"]),
                "alarms": f"{found['alarms']}" + (f", last {alarm['at']}" if alarm else ""),
                "retrained": f"{retrain['at']}: {retrain['reason']}" if retrain else None,
                "running": ", ".join(found["running"]) or None,
            }
        )

    emit(found, as_json, show)
