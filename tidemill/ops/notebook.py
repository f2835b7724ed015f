"""A project in Python: `tidemill.open` and what it gives. Datasets at any version, training sets as they were, models with their
searches and learning curves, backtests and auditions (`tidemill.ops.replayed`), predictions, runs, decisions, traces; each shows itself
in a notebook.

Opening only looks: it takes no lease, makes no file and writes no record, so a running project is not disturbed. What changes
something is a verb of `tidemill.ops`, or a command.

>>> import tempfile, tidemill
>>> root = Path(tempfile.mkdtemp())
>>> _ = (root / "tidemill.toml").write_text(
...     '[project]\\nname = "shop"\\n[data.sales]\\nsource = "data/*.csv"\\ncontract = "sales.yaml"\\n[model]\\ntask = "recommend"\\n')
>>> tidemill.open_project(root).close()  # as the first command in a project does
>>> with tidemill.open(root) as project:
...     project.name, project.datasets, project.runs()
('shop', ['sales'], [])
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from tidemill.access.caller import Caller
from tidemill.engine.explain import Why
from tidemill.errors import NotFound
from tidemill.ops import auditions, backtests, data, estimates, evidence, models, predictions, records, releases, runs
from tidemill.ops.curved import OpenCurves
from tidemill.ops.explained import OpenDependence, OpenImportance
from tidemill.ops.fair import OpenFairness, OpenGroups
from tidemill.ops.foretold import OpenEstimates
from tidemill.ops.predictions import Given
from tidemill.ops.reasons import OpenReasons
from tidemill.ops.replayed import OpenAudition, OpenBacktest, OpenCurve, OpenSearch, Plays
from tidemill.ops.shown import ROWS, Opened, Records, Shown, cell, table
from tidemill.ops.sliced import OpenSlices
from tidemill.ops.status import Status, status
from tidemill.scope.project import Project, find_root, open_project
from tidemill.store import records as stored
from tidemill.types import JsonObject

if TYPE_CHECKING:
    import polars as pl


class Leaderboard(Records[stored.ModelVersion]):
    """Versions in the order of what they reached; a notebook shows that with its interval."""

    def __init__(self, standings: Sequence[models.Standing]) -> None:
        super().__init__(one.model for one in standings)
        self.standings = standings

    def _repr_html_(self) -> str:
        names = ("version", "alias", "method", "metric", "reached", "95 % interval", "trained through", "leakage")
        caption = f"{len(self):,} model version{'' if len(self) == 1 else 's'}, the best first"
        return table(names, (_standing(one) for one in self.standings[:ROWS]), caption)


def _standing(one: models.Standing) -> list[str]:
    figures = [f"{x:.4g}" for x in one.reached] if one.reached else ["", "", ""]
    held = ", ".join(finding.about for finding in one.model.findings.held)
    told = [one.model.ref, ", ".join(one.aliases), one.method, one.metric, figures[0]]
    told += [f"{figures[1]} … {figures[2]}" if one.reached else ""]
    return [*(cell("", text) for text in told), cell("trained_through", one.model.trained_through), cell("", held)]


def open(path: str | Path = ".", *, environment: str | None = None) -> OpenProject:
    """Open the project around this folder, to look at it. Raises ProjectError where there is none, or nothing has run yet."""
    from tidemill.tasks.check import check_project

    root = find_root(Path(path).resolve())
    check_project(root)
    return OpenProject(open_project(root, environment=environment, reading=True))


class OpenProject:
    """An open project. Lists are newest first and limited; ``limit`` gives more. Close it, or use it in a ``with``."""

    def __init__(self, project: Project) -> None:
        self._project = project

    @property
    def name(self) -> str:
        return self._project.name

    @property
    def datasets(self) -> list[str]:
        """The names of its datasets."""
        return list(self._project.datasets)

    @property
    def endpoints(self) -> list[str]:
        """The names of its endpoints."""
        return list(self._project.endpoints)

    def status(self, endpoint: str | None = None) -> Shown[Status]:
        """Is everything all right?"""
        return Shown(status(self._project, endpoint=endpoint))

    def dataset(self, name: str | None = None, version: int | None = None) -> OpenDataset:
        """A dataset at a version: the latest, unless one is named. Raises NotFound."""
        found = self._project.store.datasets.get(data.known(self._project, name), version)
        return OpenDataset(self._project, found)

    def versions(self, dataset: str | None = None, limit: int = 100) -> Records[stored.DatasetVersion]:
        """The versions of a dataset."""
        return Records(data.versions(self._project, data.known(self._project, dataset), limit).items)

    def models(self, limit: int = 100) -> Leaderboard:
        """Model versions, the best by their model's metric first."""
        return Leaderboard(models.leaderboard(self._project, models.ls(self._project, limit).items))

    def model(self, name: str = "champion") -> OpenModel:
        """One version, by number, alias (champion, challenger, latest) or reference. Raises NotFound."""
        return OpenModel(self._project, models.show(self._project, name))

    def backtests(self, limit: int = 50) -> Plays:
        """Pasts that were played again."""
        return Plays(backtests.ls(self._project, limit).items)

    def backtest(self, run: str) -> OpenBacktest:
        """One of them: quality over time, what age costs, refitting against the rest. Raises NotFound."""
        return OpenBacktest(self._project, backtests.show(self._project, run))

    def auditions(self, limit: int = 50) -> Plays:
        """Present systems that were held against the loop."""
        return Plays(auditions.ls(self._project, limit).items)

    def audition(self, run: str) -> OpenAudition:
        """One of them, its signature verified. Raises NotFound, NotAttested."""
        return OpenAudition(self._project, auditions.show(self._project, run))

    def releases(self, limit: int = 100) -> Records[stored.Release]:
        """Releases."""
        return Records(releases.ls(self._project, limit=limit).items)

    def runs(self, pipeline: str | None = None, limit: int = 50) -> Records[stored.Run]:
        """Runs of the pipelines."""
        return Records(runs.ls(self._project, pipeline, limit=limit).items)

    def run(self, id: str) -> OpenRun:
        """One run with its steps. Raises NotFound."""
        return OpenRun(self._project, runs.show(self._project, id))

    def predictions(self, limit: int = 50) -> Records[Given]:
        """Predictions as they were given."""
        return Records(predictions.ls(self._project, limit).items)

    def prediction(self, id: str) -> OpenPrediction:
        """One prediction, what came of it, and its trace. Raises NotFound."""
        return OpenPrediction(self._project, id)

    def decisions(self, limit: int = 100) -> Records[stored.Decision]:
        """Decisions of the retrain policy."""
        return Records(records.decisions(self._project, limit=limit).items)

    def decision(self, id: str) -> Shown[stored.Decision]:
        """One decision with all its evidence. Raises NotFound."""
        return Shown(records.decision(self._project, id))

    def estimates(self, endpoint: str | None = None, limit: int = 100) -> OpenEstimates:
        """How good each window's answers will turn out, before their labels come; beside the truth where that has come."""
        return OpenEstimates(estimates.estimates(self._project, limit, endpoint=endpoint).items)

    def fairness(self, endpoint: str | None = None, limit: int = 100) -> OpenGroups:
        """The champion's answers by group, window by window, as their labels came."""
        return OpenGroups(records.windows(self._project, "fairness", limit, endpoint=endpoint).items)

    def alarms(self, endpoint: str | None = None, limit: int = 100) -> Records[stored.Alarm]:
        """Alarms of an endpoint's monitors."""
        return Records(records.alarms(self._project, limit=limit, endpoint=endpoint).items)

    def events(self, kind: str | None = None, limit: int = 100) -> Records[stored.Event]:
        """What happened."""
        return Records(records.events(self._project, kind, limit=limit).items)

    def impact(self, ref: str) -> Shown[JsonObject]:
        """What a file, dataset version, model, run or subject touched. Raises NotFound."""
        return Shown(predictions.impact(self._project, ref))

    def close(self) -> None:
        self._project.close()

    def __enter__(self) -> OpenProject:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<project {self.name} at {self._project.root}>"

    def _repr_html_(self) -> str:
        found = status(self._project)
        verdict = found.verdict
        line = {"project": self.name, "all right": verdict.line, "why": verdict.why, "next": verdict.next}
        parts = {part.key: f"{part.state}: {part.headline}; {part.detail}" for part in found.parts}
        return Shown(line | parts)._repr_html_()


