"""Bad input, item by item, as a user meets it: a clear error or a marked answer, nothing lost, the last good model serves."""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tests.release.made import sign
from tests.serve.real import start
from tests.serve.test_loading import flip
from tests.typed import typed
from tidemill.access import tokens as auth
from tidemill.access.tokens import SCOPES
from tidemill.errors import NOT_ALL_RIGHT
from tidemill.recipes.recommend.folder import fit_to_shop
from tidemill.recipes.recommend.shop import read_cut
from tidemill.scope.project import Project, open_project
from tidemill.store.artifacts.codecs import get_bundle

pytestmark = pytest.mark.timeout(300)

HEADER = "invoice,stock_code,description,quantity,invoice_date,price,customer_id,country"
GOOD = [f"60000{n},22036,DINOSAUR CARD,{n},2010-12-0{n} 10:00:00,1.5,13564,United Kingdom" for n in range(1, 6)]


@dataclass(frozen=True)
class Shop:
    """A project's folder and the command line on it."""

    root: Path

    def tidemill(self, *words: str, apart: bool = False) -> subprocess.CompletedProcess[str]:
        """What a user types here, in this process (which has the libraries loaded) or in one ``apart``."""
        if not apart:
            return typed(*words, cwd=self.root)
        line = [sys.executable, "-m", "tidemill", *words]
        return subprocess.run(line, cwd=self.root, capture_output=True, text=True, timeout=120, check=False)

    def does(self, *words: str) -> Any:
        """What the command says as JSON; it succeeds."""
        done = self.tidemill(*words, "--json")
        assert done.returncode in ((0, NOT_ALL_RIGHT) if words == ("status",) else (0,)), done.stderr
        return json.loads(done.stdout)

    def refuses(self, code: int, *words: str) -> str:
        """The one line that says what is wrong. The command fails with this exit code and no traceback."""
        done = self.tidemill(*words)
        assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
        assert "Traceback" not in done.stdout + done.stderr and "unexpected" not in done.stderr
        *_, line = done.stderr.splitlines()
        assert line.startswith("tidemill: "), done.stderr
        return line

    def drop(self, name: str, *lines: str) -> Path:
        path = self.root / "data/sales" / name
        path.write_text("".join(f"{line}\n" for line in lines))
        return path

    def quarantined(self) -> dict[str, int]:
        """Reasons, but the repeats that the shop's own export has."""
        found = {row["reason"]: row["rows"] for row in self.does("data", "show", "sales")["quarantine"]}
        return {reason: rows for reason, rows in found.items() if reason != "duplicate"}

    def champion(self) -> str:
        model: str = self.does("status")["champion"]["model"]
        return model

    @property
    def stored(self) -> int:
        *_, newest = sorted(self.does("data", "ls"), key=lambda v: v["version"])
        rows: int = newest["rows"]
        return rows


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A small shop with a champion, made by the commands a user types."""
    base = tmp_path_factory.mktemp("bad")
    patch = pytest.MonkeyPatch()
    patch.setenv("TIDEMILL_HOME", str(base / "home"))
    shop = Shop(base)
    shop.does("new", "shop", "--recipe", "recommend", "--no-data")
    shop = Shop(base / "shop")
    fit_to_shop(shop.root)
    config = shop.root / "tidemill.toml"
    text = config.read_text().replace("trials = 4", "trials = 1")
    config.write_text(text.replace('superior_to = "all"', 'superior_to = "popularity"'))  # too small for buy-again
    _write(shop, "autumn.csv", datetime(2010, 8, 1), datetime(2010, 12, 1))
    assert shop.does("run")["status"] == "champion"
    yield shop.root
    patch.undo()


def _write(shop: Shop, name: str, first: datetime, last: datetime) -> None:
    """A twelfth of the customers' lines of these days."""
    days = pl.col("invoice_date").is_between(first, last, closed="left")
    rows = read_cut().filter(days, pl.col("customer_id").cast(pl.Int64) % 12 == 0)
    rows.with_columns(pl.col("invoice_date").dt.strftime("%Y-%m-%d %H:%M:%S")).write_csv(
        shop.root / "data/sales" / name
    )


