"""Faces: what commands and pages show, in which words, and the way from one's own file to a first model."""

from __future__ import annotations

import os
import pty
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cases.projects import DAYS, END, Folder, replayed, sale, sales, visits
from tests.cases.story import BEGAN, Told, drop
from tests.serve.real import Scorer, scorer
from tidemill.types import DAY

ASK = {"inputs": {"pages": 9, "spent": 20.0, "member": True, "country": "FR", "ts": "2024-10-09T10:00:00Z"}}
PAGES = ("/", "/data", "/runs", "/models", "/releases", "/live", "/decisions")

# commands ----------------------------------------------------------------------------------------------------------


def on_a_terminal(folder: Folder, columns: int, *words: str) -> str:
    """What a command prints on a terminal of so many columns."""
    parent, child = pty.openpty()
    line = [sys.executable, "-m", "tidemill", *words]
    env = {**os.environ, "COLUMNS": str(columns), "TERM": "dumb"}
    with subprocess.Popen(line, cwd=folder.root, stdout=child, stderr=child, env=env) as process:
        os.close(child)
        found = b""
        while True:
            try:
                part = os.read(parent, 65_536)
            except OSError:
                break
            if not part:
                break
            found += part
        process.wait(60)
    os.close(parent)
    return found.decode()


def test_a_list_of_models_fits_a_terminal_of_80_columns(released: Folder) -> None:
    """A time is not cut into two lines."""
    shown = on_a_terminal(released, 80, "models", "ls")
    assert re.search(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}", shown), shown


def test_a_command_says_what_each_feature_is_worth_and_costs(released: Folder) -> None:
    found = released.json("models", "features", "champion")
    features = {one["name"]: one for one in found["report"]["features"]}
    assert {"pages", "spent", "member", "country", "site", "hour"} <= set(features)
    assert all(one["said"] and one["verdict"] for one in features.values())
    assert features["spent"]["request_bytes"] > 0 and features["spent"]["read_us"] > 0
    assert released.json("models", "show", "champion")["features"]["report"] == found["report"]
    assert {"represents", "staleness", "examined"} <= set(released.json("models", "show", "champion"))
    shown = released.tidemill("models", "features", "champion")
    assert shown.returncode == 0 and all(name in shown.stdout for name in features)


def test_counts_are_shown_as_counts(released: Folder) -> None:
    """`n 250`, and not `n 250.0000`."""
    shown = released.tidemill("models", "compare", "latest", "latest").stdout
    assert re.search(r"\bn\s+\d+", shown) and not re.search(r"\bn\s+\d+\.0+\b", shown), shown


def test_a_short_id_is_understood(released: Folder) -> None:
    """The beginning of an id, as lists show digests, names the one that begins so."""
    run = released.json("runs", "ls")[0]["id"]
    shown = released.tidemill("runs", "show", run[:16])
    assert shown.returncode == 0 and run in shown.stdout


def test_a_command_lists_alarms(released: Folder) -> None:
    """`tidemill alarms`: none yet."""
    assert released.json("alarms") == []


def test_the_trace_of_a_row_shows_its_inputs(server: Scorer, champion: Path) -> None:
    """A table's answer is explained by the row that was given, and not as a recommender's."""
    told = server.ask("POST", "/predict/visits", ASK)[1]
    found = server.ask("GET", f"/api/predictions/{told['prediction_id']}/trace")[1]
    assert found["prediction"]["inputs"]["inputs"]["pages"] == 9
    page = server.ask("GET", f"/trace?id={told['prediction_id']}")
    assert page[0] == 200 and b"popular" not in page[1]


# pages -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", PAGES)
def test_pages_speak_the_field_s_english(server: Scorer, path: str) -> None:
    """No words of our own where the field has one."""
    status, page = server.ask("GET", path)
    text = page.decode()
    own = ("Twin", "twin of", "as ever", "Seen live", "labels still ripen", "can see a loss", "cannot be shown to be")
    assert status == 200 and [words for words in own if words in text] == []


def test_a_gate_that_is_not_sure_speaks_the_field_s_english(refused: tuple[Folder, int]) -> None:
    """ "non-inferiority not shown", "minimum detectable gain": not sentences of our own."""
    folder, _ = refused
    shown = folder.tidemill("models", "show", "latest").stdout
    assert "it can see a" not in shown and "twin" not in shown


def test_a_model_card_speaks_the_field_s_english(released: Folder) -> None:
    """An evaluation model is called so."""
    assert "twin" not in released.json("models", "show", "latest")["card"]


