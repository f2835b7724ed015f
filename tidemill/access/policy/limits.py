"""What the policy allows at most: columns, purposes of data, how long things are kept, CPU time. Each refusal names its rule."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from tidemill.access.policy.rules import FILE
from tidemill.config.amounts import every, some_time
from tidemill.errors import PolicyRefused


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a rule says no to, and why."""

    rule: str  # "features.banned", "purpose.training"
    message: str
    hint: str = ""

    @property
    def error(self) -> PolicyRefused:
        return PolicyRefused(self.message, place=place_of_rule(self.rule), hint=self.hint)


def place_of_rule(rule: str) -> str:
    """Where a rule stands, as people read it.

    >>> place_of_rule("approval.production"), place_of_rule("features.banned")
    ('policy.toml [approval.production]', 'policy.toml [features] banned')
    """
    section, _, key = rule.partition(".")
    return f"{FILE} [{rule}]" if section in ("approval", "attestation") else f"{FILE} [{section}] {key}"


@dataclass(frozen=True, slots=True)
class Limits:
    """``purposes``: of each use that is said the purposes that allow it. Lengths of time as they are written: text is what people compare."""

    banned: tuple[str, ...] = ()
    purposes: Mapping[str, frozenset[str]] = field(default_factory=dict)
    predictions: str = ""
    search: str = ""
    retrain: str = ""
    every: str = "week"

    def columns(self, used: Iterable[tuple[str, str]]) -> Iterator[Refusal]:
        """Of (dataset, column) that a model learns from: those that none may."""
        for dataset, column in used:
            if column in self.banned or f"{dataset}.{column}" in self.banned:
                hint = f'leave it out: [model.NAME] inputs = {{ exclude = ["{column}"] }}'
                yield Refusal("features.banned", f"no model may learn from {dataset}.{column}", hint)

    def purpose(self, use: str, dataset: str, said: Collection[str]) -> Iterator[Refusal]:
        """Whether data that was collected for these purposes may be used so; of data that says none, not."""
        allowed = self.purposes.get(use)
        if allowed is None or not allowed.isdisjoint(said):
            return
        what = f"it is there for {' and '.join(sorted(said))}" if said else "its contract says no purpose"
        hint = f"tidemill.purpose in the contract of {dataset}: {', '.join(sorted(allowed)) or 'none allows it'}"
        yield Refusal(f"purpose.{use}", f"{dataset} may not be used for {use}: {what}", hint)

    def kept(self, keep: str) -> Iterator[Refusal]:
        """Whether predictions may be kept so long; "": for ever."""
        if self.predictions and (not keep or some_time(keep) > some_time(self.predictions)):
            message = f"predictions are kept {f'for {keep}' if keep else 'for ever'}, and at most {self.predictions} is allowed"
            yield Refusal("retention.predictions", message, f'in tidemill.toml: [serve] keep = "{self.predictions}"')

    def searched(self, model: str, budget: str) -> Iterator[Refusal]:
        """Whether a search may take so much CPU time."""
        if self.search and some_time(budget) > some_time(self.search):
            message = f"a search of {model} may take {self.search} at most, and is given {budget}"
            yield Refusal("budget.search", message, f'[model.{model}] search = {{ budget = "{self.search}" }}')

    def retrained(self, endpoint: str, cpu: str, span: str) -> Iterator[Refusal]:
        """Whether retraining may take so much CPU time in each span; "": without bound."""
        if self.retrain and (not cpu or _rate(cpu, span) > _rate(self.retrain, self.every)):
            given = f"{cpu} every {span}" if cpu else "no bound"
            message = f"retraining of {endpoint} may take {self.retrain} every {self.every} at most, and has {given}"
            hint = f'[retrain] budget = {{ cpu = "{self.retrain}", every = "{self.every}" }}'
            yield Refusal("budget.retrain", message, hint)


def _rate(cpu: str, span: str) -> float:
    return some_time(cpu) / every(span)


def first(found: Iterable[Refusal]) -> None:
    """Raises PolicyRefused for the first of these."""
    for refusal in found:
        raise refusal.error
