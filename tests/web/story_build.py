"""The left side of the wheel: data, models, runs."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl

from tests.web.teller import HOUR, ITEMS, NOW, START, Teller
from tidemill.data.ingest.quarantine import QUARANTINE_COLUMNS
from tidemill.data.profile.profile import profile
from tidemill.data.tables.tables import QUARANTINE, open_tables
from tidemill.store import records as r
from tidemill.store.payloads import Finding, Findings
from tidemill.types import DAY, SECOND, JsonObject, Micros, canonical, digest, named_id, to_iso


class Building(Teller):
    """Tells how the models came to be."""

    # data ---------------------------------------------------------------------------------------------------------

    def data(self) -> None:
        """A version a week, then one a day: rows, some bad ones in quarantine, a profile of the last."""
        days = [START + i * 7 * DAY for i in range(20)] + [NOW // DAY * DAY - i * DAY for i in reversed(range(14))]
        last: r.DatasetVersion | None = None
        total = 0
        for number, day in enumerate(days, 1):
            rows = self.random.randint(2600, 4200) if number <= 20 else self.random.randint(380, 720)
            bad = 3 if number == len(days) else self.random.choice((0, 0, 0, 2, 7))
            ingest = named_id("ingest", str(day))
            file = r.IngestedFile(
                "sales",
                digest(f"{day}".encode()),
                self.text(f"{to_iso(day)[:10]}.parquet"),
                rows,
                bad,
                number,
                ingest,
                day,
            )
            last = r.DatasetVersion(
                "sales",
                number,
                0,
                digest(f"v{number}".encode()),
                total := total + rows,
                bad,
                day + 2 * HOUR,
                None,
                day - DAY,
                day,
                None,
                ingest,
            )
            if number == len(days):
                self.quarantine(last, file)
                last = replace(last, profile=self.artifact(canonical(self.profile().to_json())))
            self.store.datasets.add_with(last, [file])
            self.store.edges.add_new([r.Edge(f"file:{file.digest}", f"dataset:sales@{number}", "ingested", day)])
            if number > 20:
                self.event(day + 2 * HOUR, "ingested", f"dataset:sales@{number}", files=1, rows=rows, quarantined=bad)
            if bad and number > 20:
                reasons = {"duplicate invoice, stock_code": bad}
                self.event(day + 2 * HOUR + 1, "quarantined", f"dataset:sales@{number}", rows=bad, reasons=reasons)

    def profile(self) -> Any:
        rng = np.random.default_rng(7)
        n = 4000
        frame = pl.DataFrame(
            {
                "quantity": rng.geometric(0.12, n) - (rng.random(n) < 0.04) * 12,
                "price": np.round(rng.gamma(2.0, 1.6, n), 2),
                "country": rng.choice(
                    ["United Kingdom", "France", "Germany", "EIRE", self.text("Spain")],
                    n,
                    p=[0.86, 0.04, 0.04, 0.03, 0.03],
                ),
                "stock_code": rng.choice(ITEMS, n),
            }
        )
        return profile(frame)

    def quarantine(self, version: r.DatasetVersion, file: r.IngestedFile) -> None:
        raws = [
            {
                "invoice": "556201",
                "stock_code": "22423",
                "description": self.text("REGENCY CAKESTAND"),
                "quantity": 2,
                "price": 12.75,
            },
            {
                "invoice": "556201",
                "stock_code": "22423",
                "description": "REGENCY CAKESTAND",
                "quantity": 1,
                "price": 12.75,
            },
            {"invoice": "556218", "stock_code": "M", "description": "Manual", "quantity": 1, "price": 0.0},
        ]
        reasons = [
            ["duplicate (invoice, stock_code)"],
            ["duplicate (invoice, stock_code)"],
            [self.text("price is not above 0")],
        ]
        frame = pl.DataFrame(
            {
                "_file": [file.digest] * 3,
                "_name": [file.name] * 3,
                "_row": [112, 113, 304],
                "_line": [None] * 3,
                "_reasons": reasons,
                "_raw": [json.dumps(raw) for raw in raws],
                "_ingest": [version.ingest] * 3,
            },
            schema=QUARANTINE_COLUMNS,
        )
        open_tables(self.p).append("sales" + QUARANTINE, frame, ingest=version.ingest, at=version.created)

    # models and runs ----------------------------------------------------------------------------------------------

    def models(self) -> None:
        """Eight versions: the first, refits that creep up, a change of method, and one with shuffled items."""
        for version in range(1, 9):
            made = START + (version - 1) * 21 * DAY + 4 * HOUR
            mean = 0.296 + 0.0035 * version + self.random.uniform(-0.004, 0.004) if version != 7 else 0.041
            metrics: JsonObject = {
                "recall@20": [round(mean, 4), round(mean - 0.017, 4), round(mean + 0.018, 4)],
                "ndcg@10": [round(mean * 0.83, 4), round(mean * 0.83 - 0.016, 4), round(mean * 0.83 + 0.016, 4)],
                "mrr@20": [round(mean * 1.2, 4), round(mean * 1.2 - 0.021, 4), round(mean * 1.2 + 0.022, 4)],
                "n": 262,
                "warm": 231,
                "cold": 31,
                "baselines": {"popularity": {"recall@20": [0.0856, 0.074, 0.098]}},
                "above": {
                    "popularity": {"recall@20": {"mean": 0.2025, "low": 0.172, "high": 0.234, "visible": 0.0447}}
                },
            }
            kind = {1: "first", 5: "method", 7: "manual"}.get(version, "refit")
            recipe: JsonObject = {
                "method": "blend" if version != 3 else "ease",
                "half_life_days": 180,
                "weights": {"buy_again": 0.62, "ease": 0.31, "popularity": 0.07},
            }
            about = self.text("What a customer is likely to put into the next basket.")
            table = f"| | n |\n|---|---|\n| {about} | 262 |"
            card = f"# shop@{version}\n\n{about}\n\n{table}\n\n## Limits\n\n- one shop\n- 31 of 262 test requests had no history\n"
            author = self.text("ana") if version in (1, 7) else ""
            self.store.models.add(
                r.ModelVersion(
                    "shop", version, digest(f"bundle{version}".encode()), digest(f"twin{version}".encode()), recipe, kind, metrics,
                    (f"dataset:sales@{min(3 * version, 34)}",), made - DAY, self.run_id(version), author,
                    self.artifact(card.encode(), "report"), made, self.found() if version == 6 else Findings(),
                )
            )  # fmt: skip

    def found(self) -> Findings:
        """What a look before a table's training may have found: one that is held, one that is told."""
        name = self.text("refund")
        shape = ((name, 0.98, 310), ("0.5", 0.02, 1204), ("nothing", 0.11, 4020))
        said = f"{name} is filled in 310 rows, 98.1% of them yes, of all rows 24%"
        held = Finding(
            "after", name, True, said, "is it filled once the label is known? Then exclude it", {"rows": 310}, shape
        )
        told = Finding(
            "doubled", "cents", False, "cents says what pounds says", "one of them is enough", {"other": "pounds"}
        )
        return Findings(5534, 9, (held, told), f"share of {self.text('yes')}")

    def runs(self) -> None:
        for version in range(1, 9):
            self.run(self.run_id(version), "model", START + (version - 1) * 21 * DAY + 3 * HOUR, version)
        self.run(named_id("run", "9"), "model", NOW - 40 * SECOND, 9)
        for i in range(30):
            at = START + i * 5 * DAY
            run = r.Run(
                named_id("run", "data", str(i)),
                "data",
                f"sales:{i}",
                "done",
                "host:1:1",
                at,
                at + 900_000,
                cost={"cpu_s": 0.7},
            )
            self.store.runs.add(run)

    def run(self, name: str, pipeline: str, at: Micros, version: int) -> None:
        alive, broken = version == 9, version == 4
        status = "running" if alive else "failed" if broken else "done"
        error = self.text("StepFailed: train raised MemoryError") if broken else None
        self.store.runs.add(
            r.Run(
                name, pipeline, f"model:{version}", status, "host:11:1", at, None if alive else at + 21 * SECOND,
                parent=None, params={"dataset": "sales", "note": self.text("weekly")}, seed=7,
                code={"commit": "3f9c2e1", "dirty": False}, environment={"python": "3.11.7", "threads": 2},
                cost={} if alive else {"cpu_s": 18.4, "wall_s": 21.0}, error=error,
            )
        )  # fmt: skip
        names = [
            ("rows", ()), ("features", ("rows",)), ("split", ("rows",)), ("score[0]", ("features", "split")), ("score[1]", ("features", "split")),
            ("score[2]", ("features", "split")), ("choose", ("score[0]", "score[1]", "score[2]")), ("train", ("choose", "features")),
            ("twin", ("choose", "split")), ("evaluate", ("twin",)), ("card", ("evaluate", "train")), ("register", ("card",)),
        ]  # fmt: skip
        for i, (step, after) in enumerate(names):
            state = "cached" if step in ("rows", "features") and version > 1 else "done"
            if alive and i >= 7:
                state = "running" if i == 7 else "pending"
            if broken and i >= 7:
                state = "failed" if i == 7 else "skipped"
            over = state in ("done", "cached", "failed")
            begun = over or state == "running"
            outputs = (
                {"value": {"digest": digest(f"{name}{step}".encode()), "codec": "json", "bytes": 1200 + i}}
                if over
                else {}
            )
            self.store.steps.put(
                r.Step(
                    name, step, state, i, after, digest(f"{step}{version}".encode()) if begun else "",
                    {"code": digest(step.encode()), "parameters": {"half_life": "180 days"}, "python": "3.11.7"} if begun else {},
                    {a: digest(f"{name}{a}".encode()) for a in after}, outputs,
                    (self.text("file data/sales/2011-06-01.parquet"),) if step == "rows" else (), 1,
                    at + i * SECOND if begun else None, at + i * SECOND + (900_000 if step != "train" else 6 * SECOND) if over else None,
                    700_000 if over else 0, error if state == "failed" else None,
                )
            )  # fmt: skip
