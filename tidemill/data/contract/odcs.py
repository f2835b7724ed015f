"""The Open Data Contract Standard (v3) as strict records: a key is one of the standard's, or an error with its file and line."""

from __future__ import annotations

from collections.abc import Hashable, Set
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, TypeVar, get_args

import msgspec
import yaml

from tidemill.config.strict import Source, decode
from tidemill.errors import ConfigError, ContractError
from tidemill.types import Micros, parse_span

Path_ = tuple[str | int, ...]
Role = Literal["time", "subject", "item", "value", "target", "title", "store"]
"""Parts a column can play: when, whose, of what, how much (its sign tells purchase from return), what is to be said, what the item
is called, of which shop the row is."""
ROLES: tuple[str, ...] = get_args(Role)


_COMMON = {"id", "description"}
_LINKED = _COMMON | {"tags", "authoritativeDefinitions"}
_NAMED = _LINKED | {"physicalName", "businessName", "relationships"}


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a contract. ``documentation``: keys by which the standard speaks to people; accepted, and not read."""

    documentation: ClassVar[Set[str]] = _COMMON


class Custom(Part, frozen=True, kw_only=True):
    """``customProperties``: where Tidemill's own settings live."""

    property: str
    value: Any


class Options(Part, frozen=True, kw_only=True):
    """``logicalTypeOptions``: limits of a column."""

    documentation: ClassVar[Set[str]] = {"timezone", "defaultTimezone"}
    minimum: float | str | None = None
    maximum: float | str | None = None
    exclusiveMinimum: bool | float | str | None = None
    exclusiveMaximum: bool | float | str | None = None
    minLength: int | None = None
    maxLength: int | None = None
    pattern: str | None = None
    format: str | None = None


class Quality(Part, frozen=True, kw_only=True):
    """A quality rule."""

    documentation: ClassVar[Set[str]] = (
        _LINKED
        | {"name", "dimension", "unit", "severity", "businessImpact", "method", "schedule", "scheduler"}
        | {"query", "engine", "implementation", "customProperties"}
    )
    type: Literal["library", "text", "sql", "custom"] = "library"
    metric: str | None = None
    rule: str | None = None
    arguments: dict[str, Any] | None = None
    validValues: list[Any] | None = None
    mustBe: Any = None
    mustNotBe: Any = None
    mustBeGreaterThan: Any = None
    mustBeGreaterOrEqualTo: Any = None
    mustBeLessThan: Any = None
    mustBeLessOrEqualTo: Any = None
    mustBeBetween: Any = None
    mustNotBeBetween: Any = None


class Property(Part, frozen=True, kw_only=True):
    """One column."""

    documentation: ClassVar[Set[str]] = (
        (_NAMED - {"businessName", "description"})
        | {"classification", "partitioned", "partitionKeyPosition", "criticalDataElement", "encryptedName"}
        | {"transformSourceObjects", "transformLogic", "transformDescription", "examples", "items", "properties"}
    )
    name: str
    logicalType: Literal["string", "integer", "number", "boolean", "date", "timestamp", "time", "object", "array"]
    physicalType: str | None = None
    logicalTypeOptions: Options = Options()
    required: bool = False
    unique: bool = False
    primaryKey: bool = False
    primaryKeyPosition: int = -1
    businessName: Any = None
    description: Any = None
    quality: list[Quality] = []
    customProperties: list[Custom] = []


class SchemaObject(Part, frozen=True, kw_only=True):
    """One table."""

    documentation: ClassVar[Set[str]] = _NAMED | {"physicalType", "dataGranularityDescription"}
    name: str
    properties: list[Property]
    quality: list[Quality] = []
    customProperties: list[Custom] = []
    logicalType: Literal["object"] = "object"


class Sla(Part, frozen=True, kw_only=True):
    """A promise about the data as a whole."""

    documentation: ClassVar[Set[str]] = _COMMON | {"element", "valueExt", "driver", "schedule", "scheduler"}
    property: str
    value: Any
    unit: str | None = None


class Document(Part, frozen=True, kw_only=True):
    """The whole contract."""

    documentation: ClassVar[Set[str]] = (
        _LINKED
        | {"status", "name", "slaDefaultElement", "tenant", "domain", "dataProduct", "servers", "price"}
        | {"support", "team", "roles", "contractCreatedTs"}
    )
    apiVersion: str
    kind: Literal["DataContract"]
    id: str
    version: str
    schema: list[SchemaObject]
    slaProperties: list[Sla] = []
    customProperties: list[Custom] = []


class ColumnSettings(msgspec.Struct, frozen=True, rename=lambda name: f"tidemill.{name}"):
    """Tidemill's own settings of a column."""

    role: Role | None = None
    text: Literal["normal", "exact"] | None = None
    number: Literal["comma", "point"] | None = None


class TableSettings(msgspec.Struct, frozen=True, rename=lambda name: f"tidemill.{name}"):
    """Tidemill's own settings of the table."""

    key: str | list[str] | None = None
    max_bad_share: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.0
    surplus: Literal["ignore", "keep", "refuse"] = "ignore"
    purpose: str | list[str] | None = None
    """What the rows were collected for, in words that the policy's [purpose] knows."""


_MOST_PARTS = 1_000_000
_LONGEST = 4_000_000  # bytes: a contract of 20,000 columns is shorter


