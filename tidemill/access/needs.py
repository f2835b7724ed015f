"""How a verb that acts says which permission it needs: above its function, where the faces and the tests read it, too."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from tidemill.access.caller import Caller
from tidemill.access.permissions import PERMISSIONS
from tidemill.errors import ProjectError
from tidemill.types import did_you_mean

P = ParamSpec("P")
R = TypeVar("R")


def needs(permission: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Of a verb with a parameter ``caller``: it is done only for one who has this permission, else it raises Forbidden.

    Raises ProjectError for a permission that there is not.
    """
    if permission not in PERMISSIONS:
        raise ProjectError(f"no permission {permission!r}", hint=did_you_mean(permission, PERMISSIONS))

    def declared(verb: Callable[P, R]) -> Callable[P, R]:
        place = list(inspect.signature(verb).parameters).index("caller")

        @wraps(verb)
        def asked(*args: P.args, **given: P.kwargs) -> R:
            caller = given.get("caller", args[place] if len(args) > place else None)
            if not isinstance(caller, Caller):
                raise TypeError(f"{verb.__name__} is given no caller")
            caller.need(permission)
            return verb(*args, **given)

        vars(asked)["permission"] = permission
        return asked

    return declared


def needed_by(verb: Callable[..., Any]) -> str:
    """The permission that a verb declares; nothing of one that declares none."""
    return str(getattr(verb, "permission", ""))
