"""Lays a project out by its plan: tidemill.toml, the contract, the data, a README with a first request. Overwrites nothing."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import yaml

from tidemill.data.check.formats import strftime
from tidemill.data.contract.contract import Contract
from tidemill.errors import ProjectError
from tidemill.files import write_whole
from tidemill.recipes.new import copied, named, refuse_occupied, writable
from tidemill.recipes.own.look import Seen
from tidemill.recipes.own.plan import RECOMMEND, Plan
from tidemill.types import JsonObject

_HEAD = """\
# What a row is (Open Data Contract Standard 3): a first draft by `tidemill new`, made from {files}. Read it, mend it.
"""
_TOML = """\
[project]
name = {name}
# purpose = "…"                          # what the data may be used for

# [goal]                                 # what the model is for, in words: shown where people decide
# measure = "…"
# owner = "…"
# least_useful = "2 %"                   # a change below this is not worth a release: the margin of the gates

[data.{dataset}]
source = "data/{dataset}/*.{{csv,tsv,parquet}}"
contract = "contracts/{dataset}.yaml"

{features}[model]
task = "{task}"
metric = "{metric}"
{inputs}split = {split}
search = {{ trials = {trials}, budget = "60 s" }}

[environment.production]
rollout = {rollout}
rollback_on = {rollback}

[retrain]
on = ["decay", {{ new_data = "5 %" }}]
"""
_METRICS = {"classify": "log_loss", "regress": "mae", RECOMMEND: "recall@20"}
_TRIALS = {"classify": 6, "regress": 6, RECOMMEND: 4}
_STAGES = '[{ share = "25 %", for = "2 days", min_requests = 20 }, { share = "100 %" }]'


def write_project(folder: Path, seen: Seen, plan: Plan) -> list[Path]:
    """The paths written, tidemill.toml last. Raises ProjectError, ContractError."""
    name = named(folder, None)
    refuse_occupied(folder)
    contract = contract_text(seen, plan)
    Contract.parse(contract)
    first = example(seen, plan)
    said = "\n".join(f"- {sentence}" for sentence in plan.said)
    told = {"name": name, "dataset": seen.dataset, "said": said, "predict": first}
    with writable():
        written = copied("own", folder, told)
        for path, data in _files(folder, seen, contract):
            if path.exists():
                _refuse_other(path, data)
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
                write_whole(path, data, 0o644)
                written.append(path)
        write_whole(folder / "tidemill.toml", toml_text(name, seen, plan).encode(), 0o644)
    return [*written, folder / "tidemill.toml"]


def _refuse_other(path: Path, data: bytes) -> None:
    """Raises ProjectError where a file is there that is not the one of this project."""
    if not path.is_file() or path.read_bytes() != data:
        raise ProjectError("another one is here already", place=str(path), hint="choose another folder, or remove it")


def _files(folder: Path, seen: Seen, contract: str) -> Iterator[tuple[Path, bytes]]:
    """The contract, and the data: copies, whatever becomes of the files that were given."""
    yield folder / "contracts" / f"{seen.dataset}.yaml", contract.encode()
    taken: set[str] = set()
    for number, file in enumerate(seen.files, 1):
        name = f"{file.stem}{file.suffix.lower()}"
        name = f"{number}-{name}" if name in taken else name
        taken.add(name)
        yield folder / "data" / seen.dataset / name, file.read_bytes()


def contract_text(seen: Seen, plan: Plan) -> str:
    """The draft with the plan's roles and key instead of its guesses."""
    document: JsonObject = json.loads(json.dumps(seen.draft, default=str))
    table = document["schema"][0]
    settings = [one for one in table.get("customProperties", ()) if one["property"] != "tidemill.key"]
    key = [{"property": "tidemill.key", "value": list(plan.key)}] if plan.key else []
    table["customProperties"] = key + settings
    roles = {column: role for role, column in plan.roles.items()}
    table["properties"] = [_with_role(one, roles.get(one["name"])) for one in table["properties"]]
    text = yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=120)
    return _HEAD.format(files=", ".join(json.dumps(file.name, ensure_ascii=False) for file in seen.files)) + text


def _with_role(drafted: JsonObject, role: str | None) -> JsonObject:
    """The column with this role and no other; what the draft guessed of it is gone with its description."""
    own = [one for one in drafted.get("customProperties", ()) if one["property"] != "tidemill.role"]
    guessed = len(own) < len(drafted.get("customProperties", ()))
    left = {"customProperties", *(("description", "classification") if guessed else ())}
    found = {name: value for name, value in drafted.items() if name not in left}
    if role == "subject":
        found["classification"] = "personal"
    if role == "target" and "logicalTypeOptions" in found:
        del found["logicalTypeOptions"]  # the least seen so far is no limit of what may come true
    own += [{"property": "tidemill.role", "value": role}] if role else []
    return found | ({"customProperties": own} if own else {})


def toml_text(name: str, seen: Seen, plan: Plan) -> str:
    """tidemill.toml."""
    recommends, test = plan.task == RECOMMEND, quoted(plan.test)
    exclude = ", ".join(quoted(column) for column in plan.left_out if column not in plan.key)
    return _TOML.format(
        name=quoted(name),
        dataset=seen.dataset,
        features=_features(seen, plan),
        task=plan.task,
        metric=_METRICS[plan.task],
        inputs=f"inputs = {{ exclude = [{exclude}] }}\n" if exclude else "",
        split=f'{{ by = "time", test = {test} }}' if plan.test else '{ by = "key", test = "20 %" }',
        trials=_TRIALS[plan.task],
        rollout=_STAGES if recommends else '[{ share = "100 %" }]',
        rollback='{ errors = "1 %", hit_rate_drop = "20 %" }' if recommends else '{ errors = "1 %" }',
    )


def _features(seen: Seen, plan: Plan) -> str:
    if plan.task == RECOMMEND:
        line = f'items = {{ op = "decayed_count", by = {quoted(plan.roles["item"])}, half_life = "180 days" }}'
        return f'[features.basket]\nfrom = "{seen.dataset}"\nentity = {quoted(plan.roles["subject"])}\n{line}\n\n'
    lines = "".join(f'{name} = {{ op = "{name}" }}\n' for name in plan.calendar)
    return f'[features.calendar]\nfrom = "{seen.dataset}"\n{lines}\n' if lines else ""


def quoted(text: str) -> str:
    """A text as TOML writes it.

    >>> print(quoted("the 'best' one"))
    "the 'best' one"
    """
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def example(seen: Seen, plan: Plan) -> str:
    """A first request, made of the last row: the command that asks it."""
    row = seen.rows.row(seen.rows.height - 1, named=True)
    if plan.task == RECOMMEND:
        return f"tidemill predict {shlex.quote(str(row[plan.roles['subject']]))}"
    asked = [*plan.inputs, *([plan.roles["time"]] if plan.calendar else [])]
    forms = {
        p["name"]: (p.get("logicalTypeOptions") or {}).get("format") for p in seen.draft["schema"][0]["properties"]
    }
    given = {name: _json(row[name], forms[name]) for name in asked if row[name] is not None}
    return f"tidemill predict --inputs {shlex.quote(json.dumps(given, ensure_ascii=False))}"


def _json(value: Any, form: str | None) -> Any:
    """The value as a request has it: a day in the column's own format."""
    if isinstance(value, date) and not isinstance(value, datetime) and form:
        return value.strftime(strftime(form))
    return value.isoformat().replace("+00:00", "Z") if isinstance(value, date) else value
