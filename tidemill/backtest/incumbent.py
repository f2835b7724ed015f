"""What the present system predicted, read from its file as strictly as rows of a dataset, and joined to the requests by their key.

The file names each request by the columns that name a row of the dataset (its key, else whose it is and when), read by the same
contract, so that 007 is 007 in both. Nothing is left out in silence: what cannot be used is counted by its reason, with examples.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from tidemill.data.check.column import Column
from tidemill.data.check.spelled import spelled
from tidemill.data.discover.readers import READERS, endings
from tidemill.data.discover.sources import SourceFile, hash_file, read
from tidemill.errors import BadRequest, SourceError
from tidemill.learning.labelled import text_of
from tidemill.learning.rows import KEY
from tidemill.types import Micros

if TYPE_CHECKING:
    import polars as pl

    from tidemill.data.contract.contract import Contract
    from tidemill.learning.trainer import Answer

PREDICTION, PROBABILITY, ITEMS, PREDICTED_AT = "prediction", "probability", "items", "predicted_at"
"""The columns beside the key: a value or a label; of two labels the chance of the second; items, best first; when it was said."""
LATE, STRANGE = "predicted after its moment", "no such request in the data"
EXAMPLES = 3


@dataclass(frozen=True)
class Incumbent:
    """Its answers by the key of the request, and what of the file could not be used."""

    answers: dict[str, Answer]
    hard: bool  # labels without probabilities
    rows: int
    refused: dict[str, int]
    examples: dict[str, list[str]]
    said_at: dict[str, Micros]  # where the file says when


def open_file(path: Path) -> SourceFile:
    """The file, known by its digest. Raises SourceError for what is no table."""
    if not path.is_file():
        raise SourceError(f"there is no file {path}", place="--incumbent")
    if path.suffix.lower() not in READERS:
        raise SourceError(f"{path.name} is no table", place="--incumbent", hint=f"it may end with {endings()}")
    return hash_file(path.resolve(), path.name)


def read_incumbent(
    file: SourceFile, contract: Contract, names: tuple[str, ...], kind: str, decided: bool = False
) -> Incumbent:
    """Its answers. ``kind``: regress, classify or recommend; ``decided``: of labels what was decided, where the file says that, too.

    Raises SourceError, BadRequest.
    """
    import polars as pl

    found = read(file)
    said = _columns(contract, names, kind, found.frame.columns, file.name)
    rules = replace(contract, columns=said, key=names, unique=(), max_bad_share=1.0, surplus="ignore")
    frame = found.frame.drop(n for n in found.frame.columns if n.startswith("_") and n != "_row")
    checked = rules.check(frame)
    refused = Counter(one.reason for one in found.broken) + Counter(checked.counts)
    examples = {reason: _examples(checked.bad, reason) for reason in checked.counts}
    good = checked.good.with_columns(spelled(names, contract.columns).alias(KEY))
    keys: list[str] = good[KEY].to_list()
    if not keys:
        why = ", ".join(f"{reason} ({n})" for reason, n in refused.items())
        raise SourceError(f"no prediction of {file.name} can be used: {why or 'it has no rows'}", place="--incumbent")
    labelled = PREDICTION in good.columns and not good[PREDICTION].has_nulls()
    hard = kind == "classify" and (PROBABILITY not in good.columns or (decided and labelled))
    when = good[PREDICTED_AT].cast(pl.Int64).to_list() if PREDICTED_AT in good.columns else []
    return Incumbent(
        answers=dict(zip(keys, _answers(good, kind, hard), strict=True)),
        hard=hard,
        rows=found.frame.height + len(found.broken),
        refused=dict(refused),
        examples=examples,
        said_at={key: at for key, at in zip(keys, when) if at is not None},
    )


def joined(found: Incumbent, asked: Mapping[str, Micros]) -> Incumbent:
    """Without the answers to what nobody asked in the data, and those that were given after the moment of their request.

    ``asked``: the moment of each request by its key. Raises SourceError where nothing is left.
    """
    strange = [key for key in found.answers if key not in asked]
    late = [key for key, at in found.said_at.items() if at > asked.get(key, at)]
    gone = {STRANGE: strange, LATE: late}
    answers = {key: answer for key, answer in found.answers.items() if key not in {*strange, *late}}
    if not answers:
        why = ", ".join(f"{reason} ({len(keys)})" for reason, keys in gone.items() if keys)
        hint = f"a key of the file is {next(iter(found.answers))}, one of the data {min(asked, default='')}"
        raise SourceError(f"no prediction can be joined to a request: {why}", place="--incumbent", hint=hint)
    refused = {reason: len(keys) for reason, keys in gone.items() if keys}
    examples = {reason: keys[:EXAMPLES] for reason, keys in gone.items() if keys}
    return replace(
        found, answers=answers, refused={**found.refused, **refused}, examples={**found.examples, **examples}
    )


def _columns(
    contract: Contract, names: tuple[str, ...], kind: str, there: Collection[str], place: str
) -> tuple[Column, ...]:
    """What each column of the file must be. Raises BadRequest for one that is missing."""
    if not names:
        hint = "name a key in the contract: tidemill.key"
        raise BadRequest(
            "nothing names a row of the data: no prediction can be joined to it", place=contract.place, hint=hint
        )
    if missing := [name for name in names if name not in there]:
        hint = f"a prediction is joined by {', '.join(names)}"
        raise BadRequest(f"the file has no column {missing[0]!r}", place=place, hint=hint)
    own = {column.name: replace(column, required=True) for column in contract.columns}
    told = _told(contract, kind, there, place)
    when = (Column(PREDICTED_AT, "timestamp"),) if PREDICTED_AT in there else ()
    return (*(own[name] for name in names), *told, *when)


def _told(contract: Contract, kind: str, there: Collection[str], place: str) -> tuple[Column, ...]:
    if kind == "recommend":
        wanted = {ITEMS: Column(ITEMS, "string", required=True)}
    elif kind == "regress":
        wanted = {PREDICTION: Column(PREDICTION, "number", required=True)}
    else:
        label = next(column for column in contract.columns if column.role == "target")
        of_label = Column(PREDICTION, label.kind, required=PROBABILITY not in there)
        wanted = {PROBABILITY: Column(PROBABILITY, "number", required=True, minimum=0, maximum=1), PREDICTION: of_label}
    found = tuple(column for name, column in wanted.items() if name in there)
    if not found:
        raise BadRequest(
            f"the file has no column {' or '.join(wanted)}", place=place, hint=f"call it {next(iter(wanted))}"
        )
    return found


def _answers(good: pl.DataFrame, kind: str, hard: bool) -> list[Answer]:
    if kind == "recommend":
        return [_items(text) for text in good[ITEMS].to_list()]
    if not hard:
        values: list[Answer] = good[PROBABILITY if kind == "classify" else PREDICTION].to_list()
        return values
    return [{text_of(label): 1.0} for label in good[PREDICTION].to_list()]


def _items(text: str) -> list[str]:
    """Items from a JSON list, or between bars.

    >>> _items('["a", "b"]'), _items("a|b")
    (['a', 'b'], ['a', 'b'])
    """
    if text.lstrip().startswith("["):
        try:
            found = json.loads(text)
        except ValueError:
            found = None
        if isinstance(found, list):
            return [str(item) for item in found]
    return [item.strip() for item in text.split("|") if item.strip()]


def _examples(bad: pl.DataFrame, reason: str) -> list[str]:
    import polars as pl

    rows = bad.filter(pl.col("_reasons").list.contains(reason))["_raw"].head(EXAMPLES)
    return [text[:200] for text in rows.to_list()]
