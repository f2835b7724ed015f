"""What a step touches that its fingerprint cannot see is recorded, and such a step is not reused unless declared."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.engine.conftest import Place
from tidemill.engine import Context, pipeline, step
from tidemill.engine.fingerprint.impurity import Recorder, watching


def seen(root: Path, work: Callable[[], Any], *allowed: Path) -> list[str]:
    recorder = Recorder(root, allowed)
    with watching(recorder):
        work()
    return list(recorder.seen)


def connect(port: int) -> None:
    with socket.socket() as s:
        s.connect_ex(("127.0.0.1", port))


@pytest.mark.parametrize(
    "work,says",
    [
        (lambda root: (root / "data.csv").read_text(), ["reads data.csv"]),
        (lambda root: open(root / "out.txt", "w").close(), ["writes out.txt"]),
        (lambda root: open(root / "data.csv", "a").close(), ["writes data.csv"]),
        (lambda root: os.listdir(root / "sub"), ["reads sub"]),
        (lambda root: list((root / "sub").iterdir()), ["reads sub"]),
        (lambda root: os.remove(root / "data.csv"), ["changes data.csv"]),
        (lambda root: np.load(root / "a.npy"), ["reads a.npy"]),
        (lambda root: connect(9), ["network ('127.0.0.1', 9)"]),
        (lambda root: subprocess.run([sys.executable, "-c", ""]), [f"process {sys.executable}"]),
        (lambda root: np.random.normal(), ["chance without the seed (a global random generator)"]),
        (lambda root: os.environ.__setitem__("TIDEMILL_TEST_ONLY", "1"), ["environment changed"]),
    ],
)
def test_touching_the_outside_is_seen(tmp_path: Path, work: Callable[[Path], Any], says: list[str]) -> None:
    (tmp_path / "data.csv").write_text("a")
    (tmp_path / "sub").mkdir()
    np.save(tmp_path / "a.npy", np.zeros(2))
    outside_temp = Path(__file__).parent
    recorder = Recorder(tmp_path)
    recorder._temp = str(outside_temp)  # pytest's folder is a temporary one; here it stands for a project
    with watching(recorder):
        work(tmp_path)
    os.environ.pop("TIDEMILL_TEST_ONLY", None)
    assert [s for s in recorder.seen if "/dev/null" not in s] == says


def own_files() -> None:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "x").write_text("1")
        assert (Path(folder) / "x").read_text() == "1"
    with tempfile.NamedTemporaryFile("w+") as file:
        file.write("1")


@pytest.mark.parametrize(
    "work",
    [
        lambda: __import__("json.tool"),
        own_files,
        lambda: np.random.default_rng(3).normal(),
        lambda: open(os.devnull, "w").close(),
        lambda: os.urandom,
        lambda: threading.active_count(),
    ],
)
def test_what_is_harmless_is_not_seen(tmp_path: Path, work: Callable[[], Any]) -> None:
    assert seen(tmp_path, work) == []


def test_what_libraries_do_while_they_are_imported_is_not_the_steps_doing(tmp_path: Path) -> None:
    script = """
import sys
from pathlib import Path
from tidemill.engine.fingerprint.impurity import Recorder, watching
recorder = Recorder(Path(sys.argv[1]))
with watching(recorder):
    import lightgbm, numpy as np, polars as pl, scipy.stats
    pl.DataFrame({"a": [1]}).lazy().collect()
    data = lightgbm.Dataset(np.random.default_rng(0).normal(size=(50, 2)), np.arange(50))
    lightgbm.train({"verbose": -1, "num_threads": 1, "seed": 1}, data, 2)
