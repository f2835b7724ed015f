"""A copy of a project to play its past in: its configuration, contracts and code, a state of its own, sources that grow with time."""

from __future__ import annotations

import io
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from tidemill.backtest.compared import AUDITION
from tidemill.backtest.cuts import WALK
from tidemill.backtest.items import played
from tidemill.config.decode import load
from tidemill.config.sections import StartSection
from tidemill.data.ingest.items import PLAYED
from tidemill.engine.lease import is_orphan
from tidemill.errors import NotAvailableYet
from tidemill.files import write_whole
from tidemill.model.start import copied
from tidemill.scope.project import Project, open_project
from tidemill.scope.sources import files
from tidemill.scope.stores import keep_alone
from tidemill.store.artifacts.codecs import get_bundle, put_bundle
from tidemill.store.records import Tx
from tidemill.types import Micros, to_iso

if TYPE_CHECKING:
    import polars as pl

FOLDER = "backtests"  # below .tidemill/
READY = ".ready"
"""Stands in a copy that was made whole: one that a kill cut short is made anew."""


def source_of(dataset: str) -> str:
    """Where the copy's rows come from."""
    return f"data/{dataset}/*.parquet"


def made(project: Project, name: str, since: Micros) -> Path:
    """The folder of this copy, made where it is not there, open for replay at this moment. Raises NotAvailableYet, ConfigError, ModelError."""
    root = project.state / FOLDER / name
    if (root / READY).exists():
        return root
    if root.exists():
        shutil.rmtree(root)
    root.mkdir(parents=True, mode=0o700)
    _write_config(project, root)
    for path in files(project):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(project.root / path, root / path)
    for dataset in project.datasets:
        (root / "data" / dataset).mkdir(parents=True, exist_ok=True)
    keep_alone(root)
    with open_project(root, environment=project.environment or None) as copy:

        def work(tx: Tx) -> None:
            told = (PLAYED, played(project))
            for setting, value in (("seed", project.seed), ("clock", since), ("mode", "replay"), told):
                copy.store.settings.set(setting, value, tx)

        copy.store.transact(work)
        for model in project.models.values():
            if isinstance(start := model.section.start_from, StartSection):  # from the copy its folder is not seen
                put_bundle(copy.artifacts, get_bundle(project.artifacts, copied(project, start)))
    write_whole(root / READY, b"")
    return root


def sweep(project: Project, name: str) -> None:
    """Remove what other plays left that were cut short: those that ended, and those that a living process is at, keep their copies."""
    store, folder = project.store, project.state / FOLDER
    runs = [run for pipeline in (WALK, AUDITION) for run in store.runs.list(pipeline=pipeline)]
    there = [run.params for run in runs if run.status == "done" or not is_orphan(store, run)]
    kept = {name, *(params["loop"]["name"] for params in there if params.get("loop"))}
    for path in folder.iterdir() if folder.is_dir() else ():
        if path.name not in kept:
            (path / READY).unlink(missing_ok=True)  # first: what a kill leaves of it is no copy
            shutil.rmtree(path)


def _write_config(project: Project, root: Path) -> None:
    """tidemill.toml with each dataset's source in its own folder; all else word by word."""
    text = (project.root / "tidemill.toml").read_text("utf-8")
    for dataset in project.datasets.values():
        head = re.escape(f"[data.{dataset.name}]")
        line = re.compile(rf"(^{head}\s*$(?:\n(?!\s*\[).*)*?\n\s*source\s*=\s*)(\"[^\"\n]*\"|'[^'\n]*')", re.M)
        text = line.sub(rf'\g<1>"{source_of(dataset.name)}"', text, count=1)
    (root / "tidemill.toml").write_text(text, "utf-8")
    wrong = [name for name, section in load(root / "tidemill.toml").data.items() if section.source != source_of(name)]
    if wrong:
        raise NotAvailableYet(
            f"the source of {wrong[0]} cannot be put elsewhere in a copy",
            place="tidemill.toml",
            hint=f'write [data.{wrong[0]}] on a line of its own, and source = "…" on another below it',
        )


def drop(root: Path, dataset: str, at: Micros, parts: list[pl.DataFrame]) -> None:
    """The rows that the loop finds at this moment, as files of the source, each once."""
    for place, rows in enumerate(parts):
        buffer = io.BytesIO()
        rows.write_parquet(buffer)
        name = f"{to_iso(at).replace(':', '')}-{place}.parquet"
        if not (root / "data" / dataset / name).exists():
            write_whole(root / "data" / dataset / name, buffer.getvalue())
