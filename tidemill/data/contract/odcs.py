"""The Open Data Contract Standard (v3) as strict records: a key is one of the standard's, or an error with its line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, get_args

import msgspec

from tidemill.config.strict import Source, decode
from tidemill.data.contract.places import Path_, Places
from tidemill.errors import ConfigError, ContractError
from tidemill.types import Micros, parse_span

Role = Literal["time", "subject", "item", "value", "target"]
"""Parts a column can play: when, whose, of what, how much (its sign tells purchase from return), what is to be said."""
ROLES: tuple[str, ...] = get_args(Role)


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a contract. Fields typed Any are the standard's own documentation: accepted, not acted on."""

    id: Any = None
    description: Any = None


class Documented(Part, frozen=True, kw_only=True):
    """A part that points to what is written about it elsewhere."""

    tags: Any = None
    authoritativeDefinitions: Any = None


class Named(Documented, frozen=True, kw_only=True):
    """A table or a column, and what others call it."""

    name: str
    physicalName: Any = None
    physicalType: str | None = None
    businessName: Any = None
    relationships: Any = None


class Custom(Part, frozen=True, kw_only=True):
    """``customProperties``: where Tidemill's own settings live."""

    property: str
    value: Any


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """``logicalTypeOptions``: limits of a column."""

    minimum: float | str | None = None
    maximum: float | str | None = None
    exclusiveMinimum: bool | float | str | None = None
    exclusiveMaximum: bool | float | str | None = None
    minLength: int | None = None
    maxLength: int | None = None
    pattern: str | None = None
    format: str | None = None
    timezone: Any = None
    defaultTimezone: Any = None


class Quality(Documented, frozen=True, kw_only=True):
    """A quality rule."""

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
    name: Any = None
    dimension: Any = None
    unit: Any = None
    severity: Any = None
    businessImpact: Any = None
    method: Any = None
    schedule: Any = None
    scheduler: Any = None
    query: Any = None
    engine: Any = None
    implementation: Any = None
    customProperties: list[Custom] = []


class Property(Named, frozen=True, kw_only=True):
    """One column."""

    logicalType: Literal["string", "integer", "number", "boolean", "date", "timestamp", "time", "object", "array"]
    logicalTypeOptions: Options = Options()
    required: bool = False
    unique: bool = False
    primaryKey: bool = False
    primaryKeyPosition: int = -1
    quality: list[Quality] = []
    customProperties: list[Custom] = []
    classification: Any = None
    partitioned: Any = None
    partitionKeyPosition: Any = None
    criticalDataElement: Any = None
    encryptedName: Any = None
    transformSourceObjects: Any = None
    transformLogic: Any = None
    transformDescription: Any = None
    examples: Any = None
    items: Any = None
    properties: Any = None


class SchemaObject(Named, frozen=True, kw_only=True):
    """One table."""

    properties: list[Property]
    quality: list[Quality] = []
    customProperties: list[Custom] = []
    logicalType: Literal["object"] = "object"
    dataGranularityDescription: Any = None


class Sla(Part, frozen=True, kw_only=True):
    """A promise about the data as a whole."""

    property: str
    value: Any
    unit: str | None = None
    element: str | None = None
    valueExt: Any = None
    driver: Any = None
    schedule: Any = None
    scheduler: Any = None


class Document(Documented, frozen=True, kw_only=True):
    """The whole contract."""

    apiVersion: str
    kind: Literal["DataContract"]
    id: str
    version: str
    schema: list[SchemaObject]
    status: str = "active"
    name: str | None = None
    slaProperties: list[Sla] = []
    customProperties: list[Custom] = []
    slaDefaultElement: Any = None
    tenant: Any = None
    domain: Any = None
    dataProduct: Any = None
    servers: Any = None
    price: Any = None
    support: Any = None
    team: Any = None
    roles: Any = None
    contractCreatedTs: Any = None


class ColumnSettings(msgspec.Struct, frozen=True, rename=lambda name: f"tidemill.{name}"):
    """Tidemill's own settings of a column."""

    role: Role | None = None


class TableSettings(msgspec.Struct, frozen=True, rename=lambda name: f"tidemill.{name}"):
    """Tidemill's own settings of the table."""

    key: str | list[str] | None = None
    max_bad_share: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.0
    surplus: Literal["ignore", "keep", "refuse"] = "ignore"


def read_text(path: Path) -> str:
    """The text of a contract's file. Raises ContractError."""
    try:
        return path.read_text("utf-8")
    except FileNotFoundError as exc:
        raise ContractError(
            "no such contract", place=str(path), hint="tidemill data infer writes a first draft"
        ) from exc
    except (OSError, UnicodeDecodeError) as exc:
        raise ContractError(f"cannot be read: {exc}", place=str(path)) from exc


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