@pytest.fixture
def shop(built: Path, tmp_path: Path) -> Shop:
    """A copy to spoil."""
    return Shop(shutil.copytree(built, tmp_path / "shop"))


# the project's files ----------------------------------------------------------------------------------------------


def test_an_unknown_key_in_tidemill_toml(shop: Shop) -> None:
    config = shop.root / "tidemill.toml"
    config.write_text(config.read_text().replace("\nmetric =", "\nmetrik ="))
    for verb in ("run", "up", "status"):
        line = shop.refuses(2, verb)
        assert "tidemill.toml:21: unknown key 'metrik' in [model] - did you mean 'metric'?" in line


def test_a_missing_file(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.does("new", "shop", "--recipe", "recommend", "--no-data")
    shop = Shop(tmp_path / "shop")
    line = shop.refuses(3, "run")
    assert "data/sales/*.{csv,parquet}: " in line and ".csv, .tsv, .parquet" in line
    (shop.root / "contracts/sales.yaml").unlink()
    assert "sales.yaml: no such contract - tidemill data infer writes a first draft" in shop.refuses(3, "data", "check")
    (shop.root / "tidemill.toml").unlink()
    assert "no tidemill.toml in" in shop.refuses(2, "status")
    missing = shop.tidemill("feedback", "none.json")
    assert missing.returncode == 2 and "No such file" in missing.stderr and "Traceback" not in missing.stderr


def test_a_csv_with_a_broken_row(shop: Shop) -> None:
    before = shop.stored
    shop.drop("more.csv", HEADER, *GOOD, "600006,22036,CARD,1", '600007,22036,"CARD,1,2010-12-06 10:00:00,1.5,13564,UK')
    checked = shop.tidemill("data", "check")
    assert checked.returncode == 0 and "broken line: 4 fields instead of 8" in checked.stdout
    told = {f["file"]: f for f in shop.does("data", "check")}["data/sales/more.csv"]
    assert (told["bad"], told["blocked"], told["taken"]) == (2, False, False)
    assert next((row["line"], row["values"]) for row in told["bad_rows"]) == (7, "600006,22036,CARD,1")
    shop.does("run")
    assert shop.stored == before + len(GOOD)
    assert shop.quarantined() == {
        "broken line: 4 fields instead of 8": 1,
        "broken line: a quote that never ends": 1,
    }


def test_wrong_types(shop: Shop) -> None:
    before, champion = shop.stored, shop.champion()
    bad = [
        "600006,22036,CARD,many,2010-12-06 10:00:00,1.5,13564,UK",
        "600007,22036,CARD,1,yesterday,1.5,13564,UK",
        "600008,22036,CARD,1,2010-12-06 10:00:00,inf,13564,UK",
    ]
    reasons = {"quantity: not an integer": 1, "invoice_date: not a time": 1, "price: not a finite number": 1}
    spoilt = shop.drop("spoilt.csv", HEADER, *bad)
    line = shop.refuses(3, "run")
    assert "data/sales/spoilt.csv: 3 of 3 rows (100.00%) break the contract" in line and "tidemill data check" in line
    assert (shop.stored, shop.champion()) == (before, champion)
    assert shop.quarantined() == reasons  # looked at, not thrown away
    spoilt.unlink()
    shop.drop("mixed.csv", HEADER, *GOOD, *bad)
    shop.does("run")
    assert shop.stored == before + len(GOOD)


def test_another_table_than_the_contracts(shop: Shop) -> None:
    path = shop.drop("other.csv", "a,b", "1,2")
    assert "is missing, which the contract contracts/sales.yaml requires" in shop.refuses(3, "run")
    path.write_bytes(b"\xff\xfe\x00\x01")  # UTF-16, which is read: of one column that nobody knows
    assert "data/sales/other.csv: column 'invoice' is missing" in shop.refuses(3, "run")
    path.unlink()
    (shop.root / "data/sales/other.parquet").write_bytes(b"PAR1 and no more")
    assert "other.parquet: not readable as Parquet" in shop.refuses(3, "run")


def counts_of(done: subprocess.CompletedProcess[str], file: str) -> list[int]:
    """The numbers in what is said of a file: rows that are there already, and rows that it has."""
    (line,) = [line for line in done.stderr.splitlines() if file in line]
    return [int(number) for number in re.findall(r"\b\d+\b", line.replace(file, ""))]


def test_the_same_file_twice(shop: Shop) -> None:
    before = shop.does("data", "ls")
    shutil.copy(shop.root / "data/sales/autumn.csv", shop.root / "data/sales/winter.csv")
    done = shop.tidemill("run")
    assert done.returncode == 0
    assert any("data/sales/winter.csv" in line and "data/sales/autumn.csv" in line for line in done.stderr.splitlines())
    assert shop.does("data", "ls") == before


def test_the_same_rows_in_another_file(shop: Shop) -> None:
    before = shop.stored
    shop.drop("more.csv", HEADER, *GOOD)
    shop.does("run")
    shop.drop("again.csv", HEADER, *GOOD, GOOD[0].replace("600001", "600009"))
    done = shop.tidemill("run")
    assert done.returncode == 0, done.stderr
    assert counts_of(done, "data/sales/again.csv") == [5, 6]
    shop.drop("again.csv", HEADER, *GOOD, *(GOOD[0].replace("600001", f"60000{n}") for n in (7, 8, 9)))
    done = shop.tidemill("run")
    assert counts_of(done, "data/sales/again.csv") == [6, 8]
    assert shop.stored == before + len(GOOD) + 3
    assert shop.quarantined() == {}


def test_other_values_under_keys_that_are_in(shop: Shop) -> None:
    before = shop.stored
    shop.drop("more.csv", HEADER, *GOOD)
    shop.does("run")
    shop.drop(
        "again.csv", HEADER, *(line.replace("CARD", "CARDS") for line in GOOD), GOOD[0].replace("600001", "600009")
    )
    assert "again.csv: 5 of 6 rows (83.33%) break the contract" in shop.refuses(3, "run")
    assert shop.stored == before + len(GOOD)


def test_a_header_without_rows(shop: Shop) -> None:
    """A day without sales: the run goes on, and says so."""
    before = shop.stored
    shop.drop("more.csv", HEADER, *GOOD)
    shop.drop("none.csv", HEADER)
    done = shop.tidemill("run")
    assert done.returncode == 0 and "none.csv: it has no rows" in done.stderr
    assert shop.stored == before + len(GOOD)


@pytest.mark.parametrize("content", ["", "\n"])
def test_an_empty_table(shop: Shop, content: str) -> None:
    before = shop.stored
    shop.drop("more.csv", HEADER, *GOOD)
    (shop.root / "data/sales/none.csv").write_text(content)
    line = shop.refuses(3, "run")
    assert "data/sales/none.csv: " in line and " - put rows in it or take it away" in line
    assert shop.stored == before + len(GOOD)  # the file beside it is in


def test_a_future_date(shop: Shop) -> None:
    before = shop.stored
    shop.drop("more.csv", HEADER, *GOOD, GOOD[0].replace("600001", "600009").replace("2010-", "2999-"))
    shop.does("run")
    assert shop.stored == before + len(GOOD)
    assert shop.quarantined() == {"invoice_date: in the future": 1}


# the running server -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Up:
    """A running ``tidemill up``."""

    shop: Shop
    told: dict[str, Any]

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        """Status and JSON. ``body``: bytes as they are, else JSON."""
        connection = http.client.HTTPConnection("127.0.0.1", self.told["port"], timeout=60)
        try:
            sent = {"Authorization": f"Bearer {self.told['token']}", "Content-Type": "application/json", **headers}
            data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
            connection.request(method, path, data, sent)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()

    def refuses(self, status: int, code: str, path: str, body: Any) -> dict[str, Any]:
        """The problem, in words. Afterwards the model answers as before."""
        got, problem = self.ask("POST", path, body)
        assert (got, problem["code"]) == (status, code), problem
        assert problem["detail"] and "Traceback" not in json.dumps(problem)
        assert self.ask("POST", "/predict/shop", {"subject": "13564"})[0] == 200
        return dict(problem)


@pytest.fixture(scope="module")
def up(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    shop = Shop(shutil.copytree(built, tmp_path_factory.mktemp("up") / "shop"))
    line = [sys.executable, "-m", "tidemill", "up", "--port", "0"]
    with subprocess.Popen(line, cwd=shop.root, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("serving shop on http://127.0.0.1:")
        yield Up(shop, json.loads((shop.root / ".tidemill/up.json").read_text()))
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({}, "subject"),
        ({"subject": 13564}, "$.subject"),
        ({"subject": ""}, "$.subject"),
        ({"subject": "a\x00b"}, "$.subject"),
        ({"subject": "7", "k": 0}, "$.k"),
        ({"subject": "7", "k": "20"}, "$.k"),
        ({"subject": "7", "amount": 20}, "$"),
        ([], "$"),
        ("7", "$"),
    ],
)
def test_a_request_with_missing_or_wrong_fields(up: Up, body: Any, place: str) -> None:
    problem = up.refuses(400, "bad_request", "/predict/shop", body)
    assert place in problem["place"] + problem["detail"]


OUTCOME = {"key": "1/a", "subject": "13564", "item": "22036", "value": 1, "at": "2010-12-01T10:00:00Z"}


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"key": ""}, "$.key"),
        ({"item": 7}, "$.item"),
        ({"value": "1"}, "$.value"),
        ({"value": 1e300}, "$.value"),
        ({"at": "yesterday"}, "$.at"),
        ({"at": "2999-01-01T00:00:00Z"}, "$.at"),
        ({"price": 1}, "$"),
    ],
)
def test_an_outcome_with_wrong_fields_and_none_of_its_list_is_taken(up: Up, change: dict[str, Any], place: str) -> None:
    good = {**OUTCOME, "key": f"good beside {place}"}
    problem = up.refuses(400, "bad_request", "/feedback", [good, {**OUTCOME, **change}])
    assert problem["place"].replace("[...]", "[1]") == place.replace("$", "$[1]"), problem
    with open_project(up.shop.root) as project:
        assert project.live.outcomes.look_up(good["key"], "shop", "") is None


