"""The parts of one step: side by side, or one after the other in this process."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from typing import TypeVar

from tidemill.engine.context import Given, RunContext
from tidemill.engine.graph.nodes import Definition
from tidemill.engine.runner.port import Done, InlineRunner, Job
from tidemill.store.artifacts.codecs import Saved
from tidemill.store.records import Step

T = TypeVar("T")
R = TypeVar("R")


def name_of(of: str, definition: Definition, place: int) -> str:
    """What a part is called: ``STEP/PART[3]``."""
    return f"{of}/{definition.name}[{place}]"


def whole_of(part: str) -> str:
    """The step that it is a part of.

    >>> whole_of("ingest/judged[3]")
    'ingest'
    """
    return part.partition("/")[0]


def in_turn(around: RunContext, definition: Definition, of: str, items: Iterable[Given]) -> Iterator[Done]:
    """Each part in this process: of a step that itself runs in another one than the run."""
    for place, (arguments, inputs) in enumerate(items):
        yield here(Job(definition, name_of(of, definition, place), arguments, inputs, alone=False), around)


def here(job: Job, around: RunContext) -> Done:
    """The part in this process: the time that it takes is counted as its step's."""
    return replace(InlineRunner().run(job, around, None), cpu_us=0)


def side_by_side(work: Callable[[T], R], items: Iterable[T], places: int) -> Iterator[R]:
    """What is made of each item, in their order, so many at a time; at most twice as many are begun or wait to be taken.

    >>> list(side_by_side(lambda n: n * n, range(5), 2))
    [0, 1, 4, 9, 16]
    """
    if places == 1:
        yield from map(work, items)
        return
    waiting = deque[Future[R]]()
    with ThreadPoolExecutor(places, thread_name_prefix="tidemill-each") as pool:
        try:
            for item in items:
                waiting.append(pool.submit(work, item))
                if len(waiting) == 2 * places:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def as_done(step: Step) -> Done:
    """A part that was finished before its run was killed, from its record."""
    outputs = {name: Saved(one["digest"], one["codec"], one["bytes"], ()) for name, one in step.outputs.items()}
    told = step.fingerprint_inputs
    return Done(outputs, step.impure, step.cpu_us, list(told.get("reads", ())), list(told.get("writes", ())))
