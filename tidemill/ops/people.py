"""Accounts of people and programs: made, shown, renamed, given roles, disabled; their passwords, and the end of their sessions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, TypeVar

from msgspec import Meta

from tidemill.access import passwords, principals, sessions
from tidemill.access.caller import Caller
from tidemill.access.needs import needs
from tidemill.access.policy import policy_of
from tidemill.errors import BadRequest, Conflict, Forbidden, NotFound
from tidemill.ops.act import act
from tidemill.scope.project import Project
from tidemill.store.people import Password, Principal
from tidemill.store.records import Tx
from tidemill.types import JsonObject, Micros

T = TypeVar("T")
Name = Annotated[str, Meta(max_length=40, description="What they log in by: small letters, digits, and . _ -")]
Roles = Annotated[tuple[str, ...], Meta(max_length=50, description="Roles of the policy")]
Secret = Annotated[str, Meta(max_length=passwords.LONGEST, description="A new password: 12 characters or more")]
MANAGE = "people.manage"


@dataclass(frozen=True)
class PersonShown:
    """An account without its secrets. ``owner``: of a program the name of the person whose word its word is."""

    id: str
    name: str
    display: str
    kind: str
    roles: tuple[str, ...]
    created: Micros
    disabled: Micros | None
    owner: str
    issuer: str
    has_key: bool
    has_password: bool
    sessions: int


@dataclass(frozen=True)
class Whoami:
    """Who asks, as the project knows them; ``permissions`` None where no role narrows what they may."""

    name: str
    principal: str
    roles: tuple[str, ...]
    scopes: tuple[str, ...]
    permissions: tuple[str, ...] | None


@needs(MANAGE)
def add(
    project: Project,
    caller: Caller,
    name: Name,
    roles: Roles = (),
    display: str = "",
    owner: str = "",
    password: Secret = "",
) -> PersonShown:
    """Make an account: a person's, or that of a program of this ``owner``'s. The first of all manages people, whatever else: it is made
    where the folder is, and not by whoever holds some token. Raises Forbidden."""
    if not caller.principal and caller.face in ("api", "page"):
        hint = "where the project is: tidemill people add NAME"
        raise Forbidden("an account is made by one who has an account", place="people", hint=hint)
    if owner and password:
        raise BadRequest("a program has no password", place="password", hint="tidemill token add NAME --for PROGRAM")
    kept = passwords.hashed(password, name) if password else ""
    policy, store = policy_of(project), project.store

    def work(tx: Tx) -> Principal:
        made = principals.make(
            store,
            policy,
            name,
            roles,
            store.clock.now(),
            owner=owner,
            display=display,
            by=caller.principal,
            tx=tx,
        )
        if kept:
            store.passwords.put(Password(made.id, kept, made.created), tx)
        _record(project, "person_added", made, {"kind": made.kind, "roles": list(made.roles)}, tx)
        return made

    return _shown(project, act(project, caller, MANAGE, work))


@needs("people.read")
def ls(project: Project, caller: Caller) -> list[PersonShown]:
    """All accounts, the oldest first; those that are disabled, too."""
    return [_shown(project, one) for one in project.store.principals.list()]


@needs("people.read")
def show(project: Project, caller: Caller, person: str) -> PersonShown:
    """One account, by its name or id. Raises NotFound."""
    return _shown(project, principals.called(project.store, person))


@needs(MANAGE)
def roles(project: Project, caller: Caller, person: str, roles: Roles) -> PersonShown:
    """Give it these roles in place of those that it has. Raises Conflict where nobody would be left who manages people."""
    wanted = principals.check_roles(policy_of(project), roles)

    def work(tx: Tx, found: Principal) -> Principal:
        if found.issuer and _grouped(project, found):
            hint = "change the groups there, or [access.oidc] roles"
            raise Conflict(f"the roles of {found.name} are those of its groups at {found.issuer}", hint=hint)
        _record(project, "roles_changed", found, {"was": list(found.roles), "roles": list(wanted), "by": "hand"}, tx)
        return principals.change(project.store, policy_of(project), found, tx, roles=wanted)

    return _changed(project, caller, person, work)


@needs(MANAGE)
def rename(project: Project, caller: Caller, person: str, name: Name, display: str | None = None) -> PersonShown:
    """Call it something else; what it has done stays its own, as everything is kept by its id. Raises Conflict."""
    principals.check_name(name)
    shown = None if display is None else principals.check_display(display)

    def work(tx: Tx, found: Principal) -> Principal:
        other = project.store.principals.called(name, tx)
        if other is not None and other.id != found.id:
            raise Conflict(f"{name} is the name of somebody else", place="name", hint="take another")
        _record(project, "person_renamed", found, {}, tx)
        changes = {"name": name} | ({} if shown is None else {"display": shown})
        return principals.change(project.store, policy_of(project), found, tx, **changes)

    return _changed(project, caller, person, work)


@needs(MANAGE)
def disable(project: Project, caller: Caller, person: str) -> PersonShown:
    """It, and what it owns, may do nothing from now on, and its sessions end. Raises Conflict for the last who manages people."""

    def work(tx: Tx, found: Principal) -> Principal:
        if found.disabled is not None:
            raise Conflict(f"{found.name} is disabled already", place=found.name)
        _record(project, "person_disabled", found, {}, tx)
        sessions.end_all(project.store, found.id, tx)
        now = project.store.clock.now()
        return principals.change(project.store, policy_of(project), found, tx, disabled=now)

    return _changed(project, caller, person, work)


@needs(MANAGE)
def enable(project: Project, caller: Caller, person: str) -> PersonShown:
    """It may again what its roles allow."""

    def work(tx: Tx, found: Principal) -> Principal:
        if found.disabled is None:
            raise Conflict(f"{found.name} is not disabled", place=found.name)
        _record(project, "person_enabled", found, {}, tx)
        return principals.change(project.store, policy_of(project), found, tx, disabled=None)

    return _changed(project, caller, person, work)


@needs(MANAGE)
def password(project: Project, caller: Caller, person: str, new: Secret) -> PersonShown:
    """Give a person this password; their sessions end."""
    return _new_password(project, caller, MANAGE, person, new)


@needs("session.own")
def own_password(project: Project, caller: Caller, old: str, new: Secret) -> PersonShown:
    """Change one's own password, which is shown once more; all one's sessions end. Raises Forbidden where the old one is wrong, TooMany where
    that is so again and again."""
    me = _own(project, caller)
    if not sessions.knows(project.store, me, old):
        raise Forbidden("the old password is wrong", place="old", hint="whoever manages people can give a new one")
    return _new_password(project, caller, "session.own", me.id, new)


@needs(MANAGE)
def log_out(project: Project, caller: Caller, person: str) -> PersonShown:
    """End all sessions of theirs."""
    return _end(project, caller, MANAGE, person)


@needs("session.own")
def log_out_everywhere(project: Project, caller: Caller) -> PersonShown:
    """End all sessions of one's own, this one too."""
    return _end(project, caller, "session.own", _own(project, caller).id)


