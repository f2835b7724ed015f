"""Projects for these tests: a shop without data, and a table with a champion, which is trained once and copied."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cases.projects import END, SALES, SALES_TOML, VISITS, VISITS_TOML, Folder, lay, replayed, visits
from tests.serve.real import Scorer, scorer
from tidemill.scope.project import open_project


@pytest.fixture(autouse=True, scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where the signing keys are."""
    with pytest.MonkeyPatch.context() as patch:
        made = tmp_path_factory.mktemp("cases_home")
        patch.setenv("TIDEMILL_HOME", str(made))
        yield made


@pytest.fixture
def shop(tmp_path: Path) -> Folder:
    """A recommender's project; its source is empty."""
    return lay(tmp_path / "shop", "sales", SALES, SALES_TOML)


@pytest.fixture
def table(tmp_path: Path) -> Folder:
    """A classifier's project; its source is empty."""
    return lay(tmp_path / "visits", "visits", VISITS, VISITS_TOML)


@pytest.fixture(scope="session")
def champion(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A classifier's project with a champion, made by the command that a user types."""
    made = lay(tmp_path_factory.mktemp("champion") / "visits", "visits", VISITS, VISITS_TOML)
    made.write("data/visits/a.csv", *visits())
    with replayed(made, END):
        pass
    assert made.json("run")["status"] == "champion"
    return made.root


@pytest.fixture
def released(champion: Path, tmp_path: Path) -> Folder:
    """A copy of it to spoil."""
    return Folder(Path(shutil.copytree(champion, tmp_path / "visits")))


@pytest.fixture(scope="session")
def server(champion: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scorer]:
    """A server of another copy, for requests that leave nothing behind that matters."""
    root = Path(shutil.copytree(champion, tmp_path_factory.mktemp("served") / "visits"))
    with open_project(root) as project, scorer(project) as running:
        yield running


@pytest.fixture(scope="session")
def refused(tmp_path_factory: pytest.TempPathFactory) -> tuple[Folder, int]:
    """A classifier's project whose first model its gates refused, and what `tidemill run` exited with."""
    made = lay(tmp_path_factory.mktemp("refused") / "visits", "visits", VISITS, VISITS_TOML)
    made.write("data/visits/a.csv", *visits(days=range(14), a_day=12))
    made.change("tidemill.toml", 'test = "10 days"', 'test = "2 days"')
    made.change("tidemill.toml", 'p99 = "1 s"', 'p99 = "0.001 ms"')
    with replayed(made, END):
        pass
    done = made.tidemill("run", "--json")
    assert json.loads(done.stdout)["status"] == "refused", done.stderr
    return made, done.returncode
