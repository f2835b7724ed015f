"""The page over a finished replay, on the real server in a real browser: quiet, whole, and with this replay's figures."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tests.browser.conftest import HERE, Site, Watched, browser, open_page
from tests.browser.test_page import CONTRAST
from tidemill.access import tokens as auth
from tidemill.scope.project import open_project
from tidemill.types import parse_time
from tidemill.web.format import plainly

__all__ = ["browser", "open_page"]  # fixtures

pytestmark = [pytest.mark.timeout(1200), pytest.mark.browser, pytest.mark.nightly]

Opener = Callable[..., Watched]
CODES = 20
ROLLED_BACK = "select id from releases where status = 'rolled_back'"


@pytest.fixture(scope="module")
def site(year, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A copy of the shop, served by the command a user types."""
    root = shutil.copytree(year.folder, tmp_path_factory.mktemp("page") / "shop")
    (root / ".tidemill/up.json").unlink(missing_ok=True)
    patch = pytest.MonkeyPatch()
    patch.setenv("TIDEMILL_HOME", year.env["TIDEMILL_HOME"])
    line = [sys.executable, "-m", "tidemill", "up", "--port", "0"]
    with subprocess.Popen(line, cwd=root, env=year.env, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        assert server.stdout.readline().startswith("serving ")
        told = json.loads((root / ".tidemill/up.json").read_text())
        with open_project(root) as project:
            codes = [auth.issue_code(project.store) for _ in range(CODES)]
        yield Site(root, told["port"], codes)
        server.send_signal(signal.SIGTERM)
        assert server.wait(60) == 0
    patch.undo()


@pytest.fixture(scope="module")
def store(site: Site) -> Callable[..., Any]:
    """One row of the shop's metadata by plain SQL; None when there is none."""

    def row(question: str, *given: Any) -> Any:
        with sqlite3.connect(site.root / ".tidemill/tidemill.db") as db:
            found = db.execute(question, given).fetchone()
        return found[0] if found and len(found) == 1 else found

    return row


@pytest.fixture(scope="module")
def paths(site: Site, store: Callable[..., Any]) -> dict[str, str]:
    """Every page, of this replay's own records."""
    with sqlite3.connect(site.root / ".tidemill/live.db") as live:
        predicted = live.execute("select id from predictions where cold = 0 order by at desc limit 1").fetchone()[0]
    run = store("select id from runs where pipeline = 'model' order by started desc")
    release, model = store("select id, model from releases where status = 'champion'")
    named = {
        "run": f"/runs/{run}?step=train",
        "model": f"/models/{model.removeprefix('model:')}",
        "release": f"/releases/{release}",
        "decision": "/decisions/" + store("select id from decisions where action = 'retrain' order by at desc"),
        "trace": f"/trace?id={predicted}",
    }
    named["release-rolled-back"] = f"/releases/{store(ROLLED_BACK)}"
    lists = ["data", "runs", "models", "releases", "live", "predictions", "decisions", "events"]
    return {"overview": "/", "data-version": "/data/sales/1", **{name: f"/{name}" for name in lists}, **named}


def picture(name: str, light: str, tmp_path: Path) -> Path:
    """Where a screenshot goes: beside the documentation when they are made anew, else out of the way."""
    file = f"demo-{name}{'-dark' if light == 'dark' else ''}.png"
    kept = (
        os.environ.get("TIDEMILL_SCREENSHOTS") == "1" and light == "light" and name in ("overview", "live", "decisions")
    )
    return (HERE / "docs/images" if kept else tmp_path) / file


@pytest.mark.parametrize(("light", "width", "height"), [("light", 1280, 800), ("dark", 390, 844)])
def test_every_page_is_quiet_and_whole(
    site: Site, paths: dict[str, str], open_page: Opener, tmp_path: Path, light: str, width: int, height: int
) -> None:
    w = open_page(site, width, height, light)
    for name, path in paths.items():
        assert w.go(path).status == 200, path
        assert w.page.locator("h1").count() == 1, name
        assert w.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{name} is wider than the screen"
        assert w.page.evaluate(CONTRAST) == [], f"{name}: too little contrast"
        file = picture(name, light, tmp_path)
        w.page.screenshot(path=str(file))
        assert file.stat().st_size > 10_000
        w.quiet()


RAW = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d|\w -> \w")


def test_times_are_for_people_and_the_exact_ones_beneath(site: Site, paths: dict[str, str], open_page: Opener) -> None:
    """What is read holds no machine's stamp and no arrow of two characters; JSON that is shown as such may."""
    w = open_page(site)
    for name, path in paths.items():
        w.go(path)
        w.page.evaluate("document.querySelectorAll('main pre').forEach(e => e.remove())")
        text = w.page.evaluate("document.querySelector('main').textContent")
        assert RAW.search(text) is None, (name, RAW.search(text))
        times = w.page.locator("main time").evaluate_all("all => all.map(e => [e.dateTime, e.title, e.textContent])")
        for stamp, title, shown in times:
            assert stamp == title and parse_time(stamp) >= 0, (name, stamp)
            assert re.fullmatch(r"\d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d UTC|never|just now|.* ago|in .*", shown), (
                name,
                shown,
            )
        assert times or name in ("overview", "models", "live", "data"), name


def test_figures_are_those_of_this_replay(year, site: Site, store: Callable[..., Any], open_page: Opener) -> None:
    champion = store("select model from releases where status = 'champion'").removeprefix("model:")
    rows = store("select rows from datasets order by version desc")
    requests = f"{year.summary['requests']:,}"
    w = open_page(site)

    def read(path: str) -> str:
        w.go(path)
        return str(w.page.evaluate("document.querySelector('main').textContent"))

    overview = read("/")
    assert champion in overview and requests in overview and f"{rows:,}" in overview
    assert f"{rows:,}" in read("/data")
    assert f"{requests} answers" in read("/predictions")
    models = read("/models")
    newest = "select name || '@' || version, metrics from models order by version desc limit 12"
    for ref, metrics in _all(site, newest):
        mean = json.loads(metrics)["recall@20"][0]
        assert ref in models and f"{mean:.3f}" in models, ref
    releases = read("/releases")
    for model, status in _all(site, "select model, status from releases order by created desc limit 12"):
        assert model.removeprefix("model:") in releases and status.replace("_", " ") in releases
    retrained = _all(site, "select reason from decisions where action = 'retrain' order by at desc limit 12")
    decisions = read("/decisions")
    assert all(plainly(reason) in decisions for (reason,) in retrained) and retrained
    assert read("/decisions?all=1").count("wait") >= 12


def test_a_release_that_was_rolled_back_says_why(
    site: Site, paths: dict[str, str], store: Callable[..., Any], open_page: Opener
) -> None:
    """On live quality, with the figures that its evidence holds."""
    model, override = store("select model, override from releases where status = 'rolled_back'")
    w = open_page(site)
    w.go(paths["release-rolled-back"])
    text = w.page.inner_text("main")
    assert model.removeprefix("model:") in text and "rolled back" in text
    assert override in text and "Passed the gates by hand" in text
    assert re.search(
        r"worse, asked the same: recall@20 0\.\d{3} against 0\.\d{3} .* on \d+ requests of \d+ subjects", text
    )
    w.go("/events?kind=rolled_back")
    assert model.removeprefix("model:") in w.page.inner_text("main")


def test_a_prediction_is_traced_to_rows_of_files(site: Site, paths: dict[str, str], open_page: Opener) -> None:
    """The page's rows are the rows that stand at that place of that file."""
    w = open_page(site)
    w.go(paths["trace"])
    text = w.page.inner_text("main")
    assert "recomputed: the same" in text and "1. Known of the subject at that moment" in text
    files = {"sha256:" + hashlib.sha256(p.read_bytes()).hexdigest(): p for p in (site.root / "data/sales").iterdir()}
    region = w.page.get_by_role("region", name="Rows of the subject", exact=True)
    shown = region.locator("tbody tr").evaluate_all(
        """all => all.map(tr => ({at: tr.querySelector('time').dateTime, item: tr.cells[1].textContent,
                                  file: tr.cells[3].querySelector('[title]').title, row: tr.cells[4].textContent}))"""
    )
    assert 1 <= len(shown) <= 12
    for row in shown:
        source = pl.read_parquet(files[row["file"]]).row(int(row["row"]), named=True)
        assert source["stock_code"] == row["item"]
        assert source["invoice_date"] == datetime.fromisoformat(row["at"]).replace(tzinfo=None)
    assert w.page.get_by_role("region", name=re.compile("Rows that weigh most for")).count() >= 1


def _all(site: Site, question: str) -> list[Any]:
    with sqlite3.connect(site.root / ".tidemill/tidemill.db") as db:
        return db.execute(question).fetchall()
