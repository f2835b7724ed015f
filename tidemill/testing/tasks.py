"""What every task must pass. A task's tests subclass it, in a file of their own, and bring a sample of its rows:

@pytest.fixture(scope="module")
def sampled(tmp_path_factory):
    sample = Sample(task="mine", contract=CONTRACT, frame=rows, outcome={"key": "1", …}, truth="column")
    return Trained(sample, tmp_path_factory.mktemp("task"))

class TestMine(TaskSuite):
    @pytest.fixture
    def trained(self, sampled):
        return sampled
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from tidemill.config.sections import FeatureConfig, FeatureViewConfig, SplitSection
from tidemill.data.check.column import Column
from tidemill.data.check.readings import read
from tidemill.data.contract.contract import Contract
from tidemill.data.contract.odcs import ROLES
from tidemill.errors import ContractError, ModelError, NotEnoughData
from tidemill.features.online import History
from tidemill.features.views import View
from tidemill.learning.bundle import open_scorer
from tidemill.learning.search import Settings
from tidemill.learning.split import Cut, cut_by_time
from tidemill.learning.trainer import MOST, Answer, Trainer
from tidemill.store.artifacts.codecs import Bundle
from tidemill.store.records import OnlineEvent, Outcome
from tidemill.store.sql import open_live
from tidemill.tasks.check import check_roles
from tidemill.tasks.port import Contribution, Question, Task
from tidemill.tasks.table import task_of, training_of
from tidemill.testing import records
from tidemill.testing.asking import refused
from tidemill.testing.live import written
from tidemill.types import JsonObject, Micros

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True)
class Sample:
    """A task on some rows: its name as in tidemill.toml, contract and rows, and one right body of feedback.

    ``truth``: the column of what is to be said.
    """

    task: str
    contract: str
    frame: pl.DataFrame
    outcome: JsonObject
    truth: str
    source: str = ""  # steps.py


class Trained:
    """The sample with its trainer, where time is cut, and a bundle that knows nothing of the test."""

    def __init__(self, sample: Sample, folder: Path) -> None:
        self.sample, self._folder = sample, folder
        self.task: Task = task_of(sample.task)
        (folder / "steps.py").write_text(sample.source)
        self.contract = Contract.parse(sample.contract)
        self.training = training_of(sample.task)
        self.trainer = self.trainer_of(sample.frame)
        at = self.trainer.at
        self.cut: Cut = cut_by_time(SplitSection(test="20 days"), int(at.min()), int(at.max()))
        self.test = self.cut.test_start, self.cut.end

    def trainer_of(self, frame: pl.DataFrame, views: Sequence[View] = ()) -> Trainer:
        """The trainer of these rows."""
        details = self.training.details(self.contract, views, self._folder, self.sample.task)
        settings = Settings(self.sample.task, self.task.metrics[0], None, trials=1, budget=None, details=details)
        return self.training.open_trainer(self.training.rows(frame.lazy(), self.contract, views), settings)

    @property
    def planted(self) -> list[View]:
        """A feature of what was true last, where the task reads such a one of its truth."""
        feature = FeatureConfig(op="last", column=self.sample.truth)
        kinds = {column.name: column.kind for column in self.contract.columns}
        if self.task.unsupported(feature) or kinds[self.sample.truth] != "number":
            return []
        view = FeatureViewConfig(self.contract.name, self.contract.subject, "planted", {"planted": feature})
        return [View.of(view, self.contract)]

    @cached_property
    def recipe(self) -> JsonObject:
        return self.trainer.search(self.cut.windows, None, seed=0).recipe

    @cached_property
    def bundle(self) -> Bundle:
        return self.trainer.fit(self.recipe, self.cut.test_start)

    @property
    def scorer(self) -> Any:
        return open_scorer(self.bundle, self.task.scorers)

    @cached_property
    def history(self) -> History:
        """What serving knows of the rows."""
        history = History()
        with closing(open_live(self._folder / "live.db")) as live:
            if self.task.history:
                written(live, events=list(self._events()))
            history.load(live.online.rows_since(0, 10**6))
        return history

    def asked(self, trainer: Trainer, bundle: Bundle, end: Micros) -> tuple[list[JsonObject], list[JsonObject]]:
        """Questions of the test window before ``end``, and what is right."""
        assert self.history is not None
        with closing(open_live(self._folder / "live.db")) as live:
            found = trainer.questions(live, self.cut.test_start, end)
            return found.requests, found.answers(bundle)

    @cached_property
    def questions(self) -> tuple[list[JsonObject], list[JsonObject]]:
        return self.asked(self.trainer, self.bundle, self.cut.end)

    def _events(self) -> Any:
        c = self.contract
        for row in self.sample.frame.sort(str(c.time)).iter_rows(named=True):
            key, at = "/".join(str(row[k]) for k in c.key), int(row[str(c.time)].timestamp() * 1_000_000)
            yield OnlineEvent(0, key, str(row[str(c.subject)]), str(row[str(c.item)]), at, float(row[str(c.value)]))

    def question(self, asked: Mapping[str, Any]) -> Question:
        """What was asked and answered, to be explained."""
        body = {name: value for name, value in asked.items() if name not in ("at", "watermark")}
        request = msgspec.json.decode(msgspec.json.encode(body), type=self.task.request)
        at, seen = asked.get("at", self.cut.end), asked.get("watermark", self.history.seq)
        return Question(request, self.history, at, seen, self.answer(asked))

    def answer(self, asked: Mapping[str, Any], bundle: Bundle | None = None) -> JsonObject:
        """As the server answers: from the request's JSON. ``bundle``: another one than the search's."""
        history = self.history
        body = {name: value for name, value in asked.items() if name not in ("at", "watermark")}
        request = msgspec.json.decode(msgspec.json.encode(body), type=self.task.request)
        at: Micros = asked.get("at", self.cut.end)
        scorer = open_scorer(bundle, self.task.scorers) if bundle else self.scorer
        return self.task.answer(scorer, request, history, at, asked.get("watermark", history.seq)).output

    def outcome(self) -> Outcome:
        body = msgspec.json.decode(msgspec.json.encode(self.sample.outcome), type=self.task.outcome)
        return body.outcome(str(body.key), read(Column("at", "timestamp"), body.at), self.cut.end)


class TaskSuite:
    """Both sides of a task, and that they agree."""

    def test_the_server_answers_as_offline(self, trained: Trained) -> None:
        requests, right = trained.questions
        assert 0 < len(requests) <= MOST and len(right) == len(requests)
        for asked, expected in zip(requests, right, strict=True):
            told = trained.answer(asked)
            msgspec.convert(told, trained.task.reply)
            assert _same(told, {name: value for name, value in expected.items() if name != "fewest"})
            assert len(told.get("items", ())) >= expected.get("fewest", 0)

    def test_what_an_answer_is_made_of_adds_up(self, trained: Trained) -> None:
        """And is of that very answer; the sentence for a person names nothing else. A task that does not say has a reason."""
        for asked in trained.questions[0][:10]:
            question = trained.question(asked)
            found = trained.task.contributions(trained.scorer, question)
            assert found.reasons or found.why
            for reason in found.reasons:
                added = [one.value for one in reason.contributions]
                assert abs(reason.base + sum(added) - reason.score) <= max(reason.error, 1e-6)
                assert sorted(added, key=abs, reverse=True) == added and len(
                    {*map(_what, reason.contributions)}
                ) == len(added)
                assert trained.task.sentence(trained.scorer, question, reason, {})

    def test_a_contract_can_name_its_roles(self, trained: Trained) -> None:
        assert {*trained.task.roles, *trained.task.watched} <= {*ROLES}
        check_roles(trained.task, trained.contract)
        bare = replace(trained.contract, columns=tuple(replace(c, role=None) for c in trained.contract.columns))
        refused(ContractError, lambda: check_roles(trained.task, bare))

    def test_a_request_says_nothing_that_the_task_does_not_know(self, trained: Trained) -> None:
        body = {**trained.questions[0][0], "strange": 1}
        refused(
            msgspec.ValidationError,
            lambda: msgspec.json.decode(msgspec.json.encode(body), type=trained.task.request),
        )

    def test_an_outcome_scores_an_answer(self, trained: Trained) -> None:
        task, outcome = trained.task, trained.outcome()
        output = msgspec.json.encode(trained.answer(trained.questions[0][0]))
        prediction = replace(records.prediction("pred_1"), output=output)
        for metric in ("", *task.metrics):
            scorer = task.outcome_scorer(metric, None)
            assert scorer.measure.name in scorer.metrics
            assert not scorer.judge(prediction, []).values
            found = scorer.judge(prediction, [replace(outcome, prediction=prediction.id)])
            assert set(found.values) == set(scorer.metrics) and all(map(math.isfinite, found.values.values()))
            figures = scorer.figures([found], seed=0)
            assert figures["n"] == 1 and set(scorer.metrics) <= set(figures)
            assert scorer.measure.name in trained.trainer.report(trained.bundle, *trained.test).scored

    def test_a_fit_does_not_look_ahead(self, trained: Trained) -> None:
        import polars as pl

        past = pl.col(str(trained.contract.time)).dt.epoch("us") < trained.cut.test_start
        before = trained.trainer_of(trained.sample.frame.filter(past)).fit(trained.recipe, trained.cut.test_start)
        assert before.files == trained.bundle.files and before.manifest == trained.bundle.manifest

    def test_nothing_of_after_its_moment_is_in_an_answer(self, trained: Trained) -> None:
        """A column that knows the truth, and a feature of what was true before: what is true from a moment on changes nothing."""
        import polars as pl

        frame, truth, time = trained.sample.frame, pl.col(trained.sample.truth), pl.col(str(trained.contract.time))
        at = trained.trainer.at[trained.trainer.at >= trained.cut.test_start]
        moment = int(at[len(at) // 2])
        other = frame.with_columns(pl.when(time.dt.epoch("us") >= moment).then(truth.reverse()).otherwise(truth))
        assert not other.equals(frame)
        trainers = [trained.trainer_of(rows.with_columns(oracle=truth), trained.planted) for rows in (frame, other)]
        start, metric = trained.cut.test_start, trained.task.metrics[0]
        bundles = [trainer.fit(trained.recipe, start) for trainer in trainers]
        answers = [trained.asked(*both, moment + 1) for both in zip(trainers, bundles)]
        assert answers[0] == answers[1] and answers[0][0]
        scored = [trainer.report(bundle, start, moment).scored[metric] for trainer, bundle in zip(trainers, bundles)]
        assert np.array_equal(scored[0].values, scored[1].values)
        assert trained.planted or bundles[0] == trained.bundle

    def test_every_metric_has_a_value_a_request(self, trained: Trained) -> None:
        scored = trained.trainer.report(trained.bundle, *trained.test).scored
        first = next(iter(scored.values()))
        assert set(scored) & set(trained.task.metrics)
        assert {len(s.values) for s in scored.values()} == {len(first.units)} == {len(first.at)} == {len(first.cold)}
        assert all(np.isfinite(s.values).all() for s in scored.values())
        some = first.take(first.at >= np.median(first.at))
        assert first.attributes and {len(column) for column in first.attributes.values()} == {len(first.at)}
        assert {len(column) for column in some.attributes.values()} == {len(some.at)} != {len(first.at)}
        assert first.at.min() >= trained.cut.test_start and first.at.max() < trained.cut.end

    def test_the_answers_of_another_are_judged_as_its_own(self, trained: Trained) -> None:
        """Every request of the test as it would have been asked: the server's answers, judged by key, are as good as the report says."""
        trainer, (start, end) = trained.trainer, trained.test
        own = trainer.report(trained.bundle, start, end)
        asked, happened = trainer.asked(start, end), {one.key: one for one in trainer.happened(start, end)}
        first = next(iter(own.scored.values()))
        assert len(asked) == len(first.values) and set(asked) <= set(happened)
        assert [happened[key].at for key in asked] == first.at.tolist()
        told = {key: _answer_of(trained.answer({"at": happened[key].at, **happened[key].body})) for key in asked}
        found = trainer.judge(told, start, end)
        assert set(found.scored) == set(own.scored)
        assert all(np.allclose(found.scored[name].values, own.scored[name].values) for name in own.scored)
        some = trainer.judge({asked[0]: told[asked[0]]}, start, end)
        assert len(next(iter(some.scored.values())).values) == asked.count(asked[0])
        refused(NotEnoughData, lambda: trainer.judge({"nobody": told[asked[0]]}, start, end))

    def test_baselines_are_tried_and_can_be_fitted(self, trained: Trained) -> None:
        found = trained.trainer.search(trained.cut.windows, None, seed=0)
        tried = [trial.recipe for trial in found.tried]
        assert found.recipe in tried and found.json() == trained.trainer.search(trained.cut.windows, None, 0).json()
        for name in trained.trainer.baselines:
            assert name in trained.task.baselines
            recipe = trained.trainer.baseline(name)
            assert recipe in tried
            bundle = trained.trainer.fit(recipe, trained.cut.test_start)
            for asked, expected in zip(*trained.asked(trained.trainer, bundle, trained.cut.end)):
                right = {name: value for name, value in expected.items() if name != "fewest"}
                assert _same(trained.answer(asked, bundle), right), name
        for name in {*trained.task.baselines} - {*trained.trainer.baselines}:
            with suppress(ModelError):  # these rows have nothing that it could be made of
                trained.trainer.fit(trained.trainer.baseline(name), trained.cut.test_start)
        refused(ModelError, lambda: trained.trainer.baseline("no such method"))


def _answer_of(output: JsonObject) -> Answer:
    """An answer of the server's as `Trainer.judge` takes it."""
    found: Answer = output.get("items") or output.get("probabilities") or output["value"]
    return found


def _same(told: Any, right: Any) -> bool:
    if isinstance(right, Mapping):
        return set(told) == set(right) and all(_same(told[name], value) for name, value in right.items())
    if isinstance(right, list):
        return len(told) == len(right) and all(map(_same, told, right))
    return math.isclose(told, right, rel_tol=1e-9, abs_tol=1e-9) if isinstance(right, float) else told == right


def _what(one: Contribution) -> tuple[str, str]:
    return one.kind, one.what
