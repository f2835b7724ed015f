"""What the command line says when something is mistyped or unknown: the right exit code, and the hint."""

from __future__ import annotations

import gzip
import json
import re
import shutil
from pathlib import Path

import pytest

from tests.cli.test_data import typed
from tests.data.small import DAY_1, DAY_2, drop, lay
from tests.release.made import add_model
from tidemill.data.pipeline import ingest
from tidemill.scope.project import open_project
from tidemill.store.records import Decision, Run
from tidemill.testing import records as sample

STEPS = """from tidemill import Context, Table, pipeline, step

@step
def one() -> int:
    return 1

@pipeline
def weekly() -> int:
    return one()
"""


LISTS = [
    ("runs", "ls"),
    ("models", "ls"),
    ("release", "status"),
    ("decisions", "ls", "--all"),
    ("alarms",),
    ("estimates",),
    ("data", "ls"),
    ("data", "show", "sales"),
    ("token", "ls"),
    ("data", "quarantine", "sales"),
]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project, and beside it its home: made once, and looked at as a copy by each test."""
    base = tmp_path_factory.mktemp("made")
    folder = lay(base / "shop")
    (folder / "steps.py").write_text(STEPS)
    drop(folder, "1.csv", DAY_1)
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("TIDEMILL_HOME", str(base / "home"))
        with open_project(folder) as project:
            ingest(project, "sales")
            drop(folder, "2.csv", DAY_2)
            ingest(project, "sales")
            add_model(project, 1)
    return base


@pytest.fixture
def shop(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TIDEMILL_HOME", str(tmp_path / "home"))
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path / "shop")
    return tmp_path / "shop"


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("predict", "--inputs", "{bad"), 2, "--inputs is not JSON"),
        (("run", "nope"), 2, "write it as steps:NAME"),
        (("run", "-p", "window=90d"), 2, "--param is for a pipeline of your own"),
        (("run", "steps:weekli"), 2, "did you mean 'weekly'?"),
        (("run", "steps:xyz"), 2, "known: weekly"),
        (("impact", "data/sales/1.csv"), 2, "as file:data/sales/1.csv"),
        (("impact", "fiel:x"), 2, "file, dataset, model"),
        (("infer",), 2, "did you mean tidemill data infer?"),
        (("data", "infer", "tidemill.toml"), 2, "tidemill.toml is no table"),
        (("impact", "file:data/sales/3.csv"), 4, "did you mean 'data/sales/"),
        (("impact", "file:sha256:000000000000"), 4, "tidemill data show DATASET lists them"),
        (("impact", "model:x"), 4, "known: "),
        (("impact", "dataset:sales@9"), 4, "the last one is 2"),
        (("impact", "dataset:sails@1"), 4, "did you mean 'sales'?"),
        (("impact", "dataset:sales"), 4, "a dataset is named dataset:NAME@VERSION"),
        (("impact", "subject:nobody"), 4, "as in the dataset's rows"),
        (("data", "show", "sails"), 4, "did you mean 'sales'?"),
        (("runs", "show", "run_x"), 4, "tidemill runs ls"),
        (("decisions", "show", "x"), 4, "tidemill decisions ls --all"),
        (("alarms", "close", "x", "--reason", "y"), 4, "tidemill alarms ls lists them"),
        (("predict", "--inputs", '{"a": 1, "a": 2}'), 2, "--inputs: the key 'a'"),
        (("trace", "pred_x"), 4, "its id stands in the answer"),
        (("rollback",), 4, "tidemill run makes the first"),
        (("rollback", "because"), 4, "--reason 'because'"),
    ],
)
def test_mistyped_or_unknown(
    shop: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], code: int, says: str
) -> None:
    got, _, err = typed(capsys, *words)
    assert (got, says in err) == (code, True), err
    assert "Context" not in err and "Traceback" not in err


@pytest.mark.parametrize(
    ("words", "code", "named"),
    [
        (("relase",), 2, "usage"),
        (("runs", "ls", "--status", "bogus"), 2, "usage"),
        (("runs", "ls", "--limit", "x"), 2, "usage"),
        (("runs", "show"), 2, "usage"),
        (("run", "nope"), 2, "bad_request"),
        (("runs", "show", "run_x"), 4, "not_found"),
        (("predict", "7"), 8, "serve"),
        (("status", "--project", "/nowhere"), 2, "usage"),
    ],
)
def test_an_error_is_a_problem_where_json_is_asked_for(
    shop: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], code: int, named: str
) -> None:
    got, out, err = typed(capsys, *words, "--json")
    problem = json.loads(err)
    assert (got, out, problem["code"]) == (code, "", named)
    assert problem["detail"] and problem["hint"] and isinstance(problem["status"], int)


@pytest.mark.parametrize("error", [RuntimeError("boom"), KeyboardInterrupt()])
def test_what_nobody_expected_is_a_problem_too(
    shop: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("tidemill.ops.runs.ls", fails)
    code, out, err = typed(capsys, "runs", "ls", "--json")
    assert code in (1, 130) and out == "" and json.loads(err)["code"] in ("error", "stopped")


def test_the_beginning_of_an_id_names_the_only_record_that_begins_so(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with open_project(shop) as project:
        for name in ("decision_abcdef111", "decision_abcdef222", "decision_xyz"):
            project.store.decisions.add(Decision(name, 10, "none", "q", "q", {}, "sha256:0", {}))
        run = project.store.runs.list()[0].id
    assert typed(capsys, "decisions", "show", "decision_abcdef1")[0] == 0
    code, _, err = typed(capsys, "decisions", "show", "decision_abcdef")
    assert code == 4 and "decision_abcdef111" in err and "decision_abcdef222" in err
    for short in ("decision_abcde", "decision_xy", "decision_", "decision_%bcdef1", "decision_______"):
        assert typed(capsys, "decisions", "show", short)[0] == 4
    assert run in typed(capsys, "runs", "show", run[:-6])[1]


def test_a_run_whose_process_is_gone_is_listed_as_interrupted(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with open_project(shop) as project:
        project.store.runs.add(Run("run_gone", "data", "key_1", "running", "nobody:1:1:1", 5))
        project.store.runs.add(Run("run_here", "data", "key_2", "running", "elsewhere:1:1:1", 6))
        project.store.leases.take("run:key_2", "elsewhere:1:1:1", 600.0)

    def listed(*words: str) -> dict[str, str]:
        return {r["id"]: r["status"] for r in json.loads(typed(capsys, "runs", "ls", *words, "--json")[1])}

    every = listed()
    assert (every["run_gone"], every["run_here"]) == ("interrupted", "running")
    assert listed("--status", "interrupted") == {"run_gone": "interrupted"}
    assert listed("--status", "running") == {"run_here": "running"}
    assert listed("--status", "interrupted", "--pipeline", "model") == {}
    assert json.loads(typed(capsys, "runs", "show", "run_gone", "--json")[1])["run"]["status"] == "interrupted"


@pytest.mark.parametrize("words", LISTS, ids=" ".join)
def test_a_list_fits_a_terminal_of_80_columns(
    shop: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    name = "decision_01jb2x8z5c9m7t4k1q0w3e6r2y"
    with open_project(shop) as project:
        project.store.decisions.add(Decision(name, 10**15, "retrain", "drift", "x " * 90, {}, "sha256:0", {}, run=None))
        project.store.releases.add(sample.release("release_01jb2x8z5c9m7t4k1q0w3e6r2y", previous=None))
        project.store.alarms.add(sample.alarm("alarm_01jb2x8z5c9m7t4k1q0w3e6r2y"))
    for key, value in {"FORCE_COLOR": "1", "NO_COLOR": "1", "COLUMNS": "80", "TERM": "xterm"}.items():
        monkeypatch.setenv(key, value)
    code, out, err = typed(capsys, *words)
    assert code == 0, err
    lines = re.sub(r"\x1b\[[0-9;]*m", "", out).splitlines()
    assert lines and max(map(len, lines)) <= 80, out
    cut = [line for line in lines if re.search(r"\d{4}-\d\d-\d\dT?$|T\d\d:$", line.strip())]
    assert not cut, out
    if words[0] in ("runs", "decisions"):
        assert re.search(r"^(run|decision)_\w{26}\b", "\n".join(lines), re.M), out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("run", "steps:weekly", "-p", "n=1", "-p", "n=2"), "twice"),
        (("run", "steps:weekly", "-p", 'n={"a": 1, "a": 2}'), "twice"),
        (("predict", "--inputs", '{"a": 1, "a": 2}'), "twice"),
        (("feedback", "twice.jsonl"), "twice"),
        (("feedback", "packed.jsonl"), "UTF-8"),
    ],
)
def test_what_means_two_things_or_is_no_text_is_refused(
    shop: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], says: str
) -> None:
    (shop / "twice.jsonl").write_text('\ufeff{"key": "1", "key": "2"}\n')
    (shop / "packed.jsonl").write_bytes(gzip.compress(b"{}"))
    code, _, err = typed(capsys, *words)
    assert code == 2 and says in err


def test_feedback_that_is_no_json_is_a_usage_error(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (shop / "told.jsonl").write_text('{"key": "1"}\n{bad\n')
    got, _, err = typed(capsys, "feedback", "told.jsonl")
    assert got == 2 and "line 2 is not JSON" in err


def test_files_are_listed_and_asked_for_by_path_or_the_beginning_of_their_digest(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, out, _ = typed(capsys, "data", "show", "sales")
    line = next(line for line in out.splitlines() if "data/sales/1.csv" in line)
    name, digest, rows = line.split()
    assert rows == "3" and len(digest) == 19
    told = [json.loads(typed(capsys, "impact", f"file:{it}", "--json")[1]) for it in (name, digest, digest[7:])]
    assert told[0]["ref"].startswith(f"file:{digest}") and told[0]["datasets"] == ["dataset:sales@1 and later"]
    assert told[0] == told[1] == told[2]


def test_no_python_is_printed(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    evidence = {"at": 10, "rows": {"now": 5, "trained": 3}, "alarms": [{"monitor": "drift", "at": 86_400_000_000}]}
    with open_project(shop) as project:
        project.store.decisions.add(Decision("d1", 10, "none", "quiet", "quiet", evidence, "sha256:0", {"drift": True}))
    _, out, _ = typed(capsys, "decisions", "show", "d1")
    assert "now 5, trained 3" in out and "1970-01-02T00:00Z" in out and "{" not in out
    assert json.loads(typed(capsys, "decisions", "show", "d1", "--json")[1])["evidence"]["rows"] == {
        "now": 5,
        "trained": 3,
    }
    _, out, _ = typed(capsys, "impact", "file:data/sales/1.csv")
    assert "{" not in out and "[" not in out
