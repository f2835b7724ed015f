"""Counts of what every answer counts, in plain numbers of one thread: the library's own ask for a lock and check their labels each time."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence

from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString


class Tally(Collector):
    """A counter by labels.

    >>> said = Tally("said", "Words.", ("who",), CollectorRegistry())
    >>> said.inc("ann"), said.inc("ann")
    (None, None)
    >>> [(one.name, one.labels, one.value) for metric in said.collect() for one in metric.samples]
    [('said_total', {'who': 'ann'}, 2)]
    """

    def __init__(self, name: str, about: str, labels: Sequence[str], registry: CollectorRegistry) -> None:
        self._name, self._about, self._labels = name, about, labels
        self._of: dict[tuple[str, ...], int] = {}
        registry.register(self)

    def inc(self, *labels: str) -> None:
        self._of[labels] = self._of.get(labels, 0) + 1

    def collect(self) -> Iterator[Metric]:
        found = CounterMetricFamily(self._name, self._about, labels=self._labels)
        for labels, count in [*self._of.items()]:
            found.add_metric(labels, count)
        yield found


class Times(Collector):
    """A histogram of seconds by one label.

    >>> took = Times("took", "Seconds.", "who", (0.1, 1.0), CollectorRegistry())
    >>> took.observe("ann", 0.5), took.observe("ann", 2.0)
    (None, None)
    >>> [(one.labels.get("le"), one.value) for metric in took.collect() for one in metric.samples]
    [('0.1', 0.0), ('1.0', 1.0), ('+Inf', 2.0), (None, 2.0), (None, 2.5)]
    """

    def __init__(
        self, name: str, about: str, label: str, buckets: Sequence[float], registry: CollectorRegistry
    ) -> None:
        self._name, self._about, self._label, self._buckets = name, about, label, buckets
        self._of: dict[str, list[float]] = {}
        """By label how many fell into each bucket, and beyond the last; then the sum of all seconds."""
        registry.register(self)

    def observe(self, label: str, seconds: float) -> None:
        found = self._of.get(label)
        if found is None:
            found = self._of[label] = [0.0] * (len(self._buckets) + 2)
        found[bisect_left(self._buckets, seconds)] += 1
        found[-1] += seconds

    def collect(self) -> Iterator[Metric]:
        found = HistogramMetricFamily(self._name, self._about, labels=[self._label])
        bounds = [*map(floatToGoString, self._buckets), "+Inf"]
        for label, (*counts, total) in [*self._of.items()]:
            up_to = [sum(counts[: place + 1]) for place in range(len(counts))]
            found.add_metric([label], [*zip(bounds, up_to)], total)
        yield found
