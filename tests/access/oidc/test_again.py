"""A living session: what its provider says of its person when it is asked again, and how long it goes on where it cannot be."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.access.oidc.case import Case
from tests.raised import raised
from tidemill.access import tokens
from tidemill.access.oidc import again
from tidemill.access.tokens import hashed
from tidemill.errors import Unauthorized
from tidemill.store.records import Token
from tidemill.types import SECOND

MINUTE = 60 * SECOND
REFRESH = {"refresh_token": "once"}


class Session:
    """Of somebody who has just logged in."""

    def __init__(self, case: Case) -> None:
        self.case, self.arrived = case, case.log_in()
        found = case.store.tokens.first(hash=hashed(self.arrived.secret))
        assert found is not None
        self.token: Token = found
        case.forger.drop = (*case.forger.drop, "nonce")  # of no log-in

    def after(self, minutes: int) -> int:
        """What is said when the provider was last heard, and asked, so long ago; in minutes."""
        (kept,) = self.case.store.vouched.list()
        at = self.case.store.clock.now() - minutes * MINUTE
        self.case.store.vouched.put(replace(kept, checked=at, asked=at))
        return again.still(self.case.store, self.case.provider, self.token.id, self.arrived.secret) // MINUTE

    def ended(self, minutes: int) -> None:
        with raised(Unauthorized, ""):
            self.after(minutes)
        assert self.case.store.tokens.list() == self.case.store.vouched.list() == []

    @property
    def roles(self) -> tuple[str, ...]:
        return self.case.store.principals.get(self.arrived.principal.id).roles


def test_it_is_asked_when_it_is_due_and_no_sooner(case: Case) -> None:
    case.forger.extra = REFRESH
    session, asked = Session(case), case.forger.asked.count("/token")
    assert session.after(10) == 4  # and some seconds
    assert case.forger.asked.count("/token") == asked
    case.forger.extra = {"refresh_token": "twice"}
    assert session.after(16) == 15
    case.forger.extra = {}
    assert session.after(16) == session.after(16) == 15
    said = [form["refresh_token"] for form in case.forger.forms if form["grant_type"] == "refresh_token"]
    assert said == ["once", "twice", "twice"]


def test_a_group_that_was_left_takes_its_role_away(case: Case) -> None:
    case.provider = case.anew(roles={"ml-team": ("data-scientist",), "owners": ("product-owner",)})
    case.forger.extra = REFRESH
    session = Session(case)
    case.forger.claims = {"groups": ["owners"]}
    session.after(16)
    assert session.roles == ("product-owner",)
    case.forger.claims = {"groups": []}
    session.ended(16)
    assert session.roles == ()


@pytest.mark.parametrize("claims", [{"sub": "bob"}, {"aud": "another"}, {"iss": "https://login.example"}, {"exp": 1}])
def test_a_token_that_is_not_right_ends_it(case: Case, claims: dict[str, object]) -> None:
    case.forger.extra = REFRESH
    session = Session(case)
    case.forger.claims = claims
    session.ended(16)


def test_a_refresh_token_that_is_not_taken_ends_it(case: Case) -> None:
    case.forger.extra = REFRESH
    session = Session(case)
    case.forger.answers["/token"] = 400, b'{"error": "invalid_grant"}'
    session.ended(16)
    assert case.said()[-1].kind == "session_ended"


def test_a_provider_that_is_away_lets_it_go_on_for_an_hour(case: Case) -> None:
    case.forger.extra = REFRESH
    session = Session(case)
    case.forger.answers["/token"] = 503, b"{}"
    assert session.after(16) == session.after(59) == 0  # it is asked again in half a minute
    assert session.roles == ("data-scientist",)
    session.ended(61)


def test_one_asks_and_the_others_go_on(case: Case) -> None:
    case.forger.extra = REFRESH
    session = Session(case)
    session.after(16)
    (kept,) = case.store.vouched.list()
    asked, now = case.forger.asked.count("/token"), case.store.clock.now()
    case.store.vouched.put(replace(kept, checked=now - 16 * MINUTE, asked=now))
    assert again.still(case.store, case.provider, session.token.id, session.arrived.secret) == again.PAUSE
    assert case.forger.asked.count("/token") == asked


def test_without_a_refresh_token_it_is_asked_while_the_access_token_lasts(case: Case) -> None:
    case.forger.userinfo = {"groups": ["ml-team"]}
    session = Session(case)
    assert session.after(16) == 15
    case.forger.answers["/me"] = 401, b"{}"
    assert session.after(16) == 0
    session.ended(61)


def test_groups_that_userinfo_never_said_are_not_taken_for_none(case: Case) -> None:
    session = Session(case)
    assert session.after(16) == 0 and session.roles == ("data-scientist",)
    session.ended(61)


def test_groups_that_userinfo_said_and_says_no_more(case: Case) -> None:
    case.forger.drop, case.forger.userinfo = ("groups",), {"groups": ["ml-team"]}
    session = Session(case)
    assert session.after(16) == 15
    case.forger.userinfo = {}
    session.ended(16)
    assert session.roles == ()


def test_what_was_required_at_the_log_in_need_not_be_said_again(case: Case) -> None:
    case.provider = case.anew(require={"hd": "shop.example"})
    case.forger.claims, case.forger.userinfo = {"hd": "shop.example"}, {"groups": ["ml-team"]}
    session = Session(case)
    assert session.after(16) == 15
    case.forger.userinfo = {"groups": ["ml-team"], "hd": "elsewhere.example"}
    session.ended(16)


def test_a_token_is_asked_with_by_its_own_session_alone(case: Case) -> None:
    case.forger.extra = {"refresh_token": "a refresh token"}
    session = Session(case)
    (kept,) = case.store.vouched.list()
    assert not any(secret in repr(kept) for secret in ("a refresh token", "access", session.arrived.secret))
    at = kept.checked - 16 * MINUTE
    case.store.vouched.put(replace(kept, checked=at, asked=at))
    with raised(Unauthorized, ""):
        again.still(case.store, case.provider, session.token.id, "another's")


def test_another_issuer_vouches_for_nobody_of_this_one(case: Case) -> None:
    session = Session(case)
    case.provider = case.anew(issuer="http://127.0.0.1:1")
    session.ended(16)


def test_the_end_of_it_here_is_told_where_the_provider_has_one(case: Case) -> None:
    session = Session(case)
    said = (case.store, case.provider, session.token.id, session.arrived.secret, "http://127.0.0.1:8080/")
    assert again.end(*said) == again.end(*said) == "" and case.store.vouched.list() == []
    case.forger.discovery = {"end_session_endpoint": f"{case.forger.issuer}/end?now=1"}
    case.provider, case.forger.drop = case.anew(), ()
    session = Session(case)
    said = (case.store, case.provider, session.token.id, session.arrived.secret, "http://127.0.0.1:8080/")
    assert again.end(*said).startswith(f"{case.forger.issuer}/end?now=1&client_id=tidemill&post_logout")
    assert case.store.vouched.list() == []


def test_what_is_kept_of_a_session_goes_with_it(case: Case) -> None:
    session = Session(case)
    case.store.tokens.delete(session.token.id)
    assert len(case.store.vouched.list()) == 1
    tokens.sweep(case.store)
    assert case.store.vouched.list() == []