class OpenDataset(Opened[stored.DatasetVersion]):
    """One version of a dataset."""

    def frame(self) -> pl.LazyFrame:
        """Its rows, without Tidemill's own columns."""
        from tidemill.data.tables.tables import open_tables

        rows = open_tables(self._project).read(self.record.dataset, self.record.version)
        return rows.select([name for name in rows.collect_schema().names() if not name.startswith("_")])

    @property
    def profile(self) -> JsonObject:
        """What its columns look like."""
        return data.summary(self._project, self.record.dataset, self.record.version)


class OpenModel(Opened[stored.ModelVersion]):
    """One model version."""

    def __init__(self, project: Project, shown: models.ModelShown) -> None:
        super().__init__(project, shown.model)
        self.ref, self.aliases, self.release = shown.ref, shown.aliases, shown.release
        self.verdicts: Records[stored.Verdict] = Records(shown.verdicts)
        self.search = OpenSearch(shown.search)
        self.curve = OpenCurve(shown.curve)
        self.curves = OpenCurves(shown.examined.get("curves"))
        self.slices = OpenSlices(shown.examined.get("slices"))
        self.fairness = OpenFairness(shown.examined.get("fairness"))
        self.importance = OpenImportance(shown.examined.get("importance"))
        self.dependence = OpenDependence(shown.examined.get("dependence"))

    def backtests(self, limit: int = 20) -> Plays:
        """Of its model, whichever version: those that are done."""
        return Plays(backtests.of_model(self._project, self.record.name, limit))

    @property
    def card(self) -> evidence.Printed:
        """Its model card: text in Markdown, which a notebook shows as it would be printed. Raises NotFound."""
        return evidence.printed(self._project, self.ref)

    @property
    def bom(self) -> JsonObject:
        """Its bill of materials (CycloneDX 1.7)."""
        return evidence.bom(self._project, self.ref)

    @property
    def provenance(self) -> evidence.Provenance:
        """Where it comes from, as it was signed. Raises NotAttested."""
        return evidence.provenance(self._project, self.ref)

    def training_set(self) -> pl.DataFrame:
        """The very rows that it was made from, features included. Raises NotFound where they are not kept any more."""
        from tidemill.store.artifacts.codecs import load

        steps = self._project.store.steps.list(run=self.record.run) if self.record.run else ()
        for step in steps:
            for saved in step.outputs.values() if step.name == "features" else ():
                rows: pl.DataFrame = load(self._project.artifacts, saved["digest"], saved["codec"])
                return rows
        raise NotFound(f"the training set of {self.ref} is not kept", hint="its data: " + ", ".join(self.record.data))


