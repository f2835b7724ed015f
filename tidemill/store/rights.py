"""What the people whom the data is about have asked for: frozen records, one a noun. Times are microseconds since 1970 UTC (`Micros`).

A person is a `subject` of a kind, which is the name of the contract's subject column (``customer_id``); ``mark`` stands for both where
the name may not: a keyed hash that only this project can make (`tidemill.rights.marks`).
"""

from __future__ import annotations

from tidemill.store.frozen import dataclass
from tidemill.types import Micros


@dataclass(frozen=True, slots=True)
class SubjectLimit:
    """What may not be done with a person's data any more, until it is lifted: it is kept, and used for nothing.

    ``begun``, ``over``: the revisions of the limits with which it began and ended, so that the limits of any moment can be told exactly.
    """

    id: str
    of: str  # the kind of the subject
    subject: str  # emptied when the person is forgotten
    mark: str
    kind: str  # restrict | object | consent
    purpose: str  # "": every one
    since: Micros
    by: str  # principal, or the name of who has no account
    begun: int = 0
    ended: Micros | None = None
    ended_by: str = ""
    over: int | None = None


@dataclass(frozen=True, slots=True)
class SubjectRequest:
    """What somebody asked for about a person, until when it has to be answered, and how it ended. A ``hold`` asks that their data be kept:
    until ``due``, or until it is released."""

    id: str
    of: str  # the kind of the subject
    subject: str  # emptied when the person is forgotten
    mark: str
    kind: str  # access | portability | rectify | restrict | object | erase | contest | hold
    received: Micros
    due: Micros | None  # None, of a hold alone: until it is released
    by: str  # principal, or the name of who has no account, who took it down
    why: str = ""  # of a hold; of another what is to be known of it
    extended: str = ""  # why it takes longer than it should
    ended: Micros | None = None
    ended_by: str = ""
    how: str = ""  # done | refused | withdrawn | released
    reason: str = ""  # why it was refused; else what did it
