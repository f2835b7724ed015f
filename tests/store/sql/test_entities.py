"""What models of entities would be asked: held by model and subject, replaced and dropped, and a holder of subjects' data."""

from __future__ import annotations

from pathlib import Path

from tidemill.store.sql import open_live
from tidemill.testing import records as sample


def test_what_is_held_is_replaced_and_what_was_not_made_anew_goes(tmp_path: Path) -> None:
    store = open_live(tmp_path / "live.db")
    many = [sample.entity(f"c{n}", at=1) for n in range(1_200)]  # more than one transaction holds
    store.entities.hold("churn", many)
    store.entities.hold("other", [sample.entity("c7", at=1, model="other")])
    store.entities.hold("churn", [sample.entity("c7", at=2, inputs=b"{}")])
    assert store.entities.look_up("churn", "c7") == sample.entity("c7", at=2, inputs=b"{}")
    assert store.entities.drop("churn", 2) == 1_199
    assert [(one.model, one.subject) for one in store.entities.list()] == [("churn", "c7"), ("other", "c7")]
    (holder,) = [one for one in store.holders() if one.find("c7")]
    assert holder.erase("c7") == 2 and not store.entities.list()
    store.close()