@pytest.mark.parametrize("number", [b"NaN", b"Infinity", b"-Infinity", b"1e999"])
def test_nan(up: Up, number: bytes) -> None:
    up.refuses(
        400, "bad_request", "/feedback", json.dumps(OUTCOME).encode().replace(b'"value": 1', b'"value": ' + number)
    )
    up.refuses(400, "bad_request", "/predict/shop", b'{"subject": "7", "k": ' + number + b"}")


@pytest.mark.parametrize("path", ["/predict/shop", "/feedback"])
def test_a_deep_body(up: Up, path: str) -> None:
    up.refuses(400, "bad_request", path, b"[" * 100_000 + b"]" * 100_000)
    up.refuses(400, "bad_request", path, b'{"subject":' * 50_000 + b"1" + b"}" * 50_000)


@pytest.mark.parametrize("path", ["/predict/shop", "/feedback"])
def test_a_body_of_ten_megabytes(up: Up, path: str) -> None:
    """Said by its length, it is refused before it comes; the client that still sends it may find the door shut."""
    body = b'{"subject": "' + b"x" * 10_000_000 + b'"}'
    try:
        up.refuses(413, "too_large", path, body)
    except (BrokenPipeError, ConnectionResetError):
        assert up.ask("POST", "/predict/shop", {"subject": "13564"})[0] == 200
    with socket.create_connection(("127.0.0.1", up.told["port"]), timeout=30) as sock:
        head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {up.told['token']}\r\n"
        sock.sendall(head.encode() + b"Content-Length: 10000000\r\n\r\n")
        assert b" 413 " in sock.recv(65_536)


