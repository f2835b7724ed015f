"""The warm child: real jobs through real pipes, and what happens when it dies, hangs or belongs to nobody."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from tests.raised import raised
from tests.retrain.inline import InlineJobs
from tidemill.engine.lease import is_gone, new_owner
from tidemill.errors import LeaseLost
from tidemill.process.guarded import CHANNEL
from tidemill.recipes.new import new_project
from tidemill.recipes.recommend.folder import fit_to_shop
from tidemill.retrain.jobs import JobFailed, Stopped, WorkerJobs
from tidemill.scope.project import Project, hand_on, open_project
from tidemill.store.records import Fence

STEPS = '''
"""A source that does what a file says."""
import os, signal, time
from pathlib import Path
import polars as pl

HERE = Path(__file__).parent

def load_sales():
    word = (HERE / "word").read_text()
    (HERE / "pid").write_text(str(os.getpid()))
    print("a library that prints to stdout")
    if word == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if word == "hang":
        time.sleep(3600)
    if word == "crash":
        raise SystemExit("out of here")
    if word == "bug":
        raise ValueError("a bug")
    return pl.read_parquet(HERE / "rows.parquet")
'''


@pytest.fixture
def root(tmp_path: Path, rows: pl.DataFrame, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TIDEMILL_HOME", str(tmp_path / "home"))
    folder = tmp_path / "shop"
    new_project(folder, "recommend", "shop")
    fit_to_shop(folder)
    toml = (folder / "tidemill.toml").read_text()
    (folder / "tidemill.toml").write_text(toml.replace('"data/sales/*.{csv,parquet}"', '"steps:load_sales"'))
    (folder / "steps.py").write_text(STEPS)
    rows.tail(500).write_parquet(folder / "rows.parquet")
    (folder / "word").write_text("go on")
    return folder


@pytest.fixture
def project(root: Path) -> Iterator[Project]:
    with open_project(root) as opened:
        yield opened


@pytest.fixture
def fence(project: Project) -> Fence:
    taken = project.store.leases.take("run:loop", new_owner(), 600)
    assert taken is not None
    return Fence(taken.name, taken.term)


@pytest.fixture
def worker(root: Path, fence: Fence) -> Iterator[WorkerJobs]:
    with (root / "worker.log").open("wb") as log:
        jobs = WorkerJobs(root, fence, log)
        yield jobs
        jobs.abort()


def ingest(jobs: WorkerJobs | InlineJobs, seconds: float = 120.0):
    return jobs.run("ingest", {"dataset": "sales"}, seconds)


def test_one_child_does_many_jobs(worker: WorkerJobs, project: Project, root: Path) -> None:
    first = ingest(worker)
    pid = worker.child.pid
    assert first["version"] == 1 and first["rows"] == project.store.datasets.get("sales").rows
    assert ingest(worker) == {"version": None, "rows": None}
    assert worker.child.pid == pid == int((root / "pid").read_text()) and worker.started == 1
    assert pid != os.getpid()
    worker.close()
    assert "a library that prints" in (root / "worker.log").read_text()


def test_the_same_answer_inline(root: Path, project: Project) -> None:
    assert ingest(InlineJobs(project))["version"] == 1
    with raised(JobFailed, "job ingst") as error:
        InlineJobs(project).run("ingst", {}, 1)
    assert "did you mean 'ingest'" in str(error.value)


@pytest.mark.parametrize("word", ["die", "hang", "bug"])
def test_a_child_that_is_lost_is_told_and_replaced(
    worker: WorkerJobs, project: Project, root: Path, rows: pl.DataFrame, word: str
) -> None:
    assert ingest(worker)["version"] == 1
    (root / "word").write_text(word)
    with pytest.raises(JobFailed) as error:
        ingest(worker, 2.0 if word == "hang" else 120.0)
    said = {"die": "its process was killed by SIGKILL", "hang": "not done within 2 s", "bug": "a bug"}[word]
    assert said in str(error.value)
    lost = int((root / "pid").read_text())
    (root / "word").write_text("go on")
    rows.head(100).write_parquet(root / "rows.parquet")
    assert ingest(worker)["version"] == 2
    assert (worker.child.pid != lost) == (word != "bug") and worker.started == (1 if word == "bug" else 2)
    assert project.store.runs.unfinished() == []


@pytest.mark.parametrize("word", ["stop", "lost"])
def test_asked_to_stop_in_the_middle_of_a_job(root: Path, fence: Fence, project: Project, word: str) -> None:
    """Or the lease is another's: what the child does is for nothing."""
    stop = threading.Event()
    jobs = WorkerJobs(root, fence, **{word: stop})  # type: ignore[arg-type]
    try:
        ingest(jobs)
        (root / "word").write_text("hang")
        (root / "pid").unlink()

        def ask() -> None:
            while not (root / "pid").exists():
                threading.Event().wait(0.01)
            stop.set()

        asker = threading.Thread(target=ask)
        asker.start()
        with pytest.raises(Stopped):
            ingest(jobs)
        asker.join()
        assert jobs.child is None
    finally:
        jobs.abort()


