"""Arms and holdouts at the server: everybody stays with what was drawn, in every scorer and after every kill; failures are counted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.experiment.test_holdout import FIRST
from tests.release.made import TOML
from tests.serve import real, released
from tests.serve.test_loading import started
from tidemill.experiment import holdout, start
from tidemill.release.signing.signer import have_public
from tidemill.scope.project import Project
from tidemill.store.records import Experiment
from tidemill.tasks.table import task_of
from tidemill.types import DAY

UNITS = [f"s{n}" for n in range(200)]


def begun(make: Callable[..., Project], share: float = 0.6, **misbehaves: Any) -> tuple[Project, Experiment]:
    """A holdout of a tenth and an A/B of the champion's model beside another, both signed."""
    project = make(f"{TOML}\n{FIRST}")
    released.champion(project)
    have_public(project, "approval")
    holdout.keep(project.endpoint())
    terms = start.Terms(share, "recall@20", 0.1, 0.02, 9 * DAY)
    models = project.store.models.get("model:shop@1"), released.model(project, 2, **misbehaves)
    return project, start.start(project.endpoint(), models, terms, "ada", {})


def asked(predictor: Any, unit: str) -> Any:
    return predictor.answer(task_of("recommend").request(subject=unit), unit, predictor.project.clock.now())


def test_two_scorers_and_one_that_was_restarted_give_everybody_the_same(make: Callable[..., Project]) -> None:
    project, found = begun(make)
    one, other = started(project), started(project)
    first, second = ([asked(predictor, unit) for unit in UNITS] for predictor in (one, other))
    assert [a.arm for a in first] == [a.arm for a in second] and not one.served.refused
    shares = {name: sum(a.arm == name for a in first) / len(UNITS) for name in one.served.variants}
    for name, answer in {a.arm: a for a in first}.items():
        assert answer.propensity == pytest.approx(one.served.chances[name])
        assert shares[name] == pytest.approx(answer.propensity, abs=0.1)
    assert one.served.chances == pytest.approx(
        {"holdout": 0.1, **{f"arm:{id}": 0.27 for id in found.arms}, "champion": 0.36}
    )


def test_what_an_arm_fails_at_the_champion_answers_and_it_is_counted(make: Callable[..., Project]) -> None:
    project, found = begun(make, 1.0, raises="no")
    predictor = started(project)
    answers = [asked(predictor, unit) for unit in UNITS[:60]]
    assert {a.arm for a in answers} == {"holdout", "champion", f"arm:{found.arms[0]}"}
    predictor.tell_failures()
    failed = project.store.releases.failures("shop")
    assert failed == {found.arms[1]: sum(a.arm == "champion" for a in answers)}


@pytest.mark.nightly
def test_a_scorer_that_is_killed_switches_nobody(make: Callable[..., Project]) -> None:
    project, _ = begun(make)
    said: list[dict[str, str]] = []
    for _ in range(5):
        with real.scorer(project) as one, real.scorer(project) as other:  # each is killed at its end
            for scorer in (one, other):
                found = [scorer.ask("POST", "/predict/shop", {"subject": unit}) for unit in UNITS[:80]]
                said.append({unit: answer["arm"] for unit, (status, answer) in zip(UNITS, found) if status == 200})
    assert len(said) == 10 and all(one == said[0] for one in said) and len(said[0]) == 80
    assert len(set(said[0].values())) == 4
    logged = project.live.predictions.list(endpoint="shop")
    assert {p.subject: p.arm for p in logged} == said[0]