def test_an_unknown_customer_is_answered_and_marked_cold(up: Up) -> None:
    assert up.shop.does("predict", "13564", "-k", "5")["cold"] is True, (
        "what it bought fifteen years ago weighs nothing"
    )
    told = {**OUTCOME, "key": "warm/1", "subject": "13564", "item": "85123A", "at": datetime.now(UTC).isoformat()}
    assert up.ask("POST", "/feedback", told)[0] == 200
    known = up.shop.does("predict", "13564", "-k", "5")
    assert known["cold"] is False and known["items"][0] == "85123A"
    asked = up.shop.does("predict", "nobody", "-k", "5")
    assert asked["cold"] is True and asked["ack"] == "group"
    assert len(asked["items"]) == 5 and asked["model"] == known["model"]
    assert "cold" in up.shop.tidemill("predict", "nobody").stdout


def test_an_unknown_item_is_kept_in_quarantine_and_offered_to_nobody(up: Up) -> None:
    now = datetime.now(UTC).isoformat()
    told = {**OUTCOME, "key": "new/1", "subject": "13564", "item": "never seen before", "at": now}
    status, said = up.ask("POST", "/feedback", told)
    assert status == 200 and said.pop("position") >= 0
    assert said == {
        "outcomes": 1,
        "ack": "group",
        "new": 1,
        "repeated": 0,
        "conflicting": [],
        "unknown_items": ["never seen before"],
    }
    assert up.ask("POST", "/feedback", told)[0] == 200  # the same key is the same outcome
    status, answer = up.ask("POST", "/predict/shop", {"subject": "13564"})
    assert status == 200 and "never seen before" not in answer["items"]
    assert "never seen before" in up.shop.tidemill("status").stdout
    with sqlite3.connect(up.shop.root / ".tidemill/live.db") as live:
        assert live.execute("select count(*) from outcomes where item = 'never seen before'").fetchone() == (1,)


