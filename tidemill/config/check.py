"""What types cannot say: names that refer to one another, lengths of time, shares.

What is not understood here would stop the loop, or a release, much later. What only a task can say (its metrics, its
baselines, the features that it reads) is checked by `tidemill.tasks.check`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from tidemill.config.access import check_issuer, check_oidc, life, skew
from tidemill.config.amounts import every, some_bytes, some_memory, some_share, some_time
from tidemill.config.batches import check_batch
from tidemill.config.engine import check_engine
from tidemill.config.foreign import check_foreign, check_process
from tidemill.config.labels import check_label, check_rows, horizon
from tidemill.config.ledger import MOST_ANCHORS, check_anchor, check_every, check_records
from tidemill.config.network import (
    at_once,
    check_callback,
    check_name,
    check_network,
    check_proxy,
    deadline,
    drain,
    history_bytes,
    later,
    workers,
)
from tidemill.config.policies import SlicesGate, TriggerSection, check_trigger, explain_share, stages
from tidemill.config.resolve import EndpointConfig, File, Layers, PromotionSection, resolve
from tidemill.config.rules import check_rules
from tidemill.config.sections import ModelSection
from tidemill.config.stores import check_bucket, check_database
from tidemill.config.unsupported import OPS
from tidemill.errors import ConfigError
from tidemill.types import JsonObject, did_you_mean, parse_span

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,62}")
_KEPT = "__quarantine"  # The end of the name of a dataset's own second table
_RESERVED = re.compile(r"champion|challenger|latest|v\d+")  # What a person calls a version of a model
_USE = "use a-z, 0-9, - and _, a letter first"
_EXAMPLES = {"source": "data/sales/*.parquet", "contract": "contracts/sales.yaml"}

Path = tuple[str, ...]
Place = Callable[..., str]


def project_name(name: str) -> None:
    """Raises ConfigError for one that cannot be a project's: a model of the same name may go without one of its own."""
    if not _NAME.fullmatch(name):
        raise ConfigError(f"{name!r} is no project name", hint=_USE)
    if _RESERVED.fullmatch(name):
        message, hint = _taken(name)
        raise ConfigError(message, hint=hint)


def _taken(name: str) -> tuple[str, str]:
    return f"{name!r} is the word for a version of a model", "choose another name"


def _inside(path: str) -> None:
    """A path, or a pattern of paths, below the project's folder. Raises ConfigError."""
    if any(letter < " " or letter == "\x7f" for letter in path):
        raise ConfigError("a path holds a control character", hint="write it plainly, as 'data/sales/*.csv'")
    if not path.startswith("steps:") and (path.startswith(("/", "~")) or ".." in re.split(r"[/{},]", path)):
        raise ConfigError("the path leads out of the project", hint="write it as seen from tidemill.toml's folder")


def check(file: File, raw: JsonObject, place: Place) -> None:
    """Raises ConfigError with file, line and hint for what the types let through."""
    checks = _Checks(file, place)
    checks.names()
    checks.datasets()
    checks.endpoints()
    checks.models()
    if file.goal.least_useful:
        checks.read(("goal", "least_useful"), some_share, file.goal.least_useful, said="least_useful: ")
    checks.features()
    for job in ("ingest", "watch", "train", "release", "batch"):
        checks.read(("jobs", job), some_time, getattr(file.jobs, job))
    checks.read(("jobs", "memory"), partial(some_memory, whole=1 << 40), file.jobs.memory)
    checks.serve()
    checks.access()
    checks.ledger()
    for key, reader in (
        ("metadata", check_database),
        ("artifacts", check_bucket),
        ("tables", check_bucket),
        ("copies", some_bytes),
    ):
        if said := getattr(file.stores, key):
            checks.read(("stores", key), reader, said)
    checks.batches(resolve(file, raw).endpoints)
    if wrong := check_engine(file.engine, file.stores):
        raise checks.wrong(("engine", wrong[0]), wrong[1], wrong[2])
    layers = Layers(raw)
    for environment, endpoints in resolve(file, raw).everywhere():
        for endpoint in endpoints.values():
            checks.policies(endpoint, layers, environment)


