"""What the server counts, in Prometheus' words, each in a registry of its own."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from prometheus_client import CollectorRegistry, Counter, Gauge, ProcessCollector, generate_latest

from tidemill.serve.tally import Tally, Times
from tidemill.types import JsonObject

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_BUCKETS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 10.0)


class Metrics:
    """Counters of one server. What a label stands for is looked up once and kept."""

    def __init__(self) -> None:
        r = self.registry = CollectorRegistry()
        ProcessCollector(registry=r)
        self.requests = Tally("tidemill_requests", "Requests answered.", ("route", "status"), r)
        self.seconds = Times("tidemill_request_seconds", "From the request's head to the answer.", "route", _BUCKETS, r)
        self.predictions = Tally("tidemill_predictions", "Predictions.", ("endpoint", "model", "arm"), r)
        self.cold = Counter("tidemill_cold_predictions", "Predictions without a history.", ("endpoint",), registry=r)
        self.strange = Counter(
            "tidemill_flagged_inputs",
            "Values of requests that break a limit of the contract, or were never seen.",
            ("endpoint", "input", "flag"),
            registry=r,
        )
        self.ruled_out = Counter(
            "tidemill_rules_out", "Items that a rule took out of answers.", ("endpoint", "rule"), registry=r
        )
        self.short = Counter(
            "tidemill_rules_short",
            "Answers with fewer items than were asked for, or none, for no more may be answered.",
            ("endpoint", "how"),
            registry=r,
        )
        self.later = Counter(
            "tidemill_later", "Questions answered later, by what became of them.", ("status",), registry=r
        )
        self.callbacks = Counter("tidemill_callbacks", "Callbacks, by whether they were taken.", ("taken",), registry=r)
        self.failures = Counter("tidemill_model_failures", "Answers a model failed to give.", ("release",), registry=r)
        self.fallbacks = Counter(
            "tidemill_fallbacks",
            "Answers that are not the champion's though they should be: by what was given, and why.",
            ("endpoint", "fallback", "reason"),
            registry=r,
        )
        self.outcomes = Counter("tidemill_outcomes", "Outcomes taken.", registry=r)
        self.items = Counter("tidemill_items", "Items that programs said something of.", registry=r)
        self.lost = Counter("tidemill_lost", "Answers given with ack=async that could not be kept.", registry=r)
        self.quarantined = Counter("tidemill_quarantined_outcomes", "Outcomes of items that nobody sells.", registry=r)
        self.refused = Counter("tidemill_release_refused", "Releases that were not loaded.", ("reason",), registry=r)
        self.serving = Gauge(
            "tidemill_serving_info", "What is served.", ("endpoint", "arm", "model", "release"), registry=r
        )
        self.follow = Gauge("tidemill_release_follow_seconds", "How long it took to load the last change.", registry=r)
        self.inside = Gauge("tidemill_requests_inside", "Requests that are being answered.", registry=r)
        self.waiting = Gauge("tidemill_log_waiting", "Answers that wait for the disk.", registry=r)
        self.history = Gauge("tidemill_history_seq", "The last online event that answers can see.", registry=r)
        self.scorer = Gauge(
            "tidemill_scorer_info", "Which scorer of the team counts here.", ("scorer", "host"), registry=r
        )
        self.read = Counter("tidemill_history_reads", "Subjects that were not held, read from the store.", registry=r)
        self._ruled_out = cache(self.ruled_out.labels)

    def known_as(self, scorer: str, host: str) -> None:
        """Whose numbers these are."""
        self.scorer.labels(scorer, host).set(1)

    def answered(self, route: str, status: int, seconds: float) -> None:
        """One request is answered."""
        self.requests.inc(route, str(status))
        self.seconds.observe(route, seconds)

    def predicted(self, endpoint: str, model: str, arm: str, cold: bool) -> None:
        """One prediction is made."""
        self.predictions.inc(endpoint, model, arm)
        if cold:
            self.cold.labels(endpoint).inc()

    def flagged(self, endpoint: str, flags: Mapping[str, str]) -> None:
        """What was strange about the inputs of one prediction."""
        for name, words in flags.items():
            self.strange.labels(endpoint, name, words).inc()

    def ruled(self, endpoint: str, reasons: JsonObject, empty: bool) -> None:
        """What rules did to one prediction."""
        for rule, n in reasons["out"].items():
            self._ruled_out(endpoint, rule).inc(n)
        if reasons.get("short"):
            self.short.labels(endpoint, "empty" if empty else "short").inc()

    def render(self) -> bytes:
        return generate_latest(self.registry)
