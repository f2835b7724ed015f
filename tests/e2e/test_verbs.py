"""A project from its first command to a rollback, by what a person types: eight months of the shop, a real server."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from tests.dealt import shuffled as dealt_out_anew
from tests.typed import typed
from tidemill.errors import NOT_ALL_RIGHT
from tidemill.recipes.recommend.folder import fit_to_shop
from tidemill.recipes.recommend.shop import read_cut, year_one

pytestmark = pytest.mark.timeout(300)  # one story, test after test
FILES = list(year_one(read_cut()))
CUSTOMER = str(FILES[0][1]["customer_id"].mode().min())


def alone(root: Path) -> None:
    """No loop builds a model beside the story: on a busy machine it would come first. And each is searched for once."""
    toml = root / "tidemill.toml"
    text = toml.read_text()
    assert "trials = 4" in text
    lines = text.replace("trials = 4", "trials = 1").splitlines(keepends=True)
    at = next(n for n, line in enumerate(lines) if line.startswith("[retrain]"))
    on = next(n for n in range(at, len(lines)) if re.match(r"on *=", lines[n]))
    lines[on] = "on = []\n"
    toml.write_text("".join(lines))


@dataclass
class Shop:
    root: Path
    env: dict[str, str]

    def tidemill(
        self, *args: str, ends: int = 0, given: str = "", cwd: Path | None = None, apart: bool = False
    ) -> subprocess.CompletedProcess[str]:
        """What a person types, in this process or, as theirs is, in one ``apart``: one command of each kind is."""
        cwd = cwd or self.root
        if apart:
            done = subprocess.run(
                [sys.executable, "-m", "tidemill", *args],
                cwd=cwd,
                env=self.env,
                input=given,
                capture_output=True,
                text=True,
                timeout=120,
                check=False,
            )
        else:
            done = typed(*args, cwd=cwd, home=self.env["TIDEMILL_HOME"], given=given)
        right = (0, NOT_ALL_RIGHT) if args[0] == "status" else (ends,)
        assert done.returncode in right, f"{args}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        assert "Traceback" not in done.stderr
        return done

    def told(self, *args: str, **more) -> object:
        return json.loads(self.tidemill(*args, "--json", **more).stdout)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    base = tmp_path_factory.mktemp("verbs")
    made = Shop(base / "store", {**os.environ, "TIDEMILL_HOME": str(base / "home")})
    made.tidemill("new", "store", "--recipe", "recommend", "--no-data", cwd=base, apart=True)
    fit_to_shop(made.root)
    alone(made.root)
    source = made.root / "data" / "sales"
    for name, rows in FILES[:8]:
        rows.write_parquet(source / f"{name}.parquet")
    return made


@pytest.fixture(scope="module")
def served(shop: Shop) -> Iterator[Shop]:
    """With a first model, and a server."""
    assert shop.told("run", apart=True)["status"] == "champion"
    with (shop.root / "up.log").open("w") as log:
        up = subprocess.Popen(
            [sys.executable, "-m", "tidemill", "up", "--port", "0", "--json"],
            cwd=shop.root,
            env=shop.env,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        try:
            assert up.stdout is not None
            line = up.stdout.readline()
            assert line, (shop.root / "up.log").read_text()
            yield shop
        finally:
            up.terminate()
            assert up.wait(60) == 0
            up.stdout.close()
    assert not (shop.root / ".tidemill" / "up.json").exists()


def test_from_a_prediction_to_its_rows(served: Shop):
    answer = served.told("predict", CUSTOMER, "-k", "5", "--key", "visit-1", apart=True)
    assert len(answer["items"]) == 5
    assert served.told("predict", CUSTOMER, "-k", "5", "--key", "visit-1") == answer
    assert CUSTOMER not in served.tidemill("predict", "a stranger").stdout
    outcome = {
        "key": "line-1",
        "subject": CUSTOMER,
        "item": answer["items"][0],
        "value": 1,
        "at": answer["at"],
        "prediction_id": answer["prediction_id"],
    }
    assert served.told("feedback", given=json.dumps(outcome), apart=True)["new"] == 1
    assert served.told("feedback", given=json.dumps([outcome]))["repeated"] == 1
    assert sum(served.told("status")["outcomes"].values()) == 1  # the same key twice is one
    traced = served.told("trace", answer["prediction_id"])
    assert traced["history"] and all(row["file"] and row["row"] is not None for row in traced["history"])
    assert all((served.root / row["path"]).is_file() for row in traced["history"])
    words = served.tidemill("trace", answer["prediction_id"], "--top", "2", apart=True).stdout
    first = traced["reasons"][0]["rows"][0]
    assert f"{first['path']} row {first['row']}" in words
    assert ("the first 2 of" in words) == any(len(r["rows"]) > 2 for r in traced["reasons"])
    assert (f"the last 20 of {len(traced['history'])} rows" in words) == (len(traced["history"]) > 20)
    touched = served.told("impact", f"subject:{CUSTOMER}")
    assert touched["rows"] == len(traced["history"]) + 1 and touched["models"] == ["model:store@1"]


def test_a_program_is_let_in_by_its_token_and_no_further(served: Shop):
    made = served.told("token", "add", "shop-front", "--scope", "predict", apart=True)
    up = json.loads((served.root / ".tidemill" / "up.json").read_text())

    def ask(path: str, body: object) -> int:
        request = Request(up["url"] + path, json.dumps(body).encode(), {"Authorization": f"Bearer {made['token']}"})
        try:
            with urlopen(request, timeout=30) as reply:
                return int(reply.status)
        except OSError as exc:
            return int(getattr(exc, "code", 0))

    assert ask("/predict/store", {"subject": CUSTOMER}) == 200
    assert ask("/feedback", []) == 403
    listed = served.told("token", "ls")
    assert [t["name"] for t in listed] == ["shop-front"] and made["token"] not in json.dumps(listed)
    served.tidemill("token", "revoke", "shop-front")
    assert ask("/predict/store", {"subject": CUSTOMER}) == 401
    assert "no token" in served.tidemill("token", "revoke", "shop-front", ends=4).stderr


def test_a_model_of_wrong_data_is_refused_and_forced_and_taken_back(served: Shop):
    first = served.told("status")["champion"]["model"]
    for name, rows in FILES[8:10]:
        dealt_out_anew(rows, 0).write_parquet(served.root / "data" / "sales" / f"{name}.parquet")
    made = served.told("run", ends=7)
    assert (made["model"], made["status"]) == ("model:store@2", "refused")
    assert made["dataset"] in ("sales@2", "sales@3")  # the loop may have ingested the first file before the second came
    runs = served.told("runs", "ls", "--pipeline", "model")
    assert "rows" in served.tidemill("why", runs[0]["id"], "search").stdout
    override = served.told("release", "start", "2", "--force", "the fair begins today")["release"]
    assert (override["status"], override["override"]) == ("canary", "the fair begins today")
    assert "the fair is over" in served.tidemill("rollback", "--reason", "the fair is over", apart=True).stdout
    assert served.told("status")["champion"]["model"] == first == served.told("predict", CUSTOMER)["model"]
    assert "store" in served.tidemill("compare", "1", "2").stdout


def test_a_release_that_needs_a_yes_waits_for_it(served: Shop):
    toml = served.root / "tidemill.toml"
    toml.write_text(toml.read_text().replace("[gates]\n", '[gates]\napproval = { roles = ["head of the shop"] }\n'))
    held = served.told("release", "start", "2", "--force", "the fair begins again")["release"]
    assert (held["status"], held["override"]) == ("held", "the fair begins again")
    assert served.told("status")["waiting"]
    refused = served.tidemill("approve", "--role", "passer-by", ends=7)
    assert "head of the shop" in refused.stderr
    said = served.told("approve", "--reason", "looked at it", "--role", "head of the shop", apart=True)
    assert (said["id"], said["status"]) == (held["id"], "canary")
    served.tidemill("release", "halt", "--reason", "enough seen")
    assert served.told("release", "status")[-1]["status"] == "halted"
