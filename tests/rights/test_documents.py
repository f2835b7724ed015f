"""Documents from records: every sentence stands on records that are there, and what is gone is a gap by its name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.data.small import NOW, lay
from tests.release.made import add_model
from tests.rights.test_holders import sold
from tidemill.errors import NotFound
from tidemill.ops.rights import documents
from tidemill.rights.documents.statement import markdown
from tidemill.rights.documents.written import DOCUMENTS
from tidemill.scope.project import Project, open_project
from tidemill.testing import records as sample
from tidemill.testing.holders import CANARY
from tidemill.types import HeldClock


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with open_project(lay(tmp_path / "shop"), clock=HeldClock(NOW)) as opened:
        sold(opened, CANARY)
        yield opened


@pytest.mark.parametrize("name", DOCUMENTS)
def test_each_names_no_person_and_says_its_gaps(project: Project, name: str) -> None:
    found = documents.show(project, name)
    text = markdown(found)
    assert found.statements and found.gaps == sum(one.gap for one in found.statements) == text.count("- ⚠")
    assert CANARY not in text and found.of and found.at
    assert all(one.text and (one.records or one.gap) for one in found.statements)


def gone(project: Project) -> set[str]:
    told = documents.show(project, "ai-act").statements
    return {
        ref
        for one in told
        if one.gap and "development" in one.section and "purpose" not in one.text
        for ref in one.records
    }


def test_a_record_that_is_gone_is_a_gap_by_its_name(project: Project) -> None:
    """Of two versions of a model one learned from a dataset version that is not there."""
    there = add_model(project, 1)
    project.store.models.add(replace(there, version=2, data=("dataset:sales@1", "dataset:sales@77"), run="run_gone"))
    project.store.releases.add(sample.release("r2", model="model:shop@2", status="champion", endpoint="shop"))
    assert gone(project) == {"dataset:sales@77", "run:run_gone"}
    project.store.releases.add(sample.release("r3", model="model:shop@9", status="champion", endpoint="other"))
    assert "model:shop@9" in gone(project)


def test_what_the_project_says_is_a_gap_no_more(project: Project) -> None:
    before = documents.show(project, "processing")
    config = project.root / "tidemill.toml"
    config.write_text(
        config.read_text() + '\n[goal]\nowner = "the shop"\nmeasure = "revenue per visit"\nleast_useful = "1 %"\n'
    )
    with open_project(project.root, clock=project.clock) as again:
        after = documents.show(again, "processing")
    gaps = [{one.section for one in found.statements if one.gap} for found in (before, after)]
    assert "Controller (30.1 a)" in gaps[0] - gaps[1]
    assert replace(after, statements=()) == replace(before, statements=())


def test_one_that_is_not_there(project: Project) -> None:
    with pytest.raises(NotFound):
        documents.show(project, "procesing")
