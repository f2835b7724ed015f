"""Tables that are hardly any, from the file to the champion, as a user brings them: `tidemill new --from`, `tidemill run`."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from tests.cases.projects import Folder

N = 300
RNG = np.random.default_rng(0)
X = RNG.normal(size=N)
LABEL = np.where(X + RNG.normal(size=N) > 0, "yes", "no")
ROW = np.arange(N)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    monkeypatch.setenv("TIDEMILL_HOME", str(tmp_path / "home"))
    return Folder(tmp_path)


def write(folder: Folder, **columns: Any) -> None:
    """A table with a key, a time and a number that says something."""
    at = [datetime(2024, 1, 1) + timedelta(hours=12 * i) for i in range(N)]
    pl.DataFrame({"key": [f"k{i}" for i in range(N)], "at": at, "x": X, **columns}).write_csv(folder.root / "table.csv")


@pytest.mark.parametrize(
    "target", [["no"] * N, [None] * N, ["yes", "no", *[None] * (N - 2)]], ids=["one label", "no label", "two rows"]
)
def test_a_target_that_says_nothing_is_refused_before_a_project_is_made(folder: Folder, target: list[Any]) -> None:
    write(folder, y=target)
    done = folder.tidemill("new", "made", "--from", "table.csv", "--target", "y")
    assert done.returncode == 2 and " - " in done.stderr and not (folder.root / "made").exists()


def run(folder: Folder, target: str) -> tuple[Folder, int]:
    assert folder.tidemill("new", "made", "--from", "table.csv", "--target", target).returncode == 0
    made = Folder(folder.root / "made")
    return made, made.tidemill("run").returncode


def test_strange_columns_together_lose_no_row_and_the_one_that_speaks_is_learned_from(folder: Folder) -> None:
    strange = {
        "same": [7] * N,
        "empty": [None] * N,
        "large": np.where(ROW % 50 == 0, 1.7e308, X),
        "endless": [["inf", "-inf", "nan"][i % 3] if i % 10 == 0 else f"{x:.3f}" for i, x in enumerate(X)],
        "shop": [f"shop {i % 120}" for i in range(N)],
    }
    write(
        folder,
        **strange,
        spent=[None if i % 20 == 0 else round(3 * x + e, 3) for i, (x, e) in enumerate(zip(X, RNG.normal(size=N)))],
    )
    made, code = run(folder, "spent")
    assert code == 0 and len(made.rows("table")) + sum(made.reasons("table").values()) == N
    assert made.json("status")["champion"] is not None


@pytest.mark.nightly
def test_one_label_alone_in_the_newest_rows(folder: Folder) -> None:
    """Measured by what can be: of one label there is no AUC, and a loss."""
    write(folder, y=np.where(ROW > 0.6 * N, "no", LABEL))
    made, code = run(folder, "y")
    metrics = made.json("models", "show", "latest")["model"]["metrics"]
    assert code == 0 and np.isfinite(metrics["log_loss"][0]) and "auc" not in metrics