def test_numbers_of_a_step_graph_are_whole(server: Scorer) -> None:
    """A figure beside a step is not cut by an ellipsis."""
    run = server.ask("GET", "/api/runs?pipeline=model")[1]["items"][0]["id"]
    page = server.ask("GET", f"/runs/{run}")[1].decode()
    assert "<svg" in page and not re.search(r"\d\.\d+…", page)


def test_auc_and_log_loss_have_axes_of_their_own(server: Scorer) -> None:
    """Two metrics of different kinds are not drawn on one axis."""
    found = drawings(server, "/models/visits@1")
    assert found and not [one for one in found if "auc" in one and "log_loss" in one]


@pytest.fixture(scope="module")
def watched(champion: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scorer]:
    """A server whose project has some days of answers, outcomes and windows behind it."""
    folder = Folder(Path(shutil.copytree(champion, tmp_path_factory.mktemp("watched") / "visits")))
    with replayed(folder, END) as project:
        told = Told(project)
        for day in range(DAYS, DAYS + 4):
            told.answered(BEGAN + day * DAY, "true", 0.7, n=20)
            drop(folder, f"{day}", day)
            told.tick(day)
        with scorer(project) as running:
            yield running


def drawings(server: Scorer, path: str) -> list[str]:
    """The pictures of a page, less its icons."""
    page = server.ask("GET", path)[1].decode()
    return [one for one in re.findall(r"<svg.*?</svg>", page, re.S) if "<title" in one]


def test_drift_has_an_axis_of_time(watched: Scorer) -> None:
    """Whoever looks at the drift of the columns sees of which days it is."""
    (drift,) = [one for one in drawings(watched, "/live") if "Drift" in one]
    texts = re.findall(r"<text[^>]*>(?:<title>[^<]*</title>)?([^<]*)", drift)
    assert [text for text in texts if re.search(r"Oct|10-1\d", text)], texts


def test_charts_of_live_name_their_axes(watched: Scorer) -> None:
    """What is drawn over what, and in which unit, stands at the axes."""
    charts = [one for one in drawings(watched, "/live") if "tick" in one]
    assert charts and not [one for one in charts if not re.search(r'<text[^>]*class="[^"]*axis', one)]


def test_values_of_charts_are_shown_on_hover(watched: Scorer) -> None:
    """Each bar, point and cell says its value."""
    charts = [one for one in drawings(watched, "/live") if "tick" in one]
    assert charts and not [one for one in charts if one.count("<title") < 3]


# one's own file ----------------------------------------------------------------------------------------------------


def test_a_goal_of_the_template_does_not_become_the_user_s(tmp_path: Path) -> None:
    """A new project has no goal and no owner until somebody says them."""
    base = Folder(tmp_path)
    assert base.tidemill("new", "shop", "--recipe", "recommend", "--no-data").returncode == 0
    goal = Folder(tmp_path / "shop").json("status")["goal"]
    assert not any(goal.values()), goal


def test_a_contract_of_one_s_own_names_fits_the_rest_of_the_project(tmp_path: Path) -> None:
    """`infer`, then `run`: what still says the template's names is told before anything is taken in, or follows."""
    Folder(tmp_path).tidemill("new", "shop", "--recipe", "recommend", "--no-data")
    folder = Folder(tmp_path / "shop")
    names = "order_no,sku,qty,bought_at,price,buyer_id,land"
    lines = [names, *(sale(n, invoice=f"o{n}", customer_id=f"b{n % 7}") for n in range(40))]
    path = folder.write("data/sales/own.csv", *lines)
    (folder.root / "contracts/sales.yaml").write_text(folder.tidemill("data", "infer", str(path)).stdout)
    done = folder.tidemill("run")
    assert "customer_id" not in done.stderr or not folder.json("data", "ls")


@pytest.mark.parametrize("aim", [("--target", "came_back"), ("--recommend",)])
def test_a_project_is_made_from_one_s_own_file(tmp_path: Path, aim: tuple[str, ...]) -> None:
    """`tidemill new NAME --from FILE`: it looks at the file and writes a project with the file's own names."""
    base = Folder(tmp_path)
    lines = sales(40) if aim == ("--recommend",) else visits(days=range(4))
    done = base.tidemill("new", "own", "--from", str(base.write("own.csv", *lines)), *aim)
    assert done.returncode == 0, done.stderr
    name = "customer_id" if aim == ("--recommend",) else "came_back"
    assert name in "".join(path.read_text() for path in (tmp_path / "own/contracts").iterdir())


def test_there_is_a_tutorial_for_one_s_own_file() -> None:
    """The documentation has the way from a CSV that no recipe knows to a judged model."""
    docs = Path(__file__).parents[2] / "docs"
    assert any("tidemill new" in text and "--from" in text for text in (p.read_text() for p in docs.glob("*.md")))
