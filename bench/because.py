"""Because you bought: twenty explained recommendations beside plain ones, over HTTP and in process, 10,000 items and a history of thirty."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from bench import shop
from bench.recommend import HALF_LIFE, HISTORY
from bench.recommend import shop as rows_of
from bench.serving import asked, serving
from bench.timing import piece, row
from tidemill.features.online import History
from tidemill.serve import explain
from tidemill.tasks.port import Question
from tidemill.tasks.ranking import learners
from tidemill.tasks.ranking.serving import RECOMMEND, ItemsRequest, answer, scorer_of
from tidemill.types import DAY

GOAL = "<= 1"


def run() -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as folder:
        os.environ["TIDEMILL_HOME"] = f"{folder}/home"
        return [*over_http(Path(folder)), *in_process()]


def over_http(folder: Path) -> Iterator[dict[str, Any]]:
    """The same subject of the same model, with its explanation and without, in one run."""
    for name, made in (("blend", shop.blend), ("ranker", shop.ranked)):
        with shop.released(folder / name, made) as (project, _), serving(project) as (scorer, headers):
            path, headers = f"/predict/{project.endpoint().name}", {**headers, "ack": "async"}
            body = {"subject": "7", "k": 20}
            plain = asked(scorer, path, body, headers)
            told = asked(scorer, path, {**body, "explain": True}, headers)
        yield row(f"{name}, top 20 explained: p50", told[1], "ms", plain[1], "without the explanation")
        yield row("  more for the explanation, p50", told[1] - plain[1], "ms", goal=GOAL)
        yield row("  more for the explanation", told[0] - plain[0], "CPU us", plain[0], "the whole plain answer")


def in_process() -> Iterator[dict[str, Any]]:
    """Fitted learners: the explanation as JSON, beside the answer as JSON."""
    data, encode = rows_of(10_000), msgspec.json.Encoder().encode
    known, rng = History(), np.random.default_rng(3)
    bought = zip(rng.choice(data.items, HISTORY, replace=False).tolist(), range(HISTORY))
    known.load([(seq, "7", item, at * DAY, 1.0) for seq, (item, at) in enumerate(bought, 1)])
    request, now = ItemsRequest(subject="7", k=20), 365 * DAY
    for method in ("blend", "sessions", "ranker"):
        scorer = scorer_of(learners.fit(learners.recipe_of(method, HALF_LIFE), data), HALF_LIFE)
        question = Question(request, known, now, HISTORY, answer(scorer, request, known, now, HISTORY).output)

        def plain(scorer: Any = scorer) -> bytes:
            return encode(answer(scorer, request, known, now, HISTORY).output)

        def more(scorer: Any = scorer, question: Question = question) -> bytes:
            return encode(explain.asked(RECOMMEND, scorer, question, {}))

        cost, floor = piece(more)[1] / 1e3, piece(plain)[1] / 1e3
        yield row(f"{method}, top 20: explanation", cost, "CPU ms", floor, "the answer", goal=GOAL)
