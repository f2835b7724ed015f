"""Two scorers on one PostgreSQL and one bucket, behind the real nginx: one record a key, one answer; kills and stops lose nothing."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterator

import pytest

from tests.store.artifacts.storage import Storage
from tests.store.sql.conftest import Server
from tests.team.front import Front, fronted
from tests.team.load import Load
from tests.team.machines import Machine, Stores, Team, team
from tests.tiers import both


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


def kept_once(shop: Team, load: Load) -> None:
    """Every acknowledged answer and outcome is in the store as it was told, and nothing is there twice."""
    predictions = shop.stores.ask("SELECT key, id, model, output FROM predictions WHERE key LIKE '%/%'")
    outcomes = shop.stores.ask("SELECT key, value FROM outcomes")
    events = [key for (key,) in shop.stores.ask("SELECT key FROM online WHERE file IS NULL ORDER BY seq")]
    kept = {key: (id, model, json.loads(bytes(out))) for key, id, model, out in predictions}
    told = dict(outcomes)
    assert len(kept) == len(predictions) and len(told) == len(outcomes)
    for key, said in load.predictions.items():
        answer = json.loads(said)
        assert kept[key] == (answer["prediction_id"], answer["model"], {k: answer[k] for k in ("items", "scores")})
    assert all(told[key] == value for key, value in load.outcomes.items())
    assert sorted(events) == sorted(told)


@pytest.mark.parametrize("kills", both(2, 20))
def test_what_was_acknowledged_survives_kills_of_either_scorer(shop: Team, front: Front, kills: int) -> None:
    chance, load = random.Random(kills), Load(front)
    clients = load.run(4)
    for number in range(kills):
        for _ in range(chance.randrange(50, 300)):
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
    kept_once(shop, load)


def test_a_rolling_restart_fails_no_request(shop: Team, front: Front) -> None:
    """One after the other: it says at /readyz that it goes, answers on, and goes; the next one only when it is back."""
    load = Load(front, patient=False)
    clients = load.run(4)
    for machine in shop.machines:
        for _ in range(50):
            assert load.acknowledged.acquire(timeout=60)
        machine.stop()
        machine.serve(shop.token)
        asked_again(front, machine, load)
    load.end(clients)
    assert not load.wrong, load.wrong[:3]
    kept_once(shop, load)
