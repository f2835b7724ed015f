"""One answer to "is everything all right?": a state that is not all right never looks so."""

from __future__ import annotations

import ast
import json
import os
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner

from tests.release.made import TOML, add_model, hold
from tidemill.cli.status import status as status_command
from tidemill.data.ingest.refused import Refused, remember
from tidemill.ops import parts as module
from tidemill.ops.doctor import examine
from tidemill.ops.parts import NEEDED, NEXT, Part, _decide, _feedback, _serve, parts
from tidemill.ops.scorers import GONE, ScorerShown
from tidemill.ops.snapshot import Snapshot, leader_of
from tidemill.ops.status import judge, status
from tidemill.scope.names import loop_key
from tidemill.scope.project import Project, open_project
from tidemill.store.payloads import QualityWindow
from tidemill.store.records import DatasetVersion, Event, Run, Window
from tidemill.testing import records as sample
from tidemill.types import DAY, HeldClock, Micros, named_id

NOW: Micros = 100 * DAY
CONTRACT = """
apiVersion: v3.1.0
kind: DataContract
id: sales
version: 1.0.0
status: active
schema:
  - name: sales
    properties: [{name: day, logicalType: date}]
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    monkeypatch.setenv("TIDEMILL_HOME", str(tmp_path / "home"))
    root = tmp_path / "shop"
    root.mkdir()
    (root / "tidemill.toml").write_text(TOML)
    (root / "sales.yaml").write_text(CONTRACT)
    with open_project(root, clock=HeldClock(NOW)) as made:
        yield made


def released(project: Project) -> None:
    """Data, a model, and a champion: everything that an answer needs."""
    fields: dict[str, Any] = {"digest": "sha256:1", "rows": 10, "quarantined": 0, "created": NOW - DAY, "run": None}
    project.store.datasets.add_with(DatasetVersion("sales", 1, 1, time_max=NOW - DAY, **fields), [])
    hold(project, add_model(project, 1), "rel_1")
    project.store.releases.promote("rel_1", NOW - DAY)


def happened(project: Project, kind: str, **data: Any) -> None:
    project.store.events.add(Event(f"event_{kind}", NOW - 1, kind, "endpoint:shop", data))


def part(project: Project, key: str, health: str = "ok") -> Part:
    return next(p for p in parts(Snapshot(project, NOW, {"shop": health})) if p.key == key)


def test_all_right_when_everything_is_there(project: Project) -> None:
    released(project)
    found = status(project, {"shop": "ok"})
    assert found.all_right and found.verdict.state == "ok"
    assert found.champion is not None and found.champion.id == "rel_1" and found.server == "ok"


@pytest.mark.parametrize(("environment", "code"), [("", "gone"), ("staging", "ok")])
def test_a_scorer_that_is_gone_is_a_matter_of_its_own_environment(
    project: Project, environment: str, code: str
) -> None:
    released(project)
    at = Snapshot(project, NOW, {"shop": "ok"})
    there = ScorerShown("two", "http://two", 7, environment, GONE, {"shop": "ok"}, {"shop": {}}, 3, 1, 2)
    vars(at)["scorers"] = [there]
    assert _serve(at).code == code


def test_nothing_yet_is_not_all_right(project: Project) -> None:
    found = status(project, {"shop": "no_model"})
    assert not found.all_right and found.verdict.state == "idle"


def opened(project: Project, monitor: str) -> None:
    """An alarm that a person closes, of a window long ago; all windows since were quiet."""
    project.store.windows.put(sample.window(NOW - DAY, end=NOW, alarm=False))
    project.store.alarms.put(sample.alarm(monitor=monitor, kind=monitor, window=NOW - 30 * DAY))


FAILED = sample.job(kind="watch", status="failed", started=NOW - 1, ended=NOW - 1, error="no column 'count'")
REFUSED = Refused(file="data/sales/b.csv", size=9, contract="c", message="too many bad rows")
WRONG = [
    ("serve", "down", "down", lambda p: None),
    ("serve", "no_model", "no_model", lambda p: None),
    ("serve", "degraded", "degraded", lambda p: None),
    ("decide", "ok", "job_failed", lambda p: p.store.jobs.put(FAILED)),
    ("features", "ok", "skew", lambda p: happened(p, "parity", ok=False)),
    ("data", "ok", "blocked", lambda p: remember(p.store, "sales", {"sha256:b": REFUSED})),
    ("monitor", "ok", "alarms", lambda p: p.store.windows.put(sample.window(NOW - DAY, end=NOW))),
    ("monitor", "ok", "alarms", lambda p: opened(p, "fairness")),
    ("monitor", "ok", "alarms", lambda p: opened(p, "exposure")),
]


@pytest.mark.parametrize(
    ("key", "health", "code", "break_it"), WRONG, ids=[f"{i}-{w[0]}-{w[2]}" for i, w in enumerate(WRONG)]
)
def test_what_is_wrong_is_never_green(project: Project, key: str, health: str, code: str, break_it: Any) -> None:
    released(project)
    if key == "features":
        text = '[features.basket]\nfrom = "sales"\nentity = "day"\nbought = { op = "decayed_count", by = "day", half_life = "60 days" }\n'
        config = project.root / "tidemill.toml"
        config.write_text(TOML + text)
        with open_project(project.root, clock=HeldClock(NOW)) as again:
            break_it(again)
            assert part(again, key, health).code == code and not status(again, {"shop": health}).all_right
        return
    break_it(project)
    assert part(project, key, health).code == code
    assert not part(project, key, health).all_right and not status(project, {"shop": health}).all_right


def test_a_champion_is_one_since_its_promotion(project: Project) -> None:
    released(project)
    champion = project.store.releases.champion("shop")
    assert champion is not None
    project.store.releases.update(champion.id, started=NOW - 10 * DAY, stage_since=NOW - 3 * DAY)
    assert part(project, "release").detail == "shop@1, since 3 days ago"


def test_a_first_model_that_its_gates_refused(project: Project) -> None:
    released(project)
    project.store.releases.update("rel_1", status="refused")
    found = part(project, "release", "no_model")
    assert (found.state, found.code) == ("bad", "refused") and "shop@1" in found.detail
    assert not status(project, {"shop": "no_model"}).all_right


@pytest.mark.parametrize("status_", ["held", "refused"])
def test_without_a_first_model_it_is_said_what_it_waits_for(project: Project, status_: str) -> None:
    """Whoever looks at the server learns what to do, and it is not to run the same again."""
    released(project)
    project.store.releases.update("rel_1", status=status_)
    found = part(project, "serve", "no_model")
    assert (found.state, found.code) == ("idle", status_) and "shop@1" in found.detail
    assert "tidemill run" not in found.next and not status(project, {"shop": "no_model"}).all_right


def test_rows_of_another_year_without_a_promise(project: Project) -> None:
    released(project)
    with open_project(project.root, clock=HeldClock(NOW + 16 * 365 * DAY)) as later:
        found = next(p for p in parts(Snapshot(later, later.clock.now(), {"shop": "ok"})) if p.key == "data")
    assert (found.state, found.code) == ("warn", "old") and "16 years" in found.detail


def test_a_release_that_waits_is_all_right_beside_a_champion_only(project: Project) -> None:
    released(project)
    hold(project, add_model(project, 2), "rel_2")
    assert status(project, {"shop": "ok"}).verdict.state == "waiting" and status(project, {"shop": "ok"}).all_right
    project.store.releases.update("rel_1", status="superseded")
    assert not status(project, {"shop": "no_model"}).all_right


def test_a_run_whose_process_is_gone_is_interrupted(project: Project) -> None:
    project.store.runs.add(Run("run_1", "data", "key_1", "running", "nobody:1:1:1", NOW))
    project.store.runs.add(Run("run_2", "data", "key_2", "running", "elsewhere:1:1:1", NOW))
    project.store.leases.take("run:key_2", "elsewhere:1:1:1", 60.0)
    found = status(project, {"shop": "ok"})
    assert (found.interrupted, found.running) == (["run_1"], ["run_2"])


@pytest.mark.parametrize("key", ["data", "features", "model", "release", "serve", "monitor", "feedback", "decide"])
@pytest.mark.parametrize("state", ["ok", "busy", "waiting", "idle", "warn", "bad"])
def test_the_verdict_is_as_good_as_its_worst_part(key: str, state: str) -> None:
    keys = ("data", "features", "model", "release", "serve", "monitor", "feedback", "decide")
    found = [Part(k, state if k == key else "ok", "", "", "") for k in keys]
    right = state in ("ok", "busy", "waiting") or (state == "idle" and key not in NEEDED)
    assert judge(found).all_right == right


def test_a_training_that_a_decision_asked_for_is_under_way(project: Project) -> None:
    released(project)
    project.store.runs.add(Run("run_1", "model", "key_1", "running", "o", NOW, parent=named_id("decision", "shop")))
    assert part(project, "decide").code == "retraining"


def test_a_team_whose_scorers_answer_without_a_loop_is_not_all_right(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    released(project)
    monkeypatch.setattr(type(project.store), "remote", True)
    at = Snapshot(project, NOW, {"shop": "ok"})
    assert _decide(at).code == "no_loop"
    project.store.leases.take(f"run:{loop_key(project.environment)}", "two:1:1:elsewhere:1", 600)
    assert _decide(at).code != "no_loop" and leader_of(project).startswith("two:")
    monkeypatch.undo()
    said = CliRunner().invoke(status_command, ["--project", str(project.root)]).output
    assert "leads        the loop of two" in said, "docs/team.md promises it of any machine"


def test_a_team_whose_loop_has_no_files_to_read_is_told_so_by_doctor(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def said() -> list[str]:
        return [one.message for one in examine(project) if one.what.startswith("source ") and not one.well]

    up = project.state / "up.json"
    up.write_text(json.dumps({"pid": os.getpid(), "roles": ["scorer", "loop"], "pids": {}}))
    assert said() == [], "files of one folder may be taken away when they are in"
    monkeypatch.setattr(type(project.store), "remote", True)
    (found,) = said()
    assert "nothing new comes in" in found
    up.write_text(json.dumps({"pid": os.getpid(), "roles": ["scorer"], "pids": {}}))
    assert said() == [], "a scorer reads none"


@pytest.mark.parametrize(("roles", "code"), [(["scorer"], "no_loop"), (["scorer", "loop"], "none")])
def test_nor_is_a_folder_whose_server_was_asked_for_no_loop(project: Project, roles: list[str], code: str) -> None:
    released(project)
    (project.state / "up.json").write_text(json.dumps({"pid": os.getpid(), "roles": roles, "pids": {}}))
    assert part(project, "decide").code == code


def said() -> list[tuple[str, str, str]]:
    """(key, state, code) of every part that the code can give, where it says them as they are."""
    tree = ast.parse(Path(module.__file__).read_text())
    calls = [
        n for n in ast.walk(tree) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name) and n.func.id == "Part"
    ]
    words = [[a.value for a in call.args[:3] if isinstance(a, ast.Constant)] for call in calls]
    found = [(w[0], w[1], w[2]) for w in words if len(w) == 3]
    return [*found, *(("serve", "bad", code) for code in module._REFUSES)]


def test_every_state_that_needs_somebody_says_what_to_do() -> None:
    silent = [
        (key, state, code)
        for key, state, code in said()
        if (state in ("warn", "bad", "waiting") or (state == "idle" and key in NEEDED)) and f"{key}.{code}" not in NEXT
    ]
    assert silent == [] and len(said()) > 25
    assert {name.partition(".")[0] for name in NEXT} <= {key for key, _, _ in said()}


@pytest.mark.parametrize(("task", "code"), [("regress", "labels_late"), ("recommend", "none")])
def test_windows_that_wait_for_their_labels_are_said(task: str, code: str) -> None:
    """Each row of a table has a label; of visits many never have one."""
    awaited = [Window("shop", "quality", n * DAY, (n + 1) * DAY, 0, QualityWindow(None, "mae")) for n in range(3)]
    serving = SimpleNamespace(model=SimpleNamespace(task=task))
    at: Any = SimpleNamespace(
        unlabelled=0, awaited=awaited, serving=serving, labels_through=5 * DAY, outcomes={}, windows=lambda name: []
    )
    part = _feedback(at)
    assert part.code == code
    assert code == "none" or ("3 windows" in part.detail and "1970-01-06" in part.detail)
    assert f"feedback.{code}" in NEXT or code == "none"
