"""A candidate on the real server: loaded with a ticket, asked, measured, killed; whatever it does, the report says it."""

from __future__ import annotations

import http.client
import signal
from contextlib import closing, nullcontext
from types import SimpleNamespace

import pytest

from tests.raised import raised
from tests.serve import released
from tests.serve.asking import NOON
from tests.serve.test_loading import flip
from tidemill.access import tokens as auth
from tidemill.errors import DiskFull, StoreBusy, StoreError
from tidemill.learning.bundle import FORMAT
from tidemill.process.child import Child
from tidemill.serve import candidate
from tidemill.serve.candidate import GIVEN_UP, NOT_LOADED, SILENT, SubprocessCandidateServer, server_of
from tidemill.serve.http.server import candidate_app
from tidemill.serve.served import scope_of
from tidemill.store.artifacts.codecs import Bundle, put_bundle
from tidemill.store.records import OnlineEvent
from tidemill.types import DAY


@pytest.fixture(autouse=True)
def nobody_is_left_behind(monkeypatch):
    """Every process that a test starts has ended when it ends."""
    started: list = []
    real = Child.__init__
    monkeypatch.setattr(Child, "__init__", lambda self, *a, **more: (started.append(self), real(self, *a, **more))[1])
    yield
    assert all(child.code is not None for child in started)


ASKED = [{"subject": "7", "k": 3, "at": NOON}, {"subject": "8", "k": 1, "at": NOON - 2 * DAY}]


def probe(project, digest, rounds=2, **limits):
    return SubprocessCandidateServer(project.endpoint(), **limits).probe(digest, ASKED, rounds)


def test_a_good_candidate_answers_as_offline_and_leaves_no_trace(project):
    project.live.online.load([OnlineEvent(0, "e1", "7", "mug", NOON - DAY, 1.0, dataset="sales")])
    report = probe(project, released.bundle(project, ("a", "b")), rounds=3)
    assert report.ok and report.errors == []
    assert [(a["items"], a["ack"], a["arm"]) for a in report.answers] == [
        (["mug", "a", "b"], "none", "canary"),
        (["a"], "none", "canary"),
    ]
    assert report.answers[0]["scores"] == pytest.approx([2 ** (-1 / 30), 1 / 2, 1 / 3], abs=1e-9)
    assert len(report.latency_us) == 6 and all(0 < us < 5_000_000 for us in report.latency_us)
    assert project.live.predictions.count() == 0
    assert project.store.tokens.list() == []  # the ticket is used up


@pytest.mark.parametrize(
    "error",
    [DiskFull("no room", hint="make some"), StoreBusy("busy", hint="wait"), StoreError("out of reach", hint="wait")],
)
def test_what_the_machine_lacks_is_no_evidence_against_a_candidate(project, monkeypatch, error):
    """A model that cannot be judged because the disk is full is not refused: the judging stops, to go on later."""
    monkeypatch.setattr(Child, "ask", lambda *a: {"error": error.problem()})
    with raised(type(error), "") as caught:
        probe(project, released.bundle(project, ("a",)))
    assert error.message in caught.value.message and caught.value.hint == error.hint


@pytest.mark.parametrize(
    "how, says",
    [
        ({"nan": True}, "422 model: the model gave a score that is no number"),
        ({"raises": "no idea"}, "no idea"),
    ],
)
def test_what_a_broken_candidate_does_is_evidence(project, how, says):
    report = probe(project, released.bundle(project, **how))
    assert not report.ok and says in report.errors[0]


def test_a_bundle_that_does_not_load(project):
    report = probe(project, put_bundle(project.artifacts, Bundle({"format": FORMAT, "scorer": "horoscope"}, {})))
    assert not report.ok and report.errors[0].startswith("the server does not load it: model: no scorer 'horoscope'")


def test_a_candidate_that_sleeps_is_killed(project):
    report = probe(project, released.bundle(project, sleeps=600), answer=0.2)
    assert not report.ok and "does not answer" in report.errors[0]


def test_the_whole_probe_has_a_limit(project):
    report = probe(project, released.bundle(project, sleeps=0.05), rounds=10_000, total=0.5)
    assert not report.ok and "stopped after" in report.errors[-1]


def mirrored(project, digest, **limits):
    return SubprocessCandidateServer(project.endpoint(), **limits).mirror(digest, ASKED * 4)