class _Checks:
    """Each at the place in the file where it was said."""

    def __init__(self, file: File, place: Place) -> None:
        self._file, self._place = file, place

    def wrong(self, path: Path, message: str, hint: str = "") -> ConfigError:
        return ConfigError(message, place=self._place(path), hint=hint)

    def read(self, path: Path, reader: Callable[..., object], *values: Any, said: str = "") -> None:
        """These values as this reader understands them; where it does not, its error with file and line."""
        try:
            reader(*values)
        except ConfigError as exc:
            word = next((value for value in values if isinstance(value, str)), "")
            raise type(exc)(f"{said}{exc.message}", place=self._place(path, word), hint=exc.hint) from exc

    def known(self, path: Path, what: str, name: str, names: Iterable[str]) -> None:
        if name not in names:
            raise self.wrong(path, f"no {what} {name!r}", did_you_mean(name, names))

    def names(self) -> None:
        """Names become folders, refs and addresses: letters and digits only."""
        file = self._file
        self.read(("project", "name"), project_name, file.project.name)
        for kind in ("data", "features", "model", "endpoint", "environment"):
            for name in getattr(file, kind):
                if not _NAME.fullmatch(name):
                    raise self.wrong((kind, name), f"{name!r} is no name for [{kind}.NAME]", _USE)
                if kind in ("model", "endpoint") and _RESERVED.fullmatch(name):
                    raise self.wrong((kind, name), *_taken(name))

    def ledger(self) -> None:
        said = self._file.ledger
        self.read(("ledger", "every"), check_every, said.every)
        self.read(("ledger", "records"), check_records, said.records)
        if len(said.anchors) > MOST_ANCHORS or len({*said.anchors}) != len(said.anchors):
            raise self.wrong(("ledger", "anchors"), f"at most {MOST_ANCHORS} anchors, each once", "leave some out")
        for anchor in said.anchors:
            self.read(("ledger", "anchors"), check_anchor, anchor)

    def serve(self) -> None:
        for name in self._file.serve.names:
            self.read(("serve", "names"), check_name, name)
        for proxy in self._file.serve.proxies:
            self.read(("serve", "proxies"), check_proxy, proxy)
        self.read(("serve", "drain"), drain, self._file.serve.drain)
        self.read(("serve", "history"), history_bytes, self._file.serve.history)
        self.read(("serve", "later"), later, self._file.serve.later)
        for url in self._file.serve.callbacks:
            self.read(("serve", "callbacks"), check_callback, url)
        for network in self._file.serve.callback_networks:
            self.read(("serve", "callback_networks"), check_network, network)
        self.read(("serve", "workers"), workers, self._file.serve.workers)
        self.read(("serve", "at_once"), at_once, self._file.serve.at_once)
        self.read(("serve", "deadline"), deadline, self._file.serve.deadline)
        if self._file.serve.keep:
            self.read(("serve", "keep"), some_time, self._file.serve.keep)

    def access(self) -> None:
        """Raises ConfigError."""
        for key in ("session", "session_idle"):
            self.read(("access", key), life, getattr(self._file.access, key))
        section = self._file.access.oidc
        if section is None:
            return
        self.read(("access", "oidc", "issuer"), check_issuer, section.issuer)
        self.read(("access", "oidc", "skew"), skew, section.skew)
        for key in ("refresh", "unchecked", "session"):
            self.read(("access", "oidc", key), life, getattr(section, key))
        if wrong := check_oidc(section):
            raise self.wrong(("access", "oidc", wrong[0]), wrong[1], wrong[2])

    def batches(self, endpoints: Mapping[str, Mapping[str, object]]) -> None:
        """Raises ConfigError."""
        names = dict.fromkeys(name for there in endpoints.values() for name in there)
        for name, batch in self._file.batch.items():
            wrong = check_batch(batch, names, self._file.environment, self._file.data)
            if wrong:
                raise self.wrong(("batch", name, wrong[0]), wrong[1], wrong[2])
            self.read(("batch", name, "out"), _inside, batch.out.removeprefix("delta:"))
            self.read(("batch", name, "in"), _inside, batch.in_)

    def datasets(self) -> None:
        if not self._file.data:
            raise self.wrong(("project",), "no dataset", "declare one: [data.NAME] with source and contract")
        for name, dataset in self._file.data.items():
            if name.endswith(_KEPT):
                hint = f"leave {_KEPT!r} off: it is where a dataset's bad rows are kept"
                raise self.wrong(("data", name), f"{name!r} is no dataset's name", hint)
            for key, example in _EXAMPLES.items():
                if not getattr(dataset, key).strip():
                    raise self.wrong(("data", name, key), f"{key} is empty", f"write it as '{example}'")
                self.read(("data", name, key), _inside, getattr(dataset, key), said=f"{key}: ")
            if dataset.complete_after:
                self.read(("data", name, "complete_after"), some_time, dataset.complete_after)

    def endpoints(self) -> None:
        environments = self._file.environment
        for name, section in self._file.endpoint.items():
            path = ("endpoint", name)
            self.known((*path, "model") if section.model else path, "model", section.model or name, self._file.model)
            for environment in section.environment:
                self.known((*path, "environment", environment), "environment", environment, environments)
        earlier: list[str] = []
        for name, environment_ in environments.items():
            if environment_.after:
                self.known(("environment", name, "after"), "earlier environment", environment_.after, earlier)
            earlier.append(name)
            if environment_.promotion is not None:
                self._promotion(("environment", name, "promotion"), environment_.promotion, environment_.after)

    def _promotion(self, path: Path, promotion: PromotionSection, after: str) -> None:
        hint = (
            'write after = "staging" and promotion = { for = "2 days", min_requests = 1000, roles = ["product-owner"] }'
        )
        if not after:
            raise self.wrong(path, "promotion: it comes after no environment", hint)
        self.read(path, lambda: promotion.span, said="promotion: ")
        if promotion.min_requests < 0:
            raise self.wrong(path, f"promotion: {promotion.min_requests} requests are none", hint)
        if not all(role.strip() for role in promotion.roles):
            raise self.wrong(path, "promotion: a role has no name", hint)

    def models(self) -> None:
        if not self._file.model:
            raise self.wrong(("model",), "no model", 'declare one: [model] with task = "recommend"')
        for name, model in self._file.model.items():
            path = ("model", name)
            if model.search.trials < 1:
                raise self.wrong((*path, "search"), "search.trials must be at least 1")
            self.read((*path, "search"), some_time, model.search.budget)
            if "%" not in model.split.test:
                self.read((*path, "split"), some_time, model.split.test)
            if model.train != "all":
                self.read((*path, "train"), some_time, model.train)
            for key, message, hint in check_foreign(model):
                raise self.wrong((*path, key), f"{key}: {message}", hint)
            if model.interval:
                self.read((*path, "interval"), some_share, model.interval, said="interval: ")
            self._learns_from(model, path)

    def _learns_from(self, model: ModelSection, path: Path) -> None:
        file = self._file
        if model.rows is not None:
            self.known((*path, "rows"), "dataset", model.rows.from_, file.data)
        elif len(file.data) > 1 and len(file.model) > 1:
            hint = f'write rows = {{ from = "{next(iter(file.data))}" }}'
            raise self.wrong(path, f"the model {model.name!r} does not say which dataset it learns from", hint)
        self.read((*path, "rows"), check_rows, model, said="rows: ")
        self.read((*path, "label"), check_label, model, file.data, said="label: ")
        if model.label is not None and model.label.from_:
            self.known((*path, "label"), "dataset", model.label.from_, file.data)
        for view in model.inputs.views or ():
            self.known((*path, "inputs"), "view", view, file.features)

    def features(self) -> None:
        for view in self._file.features.values():
            self.known(("features", view.name, "from"), "dataset", view.from_, self._file.data)
            for name, feature in view.features.items():
                path = ("features", view.name, "features", name)
                if feature.op not in OPS:
                    raise self.wrong(path, f"{name}: unknown op {feature.op!r}", did_you_mean(feature.op, OPS))
                for message, hint in check_process(feature.process) if feature.process else ():
                    raise self.wrong(path, f"{name}: process: {message}", hint)
                for span in filter(None, (feature.half_life, feature.window, feature.ago)):
                    self.read(path, some_time, span, said=f"{name}: ")

    def policies(self, endpoint: EndpointConfig, layers: Layers, environment: str) -> None:
        """What this endpoint keeps to in this environment."""

        def at(section: str, key: str = "") -> Path:
            return layers.path(endpoint.name, environment, section, key)

        keeps = endpoint.policies
        self._gates(endpoint, at)
        self._monitor(endpoint, at)
        self._retrain(endpoint, at)
        self._fairness(endpoint, at)
        self.read(at("rollout"), stages, keeps.rollout, said="rollout: ")
        self.read(at("explain"), explain_share, keeps.explain, said="explain: ")
        for key, message, hint in check_rules(keeps.rules):
            raise self.wrong(at("rules", key), f"rules: {key}: {message}", hint)
        self.read(at("rollback_on"), keeps.rollback_on.rules, said="rollback_on: ")
        if (holdout := keeps.holdout) is not None:
            self.read(at("holdout"), lambda: holdout.part, said="holdout: ")

    def _gates(self, endpoint: EndpointConfig, at: Callable[..., Path]) -> None:
        gates = endpoint.policies.gates
        sure = (
            ("refit", gates.refit),
            ("method", gates.method),
            ("baseline", gates.baseline),
            ("slices", gates.slices),
        )
        for key, gate in sure:
            if gate is not None:
                self._confidence(at("gates", key), gate.confidence)
        if gates.refit.margin:
            self.read(at("gates", "refit"), some_share, gates.refit.margin, said="refit: ")
        self.read(at("gates", "latency"), some_time, gates.latency.p99)
        if gates.coverage.at_least:
            self.read(at("gates", "coverage"), some_share, gates.coverage.at_least, said="coverage: ")
        if gates.slices is not None:
            self._slices(gates.slices, at("gates", "slices"))
        if gates.stability:
            self.read(at("gates", "stability"), some_share, gates.stability.at_most, said="stability: ")
        if gates.robustness:
            most = partial(some_share, most=100.0)
            self.read(at("gates", "robustness"), most, gates.robustness.missing, said="robustness: ")
        if gates.approval is not None and not all(role.strip() for role in gates.approval.roles or ("",)):
            hint = 'write roles = ["product-owner"]'
            raise self.wrong(at("gates", "approval"), "approval asks for nobody", hint)

    def _slices(self, gate: SlicesGate, path: Path) -> None:
        hint = 'write slices = { by = ["country"], max_gap = 0.2 }'
        if not gate.by or not all(name.strip() for name in gate.by):
            raise self.wrong(path, "slices are by no column", hint)
        self.read(path, lambda: gate.gap, said="slices: max_gap: ")

    def _monitor(self, endpoint: EndpointConfig, at: Callable[..., Path]) -> None:
        monitor = endpoint.policies.monitor
        self.read(at("monitor", "window"), some_time, monitor.window)
        self.read(at("monitor", "outcomes_within"), parse_span, monitor.outcomes_within)
        if monitor.reach < horizon(self._file.model[endpoint.model]):
            hint = "leave it out: it then is as long as the label's within, and what its rows need to come"
            message = f"outcomes_within {monitor.outcomes_within!r} ends before the label's within"
            raise self.wrong(at("monitor", "outcomes_within"), message, hint)
        if self._file.serve.keep and some_time(self._file.serve.keep) < monitor.reach + 2 * monitor.span:
            hint = f"at least two windows of {monitor.window} and outcomes_within, {monitor.outcomes_within}"
            raise self.wrong(("serve", "keep"), f"answers of {endpoint.name} would go before they are judged", hint)
        promise, path = monitor.drift.false_alarms, at("monitor", "drift")
        self.read(path, every, promise.every, said="drift: ")
        if not 0 < promise.at_most < float("inf"):
            hint = 'write it as { at_most = 1, every = "quarter" }'
            raise self.wrong(path, f"{promise.at_most} is no promise about false alarms", hint)

    def _confidence(self, path: Path, said: float) -> None:
        if not 0.5 <= said < 1:  # so written that NaN is refused, too
            raise self.wrong(path, f"confidence {said} is none", "a share of at least 0.5 and below 1, such as 0.95")

    def _fairness(self, endpoint: EndpointConfig, at: Callable[..., Path]) -> None:
        fairness = endpoint.policies.fairness
        self.read(at("fairness", "max_gap"), some_share, fairness.max_gap, said="max_gap: ")
        self._confidence(at("fairness", "confidence"), fairness.confidence)
        if fairness.mitigate and not fairness.attributes:
            hint = 'write attributes = ["…"]'
            raise self.wrong(at("fairness", "mitigate"), "mitigate: no attribute is named", hint)

    def _retrain(self, endpoint: EndpointConfig, at: Callable[..., Path]) -> None:
        retrain = endpoint.policies.retrain
        for trigger in retrain.on:
            if isinstance(trigger, TriggerSection):
                self.read(at("retrain", "on"), check_trigger, trigger, said="on: ")
        self.read(at("retrain", "cooldown"), parse_span, retrain.cooldown)
        self.read(at("retrain", "forgotten"), parse_span, retrain.forgotten)
        if retrain.budget != "none":
            for reader, text in ((some_time, retrain.budget.cpu), (every, retrain.budget.every)):
                self.read(at("retrain", "budget"), reader, text, said="budget: ")
