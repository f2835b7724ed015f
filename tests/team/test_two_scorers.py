"""Two scorers on one PostgreSQL and one bucket, behind the real nginx: one record a key, one answer; kills and stops lose nothing."""

from __future__ import annotations

import json
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager

import pytest

from tests.store.artifacts.storage import Storage
from tests.store.sql.conftest import Server
from tests.team.front import NAME, Front, fronted
from tests.team.load import Load
from tests.team.machines import Machine, Stores, Team, team
from tests.tiers import both
from tidemill.scope.project import Project, open_project


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, server: Server, storage: Storage) -> Iterator[Team]:
    folder = tmp_path_factory.mktemp("team")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TIDEMILL_HOME", str(folder / "home"))
        with team(folder, Stores(server, storage).make()) as found:
            for machine in found.machines:
                machine.serve(found.token)
            yield found


@pytest.fixture(scope="module")
def front(shop: Team, pair: tuple[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    with fronted(tmp_path_factory.mktemp("front"), shop.ports, pair, shop.token) as found:
        yield found


def answered_by(front: Front) -> Counter[str]:
    """How many requests each scorer has answered, as nginx tells."""
    lines = (front.folder / "calls.log").read_text().splitlines()
    return Counter(line.split()[-2] for line in lines if line.split()[-1] == "200")


def asked_again(front: Front, machine: Machine, load: Load) -> None:
    """Wait until nginx sends the load to this machine again: for a second after a refusal it is passed over."""
    scorer = f"127.0.0.1:{machine.port}"
    before = answered_by(front)[scorer]
    while answered_by(front)[scorer] == before:
        assert load.acknowledged.acquire(timeout=60)


@pytest.mark.parametrize("keys", both(60, 2_000))
def test_one_key_is_one_record_and_one_answer_whichever_scorer_is_asked(shop: Team, front: Front, keys: int) -> None:
    """Two clients send the same keys at the same time."""
    before = answered_by(front)

    def asks(_: int) -> list[bytes]:
        with closing(front.connect()) as connection:
            heard = []
            for n in range(keys):
                body = {"subject": str(n % 7), "key": f"{keys}/{n}"}
                connection.request("POST", "/predict/shop", json.dumps(body), front.headers())
                answer = connection.getresponse()
                heard.append(answer.read())
                assert answer.status == 200, heard[-1]
            return heard

    with ThreadPoolExecutor(2) as clients:
        one, other = clients.map(asks, range(2))
    assert one == other
    kept = dict(shop.stores.ask(f"SELECT key, id FROM predictions WHERE key LIKE '{keys}/%'"))
    assert kept == {f"{keys}/{n}": json.loads(said)["prediction_id"] for n, said in enumerate(one)}
    by = answered_by(front) - before
    assert len(by) == 2 and min(by.values()) > keys / 2, by


def kept_once(shop: Team, load: Load) -> None:
    """Every acknowledged answer and outcome is in the store as it was told, and nothing is there twice."""
    predictions = shop.stores.ask(f"SELECT key, id, model, output FROM predictions WHERE key LIKE '{load.name}/%'")
    outcomes = shop.stores.ask(f"SELECT key, subject || ' ' || item FROM outcomes WHERE key LIKE '{load.name}/%'")
    events = [key for (key,) in shop.stores.ask(f"SELECT key FROM online WHERE key LIKE '{load.name}/%' ORDER BY seq")]
    kept = {key: (id, model, json.loads(bytes(out))) for key, id, model, out in predictions}
    told = dict(outcomes)
    assert len(kept) == len(predictions) and len(told) == len(outcomes)
    for key, said in load.predictions.items():
        answer = json.loads(said)
        assert kept[key] == (answer["prediction_id"], answer["model"], {k: answer[k] for k in ("items", "scores")})
    for key in load.outcomes:
        assert told[key] == f"{key.replace('/', '-')} i{int(key.split('/')[2]) % 5}"
    assert sorted(events) == sorted(told)


@pytest.mark.parametrize("kills", both(1, 20))
def test_what_was_acknowledged_survives_kills_of_either_scorer(shop: Team, front: Front, kills: int) -> None:
    chance, load = random.Random(kills), Load(front, f"{kills} kills", rate=0.0 if kills > 1 else 100.0)
    clients = load.run(4)
    for number in range(kills):
        for _ in range(chance.randrange(20, 200)):
            assert load.acknowledged.acquire(timeout=60)
        machine = shop.machines[number % 2]
        machine.kill()
        for _ in range(chance.randrange(1, 100)):
            assert load.acknowledged.acquire(timeout=60)  # by the other one alone
        machine.serve(shop.token)
        asked_again(front, machine, load)
    load.end(clients)
    assert not load.wrong, load.wrong[:3]
    assert not load.refused, load.refused  # the other one answered each of them
    assert not load.blind, load.blind[:3]
    kept_once(shop, load)


@pytest.mark.parametrize("last", both(1, 2))
def test_a_rolling_restart_fails_no_request(shop: Team, front: Front, last: int) -> None:
    """One after the other: it says at /readyz that it goes, answers on, and goes; the next one only when it is back."""
    load = Load(front, f"{last} restarts", patient=False, rate=100.0)
    clients = load.run(4)
    for machine in reversed(shop.machines[-last:]):
        for _ in range(50):
            assert load.acknowledged.acquire(timeout=60)
        machine.stop()
        machine.serve(shop.token)
        asked_again(front, machine, load)
    load.end(clients)
    assert not load.wrong, load.wrong[:3]
    assert not load.blind, load.blind[:3]
    kept_once(shop, load)


@contextmanager
def held(project: Project) -> Iterator[None]:
    """Transactions of a job, which have written into both databases and do not end."""
    began, over = threading.Barrier(3), threading.Event()

    def job(setting: Callable[[], None]) -> None:
        setting()
        began.wait(60)
        assert over.wait(120)

    def records() -> None:
        project.store.transact(lambda tx: job(lambda: project.store.settings.set("held", True, tx)))

    def histories() -> None:
        project.live.online._db.write(lambda tx: job(lambda: None))

    with ThreadPoolExecutor(2) as jobs:
        done = [jobs.submit(records), jobs.submit(histories)]
        try:
            began.wait(60)
            yield
        finally:
            over.set()
        for one in done:
            one.result()


def test_a_transaction_that_a_job_holds_delays_no_prediction(shop: Team, front: Front) -> None:
    with open_project(shop.machines[0].root) as project, held(project), closing(front.connect()) as connection:
        for n in range(50):
            body = {"subject": f"new {n}", "key": f"held {n}"}
            connection.request("POST", "/predict/shop", json.dumps(body), front.headers())
            answer = connection.getresponse()
            assert answer.status == 200, answer.read()
            answer.read()
        assert shop.stores.ask("SELECT count(*) FROM predictions WHERE key LIKE 'held %'") == [(50,)]


def test_postgresql_away_is_told_with_when_to_come_again_and_all_goes_on_when_it_is_back(
    shop: Team, front: Front, server: Server
) -> None:
    load = Load(front, "away")
    clients = load.run(4)
    for _ in range(50):
        assert load.acknowledged.acquire(timeout=60)
    server.stop()
    try:
        while not load.refused:
            load.over.wait(0.02)
        while load.acknowledged.acquire(blocking=False):  # what was answered before
            continue
    finally:
        server.resume()
    for _ in range(200):
        assert load.acknowledged.acquire(timeout=60)
    load.end(clients)
    assert not load.wrong, load.wrong[:3]
    assert {said.split()[0] for said in load.refused} == {"503"}
    assert not load.blind, load.blind[:3]
    kept_once(shop, load)


@pytest.mark.nightly
@pytest.mark.timeout(600)
def test_a_rolling_restart_at_300_requests_a_second_fails_none(shop: Team, front: Front) -> None:
    """Twice around, of whole `tidemill up`s."""
    for machine in shop.machines:
        machine.stop()
        machine.up("--no-loop")
    load = Load(front, "restarts", patient=False, rate=300.0)
    clients, began = load.run(24), time.monotonic()
    for machine in [*shop.machines, *shop.machines]:
        for _ in range(1_000):
            assert load.acknowledged.acquire(timeout=60)
        machine.stop()
        machine.up("--no-loop")
        asked_again(front, machine, load)
    load.end(clients)
    done = len(load.predictions) + len(load.outcomes)
    print(f"{done} requests, {done / (time.monotonic() - began):.0f} a second, {load.refused or 'none'} refused")
    assert not load.wrong, load.wrong[:3]
    assert not load.blind, load.blind[:3]
    kept_once(shop, load)


def test_a_question_is_answered_by_whoever_lives_and_told_by_any_scorer(shop: Team) -> None:
    """Taken in by one, which is killed at once: the other one answers, and has the answer to a list, a key and a look."""
    one, other = shop.machines
    assert one.scorer is not None and other.scorer is not None
    asked = [{"subject": str(n), "key": f"later/{n}"} for n in range(12)]
    status, told = one.scorer.ask(
        "POST", "/predict/shop", asked, Prefer="respond-async", Host=NAME, **{"X-Forwarded-Proto": "https"}
    )
    assert status == 202, told
    one.kill()
    shop.stores.ask(
        "UPDATE deferred SET due = 0 WHERE owner != '' AND status = 'waiting' RETURNING id"
    )  # its leases are over
    head = {"Host": NAME, "X-Forwarded-Proto": "https"}
    found = []
    for said in told["answers"]:
        while (heard := other.scorer.ask("GET", f"/predictions/{said['prediction_id']}", **head))[0] == 202:
            pass
        found.append(heard)
    one.serve(shop.token)
    at_once = other.scorer.ask("POST", "/predict/shop", asked, **head)[1]["answers"]
    assert [status for status, _ in found] == [200] * 12 and [body for _, body in found] == at_once
    assert one.scorer is not None
    assert [one.scorer.ask("GET", f"/predictions/{said['prediction_id']}", **head) for said in told["answers"]] == found
    rows = shop.stores.ask("SELECT key FROM predictions WHERE key LIKE 'later/%'")
    assert sorted(key for (key,) in rows) == sorted(one["key"] for one in asked)
