"""Everything that a look before training finds, the gravest first. A column has one finding: the one that says most of it."""

from __future__ import annotations

from tidemill.learning.findings.after import after
from tidemill.learning.findings.alone import alone
from tidemill.learning.findings.copies import copies_of_columns, copies_of_target
from tidemill.learning.findings.follows import follows
from tidemill.learning.findings.groups import groups
from tidemill.learning.findings.ids import ids
from tidemill.learning.findings.look import LEAST, Look
from tidemill.learning.findings.power import NONE
from tidemill.learning.findings.power import alone as power_of
from tidemill.learning.findings.shape import answer_of
from tidemill.learning.findings.twins import twins
from tidemill.store.payloads import Finding, Findings

MOST = 200
"""So many findings are kept; of a table of very many columns the rest is no news."""


def findings(look: Look) -> Findings:
    """What is found. Of too few rows nothing is said; what needs rows to judge on is asked where there are as many."""
    if len(look.rows) < LEAST:
        return Findings()
    found = _of_columns(look)
    known = frozenset(one.column for one in found if one.held)
    clean = look.without(known)
    names = frozenset(one.column for one in found if one.kind == "id")
    found += twins(clean.without(names)) if look.copies else ()
    found += [*groups(clean), *copies_of_columns(clean)]
    found.sort(key=lambda one: not one.held)
    return Findings(len(look.target), len(look.columns), tuple(found[:MOST]), answer_of(look))


def _of_columns(look: Look) -> list[Finding]:
    enough = look.judged >= LEAST
    powers = {name: power_of(values, look) if enough else NONE for name, values in look.columns.items()}
    found: list[Finding] = []
    for look_for in (copies_of_target, after, lambda left: ids(left, powers)):
        held = frozenset(one.column for one in found)
        found += look_for(look.without(held))
    left = look.without(frozenset(one.column for one in found))
    beyond = [*alone(left, {name: powers[name] for name in left.columns})]
    left = left.without(frozenset(one.column for one in beyond))
    return [*beyond, *(follows(left, powers) if enough else ()), *found]
