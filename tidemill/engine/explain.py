"""Why a step ran, or what its result was reused from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tidemill.engine.graph.nodes import INPUT
from tidemill.errors import NotFound
from tidemill.store.records import Step
from tidemill.types import JsonObject, did_you_mean

if TYPE_CHECKING:
    from tidemill.store.sql.store import MetadataStore

_GONE = "(not there)"
DECLARED = "declared: "  # What stands before the words of ``impure=`` in a step's record


@dataclass(frozen=True)
class Change:
    """One part of the fingerprint that differs. ``part``: source | params | inputs | libraries | python | …"""

    part: str
    name: str
    before: Any
    after: Any

    def __str__(self) -> str:
        if self.part == "source":
            if self.before == _GONE or self.after == _GONE:
                return f"source: {self.name} is {'new' if self.before == _GONE else 'not used any more'}"
            return f"source of {self.name} changed"
        label = {"params": "parameter ", "inputs": "input ", "libraries": "library "}.get(self.part, "")
        return f"{label}{self.name}: {_short(self.before)} → {_short(self.after)}"


@dataclass(frozen=True)
class Why:
    """The answer; as text by ``str``. ``changes``: against ``compared_with``, the latest earlier run of this step."""

    run: str
    step: str
    status: str
    hit: bool
    made_by: str | None  # the run whose result was reused
    compared_with: str | None
    changes: tuple[Change, ...]
    impure: tuple[str, ...]
    undeclared: tuple[str, ...] = ()  # of these what nobody said is meant
    reusable: bool = True  # whether a later run of the same fingerprint takes its result
    because: tuple[Why, ...] = ()  # of the steps whose results changed

    def __str__(self) -> str:
        return "\n".join(self._lines(0))

    def _lines(self, depth: int) -> Iterator[str]:
        pad = "  " * depth
        yield f"{pad}{self.step}: {self._head()}"
        for change in self.changes:
            yield f"{pad}  {change}"
        if self.impure and not self.hit:
            yield f"{pad}  {self._unseen()}"
        for cause in self.because:
            yield from cause._lines(depth + 1)

    def _unseen(self) -> str:
        """What it touches outside, and what follows: what the engine does with a later run of the same fingerprint."""
        touched = f"it touches what a fingerprint cannot see: {'; '.join(self.impure)}"
        if self.reusable:
            declared = f"version= declares what it touches outside its arguments ({'; '.join(self.impure)})"
            return f"{declared}: later runs reuse it while that stays the same"
        if not self.undeclared:
            return f"{touched}; so it always runs"
        return f"{touched}; so later runs do not reuse it: @step(version=...) says what it depends on"

    def _head(self) -> str:
        if self.hit:
            return f"reused from {self.made_by}: same source, parameters, inputs and libraries"
        if self.status in ("pending", "skipped"):
            return self.status
        if self.compared_with is None:
            return "ran: no earlier run of it"
        if self.changes:
            return f"ran: changed since {self.compared_with}"
        if not self.reusable:
            return f"ran: nothing changed since {self.compared_with}, but it is impure"
        return f"ran: nothing changed since {self.compared_with}, but that did not finish or its result was not there"


def reusable(step: Step) -> bool:
    """Whether a later run of the same fingerprint takes its result: nothing impure about it, or ``version=`` stands for that."""
    return not step.impure or "version" in step.fingerprint_inputs


def undeclared(step: Step) -> tuple[str, ...]:
    """What it touched that a fingerprint cannot see and that neither ``version=`` nor ``impure=`` says is meant."""
    declared = "version" in step.fingerprint_inputs or any(seen.startswith(DECLARED) for seen in step.impure)
    return () if declared else step.impure


def declared(step: Step) -> str:
    """Why it always runs, in the words of ``impure=``; or nothing."""
    return next((seen.removeprefix(DECLARED) for seen in step.impure if seen.startswith(DECLARED)), "")


def why(store: MetadataStore, run_id: str, step: str) -> Why:
    """Why this step of this run ran, or what it was reused from. Raises NotFound."""
    run = store.runs.get(run_id)
    steps = {s.name: s for s in store.steps.list(run=run_id)}
    if step not in steps:
        raise NotFound(f"no step {step!r}", place=f"run {run_id}", hint=did_you_mean(step, steps) if steps else "")
    return _explain(store, run.pipeline, steps, steps[step], set())


def _explain(store: MetadataStore, pipeline: str, steps: dict[str, Step], step: Step, seen: set[str]) -> Why:
    seen.add(step.name)
    previous = store.steps.previous(pipeline, step.name, step.run) if step.fingerprint else None
    changes = (
        tuple(changes_of(previous.fingerprint_inputs, step.fingerprint_inputs))
        if previous and step.status != "cached"
        else ()
    )
    changed = {change.after for change in changes if change.part == "inputs"}
    causes = [
        steps[name]
        for name in step.after
        if name in steps and name not in seen and any(o["digest"] in changed for o in steps[name].outputs.values())
    ]
    return Why(
        run=step.run,
        step=step.name,
        status=step.status,
        hit=step.status == "cached",
        made_by=next((o["from"] for o in step.outputs.values() if "from" in o), None),
        compared_with=previous.run if previous else None,
        changes=changes,
        impure=step.impure,
        undeclared=undeclared(step),
        reusable=reusable(step),
        because=tuple(_explain(store, pipeline, steps, cause, seen) for cause in causes),
    )


def changes_of(before: JsonObject, after: JsonObject) -> Iterator[Change]:
    """What differs between the parts of two fingerprints, part by part."""
    for part in dict.fromkeys((*after, *before)):
        old, new = before.get(part, _GONE), after.get(part, _GONE)
        if old == new:
            continue
        if isinstance(old, dict) and isinstance(new, dict):
            for name in dict.fromkeys((*new, *old)):
                if old.get(name, _GONE) != new.get(name, _GONE) and not _only_inputs(part, old, new, name):
                    yield Change(part, name, old.get(name, _GONE), new.get(name, _GONE))
        else:
            yield Change(part, part, old, new)


def _only_inputs(part: str, old: JsonObject, new: JsonObject, name: str) -> bool:
    """A list of inputs that is longer now: the inputs themselves say so better."""
    return part == "params" and all(INPUT in repr(side.get(name)) for side in (old, new))


def _short(value: Any) -> str:
    text = value if isinstance(value, str) and value.startswith(("sha256:", "(")) else repr(value)
    return text[:19] + "…" if text.startswith("sha256:") else text if len(text) <= 80 else text[:79] + "…"
