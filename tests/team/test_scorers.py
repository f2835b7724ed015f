"""Several scorers on one PostgreSQL: one answer a key, positions, one-use codes, revocations that all of them have confirmed."""

from __future__ import annotations

import http.client
import json
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.data.test_items import ITEMS
from tests.serve import released
from tests.serve.asking import TOML
from tests.serve.real import Scorer, start
from tests.tiers import both
from tidemill.access import tokens as auth
from tidemill.access.caller import Caller
from tidemill.access.tokens import SCOPES
from tidemill.ops import releases, tokens
from tidemill.ops.scorers import GONE, scorers
from tidemill.ops.status import status
from tidemill.scope.project import Project, open_project
from tidemill.types import DAY, SystemClock, to_iso

if TYPE_CHECKING:
    from tests.store.sql.conftest import Server

pytestmark = pytest.mark.postgres
BOTH = range(2)
STOCKED = '\n[data.items]\nsource = "data/items/*.csv"\ncontract = "contracts/items.yaml"\n'


def wait_for(condition: Callable[[], object]) -> None:
    """Until it is so; the test's own time limit ends it otherwise."""
    pause = threading.Event()
    while not condition():
        pause.wait(0.02)


@dataclass
class Team:
    """Two scorers of one project."""

    project: Project
    token: str
    scorers: list[Scorer]

    def __getitem__(self, i: int) -> Scorer:
        return self.scorers[i]

    def begin(self, i: int, port: int = 0) -> None:
        found = start(self.project.root, self.token, port=port)
        self.scorers[i:] = [found, *self.scorers[i + 1 :]]

    def settled(self) -> None:
        """Both are alive, and serve what is released."""
        now = self.project.store.releases.revision
        wait_for(lambda: [s.releases for s in self.project.store.scorers.live()] == [now()] * len(self.scorers))

    def ask(self, i: int, *what: Any, **headers: str) -> tuple[int, Any]:
        while busy(told := self[i].ask(*what, **headers)):
            pass
        return told

    def kill(self, i: int) -> None:
        self[i].process.kill()
        self[i].process.wait()


@pytest.fixture(scope="module")
def team(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Team]:
    root, name = tmp_path_factory.mktemp("team") / "shop", f"scorers_{server.schema()}"
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    (root / "contracts").mkdir(parents=True)
    (root / "contracts/items.yaml").write_text(ITEMS.replace("KEY", "sku"))
    address = f"postgresql://tidemill@127.0.0.1:{server.port}/{name}"
    (root / "tidemill.toml").write_text(f'{TOML}{STOCKED}\n[stores]\nmetadata = "{address}"\n')
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TIDEMILL_HOME", str(root / "home"))
        with open_project(root) as project:
            released.champion(project)
            made = Team(project, auth.issue(project.store, "test", SCOPES), [])
            try:
                for i in BOTH:
                    made.begin(i)
                yield made
            finally:
                for i in range(len(made.scorers)):
                    made.kill(i)


@dataclass
class Line:
    """A kept-alive connection: what is asked, and later what came back."""

    scorer: Scorer

    def __post_init__(self) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", self.scorer.port, timeout=60)

    def send(self, path: str, body: Any, **headers: str) -> None:
        sent = {"Authorization": f"Bearer {self.scorer.token}", "Content-Type": "application/json", **headers}
        self._connection.request("POST", path, json.dumps(body), sent)

    def heard(self) -> tuple[int, Any, Any]:
        reply = self._connection.getresponse()
        return reply.status, json.loads(reply.read()), reply.headers

    def close(self) -> None:
        self._connection.close()


@contextmanager
def lines(team: Team) -> Iterator[list[Line]]:
    """One to each."""
    found = [Line(one) for one in team.scorers]
    try:
        yield found
    finally:
        for line in found:
            line.close()


def to_both(found: list[Line], path: str, *bodies: Any) -> list[tuple[int, Any, Any]]:
    """At once; one body is sent to both."""
    asked = dict(zip(BOTH, bodies * len(found), strict=False))
    told: dict[int, tuple[int, Any, Any]] = {}
    while asked:
        for i, body in asked.items():
            found[i].send(path, body)
        told |= {i: found[i].heard() for i in asked}
        asked = {i: body for i, body in asked.items() if busy(told[i])}
    return [told[i] for i in BOTH]


def busy(told: tuple[Any, ...]) -> bool:
    """The machine kept the scorer from its heartbeat: it is asked again."""
    return bool(told[0] == 503 and told[1].get("code") == "cut_off")


