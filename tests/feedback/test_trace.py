"""What a reference names, and what it touched."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.data.small import DAY_1, DAY_2, NOW, TOML, drop, lay
from tidemill.data.pipeline import ingest
from tidemill.errors import NotFound
from tidemill.feedback.trace import impact
from tidemill.scope.project import open_project
from tidemill.testing import records as sample
from tidemill.types import HeldClock


def test_a_file_name_of_two_datasets_is_refused_and_its_digest_is_not(tmp_path: Path) -> None:
    root = lay(tmp_path / "shop")
    more = '[data.web]\nsource = "data/sales/*.csv"\ncontract = "contracts/sales.yaml"\n[model]'
    (root / "tidemill.toml").write_text(TOML.replace("sales/*", "sales/*.csv").replace("[model]", more))
    with open_project(root, clock=HeldClock(NOW)) as project:
        for dataset, text in (("sales", DAY_1), ("web", DAY_2)):
            drop(root, "1.csv", text)
            ingest(project, dataset)
        with pytest.raises(NotFound) as caught:
            impact(project, "file:data/sales/1.csv")
        assert "digest" in caught.value.hint and "in sales" in caught.value.message and "in web" in caught.value.message
        for dataset in ("sales", "web"):
            (file,) = project.store.files.list(dataset=dataset)
            assert impact(project, f"file:{file.digest[:20]}")["datasets"] == [f"dataset:{dataset}@1 and later"]


@pytest.mark.parametrize(
    "ref", ["sales", "shelf:7", "dataset:sales", "dataset:sales@9", "run:r", "file:none.csv", "subject:eve"]
)
def test_what_is_not_there_is_refused_with_a_hint(tmp_path: Path, ref: str) -> None:
    with open_project(lay(tmp_path / "shop"), clock=HeldClock(NOW)) as project, pytest.raises(NotFound):
        impact(project, ref)


def test_a_subject_is_found_as_rows_and_requests_spell_it(tmp_path: Path) -> None:
    with open_project(lay(tmp_path / "shop"), clock=HeldClock(NOW)) as project:
        project.live.append([sample.prediction("pred_1", subject="Ren\u00e9e")], (), ())
        project.live.flush()
        for said in ("Ren\u00e9e", " Rene\u0301e\u00a0"):
            assert impact(project, f"subject:{said}")["predictions"] == 1