def test_what_was_asked_live_is_asked_once_each(project):
    look = mirrored(project, released.bundle(project, ("a", "b")))
    assert [one.answer["items"] for one in look.answers] == [["a", "b"], ["a"]] * 4 and not look.stopped
    assert all(one.took_us > 0 and not one.error for one in look.answers)
    assert 10_000_000 < look.memory[0] <= look.memory[1]
    assert project.live.predictions.count() == 0 and project.store.tokens.list() == []


def test_what_comes_with_the_first_request_is_no_leak_and_its_time_is_not_counted(project, monkeypatch):
    """Libraries, tables of items: each look starts a server anew, and a p99 of few requests would be theirs."""
    asked, held = [], []

    class Asking:
        headers = {candidate.HANDLE: "7"}
        close = staticmethod(lambda: None)

        def post(self, path, body):
            asked.append(body)
            return {"items": []}

    server = SimpleNamespace(pid=1, code=None)
    monkeypatch.setattr(candidate, "server_of", lambda project: nullcontext(server))
    monkeypatch.setattr(candidate, "held_by", lambda pid: held.append(len(asked)) or 1)
    monkeypatch.setattr(SubprocessCandidateServer, "_started", lambda *a: {"port": 1, "secret": ""})
    monkeypatch.setattr(SubprocessCandidateServer, "_client", lambda *a: closing(Asking()))
    look = mirrored(project, "sha256:0")
    assert held == [1, 9] and len(look.answers) == 8


def test_each_that_fails_is_told_and_the_others_are_asked(project):
    look = mirrored(project, released.bundle(project, nan=True))
    assert [one.error for one in look.answers] == ["model"] * 8 and not look.stopped


def test_one_that_hangs_is_given_up(project):
    look = mirrored(project, released.bundle(project, sleeps=600), answer=0.2)
    assert [one.error for one in look.answers] == [SILENT] * GIVEN_UP and look.stopped


def test_one_that_does_not_load_answers_nothing(project):
    look = mirrored(project, "sha256:" + "0" * 64)
    assert [one.error for one in look.answers] == [NOT_LOADED] * GIVEN_UP and "not_found" in look.stopped


def test_a_damaged_or_missing_bundle_is_not_loaded(project):
    digest = released.bundle(project)
    flip(project.artifacts.path(digest))
    assert "damaged" in probe(project, digest).errors[0]
    assert "not_found" in probe(project, "sha256:" + "0" * 64).errors[0]


def test_a_ticket_is_for_one_load_of_one_digest(project):
    """Whoever sees a ticket later, or has one for another bundle, loads nothing with it."""
    digest, other = released.bundle(project), released.bundle(project, ("other",))
    ticket = auth.issue_code(project.store, scope_of(digest))
    for bad in (other, digest):
        if bad == digest:
            auth.redeem(project.store, ticket, scope_of(digest))
        with server_of(project) as server:
            word = server.ask({"digest": bad, "ticket": ticket, "secret": "secret"}, 60)
            assert word is not None and word["error"]["code"] == "unauthorized"


def test_a_candidate_answers_nobody_else(project):
    """Not the project's tokens, and no route but predict and health."""
    token = auth.issue(project.store, "all", ("predict", "feedback", "read", "operate"))
    digest = released.bundle(project)
    ticket = auth.issue_code(project.store, scope_of(digest))
    with server_of(project) as server:
        port = server.ask({"digest": digest, "ticket": ticket, "secret": "secret"}, 60)["port"]

        def ask(secret, path, method="POST"):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            connection.request(method, path, b'{"subject": "7"}', {"Authorization": f"Bearer {secret}"})
            status = connection.getresponse().status
            connection.close()
            return status

        assert ask("secret", "/predict/shop") == 200
        assert ask(token, "/predict/shop") == 401
        assert [ask("secret", path) for path in ("/feedback", "/control/refresh", "/api/status")] == [404] * 3


def test_a_candidate_has_those_at_hand_that_it_is_asked_about(project):
    project.live.online.load(
        [OnlineEvent(0, f"e{who}", who, "mug", NOON - DAY, 1.0, dataset="sales") for who in ("7", "8", "9")]
    )
    digest = released.bundle(project)
    ticket = auth.issue_code(project.store, scope_of(digest))
    serving = candidate_app(project, digest, ticket, "secret", ["9", "7"]).serving
    assert set(serving.histories.held) == {("sales", "7"), ("sales", "9")}
    assert [serving.at(None).history.items(who, NOON, DAY)[0] for who in ("7", "9", "10")] == [["mug"], ["mug"], []]


def test_a_server_that_nobody_needs_ends(project):
    server = server_of(project)
    server.channel.close()
    assert server.wait(60) in (0, -signal.SIGKILL)