def test_a_child_that_has_grown_old_is_replaced(worker: WorkerJobs, monkeypatch: pytest.MonkeyPatch) -> None:
    ingest(worker)
    monkeypatch.setattr("tidemill.retrain.jobs.RECYCLE_BYTES", 1)
    ingest(worker)
    assert worker.child is None, "it held more than that"
    ingest(worker)
    assert worker.started == 2


def test_what_its_parent_once_held_is_not_its_own(worker: WorkerJobs, monkeypatch: pytest.MonkeyPatch) -> None:
    most = 2**30
    if 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < most:
        bytearray(most)  # a child's greatest size so far, as the system tells it, begins with its parent's
    monkeypatch.setattr("tidemill.retrain.jobs.RECYCLE_BYTES", most)
    ingest(worker)
    assert worker.child is not None


def test_killed_between_two_jobs(worker: WorkerJobs) -> None:
    ingest(worker)
    assert worker.child is not None
    os.kill(worker.child.pid, signal.SIGKILL)
    try:
        again = ingest(worker)
    except JobFailed:  # it died while the job was on its way
        again = ingest(worker)
    assert again["version"] is None and worker.started == 2


def test_it_can_be_killed_with_its_children_and_its_niceness_counts(worker: WorkerJobs) -> None:
    """A process group of its own; but no session of its own, where Linux would give it an even share of the processor."""
    ingest(worker)
    assert worker.child is not None
    assert os.getpgid(worker.child.pid) == worker.child.pid != os.getpgid(0)
    assert os.getsid(worker.child.pid) == os.getsid(0)


def test_whose_loop_leads_no_more_writes_nothing(
    worker: WorkerJobs, project: Project, root: Path, fence: Fence
) -> None:
    """Neither in a job that is asked for, nor in one that was begun before; nor what the worker starts."""
    ingest(worker)
    runs = project.store.runs.list()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TIDEMILL_FENCE", "")
        hand_on(root, fence)
        begun = open_project(root)
    with begun:
        project.fence_by(Fence(fence.name, fence.term + 1))
        with raised(LeaseLost, str(root / ".tidemill/tidemill.db")):
            begun.store.settings.set("x", 1)
        with raised(LeaseLost, str(root / ".tidemill/live.db")):
            begun.live.flush()
    with pytest.raises(JobFailed) as caught:
        ingest(worker)
    assert caught.value.cause == LeaseLost.code
    worker.abort()
    with pytest.raises(JobFailed):
        ingest(worker)
    assert project.store.runs.list() == runs and project.store.settings.get("x") is None


