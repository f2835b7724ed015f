"""What a server answered and what really happened, told to a project's stores as a server would: cheap, for many windows."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from tests.cases.projects import START, Folder, visits
from tests.retrain.inline import InlineJobs
from tidemill.ops import models, records, releases
from tidemill.retrain.loop import tick
from tidemill.scope.project import Project
from tidemill.store.records import Alarm, Outcome, Prediction, Release
from tidemill.types import DAY, Micros, parse_time

BEGAN = parse_time(f"{START:%Y-%m-%d}")
A_WINDOW = 120
ROW: dict[str, Any] = {"pages": 9, "spent": 20.0, "member": True, "country": "FR", "site": "A"}


@dataclass
class Told:
    """The project, and hands to let its story go on."""

    project: Project
    number: int = 0
    keys: list[str] = field(default_factory=list)

    @property
    def champion(self) -> Release:
        """What answers."""
        return next(r for r in releases.ls(self.project).items if r.status == "champion")

    def promised(self) -> float:
        """The log loss that it promised at most."""
        return float(models.show(self.project, "champion").model.metrics["log_loss"][2])

    def answered(self, at: Micros, label: str | None, sure: float, n: int = 1, **inputs: Any) -> None:
        """So many answers that gave "true" this probability, and what turned out (nothing: no outcome yet)."""
        release = self.champion
        output = json.dumps({"value": True, "probability": sure, "probabilities": {"false": 1 - sure, "true": sure}})
        given = json.dumps({"inputs": {**ROW, **inputs}}).encode()
        predictions, outcomes = [], []
        for _ in range(n):
            self.number += 1
            one, moment = f"pred_{self.number:06}", at + self.number
            said = {"id": one, "endpoint": "visits", "at": moment, "subject": "", "model": release.model}
            predictions.append(
                Prediction(
                    **said,
                    release=release.id,
                    arm="champion",
                    output=output.encode(),
                    inputs=given,
                    watermark=0,
                    latency_us=900,
                )
            )
            if label is not None:
                outcomes.append(Outcome(f"o{self.number}", moment, "", label, 1.0, one, moment, endpoint="visits"))
        self.project.live.append(predictions, outcomes, [])
        self.project.live.flush()

    def tick(self, day: int) -> None:
        """The loop looks at the end of this day."""
        self.project.store.settings.set("clock", BEGAN + (day + 1) * DAY)
        tick(self.project, InlineJobs(self.project))

    def windows(self, monitor: str) -> dict[int, Any]:
        """The closed windows of a monitor, by day."""
        return {(w.start - BEGAN) // DAY: w for w in records.windows(self.project, monitor).items}

    def alarms(self) -> list[Alarm]:
        return records.alarms(self.project).items


def drop(folder: Folder, name: str, day: int, lines: Iterable[str] = ()) -> None:
    """A file of this day's visits: the given lines, or ordinary ones."""
    folder.write(f"data/visits/{name}.csv", *(lines or day_of(day)))


def day_of(day: int) -> list[str]:
    """A header and an ordinary day's visits, enough of them to see drift by."""
    return visits(first=day * 1_000, days=[day], a_day=A_WINDOW)
