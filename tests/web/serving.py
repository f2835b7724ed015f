"""The real server's application with the real page; only the models are stand-ins, so nothing has to be trained or signed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from tests.web.story import NOW
from tidemill.access import tokens as auth
from tidemill.scope.project import Project
from tidemill.serve.histories import Histories
from tidemill.serve.http.app import App
from tidemill.serve.metrics import Metrics
from tidemill.serve.predictor import Predictor
from tidemill.serve.served import Loaded, Served
from tidemill.serve.serving import Serving
from tidemill.store.records import Release
from tidemill.tasks.table import task_of
from tidemill.types import DAY, JsonObject, to_iso
from tidemill.web.app import face


class Counts:
    """Answers with the history itself."""

    half_life = 180 * 86_400_000_000

    def recommend(self, items: Sequence[str], values: Any, at: int, k: int) -> tuple[list[str], Any]:
        return list(items[:k]) or ["20700"], np.ones(max(1, min(k, len(items))))


class Trusting(Predictor):
    """Serves whatever the records say is released."""

    def _load(self, release: Release, before: Served, refused: list[tuple[str, str]]) -> Loaded:
        return Loaded(release, "sha256:0", Counts(), task_of("recommend"))  # type: ignore[arg-type]


def app(project: Project) -> App:
    metrics = Metrics()
    histories = Histories(project.live)
    predictors: dict[str, Predictor] = {
        name: Trusting(endpoint, metrics, histories) for name, endpoint in project.endpoints.items()
    }
    for predictor in predictors.values():
        predictor.refresh()
    tokens = auth.cache(project.store)
    serving = Serving(project, metrics, predictors, histories, tokens, project.clock, None)
    histories.follow()
    metrics.history.set(histories.seq)
    return App(serving, lambda: [face])


def _place(n: int) -> JsonObject:
    """The newest row is live and in no file yet; one file has no name any more."""
    path = f"data/sales/2011-{n:02}.parquet" if n != 3 else None
    return {"file": "sha256:" + "5a" * 32, "path": path} if n > 1 else {"file": None, "path": None}


def traced(project: Project, prediction: str) -> JsonObject:
    """A trace in the shape that `tidemill.feedback.trace.trace` gives: the stand-in models have no bytes to trace."""
    p = project.live.predictions.get(prediction)
    answer = json.loads(p.output)
    history = [
        {"at": to_iso(p.at - n * 9 * DAY), "item": item, "value": 2.0, "row": 40 + n} | _place(n)
        for n, item in enumerate(answer["items"][:9], 1)
    ]
    reasons = [
        {
            "item": item,
            "score": answer["scores"][i],
            "rows": [{**r, "weight": 0.2 / (k + 1)} for k, r in enumerate(history[i : i + 4])],
            "error": 0.0,
        }
        for i, item in enumerate(answer["items"][:8])
    ]
    data = [{"dataset": "dataset:sales@18", "rows": 60_412, "digest": "sha256:" + "c4" * 32}]
    training = {
        "model": p.model,
        "trained_through": to_iso(NOW - 30 * DAY),
        "recipe": {"method": "blend"},
        "run": None,
        "kind": "refit",
        "data": data,
        "files": [],
    }
    return {
        "prediction": {"id": p.id},
        "history": history[::-1],
        "training": training,
        "reasons": reasons,
        "verified": {"same_items": True},
    }
