"""Who asks, with the roles that it has at this moment: the holder of a token, whoever sits at the machine, and either of them once more
inside the transaction in which something is done."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from tidemill.access.caller import Caller, system_user
from tidemill.access.permissions import EVERYBODY
from tidemill.access.policy import policy_of
from tidemill.access.policy.noted import note
from tidemill.access.policy.policy import Policy
from tidemill.access.principals import acting
from tidemill.access.tokens import SCOPES, check, is_ours
from tidemill.errors import Forbidden, Unauthorized
from tidemill.store.people import Principal
from tidemill.store.records import Token, Tx

if TYPE_CHECKING:
    from tidemill.scope.project import Project

VARIABLE = "TIDEMILL_TOKEN"
"""It holds the secret of a token, for the command line."""
STOPS = ("release.halt", "release.rollback", "release.pause")
"""What must be possible also while policy.toml is broken: by the policy that was read before."""


NOBODYS = EVERYBODY | {"predict", "feedback", "items.set"}
"""What a token may that is nobody's, once there are accounts: what programs did with it before goes on, and no more."""


def holder(
    token: Token | None, principal: Principal | None, policy: Callable[[], Policy], face: str, accounts: bool = True
) -> Caller:
    """The caller that shows this token. ``principal``: whose it is, None of one that is nobody's; of an account that is not there any
    more, or disabled, nothing is allowed. ``accounts``: whether there are any; then a token that is nobody's is good for `NOBODYS`, but for
    those that are made for who can read the folder."""
    made = Caller.of(token, face)
    if not made.principal:
        return replace(made, may=NOBODYS) if accounts and token is not None and not is_ours(token.name) else made
    if principal is None or principal.disabled is not None:
        return replace(made, scopes=(), may=frozenset())
    return _of(principal, policy(), made.scopes, face)


def local(project: Project, face: str = "cli") -> Caller:
    """Whoever sits at the machine: the holder of $TIDEMILL_TOKEN, else the account that is called as the system's user, else whoever can
    read the project's folder, and may do what reading it lets it do anyway. Raises Unauthorized."""
    store = project.store
    if secret := os.environ.get(VARIABLE):
        token = check(store, secret)
        if token.bound:
            raise Unauthorized("this is a session of the page, and no token", hint="tidemill token add NAME")
        whose = acting(store.principals.look_up, token.principal)
        return holder(token, whose, lambda: policy_of(project), face, store.principals.any())
    own = store.principals.called(system_user())
    if own is None or own.issuer:
        return Caller.local(face)
    if acting(store.principals.look_up, own.id) is None:
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
    store = project.store.principals
    policy, now = policy_of(project), acting(lambda one: store.look_up(one, tx=tx), principal)
    if now is None:
        raise Forbidden(f"the account of {name} is disabled by now", place=name)
    if policy.may(now.roles).isdisjoint(permissions):
        by = f"the policy {policy.digest[:19]}" if policy.digest else "the policy that comes with Tidemill"
        hint = f"decided by {by}, and the roles {', '.join(now.roles) or 'none'}"
        raise Forbidden(f"{name} has by now no role that may do this", place=" or ".join(permissions), hint=hint)


def _of(principal: Principal, policy: Policy, scopes: tuple[str, ...], face: str) -> Caller:
    return Caller(principal.name, scopes, face, principal.id, principal.roles, policy.may(principal.roles))
