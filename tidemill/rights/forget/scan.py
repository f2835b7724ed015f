"""The last look: it must find what it planted in every format, before nothing found means anything."""

from __future__ import annotations

import io
import json
import secrets
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from tidemill.errors import Damaged
from tidemill.rights.holders import holders
from tidemill.store.artifacts.holder import records
from tidemill.store.holder import Holding, worded

if TYPE_CHECKING:
    from tidemill.scope.project import Project


def canaries() -> list[str]:
    """The formats in which somebody who was made up is found, and another whose name begins alike is not. Raises Damaged where one is not."""
    who = f"canary-{secrets.token_hex(4)}"
    for name, planted in _formats(who).items():
        if not records(planted, who) or records(planted, who[:-1]):
            raise Damaged(
                "the last look overlooks what it planted", place=name, hint="this is a fault of tidemill: report it"
            )
    if not worded(who)(f'a row as it came: "{who}",1'):
        raise Damaged(
            "the last look overlooks what it planted", place="rows", hint="this is a fault of tidemill: report it"
        )
    return [*_formats(who), "rows as they came"]


def remaining(project: Project, subject: str) -> list[Holding]:
    """Every place that still names them."""
    return [one for holder in holders(project) for one in holder.find(subject)]


def _formats(who: str) -> dict[str, bytes]:
    frames = {"parquet": pl.DataFrame({"of": [who]}), "parquet of lists": pl.DataFrame({"of": [[who]]})}
    made = {name: _bytes(frame) for name, frame in frames.items()}
    arrays = io.BytesIO()
    np.savez(arrays, of=np.array([who]))
    lines: Iterable[str] = (json.dumps({"n": 1}), json.dumps({"of": who}))
    said = {
        "json": json.dumps({"of": [who]}),
        "json lines": "\n".join(lines),
        "text": f"The best were to {who}, it says.",
    }
    return {**made, "npz": arrays.getvalue(), **{name: text.encode() for name, text in said.items()}}


def _bytes(frame: pl.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.write_parquet(buffer)
    return buffer.getvalue()
