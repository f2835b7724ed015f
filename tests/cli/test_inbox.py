"""`tidemill inbox`, `approve` by a question's id with one's own key, and `comment`, as people and programs read them."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.release.asking import TWO, held, person
from tests.release.made import TOML, add_model, hold
from tidemill.access.caller import system_user
from tidemill.cli.main import main
from tidemill.scope.project import Project, open_project


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    monkeypatch.setenv("TIDEMILL_HOME", str(tmp_path / "home"))
    root = tmp_path / "shop"
    root.mkdir()
    (root / "tidemill.toml").write_text(TOML)
    with open_project(root) as project:
        yield project


def said(capsys: pytest.CaptureFixture[str], shop: Project, *words: str) -> Any:
    with contextlib.suppress(SystemExit):
        main([*words, "--project", str(shop.root), "--json"])
    return json.loads(capsys.readouterr().out)


def test_alone_what_is_held_waits_for_who_is_here(shop: Project, capsys: pytest.CaptureFixture[str]) -> None:
    hold(shop, add_model(shop, 1), "rel_abcdef")
    (item,) = said(capsys, shop, "inbox")["waiting"]
    assert (item["ref"], item["mine"]) == ("release:rel_abcdef", True)
    assert item["do"] == f"tidemill approve {item['id']}"
    assert said(capsys, shop, "inbox", "show", item["id"])["missing"] == 1
    assert said(capsys, shop, "approve", item["id"], "--reason", "looked")["status"] == "champion"
    changed = said(capsys, shop, "inbox", "--since-last")["changed"]
    assert {event["kind"] for event in changed["events"]} >= {"approved", "promoted"}


def test_a_question_is_answered_with_ones_own_key(shop: Project, capsys: pytest.CaptureFixture[str]) -> None:
    (shop.root / "policy.toml").write_text(TWO)
    person(shop, system_user(), "product-owner")
    release = held(shop)
    assert said(capsys, shop, "inbox", "key")["endorsed"]
    found = said(capsys, shop, "approve", release.id, "--reason", "looked")
    assert (found["status"], found["missing"]) == ("held", 1)
    (vote,) = said(capsys, shop, "inbox", "show", found["approval"])["votes"]
    assert (vote["signed_by"], vote["counts"]) == ("own key", True)
    assert said(capsys, shop, "inbox", "take-back", release.id)["missing"] == 2


def test_a_comment_stands_under_what_it_is_about(shop: Project, capsys: pytest.CaptureFixture[str]) -> None:
    add_model(shop, 1)
    made = said(capsys, shop, "comment", "model:shop@1", "is it a holiday?")
    assert [one["comment"]["text"] for one in said(capsys, shop, "comment", "model:shop@1")] == ["is it a holiday?"]
    main(["models", "show", "shop@1", "--project", str(shop.root)])
    assert "is it a holiday?" in capsys.readouterr().out
    assert said(capsys, shop, "comment", made["comment"]["id"], "--remove")["comment"]["text"] == ""
