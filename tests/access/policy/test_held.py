"""The policy of an open project is read anew when its file is another; a broken one takes nothing away."""

from __future__ import annotations

import os

import pytest

from tests.raised import raised
from tidemill.access.policy import policy_of
from tidemill.access.policy.held import read_now
from tidemill.errors import ConfigError
from tidemill.scope.project import Project

OWN = '[roles]\nviewer = ["project.read", "run.start"]\n'


def test_without_a_file_it_is_the_one_that_comes_with_it(project: Project) -> None:
    policy = policy_of(project)
    assert policy.digest == "" and policy_of(project) is policy and policy.asks("release") is None


def test_a_change_counts_from_the_next_question_on(project: Project) -> None:
    file = project.root / "policy.toml"
    assert "run.start" not in policy_of(project).may(("viewer",))
    file.write_text(OWN)
    first = policy_of(project)
    assert "run.start" in first.may(("viewer",)) and policy_of(project) is first
    file.write_text(OWN.replace("run.start", "run.resum"))
    broken = policy_of(project)
    assert broken.may(("viewer",)) == first.may(("viewer",)) and broken.digest == first.digest
    with raised(ConfigError, "policy.toml:2"):
        broken.whole()
    with raised(ConfigError, "policy.toml:2"):
        read_now(project)
    file.unlink()
    assert policy_of(project).digest == "" and policy_of(project).whole().broken is None


@pytest.mark.parametrize("data", [b"\xff\xfe", b"# " + b"x" * 1_000_001, b"[roles"], ids=["bytes", "long", "cut"])
def test_one_that_never_could_be_read_is_no_policy(project: Project, data: bytes) -> None:
    (project.root / "policy.toml").write_bytes(data)
    with pytest.raises(ConfigError) as caught:
        policy_of(project)
    assert caught.value.place == "policy.toml"


@pytest.mark.parametrize("put", ["pipe", "folder", "nowhere", "circle"])
def test_what_is_no_file_takes_nothing_away_and_is_not_waited_for(project: Project, put: str) -> None:
    file = project.root / "policy.toml"
    file.write_text(OWN)
    before = policy_of(project)
    file.unlink()
    {
        "pipe": lambda: os.mkfifo(file),
        "folder": file.mkdir,
        "nowhere": lambda: file.symlink_to("gone.toml"),
        "circle": lambda: file.symlink_to(file.name),
    }[put]()
    now = policy_of(project)
    assert (now.digest, now.may(("viewer",))) == (before.digest, before.may(("viewer",)))
    with pytest.raises(ConfigError) as caught:
        now.whole()
    assert caught.value.place == "policy.toml"
