"""Why a stored answer is what it is: kept, computed again, shown on the page and said to the person; and of a model whose bytes are gone."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.cases.projects import VISITS, VISITS_TOML, Folder, lay, visits
from tests.feedback.test_otherwise import ROW, page
from tidemill.access.caller import Caller
from tidemill.errors import ModelError
from tidemill.features.online import History
from tidemill.feedback.explained import compared, opened
from tidemill.model.pipeline import build_candidate
from tidemill.ops import predictions
from tidemill.scope.project import Project, open_project
from tidemill.serve.explain import asked
from tidemill.tasks.port import Question
from tidemill.testing.records import prediction
from tidemill.types import JsonObject


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """Answers of a fitted model: explained and kept, not kept, kept and altered since, and one whose question is not kept."""
    made = lay(tmp_path_factory.mktemp("visits"), "visits", VISITS, VISITS_TOML)
    made.write("data/visits/a.csv", *visits())
    made.ingest("visits")
    with open_project(made.root) as project:
        model = build_candidate(project)
        task, scorer = opened(project, model)
        request = task.request(inputs=ROW)
        output = task.answer(scorer, request, History(), 0, 0).output
        said = asked(task, scorer, Question(request, History(), 0, 0, output), {})
        inputs = json.dumps({"inputs": ROW}).encode()
        for name, row, kept in (
            ("pred_kept", inputs, said),
            ("pred_plain", inputs, None),
            ("pred_other", inputs, altered(said)),
            ("pred_bare", b"", None),
        ):
            explained = json.dumps(kept).encode() if kept else b""
            more = {"endpoint": "visits", "subject": "", "model": model.ref, "key": None, "explained": explained}
            project.live.append([prediction(name, inputs=row, output=json.dumps(output).encode(), **more)], [], [])
        project.live.flush()
    return made


def altered(said: JsonObject) -> JsonObject:
    found: JsonObject = json.loads(json.dumps(said))
    found["answers"][0]["because"][0]["value"] += 0.01
    return found


@pytest.fixture
def project(folder: Folder) -> Iterator[Project]:
    with open_project(folder.root) as project:
        yield project


def test_what_was_kept_is_computed_again_and_compared(project: Project) -> None:
    found = predictions.trace(project, Caller.local(), "pred_kept")
    assert found["explained"]["kept"] and found["explained"]["verified"] == {"same": True, "largest_difference": 0.0}
    assert found["verified"] == {"same_items": True, "largest_difference": 0.0}
    other = predictions.trace(project, Caller.local(), "pred_other")["explained"]["verified"]
    assert other["same"] is False and other["largest_difference"] == pytest.approx(0.01)


def test_what_was_not_kept_is_made_now_and_said_to_be(project: Project) -> None:
    found, kept = (
        predictions.trace(project, Caller.local(), name)["explained"] for name in ("pred_plain", "pred_kept")
    )
    assert found["answers"] == kept["answers"] and not found["kept"] and found["verified"]["same"] is None


def test_an_input_that_adds_a_rounding_error_is_no_other_input() -> None:
    """A library that adds up in another order tells 1e-18 of what was nothing; of very many inputs the least two change places."""

    def said(*parts: tuple[str, float], **more: int) -> JsonObject:
        because = [{"what": name, "kind": "input", "value": value} for name, value in parts]
        return {"answers": [{"answer": "yes", "base": 0.5, "score": 1.5, "because": because, **more}]}

    plain = said(("a", 1.0))
    assert compared(plain, said(("a", 1.0), ("b", 1e-18))) == {"same": True, "largest_difference": 0.0}
    assert compared(said(("a", 1.0), ("b", 0.1)), plain)["same"] is False
    assert compared(said(("a", 1.0), ("b", 0.1), others=2), said(("a", 1.0), ("c", 0.1), others=2))["same"]
    assert compared(said(("a", 1.0), ("b", 0.1), others=2), said(("c", 1.0), ("b", 0.1), others=2))["same"] is False
    assert compared(plain, {"answers": []})["same"] is False


def test_the_page_shows_bars_and_the_person_s_sentence(project: Project) -> None:
    text = page(project, "/trace?id=pred_kept")
    (sentence,) = predictions.person(project, Caller.local(), "pred_kept")["sentences"]
    assert "computed again: the same" in text and "<svg" in text.split('id="explained"')[1]
    assert sentence in text.split('id="person"')[1].replace("&#39;", "'")
    assert "computed again: NOT the same" in page(project, "/trace?id=pred_other")


def test_the_command_says_it_and_to_the_person_nothing_else(folder: Folder, project: Project) -> None:
    (sentence,) = folder.json("trace", "pred_kept", "--person")["sentences"]
    assert folder.tidemill("trace", "pred_kept", "--person").stdout.strip().replace("\n", " ") == sentence
    shown = folder.tidemill("trace", "pred_kept").stdout
    assert "what it is made of" in shown and "computed again the same" in shown and "what is popular" not in shown
    model = project.live.predictions.get("pred_kept").model
    assert model not in sentence and "odds" not in sentence and sentence.count("pages") <= 1


def test_a_notebook_shows_it(project: Project) -> None:
    from tidemill.ops.notebook import OpenPrediction

    found = OpenPrediction(project, "pred_kept").explained
    values = found.frame()["value"].abs().to_list()
    assert values and values == sorted(values, reverse=True)
    assert "<svg" in found._repr_html_() and found.record["answers"][0]["sentence"][:20] in found._repr_html_()
    assert "<svg" not in OpenPrediction(project, "pred_bare").explained._repr_html_()


def test_of_a_model_that_does_not_load_the_rest_is_told(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ModelError("the process did not start")

    for place in ("tidemill.feedback.trace.open_model", "tidemill.tasks.tabular.row.RowScorer.predict"):
        with monkeypatch.context() as patch:
            patch.setattr(place, broken)
            found = predictions.trace(project, Caller.local(), "pred_kept")
            assert found["verified"] == {"same_items": None, "why": "the process did not start"}
            assert found["explained"]["answers"] and found["training"]["files"]
            assert "the process did not start" in page(project, "/trace?id=pred_kept")


def test_of_a_question_that_is_not_kept_nothing_can_be_computed(project: Project) -> None:
    found = predictions.trace(project, Caller.local(), "pred_bare")
    assert found["explained"]["why"] == found["verified"]["why"], "in the words of one who reads, not of a request"
    assert found["verified"]["same_items"] is None and found["explained"]["method"] == "none"
    assert predictions.person(project, Caller.local(), "pred_bare")["why"]


def test_of_a_model_that_was_forgotten_what_was_kept_is_told_and_the_rest_is_said_to_be_gone(folder: Folder) -> None:
    """The last test here: it takes the bundle away."""
    with open_project(folder.root) as project:
        project.artifacts.delete(project.store.models.list()[0].bundle)
        kept, plain = (predictions.trace(project, Caller.local(), name) for name in ("pred_kept", "pred_plain"))
        assert kept["verified"]["same_items"] is None and kept["explained"]["verified"]["same"] is None
        assert kept["explained"]["kept"] and kept["explained"]["answers"]
        assert plain["explained"]["method"] == "none" and "cannot be read" in plain["explained"]["why"]
        assert predictions.person(project, Caller.local(), "pred_kept")["sentences"]
        assert predictions.person(project, Caller.local(), "pred_plain") == {
            **predictions.person(project, Caller.local(), "pred_plain"),
            "sentences": [],
        }
        for name in ("pred_kept", "pred_plain"):
            text = page(project, f"/trace?id={name}")
            assert (
                "cannot be recomputed" in text and "recomputed: NOT" not in text and "recomputed: the same" not in text
            )
