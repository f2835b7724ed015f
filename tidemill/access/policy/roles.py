"""Roles as sets of permissions: what a role lists, and what the roles that it includes list, each pattern as what it names."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from tidemill.access.permissions import EVERYBODY, matching, patterns
from tidemill.errors import TidemillError
from tidemill.types import did_you_mean

INCLUDES = "role:"
Listed = Mapping[str, Sequence[str]]
Wrong = Callable[[str, str, str, str], TidemillError]
"""The error about a role: its name, the word in its list, what is wrong with it, a hint."""


def expanded(listed: Listed, wrong: Wrong) -> dict[str, frozenset[str]]:
    """The permissions of each role. Raises what ``wrong`` makes for what is no permission or role, and for roles that include each other.

    >>> listed = {"reader": ["project.read"], "boss": ["role:reader", "run.*"]}
    >>> sorted(expanded(listed, lambda *said: TidemillError(str(said)))["boss"])
    ['project.read', 'run.resume', 'run.start', 'session.own']
    """
    return {name: _of(name, listed, wrong, ()) | EVERYBODY for name in listed}


def _of(name: str, listed: Listed, wrong: Wrong, above: tuple[str, ...]) -> frozenset[str]:
    found: set[str] = set()
    for word in listed[name]:
        found |= _named(name, word, listed, wrong, (*above, name))
    return frozenset(found)


def _named(name: str, word: str, listed: Listed, wrong: Wrong, above: tuple[str, ...]) -> frozenset[str]:
    if word.startswith(INCLUDES):
        other = word.removeprefix(INCLUDES)
        if other not in listed:
            raise wrong(name, word, f"no role {other!r}", did_you_mean(other, listed))
        if other in above:
            chain = " > ".join((*above[above.index(other) :], other))
            raise wrong(name, word, f"roles that include each other: {chain}", "take one of the inclusions out")
        return _of(other, listed, wrong, above)
    if not (found := matching(word)):
        raise wrong(name, word, f"no permission {word!r}", did_you_mean(word, patterns()))
    return found
