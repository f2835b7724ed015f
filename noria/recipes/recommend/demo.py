"""The demo: a project from the recipe, year one through the three pipelines, then the shop's second year against the running loop.

Nothing in the story is scripted but one release that is forced by hand (a model whose items are shuffled), which the loop must roll back.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from noria.errors import ProjectError, ServeError
from noria.kernel.artifacts.codecs import get_bundle
from noria.model.scoring import RecommendScorer, load
from noria.project import Project, open_project
from noria.recipes.new import new_project
from noria.recipes.recommend.compare import Rivals
from noria.recipes.recommend.fit import fit_to_shop
from noria.recipes.recommend.replay import Replay, read_journal
from noria.recipes.recommend.sabotage import force_shuffled
from noria.recipes.recommend.shop import OPENING, Day, days, read_cut, shuffled, visits_of, year_one
from noria.recipes.recommend.summary import Scored, difference, months, write_log
from noria.retrain.cycle import run_cycle
from noria.serve.child import log_file, spawn
from noria.serve.client import Client
from noria.types import DAY, JsonObject, to_iso

LAST_DAY = 374
"""The shop was open, or closed, for so many days after the opening."""

SABOTAGE = OPENING + 200 * DAY
"""From this day on, at the first moment without a canary, somebody forces a bad model past the gates."""

Tell = Callable[[str, JsonObject], None]
"""How the demo speaks: (what, facts). ``stage``, ``progress``, ``event``, ``day``, ``ready``."""


@dataclass(frozen=True)
class Story:
    """What to play: how many days (all 374 when None), with which seed, and whether customers are dealt out anew."""

    folder: Path
    days: int | None = None
    seed: int = 0
    shuffle_customers: bool = False


def prepare(story: Story, fresh: bool, tell: Tell) -> Project:
    """The project, open for replay; one that is there already is gone on with. Raises ProjectError when it is no replay."""
    folder = story.folder
    if fresh and folder.exists():
        _refuse_foreign(folder)
        shutil.rmtree(folder)
    if not (folder / "noria.toml").exists():
        tell("stage", {"text": f"a new project in {folder}/"})
        new_project(folder, "recommend", "shop")
        fit_to_shop(folder)
    first = open_project(folder)
    if first.store.settings.get("mode") is None:
        first.store.settings.set("seed", story.seed)
        first.store.settings.set("clock", OPENING)
        first.store.settings.set("mode", "replay")
    kept = first.store.settings.get("seed")
    first.close()
    if kept != story.seed:
        raise ProjectError(
            f"{folder}/ was played with seed {kept}", way_out=f"go on with --seed {kept}, or start anew with --fresh"
        )
    project = open_project(folder)
    if not project.replay:
        raise ProjectError(f"{folder}/ is a live project", way_out="play the demo in another folder")
    return project


def _refuse_foreign(folder: Path) -> None:
    """Only a folder that a demo made is ever removed."""
    if not (folder / ".noria" / "noria.db").exists():
        raise ProjectError(f"{folder}/ is not a demo's folder", way_out="remove it yourself, or play in another folder")
    with open_project(folder) as project:
        if not project.replay:
            raise ProjectError(f"{folder}/ is a live project", way_out="play the demo in another folder")


def first_year(project: Project, rows: Any, tell: Tell) -> None:
    """Drop year one's files and run the three pipelines; each finished step is reused."""
    source = project.root / "data" / "sales"
    source.mkdir(parents=True, exist_ok=True)
    for month, part in year_one(rows):
        path = source / f"{month}.parquet"
        if not path.exists():
            temporary = path.with_suffix(".part")
            part.write_parquet(temporary)
            temporary.rename(path)
    if project.store.releases.champion(project.config.endpoint) is None:
        tell("stage", {"text": "year one: data → model → release"})
        run_cycle(project, on_event=lambda kind, facts: tell("progress", {"what": kind, **facts}))


