"""What types cannot say: names that refer to one another, lengths of time, shares.

What is not understood here would stop the loop, or a release, much later. What only a task can say (its metrics, its
baselines, the features that it reads) is checked by `tidemill.tasks.check`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from tidemill.config.amounts import every, parse_share, some_time
from tidemill.config.policies import RetrainSection, TriggerSection, check_trigger, stages
from tidemill.config.resolve import EndpointConfig, File, Layers, resolve
from tidemill.config.sections import ModelSection
from tidemill.config.unsupported import OPS
from tidemill.errors import ConfigError
from tidemill.types import JsonObject, did_you_mean, parse_span

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,62}")
_KEPT = "__quarantine"
"""The end of the name of a dataset's own second table."""
_USE = "use a-z, 0-9, - and _, a letter first"

Path = tuple[str, ...]
Place = Callable[..., str]


def check(file: File, raw: JsonObject, place: Place) -> None:
    """Raises ConfigError with file, line and hint for what the types let through."""
    checks = _Checks(file, place)
    checks.names()
    checks.models()
    checks.features()
    checks.times([(("jobs", key), span) for key, span in _jobs(file)])
    layers, config = Layers(raw), resolve(file, raw)
    for environment, endpoints in zip(config.environments or ("",), config.endpoints.values(), strict=True):
        for endpoint in endpoints.values():
            _Policies(endpoint, environment, layers, place).check()


class _Checks:
    """What is checked of the sections themselves."""

    def __init__(self, file: File, place: Place) -> None:
        self._file, self._place = file, place

    def wrong(self, path: Path, message: str, hint: str = "") -> ConfigError:
        return ConfigError(message, place=self._place(path), hint=hint)

    def read(self, path: Path, reader: Callable[..., object], *values: Any, said: str = "") -> None:
        """These values as this reader understands them; where it does not, its error with file and line."""
        try:
            reader(*values)
        except ConfigError as exc:
            raise type(exc)(f"{said}{exc.message}", place=self._place(path), hint=exc.hint) from exc

    def times(self, spans: Iterable[tuple[Path, str]]) -> None:
        for path, span in spans:
            self.read(path, some_time, span)

    def known(self, path: Path, what: str, name: str, names: Iterable[str]) -> None:
        if name not in names:
            raise self.wrong(path, f"no {what} {name!r}", did_you_mean(name, names))

    def names(self) -> None:
        """Names become folders, refs and addresses: letters and digits only."""
        file = self._file
        if not _NAME.fullmatch(file.project.name):
            raise self.wrong(("project", "name"), f"{file.project.name!r} is no project name", _USE)
        if not file.data:
            raise self.wrong(("project",), "no dataset", "declare one: [data.NAME] with source and contract")
        for kind in ("data", "features", "model", "endpoint", "environment"):
            for name in getattr(file, kind):
                if not _NAME.fullmatch(name):
                    raise self.wrong((kind, name), f"{name!r} is no name for [{kind}.NAME]", _USE)
        self._datasets()
        self._endpoints()

    def _datasets(self) -> None:
        for name, dataset in self._file.data.items():
            if name.endswith(_KEPT):
                hint = f"leave {_KEPT!r} off: it is where a dataset's bad rows are kept"
                raise self.wrong(("data", name), f"{name!r} is no dataset's name", hint)
            examples = {"source": "data/sales/*.parquet", "contract": "contracts/sales.yaml"}
            for key, example in examples.items():
                if not getattr(dataset, key).strip():
                    raise self.wrong(("data", name, key), f"{key} is empty", f"write it as '{example}'")

    def _endpoints(self) -> None:
        environments = self._file.environment
        for name, section in self._file.endpoint.items():
            self.known(
                ("endpoint", name, "model") if section.model else ("endpoint", name),
                "model",
                section.model or name,
                self._file.model,
            )
            for environment in section.environment:
                path = ("endpoint", name, "environment", environment)
                self.known(path, "environment", environment, environments)
        for name, environment_ in environments.items():
            if environment_.after:
                earlier = list(environments)[: list(environments).index(name)]
                self.known(("environment", name, "after"), "earlier environment", environment_.after, earlier)

    def models(self) -> None:
        if not self._file.model:
            raise self.wrong(("model",), "no model", 'declare one: [model] with task = "recommend"')
        for name, model in self._file.model.items():
            path = ("model", name)
            if model.search.trials < 1:
                raise self.wrong((*path, "search"), "search.trials must be at least 1")
            self.times(
                [
                    *([((*path, "split"), model.split.test)] if "%" not in model.split.test else []),
                    ((*path, "search"), model.search.budget),
                    *([((*path, "train"), model.train)] if model.train != "all" else []),
                ]
            )
            self._learns_from(model, path)

    def _learns_from(self, model: ModelSection, path: Path) -> None:
        file = self._file
        if model.rows is not None:
            self.known((*path, "rows"), "dataset", model.rows.from_, file.data)
        elif len(file.data) > 1 and len(file.model) > 1:
            hint = f'write rows = {{ from = "{next(iter(file.data))}" }}'
            raise self.wrong(path, f"the model {model.name!r} does not say which dataset it learns from", hint)
        for view in model.inputs.views or ():
            self.known((*path, "inputs"), "view", view, file.features)

    def features(self) -> None:
        for view in self._file.features.values():
            self.known(("features", view.name, "from"), "dataset", view.from_, self._file.data)
            for name, feature in view.features.items():
                path = ("features", view.name, "features", name)
                if feature.op not in OPS:
                    raise self.wrong(path, f"{name}: unknown op {feature.op!r}", did_you_mean(feature.op, OPS))
                for span in filter(None, (feature.half_life, feature.window)):
                    self.read(path, some_time, span, said=f"{name}: ")


