"""Tokens: kept as hashes, good for what they say, until they are taken back."""

from __future__ import annotations

import asyncio

import pytest

from tests.raised import raised
from tidemill.access import tokens as auth
from tidemill.access.caller import Caller
from tidemill.access.tokens import TokenCache
from tidemill.errors import BadRequest, Forbidden, Unauthorized


def check(store, secret):
    return auth.cache(store).check(secret)


def test_a_token_is_good_for_its_scopes(project):
    secret = auth.issue(project.store, "app", ["predict", "feedback"])
    token = check(project.store, secret)
    assert (token.name, token.scopes) == ("app", ("predict", "feedback"))
    assert secret not in repr(project.store.tokens.list())
    Caller.of(token, "api").need("predict")
    with raised(Forbidden, "") as caught:
        Caller.of(token, "api").need("operate")
    assert "operate" in caught.value.hint


def test_unknown_scopes_are_refused(project):
    with raised(BadRequest, "") as caught:
        auth.issue(project.store, "app", ["perdict"])
    assert "'perdict'" in caught.value.message and "'predict'" in caught.value.hint
    assert project.store.tokens.list() == []


def test_taken_back_by_id_and_by_name(project):
    first, second = (auth.issue(project.store, "app", ["read"]) for _ in range(2))
    assert project.store.tokens.delete(check(project.store, first).id)
    with pytest.raises(Unauthorized):
        check(project.store, first)
    assert auth.revoke_named(project.store, "app") == 1 and auth.revoke_named(project.store, "app") == 0
    with pytest.raises(Unauthorized):
        check(project.store, second)


def test_what_has_expired_is_refused_and_swept(project):
    secret = auth.issue(project.store, "app", ["read"], life=-1)
    kept = auth.issue(project.store, "kept", ["read"], life=10**12)
    with raised(Unauthorized, "") as caught:
        check(project.store, secret)
    assert "tidemill up" not in caught.value.hint  # as for a token that nobody knows
    assert auth.sweep(project.store) == 1
    assert check(project.store, kept).name == "kept"


def test_a_code_is_no_token_and_works_once(project):
    code = auth.issue_code(project.store)
    with pytest.raises(Unauthorized):
        check(project.store, code)
    session = auth.log_in(project.store, code)
    assert check(project.store, session).scopes == auth.SESSION_SCOPES
    with raised(Unauthorized, "") as caught:
        auth.log_in(project.store, code)
    assert "tidemill login" in caught.value.hint


def test_a_code_is_for_one_purpose_and_does_not_last(project):
    with pytest.raises(Unauthorized):
        auth.redeem(project.store, auth.issue_code(project.store, "load:sha256:1"), "load:sha256:2")
    with pytest.raises(Unauthorized):
        auth.log_in(project.store, auth.issue_code(project.store, life=-1))
    with pytest.raises(Unauthorized):
        auth.log_in(project.store, auth.issue(project.store, "app", ["read"]))


def counted(project):
    """A cache, and how often it looked into the store."""
    looks = []
    return TokenCache(lambda: looks.append(1) or project.store.tokens.list(), project.store.data_version), looks


def test_guesses_cost_no_look_and_push_nobody_out(project):
    tokens, looks = counted(project)
    secret = auth.issue(project.store, "app", ["read"])
    for i in range(5_000):
        with pytest.raises(Unauthorized):
            tokens.check(f"guess{i}")
    assert tokens.check(secret).name == "app" and len(looks) == 1 and len(tokens._known) == 1


def test_a_new_token_is_known_at_once_and_one_taken_back_when_told(project):
    tokens, looks = counted(project)
    for name in ("app", "other"):
        secret = auth.issue(project.store, name, ["read"])
        assert tokens.check(secret).name == tokens.check(secret).name == name
    assert len(looks) == 2
    auth.revoke_named(project.store, "other")
    tokens.evict()
    with pytest.raises(Unauthorized):
        tokens.check(secret)


def test_an_expiry_is_seen_in_the_cache_too(project, monkeypatch):
    cache = auth.cache(project.store)
    secret = auth.issue(project.store, "app", ["read"], life=10**9)
    cache.check(secret)
    monkeypatch.setattr(cache, "_now", lambda: 10**18)
    with raised(Unauthorized, "") as caught:
        cache.check(secret)
    assert "tidemill up" not in caught.value.hint  # as for a token that nobody knows


def test_what_was_read_before_a_newer_revision_was_seen_counts_no_more(project):
    """A look in a thread that a revocation overtakes."""
    cache = auth.cache(project.store)
    secret = auth.issue(project.store, "app", ["read"])
    found = cache.look()
    auth.revoke_named(project.store, "app")
    cache.seen(project.store.tokens.revision())
    assert not cache.take(found)
    with pytest.raises(Unauthorized):
        cache.check(secret)
    assert cache.confirmed == project.store.tokens.revision()


def test_a_look_that_finds_nothing_new_keeps_what_is_known(project):
    secret = auth.issue(project.store, "app", ["read"])
    cache = auth.cache(project.store)
    assert cache.check(secret).name == "app" and cache.look() is None and cache.take(None)
    cache.seen(project.store.tokens.revision())
    assert cache.check(secret).name == "app"
    cache.evict()
    assert not cache.take(None) and cache.check(secret).name == "app"


def test_of_a_store_that_was_put_back_the_tokens_that_it_has_are_known(project):
    secret = auth.issue(project.store, "app", ["read"])
    cache = auth.TokenCache(project.store.tokens.list, project.store.tokens.revision, remote=True)
    cache.seen(project.store.tokens.revision() + 1)  # of what is gone now
    assert asyncio.run(cache.find(secret)).name == "app"
    assert cache.confirmed == project.store.tokens.revision()
    with pytest.raises(Unauthorized):
        asyncio.run(cache.find("guessed"))
