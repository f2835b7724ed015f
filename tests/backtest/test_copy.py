"""A copy of a project to play its past in has what the project has, wherever it stood."""

from __future__ import annotations

from pathlib import Path

from tests.model.test_pipeline import TOML, lay
from tidemill.backtest.copy import made
from tidemill.config.sections import StartSection
from tidemill.model.start import copied
from tidemill.scope.project import open_project
from tidemill.store.artifacts.codecs import Bundle, get_bundle, put_bundle
from tidemill.store.artifacts.local import LocalArtifacts


def test_another_project_s_model_to_begin_from_is_there(tmp_path: Path) -> None:
    bundle = Bundle({"recipe": {"method": "linear"}}, {"weights.json": b"[1]"})
    digest = put_bundle(LocalArtifacts(tmp_path / "other" / ".tidemill" / "artifacts"), bundle)
    start = f'start_from = {{ project = "../other", bundle = "{digest}" }}'
    root = lay(tmp_path / "shop", TOML.replace('task = "recommend"', f'task = "regress"\n{start}'))
    with open_project(root) as project:
        folder = made(project, "play", 0)
    with open_project(folder) as copy:
        said = copy.models[next(iter(copy.models))].section.start_from
        assert isinstance(said, StartSection) and copied(copy, said) == digest
        assert get_bundle(copy.artifacts, digest).files == bundle.files