print(list(recorder.seen))
"""
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_the_artifact_folder_is_the_engines_own(tmp_path: Path) -> None:
    (tmp_path / "artifacts").mkdir()
    (tmp_path / "artifacts" / "x").write_text("1")
    assert seen(tmp_path, (tmp_path / "artifacts" / "x").read_text, tmp_path / "artifacts") == []


def test_threads_that_a_step_starts_are_watched_as_the_step(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("1")
    (tmp_path / "b").write_text("1")

    def work() -> None:
        thread = threading.Thread(target=lambda: (tmp_path / "a").read_text())
        thread.start()
        thread.join()

    assert seen(tmp_path, work) == ["reads a"]


def test_threads_that_were_there_before_are_not(tmp_path: Path) -> None:
    (tmp_path / "b").write_text("1")
    go = threading.Event()

    def read_later() -> None:
        go.wait(30)
        (tmp_path / "b").read_text()

    stranger = threading.Thread(target=read_later)
    stranger.start()

    def work() -> None:
        go.set()
        stranger.join()

    assert seen(tmp_path, work) == []


def test_a_name_that_is_no_text_is_spelled_out(tmp_path: Path) -> None:
    (tmp_path / "caf\udce9").write_text("1")
    assert seen(tmp_path, (tmp_path / "caf\udce9").read_text) == ["reads caf\\udce9"]


def test_a_flood_is_summed_up(tmp_path: Path) -> None:
    def work() -> None:
        for i in range(100):
            (tmp_path / f"f{i}").exists()
            open(tmp_path / f"f{i}", "w").close()

    found = seen(tmp_path, work)
    assert len(found) == 21 and found[-1] == "and more"


def test_side_by_side_a_global_generator_is_seen_too(tmp_path: Path) -> None:
    """Nobody can say which of the steps it was: each is taken for it."""
    gate = threading.Barrier(2, timeout=30)
    found: dict[str, list[str]] = {}

    def one(name: str) -> None:
        recorder = Recorder(tmp_path)
        with watching(recorder):
            gate.wait()
            np.random.normal()
            gate.wait()
        found[name] = list(recorder.seen)

    threads = [threading.Thread(target=one, args=(name,)) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    said = ["chance without the seed (a global random generator)"]
    assert found == {"a": said, "b": said}


# in a run


@step
def reads_a_file(ctx: Context) -> str:
    return (ctx.root / "data.txt").read_text()


@step(impure="follows the file")
def declared_impure(ctx: Context) -> str:
    return (ctx.root / "data.txt").read_text()


@step(version=lambda ctx, arguments: (ctx.root / "data.txt").read_text())
def declared_version(name: str, ctx: Context) -> str:
    return (ctx.root / "data.txt").read_text()


@step(version="the file never changes")
def declared_text(ctx: Context) -> str:
    return (ctx.root / "data.txt").read_text()


@step
def asks_the_store(ctx: Context) -> int:
    return len(ctx.store.runs.page())


@step
def uses_seed_and_artifacts(ctx: Context) -> str:
    return f"{ctx.seed} {ctx.artifacts.put(b'1')}"


@pipeline
def flow() -> Any:
    return {
        "a": reads_a_file(),  # type: ignore[call-arg]
        "b": declared_impure(),  # type: ignore[call-arg]
        "c": declared_version("x"),  # type: ignore[call-arg]
        "d": declared_text(),  # type: ignore[call-arg]
        "e": asks_the_store(),  # type: ignore[call-arg]
        "f": uses_seed_and_artifacts(),  # type: ignore[call-arg]
    }


def test_an_impure_step_is_recorded_and_not_reused_unless_declared(place: Place) -> None:
    data = place.root / "data.txt"
    data.write_text("one")
    first = place.run(flow)
    impure = {name: step.impure for name, step in place.steps(first.run.id).items()}
    assert impure["reads_a_file"] == ("reads data.txt",)
    assert impure["declared_impure"] == ("declared: follows the file", "reads data.txt")
    assert impure["asks_the_store"] == ("metadata store",)
    assert impure["uses_seed_and_artifacts"] == ()
    cached = {"declared_version", "declared_text", "uses_seed_and_artifacts"}
    second = place.run(flow)
    assert {n for n, s in place.status(second.run.id).items() if s == "cached"} == cached
    data.write_text("two")
    third = place.run(flow)
    assert {n for n, s in place.status(third.run.id).items() if s == "cached"} == cached - {"declared_version"}
    assert {k: third.outputs[k] for k in "abcd"} == {"a": "two", "b": "two", "c": "two", "d": "one"}
    reseeded = place.run(flow, seed=1)
    assert place.status(reseeded.run.id)["uses_seed_and_artifacts"] == "done"
