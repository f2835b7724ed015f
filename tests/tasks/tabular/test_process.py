"""A learner that is a process of somebody else's: it answers as it should, or is a clear state; nothing of it outlives its asker."""

from __future__ import annotations

import ast
import gc
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.raised import raised
from tests.tasks.tabular.test_trees import loans
from tidemill.errors import ModelError
from tidemill.learning.search import Settings
from tidemill.process.kept import Kept
from tidemill.process.service import Service, Spec, Unknown
from tidemill.store.artifacts.codecs import Bundle
from tidemill.tasks import sampling
from tidemill.tasks.table import load
from tidemill.tasks.tabular import embed
from tidemill.tasks.tabular.learners.foreign import process
from tidemill.tasks.tabular.training import TRAINING, TabularTrainer

PLAIN = Path(__file__).parent / "servers" / "plain.py"


def trainer_of(task: str, *arguments: str, url: str = "", python: str = "python", **limits: Any) -> TabularTrainer:
    frame, contract = loans(task)
    kind = "regress" if task == "regress" else "classify"
    command = [] if url else [python, str(PLAIN), *arguments]
    seconds = limits.pop("seconds", 60.0)
    details = TRAINING.details(contract, [], Path(), kind)
    spec = {"folder": str(PLAIN.parent), "command": command, "url": url, "answer": 30.0, **limits}
    recipe = {"method": "process", "command": command, "url": url}
    details["given"] = {"recipe": recipe, "root": str(PLAIN.parent), "process": spec, "seconds": seconds}
    settings = Settings(kind, "mae" if kind == "regress" else "log_loss", None, 1, None, details)
    found = TRAINING.open_trainer(TRAINING.rows(frame.lazy(), contract, []), settings)
    assert isinstance(found, TabularTrainer)
    return found


def fit(trainer: TabularTrainer) -> Bundle:
    return trainer.fit(trainer.candidates().start, int(trainer.at[800]))


def test_it_answers_what_its_own_line_says(tmp_path: Path) -> None:
    trainer = trainer_of("regress")
    bundle = fit(trainer)
    assert sorted(bundle.files) == ["background.npz", "process.json", "state.bin"] and bundle == fit(trainer)
    scorer = load(bundle)
    frame, _ = loans("regress")
    x = np.column_stack([frame["income"].fill_null(0.0), frame["age"], np.zeros(900), frame["owner"], np.ones(900)])
    order = [one.name for one in scorer.inputs]
    assert order == ["income", "age", "town", "owner"]
    weights = np.linalg.lstsq(x[:800], frame["TARGET"].to_numpy()[:800], rcond=None)[0]
    told = scorer.many(trainer.table.encoded(scorer.inputs, np.arange(800, 900)))[:, 0]
    np.testing.assert_allclose(told, x[800:] @ weights, rtol=1e-9)
    row = {"income": None, "age": 40, "town": "paris", "owner": True}
    assert scorer.predict(row)["value"] == pytest.approx(weights @ [0, 40, 0, 1, 1])


@pytest.mark.nightly
def test_labels_are_searched_evaluated_and_told_by_their_names() -> None:
    trainer = trainer_of("binary")
    end = int(trainer.at[800])
    found = trainer.search([(int(trainer.at[700]), end)], None, seed=0)
    assert found.recipe["method"] == "process" and trainer.reproduces(found.recipe)
    report = trainer.report(trainer.fit(found.recipe, end), end, int(trainer.at[-1]) + 1)
    assert report.of("auc").values.mean() > 0.6


OFTEN = "dies", "another's", "no number", "lies about sizes", "floods"
RARER = "loads another", "one row", "draws", "no JSON", "another instance"


@pytest.mark.parametrize(
    "fault", [*OFTEN, *(pytest.param(fault, marks=pytest.mark.nightly) for fault in RARER)], ids=lambda fault: fault
)
def test_one_that_does_what_it_should_not_gives_no_model(fault: str) -> None:
    start = 1.0 if fault == "another instance" else 60.0
    with raised(ModelError, "process"):
        fit(trainer_of("regress", fault, start=start))


