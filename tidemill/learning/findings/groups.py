"""Rows of one subject on both sides of a split by row: what is learned of it answers its other rows, and nobody else's.

By time that is how it is: the subject comes again. By a hash of rows it is a leak where requests are of new subjects.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tidemill.learning.findings.alone import measured
from tidemill.learning.findings.ids import NAMED
from tidemill.learning.findings.look import LEAST, Look
from tidemill.learning.findings.together import together
from tidemill.store.payloads import Finding

if TYPE_CHECKING:
    import polars as pl

ROWS_EACH = 1.5
"""So many rows a name has on average, at least."""
FEWEST = 10
"""With fewer names they are kinds of things, and come again."""
LOST = 0.1
"""So much power must be lost without them on both sides, and `SHARE` of it all."""
SHARE = 0.4


def groups(look: Look) -> Iterator[Finding]:
    """Columns called like a name of things whose rows stand on both sides, where what a model can do hangs on that."""
    if look.temporal or not look.by_row:
        return
    for name, values in {**look.columns, **look.key}.items():
        if not NAMED.search(name) or not _of_several(values):
            continue
        mixed, apart = (together(one.without(frozenset({name}))) for one in (look, look.grouped(values)))
        lost = mixed.value - max(apart.value, 0)
        if lost >= LOST and lost >= SHARE * mixed.value:
            said = f"rows of one {name} are on both sides of the split, and the model knows little else: "
            said += f"{measured(look, mixed)}, but {measured(look, apart)} where no {name} is on both"
            hint = (
                f"Give {name} the role 'subject' in the contract: its rows then stay together; "
                "or allow it, where the same ones come again"
            )
            shares = (("on both sides", mixed.value, look.judged), ("on one side", max(apart.value, 0.0), look.judged))
            yield Finding("group", name, True, said, hint, {"mixed": mixed.value, "apart": apart.value}, shares)


def _of_several(values: pl.Series) -> bool:
    known = values.drop_nulls()
    names = known.n_unique()
    return len(known) >= LEAST and names >= FEWEST and len(known) >= ROWS_EACH * names
