"""A chapter of the demo that is played when it is asked for: people's rights, and a bad file, while the shop goes on.

A customer asks what is held of them and is given it, objects and is answered what is usual, is forgotten in every version of everything; then a
supplier's bad file comes, and is recalled. Each step may be done again: a demo that was killed goes on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from tidemill.access.caller import Caller
from tidemill.errors import NotFound
from tidemill.ops import recalls
from tidemill.ops.rights import forget, limits, requests, subjects
from tidemill.recipes.recommend.shop import OPENING
from tidemill.recipes.recommend.story import RIGHTS, Tell
from tidemill.recipes.recommend.written import drop_file
from tidemill.rights.forget.erase import Forgotten
from tidemill.rights.requests import waiting
from tidemill.scope.project import Project
from tidemill.serve.client import Client
from tidemill.types import DAY, Micros, to_iso

ME = Caller.local("python")
_AT = pl.col("invoice_date").cast(pl.Int64)
WRONG, BAD = "22423", "supplier.parquet"
"""The item that the bad file says everybody bought, and the file."""
CUSTOMERS, QUANTITY, FIRST = 40, 200, 999_000


@dataclass(frozen=True)
class Rights:
    """What is done at the end of which day, counted from the opening."""

    project: Project
    client: Client
    rows: pl.DataFrame
    tell: Tell

    def at_end(self, day: int) -> None:
        steps: dict[int, Callable[[], None]] = {
            RIGHTS: self._given,
            RIGHTS + 1: self._objects,
            RIGHTS + 2: self._forgotten,
            RIGHTS + 3: self._bad_file,
            RIGHTS + 5: self._recalled,
        }
        steps.get(day, lambda: None)()

    @property
    def customer(self) -> str:
        """Who came most often until the chapter begins; of several the first by name. As the shop's own rows tell it, for the project forgets."""
        seen = self.rows.filter(_AT >= OPENING, _AT < OPENING + RIGHTS * DAY)
        visits = seen.group_by("customer_id").agg(pl.col("invoice").n_unique().alias("n"))
        return str(visits.sort("n", "customer_id", descending=[True, False])["customer_id"][0])

    @property
    def forgotten_at(self) -> Micros:
        return OPENING + (RIGHTS + 2) * DAY

    def gone(self) -> set[str]:
        """The keys of outcomes that went with them."""
        theirs = self.rows.filter(pl.col("customer_id") == self.customer, self.forgotten_at > _AT)
        return {f"{invoice}/{item}" for invoice, item in theirs.select("invoice", "stock_code").iter_rows()}

    def _say(self, text: str) -> None:
        self.tell("stage", {"text": f"{to_iso(self.project.clock.now())[:10]}  {text}"})

    def _given(self) -> None:
        who, out = self.customer, self.project.root / "access.zip"
        if not any(one.kind == "access" for one in waiting(self.project)):
            due = requests.take_down(self.project, ME, who, "access", why="by letter").due
            self._say(f"a customer asks what is held of them: to be answered until {to_iso(due or 0)[:10]}")
        out.unlink(missing_ok=True)
        made = subjects.export(self.project, ME, who, None, out)
        said = (
            f"{sum(made.records.values()):,} records of {len(made.records)} stores, {made.explained} answers explained"
        )
        self._say(f"given to them, in {out.name}: {said}; the request is done")

    def _objects(self) -> None:
        found = limits.object_to(self.project, ME, self.customer)
        key = f"after the objection {found.limit.id}"
        answer = self.client.post(
            f"/predict/{self.project.endpoint().name}", {"subject": self.customer, "k": 5, "key": key}
        )
        self._say(
            f"they object: the next answer is what is usual (“{answer['fallback']}”), and no model learns from them"
        )

    def _forgotten(self) -> None:
        try:
            subjects.find(self.project, ME, self.customer)
        except NotFound:
            return  # it was done before a kill
        done = forget.forget(self.project, ME, self.customer)
        assert isinstance(done, Forgotten), "the demo's policy asks nobody"
        rows = sum(one.removed for one in done.tables)
        state = f"signed receipt {done.receipt[:19]}…" if done.done else f"NOT YET: {done.remaining}"
        self._say(f"they are forgotten: {rows:,} rows out of every version of {len(done.tables)} tables; {state}")
        self._say(f"learned from them, to be made anew: {', '.join(done.learned)}")

    def _bad_file(self) -> None:
        """Said to have been bought today, by the best customers: a lot of one thing."""
        today = self.project.clock.now() - DAY
        known = self.rows.filter(today > _AT, pl.col("stock_code") == WRONG)
        whose = self.rows.filter(today > _AT)["customer_id"].value_counts(sort=True)["customer_id"].to_list()
        those = sorted(one for one in whose if one != self.customer)[:CUSTOMERS]
        bad = pl.concat([known.head(1)] * len(those)).with_columns(
            pl.Series("invoice", [str(FIRST + n) for n in range(len(those))]),
            pl.Series("customer_id", those),
            pl.lit(QUANTITY, known.schema["quantity"]).alias("quantity"),
            pl.lit(today + DAY // 2).cast(known.schema["invoice_date"]).alias("invoice_date"),
        )
        drop_file(bad, self.project.root / "data" / "sales", BAD)
        self._say(f"a supplier sends {BAD}: {len(those)} customers bought {QUANTITY} of one thing each, it says")

    def _recalled(self) -> None:
        found = recalls.look(self.project, ME, "sales", f"file:data/sales/{BAD}", lambda kind, facts: None)
        report = found.report
        self._say(
            f"it is wrong: {len(report.changed)} of {report.answers} answers since are others without it ({report.shown} say something else)"
        )
        done = recalls.apply(self.project, ME, found.run)
        self._say(f"recalled: version {done.version} of {done.dataset} is without its {done.rows} rows")
