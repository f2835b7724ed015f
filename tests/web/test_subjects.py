"""A person is found on the page, by who may; documents are there with their gaps, and no name in them."""

from __future__ import annotations

from typing import Any

from tests.web.story import prediction_id
from tests.web.test_pages import asked
from tidemill.rights.audit.asked import QUESTIONS
from tidemill.rights.documents.written import DOCUMENTS
from tidemill.scope.project import Project


def seen(told: Project, path: str, scopes: tuple[str, ...] = ("read", "operate")) -> Any:
    async def work(ask: Any) -> Any:
        return await ask("GET", path, headers={"accept": "text/html"})

    return asked(told, work, scopes)


def test_somebody_is_found_with_the_models_that_answered_them(told: Project) -> None:
    answer = told.live.predictions.get(prediction_id())
    heard = seen(told, f"/subjects?id={answer.subject}")
    text = heard.body.decode()
    assert heard.status == 200 and answer.subject in text and "predictions" in text
    assert 'href="/subjects"' in seen(told, "/trace").body.decode()


def test_who_is_not_there_is_said_and_nothing_is_run_in_the_page(told: Project) -> None:
    heard = seen(told, "/subjects?id=%3Cscript%3Ealert(1)%3C/script%3E")
    assert heard.status == 200 and b"<script>alert" not in heard.body and b'role="status"' in heard.body


def test_each_document_is_a_page(told: Project) -> None:
    for name in DOCUMENTS:
        heard = seen(told, f"/documents/{name}")
        assert heard.status == 200 and b"<li" in heard.body
    assert seen(told, "/documents/none").status == 404


def test_each_question_of_an_auditor_is_a_page(told: Project) -> None:
    champion = told.store.releases.list(status="champion")[0].model
    for name, one in QUESTIONS.items():
        about = {"model": champion, "prediction": prediction_id()}.get(one.about, "")
        heard = seen(told, f"/audit/{name}?about={about}")
        assert heard.status == 200 and b"<li" in heard.body
    assert seen(told, "/audit/none").status == 404 and b"/audit/origin" in seen(told, "/subjects").body