def test_an_unknown_endpoint_and_an_unknown_prediction(up: Up) -> None:
    problem = up.refuses(404, "no_route", "/predict/shopp", {"subject": "7"})
    assert problem["hint"] == "did you mean 'shop'?"
    line = up.shop.refuses(4, "trace", "pred_none")
    assert "pred_none" in line


def test_a_second_tidemill_up(up: Up) -> None:
    line = up.shop.refuses(8, "up", "--port", "0")
    assert "this project is served already - it is at " + up.told["url"] in line and f"kill {up.told['pid']}" in line
    assert up.ask("POST", "/predict/shop", {"subject": "13564"})[0] == 200


def test_a_busy_port(shop: Shop) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        line = shop.refuses(8, "up", "--port", port)
    assert port in line and " - " in line
    assert not (shop.root / ".tidemill/up.json").exists()


# releases ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def second(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shop with a second model, whose release waits to be put on its way."""
    shop = Shop(shutil.copytree(built, tmp_path_factory.mktemp("second") / "shop"))
    _write(shop, "winter.csv", datetime(2010, 12, 1), datetime(2010, 12, 9))
    turned = shop.does("run")
    assert (turned["model"], turned["status"]) == ("model:shop@2", "canary")
    with open_project(shop.root) as project:
        project.store.releases.update(turned["release"], status="held", stages=({"share": 1.0},))
    return shop.root


