"""``[serve]``: names and proxies are those of machines; a mistake is said at its line."""

from __future__ import annotations

import pytest

from tests.raised import raised
from tidemill.config.decode import parse
from tidemill.config.network import ServeSection, history_bytes
from tidemill.errors import ConfigError

TOML = '[project]\nname = "shop"\n[data.sales]\nsource = "data/*.csv"\ncontract = "c.yaml"\n[model]\ntask = "recommend"\n[serve]\n'


def test_left_out_the_server_answers_this_machine_alone() -> None:
    assert parse(TOML).serve == ServeSection()


def test_names_proxies_and_drain_are_taken() -> None:
    found = parse(
        f'{TOML}names = ["models.example"]\nproxies = ["10.0.0.5", "fd00::/64"]\ndrain = "5 s"\nhistory = "2 GB"'
    ).serve
    assert history_bytes(found.history) == 2 * 10**9
    assert (found.names, found.proxies, found.drain) == (("models.example",), ("10.0.0.5", "fd00::/64"), "5 s")


@pytest.mark.parametrize(
    "said",
    [
        'names = ["https://models.example"]',
        'names = ["models.example:8080"]',
        'names = ["*"]',
        'names = ["Models.example"]',
        'proxies = ["proxy.example"]',
        'proxies = ["0.0.0.0/0"]',
        'proxies = ["10.0.0.5/24"]',
        'drain = "1 minute"',
        'drain = "soon"',
        'history = "much"',
        'history = "100 kB"',
    ],
)
def test_what_is_no_name_no_address_or_too_long_is_refused(said: str) -> None:
    with raised(ConfigError, "tidemill.toml:9"):
        parse(f"{TOML}{said}")
