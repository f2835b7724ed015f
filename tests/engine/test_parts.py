"""Parts of a step: the same wherever they are done, as many as there turn out to be, and once each however often the run is killed."""

from __future__ import annotations

import os
from collections import Counter

import pytest

from tests.engine import parts_steps
from tests.engine.conftest import Place
from tidemill.engine.runner.port import InlineRunner
from tidemill.engine.runner.schedule import Places
from tidemill.errors import TidemillError

PLACES = {"in turn": Places(), "side by side": Places(InlineRunner, 2)}


@pytest.mark.parametrize("where", ["in turn", "apart"])
def test_parts_give_the_same_wherever_they_are_done(place: Place, where: str) -> None:
    ran = place.run(parts_steps.parted, {"n": 4}, places=Places(trials=1 if where == "in turn" else 2))
    found = ran.outputs["result"]
    assert [(one["sum"], one["kept"]) for one in found] == [(10 * sum(range(k + 1)), "json") for k in range(4)]
    assert ({one["pid"] for one in found} == {os.getpid()}) is (where == "in turn")
    read = {edge.source for edge in place.store.edges.list(target=f"step:{ran.run.id}/whole")}
    assert {f"dataset:sales@{n}" for n in range(1, 5)} <= read, "what a part read its step has read"
    assert list(place.steps(ran.run.id)) == ["whole"], "of a step that is done no part is recorded"


@pytest.mark.parametrize("where", PLACES)
def test_a_part_is_asked_for_when_there_is_a_place_for_it(place: Place, where: str) -> None:
    place.run(parts_steps.parted, {"n": 9}, places=PLACES[where])
    ahead = most = 0
    for line in (place.root / "counted").read_text().splitlines():
        ahead += line.startswith("asked") - (line == "taken")
        most = max(most, ahead)
    assert most <= 2 * PLACES[where].trials


def test_in_a_step_of_another_process_they_are_done_there_in_turn(place: Place) -> None:
    found = place.run(parts_steps.parted, {"n": 3, "apart": True}, places=Places(trials=2)).outputs["result"]
    assert [one["sum"] for one in found] == [0, 10, 30] and len({one["pid"] for one in found}) == 1


@pytest.mark.parametrize("where", PLACES)
@pytest.mark.parametrize("then", PLACES)
def test_a_run_goes_on_with_the_parts_that_are_missing(place: Place, where: str, then: str) -> None:
    """The fourth fails; gone on with, in turn or side by side, each is done once: also one that changes something."""
    (place.root / "dies").touch()
    with pytest.raises(TidemillError):
        place.run(parts_steps.parted, {"n": 6}, places=PLACES[where])
    (run,) = place.store.runs.list()
    kept = [name for name in place.steps(run.id) if "/" in name]
    assert {f"whole/counted[{n}]" for n in range(3)} <= {*kept}
    (place.root / "dies").unlink()
    found = place.engine(places=PLACES[then]).run(parts_steps.parted, {"n": 6}, resume=run.id)
    assert [one["sum"] for one in found.outputs["result"]] == [0, 10, 30, 60, 100, 150]
    done = Counter(line for line in (place.root / "counted").read_text().splitlines() if line.startswith("part"))
    assert done == Counter({f"part {n}": 1 for n in range(6)})
    assert list(place.steps(run.id)) == ["whole"]


def test_a_part_whose_bytes_are_gone_is_done_again(place: Place) -> None:
    (place.root / "dies").touch()
    with pytest.raises(TidemillError):
        place.run(parts_steps.parted, {"n": 6})
    (run,) = place.store.runs.list()
    place.artifacts.delete(place.steps(run.id)["whole/counted[2]"].outputs["sum"]["digest"], 0.0)
    (place.root / "dies").unlink()
    place.engine().run(parts_steps.parted, {"n": 6}, resume=run.id)
    done = Counter((place.root / "counted").read_text().splitlines())
    assert {n: done[f"part {n}"] for n in range(6)} == {0: 1, 1: 1, 2: 2, 3: 1, 4: 1, 5: 1}
