"""The course of a run: what is ready is done, side by side where it can be, and written down as it comes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from queue import SimpleQueue
from typing import NamedTuple

from tidemill.engine.context import EventEmitter, Given, Progress, RunContext
from tidemill.engine.faults import point
from tidemill.engine.graph.nodes import Definition
from tidemill.engine.graph.values import SKIPPED, slot_of_outputs
from tidemill.engine.raised import StepRaised, kinds_of, named, surfaced
from tidemill.engine.runner.parts import as_done, here, name_of, side_by_side, whole_of
from tidemill.engine.runner.port import Done, InlineRunner, Job, Limits, MachineLost, Runner
from tidemill.engine.runner.prepare import Order, Preparer, Ready, Unit
from tidemill.engine.runner.record import RunRecorder
from tidemill.errors import TidemillError

MOST_LOST = 3
"""So many machines a step may lose."""
_PATIENCE = 10.0  # seconds that a run which is given up waits for its threads: Python cannot stop them


class Places(NamedTuple):
    """Where steps run that do not run in this process, and how many parts of one step side by side."""

    remote: Callable[[], Runner] | None = None  # None: in children
    trials: int = 1


HERE = Places()
Result = Done | BaseException  # What came of a step, or what it raised in the end


class Execution:
    """One run of one graph. The recorder's last changes are left for the caller to flush with the run's end."""

    def __init__(
        self,
        around: RunContext,
        order: Order,
        recorder: RunRecorder,
        preparer: Preparer,
        tell: EventEmitter,
        parallel: int,
        apart: Mapping[str, Limits],
        places: Places,
    ) -> None:
        self._around = replace(around, each=self._each, apart=places.trials > 1)
        self._order, self._recorder, self._preparer = order, recorder, preparer
        self._tell, self._parallel, self._apart, self._places = tell, parallel, apart, places
        self._inline, self._others = InlineRunner(), list[Runner]()  # of others none or one
        self._running: dict[str, Ready] = {}
        self._made: dict[str, int] = {}  # attempts so far
        self._numbered: dict[str, int] = {}  # parts that a step has had
        self._threads: dict[str, threading.Thread] = {}
        self._results: SimpleQueue[tuple[str, Result]] = SimpleQueue()
        self._stop, self._lock = threading.Event(), threading.Lock()
        self._failure: TidemillError | None = None

    def go(self, steps: list[str], resumed: bool) -> None:
        """Do everything there is to do. Raises what the first failing step raised, once those beside it have ended."""
        try:
            self._tell("run_started", steps=steps, resumed=resumed)
            self._order.open()
            while self._running or (self._order.ready and self._failure is None):
                self._turn()
            if self._failure is not None:
                raise self._failure
        except BaseException as exc:
            self._give_up(exc)
            raise

    def _turn(self) -> None:
        """Begin what can begin; do it here when it is one alone, else wait for the next that ends."""
        launch = self._launch()
        if launch:
            point("before a step's record")
            for ready in launch:
                self._recorder.running(ready)
                self._running[ready.unit.name] = ready
            self._recorder.flush()
            point("step recorded as running")
        if len(launch) == 1 == len(self._running):
            self._close(launch[0].unit.name, self._attempt(launch[0], alone=True))
            return
        for ready in launch:
            name = ready.unit.name
            thread = threading.Thread(target=self._work, args=(ready,), name=f"tidemill-{name}", daemon=True)
            self._threads[name] = thread
            thread.start()
        if self._running:
            self._recorder.flush()
            self._close(*self._results.get())
            while not self._results.empty():
                self._close(*self._results.get())

    def _launch(self) -> list[Ready]:
        """What is to run now, as far as there is room; what need not run is settled on the way."""
        launch: list[Ready] = []
        while self._order.ready and self._failure is None and self._has_room(launch):
            ready = self._begin(self._order.ready.popleft())
            if ready is not None:
                launch.append(ready)
        return launch

    def _has_room(self, launch: list[Ready]) -> bool:
        """Whether the next one may run beside these: by the cores that they use. One that asks for more than there are runs alone."""
        used = [self._cpus(ready.unit) for ready in (*self._running.values(), *launch)]
        return not used or sum(used) + self._cpus(self._order.ready[0]) <= self._parallel

    def _cpus(self, unit: Unit) -> int:
        """Cores of this machine; elsewhere they are counted where they are."""
        step = unit.call.step
        return step.cpus if self._places.remote is None or not step.isolate else 1

    def _begin(self, unit: Unit) -> Ready | None:
        """Settle the unit without running it, if that can be."""
        if not self._preparer.is_wanted(unit):
            self._recorder.skipped(unit)
            self._order.settle(unit, SKIPPED)
            self._tell("skipped", unit.name)
            return None
        ready = self._preparer.ready(unit)
        found = self._preparer.own(ready)
        if found is None:
            other = self._preparer.other(ready)
            if other is None:
                return ready
            found = self._recorder.reused(ready, other)
        self._order.settle(unit, slot_of_outputs(unit.call.step, found.outputs))
        self._tell("cached", unit.name)
        return None

    def _work(self, ready: Ready) -> None:
        self._results.put((ready.unit.name, self._attempt(ready, alone=False)))

    def _attempt(self, ready: Ready, alone: bool) -> Result:
        """What came of it, whatever that is: a thread that died without saying so would be waited for for ever."""
        name, definition = ready.unit.name, ready.job.definition
        if (limits := self._apart.get(definition.name)) is not None:
            definition = limits.of(definition)
        job = replace(ready.job, alone=alone, definition=definition)
        progress = self._tell.progress_of(name)

        def once() -> Done:
            self._made[name] = self._made.get(name, 0) + 1
            run = self._elsewhere if definition.isolate else self._inline.run
            return run(job, self._around, progress)

        def again(number: int, error: str) -> None:
            self._tell("retried", name, attempt=number, error=error)

        try:
            self._tell("started", name)
            return with_retries(definition, once, again, self._stop)
        except BaseException as exc:  # noqa: BLE001 - becomes the run's failure, or is raised where the run is awaited
            return exc

    def _other(self) -> Runner:
        """For steps that do not run in this process. Made when first needed: most runs have none."""
        from tidemill.engine.runner.child import ChildRunner

        with self._lock:
            if not self._others:
                self._others.append((self._places.remote or ChildRunner)())
            return self._others[0]

    def _elsewhere(self, job: Job, around: RunContext, progress: Progress | None) -> Done:
        """Not in this process. What it took on another machine is a cost of the run too."""
        done = self._other().run(job, around, progress)
        if self._places.remote is not None:
            with self._lock:
                self._recorder.elsewhere_us += done.cpu_us
        return done

    def _each(self, definition: Definition, of: str, items: Iterable[Given]) -> Iterator[Done]:
        """One step for each item, in their order; for the step named ``of``. What each gave is kept until that is done."""
        own = self._apart.get(definition.name)
        definition = (
            own.of(definition) if own else replace(definition, isolate=definition.isolate or self._around.apart)
        )
        first, unit = self._numbered.get(of, 0), self._running[whole_of(of)].unit

        def ready() -> Iterator[Ready]:
            for place, given in enumerate(items, first):
                self._numbered[of] = place + 1
                yield self._preparer.part(unit, name_of(of, definition, place), definition, *given)

        return side_by_side(self._part, ready(), self._places.trials)

    def _part(self, ready: Ready) -> Done:
        """A part of a step that runs: as it was found where it was finished before the run was killed."""
        found, of = self._preparer.own_part(ready), whole_of(ready.unit.name)
        if found is not None:
            return as_done(found)
        job = ready.job
        run = self._elsewhere if job.definition.isolate else lambda job, around, _: here(job, around)

        def again(number: int, error: str) -> None:
            self._tell("retried", of, attempt=number, error=error)

        done = with_retries(job.definition, lambda: run(job, self._around, None), again, self._stop)
        self._recorder.part(ready, done)
        return done

    def _close(self, name: str, result: Result) -> None:
        """Take down what came of a step that ran. Raises what is nobody's failure, such as KeyboardInterrupt."""
        if isinstance(result, BaseException) and not isinstance(result, (Exception, SystemExit)):
            raise result
        ready = self._running.pop(name)
        self._threads.pop(name, None)
        if isinstance(result, BaseException):
            error = surfaced(result, name, self._around.root, self._recorder.hide)
            if error is not result:
                error.__cause__ = result
            self._failure = self._failure or error
            self._recorder.failed(ready, str(error), self._made.get(name, 0))
            self._tell("failed", name, error=str(error))
            return
        step = self._recorder.done(ready, result, self._made[name])
        self._preparer.note(ready, step)
        self._order.settle(ready.unit, slot_of_outputs(ready.job.definition, step.outputs))
        self._tell("finished", name, cpu_us=step.cpu_us, impure=list(step.impure))

    def _give_up(self, exc: BaseException) -> None:
        """Children are killed and threads waited for, within a bound; no step is left running or pending.

        A thread cannot be stopped from outside: one that outlasts the bound goes on until it ends or the process does.
        What it returns is written nowhere, but what it does to the world it may still do: the error says so.
        """
        self._stop.set()
        for runner in self._others:
            runner.kill()
        at_work = self._outlasting(exc)
        if at_work:
            exc.add_note(f"still at work until this process ends: {', '.join(at_work)}")
        results: dict[str, Result] = {}
        while not self._results.empty():
            results.update([self._results.get()])
        for unit in list(self._order.unsettled()):
            running, result = self._running.get(unit.name), results.get(unit.name)
            if running is not None and isinstance(result, Done):
                self._recorder.done(running, result, self._made[unit.name])
            elif running is not None:
                still = ", and its thread is still at work" if unit.name in at_work else ""
                self._recorder.failed(running, f"stopped: {type(exc).__name__}{still}", self._made.get(unit.name, 0))
            elif not self._recorder.has_failed(unit.name):
                self._recorder.skipped(unit, "not reached")

    def _outlasting(self, exc: BaseException) -> list[str]:
        """Names of the steps whose threads are not done when patience ends; a second Ctrl-C ends it at once."""
        until = time.monotonic() + _PATIENCE
        try:
            for name, thread in self._threads.items():
                if thread.is_alive():
                    self._tell_waiting(name, exc)
            for thread in self._threads.values():
                thread.join(max(0.0, until - time.monotonic()))
        except KeyboardInterrupt:
            pass
        return [name for name, thread in self._threads.items() if thread.is_alive()]

    def _tell_waiting(self, name: str, exc: BaseException) -> None:
        """A listener that fails takes no step along: the error that ends the run says so."""
        try:
            self._tell("waiting", name, seconds=_PATIENCE)
        except Exception as other:  # noqa: BLE001 - whatever the listener does
            exc.add_note(f"the listener failed too: {other}")


def with_retries(
    definition: Definition, attempt: Callable[[], Done], again: Callable[[int, str], None], stop: threading.Event
) -> Done:
    """Attempt, and again after the named exceptions, waiting twice as long each time; at once, `MOST_LOST` times, where the machine is lost.

    Raises what the last one did.
    """
    retried = {f"{kind.__module__}.{kind.__qualname__}" for kind in definition.retry}
    number = made = 1
    while True:
        try:
            return attempt()
        except MachineLost as lost:
            if made - number == MOST_LOST or stop.is_set():
                raise
            again(made, str(lost))
        except Exception as exc:
            if number == definition.attempts or retried.isdisjoint(kinds_of(exc)):
                raise
            again(made, str(exc) if isinstance(exc, (StepRaised, TidemillError)) else named(exc))
            if stop.wait(definition.backoff / 1e6 * 2 ** (number - 1)):
                raise
            number += 1
        made += 1
