"""Who looked at what is kept of one person: an event before anything is shown, in which the person is a keyed digest and no name.

Where a project has no accounts there is one person who looks, and nothing is written down.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets

from tidemill.access.caller import Caller
from tidemill.scope.project import Project
from tidemill.store.records import Event, Tx
from tidemill.types import DAY, JsonObject, Micros, new_id

KIND = "person_asked"
KEY = "looked_key"
"""The setting that holds the key of the digests: without it nobody can try names against them, and it goes with the store."""
AGAIN: Micros = DAY // 96
"""Who looks at the same again within a quarter of an hour is still looking: a page that is loaded anew is no second look."""


def subject_digest(project: Project, subject: str) -> str:
    """The same for the same person, and of no use to who has no access to the store."""
    kept = project.store.settings
    key = bytes.fromhex(str(kept.get(KEY) or kept.keep(KEY, secrets.token_hex(32))))
    return hmac.new(key, subject.encode(), hashlib.sha256).hexdigest()[:16]


def looked(project: Project, who: Caller, what: str, subject: str, about: str) -> None:
    """Write down that somebody looks: ``what`` list | prediction | trace | person | find | export | forget; ``subject``: of whom,
    nothing of many; ``about``: a ref.

    Raises StoreError where it cannot be written: then nothing is shown.
    """
    if not project.store.principals.list(limit=1):
        return
    now = project.clock.now()
    data: JsonObject = {
        "what": what,
        "person": subject_digest(project, subject) if subject else "",
        "face": who.face,
    }
    recent = project.store.events.list(kind=KIND, since=now - AGAIN, limit=200)
    if any(e.subject == about and e.principal == who.name and e.data == data for e in recent):
        return
    event = Event(new_id("event"), now, KIND, about, data, who.name)

    def work(tx: Tx) -> None:
        project.store.events.add(event, tx)

    project.store.transact(work, who.name, who.principal)