@pytest.mark.parametrize("n", both(60, 2_000))
def test_a_key_sent_to_both_at_once_is_one_record_and_one_answer(team: Team, n: int) -> None:
    before = team.project.live.predictions.count()

    def some(worker: int) -> list[tuple[str, int]]:
        told = list[tuple[str, int]]()
        with lines(team) as found:
            for i in range(worker, n, 4):
                answers = to_both(found, "/predict/shop", {"subject": f"s{i % 7}", "key": f"twice-{n}-{i}"})
                assert [status for status, *_ in answers] == [200, 200]
                assert answers[0][1] == answers[1][1], "one answer"
                told.append((answers[0][1]["prediction_id"], sum("repeated" in heard[2] for heard in answers)))
        return told

    with ThreadPoolExecutor(4) as pool:
        told = [one for part in pool.map(some, range(4)) for one in part]
    assert len({name for name, _ in told}) == n == team.project.live.predictions.count() - before
    assert {repeated for _, repeated in told} == {1}, "of each two answers one is the other's"


def test_a_key_of_two_requests_is_a_conflict_at_one_of_the_scorers(team: Team) -> None:
    with lines(team) as found:
        for i in range(20):
            bodies = [{"subject": subject, "key": f"torn-{i}"} for subject in ("a", "b")]
            answers = to_both(found, "/predict/shop", *bodies)
            assert sorted(status for status, *_ in answers) == [200, 409]
            kept = team.project.live.predictions.get(next(a["prediction_id"] for s, a, _ in answers if s == 200))
            assert kept.subject == bodies[[status for status, *_ in answers].index(200)]["subject"]


def test_a_position_is_honoured_by_the_other_scorer(team: Team) -> None:
    """What one scorer has acknowledged the other's answer sees, or it is 503: an answer that does not see it is not given."""
    with lines(team) as found:
        for i in range(30):
            told, asked = found[i % 2], found[1 - i % 2]
            subject = f"reader {i}"
            told.send("/feedback", _outcome(i, subject))
            status, acknowledged, _ = told.heard()
            assert status == 200 and acknowledged["new"] == 1
            position = acknowledged["position"]
            asked.send("/predict/shop", {"subject": subject}, Position=str(position))
            status, answer, _ = asked.heard()
            assert status == 200 and not answer["cold"]
            assert answer["position"] >= position


def said_of(team: Team, i: int, name: str) -> tuple[int, Any]:
    """Tell this scorer what the popular item is called."""
    return team.ask(i, "POST", "/items/items", [{"item": "top of 1", "values": {"name": name}}])


def called_by(team: Team, i: int, position: int) -> str:
    """The sentence in which this scorer says so, asked at a position."""
    answer = team.ask(i, "POST", "/predict/shop", {"subject": "nobody", "explain": True}, Position=str(position))[1]
    assert answer["position"] >= position
    return str(answer["explained"]["answers"][0]["sentence"])


def test_what_one_is_told_of_items_the_other_answers_by(team: Team) -> None:
    for n in range(4):
        code, told = said_of(team, n % 2, f"name {n}")
        assert code == 200 and told["changed"] == 1
        assert all(f"“name {n}”" in called_by(team, i, told["position"]) for i in BOTH)
    assert team.project.live.items.past("items", "top of 1")[0].known["name"] == "name 3"


@pytest.mark.parametrize("kills", both(1, 10))
def test_what_a_killed_scorer_acknowledged_of_items_is_kept_and_known_to_all(team: Team, kills: int) -> None:
    for kill in range(kills):
        victim, first, begun = kill % 2, kill * 100_000, threading.Event()
        acknowledged = [first]

        def feed(i: int, acknowledged: list[int] = acknowledged, begun: Any = begun, enough: int = first + 20) -> None:
            line = Line(team[i])
            try:
                while True:
                    stock = acknowledged[0] + 1
                    line.send("/items/items", [{"item": f"fed {i}", "values": {"stock": stock}, "at": f"{at(stock)}"}])
                    if line.heard()[0] == 200:
                        acknowledged[0] = stock
                    if stock > enough:
                        begun.set()
            except (OSError, http.client.HTTPException):
                line.close()

        with ThreadPoolExecutor(1) as pool:
            fed = pool.submit(feed, victim)
            begun.wait()
            team.kill(victim)
            fed.result()
        (row,) = team.project.live.items.among("items", [f"fed {victim}"])
        assert row.known["stock"] in (acknowledged[0], acknowledged[0] + 1)
        code, told = said_of(team, 1 - victim, f"told while {kill} was away")
        team.begin(victim, team[victim].port)
        assert code == 200 and f"“told while {kill} was away”" in called_by(team, victim, told["position"])


