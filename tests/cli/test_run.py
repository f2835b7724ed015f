"""`tidemill run steps:NAME`: a project's own pipeline, also where its steps run in children that can be killed."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from tidemill.cli.main import main
from tidemill.recipes.new import new_project
from tidemill.scope.project import open_project

STEPS = """
import os

from tidemill import Context, Table, pipeline, step


@step(isolate=True, impure="reads the newest version of the dataset")
def bought(ctx: Context) -> Table:
    from tidemill.data.tables.tables import open_tables

    ctx.store.settings.set("pids", [os.getpid(), os.getppid()])
    return open_tables(ctx.resource("project")).read("sales").collect()


@step(timeout="60 s")
def count(rows: Table, ctx: Context) -> int:
    from tidemill.store.records import Prediction

    project = ctx.resource("project")
    now = project.clock.now()
    said = Prediction("pred_1", "shop", now, "7", "model:shop@1", "rel_1", "champion", b"{}", b"{}", 0, 1)
    project.live.append([said], [], [])  # nobody waits for this one
    return rows.height


@pipeline
def counted() -> int:
    return count(bought())
"""


@pytest.fixture
def shop(tmp_path, monkeypatch):
    monkeypatch.setenv("TIDEMILL_HOME", str(tmp_path / "home"))
    new_project(tmp_path / "shop")
    (tmp_path / "shop/steps.py").write_text(STEPS)
    rows = ["invoice,stock_code,description,quantity,invoice_date,price,customer_id,country"]
    rows += [f"10000{n},A{n},thing,1,2010-01-0{n} 10:00:00,1.5,{n},UK" for n in range(1, 6)]
    (tmp_path / "shop/data/sales/one.csv").write_text("\n".join(rows) + "\n")
    return tmp_path / "shop"


def test_steps_in_children_get_the_project_and_what_they_wrote_is_kept(shop, capsys):
    from tidemill.data.pipeline import ingest

    with open_project(shop) as project:
        ingest(project, "sales")
    main(["run", "steps:counted", "--project", str(shop), "--json"])
    told = json.loads(capsys.readouterr().out)
    assert told["status"] == "done"
    with open_project(shop) as project:
        own, parent = project.store.settings.get("pids")
        assert json.loads(project.artifacts.get(told["result"])) == 5
        assert own != parent == os.getpid()
        assert project.live.predictions.count() == 1


BROKEN = {
    "a syntax error": ("def f(:\n    pass\n", "tidemill: steps.py:1: SyntaxError: "),
    "a missing module": ("import math\nimport no_such_thing\n", "tidemill: steps.py:2: ModuleNotFoundError: "),
    "an exception at import": ("x = 1\n\ny = x / 0\n", "tidemill: steps.py:3: ZeroDivisionError: "),
    "an exception in a step": (
        "from tidemill import pipeline, step\n\n\n@step\ndef broken() -> int:\n    return int('many')\n\n\n"
        "@pipeline\ndef counted() -> int:\n    return broken()\n",
        "step broken (steps.py:6): ValueError: ",
    ),
}


@pytest.mark.parametrize("what", BROKEN)
def test_what_is_wrong_in_a_projects_own_code_is_said_with_its_line(shop, capsys, what):
    source, said = BROKEN[what]
    (shop / "steps.py").write_text(source)
    with pytest.raises(SystemExit) as caught:
        main(["run", "steps:counted", "--project", str(shop)])
    told = capsys.readouterr().err
    assert caught.value.code == 5
    assert said in told and "mend it" in told and "defect" not in told
    assert told.count(".tidemill/logs/steps.log") == 1
    kept = shop / ".tidemill/logs/steps.log"
    assert "Error" in kept.read_text() and kept.stat().st_mode & 0o777 == 0o600


def test_a_step_is_shown_with_the_time_that_people_waited(monkeypatch, capsys):
    from tidemill.cli.run import steps_shown

    now = [5.0]
    monkeypatch.setattr("tidemill.cli.run.monotonic", lambda: now[0])
    with steps_shown(False) as tell:
        tell("started", {"step": "sleeps"})
        now[0] += 2.25
        tell("finished", {"step": "sleeps", "cpu_us": 10})
    assert capsys.readouterr().err.split() == ["sleeps", "finished", "2.25", "s"]


NOISY = """
import os

from tidemill import pipeline, step


@step(impure="is watched as it goes")
def here() -> int:
    print("said here")
    os.write(1, b"written here\\n")
    return 1


@step(isolate=True, impure="is watched as it goes")
def apart(x: int) -> int:
    print("said apart")
    return x


@pipeline
def counted() -> int:
    return apart(here())
"""


def tidemill(shop, *args, **more):
    command = [sys.executable, "-m", "tidemill.cli.main", "run", "steps:counted", "--project", str(shop), *args]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, **more)


def test_what_steps_print_is_no_part_of_the_json(shop):
    (shop / "steps.py").write_text(NOISY)
    with tidemill(shop, "--json", stderr=subprocess.PIPE) as process:
        out, err = process.communicate(timeout=120)
    assert json.loads(out)["result"]
    assert {"said here", "written here", "said apart"} <= set(err.split("\n"))


def test_a_run_that_nobody_listens_to_goes_on_to_its_end(shop):
    (shop / "steps.py").write_text(NOISY.replace('    print("said here")\n    os.write(1, b"written here\\n")\n', ""))
    reading, writing = os.pipe()
    os.close(reading)  # as ``2>&1 | head -1`` does, at once
    with tidemill(shop, stderr=writing) as process:
        os.close(writing)
        assert process.communicate(timeout=120)[0]
    with open_project(shop) as project:
        (run,) = project.store.runs.page(pipeline="counted")
        assert run.status == "done" and run.error is None


WAITING = """
from pathlib import Path

from tidemill import Context, pipeline, step


@step(impure="waits for the test")
def waits(ctx: Context) -> str:
    print("begun", flush=True)
    return (ctx.root / "gate").read_text()


@pipeline
def counted() -> str:
    return waits()
"""


def test_two_commands_at_once_are_one_run(shop):
    (shop / "steps.py").write_text(WAITING)
    os.mkfifo(shop / "gate")
    with tidemill(shop) as first:
        try:
            assert first.stdout.readline() == "begun\n"
            second = subprocess.run(first.args, capture_output=True, text=True, timeout=120)
            assert second.returncode == 4 and second.stdout == ""
            assert f":{first.pid}:" in second.stderr and "wait for it, or stop that process" in second.stderr
            (shop / "gate").write_text("open")
            assert "done" in first.communicate(timeout=120)[0]
        finally:
            first.kill()
    assert first.returncode == 0
    with open_project(shop) as project:
        assert [run.status for run in project.store.runs.page(pipeline="counted")] == ["done"]