class _Unique(yaml.SafeLoader):
    """A key that is twice in a mapping is an error: YAML would let the last one win."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        lines: dict[str, int] = {}
        for key, _ in node.value:
            if (label := str(key.value)) in lines:
                problem = f"the key {label!r} is there twice, first in line {lines[label]}"
                raise yaml.MarkedYAMLError(problem=problem, problem_mark=key.start_mark)
            lines[label] = key.start_mark.line + 1
        return super().construct_mapping(node, deep)


class Places:
    """Turns a path in the document into ``file:line``."""

    def __init__(self, text: str, name: str) -> None:
        self.name = name
        try:
            loader = _Unique(text)
            self._root = loader.get_single_node()
            if _unfolded(self._root, {}) > _MOST_PARTS:
                raise ContractError("its aliases unfold without end", place=name, hint="write out what they stand for")
            self.value = loader.construct_document(self._root) if self._root else None
        except yaml.YAMLError as exc:
            mark = getattr(exc, "problem_mark", None)
            place = f"{name}:{mark.line + 1}" if mark else name
            raise ContractError(
                f"not valid YAML: {getattr(exc, 'problem', '') or next(iter(str(exc).splitlines()), '')}", place=place
            ) from exc
        except RecursionError as exc:
            raise ContractError("lists or mappings are nested too deeply", place=name) from exc
        except ValueError as exc:  # a date of the 31st of February is no YAML
            raise ContractError(f"not valid YAML: {exc}", place=name) from exc

    def __call__(self, path: Path_) -> str:
        node, line = self._root, 1
        for part in path:
            if isinstance(node, yaml.MappingNode):
                found = next(((k, v) for k, v in node.value if k.value == part), None)
                if found is None:
                    break
                line, node = found[0].start_mark.line + 1, found[1]
            elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
                node = node.value[part]
                line = node.start_mark.line + 1
            else:
                break
        return f"{self.name}:{line}"


def _unfolded(node: yaml.Node | None, known: dict[int, int]) -> int:
    """How many parts a document has, where each alias is written out; of one that holds itself more than any."""
    if node is None or id(node) in known:
        return known[id(node)] if node else 0
    known[id(node)] = _MOST_PARTS + 1  # until it is known: what is met again within itself has no end
    within: list[yaml.Node] = []
    if isinstance(node, yaml.MappingNode):
        within = [part for pair in node.value for part in pair]
    elif isinstance(node, yaml.SequenceNode):
        within = node.value
    known[id(node)] = 1 + sum(_unfolded(part, known) for part in within)
    return known[id(node)]


def read_text(path: Path) -> str:
    """The text of a contract's file. Raises ContractError."""
    try:
        if path.stat().st_size > _LONGEST:
            raise ContractError(f"it is longer than {_LONGEST:,} bytes", place=str(path))
        return path.read_text("utf-8")
    except FileNotFoundError as exc:
        raise ContractError(
            "no such contract", place=str(path), hint="tidemill data infer writes a first draft"
        ) from exc
    except UnicodeDecodeError as exc:
        raise ContractError("cannot be read: it is not UTF-8", place=str(path), hint="save it as UTF-8") from exc
    except OSError as exc:
        raise ContractError(f"cannot be read: {exc.strerror}", place=str(path)) from exc


_FRESHNESS = ("freshness", "latency")
Settings = TypeVar("Settings", bound=msgspec.Struct)


def parse_document(text: str, name: str) -> tuple[Document, Places]:
    """The document in this text, and where each part of it stands. Raises ContractError."""
    places = Places(text, name)
    document = decode(places.value, Document, Source(lambda path, _: places(path), _label, ContractError))
    if not document.apiVersion.startswith("v3."):
        raise ContractError(
            f"apiVersion {document.apiVersion!r} is not read", place=places(("apiVersion",)), hint="write v3.1.0"
        )
    if len(document.schema) != 1:
        raise ContractError(
            f"{len(document.schema)} tables in one contract",
            place=places(("schema",)),
            hint="one contract, one table",
        )
    return document, places


def freshness_of(document: Document, places: Places) -> Micros | None:
    """How old the newest row may be; None when nothing is promised. Raises ContractError."""
    for i, sla in enumerate(document.slaProperties):
        if sla.property in _FRESHNESS:
            try:
                return parse_span(f"{sla.value} {sla.unit or 'd'}")
            except ConfigError as exc:
                raise ContractError(f"{sla.property}: {exc.message}", place=places(("slaProperties", i))) from exc
    return None


def own_settings(kind: type[Settings], places: Places, custom: dict[Path_, list[Custom]]) -> Settings:
    """Tidemill's own of these properties, by where each list stands; a later one wins. Raises ContractError."""
    stands: dict[str | int, Path_] = {}
    given: dict[str, Any] = {}
    for where, entries in custom.items():
        for i, entry in enumerate(entries):
            if entry.property.startswith("tidemill."):
                stands[entry.property] = (*where, i)
                given[entry.property] = entry.value
    source = Source(lambda path, _: places(stands[path[0]]), lambda _: "tidemill's settings", ContractError)
    return decode(given, kind, source)


def _label(path: Path_) -> str:
    return ".".join(str(part) for part in path if isinstance(part, str)) or "the contract"