class _Policies:
    """What is checked of an endpoint in an environment, each at the place where it was said."""

    def __init__(self, endpoint: EndpointConfig, environment: str, layers: Layers, place: Place) -> None:
        self._endpoint, self._environment, self._layers, self._place = endpoint, environment, layers, place

    def check(self) -> None:
        self._gates()
        self._monitor()
        self._retrain(self._endpoint.policies.retrain)
        self._read("rollout", "", stages, self._endpoint.policies.rollout, said="rollout: ")
        self._read("rollback_on", "", self._endpoint.policies.rollback_on.rules, said="rollback_on: ")

    def _path(self, section: str, key: str) -> Path:
        return self._layers.path(self._endpoint.name, self._environment, section, key)

    def _wrong(self, section: str, key: str, message: str, hint: str = "") -> ConfigError:
        return ConfigError(message, place=self._place(self._path(section, key)), hint=hint)

    def _read(self, section: str, key: str, reader: Callable[..., object], *values: Any, said: str = "") -> None:
        try:
            reader(*values)
        except ConfigError as exc:
            word = next((v for v in values if isinstance(v, str)), "")
            place = self._place(self._path(section, key), word)
            raise type(exc)(f"{said}{exc.message}", place=place, hint=exc.hint) from exc

    def _gates(self) -> None:
        gates = self._endpoint.policies.gates
        for key, gate in (("refit", gates.refit), ("method", gates.method), ("baseline", gates.baseline)):
            if not 0.5 <= gate.confidence < 1:  # so written that NaN is refused, too
                hint = "a share of at least 0.5 and below 1, such as 0.95"
                raise self._wrong("gates", key, f"confidence {gate.confidence} is none", hint)
        self._read("gates", "refit", parse_share, gates.refit.margin, said="refit: ")
        self._read("gates", "latency", some_time, gates.latency.p99)
        if gates.approval is not None and not all(role.strip() for role in gates.approval.roles or ("",)):
            raise self._wrong("gates", "approval", "approval asks for nobody", 'write roles = ["product-owner"]')

    def _monitor(self) -> None:
        monitor = self._endpoint.policies.monitor
        self._read("monitor", "window", some_time, monitor.window)
        self._read("monitor", "outcomes_within", parse_span, monitor.outcomes_within)
        promise = monitor.drift.false_alarms
        self._read("monitor", "drift", every, promise.every, said="drift: ")
        if not 0 < promise.at_most < float("inf"):
            hint = 'write it as { at_most = 1, every = "quarter" }'
            raise self._wrong("monitor", "drift", f"{promise.at_most} is no promise about false alarms", hint)

    def _retrain(self, retrain: RetrainSection) -> None:
        for trigger in retrain.on:
            if isinstance(trigger, TriggerSection):
                self._read("retrain", "on", check_trigger, trigger, said="on: ")
        self._read("retrain", "cooldown", parse_span, retrain.cooldown)
        if retrain.budget != "none":
            self._read("retrain", "budget", some_time, retrain.budget.cpu, said="budget: ")
            self._read("retrain", "budget", every, retrain.budget.every, said="budget: ")


def _jobs(file: File) -> list[tuple[str, str]]:
    jobs = file.jobs
    return [("ingest", jobs.ingest), ("watch", jobs.watch), ("train", jobs.train), ("release", jobs.release)]
