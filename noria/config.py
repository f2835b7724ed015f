"""noria.toml as frozen records, one a section, decoded strictly.

Data only: each layer turns its own section into behaviour. An unknown or mistyped key is a ConfigError that names the line, the key and the
nearest known one; a documented setting that this version does not build is NotAvailableYet.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Literal

import msgspec

from noria.errors import ConfigError, NotAvailableYet
from noria.grammar.amounts import parse_promise, parse_share
from noria.grammar.calls import budget, trigger
from noria.grammar.later import later
from noria.grammar.rollback import parse_rule
from noria.grammar.stages import parse_rollout, parse_stage
from noria.types import JsonObject, did_you_mean, parse_span

Task = str
"""``recommend``, ``classify``, ``regress`` or ``steps:NAME``."""

METRICS = {
    "recommend": ("ndcg@10", "recall@20", "mrr@20"),
    "classify": ("log_loss", "auc"),
    "regress": ("mae", "rmse"),
}
BASELINES = {
    "recommend": ("popularity", "buy_again", "item_knn", "ease", "blend"),
    "classify": ("constant", "popularity", "prior"),
    "regress": ("constant", "mean", "popularity"),
}
"""What ``superior_to`` of the baseline gate may name; of tables all are the constant answer."""


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One section of noria.toml."""


class ProjectSection(Section, frozen=True):
    """``[project]``: what it is called and what the data may be used for."""

    name: str
    purpose: str = ""


class GoalSection(Section, frozen=True):
    """``[goal]``: what the model is for, in words for the people who decide.

    Shown where they look: overview, release, status, model card, approval. Noria does not measure it and no gate reads it:
    gates compare ``[model] metric``.
    """

    measure: str = ""
    owner: str = ""
    least_useful: str = ""

    def json(self) -> JsonObject:
        """By the keys of the file."""
        return msgspec.structs.asdict(self)

    @property
    def told(self) -> dict[str, str]:
        """What was said, by the names that people read."""
        said = {"goal": self.measure, "owner": self.owner, "least useful": self.least_useful}
        return {name: " ".join(text.split()) for name, text in said.items() if text.strip()}

    @property
    def words(self) -> str:
        """One sentence, or nothing.

        >>> GoalSection(measure="revenue per visit", least_useful="1 %").words
        'revenue per visit; a gain below 1 % is not worth a release'
        """
        told = self.told
        parts = [told.get("goal", ""), f"owner: {told['owner']}" if "owner" in told else ""]
        parts.append(f"a gain below {told['least useful']} is not worth a release" if "least useful" in told else "")
        return "; ".join(part for part in parts if part)


class DataConfig(Section, frozen=True):
    """``[data.NAME]``: where rows come from and the contract they keep."""

    source: str
    contract: str
    name: str = ""


class FeatureConfig(Section, frozen=True):
    """One feature of a view: an operation from the small set, and what it works on."""

    op: str
    by: str | None = None
    column: str | None = None
    half_life: str | None = None
    window: str | None = None


class FeatureViewConfig(Section, frozen=True):
    """``[features.NAME]``: a view of a dataset, by entity."""

    from_: str = msgspec.field(name="from")
    entity: str | None = None
    name: str = ""
    features: dict[str, FeatureConfig] = {}


class SplitSection(Section, frozen=True):
    """``split``: how the test window is cut. Timed data is split by time only."""

    by: Literal["time", "random"] = "time"
    test: str = "28 days"


class SearchSection(Section, frozen=True):
    """``search``: how many recipes to try, and the wall time after which no further one is begun (not in a replay)."""

    trials: int = 20
    budget: str = "20 s"


class ModelSection(Section, frozen=True):
    """``[model]``: the task, what good means, and how far to search."""

    task: Task
    metric: str = ""
    train: str = "all"
    split: SplitSection = SplitSection()
    search: SearchSection = SearchSection()


class RefitGate(Section, frozen=True):
    """A refit of the champion's own recipe must be not inferior to it."""

    not_inferior_to: Literal["champion"] = "champion"
    metric: str = ""
    margin: str = "2 %"
    confidence: float = 0.95


class MethodGate(Section, frozen=True):
    """A change of method must be superior."""

    superior_to: Literal["champion"] = "champion"
    metric: str = ""
    confidence: float = 0.95


