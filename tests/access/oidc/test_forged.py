"""What an identity provider may not say, and what nobody may say in its name: each is refused with its reason, and changes nothing."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.access.oidc.case import PLACE, REDIRECT, Case
from tests.access.oidc.forger import CLIENT, KEY, OTHER, RSA, Forger, by_public_key, unsigned
from tests.raised import raised
from tidemill.access import throttle
from tidemill.access.oidc import flow, wire
from tidemill.access.oidc.provider import KEYS_AGAIN, REST
from tidemill.access.oidc.refused import LoginRefused, ProviderAway
from tidemill.access.tokens import hashed
from tidemill.errors import TooMany
from tidemill.types import SECOND


def test_what_is_right_is_let_in(case: Case) -> None:
    arrived = case.log_in()
    assert (arrived.principal.name, arrived.principal.roles) == ("ann@127.0.0.1", ("data-scientist",))
    (form,) = case.forger.forms
    assert flow.challenge(form["code_verifier"]) and form["redirect_uri"] == REDIRECT
    session = case.store.tokens.first(hash=hashed(arrived.secret))
    assert session is not None and session.principal == arrived.principal.id
    assert [event.kind for event in case.said()] == ["logged_in"]


NOW = int(time.time())
CLAIMS = [
    ("nonce", {"nonce": "another"}),
    ("nonce", {"nonce": 7}),
    ("audience", {"aud": "another"}),
    ("audience", {"aud": [CLIENT, "another"]}),
    ("audience", {"aud": [CLIENT, "another"], "azp": "another"}),
    ("audience", {"azp": "another"}),
    ("audience", {"aud": {CLIENT: 1}}),
    ("issuer", {"iss": "https://login.example"}),
    ("issuer", {"iss": ["https://login.example"]}),
    ("expired", {"exp": NOW - 3600}),
    ("future", {"iat": NOW + 3600, "exp": NOW + 7200}),
    ("future", {"nbf": NOW + 3600}),
    ("token", {"exp": "tomorrow"}),
    ("token", {"exp": True}),
    ("token", {"exp": 1e300}),
    ("subject", {"sub": ""}),
    ("subject", {"sub": "a" * 256}),
    ("subject", {"sub": "ann\n"}),
    ("subject", {"sub": {"a": 1}}),
    ("at_hash", {"at_hash": "AAAA"}),
    ("at_hash", {"at_hash": ["AAAA"]}),
    ("groups", {"groups": "ml-team"}),
    ("groups", {"groups": {"ml-team": True}}),
    ("groups", {"groups": ["ml-team", 7]}),
    ("groups", {"groups": ["g"] * 20_001}),
    ("no_role", {"groups": []}),
    ("no_role", {"groups": ["ML-Team"]}),
    ("too_large", {"groups": ["x" * 1_000] * 1_100}),
]


@pytest.mark.parametrize(("reason", "claims"), CLAIMS)
def test_claims(case: Case, reason: str, claims: dict[str, Any]) -> None:
    case.forger.claims = claims
    case.refused(reason)


@pytest.mark.parametrize("name", ["iss", "aud", "exp", "iat", "nonce", "sub"])
def test_no_claim_may_be_missing(case: Case, name: str) -> None:
    case.forger.drop = (name,)
    reasons = {"iss": "issuer", "aud": "audience", "exp": "token", "iat": "token", "nonce": "nonce", "sub": "subject"}
    case.refused(reasons[name])


def test_groups_that_were_left_out_for_there_are_too_many(case: Case) -> None:
    case.forger.drop, case.forger.claims = ("groups",), {"_claim_names": {"groups": "src1"}}
    case.refused("overage")


@pytest.mark.parametrize(
    ("reason", "token"),
    [
        ("algorithm", lambda f: unsigned({"alg": "none"}, f.right())),
        ("algorithm", lambda f: unsigned({"alg": "None", "kid": "one"}, f.right())),
        ("algorithm", lambda f: unsigned({"alg": "ES256", "kid": "one"}, f.right())),
        ("algorithm", lambda f: by_public_key(f.right())),
        ("algorithm", lambda f: unsigned({"kid": "one"}, f.right(), "AAAA")),
        ("algorithm", lambda f: unsigned({"kid": "one", "alg": ["ES256"]}, f.right(), "AAAA")),
        ("signature", lambda f: unsigned({"alg": "ES256", "kid": "one"}, f.right(), "AAAA")),
        ("signature", lambda f: f.signed(OTHER)),
        ("signature", lambda f: f.signed(jwk=OTHER.as_dict(private=False), key=OTHER)),
        ("key", lambda f: f.signed(kid="another")),
        ("key", lambda f: unsigned({"alg": "RS256", "kid": "one"}, f.right(), "AAAA")),
        ("key", lambda f: unsigned({"alg": "RS256", "kid": 1}, f.right(), "AAAA")),
        (
            "signature",
            lambda f: unsigned({"alg": "ES256", "kid": "one", "crit": ["b64"], "b64": False}, f.right(), "AAAA"),
        ),
        ("token", lambda f: "no token"),
        ("token", lambda f: "é.é.é"),
        ("token", lambda f: f.signed() + ".AAAA.AAAA"),
        ("token", lambda f: {"a": 1}),
        ("token", lambda f: None),
        ("too_large", lambda f: f.signed() + "A" * 1_000_000),
    ],
)
def test_tokens(case: Case, reason: str, token: Callable[[Forger], Any]) -> None:
    case.forger.token = token
    case.refused(reason)


@pytest.mark.parametrize(
    "more",
    [
        {"aud": [CLIENT], "azp": CLIENT},
        {"aud": [CLIENT, "another"], "azp": CLIENT},
        {"iat": lambda now: now + 30, "exp": lambda now: now + 30.5},
        {"exp": lambda now: now - 30},
        {"groups": [f"g{n}" for n in range(9_999)] + ["ml-team"]},
    ],
)
def test_what_is_unusual_and_right(case: Case, more: dict[str, Any]) -> None:
    case.forger.claims = {name: said(int(time.time())) if callable(said) else said for name, said in more.items()}
    assert case.log_in().principal.roles == ("data-scientist",)


def test_each_algorithm_with_its_own_kind_of_key(case: Case) -> None:
    for algorithm in ("RS256", "PS256"):
        case.forger.token = lambda f, a=algorithm: f.signed(RSA, a)
        case.log_in()


def test_names_are_text_and_nothing_else(case: Case) -> None:
    odd = "<script>alert(1)</script>\u202e\x00\n Ann " + "x" * 500
    case.forger.claims = {"name": odd, "preferred_username": "Ann <b>\x07/../Lee@evil.example"}
    found = case.log_in().principal
    assert found.name == "ann-b-..-lee@127.0.0.1"
    assert found.display.startswith("<script>alert(1)</script> Ann x") and len(found.display) == 100
    assert found.display.isprintable()
    case.forger.claims = {"sub": "two", "name": 7, "preferred_username": ["ann"]}
    assert (case.log_in().principal.name, case.log_in().principal.display) == ("person@127.0.0.1", "")


def test_a_person_is_their_subject_and_never_their_name(case: Case) -> None:
    first = case.log_in().principal
    case.forger.claims = {"sub": "bob", "email": "ann@shop.example"}
    second = case.log_in().principal
    assert second.id != first.id and second.name == "ann-2@127.0.0.1"
    case.forger.claims = {"preferred_username": "renamed", "name": "Ann Lee"}
    again = case.log_in().principal
    assert (again.id, again.name, again.display) == (first.id, first.name, "Ann Lee")


def test_groups_that_vanish_take_the_roles_and_the_sessions_away(case: Case) -> None:
    arrived = case.log_in()
    case.forger.claims = {"groups": []}
    with raised(LoginRefused, PLACE, reason="no_role"):
        case.log_in()
    assert case.store.principals.get(arrived.principal.id).roles == ()
    assert case.store.tokens.list() == case.store.vouched.list() == []
    kinds = [event.kind for event in case.said()]
    assert kinds == ["logged_in", "roles_changed", "login_refused"]


def test_an_account_that_is_closed_here(case: Case) -> None:
    arrived = case.log_in()
    case.store.principals.update(arrived.principal.id, disabled=1)
    with raised(LoginRefused, PLACE, reason="disabled"):
        case.log_in()


def test_who_is_in_no_group_may_have_a_role_of_others(case: Case) -> None:
    case.provider = case.anew(others=("viewer",))
    case.forger.claims = {"groups": ["staff"]}
    assert case.log_in().principal.roles == ("viewer",)


def test_claims_that_have_to_say_something(case: Case) -> None:
    case.provider = case.anew(require={"hd": "shop.example"})
    case.refused("required")
    case.forger.claims = {"hd": "shop.example"}
    case.log_in()


def test_without_a_claim_of_groups_roles_are_given_by_hand(case: Case) -> None:
    case.provider = case.anew(groups="", roles={}, others=("viewer",))
    ann = case.log_in().principal
    assert ann.roles == ("viewer",)
    case.store.principals.update(ann.id, roles=("devops",))
    assert case.log_in().principal.roles == ("devops",)


def test_a_claim_inside_others(case: Case) -> None:
    case.provider = case.anew(groups="realm_access.roles")
    case.forger.claims = {"realm_access": {"roles": ["ml-team"]}}
    assert case.log_in().principal.roles == ("data-scientist",)


def test_groups_that_userinfo_alone_says(case: Case) -> None:
    case.forger.drop, case.forger.userinfo = ("groups",), {"groups": ["ml-team"]}
    assert case.log_in().principal.roles == ("data-scientist",)
    case.forger.userinfo = {"groups": ["ml-team"], "sub": "bob"}
    with raised(LoginRefused, PLACE, reason="subject"):
        case.log_in()


def test_a_state_is_good_once_and_in_its_browser_alone(case: Case) -> None:
    state, cookie = case.begin()
    answer = {"state": state, "code": "c"}
    with raised(LoginRefused, PLACE, reason="browser"):
        flow.finish(case.store, case.provider, answer, "another's", "here", "")
    with raised(LoginRefused, PLACE, reason="state"):
        flow.finish(case.store, case.provider, answer, cookie, "here", "")
    state, cookie = case.begin()
    flow.finish(case.store, case.provider, {"state": state, "code": "c"}, cookie, "here", "")
    for again in (state, "", "x" * 10_000):
        with raised(LoginRefused, PLACE, reason="state"):
            flow.finish(case.store, case.provider, {"state": again, "code": "c"}, cookie, "here", "")
    assert case.forger.asked.count("/token") == 1


def test_a_state_runs_out(case: Case) -> None:
    state, cookie = case.begin()
    (begun,) = case.store.logins.list()
    case.store.logins.put(replace(begun, expires=begun.started))
    with raised(LoginRefused, PLACE, reason="state"):
        flow.finish(case.store, case.provider, {"state": state, "code": "c"}, cookie, "here", "")
    assert begun.expires - begun.started == 600 * SECOND and case.store.logins.list() == []


def test_who_reads_the_store_can_end_no_log_in(case: Case) -> None:
    state, cookie = case.begin()
    kept = repr(case.store.logins.list())
    assert not any(secret in kept for secret in (state, cookie, case.forger.nonce))


def test_the_answer_of_another_provider(case: Case) -> None:
    case.refused("mixed_up", iss="https://login.example")
    assert "/token" not in case.forger.asked
    case.log_in(iss=case.forger.issuer)
    case.forger.discovery = {"authorization_response_iss_parameter_supported": True}
    case.provider = case.anew()
    with raised(LoginRefused, PLACE, reason="mixed_up"):
        case.log_in()


@pytest.mark.parametrize("said", ["access_denied", "<script>", "x" * 5_000])
def test_the_provider_says_no(case: Case, said: str) -> None:
    case.refused("provider_" + "".join(c for c in said[:40] if c.isalpha() or c == "_"), error=said)


def test_no_code(case: Case) -> None:
    case.refused("answer", code="")
    case.refused("answer", code="c" * 5_000)


@pytest.mark.parametrize(("said", "reason"), [("invalid_grant", "code"), ("invalid_client", "client")])
def test_a_code_that_is_not_taken(case: Case, said: str, reason: str) -> None:
    case.forger.answers["/token"] = 400, json.dumps({"error": said, "error_description": "a secret"}).encode()
    case.refused(reason)


def test_keys_are_looked_for_once_more_and_not_for_every_token_that_names_another(case: Case) -> None:
    case.log_in()
    case.forger.token = lambda f: f.signed(kid="another")
    for _ in range(20):
        with raised(LoginRefused, PLACE, reason="key"):
            case.log_in()
    assert case.forger.asked.count("/keys") == 1
    case.at += KEYS_AGAIN
    case.forger.keys = [{**KEY.as_dict(private=False), "kid": "another"}]
    case.log_in()
    assert case.forger.asked.count("/keys") == 2


def test_keys_by_which_nothing_may_be_signed(case: Case) -> None:
    shared = {"kty": "oct", "k": "AAAA", "kid": "one"}
    crypt = {**KEY.as_dict(private=False), "use": "enc"}
    short = {"kty": "RSA", "n": "AQAB", "e": "AQAB", "kid": "rsa"}
    case.forger.keys = [shared, crypt, short, {"kty": "EC", "kid": "one"}, "no key", {"kty": ["EC"]}]  # type: ignore[list-item]
    case.refused("key")


AWAY: list[tuple[str, tuple[int, bytes]]] = [
    ("/keys", (500, b"{}")),
    ("/keys", (200, b"[]")),
    ("/keys", (200, b'{"keys": 7}')),
    ("/token", (502, b"{}")),
    ("/token", (200, b"<html>")),
    ("/token", (200, b"[" * 100_000)),
    ("/token", (200, b" " * 2_000_001)),
    ("/token", (302, b"http://127.0.0.1:1/token")),
    ("/.well-known/openid-configuration", (404, b"{}")),
    ("/.well-known/openid-configuration", (302, b"/elsewhere")),
    ("/.well-known/openid-configuration", (200, b"{}")),
]


@pytest.mark.parametrize(("path", "answer"), AWAY, ids=range(len(AWAY)))
def test_a_provider_that_answers_otherwise_is_away(case: Case, path: str, answer: tuple[int, bytes]) -> None:
    case.forger.answers[path] = answer
    with raised(ProviderAway, "[access.oidc]"):
        case.log_in()
    assert case.store.principals.list() == case.store.tokens.list() == []


def test_a_provider_that_is_back_is_asked_again(case: Case) -> None:
    case.forger.answers["/.well-known/openid-configuration"] = 503, b"{}"
    for _ in range(5):
        with raised(ProviderAway, "[access.oidc]"):
            case.begin()
    assert len(case.forger.asked) == 1
    case.forger.answers.clear()
    case.at += REST
    case.log_in()


@pytest.mark.parametrize(
    "discovery",
    [
        {"issuer": "https://login.example"},
        {"token_endpoint": "http://169.254.169.254/token"},
        {"token_endpoint": "https://user:secret@login.example/token"},
        {"jwks_uri": "file:///etc/passwd"},
        {"jwks_uri": "http://localhost:1/keys"},
        {"userinfo_endpoint": "gopher://127.0.0.1/"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"authorization_endpoint": "https://login.example/\r\nset-cookie: a=b"},
        {"end_session_endpoint": 7},
        {"token_endpoint": ""},
    ],
)
def test_what_it_publishes_leads_nowhere_else(case: Case, discovery: dict[str, Any]) -> None:
    case.forger.discovery = discovery
    with raised(ProviderAway, "[access.oidc]"):
        case.begin()
    assert case.forger.asked == ["/.well-known/openid-configuration"] and case.store.logins.list() == []


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "64:ff9b::a00:1", "fd00::1"])
def test_a_name_that_leads_into_a_network_that_nobody_named(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setattr(wire.socket, "getaddrinfo", lambda *a, **k: [(0, 0, 0, "", (address, 443))])
    with raised(ProviderAway, "[access.oidc]") as caught:
        wire.asker("https://login.example")("https://elsewhere.example/keys")
    assert caught.value.detail == "elsewhere.example: OSError"


def test_log_ins_that_are_begun_and_never_ended(case: Case) -> None:
    for _ in range(flow.MOST_OF_ONE):
        case.begin()
    with raised(LoginRefused, PLACE, reason="busy"):
        case.begin()
    begun = flow.begin(case.store, case.provider, REDIRECT, "elsewhere")
    assert begun.state


def test_those_that_fail_again_and_again_are_slowed_and_nobody_of_another_network_is(case: Case) -> None:
    case.forger.claims = {"nonce": "another"}
    for _ in range(throttle.NETWORK.free + 1):
        with raised(LoginRefused, PLACE, reason="nonce"):
            case.log_in()
    for _ in range(3):
        with raised(TooMany, "log-in"):
            case.log_in()
    case.forger.claims = {}
    state, cookie = case.begin()
    flow.finish(case.store, case.provider, {"state": state, "code": "c"}, cookie, "elsewhere", "")
    assert not any("here" in one.key for one in case.store.attempts.list())