def test_it_dies_with_the_one_who_started_it(root: Path, fence: Fence, worker: WorkerJobs) -> None:
    """A process that starts a worker and is killed at once takes the worker with it."""
    import subprocess
    import sys
    import time

    code = (
        "import sys, time; from pathlib import Path; from tidemill.retrain.jobs import WorkerJobs\n"
        "from tidemill.store.records import Fence\n"
        f"jobs = WorkerJobs(Path({str(root)!r}), {fence!r}); jobs.run('ingest', {{'dataset': 'sales'}}, 120)\n"
        "print(jobs.child.pid, flush=True); time.sleep(600)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    stat = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    parent.kill()
    parent.wait()
    parent.stdout.close()
    until = time.monotonic() + 20
    while not is_gone(f"{os.uname().nodename}:{pid}:{stat}:{new_owner().split(':')[3]}:1"):
        assert time.monotonic() < until, "the worker outlived its owner"
        threading.Event().wait(0.02)


PRIORITIES = """
import os, subprocess, sys, threading
import polars as pl
from tidemill.errors import ConfigError
from tidemill.retrain import worker

def nice_of(thread=0):
    return os.getpriority(os.PRIO_PROCESS, thread)

def policy_of(thread=0):
    return os.sched_getscheduler(thread)

def look(project, params):
    if params["word"] == "wrong":
        raise ConfigError("wrong")
    seen = []
    beside = threading.Thread(target=lambda: seen.append((nice_of(), policy_of())))
    beside.start()
    beside.join()
    pl.select(pl.int_range(1_000).shuffle(1).sort()).lazy().sort("literal").collect()
    project.store.settings.set("written", params["word"])
    child = [sys.executable, "-c", "import os; print(os.getpriority(os.PRIO_PROCESS, 0), os.sched_getscheduler(0))"]
    ours = {t.native_id: t.name for t in threading.enumerate()}
    both = lambda thread: (nice_of(thread), policy_of(thread))
    return {
        "own": both(0), "beside": seen[0], "child": [*map(int, subprocess.check_output(child).split())], "main": both(os.getpid()),
        "writers": [both(i) for i, name in ours.items() if name.startswith("tidemill-writer")],
        "pools": sorted({both(int(i)) for i in os.listdir("/proc/self/task") if int(i) not in ours}),
        "written": project.store.settings.get("written"),
    }

worker.HANDLERS.update(train=look, release=look)
worker.main(sys.argv[1:])
"""


def _comes_back() -> bool:
    """Whether an idle process, as nice as a training, may be an ordinary one again here."""
    tried = "import os; os.nice(10); [os.sched_setscheduler(0, p, os.sched_param(0)) for p in (os.SCHED_IDLE, os.SCHED_OTHER)]"
    return subprocess.run([sys.executable, "-c", tried], capture_output=True).returncode == 0


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="niceness is a thread's own on Linux only")
def test_a_training_gives_way_and_a_release_does_not(root: Path) -> None:
    """Whatever a training starts is nice, the pools of the libraries are; the writers never, nor a release's children."""
    asked = (("release", "release"), ("train", "train"), ("release", "release"), ("train", "wrong"), ("train", "train"))
    jobs = [{"id": i, "kind": kind, "params": {"word": word}} for i, (kind, word) in enumerate(asked)]
    done = subprocess.run(
        [sys.executable, "-c", PRIORITIES, str(root), "run:loop", "1"],
        env={**os.environ, CHANNEL: "0,1"},
        input="".join(json.dumps(job) + "\n" for job in jobs),
        capture_output=True,
        text=True,
        check=True,
    )
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert answers.pop(3)["error"]["detail"] == "wrong"
    first, train, release, again = [answer["result"] for answer in answers]
    nice = os.getpriority(os.PRIO_PROCESS, 0)
    here, quiet = [nice, os.SCHED_OTHER], [min(nice + 10, 19), os.SCHED_IDLE if _comes_back() else os.SCHED_OTHER]
    after = [quiet[0], os.SCHED_OTHER]
    loud = {"own": here, "beside": here, "child": here, "main": here, "writers": [here, here], "written": "release"}
    assert first == {**loud, "pools": [here]} and release == {**loud, "pools": [after]}
    trains = {"own": quiet, "beside": quiet, "child": quiet, "main": here, "writers": [here, here], "pools": [quiet]}
    assert train == again == {**trains, "written": "train"}
