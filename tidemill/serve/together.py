"""What several scorers of one machine count, at one address: each writes its own down every second, and whichever is asked shows all.

Each series says its ``worker``. A sum would fall when one of them dies, which who reads counters takes for a new beginning of all.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.metrics_core import Metric

from tidemill.files import write_whole
from tidemill.types import Json, JsonObject

SECONDS = 1.0
FOLDER = "scorers"


class Together:
    """The counts of the workers of one project. ``worker``: which this one is."""

    def __init__(self, state: Path, registry: CollectorRegistry, worker: int, of: int) -> None:
        self._folder, self._registry, self._worker, self._of = state / FOLDER, registry, worker, of

    def write(self) -> None:
        """What this one has counted; lost with the machine, as all that is counted in memory is. Raises OSError."""
        self._folder.mkdir(mode=0o700, exist_ok=True)
        said = json.dumps([_said(metric, str(self._worker)) for metric in self._registry.collect()])
        write_whole(self._path(self._worker), said.encode(), sync=False)  # who asks writes, too, beside each second's

    def render(self) -> bytes:
        """In Prometheus' words: of each worker as of its last second."""
        return generate_latest(self)

    def collect(self) -> Iterable[Metric]:
        """As `generate_latest` asks a registry."""
        found: dict[str, Metric] = {}
        for said in self._read():
            name = str(said["name"])
            metric = found.setdefault(name, Metric(name, str(said["help"]), str(said["type"])))
            for sample, labels, value in said["samples"]:
                metric.add_sample(sample, labels, value)
        return found.values()

    def _read(self) -> Iterator[JsonObject]:
        for worker in range(1, self._of + 1):
            try:
                yield from json.loads(self._path(worker).read_text())
            except (OSError, ValueError):  # it has just begun
                continue

    def _path(self, worker: int) -> Path:
        return self._folder / f"{worker}.json"


def _said(metric: Metric, worker: str) -> JsonObject:
    samples: list[Json] = [[one.name, {**one.labels, "worker": worker}, one.value] for one in metric.samples]
    return {"name": metric.name, "help": metric.documentation, "type": metric.type, "samples": samples}
