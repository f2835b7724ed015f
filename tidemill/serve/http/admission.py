"""How many requests are in the building: never more than so many, and room is left for one more who asks."""

from __future__ import annotations

from tidemill.errors import TooBusy, TooMany


class Admission:
    """Counts requests by who sends them. ``most``: of all at a time.

    Of n callers each may have a share of 1/(n + 1), so that whoever comes next finds room: one that floods is refused before others are.

    >>> door = Admission(4)
    >>> [door.enter("ann"), door.enter("ann"), door.enter("bob")]
    [None, None, None]
    >>> door.inside, door.leave("ann"), door.inside
    (3, None, 2)
    """

    def __init__(self, most: int) -> None:
        self.most, self.inside = most, 0
        self._of: dict[str, int] = {}

    def enter(self, caller: str) -> None:
        """Raises TooMany for a caller that has its share, TooBusy where nobody has room."""
        own = self._of.get(caller, 0)
        if own and own >= max(1, self.most // (len(self._of) + 1)):
            raise TooMany("so many requests of yours are being answered", hint="send fewer at a time")
        if self.inside >= self.most:
            raise TooBusy("as many requests as there is room for are being answered", hint="ask again in a moment")
        self._of[caller], self.inside = own + 1, self.inside + 1

    def leave(self, caller: str) -> None:
        """One of its requests is answered."""
        self.inside -= 1
        if (left := self._of[caller] - 1) == 0:
            del self._of[caller]
        else:
            self._of[caller] = left
