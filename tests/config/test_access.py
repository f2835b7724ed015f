"""[access.oidc]: read strictly, and what could let nobody in, or everybody see a secret, is an error at its line."""

from __future__ import annotations

import pytest

from tests.serve.asking import TOML
from tidemill.config.decode import parse
from tidemill.errors import ConfigError

GOOD = {
    "issuer": '"https://login.example/realms/shop"',
    "client_id": '"tidemill"',
    "roles": '{ "ml team" = ["viewer"] }',
}


def written(**keys: str) -> str:
    lines = "".join(f"{name} = {value}\n" for name, value in {**GOOD, **keys}.items() if value)
    return f"{TOML}[access.oidc]\n{lines}"


def test_what_is_said_and_what_is_not() -> None:
    assert parse(TOML).access.oidc is None
    section = parse(written()).access.oidc
    assert section is not None and section.roles == {"ml team": ("viewer",)}
    assert (section.groups, section.scopes, section.others) == ("groups", ("openid", "profile"), ())


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("issuer", '"http://login.example"'),
        ("issuer", '"https://login.example/?a=b"'),
        ("issuer", '"https://user:secret@login.example"'),
        ("issuer", '"https://"'),
        ("issuer", '"https://login.example:0"'),
        ("issuer", '"file:///etc/passwd"'),
        ("client_id", '" "'),
        ("client_id", '"a\\nb"'),
        ("client_secret", '"geheim"'),
        ("scopes", '["profile"]'),
        ("scopes", '["openid profile"]'),
        ("roles", '{ "ml" = "viewer" }'),
        ("roles", "{}"),
        ("groups", '""'),
        ("skew", '"1 hour"'),
        ("refresh", '"1 s"'),
        ("refresh", '"2 hours"'),
        ("session", '"1 year"'),
        ("session", '"soon"'),
    ],
)
def test_what_is_refused_at_its_line(key: str, value: str) -> None:
    text = written(**{key: value})
    with pytest.raises(ConfigError) as caught:
        parse(text)
    together = value == '"2 hours"'  # with unchecked, of which nothing is said
    at = text.splitlines().index("[access.oidc]" if together else f"{key} = {value}") + 1
    assert caught.value.place == f"tidemill.toml:{at}"
    assert "secret@" not in str(caught.value) and "geheim" not in str(caught.value)
