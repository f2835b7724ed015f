"""Who asks, with the roles that it has at this moment: the holder of a token, whoever sits at the machine, and either of them once more
inside the transaction in which something is done."""

from __future__ import annotations

import getpass
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from tidemill.access.caller import Caller
from tidemill.access.policy import policy_of
from tidemill.access.policy.noted import note
from tidemill.access.policy.policy import Policy
from tidemill.access.tokens import SCOPES, check
from tidemill.errors import Forbidden
from tidemill.store.people import Principal
from tidemill.store.records import Token, Tx

if TYPE_CHECKING:
    from tidemill.scope.project import Project

VARIABLE = "TIDEMILL_TOKEN"
"""It holds the secret of a token, for the command line."""
STOPS = ("release.halt", "release.rollback", "release.pause")
"""What must be possible also while policy.toml is broken: by the policy that was read before."""


def holder(token: Token | None, principal: Principal | None, policy: Callable[[], Policy], face: str) -> Caller:
    """The caller that shows this token. ``principal``: whose it is, None of one that is nobody's; of an account that is not there any
    more, or disabled, nothing is allowed."""
    made = Caller.of(token, face)
    if not made.principal:
        return made
    if principal is None or principal.disabled is not None:
        return replace(made, scopes=(), may=frozenset())
    return _of(principal, policy(), made.scopes, face)


def local(project: Project, face: str = "cli") -> Caller:
    """Whoever sits at the machine: the holder of $TIDEMILL_TOKEN, else the account that is called as the system's user, else whoever can
    read the project's folder, and may do what reading it lets it do anyway. Raises Unauthorized."""
    store = project.store
    if secret := os.environ.get(VARIABLE):
        token = check(store, secret)
        whose = store.principals.look_up(token.principal) if token.principal else None
        return holder(token, whose, lambda: policy_of(project), face)
    own = store.principals.called(getpass.getuser())
    if own is None or own.issuer:
        return Caller.local(face)
    if own.disabled is not None:
        raise Forbidden(f"the account {own.name} is disabled", place=own.name, hint="ask an administrator")
    return _of(own, policy_of(project), SCOPES, face)


def again(project: Project, caller: Caller, permission: str, tx: Tx) -> None:
    """Ask once more inside the transaction in which it is done, by the roles and the policy of now. Raises Forbidden, and ConfigError
    where the policy's file is broken: only what stops a release goes by the one that was read before."""
    policy = policy_of(project)
    if permission not in STOPS:
        policy.whole()
    note(project, policy, tx)
    if caller.principal:
        still(project, caller.principal, caller.name, (permission,), tx)


def still(project: Project, principal: str, name: str, permissions: Sequence[str], tx: Tx) -> None:
    """Raises Forbidden unless this account is enabled, and a role of it has one of these, as both are in this transaction."""
    policy, now = policy_of(project), project.store.principals.look_up(principal, tx=tx)
    if now is None or now.disabled is not None:
        raise Forbidden(f"the account of {name} is disabled by now", place=name)
    if policy.may(now.roles).isdisjoint(permissions):
        by = f"the policy {policy.digest[:19]}" if policy.digest else "the policy that comes with Tidemill"
        hint = f"decided by {by}, and the roles {', '.join(now.roles) or 'none'}"
        raise Forbidden(f"{name} has by now no role that may do this", place=" or ".join(permissions), hint=hint)


def _of(principal: Principal, policy: Policy, scopes: tuple[str, ...], face: str) -> Caller:
    return Caller(principal.name, scopes, face, principal.id, principal.roles, policy.may(principal.roles))
