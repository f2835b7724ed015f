"""A project whose answers and outcomes are made up, with releases beside the champion that are signed but not tried on a server."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tests.release.conftest import home, make
from tests.release.made import TOML, add_model, hold
from tidemill.experiment import holdout, look, start
from tidemill.feedback.join import join_due
from tidemill.monitor.closing import close_quality
from tidemill.release import beside
from tidemill.release.gates.port import Gate, GateResult
from tidemill.release.rollout import rollout
from tidemill.release.variants import BESIDE, CHAMPION, choose, named
from tidemill.scope.project import Endpoint, Project
from tidemill.store.records import Event, Experiment, Outcome, Prediction
from tidemill.types import DAY, SECOND, JsonObject

__all__ = ["home", "make"]


@pytest.fixture(autouse=True)
def untried(monkeypatch: pytest.MonkeyPatch) -> None:
    """The gates of the infrastructure start a server: here they pass unasked."""
    count = itertools.count()

    def context(scope: Any, candidate: Any, champion: Any) -> Any:
        return SimpleNamespace(endpoint=scope, candidate=candidate, champion=champion)

    def judged(gates: Sequence[Gate], context: Any) -> list[JsonObject]:
        return [GateResult(True, "as if").json(gate) for gate in gates]

    monkeypatch.setattr(
        start, "new_id", lambda noun: f"{noun}_drawnonce{next(count)}"
    )  # whose hash draws: the same in every run
    monkeypatch.setattr(beside, "build_context", context)
    monkeypatch.setattr(beside, "judge_all", judged)
    monkeypatch.setattr(beside, "gates_of", lambda context: [_named("infrastructure"), _named("refit")])


def _named(name: str) -> Any:
    return SimpleNamespace(name=name, blessing="infrastructure", applies=lambda context: True)


@dataclass
class Traffic:
    """An endpoint with a champion, and subjects who ask it day by day."""

    project: Project
    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(7))
    asked: int = 0

    @property
    def scope(self) -> Endpoint:
        return self.project.endpoint()

    def begin(self, share: float = 1.0, days: int = 30, **more: Any) -> Experiment:
        """An A/B of the champion's model and another one."""
        champion = self.scope.champion()
        assert champion is not None
        terms = start.Terms(
            **{"share": share, "metric": "recall@20", "effect": 0.2, "margin": 0.1, "span": days * DAY, **more}
        )
        models = self.project.store.models.get(champion.model), add_model(self.project, 20 + self.asked)
        return start.start(self.scope, models, terms, "ada", {})

    def variants(self, units: Sequence[str]) -> list[str]:
        """Who answers each of them, by what the store says now."""
        beside = [one for kind in BESIDE for one in named(kind, self.scope.releases(kind)).items()]
        return [choose(beside, unit) for unit in units]

    def day(
        self,
        subjects: int,
        hits: Callable[[str], float],
        *,
        lost: Callable[[str], bool] = lambda arm: False,
        served: Callable[[str], str] = lambda arm: arm,
        labels: bool = True,
    ) -> list[Event]:
        """So many subjects ask once each; ``hits``: by variant how likely the answer is right. Then the windows are closed, and all is looked at."""
        begins = self.project.clock.now()
        beside = [one for kind in BESIDE for one in named(kind, self.scope.releases(kind)).items()]
        releases = {**dict(beside), CHAMPION: self.scope.champion()}
        made: list[Prediction] = []
        for n in range(subjects):
            self.asked += 1
            unit = f"s{self.asked}"
            drawn = choose(beside, unit)
            if not lost(drawn):
                arm = served(drawn)
                right = self.rng.random() < hits(arm)
                output = b'{"items":["mug"],"scores":[1.0]}' if right else b'{"items":["cup"],"scores":[1.0]}'
                release = releases[arm]
                made.append(
                    Prediction(
                        f"pred_{self.asked}",
                        "shop",
                        begins + n * SECOND,
                        unit,
                        release.model,
                        release.id,
                        arm,
                        output,
                        b"{}",
                        0,
                        900,
                    )
                )
        self.project.live.append(made, [], [])
        self.project.live.flush()
        self.project.clock.move(begins + DAY)
        if labels:
            self.label(made)
        return self.look()

    def label(self, of: Sequence[Prediction]) -> None:
        now = self.project.clock.now()
        came = [Outcome(f"o{p.id}", p.at + 1, p.subject, "mug", 1.0, p.id, now, endpoint="shop") for p in of]
        self.project.live.add_outcomes(came)

    def look(self) -> list[Event]:
        now = self.project.clock.now()
        join_due(self.scope)
        close_quality(self.scope, now)
        holdout.look(self.scope, now)
        return look.look(self.scope, now)


@pytest.fixture
def traffic(make: Callable[..., Project]) -> Traffic:
    """A project that says what it is given, with a first champion."""
    return opened(make)


def opened(make: Callable[..., Project], more: str = "", name: str = "shop") -> Traffic:
    """With these lines more in its tidemill.toml."""
    project = make(f"{TOML}\n{more}", name)
    rollout.begin(project, hold(project, add_model(project, 1), "release_1").id, project.clock.now())
    return Traffic(project)
