"""Tokens of programs that ask the server: made, listed, taken back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tidemill.access import principals, tokens
from tidemill.access.acknowledged import acknowledged
from tidemill.access.caller import Caller
from tidemill.access.needs import needs
from tidemill.errors import BadRequest, Forbidden, NotFound
from tidemill.ops.act import act, record
from tidemill.ops.server import refresh
from tidemill.scope.project import Project
from tidemill.store.records import Tx
from tidemill.types import DAY, Micros, did_you_mean

SCOPES = ("predict", "feedback", "items", "read", "operate")
PROGRAMS = ("predict", "feedback", "items")  # What one that is nobody's is good for, once there are accounts
USUAL = ("predict", "feedback")  # What a token is good for if nothing is said


@dataclass(frozen=True)
class TokenShown:
    """A token without its secret, which is not kept."""

    name: str
    scopes: tuple[str, ...]
    created: Micros
    expires: Micros | None
    expired: bool
    whose: str = ""  # the name of the account that it belongs to


@needs("token.manage")
def add(
    project: Project,
    caller: Caller,
    name: str,
    scopes: tuple[str, ...] = USUAL,
    days: int | None = None,
    person: str | None = None,
) -> str:
    """Make a token; its secret, shown now and never again. It is for this ``person`` or program, else the caller's own: whoever shows it
    may what is in its scopes and in the roles of its account. Somebody else's is for who manages people to make; once there are accounts,
    one of nobody is for what programs ask, and no more."""
    if tokens.is_ours(name):
        raise BadRequest(f"{name!r} is a name that the server uses itself", place="name")
    store = project.store

    def issue(tx: Tx) -> str:
        whose = principals.called(store, person, tx) if person else None
        if whose is not None and whose.disabled is not None:
            raise BadRequest(f"{whose.name} is disabled", place="person", hint=f"tidemill people enable {whose.name}")
        others = whose is not None and caller.principal not in ("", whose.id, whose.owner)
        if whose is not None and others and not caller.may_do("people.manage"):
            hint = "a token of your own, or of a program of yours"
            raise Forbidden(f"{caller.name} may not act as {whose.name}", place="person", hint=hint)
        mine = caller.principal if whose is None else whose.id
        if not mine and not set(scopes) <= set(PROGRAMS) and store.principals.any(tx):
            hint = "say whose it is: --for PERSON"
            raise BadRequest(f"a token that is nobody's is for {', '.join(PROGRAMS)}", place="person", hint=hint)
        record(project, "token_added", {"name": name, "scopes": list(scopes), "principal": mine}, tx)
        return tokens.issue(store, name, scopes, life=days * DAY if days else None, principal=mine, tx=tx)

    return act(project, caller, "token.manage", issue)


def ls(project: Project) -> list[TokenShown]:
    """The tokens of programs; of a team also what each machine's `tidemill up` holds: one that is lost has its own taken back."""
    now, team = project.store.clock.now(), project.store.remote
    names = {one.id: one.name for one in project.store.principals.list()}
    return [
        TokenShown(
            t.name,
            t.scopes,
            t.created,
            t.expires,
            t.expires is not None and t.expires <= now,
            names.get(t.principal, t.principal),
        )
        for t in project.store.tokens.list()
        if not tokens.is_ours(t.name) or (team and t.name.startswith(tokens.UP))
    ]


@dataclass(frozen=True)
class Revoked:
    """What was taken back, and who knows it."""

    name: str
    revoked: int  # tokens
    confirmed: int  # scorers that refuse it by now
    ended: int  # scorers whose lease ended before they said so: they answer nobody until they know it
    waiting: tuple[str, ...]  # hosts of scorers that have not said so

    @property
    def everywhere(self) -> bool:
        return not self.waiting


@needs("token.manage")
def revoke(project: Project, caller: Caller, name: str, follow: Callable[[Project], bool] = refresh) -> Revoked:
    """Take back every token of this name, and wait until each scorer that is alive refuses it. Raises NotFound."""
    known = {t.name for t in ls(project)}
    if name not in known:
        raise NotFound(f"no token {name!r}", hint=did_you_mean(name, known))

    def take_back(tx: Tx) -> int:
        record(project, "token_revoked", {"name": name}, tx)
        return tokens.revoke_named(project.store, name, tx)

    gone = act(project, caller, "token.manage", take_back)
    if not (project.store.remote or project.store.scorers.live()):
        return Revoked(name, gone, int(follow(project)), 0, ())
    found = acknowledged(project.store)
    return Revoked(name, gone, found.confirmed, found.ended, found.waiting)


@needs("token.manage")
def callbacks(project: Project, caller: Caller) -> str:
    """The key by which this project's callbacks are signed: made when first asked for, and shown to whoever may operate."""
    from tidemill.serve.callbacks import key_of

    return key_of(project)


@needs("token.manage")
def rotate_callbacks(project: Project, caller: Caller) -> str:
    """Another key for callbacks; for a day they are signed by the one before, too."""
    from tidemill.serve.callbacks import key_of, rotate

    was = key_of(project)

    def work(tx: Tx) -> str:
        record(project, "callback_key_rotated", {}, tx)
        return rotate(project, was, tx)

    return act(project, caller, "token.manage", work)
