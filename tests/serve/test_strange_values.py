"""Values of requests that break the contract's limits, and names that are spelt otherwise than in the rows."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.serve.asking import NOON, Heard, alive, make_app, opened, release
from tidemill.access import tokens as auth
from tidemill.data.check.column import Column
from tidemill.scope.project import Project, open_project
from tidemill.serve.served import Loaded, Served
from tidemill.store.artifacts.codecs import Bundle
from tidemill.store.records import OnlineEvent
from tidemill.tasks.tabular.inputs import Input
from tidemill.tasks.tabular.row import RowScorer
from tidemill.tasks.tabular.tables import as_json
from tidemill.types import HeldClock, to_iso

COLUMNS = (Column("pages", "integer", minimum=0), Column("country", "string"))
INPUTS = [
    Input("pages", "number", "pages", column=COLUMNS[0]),
    Input("country", "category", "country", categories=("DE", "FR"), column=COLUMNS[1]),
]


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Project]:
    with opened(tmp_path / "shop") as project:
        yield project


def ask(project: Project, scorer: Any, *calls: tuple[str, Any], roles: dict[str, Column] | None = None) -> list[Heard]:
    """What is answered to these calls, one after the other, by this scorer; the metrics come last."""

    async def run() -> list[Heard]:
        app = make_app(project, scorer)
        (predictor,) = app.serving.predictors.values()
        variants = {"champion": Loaded(release(), "sha256:a", scorer, predictor.task, roles or {})}
        predictor.served = Served(variants, project.store.releases.revision())
        token = auth.issue(project.store, "test", ("predict", "feedback", "read"))
        async with alive(app, token) as asker:
            return [*[await asker("POST", path, body) for path, body in calls], await asker("GET", "/metrics")]

    return asyncio.run(run())


def table(project: Project, requests: str = "") -> Project:
    """The project as one whose model answers rows."""
    path = project.root / "tidemill.toml"
    path.write_text(path.read_text().replace('"recommend"', '"regress"').replace("[model]", f"{requests}\n[model]"))
    return open_project(project.root, clock=HeldClock(NOON))


def trees() -> RowScorer:
    return RowScorer(
        Bundle({"columns": as_json(INPUTS), "labels": None, "learner": "constant"}, {"constant.json": b"[1.0]"})
    )


STRANGE = {"inputs": {"pages": -999_999, "country": "Atlantis"}}


def test_what_is_strange_is_in_the_answer_in_the_prediction_and_counted(shop: Project) -> None:
    with table(shop) as project:
        strange, good, metrics = ask(
            project, trees(), ("/predict/shop", STRANGE), ("/predict/shop", {"inputs": {"pages": "3", "country": "FR"}})
        )
        flags = {"pages": "below 0", "country": "never seen"}
        assert (strange.status, strange.json["value"], strange.json["flags"]) == (200, 1.0, flags)
        assert good.status == 200 and "flags" not in good.json
        kept = project.live.predictions.get(strange.json["prediction_id"])
        assert b'"flags":{"pages":"below 0","country":"never seen"}' in kept.output
        line = 'tidemill_flagged_inputs_total{endpoint="shop",flag="below 0",input="pages"} 1.0'
        assert line in metrics.body.decode()


def test_the_contract_s_limits_may_refuse_a_request_and_what_was_never_seen_does_not(shop: Project) -> None:
    with table(shop, 'requests = "refuse"') as project:
        refused, unseen, _ = ask(
            project, trees(), ("/predict/shop", STRANGE), ("/predict/shop", {"inputs": {"country": "Atlantis"}})
        )
        assert (refused.status, refused.json["code"], refused.json["place"]) == (
            422, "signature_mismatch", "$.inputs.pages"
        )  # fmt: skip
        assert unseen.status == 200 and unseen.json["flags"] == {"country": "never seen"}
        assert project.live.predictions.count() == 1


def known(project: Project, subject: str) -> None:
    """A subject that has bought a mug."""
    event = OnlineEvent(0, "1", subject, "mug", NOON - 1, 1.0, dataset="sales")
    project.live.online.load([event])


class Again:
    half_life, catalogue = 1, ("mug", "cup")

    def recommend(self, items: Any, values: Any, at: int, k: int) -> Any:
        import numpy as np

        return list(items) or ["popular"], np.ones(max(1, len(items)))


@pytest.mark.parametrize(
    ("said", "column", "row"),
    [
        (" 17000\N{NO-BREAK SPACE}", None, "17000"),
        ("Rene\u0301e", None, "Ren\u00e9e"),
        (" 17000 ", Column("who", "string", exact=True), " 17000 "),
        ("17000.0", Column("who", "integer"), "17000"),
    ],
)
def test_a_subject_is_found_as_its_rows_spell_it(shop: Project, said: str, column: Column | None, row: str) -> None:
    known(shop, row)
    roles = {"subject": column} if column else {}
    told = {"key": " k ", "subject": said, "item": "cup\t", "value": 1, "at": to_iso(NOON - 1)}
    answer, feedback, _ = ask(shop, Again(), ("/predict/shop", {"subject": said}), ("/feedback", told), roles=roles)
    assert (answer.status, answer.json["cold"], answer.json["items"]) == (200, False, ["mug"])
    assert shop.live.predictions.get(answer.json["prediction_id"]).subject == row
    assert feedback.status == 200
    assert [(e.subject, e.item) for e in shop.live.online.list(subject=row)] == [(row, "mug"), (row, "cup")]
    (outcome,) = shop.live.outcomes.list()
    assert (outcome.key, outcome.subject, outcome.item) == ("k", row, "cup")


@pytest.mark.parametrize("said", ["NULL", " ", "nan"])
def test_a_word_for_nothing_is_no_subject(shop: Project, said: str) -> None:
    told = {"key": "k", "subject": said, "item": "cup", "value": 1, "at": to_iso(NOON - 1)}
    answer, feedback, _ = ask(shop, Again(), ("/predict/shop", {"subject": said}), ("/feedback", [told, told]))
    assert [(h.status, h.json["place"]) for h in (answer, feedback)] == [(400, "$.subject"), (400, "$[0].subject")]
    assert answer.json["hint"]


@pytest.mark.parametrize("requests", ["", 'requests = "refuse"'])
def test_a_subject_that_breaks_the_contract_is_flagged_or_refused(shop: Project, requests: str) -> None:
    path = shop.root / "tidemill.toml"
    path.write_text(path.read_text().replace("[model]", f"{requests}\n[model]"))
    roles = {"subject": Column("who", "string", pattern="^[0-9]+$", normal=True)}
    with open_project(shop.root, clock=HeldClock(NOON)) as project:
        calls = [("/predict/shop", {"subject": said}) for said in ("17000", "ann")]
        good, strange, _ = ask(project, Again(), *calls, roles=roles)
    assert good.status == 200 and "flags" not in good.json
    if requests:
        assert (strange.status, strange.json["place"]) == (422, "$.subject")
    else:
        assert strange.json["flags"] == {"subject": "does not match ^[0-9]+$"}


def test_what_no_row_can_be_called_is_no_subject(shop: Project) -> None:
    (answer, _) = ask(shop, Again(), ("/predict/shop", {"subject": "ann"}), roles={"subject": Column("who", "integer")})
    assert (answer.status, answer.json["place"]) == (400, "$.subject") and answer.json["hint"]
