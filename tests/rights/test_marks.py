"""A mark stands for one person of one kind, in this project alone; its key is nowhere that is read."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.raised import raised
from tests.serve.asking import opened
from tidemill.errors import ConfigError, NotAttested
from tidemill.rights.marks import KNOWN, NAME, VARIABLE, key_of, mark
from tidemill.scope.project import Project, open_project


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    monkeypatch.setenv("TIDEMILL_HOME", str(tmp_path / "home"))
    with opened(tmp_path / "shop") as project:
        yield project


def test_it_is_the_same_for_the_same_person_and_for_nobody_else(shop: Project, tmp_path: Path) -> None:
    mine = mark(shop, "customer_id", "7")
    others = {mark(shop, "customer_id", "8"), mark(shop, "store_id", "7"), mark(shop, "customer_id7", "")}
    assert mine == mark(shop, "customer_id", "7") and mine not in others and len(others) == 3
    with opened(tmp_path / "other") as other:
        assert mark(other, "customer_id", "7") != mine
    with open_project(shop.root) as again:
        assert mark(again, "customer_id", "7") == mine


def test_its_key_is_in_a_file_for_its_owner_alone_and_in_no_store(shop: Project) -> None:
    mark(shop, "customer_id", "7")
    path = shop.keys_dir / NAME
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    secret = path.read_text()
    kept = [f for f in shop.state.rglob("*") if f.is_file()]
    assert kept and not any(secret.encode() in f.read_bytes() or bytes.fromhex(secret) in f.read_bytes() for f in kept)
    path.chmod(0o644)
    with raised(NotAttested, str(path)):
        key_of(shop)


def test_another_key_than_that_of_the_marks_that_are_there_is_refused(
    shop: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, path = mark(shop, "customer_id", "7"), shop.keys_dir / NAME
    own = path.read_text()
    monkeypatch.setenv(VARIABLE, "00" * 32)
    with raised(NotAttested, VARIABLE):
        mark(shop, "customer_id", "7")
    monkeypatch.setenv(VARIABLE, "no key")
    with raised(ConfigError, VARIABLE):
        mark(shop, "customer_id", "7")
    path.unlink()
    monkeypatch.setenv(VARIABLE, own)  # as on another machine of the team
    assert mark(shop, "customer_id", "7") == mine
    monkeypatch.delenv(VARIABLE)
    with raised(NotAttested, str(path)):  # none is made that would fight with it
        mark(shop, "customer_id", "7")
    assert shop.store.settings.get(KNOWN)
