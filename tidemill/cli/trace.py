"""`tidemill trace` and `tidemill impact`: back to the rows, and forward from them."""

from __future__ import annotations

from collections.abc import Mapping

import click

from tidemill.access.callers import local
from tidemill.cli.output import Answer, Column, Part, Table, command, harmless
from tidemill.feedback.trace import KINDS
from tidemill.ops import predictions
from tidemill.ops.ruled import rules_said
from tidemill.ops.text import flat
from tidemill.scope.project import Project
from tidemill.types import JsonObject

NAMELESS: Mapping[str, str] = {}
LAST = 20  # Rows of the history that are shown without ``--json``


@command()
@click.argument("prediction")
@click.option("--top", default=5, show_default=True, type=click.IntRange(1, 1000), help="Rows shown for each item.")
@click.option("--person", is_flag=True, help="What the person concerned would be told, and nothing else.")
def trace(project: Project, prediction: str, top: int, person: bool) -> Answer:
    """From a prediction to the rows known then, the training versions, and what the answer is made of."""
    if person:
        said = predictions.person(project, local(project), prediction)
        return Answer(said, said["sentences"] or [said["why"]])
    found = predictions.trace(project, local(project), prediction)
    training = found["training"]
    asked = found["prediction"]["inputs"] or {}
    why, table = _instead(asked), "inputs" in asked
    names = found["names"]
    parts: list[Part] = [
        found["prediction"],
        *rules_parts(found["prediction"]["answer"]),
        *([] if table else _history(found["history"], why, names)),
        *_items(found["items"], names),
        "\ntrained by:",
        {k: v for k, v in training.items() if k not in ("files", "data")},
        Table({"dataset": "dataset", "rows": "rows", "digest": lambda d: d["digest"][:19]}, training["data"]),
        *explained_parts(found["explained"], top, names),
        *([] if table else ["\nwhat weighs most, by what each row adds to the score:"]),
        *(line for reason in found["reasons"] for line in _reason(reason, top, why, names)),
        f"\nrecomputed: {_recomputed(found['verified'])}",
    ]
    return Answer(found, parts)


def rules_parts(answer: JsonObject) -> list[Part]:
    """What the endpoint's rules did."""
    reasons = answer.get("reasons")
    if not reasons:
        return []
    return [
        "",
        *rules_said(reasons),
        *(f"{harmless(item)}: {', '.join(by)}" for item, by in reasons.get("moved", {}).items()),
    ]


def _recomputed(verified: JsonObject) -> str:
    if verified.get("same_items") is None:
        return f"cannot be: {verified['why']}"
    return "the same answer" if verified["same_items"] else "NOT the same answer"


def with_name(item: str, names: Mapping[str, str]) -> str:
    """An item's name and its code; its code alone where it has no name.

    >>> with_name("22423", {"22423": "REGENCY CAKESTAND"}), with_name("mug", {})
    ('REGENCY CAKESTAND (22423)', 'mug')
    """
    return harmless(f"{names[item]} ({item})" if item in names else item)


def _items(rows: list[JsonObject], names: Mapping[str, str]) -> list[Part]:
    """What was known of the answered items, and whose word it was."""
    if not rows:
        return []
    columns: dict[str, Column] = {
        "item": lambda row: with_name(row["item"], names),
        "store": "store",
        "known": lambda row: "gone" if row["gone"] else flat("known", row["known"]),
        "at": "at",
        "by": lambda row: f"{row['path'] or row['file']} row {row['row']}" if row["file"] else row["by"],
        "position": "position",
    }
    return ["\nknown of these items at that time:", Table(columns, rows)]


def explained_parts(said: JsonObject, top: int, names: Mapping[str, str] = NAMELESS) -> list[Part]:
    """What each answer is made of, the greatest first."""
    if not said["answers"]:
        return [f"\nnot explained: {said['why']}"]
    verified, again = said.get("verified", {}), ""
    if verified:
        again = ": " + (verified.get("why") or f"computed again{'' if verified['same'] else ' NOT'} the same")
    head = f"\nwhat it is made of ({said['method']}, in {said['unit']}){again}"
    return [head, *(line for one in said["answers"] for line in _made(one, top, names))]


def _made(one: JsonObject, top: int, names: Mapping[str, str]) -> list[str]:
    parts = one["because"][:top]
    rest = one["score"] - one["base"] - sum(part["value"] for part in parts)
    lines = [
        f"  {with_name(one['answer'], names):<24} {one['score']:+.5f} = {one['base']:+.5f} that everybody has, and"
    ]
    lines += [f"    {part['value']:+.5f}{_error(part)}  {with_name(part['what'], names)}" for part in parts]
    lines += (
        [f"    {rest:+.5f}  of {left} others"]
        if (left := len(one["because"]) + one.get("others", 0) - len(parts))
        else []
    )
    lines += [f"    {step['step']}: {step['value']:.5f}" for step in one.get("then", ())]
    return [*lines, *([f"  {one['sentence']}"] if one.get("sentence") else [])]


def _error(part: JsonObject) -> str:
    return f" ± {part['error']:.2g}" if part.get("error") else ""


POPULAR = "it is what is popular"


def _instead(inputs: JsonObject) -> str:
    """What an answer came from where no row of the subject weighs."""
    named = ", ".join(inputs.get("recent", ()))
    return f"{POPULAR}, or goes with what the request named: {named}" if named else POPULAR


def _history(rows: list[JsonObject], why: str = POPULAR, names: Mapping[str, str] = NAMELESS) -> list[Part]:
    left_out = f", the last {LAST} of {len(rows)} rows (--json has all of them)" if len(rows) > LAST else ""
    none = f"  nothing: {why}"
    columns = {**HISTORY, "item": lambda row: with_name(row["item"], names)}
    return [f"\nknown of the subject at that time{left_out}:", Table(columns, rows[-LAST:], none)]


def _reason(reason: JsonObject, top: int, why: str = POPULAR, names: Mapping[str, str] = NAMELESS) -> list[str]:
    """An item and the rows that weigh on it, each with the place it stands in."""
    rows = reason["rows"]
    left_out = f", the first {top} of {len(rows)} rows (--top shows more)" if len(rows) > top else ""
    none = "" if rows else f": no row of the subject, {why}"
    head = f"  {with_name(reason['item'], names):<12} {reason['score']:.5f}{left_out}{none}"
    return [head, *(_weight(row, names) for row in rows[:top])]


def _weight(row: JsonObject, names: Mapping[str, str]) -> str:
    place = f"{_file(row)} row {row['row']}" if row["file"] else _file(row)
    return f"    {row['weight']:+.3g}  {with_name(row['item'], names):<12} {row['at'][:10]}  {place}"


def _file(row: JsonObject) -> str:
    """Where a row stands: the path of its file; one that is not named any more by its digest."""
    return str(row["path"] or (row["file"] or "")[:19] or "live, not in a file yet")


HISTORY: dict[str, Column] = {"at": "at", "item": "item", "value": "value", "file": _file, "row": "row"}


@command()
@click.argument("ref")
def impact(project: Project, ref: str) -> Answer:
    """What REF touched: file:PATH (or its digest, or the beginning of that), dataset:sales@3, model:shop@2, release:ID or subject:ID."""
    kind, colon, name = ref.partition(":")
    if kind not in KINDS or not name:
        near = f"{', '.join(KINDS)} are the kinds" if colon else f"write it as kind:name, as file:{ref}"
        raise click.UsageError(f"{ref!r} is not a reference: {near}")
    found = predictions.impact(project, ref)
    return Answer(found, [found])
