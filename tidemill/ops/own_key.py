"""A key of one's own: made on one's own machine, named at one's account, and what one's votes are signed with there."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tidemill.access.caller import Caller
from tidemill.access.needs import needs
from tidemill.errors import Forbidden, NotAttested, NotFound
from tidemill.ops import approvals
from tidemill.ops.act import act
from tidemill.release.signing import attest, trust, votes
from tidemill.scope.project import Project
from tidemill.store.people import Principal
from tidemill.store.records import Event, Tx
from tidemill.types import new_id


@dataclass(frozen=True)
class OwnKey:
    """``path``: where this machine keeps the private half; ``endorsed``: whether the project's approval key has signed whose it is."""

    principal: str
    name: str
    fingerprint: str
    endorsed: bool
    path: str = ""


@needs("session.own")
def make(project: Project, caller: Caller) -> OwnKey:
    """Make one's own key on this machine, where there is none, and name it at one's account. It counts once it is endorsed: at once,
    where the project's approval key is on this machine, too. Raises Forbidden of who has no account."""
    me = _account(project, caller)
    public = votes.make_own(me.id)
    if me.key != public or not me.key_envelope:
        _keep(project, caller, me, public, _endorsed(project, me, public))
    return show(project, me.name)


@needs("key.trust")
def endorse(project: Project, caller: Caller, name: str) -> OwnKey:
    """Sign with the project's approval key that the key at this account is theirs: compare its fingerprint with them first."""
    found = _called(project, name)
    if not found.key:
        raise NotFound(f"{found.name} has no key of their own", hint="on their own machine: tidemill inbox key")
    _keep(project, caller, found, found.key, votes.endorse(project, found, found.key))
    return show(project, name)


def show(project: Project, name: str) -> OwnKey:
    """The key of an account."""
    found = _called(project, name)
    path: Path = votes.own_path(found.id)
    mark = trust.keyid(attest.public_key(found.key))[:32] if found.key else ""
    endorsed = bool(found.key) and votes.key_of(project, found) is not None
    return OwnKey(found.id, found.name, mark, endorsed, str(path) if path.exists() else "")


def sign(project: Project, who: Caller, approval: str, yes: bool, reason: str, role: str | None) -> str | None:
    """The vote, signed with one's own key; None where one has none on this machine that counts."""
    me = project.store.principals.look_up(who.principal) if who.principal else None
    if me is None or not me.key_envelope or not votes.own_path(me.id).exists():
        return None
    envelope = votes.by_own(approvals.statement(project, who, approval, yes, reason, role), me.id)
    return envelope.decode() if envelope else None


def _endorsed(project: Project, me: Principal, public: str) -> str:
    """The statement, where the approval key is on this machine; else nothing yet."""
    if not (project.keys_dir / "approval.ed25519").exists() and _elsewhere(project):
        return ""
    return votes.endorse(project, me, public)


def _elsewhere(project: Project) -> bool:
    """Whether another machine has the approval key."""
    try:
        return bool(project.store.settings.get(trust.RECORDED["approval"])) or bool(trust.public_keys(project))
    except NotAttested:
        return False


def _keep(project: Project, caller: Caller, whose: Principal, key: str, envelope: str) -> None:
    now, mark = project.clock.now(), trust.keyid(attest.public_key(key))
    event = Event(new_id("event"), now, "own_key", f"principal:{whose.id}", {"key": mark, "endorsed": bool(envelope)})

    def work(tx: Tx) -> None:
        project.store.principals.update(whose.id, tx, key=key, key_envelope=envelope)
        project.store.events.add(event, tx)

    act(project, caller, "session.own" if whose.id == caller.principal else "key.trust", work)


def _account(project: Project, caller: Caller) -> Principal:
    found = project.store.principals.look_up(caller.principal) if caller.principal else None
    if found is None or found.kind != "person" or found.disabled is not None:
        hint = "an administrator makes one: tidemill people add"
        raise Forbidden(f"{caller.name} has no account of a person, so no key of their own", hint=hint)
    return found


def _called(project: Project, name: str) -> Principal:
    found = project.store.principals.called(name)
    if found is None:
        raise NotFound(f"nobody is called {name!r}", hint="tidemill people ls")
    return found
