"""The text of policy.toml to the policy, strictly: over what comes with Tidemill, by key."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from tidemill.access.policy.policy import Policy
from tidemill.access.policy.roles import Wrong, expanded
from tidemill.access.policy.rules import FILE, Asking, Rule
from tidemill.access.policy.sections import KINDS, ApprovalSection, PolicyFile
from tidemill.config import strict
from tidemill.config.amounts import some_time
from tidemill.config.decode import place_of
from tidemill.errors import ConfigError, TidemillError
from tidemill.types import did_you_mean, digest

MOST = 1_000_000
"""Bytes of a policy."""
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,62}")


@dataclass(frozen=True, slots=True)
class Known:
    """What there is in the project, by name: what a rule may speak of. ``environments`` in their order."""

    endpoints: Collection[str] = ()
    environments: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class _Text:
    """The text, and where the parts of it stand."""

    text: str
    name: str

    def place(self, path: strict.Path, word: str = "") -> str:
        return place_of(self.text, self.name, [part for part in path if isinstance(part, str)], word)

    def label(self, path: strict.Path) -> str:
        return f"[{'.'.join(map(str, path))}]" if path else "the file"

    def wrong(self, path: strict.Path, message: str, hint: str = "", word: str = "") -> ConfigError:
        return ConfigError(message, place=self.place(path, word), hint=hint)


@lru_cache(maxsize=1)
def shipped() -> str:
    """The text of the policy that comes with Tidemill."""
    return (files("tidemill.access.policy") / "shipped.toml").read_text("utf-8")


@lru_cache(maxsize=1)
def _shipped_roles() -> Mapping[str, tuple[str, ...]]:
    return _decoded(_Text(shipped(), "shipped.toml")).roles


def parse(text: str | None, known: Known = Known(), name: str = FILE) -> Policy:
    """The policy in this text; of None what comes with Tidemill alone. Raises ConfigError with file and line.

    >>> parse('[roles]\\nowner = ["relase.*"]')
    Traceback (most recent call last):
    ...
    tidemill.errors.ConfigError: policy.toml:2: [roles] owner: no permission 'relase.*' - did you mean 'release.*'?
    """
    source = _Text(text or "", name)
    file = _decoded(source)
    roles = expanded({**_shipped_roles(), **_checked_names(file, source)}, _wrong_role(source))
    approvals = tuple(_asking(name, said, roles, known, source) for name, said in file.approval.items())
    _contradictions(approvals, source)
    return Policy(
        digest="" if text is None else digest(text.encode()),
        roles=roles,
        approvals=approvals,
        first=next(iter(known.environments), ""),
        text=text or "",
    )


def _decoded(source: _Text) -> PolicyFile:
    try:
        raw = tomllib.loads(source.text)
    except RecursionError as exc:
        raise ConfigError("not valid TOML: nested too deep", place=source.name) from exc
    except ValueError as exc:
        hint = "write it anew whole: a file that is cut off says something else than was meant"
        raise ConfigError(f"not valid TOML: {exc}", place=source.name, hint=hint) from exc
    return strict.decode(raw, PolicyFile, strict.Source(source.place, source.label, ConfigError))


def _checked_names(file: PolicyFile, source: _Text) -> Mapping[str, tuple[str, ...]]:
    for part, names in (("roles", file.roles), ("approval", file.approval)):
        for name in names:
            if not _NAME.fullmatch(name):
                hint = "use a-z, 0-9, - and _, a letter first"
                raise source.wrong((part, name), f"[{part}] {name!r} is no name", hint)
    return file.roles


def _wrong_role(source: _Text) -> Wrong:
    def wrong(role: str, word: str, message: str, hint: str) -> TidemillError:
        return source.wrong(("roles", role), f"[roles] {role}: {message}", hint, word)

    return wrong


def _asking(
    name: str, said: ApprovalSection, roles: Mapping[str, frozenset[str]], known: Known, source: _Text
) -> Asking:
    path = ("approval", name)
    lists = (
        ("kind", said.kind, KINDS),
        ("roles", said.roles, roles),
        ("endpoints", said.endpoints, known.endpoints),
        ("environments", said.environments, known.environments),
    )
    for key, words, among in lists:
        for word in words:
            if word not in among:
                what = key.removesuffix("s")
                raise source.wrong((*path, key), f"no {what} {word!r}", did_you_mean(word, among), word)
        if len(set(words)) < len(words):
            raise source.wrong((*path, key), f"{key} lists something twice", "say it once")
    for key, words in (("roles", said.roles), ("kind", said.kind)):
        if not words:
            raise source.wrong((*path, key), f"{key} is empty, so nobody could ever say yes", "list one at least")
    try:
        deadline = some_time(said.deadline) if said.deadline else None
    except ConfigError as exc:
        raise source.wrong((*path, "deadline"), f"deadline: {exc.message}", exc.hint, said.deadline) from exc
    place = f"{FILE} [approval.{name}]"
    rule = Rule(name, said.roles, said.needed, said.four_eyes, deadline, said.reason, said.own_key, place)
    return Asking(rule, frozenset(said.kind), frozenset(said.endpoints), frozenset(said.environments))


def _contradictions(approvals: tuple[Asking, ...], source: _Text) -> None:
    """Two rules on the same thing that no role is named in together: what both ask, nobody can say yes to."""
    for number, one in enumerate(approvals):
        for other in approvals[:number]:
            if one.meets(other) and not (one.rule & other.rule).roles:
                path = ("approval", one.rule.name, "roles")
                message = (
                    f"[approval.{one.rule.name}] and [approval.{other.rule.name}] ask about the same and share no role"
                )
                raise source.wrong(path, message, "name a role in both, or say apart what they are about")
