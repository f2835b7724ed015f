"""Secret parameters of a run: steps get them, and no file of the project ever holds them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.engine.conftest import Place
from tidemill.engine import pipeline, step
from tidemill.engine.raised import KEPT
from tidemill.engine.secrets import Secrets, holds_secret, is_secret
from tidemill.errors import StepFailed

GOT: list[str] = []


@step
def connect(address: str, pin: int) -> int:
    GOT.append(f"{address} {pin}")
    if address.endswith("refused"):
        raise ValueError(f"no way in by {address}")
    return len(address)


@pipeline
def fetch(user: str, password: str, access_token: int = 48121) -> dict[str, Any]:
    return {"n": connect(f"db://{user}:{password}", access_token), "said": password}


def everything(place: Place) -> bytes:
    return b"".join(path.read_bytes() for path in place.root.rglob("*") if path.is_file())


def test_a_secret_reaches_the_step_and_no_record(place: Place) -> None:
    GOT.clear()
    run = place.run(fetch, {"user": "ann", "password": "geheim!"}).run
    assert [*GOT] == ["db://ann:geheim! 48121"]
    kept = json.dumps([run.params, run.outputs, [s.fingerprint_inputs for s in place.steps(run.id).values()]])
    assert "geheim" not in kept and "48121" not in kept and run.params["user"] == "ann"
    assert holds_secret(run.params)
    place.store.close()
    assert b"geheim" not in everything(place) and b"48121" not in everything(place)


def test_the_same_secret_is_reused_and_another_is_not(place: Place) -> None:
    GOT.clear()
    for password in ("one word", "one word", "another"):
        place.run(fetch, {"user": "ann", "password": password})
    assert len(GOT) == 2


def test_an_error_does_not_say_it(place: Place) -> None:
    with pytest.raises(StepFailed):
        place.run(fetch, {"user": "ann", "password": "geheim refused"})
    (run,) = place.store.runs.list()
    assert run.error and "geheim" not in run.error
    assert all("geheim" not in (step.error or "") for step in place.steps(run.id).values())


STEPS = """
from tidemill import pipeline, step

@step
def connect(address: str) -> int:
    raise ValueError(f"no way in by {address}")

@step(isolate=True)
def connect_apart(address: str) -> int:
    raise ValueError(f"no way in by {address}")

@pipeline
def here(password: str) -> int:
    return connect(f"db://ann:{password}")

@pipeline
def apart(password: str) -> int:
    return connect_apart(f"db://ann:{password}")
"""


@pytest.mark.parametrize("where", ["here", "apart"])
def test_the_kept_traceback_of_a_project_s_own_step_does_not_say_it(place: Place, load_module: Any, where: str) -> None:
    with pytest.raises(StepFailed) as caught:
        place.run(getattr(load_module(steps=STEPS), where), {"password": "geheim!"})
    assert KEPT in caught.value.hint
    kept = (place.root / KEPT).read_text()
    assert "no way in by" in kept and "geheim" not in kept


def test_a_traceback_that_cannot_be_kept_hides_nothing_of_what_was_raised(place: Place, load_module: Any) -> None:
    (place.root / ".tidemill").write_text("a file where the folder should be")
    with pytest.raises(StepFailed) as caught:
        place.run(load_module(steps=STEPS).here, {"password": "geheim!"})
    assert "no way in by" in caught.value.message and KEPT not in caught.value.hint


def test_a_killed_run_is_gone_on_with_by_the_same_command(place: Place) -> None:
    made = place.run(fetch, {"user": "ann", "password": "geheim"}).run
    place.store.runs.update(made.id, status="running", ended=None)
    again = place.run(fetch, {"user": "ann", "password": "geheim"}).run
    assert again.id == made.id
    assert place.engine().cut_short(fetch, {"user": "ann", "password": "other"}) is None


@pytest.mark.parametrize(
    "name", ["password", "PASSWORD", "db_password", "passwd", "token", "auth_token", "secret", "api_key"]
)
def test_names_of_secrets(name: str) -> None:
    assert is_secret(name)


@pytest.mark.parametrize(
    "name",
    ["key", "keys", "tokens_per_word", "compass", "passenger", "secretary", "n", "monkey"]
    + ["max_tokens", "min_tokens", "n_tokens", "num_tokens", "first_pass"],
)
def test_names_of_none(name: str) -> None:
    assert not is_secret(name)


def test_a_secret_inside_a_parameter_is_one() -> None:
    params = {"db": {"host": "db.example", "password": "geheim"}, "tokens": ["first", {"value": 48_121}]}
    hidden = Secrets(params, "salt").hide(params)
    assert (
        "geheim" not in json.dumps(hidden) and "first" not in json.dumps(hidden) and "48121" not in json.dumps(hidden)
    )
    assert hidden["db"]["host"] == "db.example" and holds_secret(hidden)


def test_what_holds_none_is_left_as_it_is() -> None:
    value = {"a": [1, "x", None, True, 1.5]}
    assert Secrets({"n": 1, "password": ""}, "").hide(value) is value
    assert Secrets({"password": "abcd"}, "").hide(value) == value