class OpenRun(Opened[stored.Run]):
    """One run of a pipeline."""

    @cached_property
    def steps(self) -> Records[stored.Step]:
        """Its steps in order."""
        return Records(runs.steps(self._project, self.record.id).items)

    def why(self, step: str) -> Why:
        """Why a step ran, or what it was reused from. Raises NotFound."""
        return runs.why(self._project, self.record.id, step)


class OpenPrediction(Opened[Given]):
    """One prediction."""

    def __init__(self, project: Project, id: str) -> None:
        found = predictions.show(project, id)
        super().__init__(project, found.prediction)
        self.outcomes: Records[stored.Outcome] = Records(found.outcomes)

    def counterfactual(
        self, want: str | None = None, at_least: float | None = None, at_most: float | None = None
    ) -> Shown[JsonObject]:
        """What would have had to change for another answer. Raises BadRequest, NotFound."""
        return Shown(predictions.counterfactual(self._project, self.record.id, want, at_least, at_most))

    def trace(self) -> Shown[JsonObject]:
        """The subject's rows known then, the training versions, and the rows that weigh most for each item."""
        return Shown(predictions.trace(self._project, Caller.local("python"), self.record.id))

    @property
    def explained(self) -> OpenReasons:
        """What the answer is made of, as it was kept or made now."""
        return OpenReasons(predictions.trace(self._project, Caller.local("python"), self.record.id)["explained"])

    def person(self) -> Shown[JsonObject]:
        """What the person concerned would be told."""
        return Shown(predictions.person(self._project, Caller.local("python"), self.record.id))