@pytest.fixture
def serving(second: Path, tmp_path: Path) -> Iterator[tuple[Project, Up]]:
    """A scorer that serves the first model."""
    root = shutil.copytree(second, tmp_path / "shop")
    with open_project(root) as project:
        token = auth.issue(project.store, "test", SCOPES)
        scorer = start(root, token)
        try:
            yield project, Up(Shop(root), {"port": scorer.port, "token": token})
        finally:
            scorer.process.kill()
            scorer.process.wait()


def answered_by(up: Up) -> str:
    """The model that answers after the server has looked again; what it refuses has been said."""
    assert up.ask("POST", "/control/refresh", {})[0] == 200
    status, answer = up.ask("POST", "/predict/shop", {"subject": "13564"})
    assert status == 200
    return str(answer["model"])


def let_out(project: Project) -> str:
    """Put the second release on its way, anew."""
    release = next(r for r in project.store.releases.list(endpoint="shop") if r.model == "model:shop@2")
    project.store.releases.update(release.id, status="held")
    project.store.releases.update(release.id, status="canary", started=project.clock.now())
    return release.id


def test_a_damaged_artifact(serving: tuple[Project, Up]) -> None:
    """One flipped byte in each file of the new release, in turn: it is refused, the last good model serves."""
    project, up = serving
    assert answered_by(up) == "model:shop@1"
    release = next(r for r in project.store.releases.list(endpoint="shop") if r.model == "model:shop@2")
    bundle = project.store.models.get("model:shop@2").bundle
    files = [bundle, *get_bundle(project.artifacts, bundle).manifest["files"].values(), *release.attestations]
    assert len(files) >= 5
    for digest in files:
        path = project.artifacts.path(digest)
        good = path.read_bytes()
        flip(path, len(good) // 2)
        let_out(project)
        assert answered_by(up) == "model:shop@1", digest
        status, told = up.ask("POST", "/control/refresh", {})
        assert status == 200 and [r["release"] for r in told["endpoints"]["shop"]["refused"]] == [release.id], told
        path.write_bytes(good)
    assert project.store.events.list(kind="damaged")
    let_out(project)
    assert answered_by(up) == "model:shop@2"  # whole again, it is served


def test_a_damaged_champion_is_told_by_doctor(shop: Shop) -> None:
    with open_project(shop.root) as project:
        flip(project.artifacts.path(project.store.models.get("model:shop@1").bundle))
    done = shop.tidemill("doctor", "--json")
    assert done.returncode == NOT_ALL_RIGHT and "Traceback" not in done.stderr
    (champion,) = (found for found in json.loads(done.stdout) if found["what"] == "champion")
    assert not champion["well"] and champion["message"].startswith("the bytes are not those of sha256:")
    assert champion["hint"]


def test_a_wrong_signature(serving: tuple[Project, Up]) -> None:
    """Signed by another key, over the right bytes."""
    project, up = serving
    pairs = [project.keys_dir / f"gate.{end}" for end in ("ed25519", "pub")] + [project.state / "keys/gate.pub"]
    trusted = [path.read_bytes() for path in pairs]
    for path in pairs:
        path.unlink()
    try:
        release = next(r for r in project.store.releases.list(endpoint="shop") if r.model == "model:shop@2")
        forged = sign(project, project.store.models.get(release.model), release.id)
    finally:
        for path, data in zip(pairs, trusted, strict=True):
            path.write_bytes(data)
            path.chmod(0o600)
    right = release.attestations
    project.store.releases.update(release.id, attestations=forged)
    let_out(project)
    assert answered_by(up) == "model:shop@1"
    (refused,) = up.ask("POST", "/control/refresh", {})[1]["endpoints"]["shop"]["refused"]
    assert "not_attested" in json.dumps(refused)
    project.store.releases.update(release.id, attestations=right)
    let_out(project)
    assert answered_by(up) == "model:shop@2"


# a full disk ------------------------------------------------------------------------------------------------------


def fill(disk: Path, left: int) -> Path:
    """Fill the disk but for so many kilobytes; the file that fills it."""
    filler = disk / "filler"
    state = os.statvfs(disk)
    with filler.open("wb") as out:
        size = state.f_bavail * state.f_frsize - left * 1024
        for _ in range(size // 65_536):
            out.write(b"\0" * 65_536)
        out.write(b"\0" * (size % 65_536))
    return filler


def test_a_full_disk(built: Path, disk: Path) -> None:
    """With ever a little more room, ingest, training and release get a little further: each time it is said what is
    full, the last good model answers, and nothing is lost; in the end the same command has done it all."""
    shop = Shop(shutil.copytree(built, disk / "shop"))
    _write(shop, "winter.csv", datetime(2010, 12, 1), datetime(2010, 12, 9))
    before = shop.stored
    with open_project(shop.root) as project:
        token = auth.issue(project.store, "test", SCOPES)
    scorer = start(shop.root, token)
    up = Up(shop, {"port": scorer.port, "token": token})
    said: list[str] = []
    try:
        assert answered_by(up) == "model:shop@1"
        for left in (0, 250, 750, 1_500, 3_000, 10_000):
            filler = fill(disk, left)
            key = f"asked with {left} kB"
            status, answer = up.ask("POST", "/predict/shop", {"subject": "13564"}, Ack="none")
            assert (status, answer["model"]) == (200, "model:shop@1")
            status, answer = up.ask("POST", "/predict/shop", {"subject": "13564", "key": key})
            assert status == 200 or (status, answer["code"]) == (507, "disk_full"), answer
            done = shop.tidemill("run", apart=True)
            if done.returncode:
                assert done.returncode == 4 and "Traceback" not in done.stderr and "unexpected" not in done.stderr
                said.append(done.stderr.splitlines()[-1])
                assert "full" in said[-1] or "no room" in said[-1], said
                assert "free some room" in said[-1], said
            filler.unlink()
            kept = up.ask("POST", "/predict/shop", {"subject": "13564", "key": key})
            assert kept[0] == 200 and (status != 200 or kept[1] == answer)  # what was acknowledged is there
            if not done.returncode:
                break
        assert len(set(said)) >= 3, said  # it struck at different places
        turned = shop.does("status")
        assert turned["champion"]["model"] == "model:shop@1" and "model:shop@2" in json.dumps(turned["canary"]), turned
        with sqlite3.connect(shop.root / ".tidemill/tidemill.db") as store:
            assert store.execute("pragma integrity_check").fetchone() == ("ok",)
            assert store.execute("select count(*) from runs where status = 'running'").fetchone() == (0,)
            assert store.execute("select count(*) from releases where status = 'refused'").fetchone() == (0,)
        assert shop.stored == sum(f["rows"] for f in shop.does("data", "show", "sales")["files"]) > before
    finally:
        scorer.process.kill()
        scorer.process.wait()


LIMITED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]),) * 2)
from tidemill.cli.main import main
main(["run"])
"""


@pytest.mark.parametrize("largest", [40_000, 400_000])
def test_a_disk_that_takes_no_more(shop: Shop, largest: int) -> None:
    """The same without a disk of its own: files may not grow beyond a size, as with a quota that is used up."""
    before = shop.does("status")
    _write(shop, "winter.csv", datetime(2010, 12, 1), datetime(2010, 12, 9))
    line = [sys.executable, "-c", LIMITED, str(largest)]
    done = subprocess.run(line, cwd=shop.root, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 4, done.stderr
    *_, said = done.stderr.splitlines()
    assert "Traceback" not in done.stderr and " - " in said and ("room" in said), done.stderr
    assert shop.does("status")["champion"] == before["champion"]
    turned = shop.does("run")
    assert (turned["dataset"], turned["model"], turned["status"]) == ("sales@2", "model:shop@2", "canary")