class BaselineGate(Section, frozen=True):
    """Any candidate must be superior to the baseline."""

    superior_to: str = "popularity"
    metric: str = ""
    confidence: float = 0.95


class LatencyGate(Section, frozen=True):
    """The real server must answer within this."""

    p99: str = "50 ms"


class ApprovalGate(Section, frozen=True):
    """A release is held until one of these roles says yes."""

    roles: tuple[str, ...]


class GatesSection(Section, frozen=True):
    """``[gates]``: what a candidate must show."""

    refit: RefitGate = RefitGate()
    method: MethodGate = MethodGate()
    baseline: BaselineGate = BaselineGate()
    latency: LatencyGate = LatencyGate()
    approval: ApprovalGate | None = None


class ReleaseSection(Section, frozen=True):
    """``[release.ENVIRONMENT]``: the stages of a rollout and what rolls it back."""

    rollout: tuple[str, ...] = ("25% 2 days min 20 requests", "100%")
    rollback_on: tuple[str, ...] = ("errors > 1%", "hit rate drops 20%")


class DriftSection(Section, frozen=True):
    """``drift``: which columns are watched and how many false alarms are promised."""

    columns: Literal["all"] | tuple[str, ...] = "all"
    false_alarms: str = "1 per quarter"


class MonitorSection(Section, frozen=True):
    """``[monitor]``: the window, how long after an answer its outcome may come, the promise about false alarms."""

    window: str = "1 day"
    outcomes_within: str = "1 day"
    drift: DriftSection = DriftSection()


class RetrainSection(Section, frozen=True):
    """``[retrain]``: when the model is built again, how often at most, and for how much."""

    on: tuple[str, ...] = ("drift", "decay", "new data 5%")
    cooldown: str = "3 days"
    budget: str = "1 cpu-hour / week"


class Config(Section, frozen=True):
    """The whole file."""

    project: ProjectSection
    model: ModelSection
    goal: GoalSection = GoalSection()
    data: dict[str, DataConfig] = {}
    features: dict[str, FeatureViewConfig] = {}
    gates: GatesSection = GatesSection()
    release: dict[str, ReleaseSection] = {}
    monitor: MonitorSection = MonitorSection()
    retrain: RetrainSection = RetrainSection()

    @property
    def dataset(self) -> DataConfig:
        """The dataset that the model learns from: the first one."""
        return next(iter(self.data.values()))

    @property
    def endpoint(self) -> str:
        """The endpoint that serves this project's model: the project's name."""
        return self.project.name

    @property
    def rollout(self) -> ReleaseSection:
        """The one environment, or the defaults."""
        return next(iter(self.release.values()), ReleaseSection())


def load(path: Path) -> Config:
    """Read and check a noria.toml. Raises ConfigError with file and line."""
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError as exc:
        raise ConfigError(
            "no noria.toml here",
            place=str(path.parent),
            way_out="make a project with: noria new NAME --recipe recommend",
        ) from exc
    except (OSError, UnicodeDecodeError) as exc:
        raise ConfigError(f"cannot be read: {exc}", place=str(path)) from exc
    return parse(text, path.name)


def parse(text: str, name: str = "noria.toml") -> Config:
    """The configuration in this text.

    >>> parse('[project]\\nname = "shop"\\n[model]\\ntask = "recommend"\\nmetrik = "ndcg@10"')
    Traceback (most recent call last):
    ...
    noria.errors.ConfigError: noria.toml:5: unknown key 'metrik' in [model] - did you mean 'metric'?
    """
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as exc:
        raise ConfigError(f"not valid TOML: {exc}", place=name) from exc
    _refuse_later(raw, text, name)
    shaped = _shape(raw, text, name)
    try:
        config = msgspec.convert(shaped, Config, strict=True)
    except msgspec.ValidationError as exc:
        raise _explain(exc, shaped, text, name) from exc
    _check(config, text, name)
    return config


