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
