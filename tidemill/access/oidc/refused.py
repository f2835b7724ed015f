"""Why somebody is not let in by way of the identity provider: each reason a word, which the event says too."""

from __future__ import annotations

from tidemill.errors import Forbidden, ServeError

TRY_AGAIN = "begin again at /login/oidc, in one browser and within ten minutes"
PROVIDER = "the provider's settings are not those that this project needs: see docs/oidc.md"
ASK = "ask whoever manages this project's people"


class LoginRefused(Forbidden):
    """403. ``reason``: one of `REASONS`, or what the provider said, after ``provider_``."""

    code = "login_refused"

    def __init__(self, reason: str, message: str = "", *, hint: str = "") -> None:
        said, way = REASONS.get(reason, ("the identity provider said no", ASK))
        self.reason = reason
        super().__init__(message or said, place="/login/oidc", hint=hint or way)


class ProviderAway(ServeError):
    """503: it cannot be asked. ``detail`` is for the log alone."""

    code, status = "provider_away", 503

    def __init__(self, detail: str = "") -> None:
        self.detail = detail
        hint = "try again in a minute; local accounts, and tidemill login, work as ever"
        super().__init__("the identity provider does not answer as it should", place="[access.oidc]", hint=hint)


REASONS: dict[str, tuple[str, str]] = {
    "state": ("this log-in was not begun here, was ended before, or took too long", TRY_AGAIN),
    "browser": ("this log-in was begun in another browser", TRY_AGAIN),
    "sealed": ("this log-in cannot be read", TRY_AGAIN),
    "answer": ("the provider's answer has no code", TRY_AGAIN),
    "mixed_up": ("the answer is another provider's", PROVIDER),
    "code": ("the provider does not know this code, or took it before", TRY_AGAIN),
    "client": ("the provider does not know this project", PROVIDER),
    "token": ("the ID token is none", PROVIDER),
    "too_large": ("the ID token is too large", "have the provider say those groups alone that this project maps"),
    "algorithm": ("the ID token is signed in a way that is not accepted", PROVIDER),
    "key": ("the ID token is signed by a key that the provider does not show", TRY_AGAIN),
    "signature": ("the ID token's signature is wrong", PROVIDER),
    "issuer": ("the ID token is another provider's", PROVIDER),
    "audience": ("the ID token is for another program", PROVIDER),
    "expired": ("the ID token has expired", "set the clocks of both machines right"),
    "future": ("the ID token is of a time that is yet to come", "set the clocks of both machines right"),
    "nonce": ("the ID token belongs to another log-in", TRY_AGAIN),
    "at_hash": ("the ID token belongs to another access token", TRY_AGAIN),
    "subject": ("the provider does not say who this is", PROVIDER),
    "groups": ("the provider's claim of groups is no list of names", PROVIDER),
    "overage": (
        "the provider leaves the groups out, for there are too many",
        "have it say those that are assigned to this program",
    ),
    "required": ("this account is not one of those that may come in here", ASK),
    "no_role": ("this account is in no group that has a role here", ASK),
    "unknown_role": (
        "[access.oidc] gives a role that the policy does not know",
        "those that it knows: tidemill policy show",
    ),
    "disabled": ("this account is closed here", ASK),
    "busy": ("too many log-ins were begun from here and not ended", "wait some minutes, and begin again"),
}
