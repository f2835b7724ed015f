"""A project whose endpoint answers rows of a table, with trees; and its rows, some of which no model can answer."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import polars as pl
import pytest

from tests.release.made import add_model, hold
from tests.serve.asking import opened
from tidemill.learning.bundle import manifest
from tidemill.scope.project import Project
from tidemill.store.artifacts.codecs import Bundle, put_bundle
from tidemill.store.records import ModelVersion
from tidemill.tasks.tabular.inputs import Input

COLUMNS = [
    Input("warmth", "number", "warmth", True),
    Input("rain", "number", "rain"),
    Input("day", "category", "day", False, ("mo", "tu")),
]


def rows(n: int, seed: int = 0) -> pl.DataFrame:
    """Rows of which most are plain; the others lack what is needed, or say a day that was never seen."""
    rng = np.random.default_rng(seed)
    warmth = [None if place % 17 == 3 else value for place, value in enumerate(rng.normal(size=n).tolist())]
    rain = [None if place % 5 == 0 else value for place, value in enumerate(rng.normal(size=n).tolist())]
    days = [("mo", "tu", None, "we")[place] for place in rng.choice(4, n, p=[0.5, 0.3, 0.1, 0.1]).tolist()]
    names = [f"town {place % 40}" for place in range(n)]
    return pl.DataFrame({"warmth": warmth, "rain": rain, "day": days, "subject": names, "ticket": range(n)})


def trees(inputs: int = 3) -> bytes:
    import lightgbm

    rng = np.random.default_rng(0)
    x = np.stack([rng.normal(size=400), rng.normal(size=400), rng.integers(0, 2, 400)], axis=1)
    x = np.hstack([x, rng.normal(size=(400, inputs - 3))])
    data = lightgbm.Dataset(x, x[:, 0] * 3 + x[:, 1] * x[:, 2], categorical_feature=[2], free_raw_data=False)
    settings = {"objective": "regression", "verbosity": -1, "num_threads": 1, "seed": 0, "deterministic": True}
    text: str = lightgbm.train(settings, data, num_boost_round=20).model_to_string()
    return text.encode()


def model(project: Project, version: int, columns: Sequence[Input] = COLUMNS) -> ModelVersion:
    """A version that answers values, of these inputs."""
    said: Any = manifest(
        "row",
        {"method": "lightgbm"},
        0,
        {"inputs": {}, "outputs": {"value": "float64"}},
        ("lightgbm",),
        columns=msgspec.to_builtins(list(columns)),
        labels=None,
        learner="trees",
    )
    digest = put_bundle(project.artifacts, Bundle(said, {"model.txt": trees(len(columns))}))
    return add_model(project, version, bundle=digest, evaluation_bundle=digest, data=())


def served(project: Project) -> Project:
    """With a champion that answers values."""
    held = hold(project, model(project, 1), "rel_1")
    project.store.releases.promote(held.id, project.clock.now())
    path = project.root / "tidemill.toml"
    path.write_text(re.sub(r"(?m)^metric = .*$", "", re.sub(r'task = ".*"', 'task = "regress"', path.read_text())))
    return project


@pytest.fixture
def tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The project, opened anew as what answers rows of a table."""
    from tidemill.scope.project import open_project

    monkeypatch.setenv("TIDEMILL_HOME", str(tmp_path / "home"))
    with opened(tmp_path / "shop") as project:
        served(project)
    with open_project(tmp_path / "shop") as project:
        yield project
