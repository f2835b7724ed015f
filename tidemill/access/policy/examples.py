"""`policy_tests.toml`: what the policy has to say yes and no to, by which rule. Each example is asked of the policy as it is.

An example says one thing: a verb that somebody in these roles wants to do, a question that they answer, a column that a model learns
from, data of these purposes, how long something is kept, or CPU time.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from tidemill.access.permissions import PERMISSIONS
from tidemill.access.policy.limits import Refusal
from tidemill.access.policy.policy import Policy
from tidemill.access.policy.read import Known
from tidemill.access.policy.satisfied import VOTES
from tidemill.access.policy.sections import KINDS, USES
from tidemill.config import strict
from tidemill.config.sections import Section
from tidemill.errors import ConfigError
from tidemill.types import did_you_mean

FILE = "policy_tests.toml"


class Example(Section, frozen=True):
    """``[[example]]``: who (``roles``) wants what, and whether it is ``allowed`` or ``refused``, and ``by`` which rule."""

    expect: Literal["allowed", "refused"]
    by: str = ""  # of what is refused: "roles", "approval.production", "features.banned" …
    name: str = ""
    roles: tuple[str, ...] = ()
    verb: str = ""  # a permission
    approves: str = ""  # a kind of question, which they say yes to
    endpoint: str = ""
    environment: str = ""
    author: bool = False  # whether they are the one who wants it done
    column: str = ""  # DATASET.COLUMN, learned from
    use: str = ""  # of data, of these purposes
    purposes: tuple[str, ...] = ()
    keep: str | None = None  # of predictions; "": for ever
    search: str = ""  # CPU time
    retrain: str = ""
    every: str = "week"


class Examples(Section, frozen=True):
    """The whole file."""

    example: tuple[Example, ...] = ()


@dataclass(frozen=True, slots=True)
class Judged:
    """What came of an example. ``by``: the rule that refused it."""

    name: str
    well: bool
    expected: str
    found: str
    message: str = ""


@dataclass(frozen=True, slots=True)
class Tested:
    """``uncovered``: rules of the project's own that refuse nothing in any example, and roles that none is about."""

    digest: str
    judged: list[Judged]
    covered: list[str]
    uncovered: list[str]

    @property
    def well(self) -> bool:
        return all(one.well for one in self.judged)


def read(text: str, policy: Policy, known: Known) -> tuple[Example, ...]:
    """The examples in this text. Raises ConfigError with file and line."""
    source = strict.Source(lambda path, word: _place(text, path, word), _label, ConfigError)
    try:
        raw = tomllib.loads(text)
    except (ValueError, RecursionError) as exc:
        raise ConfigError(f"not valid TOML: {exc}", place=FILE) from exc
    found = strict.decode(raw, Examples, source).example
    for number, one in enumerate(found):
        for word, among in _words(one, policy, known):
            if word and word not in among:
                raise source.wrong(("example", number), f"there is no {word!r}", did_you_mean(word, among), word)
        asked = [one.verb, one.approves, one.column, one.use, one.keep is not None, one.search, one.retrain]
        if sum(map(bool, asked)) != 1:
            hint = "one of verb, approves, column, use, keep, search, retrain"
            raise source.wrong(("example", number), "an example has to ask one thing", hint)
    return found


def _label(path: strict.Path) -> str:
    return "[[example]]" if path[:1] == ("example",) else "the file"


def _place(text: str, path: strict.Path, word: str) -> str:
    """The line of the example, or in it of the key or the word; of nothing that is there the file."""
    number = next((part for part in path if isinstance(part, int)), None)
    lines = text.splitlines()
    heads = [at for at, line in enumerate(lines) if line.strip().startswith("[[example]]")]
    if number is None or number >= len(heads):
        return FILE
    own = range(heads[number], heads[number + 1] if number + 1 < len(heads) else len(lines))
    sought = [f'"{word}"'] * bool(word) + [part for part in path[2:] if isinstance(part, str)]
    at = next((at for one in sought for at in own if one in lines[at]), heads[number])
    return f"{FILE}:{at + 1}"


def _words(one: Example, policy: Policy, known: Known) -> Iterator[tuple[str, list[str]]]:
    rules = ["roles", *(rule for rule in policy.own if not rule.startswith("roles."))]
    yield from ((role, [*policy.roles]) for role in one.roles)
    yield from ((one.verb, [*PERMISSIONS]), (one.approves, [*KINDS]), (one.use, [*USES]))
    yield from ((one.endpoint, [*known.endpoints]), (one.environment, [*known.environments]))
    yield from ((rule, rules) for rule in _rules(one.by))


def judge_all(policy: Policy, examples: tuple[Example, ...]) -> Tested:
    """Ask the policy each."""
    judged, refusing = list[Judged](), set[str]()
    for number, one in enumerate(examples, 1):
        refusal = next(refusals(policy, one), None)
        expected = f"refused by {one.by}" if one.by else one.expect
        found = f"refused by {refusal.rule}" if refusal else "allowed"
        well = (refusal is not None) == (one.expect == "refused") and (not one.by or expected == found)
        judged.append(
            Judged(one.name or f"example {number}", well, expected, found, refusal.message if refusal else "")
        )
        refusing |= {*(_rules(refusal.rule) if refusal else ()), *(f"roles.{role}" for role in one.roles)}
    covered = [rule for rule in policy.own if rule in refusing]
    return Tested(policy.digest, judged, covered, [rule for rule in policy.own if rule not in refusing])


def _rules(text: str) -> list[str]:
    """Each rule of a name that several have together: approval.a and b."""
    section, dot, names = text.partition(".")
    return [f"{section}.{name}" for name in names.split(" and ")] if dot else [text] if text else []


def refusals(policy: Policy, one: Example) -> Iterator[Refusal]:
    """What the policy says no to of this example, in the order in which it is asked."""
    may = policy.may(one.roles)
    if one.verb and one.verb not in may:
        yield Refusal("roles", f"no role of theirs has {one.verb}")
    if one.approves:
        yield from _approves(policy, one, may)
    if one.column:
        dataset, _, column = one.column.rpartition(".")
        yield from policy.limits.columns([(dataset, column)])
    if one.use:
        yield from policy.limits.purpose(one.use, "the data", one.purposes)
    if one.keep is not None:
        yield from policy.limits.kept(one.keep)
    if one.search:
        yield from policy.limits.searched("the model", one.search)
    if one.retrain:
        yield from policy.limits.retrained("the endpoint", one.retrain, one.every)


def _approves(policy: Policy, one: Example, may: frozenset[str]) -> Iterator[Refusal]:
    rule = policy.asks(one.approves, one.endpoint, one.environment)
    if may.isdisjoint(VOTES):
        yield Refusal("roles", "no role of theirs may say yes")
    if rule is not None and not set(one.roles) & set(rule.roles):
        yield Refusal(f"approval.{rule.name}", f"it asks for {' or '.join(rule.roles)}")
    if rule is not None and rule.four_eyes and one.author:
        yield Refusal(f"approval.{rule.name}", "nobody who wants it done counts")
