"""What a task says of its rows is what is watched of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.data.small import CONTRACT
from tidemill.monitor.baseline import Roles
from tidemill.monitor.reference import roles_of
from tidemill.scope.project import open_project

TOML = """\
[project]
name = "shop"
[data.sales]
source = "data/*.csv"
contract = "sales.yaml"
[model]
task = "TASK"
"""


@pytest.mark.parametrize(
    ("task", "roles"),
    [
        ("recommend", Roles("at", "customer", "sku", "quantity", ("invoice", "sku"))),
        ("regress", Roles("at", "customer", None, None, ("invoice", "sku"))),
    ],
)
def test_the_task_says_what_is_watched_by_what_is_new(tmp_path: Path, task: str, roles: Roles) -> None:
    """To a table an item is a category as any other, and a value below 0 is no return."""
    (tmp_path / "tidemill.toml").write_text(TOML.replace("TASK", task))
    (tmp_path / "sales.yaml").write_text(CONTRACT)
    with open_project(tmp_path) as project:
        assert roles_of(project.endpoint()) == roles
