"""The rules of an endpoint as it is configured, and those of an answer that was given: each is kept under its mark for good."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec

from tidemill.config.rules import RangeSection, RulesSection, Value
from tidemill.errors import ConfigError, NotFound
from tidemill.features.items import EMPTY, ItemTable, begun
from tidemill.rules.rules import Rules
from tidemill.types import JsonObject, did_you_mean

if TYPE_CHECKING:
    from tidemill.scope.project import Endpoint, Project
    from tidemill.store.sql.store import MetadataStore

_KEY = "rules:{}"
"""The setting under which rules are kept, by their mark."""


def rules_of(scope: Endpoint) -> Rules | None:
    """Those that the endpoint has; None: none."""
    section = scope.list_rules
    return Rules(section) if section else None


def keep(store: MetadataStore, rules: Rules) -> None:
    """So that an answer that names them can be given again."""
    key = _KEY.format(rules.mark)
    if store.settings.get(key) is None:
        store.settings.keep(key, rules.json)


def kept(store: MetadataStore, mark: str) -> Rules:
    """Raises NotFound."""
    found = store.settings.get(_KEY.format(mark))
    if not isinstance(found, dict):
        raise NotFound(f"the rules {mark} are not kept here", hint="they are those of another project, or of a copy")
    return Rules(msgspec.convert(found, RulesSection))


def check_project(project: Project) -> None:
    """Raises ConfigError as `check_columns`, of every endpoint's."""
    scopes = [scope for scope in project.endpoints.values() if scope.list_rules]
    items = (begun(project) or EMPTY) if scopes else EMPTY
    for scope in scopes:
        check_columns(scope, items)


def check_columns(scope: Endpoint, items: ItemTable) -> None:
    """Raises ConfigError, at its line, for a rule that reads a column which no item table has, or reads it as what it is not."""
    for key, column in scope.list_rules.columns():
        if column not in items.columns:
            hint = did_you_mean(column, items.columns) if items.columns else _NO_TABLE
            raise _wrong(scope, key, f"no item table has a column {column!r}", hint)
    for key, column, hint in _unlike(scope.list_rules, items.columns):
        raise _wrong(scope, key, f"the column {column!r} is a {items.columns[column]}", hint)


_NO_TABLE = "an item table is a dataset whose contract has the item as its key: [data.items]"


def _unlike(rules: RulesSection, kinds: Mapping[str, str]) -> list[tuple[str, str, str]]:
    wheres = [(key, rule.where) for key, _, rule in rules.named()]
    wheres += [("exposure", rules.exposure.where)] if rules.exposure else []
    found = [
        (key, column, "compare it with a number" if kinds[column] == "number" else "name its texts, and no numbers")
        for key, where in wheres
        for column, said in where.items()
        if any(not _may_be(one, kinds[column]) for one in (said if isinstance(said, tuple) else (said,)))
    ]
    numbers = (("in_stock", rules.in_stock.column if rules.in_stock else ""), ("popularity", rules.popularity))
    return found + [(key, name, "name a number") for key, name in numbers if name and kinds[name] != "number"]


def _may_be(said: Value | RangeSection, kind: str) -> bool:
    if isinstance(said, str):
        return kind == "string" or said.startswith("$")
    return kind == "number"


def _wrong(scope: Endpoint, key: str, message: str, hint: str) -> ConfigError:
    from tidemill.config.decode import read  # where it stands is asked when it is wrong

    text = (scope.project.root / "tidemill.toml").read_text("utf-8-sig")
    found, environment = read(text), scope.environment or next(iter(scope.project.environments), "")
    place = found.place(found.layers.path(scope.name, environment, "rules", key))
    return ConfigError(f"rules: {key}: {message}", place=place, hint=hint)


def mark_of(output: JsonObject) -> str:
    """Of the rules of an answer; "": none were applied.

    >>> mark_of({"items": []}), mark_of({"items": [], "reasons": {"rules": "ab12"}})
    ('', 'ab12')
    """
    reasons = output.get("reasons")
    return str(reasons["rules"]) if isinstance(reasons, dict) and "rules" in reasons else ""


def position_of(output: JsonObject, watermark: int) -> int:
    """The position of the item table that an answer read."""
    return int(output["reasons"].get("items_at", watermark))
