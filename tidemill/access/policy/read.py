"""The text of policy.toml to the policy, strictly: over what comes with Tidemill, by key."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from tidemill.access.policy.limits import Limits, place_of_rule
from tidemill.access.policy.policy import Policy
from tidemill.access.policy.roles import Wrong, expanded
from tidemill.access.policy.rules import FILE, About, Asking, Needed, Rule
from tidemill.access.policy.sections import KINDS, USES, ApprovalSection, AttestationSection, PolicyFile
from tidemill.config import strict
from tidemill.config.amounts import every, some_time
from tidemill.config.decode import place_of
from tidemill.errors import ConfigError, TidemillError
from tidemill.types import Micros, did_you_mean, digest

MOST = 1_000_000
"""Bytes of a policy."""
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,62}")
_FINGERPRINT = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Known:
    """What there is in the project, by name: what a rule may speak of. ``environments`` in their order."""

    endpoints: Collection[str] = ()
    environments: Collection[str] = ()
    datasets: Collection[str] = ()


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
    _check_names(file, source)
    roles = expanded({**_shipped_roles(), **file.roles}, _wrong_role(source))
    approvals = tuple(_asking(name, said, roles, known, source) for name, said in file.approval.items())
    _contradictions(approvals, source)
    return Policy(
        digest="" if text is None else digest(text.encode()),
        roles=roles,
        approvals=approvals,
        attestations=tuple(_needed(name, said, known, source) for name, said in file.attestation.items()),
        limits=_limits(file, known, source),
        own=_own(file),
        first=next(iter(known.environments), ""),
        text=text or "",
    )


def _own(file: PolicyFile) -> tuple[str, ...]:
    """Every rule of the file, by its section and name."""
    named = [f"{section}.{name}" for section in ("roles", "approval", "attestation") for name in getattr(file, section)]
    said = {
        "features.banned": file.features.banned,
        **{f"purpose.{use}": getattr(file.purpose, use) is not None for use in USES},
        "retention.predictions": file.retention.predictions,
        "budget.search": file.budget.search,
        "budget.retrain": file.budget.retrain,
    }
    return (*named, *(rule for rule, there in said.items() if there))


def _decoded(source: _Text) -> PolicyFile:
    try:
        raw = tomllib.loads(source.text)
    except RecursionError as exc:
        raise ConfigError("not valid TOML: nested too deep", place=source.name) from exc
    except ValueError as exc:
        hint = "write it anew whole: a file that is cut off says something else than was meant"
        raise ConfigError(f"not valid TOML: {exc}", place=source.name, hint=hint) from exc
    return strict.decode(raw, PolicyFile, strict.Source(source.place, source.label, ConfigError))


def _check_names(file: PolicyFile, source: _Text) -> None:
    for part in ("roles", "approval", "attestation"):
        for name in getattr(file, part):
            if not _NAME.fullmatch(name):
                hint = "use a-z, 0-9, - and _, a letter first"
                raise source.wrong((part, name), f"[{part}] {name!r} is no name", hint)


def _wrong_role(source: _Text) -> Wrong:
    def wrong(role: str, word: str, message: str, hint: str) -> TidemillError:
        return source.wrong(("roles", role), f"[roles] {role}: {message}", hint, word)

    return wrong


def _asking(
    name: str, said: ApprovalSection, roles: Mapping[str, frozenset[str]], known: Known, source: _Text
) -> Asking:
    path = ("approval", name)
    about = _about(path, said, known, source)
    for key, words, among in (("kind", said.kind, KINDS), ("roles", said.roles, roles)):
        _among((*path, key), words, among, source)
        if not words:
            raise source.wrong((*path, key), f"{key} is empty, so nobody could ever say yes", "list one at least")
    deadline = _span((*path, "deadline"), said.deadline, source)
    place = place_of_rule(f"approval.{name}")
    rule = Rule(name, said.roles, said.needed, said.four_eyes, deadline, said.reason, said.own_key, place)
    return Asking(rule, frozenset(said.kind), about)


def _needed(name: str, said: AttestationSection, known: Known, source: _Text) -> Needed:
    path = ("attestation", name)
    if (said.statement == "gate") != bool(said.gate):
        message = (
            "a gate's verdict needs the name of the gate" if not said.gate else "only a gate's verdict is of a gate"
        )
        hint = 'statement = "gate", gate = "fairness"'
        raise source.wrong((*path, "gate" if said.gate else "statement"), message, hint)
    for key in said.keys:
        if not _FINGERPRINT.fullmatch(key):
            hint = "64 digits and letters: tidemill policy show lists those that the project knows"
            raise source.wrong((*path, "keys"), f"{key!r} is no fingerprint of a key", hint, key)
    about = _about(path, said, known, source)
    return Needed(name, said.statement, said.gate, frozenset(said.keys), about, place_of_rule(f"attestation.{name}"))


def _about(path: tuple[str, ...], said: ApprovalSection | AttestationSection, known: Known, source: _Text) -> About:
    for key, words, among in (
        ("endpoints", said.endpoints, known.endpoints),
        ("environments", said.environments, known.environments),
    ):
        _among((*path, key), words, among, source)
    return About(frozenset(said.endpoints), frozenset(said.environments))


def _among(path: tuple[str, ...], words: tuple[str, ...], among: Collection[str], source: _Text) -> None:
    """Each is known, and said once."""
    for word in words:
        if word not in among:
            raise source.wrong(path, f"no {path[-1].removesuffix('s')} {word!r}", did_you_mean(word, among), word)
    if len(set(words)) < len(words):
        raise source.wrong(path, f"{path[-1]} lists something twice", "say it once")


def _span(
    path: tuple[str, ...], text: str, source: _Text, reader: Callable[[str], Micros] = some_time
) -> Micros | None:
    """This length of time; None where nothing is said."""
    try:
        return reader(text) if text else None
    except ConfigError as exc:
        raise source.wrong(path, f"{path[-1]}: {exc.message}", exc.hint, text) from exc


def _limits(file: PolicyFile, known: Known, source: _Text) -> Limits:
    _span(("retention", "predictions"), file.retention.predictions, source)
    for key in ("search", "retrain"):
        _span(("budget", key), getattr(file.budget, key), source)
    _span(("budget", "every"), file.budget.every, source, every)
    for word in file.features.banned:
        dataset, dot, _ = word.partition(".")
        if dot and dataset not in known.datasets:
            path = ("features", "banned")
            raise source.wrong(path, f"no dataset {dataset!r}", did_you_mean(dataset, known.datasets), word)
    return Limits(
        banned=file.features.banned,
        purposes={use: frozenset(said) for use in USES if (said := getattr(file.purpose, use)) is not None},
        predictions=file.retention.predictions,
        search=file.budget.search,
        retrain=file.budget.retrain,
        every=file.budget.every,
    )


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
