"""What types cannot say: names that refer to one another, lengths of time, shares, the small languages.

What is not understood here would stop the loop, or a release, much later.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from tidemill.config.amounts import parse_promise, parse_share
from tidemill.config.calls import budget, trigger
from tidemill.config.places import place_of
from tidemill.config.rollback import parse_rule
from tidemill.config.sections import BASELINES, METRICS, Config
from tidemill.config.stages import parse_rollout, parse_stage
from tidemill.config.unsupported import OPS
from tidemill.errors import ConfigError
from tidemill.types import did_you_mean, parse_span

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,62}")
_KEPT = "__quarantine"
"""The end of the name of a dataset's own second table."""

Path = list[str]


@dataclass(frozen=True, slots=True)
class _File:
    """The file that is checked: its text says on which line a mistake stands."""

    text: str
    name: str

    def wrong(self, path: Path, message: str, hint: str = "", word: str = "") -> ConfigError:
        return ConfigError(message, place=place_of(self.text, self.name, path, word), hint=hint)

    def read(self, path: Path, words: Iterable[str], reader: Callable[[str], object], said: str = "") -> None:
        """Every word as this reader understands it; where it does not, its error with file and line."""
        for word in words:
            try:
                reader(word)
            except ConfigError as exc:
                place = place_of(self.text, self.name, path, word)
                raise type(exc)(f"{said}{exc.message}", place=place, hint=exc.hint) from exc


def check(config: Config, text: str, name: str) -> None:
    """Raises ConfigError with file, line and hint for what the types let through."""
    file = _File(text, name)
    _names(config, file)
    _model(config, file)
    _features(config, file)
    _spans(config, file)
    _gates(config, file)
    _words(config, file)


def _names(config: Config, file: _File) -> None:
    """Names become folders, refs and addresses: letters and digits only."""
    use = "use a-z, 0-9, - and _, a letter first"
    if not _NAME.fullmatch(config.project.name):
        raise file.wrong(["project", "name"], f"{config.project.name!r} is no project name", use)
    if not config.data:
        raise file.wrong(["project"], "no dataset", "declare one: [data.NAME] with source and contract")
    kinds: tuple[tuple[str, Iterable[str]], ...] = (
        ("data", config.data),
        ("features", config.features),
        ("release", config.release),
    )
    for kind, names in kinds:
        for name in names:
            if not _NAME.fullmatch(name):
                raise file.wrong([kind, name], f"{name!r} is no name for [{kind}.NAME]", use)
    for dataset in config.data.values():
        if dataset.name.endswith(_KEPT):
            hint = f"leave {_KEPT!r} off: it is where a dataset's bad rows are kept"
            raise file.wrong(["data", dataset.name], f"{dataset.name!r} is no dataset's name", hint)
        for key, value, example in (
            ("source", dataset.source, "data/sales/*.parquet"),
            ("contract", dataset.contract, "contracts/sales.yaml"),
        ):
            if not value.strip():
                raise file.wrong(["data", dataset.name, key], f"{key} is empty", f"write it as '{example}'")


def _model(config: Config, file: _File) -> None:
    task = config.model.task
    own = task.startswith("steps:") and task.removeprefix("steps:").isidentifier()
    if task not in METRICS and not own:
        raise file.wrong(["model", "task"], f"unknown task {task!r}", did_you_mean(task, [*METRICS, "steps:NAME"]))
    metrics = METRICS.get(task, METRICS["recommend"])
    gates = (config.gates.refit.metric, config.gates.method.metric, config.gates.baseline.metric)
    for place, metric in (("model", config.model.metric), *(("gates", m) for m in gates)):
        if metric and metric not in metrics:
            raise file.wrong([place, "metric"], f"unknown metric {metric!r} for {task}", did_you_mean(metric, metrics))
    if config.model.search.trials < 1:
        raise file.wrong(["model", "search"], "search.trials must be at least 1")


def _features(config: Config, file: _File) -> None:
    for view in config.features.values():
        if view.from_ not in config.data:
            hint = did_you_mean(view.from_, config.data)
            raise file.wrong(["features", view.name, "from"], f"no dataset {view.from_!r}", hint)
        for name, feature in view.features.items():
            path = ["features", view.name, name]
            if feature.op not in OPS:
                raise file.wrong(path, f"{name}: unknown op {feature.op!r}", did_you_mean(feature.op, OPS))
            file.read(path, filter(None, (feature.half_life, feature.window)), _some_time, f"{name}: ")


def _spans(config: Config, file: _File) -> None:
    for path, span in (
        (["model", "split"], config.model.split.test),
        (["model", "search"], config.model.search.budget),
        (["monitor", "window"], config.monitor.window),
        (["gates", "latency"], config.gates.latency.p99),
        *([(["model", "train"], config.model.train)] if config.model.train != "all" else []),
    ):
        file.read(path, [span], _some_time)
    file.read(["monitor", "outcomes_within"], [config.monitor.outcomes_within], parse_span)
    file.read(["retrain", "cooldown"], [config.retrain.cooldown], parse_span)


def _some_time(text: str) -> None:
    if parse_span(text) <= 0:
        raise ConfigError(f"{text!r} is no time at all", hint="write it as '28 days', '12 h' or '20 s'")


def _gates(config: Config, file: _File) -> None:
    gates = config.gates
    known = BASELINES.get(config.model.task, BASELINES["recommend"])
    baseline = gates.baseline.superior_to
    if baseline.replace("-", "_") not in known:
        hint = did_you_mean(baseline, known)
        raise file.wrong(["gates", "baseline"], f"unknown baseline {baseline!r} for {config.model.task}", hint)
    for name, confidence in (
        ("refit", gates.refit.confidence),
        ("method", gates.method.confidence),
        ("baseline", gates.baseline.confidence),
    ):
        if not 0.5 <= confidence < 1:  # so written that NaN is refused, too
            hint = "a share of at least 0.5 and below 1, such as 0.95"
            raise file.wrong(["gates", name], f"confidence {confidence} is none", hint)
    if gates.approval is not None and not all(role.strip() for role in gates.approval.roles or ("",)):
        raise file.wrong(["gates", "approval"], "approval asks for nobody", 'write roles = ["product-owner"]')


def _words(config: Config, file: _File) -> None:
    """The small languages."""
    file.read(["retrain", "on"], config.retrain.on, trigger, "on: ")
    file.read(["retrain", "budget"], filter(None, [config.retrain.budget]), budget, "budget: ")
    file.read(
        ["gates", "refit"], [config.gates.refit.margin], lambda word: parse_share(word, "gates.refit.margin"), "refit: "
    )
    file.read(["monitor", "drift"], [config.monitor.drift.false_alarms], parse_promise, "drift: ")
    for key, section in config.release.items():
        path = ["release", key, "rollout"]
        file.read(path, section.rollout, parse_stage, "rollout: ")
        file.read(["release", key, "rollback_on"], section.rollback_on, parse_rule, "rollback_on: ")
        try:
            parse_rollout(section.rollout)
        except ConfigError as exc:
            raise file.wrong(path, exc.message, exc.hint) from exc