@contextmanager
def server(project: Project, port: int, tell: Tell) -> Iterator[Client]:
    """`noria up` for this project, stopped at the end. Raises ServeError with its last words when it does not start."""
    arguments = [str(os.getpid()), "noria", "up", "--project", str(project.root), "--port", str(port)]
    with log_file(project, "up") as log:
        process = spawn("noria.serve.child", arguments, log, stdin=subprocess.DEVNULL)
    try:
        client = _wait_ready(project, process)
        tell("ready", {"pid": process.pid})
        yield client
        client.close()
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _free(port: int) -> int:
    """This port, or any free one (0) when somebody has it: a demo should not fail for that."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return 0
    return port


def _wait_ready(project: Project, process: subprocess.Popen[bytes], seconds: float = 60.0) -> Client:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process.poll() is not None:
            words = (project.state / "logs" / "up.log").read_text("utf-8", "replace").strip().splitlines()
            raise ServeError(
                f"the server did not start: {words[-1] if words else 'no word'}", way_out="see .noria/logs/up.log"
            )
        up = project.state / "up.json"
        if up.exists() and json.loads(up.read_text("utf-8")).get("pid") == process.pid:
            client = Client.of(project.root)
            state = client.get("/replay/state")
            if not state["behind"]:
                return client
            client.close()
        time.sleep(0.02)
    raise ServeError(f"the server was not ready in {seconds:.0f} s", way_out="see .noria/logs/")


def play(project: Project, client: Client, story: Story, rows: Any, tell: Tell) -> Replay:
    """Every day, going on where an earlier process stopped."""
    journal = project.state / "replay.jsonl"
    kept = read_journal(journal)
    replay = Replay(client, project.config.endpoint, _rivals(project, rows), project.root / "data" / "sales", journal)
    shown = {event.id for event in project.store.events.list()} if kept else set()
    total = story.days or LAST_DAY
    for number, day in enumerate(days(rows, story.days), 1):
        if day.start in kept:
            replay.skip(day, kept[day.start])
        else:
            replay.play(day)
            _maybe_force(project, client, day)
        for event in project.store.events.list(since=day.start):
            if event.id not in shown:
                shown.add(event.id)
                tell("event", {"at": event.at, "kind": event.kind, "subject": event.subject, **event.data})
        tell("day", {"day": number, "of": total, "at": day.end, "requests": len(replay.scored)})
    return replay


def _rivals(project: Project, rows: Any) -> Rivals:
    """The rivals, who know year one as the server does."""
    first = project.store.models.get(f"model:{project.config.endpoint}@1")
    static = load(get_bundle(project.artifacts, first.bundle))
    if not isinstance(static, RecommendScorer):
        raise ProjectError("the first model does not recommend")
    rivals = Rivals(static)
    for _, month in year_one(rows):
        for visit in visits_of(month):
            rivals.learn(visit.customer, visit.lines)
    return rivals


def _maybe_force(project: Project, client: Client, day: Day) -> None:
    """Once, from SABOTAGE on and when no canary is out: a person forces a bad model past the gates."""
    store = project.store
    if day.end < SABOTAGE or store.settings.get("forced") or store.releases.list(project.config.endpoint, "canary"):
        return
    force_shuffled(project)
    store.settings.set("forced", True)
    client.post("/control/refresh", {})


def summarise(project: Project, replay: Replay, story: Story, seconds: float) -> JsonObject:
    """The whole replay as the JSON that `--json` writes."""
    store, live = project.store, project.live
    acknowledged = {one.prediction for one in replay.scored}
    stored = live.predictions.find(acknowledged)
    kept = sum(live.outcomes.count().values())
    events = store.events.list()
    kinds = Counter(event.kind for event in events)
    decisions = store.decisions.list()
    latencies = sorted(p.latency_us for p in stored.values())
    return {
        "days": story.days or LAST_DAY,
        "seed": story.seed,
        "seconds": round(seconds, 1),
        "requests": len(replay.scored),
        "predictions": len(stored),
        "outcomes": kept,
        "lost": len(acknowledged - set(stored)) + max(0, replay.outcomes - kept),
        "alarms": [{"at": to_iso(e.at), **e.data} for e in events if e.kind == "alarm"],
        "decisions": [
            {"at": to_iso(d.at), "action": d.action, "reason": d.reason, "evidence": d.evidence} for d in decisions
        ],
        "retrains": sum(d.action == "retrain" for d in decisions),
        "refused": kinds["refused"],
        "promoted": kinds["promoted"],
        "rolled_back": kinds["rolled_back"],
        "latency_ms": {"p50": _quantile(latencies, 0.5) / 1000, "p99": _quantile(latencies, 0.99) / 1000},
        "months": months(replay.scored),
        "difference": {
            f"loop_{arm}": difference(replay.scored, arm, story.seed) for arm in ("static", "buy_again", "popularity")
        },
    }


def _quantile(values: list[int], q: float) -> float:
    return float(values[min(len(values) - 1, int(q * len(values)))]) if values else 0.0


def run_demo(
    story: Story,
    *,
    fresh: bool = False,
    port: int = 8080,
    json_file: Path | None = None,
    log_file: Path | None = None,
    tell: Tell,
    afterwards: Callable[[Project, Client, JsonObject], None] | None = None,
) -> JsonObject:
    """Play the story; the summary. ``afterwards`` is called while the server still runs (to look at the page)."""
    began = time.monotonic()
    rows = read_cut()
    if story.shuffle_customers:
        rows = shuffled(rows, story.seed)
    with prepare(story, fresh, tell) as project:
        first_year(project, rows, tell)
        with server(project, _free(port), tell) as client:
            replay = play(project, client, story, rows, tell)
            summary = summarise(project, replay, story, time.monotonic() - began)
            if json_file:
                _write(json_file, json.dumps(summary, indent=2))
            if log_file:
                write_log(replay.scored, str(log_file))
            if afterwards:
                afterwards(project, client, summary)
    return summary


def _write(path: Path, text: str) -> None:
    temporary = path.with_name(path.name + ".part")
    temporary.write_text(text + "\n", "utf-8")
    os.replace(temporary, path)


__all__ = ["SABOTAGE", "Scored", "Story", "run_demo"]