def test_one_that_hangs_trickles_or_eats_is_ended_at_its_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "MANY", 0.5)
    with raised(ModelError, "process"):
        fit(trainer_of("regress", "trickles", answer=0.5))
    with raised(ModelError, "process"):
        fit(trainer_of("regress", "eats", memory=300_000_000))
    with raised(ModelError, "process"):
        fit(trainer_of("regress", "never ready", start=0.5))


def test_a_command_that_is_none_and_a_url_elsewhere_say_so() -> None:
    with raised(ModelError, "process"):
        Service(Spec(str(PLAIN.parent), ("no-such-command",)))
    for url in ("http://10.0.0.1:80", "http://127.0.0.1:99999", "http://127.0.0.1:0", "http://127.0.0.1", "file:///x"):
        with raised(ModelError, "process"):
            Service(Spec(str(PLAIN.parent), url=url))
    with raised(ModelError, "process"):
        Service(Spec("/no/such/folder", ("python",)))


@pytest.mark.parametrize("fault", ["talks", "not ready"])
def test_one_whose_health_is_none_was_not_ready(fault: str) -> None:
    with raised(ModelError, "process"):
        Service(Spec(str(PLAIN.parent), ("python", str(PLAIN), fault), start=1.0))


def test_one_that_answers_another_or_is_broken_is_not_waited_for() -> None:
    with Service(Spec(str(PLAIN.parent), ("python", str(PLAIN)))) as service:
        with service._lock, raised(ModelError, "process"):
            service.ask("/embed", {"texts": []}, embed.Vectors, 1_000, 0.01)
        assert service.ask("/embed", {"texts": []}, embed.Vectors, 1_000, 30.0).vectors == []
        service.broken = True
        with raised(ModelError, "process"):
            service.ask("/embed", {"texts": []}, embed.Vectors, 1_000, 30.0)


class Stub:
    """A service that does what it is told."""

    def __init__(self, does: Callable[[], Any]) -> None:
        self.does, self.broken = does, False

    def ask(self, *args: Any) -> Any:
        return self.does()

    def close(self) -> None:
        pass


def kept(does: Callable[[], Any], ready: Callable[[Any], None] = lambda service: None) -> Any:
    return Kept(Spec("/"), ready, Stub(does))  # type: ignore[arg-type]


def test_one_that_knows_nothing_of_what_it_is_given_says_so() -> None:
    told: list[int] = []

    def ready(service: Any) -> None:
        told.append(1)
        if len(told) > 1:
            raise Unknown("/load")

    def forgets() -> Any:
        raise Unknown("/predict")

    with raised(ModelError, "process"):
        kept(forgets, ready).ask("/predict", {}, dict, 1_000, 1.0)


def test_what_was_begun_anew_meanwhile_stays() -> None:
    again = Stub(lambda: "well")

    def breaks() -> Any:
        stale.broken, found._service = True, again
        raise ModelError("broken", place="process")

    found = kept(breaks)
    stale = found._service
    with raised(ModelError, "process", hint=False):
        found.ask("/predict", {}, str, 1_000)
    assert found.ask("/predict", {}, str, 1_000) == "well"


def test_three_labels_have_three_probabilities() -> None:
    model = object.__new__(process._Model)
    model._outputs, model._labels = 3, ["a", "b", "c"]
    assert model._sound([[0.2, 0.3, 0.5]], 1).tolist() == [[0.2, 0.3, 0.5]]
    with raised(ModelError, "process"):
        model._sound([[0.5]], 1)


def test_it_sees_nothing_of_the_environment_that_could_be_a_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s3cret")
    monkeypatch.setenv("TIDEMILL_TOKEN", "s3cret")
    monkeypatch.setenv("PYTHONPATH", "/theirs")
    shown = tmp_path / "env"
    script = f"import os; open({str(shown)!r}, 'w').write(repr(dict(os.environ)))"
    with raised(ModelError, "process"):
        Service(Spec(str(tmp_path), ("python", "-c", script)))
    found = ast.literal_eval(shown.read_text())
    assert "PORT" in found and "s3cret" not in str(found)
    assert found["PYTHONPATH"] == "/theirs", "another Python has libraries of its own"


