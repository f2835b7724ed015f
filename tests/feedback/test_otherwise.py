"""What would have had to change: of a stored prediction, by the verb, the command and the page; and what cannot be asked so."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from tests.cases.projects import VISITS, VISITS_TOML, Folder, lay, visits
from tests.raised import raised
from tests.web.test_pages import get
from tidemill.api.table import VERBS
from tidemill.errors import BadRequest, NotFound, TidemillError
from tidemill.model.pipeline import build_candidate
from tidemill.ops import predictions
from tidemill.scope.project import Project, open_project
from tidemill.testing.records import prediction

TOML = VISITS_TOML.replace(
    'task = "classify"', 'task = "classify"\ninputs = { actionable = { pages = "up", spent = "any" } }'
)
ROW = {"pages": 2, "spent": 10.0, "member": True, "country": "FR", "site": "A", "ts": "2024-10-10T10:00:00"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    made = lay(tmp_path_factory.mktemp("visits"), "visits", VISITS, TOML)
    made.write("data/visits/a.csv", *visits())
    made.ingest("visits")
    with open_project(made.root) as project:
        model = build_candidate(project)
        kept = json.dumps({"inputs": ROW}).encode()
        output = json.dumps({"value": False, "probability": 0.9, "probabilities": {"false": 0.9, "true": 0.1}}).encode()
        said = {"endpoint": "visits", "subject": "", "model": model.ref, "output": output}
        found = [prediction(id, key=None, inputs=inputs, **said) for id, inputs in (("pred_1", kept), ("pred_2", b""))]
        project.live.append(found, [], [])
        project.live.flush()
    return made


@pytest.fixture
def project(folder: Folder) -> Iterator[Project]:
    with open_project(folder.root) as project:
        yield project


def page(project: Project, path: str) -> str:
    text: str = get(project, path).body.decode()
    return text


def test_who_looks_at_more_pages_comes_back(project: Project) -> None:
    found = predictions.counterfactual(project, "pred_1")
    (change,) = found["ways"][0]["changes"]
    assert (change["input"], change["from"], found["want"]) == ("pages", 2, "true") and 5 <= change["to"] <= 7
    assert found["ways"][0]["answer"]["value"] is True and "pages" in found["sentence"]
    assert predictions.counterfactual(project, "pred_1", want="true") == found


def test_the_command_says_the_same(folder: Folder) -> None:
    assert folder.json("counterfactual", "pred_1")["ways"][0]["changes"][0]["input"] == "pages"
    assert "instead of 2" in folder.tidemill("counterfactual", "pred_1").stdout
    assert folder.tidemill("counterfactual", "pred_1", "--want", "maybe").returncode == 2


def test_the_route_takes_what_is_wanted() -> None:
    verb = next(one for one in VERBS if one.route.path.endswith("/counterfactual"))
    asked: Any = msgspec.convert({"prediction": "pred_1", "at_least": "3.5"}, verb.asked, strict=False)
    assert (asked.prediction, asked.want, asked.at_least, asked.at_most) == ("pred_1", None, 3.5, None)
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"prediction": "pred_1", "at_least": "much"}, verb.asked, strict=False)


def test_the_page_has_a_form_and_shows_what_was_asked_for(project: Project) -> None:
    assert "What would have to change" in page(project, "/trace?id=pred_1")
    shown = page(project, "/trace?id=pred_1&otherwise=1")
    assert "It would be" in shown and "not that the change is advice" in shown
    assert "already" in page(project, "/trace?id=pred_1&otherwise=1&want=false")


def test_without_the_inputs_or_the_model_it_says_so(project: Project) -> None:
    with raised(NotFound, ""):
        predictions.counterfactual(project, "pred_2")
    with raised(BadRequest, "$.want"):
        predictions.counterfactual(project, "pred_1", want="flase")
    model = project.store.models.list()[0]
    project.artifacts.delete(model.bundle)
    with pytest.raises(TidemillError) as caught:
        predictions.counterfactual(project, "pred_1")
    assert caught.value.code in ("not_found", "damaged")
    assert "What would have to change" not in page(project, "/trace?id=pred_1")
