"""Who asks what: the questions of each role, and the verb that answers them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tidemill.access.caller import Caller
from tidemill.access.needs import needs
from tidemill.errors import NotFound
from tidemill.ops.questions import data_engineer, data_protection, data_scientist, operator, product_owner
from tidemill.ops.questions.answered import Answered, Questions
from tidemill.ops.status import Health, health_of
from tidemill.scope.project import Project
from tidemill.types import did_you_mean


@dataclass(frozen=True, slots=True)
class Asks:
    """What is known when a question is put."""

    project: Project
    caller: Caller
    health: Mapping[str, str]


Question = Callable[[Asks], Answered]


def _of_project(*functions: Callable[[Project], Answered]) -> tuple[Question, ...]:
    return tuple(lambda asks, f=f: f(asks.project) for f in functions)


def _of_server(*functions: Callable[[Project, Mapping[str, str]], Answered]) -> tuple[Question, ...]:
    return tuple(lambda asks, f=f: f(asks.project, asks.health) for f in functions)


def _of_caller(*functions: Callable[[Project, Caller], Answered]) -> tuple[Question, ...]:
    return tuple(lambda asks, f=f: f(asks.project, asks.caller) for f in functions)


_OPERATOR = _of_server(*operator.QUESTIONS)
ROLES: dict[str, tuple[Question, ...]] = {
    "data-engineer": _of_project(*data_engineer.QUESTIONS),
    "data-scientist": _of_server(*data_scientist.QUESTIONS),
    "devops": _OPERATOR,
    "software-engineer": _OPERATOR,
    "ml-engineer": _OPERATOR,
    "product-owner": (*_of_caller(product_owner.waits), *_of_project(product_owner.its_worth, product_owner.by_itself)),
    "data-protection-officer": _of_caller(*data_protection.QUESTIONS),
}
"""The questions of each role that comes with some."""
DIFFERENT = tuple({asks: role for role, asks in reversed(ROLES.items())}.values())[::-1]
"""Of the roles that ask the same the first."""
OF_PEOPLE = frozenset({"data-protection-officer"})
NAMES = {"devops": "DevOps", "ml-engineer": "ML engineer", "data-protection-officer": "Data-protection officer"}


def name_of(role: str) -> str:
    """As people write it.

    >>> name_of("data-engineer"), name_of("devops")
    ('Data engineer', 'DevOps')
    """
    return NAMES.get(role) or role.replace("-", " ").capitalize()


@needs("project.read")
def questions(project: Project, caller: Caller, role: str, health: Health | None = None) -> Questions:
    """What this role asks first, answered: three questions. Raises NotFound for a role that has none, and Forbidden where
    the answers are about people and whoever asks may not read who they are.

    ``health``: the server's word, where it is the server that asks.
    """
    if role not in ROLES:
        raise NotFound(f"no questions of a role {role!r}", place="role", hint=did_you_mean(role, ROLES))
    if role in OF_PEOPLE:
        caller.need("people.read")
    asks = Asks(project, caller, health_of(project) if health is None else health)
    return Questions(role, [question(asks) for question in ROLES[role]])
