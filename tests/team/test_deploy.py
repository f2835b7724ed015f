"""compose.yaml, the Dockerfile and the unit: not run here, so held against their own specification and against what Tidemill knows."""

from __future__ import annotations

import configparser
import importlib.resources
import json
import re
import shlex
import tomllib
from collections.abc import Sequence
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import click
import jsonschema_rs
import pytest
import yaml

from tests.team.front import ADDRESSES
from tidemill.cli.main import cli
from tidemill.config.network import LONGEST_DRAIN
from tidemill.config.stores import SECRET
from tidemill.serve.supervisor import STOP_SECONDS
from tidemill.types import SECOND

ROOT = Path(__file__).parents[2]
DEPLOY, PAGE = ROOT / "deploy", ROOT / "docs/team.md"
LONGEST_STOP = LONGEST_DRAIN / SECOND + 2 * STOP_SECONDS
"""Seconds: the loop, then the scorer, which drains."""


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return dict(yaml.safe_load((DEPLOY / "compose.yaml").read_text()))


def machines(compose: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The services that are built from the project."""
    return {name: service for name, service in compose["services"].items() if "build" in service}


def options(line: Sequence[str]) -> dict[str, Any]:
    """What the command line makes of these words; what it would refuse is raised."""
    command = cli.get_command(click.Context(cli), line[0])
    assert command is not None, line
    with command.make_context(line[0], list(line[1:])) as context:
        return dict(context.params)


def test_compose_keeps_to_its_specification(compose: dict[str, Any]) -> None:
    found = importlib.resources.files("check_jsonschema") / "builtin_schemas/vendor/compose-spec.json"
    validator = jsonschema_rs.validator_for(json.loads(found.read_text("utf-8")))
    assert [error.message for error in validator.iter_errors(compose)] == []
    assert list(validator.iter_errors({**compose, "services": {"one": {"comand": "up"}}}))


def test_its_machines_are_those_of_the_page_and_of_nginx(compose: dict[str, Any]) -> None:
    known = {option: options(service["command"]) for option, service in machines(compose).items()}
    scorers = {f"{of['host']}:{of['port']}" for of in known.values() if not of["no_scorer"]}
    assert scorers == set(ADDRESSES)
    assert [name for name, of in known.items() if not of["no_loop"]] == ["loop", "standby"]
    for service, of in known.items():
        at = compose["services"][service]["networks"]
        assert of["no_scorer"] or at["team"]["ipv4_address"] == of["host"]
    network = ip_network(compose["networks"]["team"]["ipam"]["config"][0]["subnet"])
    proxy = compose["services"]["front"]["networks"]["team"]["ipv4_address"]
    assert ip_address(proxy) in network and f'proxies = ["{proxy}"]' in PAGE.read_text()


def test_its_secrets_and_volumes_are_what_tidemill_reads(compose: dict[str, Any]) -> None:
    for name, service in machines(compose).items():
        assert service["environment"] == {f"{SECRET}_FILE": "/run/secrets/password"}, name
        assert service["secrets"] == ["password"] and "password" in compose["secrets"]
        (volume,) = service["volumes"]
        kept, at = volume.split(":")
        assert kept in compose["volumes"] and at == "/home/tidemill/.config/tidemill"
        assert (kept == "keys") == ("--no-scorer" in service["command"]), name  # a scorer holds no key to sign with
    assert "TIDEMILL" not in json.dumps(compose["services"]["front"])


@pytest.mark.parametrize("name", ["one", "two", "loop", "standby"])
def test_a_stop_has_the_time_that_it_takes(compose: dict[str, Any], name: str) -> None:
    assert float(machines(compose)[name]["stop_grace_period"].rstrip("s")) > LONGEST_STOP


def test_the_image_installs_extras_that_there_are() -> None:
    text = (DEPLOY / "Dockerfile").read_text()
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    (asked,) = re.findall(r"tidemill\[(.*?)\]", text)
    assert set(asked.split(",")) <= extras.keys()
    assert f"tidemill[{asked}]" in PAGE.read_text()
    assert 'ENTRYPOINT ["tidemill"]' in text and not re.search(r"^USER root", text, re.M)


def test_the_unit_starts_what_there_is_and_waits_for_its_end() -> None:
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(DEPLOY / "tidemill.service")
    service = unit["Service"]
    program, *line = shlex.split(service["ExecStart"])
    assert Path(program).name == "tidemill"
    of = options(line)
    assert f"{of['host']}:{of['port']}" in ADDRESSES and not of["no_loop"] and not of["no_scorer"]
    assert float(service["TimeoutStopSec"]) > LONGEST_STOP and service["KillMode"] == "mixed"
    assert f"cat > {service['EnvironmentFile']} <<" in PAGE.read_text()
