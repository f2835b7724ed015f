"""A text as an input: the numbers that a process gives it, the same in training and in the server, asked for once a text."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import msgspec
import numpy as np
import polars as pl
import pytest

from tests.raised import raised
from tests.tasks.tabular.test_process import PLAIN
from tests.tasks.tabular.test_trees import loans
from tidemill.config.sections import FeatureConfig, FeatureViewConfig, ProcessSection
from tidemill.data.contract.contract import Contract
from tidemill.errors import ConfigError, ModelError, NotAvailableYet
from tidemill.features.joined import Joined
from tidemill.features.views import View
from tidemill.learning.search import Settings
from tidemill.model.inputs import placed
from tidemill.process.service import Spec
from tidemill.serve import served
from tidemill.store.artifacts.codecs import Bundle
from tidemill.tasks.table import load
from tidemill.tasks.tabular import embed
from tidemill.tasks.tabular.embed import Embedding
from tidemill.tasks.tabular.inputs import Input
from tidemill.tasks.tabular.row import RowScorer
from tidemill.tasks.tabular.training import TRAINING, TabularTrainer


def view(contract: Contract, folder: Path, *arguments: str, model: str = "letters-1", size: int = 3) -> View:
    process = ProcessSection(command=("python", str(PLAIN), *(arguments or ("", str(folder)))), model=model, size=size)
    letters = FeatureConfig(op="embed", column="town", process=process)
    config = FeatureViewConfig(name="texts", from_="loans", features={"letters": letters})
    return placed(View.of(config, contract), str(folder))


def trainer_of(folder: Path) -> TabularTrainer:
    frame, contract = loans("regress")
    views = [view(contract, folder)]
    details = TRAINING.details(contract, views, folder, "regress")
    settings = Settings("regress", "mae", None, 1, None, details)
    found = TRAINING.open_trainer(TRAINING.rows(frame.lazy(), contract, views), settings)
    assert isinstance(found, TabularTrainer)
    return found


def test_a_text_is_its_numbers_in_training_and_in_the_server_and_asked_for_once(tmp_path: Path) -> None:
    trainer = trainer_of(tmp_path)
    names = [one.name for one in trainer.table.inputs]
    assert names == ["income", "age", "owner", "letters.0", "letters.1", "letters.2"], "the text itself is none"
    frame = loans("regress")[0]
    for place, letter in enumerate("abc"):
        counts = frame["town"].str.count_matches(letter).cast(pl.Float64)
        assert trainer.table.frame[f"letters.{place}"].to_list() == counts.to_list()
    asked = (tmp_path / "asked").read_text().split()
    assert sorted(asked) == sorted(set(frame["town"].drop_nulls())), "each text once"
    end = int(trainer.at[800])
    bundle = trainer.fit(trainer.baseline("linear"), end)
    assert bundle.manifest["signature"]["inputs"]["town"]["type"] == "string"
    scorer = load(bundle)
    questions = trainer.questions(None, end, int(trainer.at[-1]) + 1)  # type: ignore[arg-type]
    told = [scorer.predict(one["inputs"]) for one in questions.requests]
    assert told == questions.answers(bundle) and any("town" in one["inputs"] for one in questions.requests)
    new = [scorer.predict({"age": 40, "town": town})["value"] for town in ("caracas", "caracas", "abc")]
    assert new[0] == new[1] != new[2]
    later = (tmp_path / "asked").read_text().split()[len(asked) :]
    assert len(later) == len(set(later)) and "caracas" in later


@pytest.mark.parametrize(
    ("arguments", "model", "size"),
    [(("another's",), "letters-1", 3), ((), "letters-2", 3), ((), "letters-1", 4)],
    ids=["says that it is another", "another is declared", "longer vectors are declared"],
)
def test_vectors_of_another_model_are_refused(
    tmp_path: Path, arguments: tuple[str, ...], model: str, size: int
) -> None:
    spec = Spec(str(tmp_path), ("python", str(PLAIN), *arguments))
    with raised(ModelError, "process"):
        embed.vectors(Embedding(spec, model, size), ["a", None, "b"])


def test_what_is_missing_is_missing(tmp_path: Path) -> None:
    found = embed.vectors(Embedding(Spec(str(tmp_path), ("python", str(PLAIN))), "letters-1", 3), ["ab", None, "ab"])
    np.testing.assert_array_equal(found, [[1, 1, 0], [np.nan] * 3, [1, 1, 0]])


def test_a_declaration_that_is_none_says_so(tmp_path: Path) -> None:
    _, contract = loans("regress")
    process = ProcessSection(command=("x",), model="m", size=2)
    for feature in (
        FeatureConfig(op="embed", column="town"),
        FeatureConfig(op="mean", column="income", process=process),
        FeatureConfig(op="embed", process=process),
        FeatureConfig(op="embed", column="age", process=process),
        FeatureConfig(op="embed", column="town", process=ProcessSection(command=("x",))),
    ):
        config = FeatureViewConfig(name="texts", from_="loans", features={"f": feature})
        with pytest.raises(ConfigError) as caught:
            View.of(config, contract)
        assert caught.value.place == "[features.texts] f"
    config = FeatureViewConfig(
        name="texts",
        from_="loans",
        entity="who",
        features={"f": FeatureConfig(op="embed", column="town", process=process)},
    )
    with raised(NotAvailableYet, "[features.texts]"):
        Joined.of(config, contract, contract)


def test_what_answers_texts_is_started_before_the_first_request(tmp_path: Path) -> None:
    embedding = Embedding(Spec(str(tmp_path), ("python", str(PLAIN))), "letters-1", 3)
    one = Input("letters.0", "embed", "town", embedding=embedding)
    scorer = object.__new__(RowScorer)
    scorer.inputs = (one, msgspec.structs.replace(one, name="letters.1", place=1))
    embed._kept.cache_clear()
    scorer.begin()
    assert embed._kept.cache_info().currsize == 1
    scorer.inputs = (msgspec.structs.replace(one, embedding=msgspec.structs.replace(embedding, model="another")),)
    with raised(ModelError, "process"):
        scorer.begin()


def test_a_server_begins_what_its_model_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    def begin() -> None:
        raise ModelError("it does not start", place="process")

    monkeypatch.setattr(served, "get_bundle", lambda artifacts, digest: Bundle({}, {}))
    monkeypatch.setattr(served, "load", lambda bundle: SimpleNamespace(begin=begin))
    with raised(ModelError, "process", hint=False):
        served.load_scorer(SimpleNamespace(artifacts=None), "sha256:x")  # type: ignore[arg-type]