def _shape(raw: JsonObject, text: str, name: str) -> JsonObject:
    """Give every named section its name, and gather a view's features under one key."""
    shaped = dict(raw)
    for kind in ("data", "features", "release"):
        if kind in raw and not _tables(raw[kind]):
            raise ConfigError(
                f"[{kind}] needs a name", place=_place(text, name, [kind]), way_out=f"write it as [{kind}.NAME]"
            )
    for key, section in raw.get("data", {}).items():
        if "name" in section:
            place = _place(text, name, ["data", key, "name"])
            raise ConfigError(f"unknown key 'name' in [data.{key}]", place=place, way_out="the section is its name")
    shaped["data"] = {k: {**v, "name": k} for k, v in raw.get("data", {}).items()}
    shaped["features"] = {
        k: {
            **{key: v[key] for key in ("from", "entity") if key in v},
            "name": k,
            "features": {key: value for key, value in v.items() if key not in ("from", "entity")},
        }
        for k, v in raw.get("features", {}).items()
    }
    return shaped


def _tables(section: Any) -> bool:
    return isinstance(section, dict) and all(isinstance(v, dict) for v in section.values())


def _refuse_later(raw: JsonObject, text: str, name: str) -> None:
    """Settings that the documentation names and that this version does not build."""
    for found in later(raw):
        place = _place(text, name, found.path)
        raise NotAvailableYet(f"{found.what} is not available yet", place=place, way_out=found.way_out)


def _explain(exc: msgspec.ValidationError, shaped: JsonObject, text: str, name: str) -> ConfigError:
    """Turn msgspec's words into line, key and way out."""
    message, _, where = str(exc).partition(" - at `$")
    path = _name_dynamic([part.strip(".") or part for part in re.findall(r"\.[^.\[\]`]+|\[\.\.\.\]", where)], shaped)
    shown = ".".join(p for i, p in enumerate(path) if not (i == 2 and path[0] == p == "features"))
    unknown = re.search(r"unknown field `([^`]+)`", message)
    if unknown:
        known = _fields_at(path)
        section = f"[{shown}]" if path else "the file"
        return ConfigError(
            f"unknown key {unknown[1]!r} in {section}",
            place=_place(text, name, [*path, unknown[1]]),
            way_out=did_you_mean(unknown[1], known),
        )
    missing = re.search(r"missing required field `([^`]+)`", message)
    if missing:
        section = f"[{shown}]" if path else "the file"
        return ConfigError(f"{missing[1]!r} is missing in {section}", place=_place(text, name, path))
    return ConfigError(f"{shown}: {message[0].lower()}{message[1:]}", place=_place(text, name, path))


def _name_dynamic(path: list[str], shaped: JsonObject) -> list[str]:
    """msgspec writes ``[...]`` for a key of a mapping: put the name back where only one can be meant."""
    named: list[str] = []
    here: Any = shaped
    for part in path:
        if part == "[...]" and isinstance(here, dict):
            part = next((k for k, v in here.items() if not _fits(v, named)), next(iter(here), part))
        named.append(part)
        here = here.get(part) if isinstance(here, dict) else None
    return named


def _fits(value: Any, path: list[str]) -> bool:
    kinds: dict[str, Any] = {"data": DataConfig, "features": FeatureViewConfig, "release": ReleaseSection}
    kind = FeatureConfig if len(path) > 1 else kinds.get(path[0] if path else "", dict)
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError:
        return False
    return True


def _fields_at(path: list[str]) -> list[str]:
    kind: Any = Config
    for part in path:
        fields = {f.encode_name: f.type for f in msgspec.structs.fields(kind)} if _is_section(kind) else {}
        kind = fields.get(part) or _value_type(kind)
        if kind is None:
            return []
        kind = next((a for a in getattr(kind, "__args__", ()) if _is_section(a)), kind) if "|" in str(kind) else kind
    if not _is_section(kind):
        return []
    return [
        f.encode_name
        for f in msgspec.structs.fields(kind)
        if f.encode_name not in ("name", "features") or len(path) < 2
    ]


