"""What a request costs where it is answered: how long a value takes to be read, how long the model takes, how many bytes there are."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from statistics import median
from typing import Any

from tidemill.errors import TidemillError
from tidemill.evaluation.inputs.leave_out import Cost, named
from tidemill.features.transforms import EMBED
from tidemill.store.artifacts.codecs import Bundle
from tidemill.tasks.tabular.row import RowScorer

ASKED, ROUNDS = 100, 5
"""Requests that are answered, so many times over; of a value that a process is asked for, `SLOW` once."""
SLOW = 10


def reading(scorer: RowScorer, requests: Sequence[Mapping[str, Any]]) -> dict[str, tuple[float, float]]:
    """By feature: (µs to read and encode it, bytes of a request that it alone asks for), on average."""
    found, sources = {}, Counter({(one.source, named(one)) for one in scorer.inputs})
    asked_by = Counter(source for source, _ in sources)
    for source, name in sources:
        inputs = [one for one in scorer.inputs if named(one) == name]
        values = [request[source] for request in requests if source in request]
        slow = any(one.kind == EMBED for one in inputs)
        asked = values[: SLOW if slow else ASKED]

        def read() -> None:
            for value in asked:  # noqa: B023 - called at once
                for one in inputs:  # noqa: B023
                    one.number(value)

        size = sum(len(json.dumps({source: value}, separators=(",", ":"))) - 1 for value in values)
        us = _best(read, 1 if slow else ROUNDS) / len(asked) if asked else 0.0
        found[name] = us, size / max(len(requests), 1) if asked_by[source] == 1 else 0.0
    return found


def beside(whole: Bundle, less: Bundle, requests: Sequence[Mapping[str, Any]]) -> Cost:
    """The model without some values beside the whole one: both are asked in turn, so that a busy machine slows both."""
    one, other = RowScorer(whole), RowScorer(less)
    known = {each.source for each in other.inputs}
    fewer = [{name: value for name, value in request.items() if name in known} for request in requests[:ASKED]]
    times: tuple[list[float], list[float]] = [], []
    for _ in range(ROUNDS):
        for mine, theirs in zip(requests, fewer):
            for scorer, inputs, into in ((one, mine, times[0]), (other, theirs, times[1])):
                into.append(_once(scorer, inputs))
    sizes = [sum(map(len, bundle.files.values())) for bundle in (whole, less)]
    return Cost(median(times[1] or [0.0]), median(times[0] or [0.0]), sizes[0] - sizes[1])


def _once(scorer: RowScorer, inputs: Mapping[str, Any]) -> float:
    began = time.perf_counter()
    try:
        scorer.predict(inputs)
    except TidemillError:  # a value that a request may not have: it is refused as quickly
        pass
    return (time.perf_counter() - began) * 1e6


def _best(work: Callable[[], None], rounds: int) -> float:
    """µs of the quickest round."""
    found = []
    for _ in range(rounds):
        began = time.perf_counter()
        work()
        found.append((time.perf_counter() - began) * 1e6)
    return min(found)
