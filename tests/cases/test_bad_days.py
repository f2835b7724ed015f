"""Bad days: full disks, files that vanish, corrupt stores, bodies of other programs; what cannot be kept is said."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cases.projects import SALES_TOML, Folder, sales
from tests.serve.real import Scorer, scorer
from tests.small_disk import fill
from tidemill.errors import TidemillError
from tidemill.ops import predictions
from tidemill.scope.project import open_project
from tidemill.serve.supervisor import login_address

INPUTS = {"pages": 9, "spent": 20.0, "member": True, "country": "FR", "ts": "2024-10-09T10:00:00Z"}
ASK = {"inputs": INPUTS}

# the disk and the files --------------------------------------------------------------------------------------------


@pytest.fixture
def full(champion: Path, disk: Path) -> Iterator[Scorer]:
    """A server whose disk is full."""
    root = Path(shutil.copytree(champion, disk / "visits"))
    with open_project(root) as project, scorer(project) as running:
        assert running.ask("POST", "/predict/visits", ASK)[0] == 200
        fill(disk)
        yield running


def test_async_answers_that_cannot_be_kept_are_said(full: Scorer) -> None:
    """`ack=async` on a full disk: refused, or the server says that it is not well; never 200 and ok for ever."""
    found = [full.ask("POST", "/predict/visits?ack=async", ASK)[0] for _ in range(3)]
    while full.ask("POST", "/predict/visits", ASK)[0] == 200:
        pass  # until the disk has said no to somebody who waits for it
    found.append(full.ask("POST", "/predict/visits?ack=async", ASK)[0])
    health = full.ask("GET", "/healthz")[1]["status"]
    assert found[-1] in (503, 507) or health != "ok"


def test_a_full_disk_shows_no_path_of_the_server(full: Scorer, disk: Path) -> None:
    """What a client is told of a full disk names no folder of this machine."""
    status, problem = 200, None
    while status == 200:
        status, problem = full.ask("POST", "/predict/visits", ASK)
    assert status == 507 and str(disk) not in json.dumps(problem)


@pytest.mark.parametrize("how", ["removed", "cut"])
def test_a_live_database_that_vanishes_loses_no_acknowledged_answer(released: Folder, how: str) -> None:
    """The server notices that its file is not the one in the folder: it refuses, or what it acknowledged is there."""
    live = released.root / ".tidemill/live.db"
    with open_project(released.root) as project, scorer(project) as running:
        running.ask("POST", "/predict/visits", ASK)
        for path in (live, live.with_name("live.db-wal"), live.with_name("live.db-shm")):
            if path.exists() and how == "removed":
                path.unlink()
            elif path.exists() and path.suffix == ".db":
                os.truncate(path, 4_096)
        said = [running.ask("POST", "/predict/visits", ASK) for _ in range(5)]
    acknowledged = {found["prediction_id"] for status, found in said if status == 200}
    kept = set()
    with contextlib.suppress(TidemillError), open_project(released.root) as project:
        kept = {given.id for given in predictions.ls(project).items}
    assert acknowledged <= kept


@pytest.mark.parametrize("name", ["tidemill.db", "live.db"])
@pytest.mark.parametrize("command", ["status", "doctor"])
def test_a_corrupt_database_is_said(released: Folder, name: str, command: str) -> None:
    """Status and doctor say which store cannot be read and what to do; it is no defect of theirs."""
    path = released.root / ".tidemill" / name
    path.write_bytes(b"\xa5" * path.stat().st_size)
    for rest in (f"{name}-wal", f"{name}-shm"):
        path.with_name(rest).unlink(missing_ok=True)
    done = released.apart(command)
    assert done.returncode in (4, 9), done.stderr
    assert "defect" not in done.stderr and "Traceback" not in done.stderr
    assert name in done.stdout + done.stderr


# requests of other programs ----------------------------------------------------------------------------------------


def body(server: Scorer, data: bytes, **headers: str) -> tuple[int, Any]:
    """The answer to these very bytes."""
    sent = {"Authorization": f"Bearer {server.token}", "Host": "127.0.0.1", "Content-Length": str(len(data)), **headers}
    head = "".join(f"{name}: {value}\r\n" for name, value in sent.items())
    answer = server.raw(f"POST /predict/visits HTTP/1.1\r\n{head}Connection: close\r\n\r\n".encode() + data)
    first, _, rest = answer.partition(b"\r\n\r\n")
    return int(first.split()[1]), json.loads(rest)


@pytest.mark.parametrize(
    "path",
    [
        f"/api/data/visits/versions/{2**63}/profile",
        f"/api/data/visits/versions/{2**63}/quarantine",
        f"/api/data/visits?version={2**63}",
        f"/api/data/visits/diff?first={2**63}&second=1",
        f"/api/models/{2**63}",
        f"/api/runs?limit={2**63}",
    ],
)
def test_a_number_that_no_store_can_hold_is_a_problem_document(server: Scorer, path: str) -> None:
    """Integers from 2^63 on in a path or a query: a refusal with its code, no 500."""
    status, problem = server.ask("GET", path)
    assert 400 <= status < 500 and problem["code"]


def test_a_key_that_is_there_twice_is_refused(server: Scorer) -> None:
    """JSON with the same key twice means two things: it is refused."""
    status, problem = body(server, b'{"inputs": {"pages": 1, "pages": 9, "ts": "2024-10-09T10:00:00Z"}}')
    assert status == 400, problem


def test_a_compressed_body_is_named(server: Scorer) -> None:
    """A gzip body is read, or the message says that it is gzip."""
    import gzip

    status, found = body(server, gzip.compress(json.dumps(ASK).encode()), **{"Content-Encoding": "gzip"})
    assert status == 200 or "gzip" in json.dumps(found) or "Content-Encoding" in json.dumps(found)


def test_a_byte_order_mark_is_read_or_named(server: Scorer) -> None:
    """A body that begins with a byte order mark is read, or the message says so."""
    status, found = body(server, b"\xef\xbb\xbf" + json.dumps(ASK).encode())
    assert status == 200 or "byte order mark" in json.dumps(found) or "BOM" in json.dumps(found)


# secrets and names -------------------------------------------------------------------------------------------------


def test_a_password_in_an_address_is_not_shown(shop: Folder) -> None:
    """A source with a password in it: no message repeats it."""
    shop.change("tidemill.toml", "data/sales/*.{csv,parquet}", "postgresql://ann:geheim@db.example/shop")
    done = shop.tidemill("run")
    assert done.returncode == 2 and "geheim" not in done.stdout + done.stderr


STEPS = """\
from tidemill import pipeline, step
@step
def twice(n: int) -> int:
    "Twice as much."
    return 2 * n