def _is_section(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


def _value_type(kind: Any) -> Any:
    args: list[Any] = list(getattr(kind, "__args__", ()))
    return args[1] if len(args) == 2 else None


def _place(text: str, name: str, path: list[str], word: str = "") -> str:
    """``file:line`` of the last part of the path that can be found; of this word of its list where it stands below."""
    line, start = 0, 0
    lines = text.splitlines()
    heads = [".".join(path[: i + 1]) for i in range(len(path))]
    for number, content in enumerate(lines, 1):
        head = re.match(r"\s*\[([^\[\]]+)\]", content)
        if head and head[1].strip() in heads:
            line = start = number
    for number, content in enumerate(lines[start:], start + 1):
        if re.match(r"\s*\[", content):
            break
        if path and any(re.search(rf"(^|[{{,\s]){re.escape(part)}\s*=", content) for part in path[-2:]):
            return f"{name}:{_line_of(word, lines, number)}"
    return f"{name}:{line}" if line else name


def _line_of(word: str, lines: list[str], first: int) -> int:
    """The line on which a list's word stands, from the list's first line on."""
    quoted = (f'"{word}"', f"'{word}'")
    for number, content in enumerate(lines[first - 1 :], first):
        if word and any(one in content for one in quoted):
            return number
        if "]" in content:
            break
    return first


def _check(config: Config, text: str, name: str) -> None:
    """What types cannot say: names that refer to one another, lengths of time, metrics."""

    def wrong(path: list[str], message: str, way_out: str = "") -> ConfigError:
        return ConfigError(message, place=_place(text, name, path), way_out=way_out)

    if not re.fullmatch(r"[a-z][a-z0-9_-]{0,62}", config.project.name):
        raise wrong(
            ["project", "name"], f"{config.project.name!r} is no project name", "use a-z, 0-9, - and _, a letter first"
        )
    if not config.data:
        raise wrong(["project"], "no dataset", "declare one: [data.NAME] with source and contract")
    for view in config.features.values():
        if view.from_ not in config.data:
            raise wrong(
                ["features", view.name, "from"], f"no dataset {view.from_!r}", did_you_mean(view.from_, config.data)
            )
    task = config.model.task
    if task not in METRICS and not task.startswith("steps:"):
        raise wrong(["model", "task"], f"unknown task {task!r}", did_you_mean(task, [*METRICS, "steps:NAME"]))
    metrics = METRICS.get(task, METRICS["recommend"])
    gates = (config.gates.refit.metric, config.gates.method.metric, config.gates.baseline.metric)
    for place, metric in (("model", config.model.metric), *(("gates", m) for m in gates)):
        if metric and metric not in metrics:
            raise wrong([place, "metric"], f"unknown metric {metric!r} for {task}", did_you_mean(metric, metrics))
    if config.model.search.trials < 1:
        raise wrong(["model", "search"], "search.trials must be at least 1")
    spans = [
        (["model", "split"], config.model.split.test),
        (["model", "search"], config.model.search.budget),
        (["monitor", "window"], config.monitor.window),
        (["monitor", "outcomes_within"], config.monitor.outcomes_within),
        (["retrain", "cooldown"], config.retrain.cooldown),
        (["gates", "latency"], config.gates.latency.p99),
    ]
    if config.model.train != "all":
        spans.append((["model", "train"], config.model.train))
    for path, span in spans:
        try:
            parse_span(span)
        except ConfigError as exc:
            raise wrong(path, exc.message, exc.way_out) from exc
    known = BASELINES.get(task, BASELINES["recommend"])
    baseline = config.gates.baseline.superior_to
    if baseline.replace("-", "_") not in known:
        way_out = did_you_mean(baseline, known)
        raise wrong(["gates", "baseline"], f"unknown baseline {baseline!r} for {task}", way_out)
    _check_words(config, text, name)


def _check_words(config: Config, text: str, name: str) -> None:
    """The small languages: what is not understood here would stop the loop, or a release, much later."""
    said: list[tuple[list[str], Iterable[str], Callable[[str], object]]] = [
        (["retrain", "on"], config.retrain.on, trigger),
        (["retrain", "budget"], filter(None, [config.retrain.budget]), budget),
    ]
    margin = config.gates.refit.margin
    said.append((["gates", "refit"], [margin], lambda word: parse_share(word, "gates.refit.margin")))
    said.append((["monitor", "drift"], [config.monitor.drift.false_alarms], parse_promise))
    for key, section in config.release.items():
        said.append((["release", key, "rollout"], section.rollout, parse_stage))
        said.append((["release", key, "rollback_on"], section.rollback_on, parse_rule))
    for path, words, read in said:
        for word in words:
            try:
                read(word)
            except ConfigError as exc:
                place = _place(text, name, path, word)
                raise type(exc)(f"{path[-1]}: {exc.message}", place=place, way_out=exc.way_out) from exc
    for key, section in config.release.items():
        try:
            parse_rollout(section.rollout)
        except ConfigError as exc:
            place = _place(text, name, ["release", key, "rollout"])
            raise ConfigError(exc.message, place=place, way_out=exc.way_out) from exc
