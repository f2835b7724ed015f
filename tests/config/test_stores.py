"""``[stores]``: an address is taken as it is, a secret in it is refused and never repeated."""

from __future__ import annotations

import pytest

from tests.raised import raised
from tidemill.config.decode import parse
from tidemill.config.stores import check_database, encrypted
from tidemill.errors import ConfigError

TOML = '[project]\nname = "shop"\n[data.sales]\nsource = "data/*.csv"\ncontract = "c.yaml"\n[model]\ntask = "recommend"\n[stores]\n'


def test_left_out_records_are_files() -> None:
    assert parse(TOML).stores.metadata == ""


def test_an_address_is_kept_as_it_is_written() -> None:
    said = "postgresql://tidemill@db.example:5433/shop?sslmode=verify-full"
    assert parse(f'{TOML}metadata = "{said}"').stores.metadata == said


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://tidemill:hush@db/shop",
        "postgresql://tidemill:7/hush@db/shop",
        "postgresql://db/shop?password=hush",
        "postgresql://db/shop?passfile=hush",
        "postgresql://db/shop?options=hush",
        "postgresql://hush@db:port/shop",
        "postgresql://hush@db",
        "postgresql://db/shop?sslmode=hush",
        "postgresql://hush@db/shop?sslmode=prefer",
        "mysql://hush@db/shop",
        "hush",
    ],
)
def test_what_is_no_address_or_holds_a_secret_is_refused_without_repeating_it(address: str) -> None:
    with raised(ConfigError, "tidemill.toml:9") as caught:
        parse(f'{TOML}metadata = "{address}"')
    assert "hush" not in repr(caught.value.problem())


def test_the_way_to_another_machine_is_encrypted_unless_it_is_said_otherwise() -> None:
    for said, mode in {
        "postgresql://t@db/shop": "?sslmode=require",
        "postgresql://t@db/shop?sslrootcert=/ca.pem": "&sslmode=verify-full",
        "postgresql://t@/shop?host=db": "&sslmode=require",
        "postgresql:///shop": "?sslmode=require",  # libpq's own host: of a socket it is passed over
        "postgresql://t@db/shop?sslmode=disable": "",
        "postgresql://t@db/shop?sslmode=verify-ca": "",
        "postgresql://t@[::1]:5/shop": "",
        "postgresql://t@/shop?host=/run/postgresql": "",
    }.items():
        check_database(said)
        assert encrypted(said) == said + mode


def test_a_bucket_is_kept_as_it_is_written() -> None:
    said = "s3://models/teams/shop?endpoint=https://storage.example&region=eu-1"
    assert parse(f'{TOML}artifacts = "{said}"').stores.artifacts == said
    assert parse(f'{TOML}tables = "{said}"').stores.tables == said


@pytest.mark.parametrize(
    "address",
    [
        "s3://hush@bucket/shop",
        "s3://key:hush@bucket/shop",
        "s3://hush",
        "s3://hush/",
        "s3://bucket/../hush",
        "s3://bucket/shop#hush",
        "s3://bucket/shop?secret_access_key=hush",
        "s3://bucket/shop?endpoint=http://storage.example/hush",
        "s3://bucket/shop?endpoint=hush",
        "s3://bucket/shop?endpoint=https://key:hush@storage.example",
        "s3://bucket/shop?endpoint=https://storage.example/?key=hush",
        "gs://bucket/hush",
        "hush",
    ],
)
def test_a_bucket_with_a_secret_or_over_an_open_way_is_refused(address: str) -> None:
    for key in ("artifacts", "tables"):
        with raised(ConfigError, "tidemill.toml:9") as caught:
            parse(f'{TOML}{key} = "{address}"')
        assert "hush" not in repr(caught.value.problem())


@pytest.mark.parametrize("copies", ["0 GB", "many", "-1 GB"])
def test_a_bound_of_copies_is_a_size(copies: str) -> None:
    assert parse(f'{TOML}copies = "2 GB"').stores.copies == "2 GB"
    with raised(ConfigError, "tidemill.toml:9"):
        parse(f'{TOML}copies = "{copies}"')