@pipeline
def own(n: int, password: str) -> dict[str, object]:
    "Just that."
    return {"twice": twice(n)}
"""


def test_a_password_given_to_a_pipeline_is_not_shown(shop: Folder) -> None:
    """A parameter named like a secret is kept as one: `runs show` and `runs ls` do not repeat it."""
    shop.write("steps.py", STEPS)
    made = shop.json("run", "steps:own", "-p", "n=2", "-p", "password=geheim")
    assert "geheim" not in json.dumps([shop.json("runs", "show", made["run"]), shop.json("runs", "ls")])


@pytest.mark.parametrize("name", ["champion", "latest", "challenger"])
def test_a_model_is_not_called_like_an_alias(shop: Folder, name: str) -> None:
    """`model:latest@1` would mean two things: such a name is refused where it is given."""
    shop.change("tidemill.toml", 'name = "shop"', f'name = "{name}"')
    assert shop.tidemill("status").returncode == 2


def test_a_nul_in_the_path_of_a_contract_is_refused(shop: Folder) -> None:
    """It is an error of the configuration at its line, no defect."""
    shop.change("tidemill.toml", "contracts/sales.yaml", "contracts/\\u0000sales.yaml")
    for words in (("data", "check"), ("run",), ("doctor",)):
        done = shop.tidemill(*words)
        assert done.returncode in (2, 3, 9) and "unexpected" not in done.stderr, done.stderr


# commands ----------------------------------------------------------------------------------------------------------


def test_time_limits_of_jobs_can_be_set(shop: Folder) -> None:
    """A training of more than an hour and an ingest of more than ten minutes need not be killed."""
    (shop.root / "tidemill.toml").write_text(SALES_TOML + '[jobs]\ntrain = "9 hours"\ningest = "2 hours"\n')
    with open_project(shop.root) as project:
        assert (project.limit("train"), project.limit("ingest")) == (9 * 3_600, 2 * 3_600)


def test_run_says_by_its_exit_code_that_the_gates_refused(refused: tuple[Folder, int]) -> None:
    """As `release start` does: 7."""
    assert refused[1] == 7


def test_an_error_is_json_where_json_is_asked_for(shop: Folder) -> None:
    """`--json` holds for what goes wrong, too: a problem with its code."""
    shop.change("tidemill.toml", "task =", "tusk =")
    done = shop.tidemill("status", "--json")
    assert done.returncode == 2
    problem = json.loads(done.stdout or done.stderr)
    assert problem["code"] == "config"


def test_an_unknown_status_is_refused(shop: Folder) -> None:
    """`runs ls --status bogus` is a mistake, not an empty list."""
    shop.write("data/sales/a.csv", *sales(20))
    shop.ingest()
    assert shop.tidemill("runs", "ls", "--status", "bogus").returncode == 2


def test_the_address_of_a_login_is_kept_nowhere(released: Folder) -> None:
    """The link that opens the page once stands on the terminal, and in no file of the project."""
    with open_project(released.root) as project:
        code = login_address(project, "http://127.0.0.1:8080").partition("code=")[2]
    kept = [p for p in (released.root / ".tidemill").rglob("*") if p.is_file() and code.encode() in p.read_bytes()]
    assert kept == []
