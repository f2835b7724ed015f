"""A verb declares the permission that it needs, and is not begun for who lacks it."""

from __future__ import annotations

import pytest

from tests.raised import raised
from tidemill.access.caller import Caller
from tidemill.access.needs import needed_by, needs
from tidemill.access.tokens import SCOPES
from tidemill.errors import Forbidden, ProjectError


@needs("release.halt")
def halt(project: str, caller: Caller, reason: str = "") -> str:
    """Halt it."""
    return f"{project} {caller.name} {reason}"


def test_it_is_done_for_who_has_the_permission_however_it_is_called() -> None:
    ann = Caller("ann", SCOPES, "cli", "p_1", ("devops",), frozenset({"release.halt"}))
    assert halt("shop", ann, "why") == halt("shop", caller=ann, reason="why") == "shop ann why"
    assert needed_by(halt) == "release.halt" and halt.__doc__ == "Halt it."
    assert halt("shop", Caller("local", SCOPES, "cli")), "no role narrows what who has no account may"


@pytest.mark.parametrize(
    "caller",
    [
        Caller("ann", SCOPES, "cli", "p_1", ("viewer",), frozenset({"project.read"})),
        Caller("ann", ("read",), "api", "p_1", ("devops",), frozenset({"release.halt"})),
        Caller("eve", ("read",), "api"),
    ],
    ids=["no role", "no scope", "nobody"],
)
def test_it_is_not_begun_for_any_other(caller: Caller) -> None:
    with raised(Forbidden, ""):
        halt("shop", caller)


def test_a_permission_that_there_is_not_cannot_be_needed() -> None:
    with raised(ProjectError, ""):
        needs("release.hault")
    assert needed_by(len) == ""


def test_who_asks_has_to_be_said() -> None:
    with pytest.raises(TypeError):
        halt("shop")  # type: ignore[call-arg]