def test_one_that_dies_hangs_or_forgets_while_it_serves_is_started_again_beside_the_requests(tmp_path: Path) -> None:
    scorer = load(fit(trainer_of("regress", "", str(tmp_path), answer=0.5)))
    row = {"age": 40, "income": 1.0}
    first, now = scorer.predict(row), tmp_path / "now"
    now.write_text("forgets")
    encoded = np.full((1, len(scorer.inputs)), np.nan)
    assert np.isfinite(scorer.many(encoded)).all(), "what it does not hold it is given again"
    for fault in ("forgets", "dies", "hangs"):
        now.write_text(fault)
        with raised(ModelError, "process"):
            scorer.predict(row)
        with raised(ModelError, "process"):
            scorer.predict(row)  # at once: it is being started
        now.unlink(missing_ok=True)
        ready()
        assert scorer.predict(row) == first


def ready() -> None:
    """Wait for the thread that starts it."""
    for thread in threading.enumerate():
        if thread.name == "process":
            thread.join(60)


def test_it_ends_with_its_scorer_and_with_the_process_that_asked_it() -> None:
    gc.collect()
    before = children()
    scorer = load(fit(trainer_of("regress")))
    assert len(children() - before) == 1
    del scorer
    assert not children() - before


def children() -> set[int]:
    """Processes of this one that run the server."""
    listed = subprocess.run(
        ["ps", "-ww", "-o", "pid=", "-o", "args=", "--ppid", str(os.getpid())],
        capture_output=True,
        text=True,
        check=True,
    )
    return {int(line.split()[0]) for line in listed.stdout.splitlines() if "plain.py" in line}


def test_a_process_that_runs_already_is_asked_where_it_runs() -> None:
    import socket

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    env = {**os.environ, "PORT": str(port), "TIDEMILL_INSTANCE": "its own"}
    with subprocess.Popen([sys.executable, str(PLAIN)], env=env) as running:
        try:
            scorer = load(fit(trainer_of("regress", url=f"http://127.0.0.1:{port}")))
            assert scorer.predict({"age": 40})["value"] > 0
        finally:
            running.kill()
    with raised(ModelError, "process"):
        scorer.predict({"age": 40})


def test_its_answers_are_explained_by_trying_it_and_one_that_hangs_then_is_given_up_in_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of a sum, however it is drawn, an input adds its weight times how far it is from the background's mean."""
    trainer = trainer_of("regress", answer=2.0)
    bundle = fit(trainer)
    scorer: Any = load(bundle)
    x = trainer.table.encoded(scorer.inputs, np.arange(800, 803))
    found, background = scorer.contributed(x), np.nan_to_num(sampling.of_bundle(bundle))
    np.testing.assert_allclose(found.base + found.by.sum(axis=2), found.score, atol=1e-9)
    age = [one.name for one in scorer.inputs].index("age")
    slope = np.diff(scorer.many(np.nan_to_num(np.stack([x[0], x[0] + np.eye(4)[age]])))[:, 0])
    np.testing.assert_allclose(found.by[:, 0, age], slope * (x[:, age] - background[:, age].mean()), atol=1e-9)
    waited = []

    def hangs(kept: Kept, path: str, body: Any, kind: Any, most: int, seconds: float) -> Any:
        waited.append(seconds)
        raise ModelError("it did not answer", place="process", hint="wait")

    monkeypatch.setattr(Kept, "ask", hangs)
    with raised(ModelError, "process"):
        scorer.explain({"age": 40}, 0.0, time.monotonic() + 1.0)
    assert len(waited) == 1 and 0 < waited[0] <= 2.0, "no longer than an answer may take"
    with raised(ModelError, "process"):
        scorer._asked.tried(np.zeros((2, process.WIDEST + 1)), time.monotonic() + 1.0)
