"""`tidemill people`, and what one does with one's own account."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.raised import raised
from tests.release.made import TOML
from tidemill.access import sessions
from tidemill.access.caller import Caller
from tidemill.access.policy import policy_of
from tidemill.cli.main import main
from tidemill.errors import BadRequest, Conflict, Forbidden, NotFound
from tidemill.ops import people, tokens
from tidemill.scope.project import Project, open_project

WORD, OTHER = "nine tidy otters", "ten untidy otters"
ROOT = Caller.local()


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    monkeypatch.setenv("TIDEMILL_HOME", str(tmp_path / "home"))
    (tmp_path / "tidemill.toml").write_text(TOML)
    with open_project(tmp_path) as made:
        yield made


def as_one(project: Project, name: str) -> Caller:
    found = project.store.principals.called(name)
    assert found is not None
    return Caller(name, ("read", "operate"), "api", found.id, found.roles, policy_of(project).may(found.roles))


def log_in(project: Project, word: str = WORD) -> str:
    return sessions.log_in(project.store, "ann", word, "here", "")


def test_one_changes_ones_own_password_and_all_sessions_end(project: Project) -> None:
    people.add(project, ROOT, "root")
    people.add(project, ROOT, "ann", ("viewer",), password=WORD)
    log_in(project)
    ann = as_one(project, "ann")
    assert people.show(project, ann if ann.may_do("people.read") else ROOT, "ann").sessions == 1
    with raised(Forbidden, "old"):
        people.own_password(project, ann, OTHER, OTHER)
    assert people.own_password(project, ann, WORD, OTHER).sessions == 0
    log_in(project, OTHER)
    assert people.log_out_everywhere(project, ann).sessions == 0
    with raised(NotFound, ""):
        people.own_password(project, ROOT, WORD, OTHER)


def test_who_may_not_manage_people_does_not(project: Project) -> None:
    people.add(project, ROOT, "root")
    people.add(project, ROOT, "ann", ("devops",))
    ann = as_one(project, "ann")
    with pytest.raises(Forbidden):
        people.roles(project, ann, "ann", ("administrator",))
    assert people.whoami(project, ann).roles == ("devops",) and people.whoami(project, ROOT).permissions is None
    may = people.whoami(project, ann).permissions
    assert may is not None and "people.manage" not in may and "release.halt" in may


def test_a_token_is_somebodys_and_not_of_one_who_is_disabled(project: Project) -> None:
    people.add(project, ROOT, "root")
    bot = people.add(project, ROOT, "bot", ("viewer",), owner="root")
    tokens.add(project, ROOT, "shop", ("read",), person="bot")
    (token,) = project.store.tokens.list()
    assert token.principal == bot.id and [one.whose for one in tokens.ls(project)] == ["bot"]
    people.disable(project, ROOT, "bot")
    with raised(BadRequest, "person"):
        tokens.add(project, ROOT, "shop", ("read",), person="bot")
    with raised(BadRequest, "password"):
        people.add(project, ROOT, "second", owner="root", password=WORD)
    with raised(BadRequest, "bot"):
        people.password(project, ROOT, "bot", WORD)


def test_a_token_is_no_way_to_be_somebody_else(project: Project) -> None:
    tokens.add(project, ROOT, "from-before", ("read", "operate"))
    with raised(Forbidden, "people"):
        people.add(project, Caller("from-before", ("read", "operate"), "api"), "eve", password=WORD)
    assert not project.store.principals.any()
    (project.root / "policy.toml").write_text('[roles]\nporter = ["token.manage"]\n')
    people.add(project, ROOT, "root")
    people.add(project, ROOT, "eve", ("porter",))
    people.add(project, ROOT, "bot", ("viewer",), owner="eve")
    eve = as_one(project, "eve")
    with raised(Forbidden, "person"):
        tokens.add(project, eve, "mine", ("operate",), person="root")
    tokens.add(project, eve, "own", ("read",))
    tokens.add(project, eve, "my-bot", ("read",), person="bot")
    tokens.add(project, as_one(project, "root"), "hers", ("read",), person="eve")
    with raised(BadRequest, "person"):
        tokens.add(project, ROOT, "nobodys", ("predict", "read"))
    tokens.add(project, ROOT, "shop-front")
    whose = {one.name: one.whose for one in tokens.ls(project)}
    assert whose == {"from-before": "", "own": "eve", "my-bot": "bot", "hers": "eve", "shop-front": ""}


def test_no_listing_shows_a_secret(project: Project) -> None:
    people.add(project, ROOT, "ann", password=WORD)
    kept = project.store.passwords.list()[0].hash
    told = repr(people.ls(project, ROOT)) + repr(project.store.events.list()) + repr(project.store.principals.list())
    assert kept not in told and WORD not in told


def test_the_command_line_from_the_first_to_the_last(project: Project, capsys: Any, tmp_path: Path) -> None:
    word = tmp_path / "word"
    word.write_text(WORD + "\n")

    def said(*args: str) -> str:
        assert main([*args, "--project", str(tmp_path)]) in (0, None)
        return str(capsys.readouterr().out)

    assert "is the first, and an administrator" in said("people", "add", "ann", "--password-file", str(word))
    added = json.loads(said("people", "add", "bob", "--role", "viewer", "--no-password", "--json"))
    assert added["roles"] == ["viewer"] and not added["has_password"]
    log_in(project)
    assert "1 session of ann ended" in said("people", "log-out", "ann")
    said("people", "roles", "bob", "devops", "administrator")
    said("people", "rename", "bob", "bob.lee", "--display", "Bob Lee")
    said("people", "disable", "ann")
    said("people", "enable", "ann")
    said("people", "password", "ann", "--password-file", str(word))
    listed = json.loads(said("people", "--json"))
    assert [(one["name"], one["roles"]) for one in listed] == [
        ("ann", ["administrator"]),
        ("bob.lee", ["devops", "administrator"]),
    ]
    assert listed[1]["id"] == added["id"], "who is renamed is who they were"
    assert "everything" in said("whoami")
    assert said("token", "add", "shop", "--for", "bob.lee") and "bob.lee" in said("token", "ls")
    with pytest.raises(Conflict):
        people.enable(project, ROOT, "ann")