@needs("session.own")
def whoami(project: Project, caller: Caller) -> Whoami:
    """Who asks, with which roles, and what they may do."""
    may = None if caller.may is None else tuple(sorted(one for one in caller.may if caller.may_do(one)))
    return Whoami(caller.name, caller.principal, caller.roles, caller.scopes, may)


def _end(project: Project, caller: Caller, permission: str, person: str) -> PersonShown:
    def work(tx: Tx, found: Principal) -> Principal:
        ended = sessions.end_all(project.store, found.id, tx)
        _record(project, "logged_out_everywhere", found, {"sessions": ended}, tx)
        return found

    return _changed(project, caller, person, work, permission)


def _new_password(project: Project, caller: Caller, permission: str, person: str, new: str) -> PersonShown:
    found = principals.called(project.store, person)
    kept = passwords.hashed(new, found.name)  # before the transaction: it takes its time

    def work(tx: Tx, found: Principal) -> Principal:
        if found.kind != "person" or found.issuer:
            hint = "its password is at the identity provider" if found.issuer else "a program shows a token"
            raise BadRequest(f"{found.name} has no password here", place=found.name, hint=hint)
        project.store.passwords.put(Password(found.id, kept, project.store.clock.now()), tx)
        ended = sessions.end_all(project.store, found.id, tx)
        _record(project, "password_changed", found, {"sessions": ended}, tx)
        return found

    return _changed(project, caller, found.id, work, permission)


def _changed(
    project: Project,
    caller: Caller,
    person: str,
    work: Callable[[Tx, Principal], Principal],
    permission: str = MANAGE,
) -> PersonShown:
    """Done to the account as it is inside the transaction."""

    def changed(tx: Tx) -> Principal:
        return work(tx, principals.called(project.store, person, tx))

    return _shown(project, act(project, caller, permission, changed))


def _own(project: Project, caller: Caller) -> Principal:
    if not caller.principal:
        hint = "whoever manages people makes one: tidemill people add"
        raise NotFound(f"{caller.name} has no account here", hint=hint)
    return project.store.principals.get(caller.principal)


def _grouped(project: Project, person: Principal) -> bool:
    """Whether its roles come from the identity provider's groups."""
    section = project.access.oidc
    return section is not None and section.issuer == person.issuer and bool(section.groups)


def _shown(project: Project, one: Principal) -> PersonShown:
    store, now = project.store, project.store.clock.now()
    owner = store.principals.look_up(one.owner) if one.owner else None
    own = store.tokens.list(principal=one.id, name="session")
    return PersonShown(
        one.id,
        one.name,
        one.display,
        one.kind,
        one.roles,
        one.created,
        one.disabled,
        "" if owner is None else owner.name,
        one.issuer,
        bool(one.key),
        store.passwords.look_up(one.id) is not None,
        sum(token.expires is None or token.expires > now for token in own),
    )


def _record(project: Project, kind: str, person: Principal, data: JsonObject, tx: Tx) -> None:
    sessions.record(project.store, kind, person, data, tx)
