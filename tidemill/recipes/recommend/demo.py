"""The demo: a project from the recipe, year one through the three pipelines, then the shop's second year against the running loop.

Nothing in the story is scripted but one release that is overridden by hand (a model whose items are shuffled), which the loop must roll back.
"""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from tidemill.errors import ProjectError, ServeError
from tidemill.process.child import Child
from tidemill.process.supervised import GRACE
from tidemill.process.supervised import log_file as file_to_append
from tidemill.recipes.recommend.compare import Rivals
from tidemill.recipes.recommend.folder import prepared
from tidemill.recipes.recommend.replay import Replay, read_journal
from tidemill.recipes.recommend.result import summarise
from tidemill.recipes.recommend.sabotage import maybe_force
from tidemill.recipes.recommend.shop import Day, days, read_cut, visits_of, year_one
from tidemill.recipes.recommend.story import SABOTAGE, Begin, Chapter, Story, Tell
from tidemill.recipes.recommend.written import check_target, drop_file, write_log, write_summary
from tidemill.retrain.run_all import run_all
from tidemill.scope.project import Project
from tidemill.serve.client import Client
from tidemill.store.artifacts.codecs import get_bundle
from tidemill.tasks.ranking.rank import RecommendScorer
from tidemill.tasks.table import load
from tidemill.types import JsonObject


def first_year(project: Project, rows: Any, tell: Tell) -> None:
    """Drop year one's files and run the three pipelines; each finished step is reused."""
    source = project.root / "data" / "sales"
    for month, part in year_one(rows):
        drop_file(part, source, f"{month}.parquet")
    if project.store.releases.champion(project.endpoint().name) is None:
        tell("stage", {"text": "year one: data → model → release"})
        model = run_all(project, on_event=lambda kind, facts: tell("progress", {"what": kind, **facts})).model
        own, popular = (m["recall@20"] for m in (model.metrics, model.metrics["baselines"]["popularity"]))
        said = f"{own[0]:.3f} ({own[1]:.3f} to {own[2]:.3f}), popularity alone {popular[0]:.3f}"
        tell("stage", {"text": f"model {model.version}: recall@20 on four weeks that it had not seen {said}"})
        tell("stage", {"text": "year two, day by day: each invoice is asked for before it happens"})


@contextmanager
def server(project: Project, port: int, tell: Tell) -> Iterator[Client]:
    """`tidemill up` for this project, stopped at the end. A port that somebody has is no reason to fail: then any free one.

    Raises ServeError with its last words when it does not start.
    """
    if not _is_free(port):
        tell("stage", {"text": f"port {port} is taken: any free one is used (--port N chooses)"})
        port = 0
    with file_to_append(project.logs, "up") as log:
        child = Child("tidemill", ["up", "--project", str(project.root), "--port", str(port)], log=log, grace=GRACE)
    try:
        client = _wait_ready(project, child)
        tell("ready", {"pid": child.pid})
        yield client
        client.close()
    finally:
        child.stop(GRACE)


def _is_free(port: int) -> bool:
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True


def _wait_ready(project: Project, process: Child, seconds: float = 300.0) -> Client:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process.code is not None:
            words = (project.logs / "up.log").read_text("utf-8", "replace").strip().splitlines()
            raise ServeError(
                f"the server did not start: {words[-1] if words else 'no word'}", hint="see .tidemill/logs/up.log"
            )
        up = project.state / "up.json"
        if up.exists() and json.loads(up.read_text("utf-8")).get("pid") == process.pid:
            client = Client.of(project.root)
            if not client.get("/replay/state")["behind"]:
                return client
            client.close()
        time.sleep(0.02)
    raise ServeError(f"the server was not ready in {seconds:.0f} s", hint="see .tidemill/logs/")


def play(
    project: Project, client: Client, story: Story, rows: Any, tell: Tell, began: float, begin: Begin | None = None
) -> Replay:
    """Every day, going on where an earlier process stopped. ``begin``: a chapter beside the story."""
    journal, source = project.state / "replay.jsonl", project.root / "data" / "sales"
    kept = read_journal(journal)
    replay = Replay(client, project.endpoint().name, _rivals(project, rows), source, journal, began)
    chapter = begin(project, client, rows, tell) if begin else None
    shown = {event.id for event in project.store.events.list()} if kept else set()
    for number, day in enumerate(days(rows, story.days), 1):
        if day.start in kept:
            replay.skip(day, kept[day.start])
        else:
            replay.play(day, partial(_end, project, client, day, number, chapter))
        if chapter and day.end == chapter.forgotten_at:
            replay.forget(chapter.customer, day.end, chapter.gone())
        for event in project.store.events.list(since=day.start):
            if event.id not in shown:
                shown.add(event.id)
                tell("event", {"at": event.at, "kind": event.kind, "subject": event.subject, **event.data})
        tell("day", {"day": number, "of": story.length, "at": day.start, "requests": len(replay.scored)})
    return replay


def _end(project: Project, client: Client, day: Day, number: int, chapter: Chapter | None) -> None:
    if chapter:
        chapter.at_end(number)
    if maybe_force(project, day.end, SABOTAGE):
        client.post("/control/refresh", {})


def _rivals(project: Project, rows: Any) -> Rivals:
    """The rivals, who know year one as the server does."""
    first = project.store.models.get(f"model:{project.endpoint().name}@1")
    static = load(get_bundle(project.artifacts, first.bundle))
    if not isinstance(static, RecommendScorer):
        raise ProjectError("the first model does not recommend")
    rivals = Rivals(static)
    for _, month in year_one(rows):
        for visit in visits_of(month):
            rivals.learn(visit.customer, visit.lines)
    return rivals


def run_demo(
    story: Story,
    *,
    fresh: bool = False,
    port: int = 8080,
    json_file: Path | None = None,
    log_file: Path | None = None,
    tell: Tell,
    afterwards: Callable[[Project, Client, JsonObject], None] | None = None,
    begin: Begin | None = None,
) -> JsonObject:
    """Play the story; the summary. ``afterwards`` is called while the server still runs (to look at the page)."""
    began = time.monotonic()
    for file in (json_file, log_file):
        if file is not None:
            check_target(file)
    rows = read_cut()
    with prepared(story, fresh, tell) as project:
        first_year(project, rows, tell)
        with server(project, port, tell) as client:
            replay = play(project, client, story, rows, tell, began, begin)
            summary = summarise(project, replay, story)
            if json_file:
                write_summary(summary, json_file)
            if log_file:
                write_log(replay.scored, log_file)
            if afterwards:
                afterwards(project, client, summary)
    return summary
