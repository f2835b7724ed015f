"""The parity check on live requests, recorded."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tests.data.small import DAY_1, DAY_2, NOW, drop, lay
from tidemill.data.contract.contract import load_contract
from tidemill.data.pipeline import ingest
from tidemill.data.tables.tables import open_tables
from tidemill.features.online import History
from tidemill.features.parity import compare
from tidemill.scope.project import open_project
from tidemill.store.records import OnlineEvent, Prediction
from tidemill.tasks.ranking.interactions import from_frame
from tidemill.types import DAY, HeldClock, parse_time


def prediction(name: str, subject: str, at: str, watermark: int) -> Prediction:
    return Prediction(
        name, "shop", parse_time(at), subject, "model:shop@1", "rel_1", "champion", b"", b"", watermark, 9
    )


def test_live_requests_see_what_training_sees(tmp_path: Path) -> None:
    """The dataset and the live history, each as the product fills it; the live one knows more than the request did."""
    root = lay(tmp_path / "p")
    drop(root, "1.csv", DAY_1)
    drop(root, "2.csv", DAY_2)
    with open_project(root, clock=HeldClock(NOW)) as project:
        ingest(project, "sales")
        late = OnlineEvent(0, "9/rug", "ann", "rug", parse_time("2011-01-01T12:00"), 1.0)
        project.live.append([], [], [late])
        project.live.flush()
        history = History()
        history.load(project.live.online.rows_since(0))
        asked = [
            prediction("p1", "ann", "2011-01-02T10:00", watermark=5),
            prediction("p2", "ann", "2011-01-05", watermark=5),
            prediction("p3", "nobody", "2011-01-05", watermark=0),
        ]
        offline = from_frame(open_tables(project).read("sales"), load_contract(project, "sales")).histories
        outcome = compare("basket", "items", 180 * DAY, offline, history, asked)
        assert (outcome.requests, outcome.numbers, outcome.missing, outcome.difference) == (3, 4, 0, 0.0)
        assert outcome.ok
        later = [replace(one, watermark=99) for one in asked]
        unmarked = compare("basket", "items", 180 * DAY, offline, history, later)
        assert unmarked.missing == 2, "without its watermark, serving would see what it learned later"
