"""`tidemill policy show | check | test`: who may do what, who is asked about what, and whether that can be kept to."""

from __future__ import annotations

from dataclasses import replace

import click

from tidemill.access.policy.read import shipped
from tidemill.cli.output import Answer, Column, Part, Table, command, fields
from tidemill.ops import policy as verbs
from tidemill.ops.text import plural
from tidemill.scope.project import Project

ROLES: dict[str, Column] = {"role": lambda one: one[0], "may": lambda one: ", ".join(one[1])}
LACKS: dict[str, Column] = fields("place", "message", "hint")
JUDGED: dict[str, Column] = {
    "": lambda one: "ok" if one.well else "WRONG",
    **fields("name", "expected", "found", "message"),
}


@click.group()
def policy() -> None:
    """Who may do what, and who is asked about what: what comes with Tidemill, and policy.toml over it."""


@command(policy)
@click.option("--shipped", "as_it_came", is_flag=True, help="The file that comes with Tidemill, as it is written.")
def show(project: Project, as_it_came: bool) -> Answer:
    """The policy that counts now: its digest, its rules, what each role may, and the keys that sign here."""
    if as_it_came:
        return Answer({"text": shipped()}, [shipped()])
    found = verbs.show(project)
    said: list[Part] = [
        {
            "policy": found.digest or "what comes with Tidemill: there is no policy.toml",
            **({"NOT READ": found.broken} if found.broken else {}),
            "rules": [rule for rule in found.rules if not rule.startswith("roles.")] or "none",
            **{key.name: key.fingerprint for key in found.keys},
        }
    ]
    return Answer(found, [*said, Table(ROLES, list(found.roles.items()))], 1 if found.broken else 0)


@command(policy)
def check(project: Project) -> Answer:
    """Read policy.toml as it is now, and say what nobody could satisfy, or the project does not keep to.

    Exit code 1: there is such a rule; 2: it cannot be read.
    """
    found = verbs.check(project)
    found = replace(found, lacks=[*found.lacks, *verbs.declared(project)])
    said = f"{plural(len(found.rules), 'rule')} of its own, {plural(len(found.lacks), 'rule')} that cannot be kept to"
    return Answer(found, [said, Table(LACKS, found.lacks)] if found.lacks else [said], 1 if found.lacks else 0)


@command(policy)
@click.option("--all", "every", is_flag=True, help="Exit code 1 also where a rule is in no example.")
def test(project: Project, every: bool) -> Answer:
    """Ask the policy each example of policy_tests.toml. Exit code 1: one is answered otherwise."""
    found = verbs.test(project)
    wrong = sum(not one.well for one in found.judged)
    own = len(found.covered) + len(found.uncovered)
    said = (
        f"{plural(len(found.judged), 'example')}, {wrong or 'none'} wrong; {len(found.covered)} of {own} rules covered"
    )
    open_ = [f"in no example: {', '.join(found.uncovered)}"] if found.uncovered else []
    return Answer(
        found, [Table(JUDGED, found.judged, "no examples"), said, *open_], int(bool(wrong or (every and open_)))
    )
