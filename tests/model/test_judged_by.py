"""Columns that answers are judged by: kept beside the inputs, of tables and of recommenders, or a clear error."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.cases.projects import END, SALES, SALES_TOML, VISITS, VISITS_TOML, Folder, lay, replayed, sales, visits
from tests.raised import raised
from tidemill.errors import ConfigError
from tidemill.learning.rows import BESIDE
from tidemill.model import prepare
from tidemill.model.inputs import Inputs
from tidemill.tasks.table import training_of

GATE = '[gates]\nslices = { by = ["country", "hour"], max_gap = 0.2 }\n'
LEFT_OUT = VISITS_TOML.replace('task = "classify"', 'task = "classify"\ninputs = { exclude = ["country"] }')


def table(root: Path, toml: str) -> Folder:
    made = lay(root / "visits", "visits", VISITS, toml)
    made.write("data/visits/a.csv", *visits(days=range(12)))
    return made


def attributes(folder: Folder, dataset: str, method: str) -> dict[str, Any]:
    """Of the requests of the last days, as a report has them."""
    folder.ingest(dataset)
    with replayed(folder, END) as project:
        model = project.endpoint().model
        trainer = training_of(model.task).open_trainer(
            prepare.rows(model, prepare.refs_of(model)), prepare.settings(model)
        )
        start, end = int(np.quantile(trainer.at, 0.5)), int(trainer.at.max()) + 1
        report = trainer.report(trainer.fit(trainer.baseline(method), start), start, end)
    return dict(next(iter(report.scored.values())).attributes)


def test_a_column_that_the_model_does_not_see_is_known_of_each_answer(tmp_path: Path) -> None:
    gates = LEFT_OUT.replace("[gates]\n", GATE)
    found = attributes(table(tmp_path, gates), "visits", "constant")
    assert set(found["country"]) == {"FR", "DE", "GB"} and set(found) >= {"pages", "hour"}
    assert found["hour"].min() >= 0 and found["hour"].max() <= 23


def test_a_column_that_nobody_names_is_not_kept(tmp_path: Path) -> None:
    assert "country" not in attributes(table(tmp_path, LEFT_OUT), "visits", "constant")


def test_a_request_of_a_recommender_has_the_value_of_its_first_row(tmp_path: Path) -> None:
    made = lay(tmp_path / "shop", "sales", SALES, SALES_TOML + '[gates]\nslices = { by = ["country"] }\n')
    lines = [line.removesuffix("UK") if n % 3 == 0 and n else line for n, line in enumerate(sales(40))]
    made.write("data/sales/a.csv", *lines)
    found = attributes(made, "sales", "popularity")
    assert set(found["country"]) == {"UK", None} and len(found["country"]) == len(found["subject"])
    assert found["items known"].dtype.kind == "i"
    (made.root / "tidemill.toml").write_text(SALES_TOML + '[gates]\nslices = { by = ["items known"] }\n')
    with replayed(made, END) as project:
        assert Inputs.of(project.model()).judged_by == (), "it is known of each request anyway"


@pytest.mark.parametrize(
    ("by", "said", "hint"),
    [("contry", "no column 'contry'", "country"), ("ts", "is a moment", "weekday"), ("houre", "no column", "hour")],
)
def test_what_is_no_group_of_rows_is_an_error_that_names_what_is_there(
    tmp_path: Path, by: str, said: str, hint: str
) -> None:
    made = table(tmp_path, VISITS_TOML.replace("[gates]\n", f'[gates]\nslices = {{ by = ["{by}"] }}\n'))
    with replayed(made, END) as project, raised(ConfigError, "[gates] slices") as caught:
        Inputs.of(project.model())
    assert said in caught.value.message and hint in caught.value.hint


def test_another_endpoint_s_word_counts_too(tmp_path: Path) -> None:
    made = table(
        tmp_path,
        LEFT_OUT + '[endpoint.visits]\n[endpoint.b]\nmodel = "visits"\ngates = { slices = { by = ["country"] } }\n',
    )
    made.ingest("visits")
    with replayed(made, END) as project:
        model = project.model()
        assert Inputs.of(model).judged_by == ("country",)
        assert BESIDE + "country" in prepare.rows(model, prepare.refs_of(model)).columns
