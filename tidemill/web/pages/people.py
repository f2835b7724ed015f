"""Who has an account, in which roles; and the forms for who may change them."""

from __future__ import annotations

from tidemill.access.policy import policy_of
from tidemill.ops import people as verbs
from tidemill.web.site import Ask, Page, Shown


def people(ask: Ask) -> Shown:
    found = verbs.ls(ask.project, ask.caller)
    values = {
        "people": found,
        "names": {one.id: one.display or one.name for one in found},
        "roles": sorted(policy_of(ask.project).roles),
        "may_manage": ask.may("people.manage"),
    }
    return Shown("People", values)


PAGES = (Page("/people", "people.html", "people", people, "people.read"),)