def at(n: int) -> str:
    """A moment for each number, the later one for the greater."""
    return to_iso(SystemClock().now() // DAY * DAY - DAY + n)


def test_an_outcome_told_again_elsewhere_has_a_position_that_sees_the_first(team: Team) -> None:
    with lines(team) as found:
        first, again = to_both(found, "/feedback", _outcome(0, "teller"))
        assert sorted(reply[1]["new"] for reply in (first, again)) == [0, 1]
        least = next(reply[1]["position"] for reply in (first, again) if reply[1]["new"])
        assert all(reply[1]["position"] >= least for reply in (first, again))


def _outcome(i: int, subject: str) -> dict[str, Any]:
    return {
        "key": f"{subject}/{i}",
        "subject": subject,
        "item": "top of 1",
        "value": 1,
        "at": to_iso(SystemClock().now()),
    }


def test_a_position_that_is_not_there_is_503_and_nonsense_400(team: Team) -> None:
    with lines(team) as found:
        found[0].send("/predict/shop", {"subject": "7"}, Position=str(10**15))
        status, problem, headers = found[0].heard()
        assert (status, problem["code"], headers["retry-after"]) == (503, "not_there_yet", "1")
        found[0].send("/predict/shop", {"subject": "7"}, Position="-1")
        assert found[0].heard()[0] == 400


def test_both_choose_the_same_variant_and_count_failures_into_one_number(team: Team) -> None:
    store = team.project.store
    canary = released.canary(team.project, 2, share=0.5, raises="no")
    try:
        team.settled()
        with lines(team) as found:
            for i in range(20):
                to_both(found, "/predict/shop", {"subject": f"u{i}"})
        failed = [s for s in (f"u{i}" for i in range(20)) if _canary(team, s)]
        assert 0 < len(failed) < 20
        wait_for(lambda: store.releases.failures("shop").get(canary.id) == 2 * len(failed))
    finally:
        store.releases.update(canary.id, status="halted")
        team.settled()


def _canary(team: Team, subject: str) -> bool:
    from tidemill.release.variants import choose, named

    beside = named("canary", team.project.endpoint().releases("canary"))
    return choose(tuple(beside.items()), subject) != "champion"


def test_a_pause_is_acknowledged_when_both_have_switched_and_the_same_subjects_come_back(team: Team) -> None:
    store = team.project.store
    canary = released.canary(team.project, 8, 0.5)
    asked = [f"paused{i}" for i in range(20)]

    def models() -> list[dict[str, str]]:
        return [{s: team.ask(i, "POST", "/predict/shop", {"subject": s})[1]["model"] for s in asked} for i in BOTH]

    try:
        team.settled()
        before = models()
        assert before[0] == before[1] and canary.model in before[0].values()
        found = releases.pause(team.project, Caller.local(), canary.id, "a question")
        assert (found.confirmed, found.ended, found.everywhere) == (2, 0, True)
        assert all(canary.model not in each.values() for each in models()), "from the acknowledgement on"
        assert releases.resume(team.project, Caller.local(), canary.id, "answered").confirmed == 2
        assert models() == before
        assert releases.halt(team.project, Caller.local(), canary.id, "enough").confirmed == 2
        assert all(canary.model not in each.values() for each in models())
    finally:
        store.releases.update(canary.id, status="halted")
        team.settled()


def test_a_login_code_opens_one_of_the_scorers(team: Team) -> None:
    with ThreadPoolExecutor(2) as pool:
        for _ in range(10):
            path = f"/login?code={auth.issue_code(team.project.store)}"
            found = [*pool.map(lambda i, path=path: team.ask(i, "GET", path), BOTH)]  # type: ignore[misc]
            assert sorted(status for status, _ in found) == [303, 401]


def test_a_session_of_one_is_let_in_by_the_other_until_it_ends(team: Team) -> None:
    session = {"Authorization": f"Bearer {auth.log_in(team.project.store, auth.issue_code(team.project.store))}"}
    assert [team.ask(i, "GET", "/api/status", **session)[0] for i in BOTH] == [200, 200]
    assert team.ask(0, "POST", "/logout", **session)[0] == 200
    assert [team.ask(i, "GET", "/api/status", **session)[0] for i in BOTH] == [401, 401]


def test_a_revocation_is_acknowledged_when_both_refuse(team: Team) -> None:
    for round_ in range(3):
        name = f"program-{round_}"
        header = {"Authorization": f"Bearer {tokens.add(team.project, Caller.local(), name)}"}
        for i in BOTH:
            assert team.ask(i, "POST", "/predict/shop", {"subject": "7"}, **header)[0] == 200
        found = tokens.revoke(team.project, Caller.local(), name)
        assert (found.revoked, found.confirmed, found.ended, found.everywhere) == (1, 2, 0, True)
        for i in BOTH:
            assert team.ask(i, "POST", "/predict/shop", {"subject": "7"}, **header)[0] == 401


@pytest.mark.nightly  # it waits for a lease; by day tests/serve/test_presence.py has a clock that it moves
def test_a_frozen_scorer_holds_a_revocation_until_its_lease_ends_and_answers_nothing_when_it_wakes(team: Team) -> None:
    header = {"Authorization": f"Bearer {tokens.add(team.project, Caller.local(), 'frozen')}"}
    assert team.ask(0, "POST", "/predict/shop", {"subject": "7"}, **header)[0] == 200
    os.kill(team[0].process.pid, signal.SIGSTOP)
    try:
        found = tokens.revoke(team.project, Caller.local(), "frozen")
        assert (found.confirmed, found.ended, found.everywhere) == (1, 1, True)
        assert [one.state for one in scorers(team.project)].count(GONE) == 1
        seen = status(team.project)
        assert not seen.all_right and seen.verdict.state == "warn"
        with ThreadPoolExecutor(1) as pool:
            waking = pool.submit(team[0].ask, "POST", "/predict/shop", {"subject": "7"}, **header)
            os.kill(team[0].process.pid, signal.SIGCONT)
            assert waking.result()[0] in (401, 503)
    finally:
        os.kill(team[0].process.pid, signal.SIGCONT)
    wait_for(lambda: team.ask(0, "POST", "/predict/shop", {"subject": "7"})[0] == 200)
    assert team.ask(0, "POST", "/predict/shop", {"subject": "7"}, **header)[0] == 401


def test_status_shows_every_scorer_and_what_it_serves(team: Team) -> None:
    team.settled()
    wait_for(lambda: status(team.project).server == "ok")
    found = scorers(team.project)
    assert [one.serves for one in found] == [{"shop": {"champion": "model:shop@1"}}] * 2
    assert {one.pid for one in found} == {one.process.pid for one in team.scorers}
    assert [one.name for one in status(team.project).scorers] == [one.name for one in found]
    assert [len(team.ask(i, "GET", "/api/status")[1]["scorers"]) for i in BOTH] == [2, 2]
    page = team.ask(0, "GET", "/live")[1].decode()
    assert all(one.name in page for one in found)
    names = {
        line for i in BOTH for line in team.ask(i, "GET", "/metrics")[1].decode().splitlines() if "scorer_info{" in line
    }
    assert len(names) == 2


def test_a_release_that_a_scorer_does_not_serve_yet_is_not_green(team: Team) -> None:
    """The store is ahead of what both have loaded, for as long as they are frozen."""
    for one in team.scorers:
        os.kill(one.process.pid, signal.SIGSTOP)
    try:
        released.champion(team.project, 3)
        seen = status(team.project)
        assert seen.server == "lags" and not seen.all_right
    finally:
        for one in team.scorers:
            os.kill(one.process.pid, signal.SIGCONT)
    wait_for(lambda: status(team.project).server == "ok")


def test_a_store_that_is_away_is_503_and_all_goes_on_by_itself(team: Team, server: Server) -> None:
    before = team.project.live.predictions.count()
    server.stop()
    try:
        with lines(team) as found:
            for line in found:
                line.send("/predict/shop", {"subject": "7", "key": "away"})
                status, problem, headers = line.heard()
                assert status == 503 and problem["code"] in ("busy", "cut_off") and headers["retry-after"] == "1"
        wait_for(lambda: "ok" not in {team.ask(i, "GET", "/healthz")[1]["endpoints"]["shop"] for i in BOTH})
        assert [team.ask(i, "GET", "/readyz")[0] for i in BOTH] == [503, 503]
    finally:
        server.resume()
    with lines(team) as found:
        wait_for(
            lambda: [told[0] for told in to_both(found, "/predict/shop", {"subject": "7", "key": "away"})] == [200] * 2
        )
    assert team.project.live.predictions.count() == before + 1


@pytest.mark.nightly  # by day behind nginx, with the outcomes: test_two_scorers.py
def test_what_a_killed_scorer_has_acknowledged_is_kept(team: Team) -> None:
    for kill in range(10):
        victim, acknowledged = kill % 2, set[str]()
        begun, stop = threading.Event(), threading.Event()

        def load(i: int, acknowledged: set[str] = acknowledged, begun: Any = begun, stop: Any = stop) -> None:
            line = Line(team[i])
            try:
                while not stop.is_set():
                    line.send("/predict/shop", {"subject": f"k{len(acknowledged) % 9}"})
                    status, answer, _ = line.heard()
                    if status == 200:
                        acknowledged.add(answer["prediction_id"])
                    if len(acknowledged) > 40:
                        begun.set()
            except (OSError, http.client.HTTPException):
                pass  # it is the one that was killed
            finally:
                line.close()

        with ThreadPoolExecutor(4) as pool:
            running = [pool.submit(load, i) for i in (0, 1, victim, victim)]
            begun.wait()
            team.kill(victim)
            stop.set()
            for one in running:
                one.result()
        kept = team.project.live.predictions.find(acknowledged)
        assert len(acknowledged) > 40 and kept.keys() == acknowledged
        team.begin(victim, team[victim].port)
    team.settled()
    assert {one.pid for one in scorers(team.project)} == {one.process.pid for one in team.scorers}
