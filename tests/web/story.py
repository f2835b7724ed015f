"""A shop with half a year of history, written through the store ports: what the page looks at in its tests.

Everything follows from one seed. With ``hostile`` each free text of the story is one that would break a careless page.
"""

from __future__ import annotations

import json
import math
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from noria.data.profile import profile
from noria.data.quarantine import QUARANTINE_COLUMNS
from noria.data.tables import QUARANTINE, open_tables
from noria.kernel import records as r
from noria.kernel.records import Artifact
from noria.project import Project, open_project
from noria.retrain.decide import evidence_digest
from noria.types import DAY, SECOND, HeldClock, JsonObject, Micros, canonical, digest, named_id, parse_time, to_iso

NOW = parse_time("2011-06-20T09:30:00")
START = parse_time("2011-01-10")
HOUR = DAY // 24
TEMPLATE = Path(__file__).parents[2] / "noria" / "recipes" / "recommend" / "template"
HOSTILE = "<script>alert('x')</script>\"'><img src=x onerror=alert(1)> {{ 7*7 }} \u202eevil\u202c שלום"
ITEMS = [f"{n}{s}" for n in range(20_700, 22_900, 37) for s in ("", "A")]


class Story:
    """Writes the records of a project, one kind after the other."""

    def __init__(self, project: Project, hostile: bool = False) -> None:
        self.p, self.store = project, project.store
        self.random = random.Random(7)
        self.hostile = hostile
        self.releases: list[str] = []

    def text(self, calm: str) -> str:
        return HOSTILE if self.hostile else calm

    def event(self, at: Micros, kind: str, subject: str, **data: Any) -> None:
        name = named_id("event", kind, subject, str(at))
        self.store.events.add(r.Event(name, at, kind, subject, data))

    def artifact(self, data: bytes, codec: str = "json") -> str:
        found = self.p.artifacts.put(data)
        self.store.artifacts.put(Artifact(found, codec, len(data), NOW))
        return found

    def tell(self) -> None:
        self.data()
        self.models()
        self.runs()
        self.rollouts()
        self.windows()
        self.decisions()
        self.predictions()
        self.store.settings.set("loop", {"clock": NOW // DAY * DAY, "idle": True, "next_due": NOW // DAY * DAY + DAY})

    # data ---------------------------------------------------------------------------------------------------------

    def data(self) -> None:
        """A version a week, then one a day: rows, some bad ones in quarantine, a profile of the last."""
        days = [START + i * 7 * DAY for i in range(20)] + [NOW // DAY * DAY - i * DAY for i in reversed(range(14))]
        last: r.DatasetVersion | None = None
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
                rows,
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
            self.store.datasets.add(last, [file])
            self.store.edges.add([r.Edge(f"file:{file.digest}", f"dataset:sales@{number}", "ingested", day)])
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
            }
            kind = {1: "first", 5: "method", 7: "manual"}.get(version, "refit")
            recipe: JsonObject = {
                "method": "blend" if version != 3 else "ease",
                "half_life_days": 180,
                "weights": {"buy_again": 0.62, "ease": 0.31, "popularity": 0.07},
            }
            about = self.text("What a customer is likely to put into the next basket.")
            card = f"# shop@{version}\n\n{about}\n\n## Limits\n\n- one shop\n- 31 of 262 test requests had no history\n"
            author = self.text("ana") if version in (1, 7) else ""
            self.store.models.add(
                r.ModelVersion(
                    "shop", version, digest(f"bundle{version}".encode()), digest(f"twin{version}".encode()), recipe, kind, metrics,
                    (f"dataset:sales@{min(3 * version, 34)}",), made - DAY, self.run_id(version), author,
                    self.artifact(card.encode(), "report"), made,
                )
            )  # fmt: skip
        self.store.models.alias("shop", "champion", 6)
        self.store.models.alias("shop", "challenger", 8)

    def run_id(self, version: int) -> str:
        return named_id("run", str(version))

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
            self.store.runs.create(run)

    def run(self, name: str, pipeline: str, at: Micros, version: int) -> None:
        alive, broken = version == 9, version == 4
        status = "running" if alive else "failed" if broken else "done"
        error = self.text("StepFailed: train raised MemoryError") if broken else None
        self.store.runs.create(
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
            self.store.runs.put_step(
                r.Step(
                    name, step, state, i, after, digest(f"{step}{version}".encode()) if begun else "",
                    {"code": digest(step.encode()), "parameters": {"half_life": "180 days"}, "python": "3.11.7"} if begun else {},
                    {a: digest(f"{name}{a}".encode()) for a in after}, outputs,
                    (self.text("file data/sales/2011-06-01.parquet"),) if step == "rows" else (), 1,
                    at + i * SECOND if begun else None, at + i * SECOND + (900_000 if step != "train" else 6 * SECOND) if over else None,
                    700_000 if over else 0, error if state == "failed" else None,
                )
            )  # fmt: skip

    # releases -----------------------------------------------------------------------------------------------------

    def rollouts(self) -> None:
        """Seven releases: superseded ones, a refused one, one forced and rolled back, the champion in its bake, a canary, one held."""
        for version in range(1, 9):
            self.gates(version)
        stages = ({"share": 0.25, "span": 2 * DAY, "requests": 10}, {"share": 1.0, "span": 0, "requests": 0})
        plan = [
            (1, "superseded", None), (2, "superseded", None), (3, "refused", None), (5, "superseded", None), (6, "champion", None),
            (7, "rolled_back", self.text("the campaign must start on Friday")), (8, "canary", None), (4, "held", None),
        ]  # fmt: skip
        previous: str | None = None
        for i, (version, status, forced) in enumerate(plan):
            made = NOW - (8 - i) * 15 * DAY if i < 5 else NOW - (9 - i) * DAY - 3 * HOUR
            if status == "champion":
                made = NOW - 9 * DAY
            name = named_id("rel", str(version))
            self.releases.append(name)
            started = made + HOUR if status in ("superseded", "champion", "rolled_back", "canary") else None
            ended = {"superseded": made + 15 * DAY, "rolled_back": made + DAY}.get(status)
            at_first = "held" if status == "champion" else status
            stage = 1 if status in ("superseded", "champion") else 0
            signed = tuple(v.attestation or "" for v in self.store.releases.verdicts(f"model:shop@{version}"))
            decision = named_id("decision", str(version)) if version in (5, 6, 8) else None
            author = self.text("ana") if version in (4, 7) else ""
            self.store.releases.add(
                r.Release(
                    name, "shop", f"model:shop@{version}", at_first, stages, stage, started or made, made, started, ended,
                    previous, forced, signed, decision, author, self.evidence(status, made),
                )
            )  # fmt: skip
            if status == "champion":
                self.store.releases.promote(name, made + HOUR)
                previous = name
            self.told(version, status, name, made, forced)
        self.store.releases.update(named_id("rel", "6"), status="champion", previous=named_id("rel", "5"))

    def evidence(self, status: str, made: Micros) -> JsonObject:
        finding = {"rule": "hit rate drops 20%", "broken": status == "rolled_back", "powered": status != "canary"}
        said = {
            "rolled_back": "hit rate drops 20%: 0.048 against 0.317, 19 answers to 17 subjects beside 52 to 44",
            "canary": "underpowered: 0.301 against 0.312, 6 answers to 6 subjects beside 21 to 19",
        }.get(status, "kept: 0.319 against 0.311, 24 answers to 21 subjects beside 70 to 58")
        errors = {"rule": "errors > 1%", "broken": False, "powered": True, "text": "kept: 0 of 31"}
        findings = [errors, {**finding, "text": said}]
        if status == "rolled_back":
            return {"rolled_back": {"reason": said, "by": "rule", "findings": findings}}
        if status == "champion":
            return {"stages": [{"stage": 0, "at": made + 2 * DAY, "findings": findings}], "bake_until": NOW + 2 * DAY}
        return {"stages": [{"stage": 0, "at": made + DAY, "findings": findings}]} if status == "canary" else {}

    def told(self, version: int, status: str, name: str, made: Micros, forced: str | None) -> None:
        ref, model = f"release:{name}", f"model:shop@{version}"
        if status == "refused":
            self.event(
                made, "refused", ref, model=model, reason="refit: the candidate is not shown to be within 2 % of shop@2"
            )
        if status in ("superseded", "champion"):
            self.event(made + HOUR, "promoted", ref, model=model)
        if status == "canary":
            self.event(made + HOUR, "canary", ref, model=model, stage=0, share=0.25)
        if status == "held":
            self.event(made, "held", ref, model=model, reason="")
        if forced:
            self.event(made, "forced", ref, model=model, reason=forced)
            self.event(
                made + DAY,
                "rolled_back",
                ref,
                model=model,
                reason="hit rate drops 20%: 0.048 against 0.317, 19 answers to 17 subjects beside 52 to 44",
            )

    def gates(self, version: int) -> None:
        model, first = f"model:shop@{version}", version == 1
        not_worse = "the candidate is not inferior to shop@5 (within 2 %) at 95%: recall@20 0.3153 against 0.3127"
        better = "the candidate is better than popularity at 95%: recall@20 0.3153 against 0.0821"
        said = [
            ("refit", "quality", version not in (3, 7), first, not_worse),
            ("baseline", "quality", version != 7, False, better),
            ("latency", "infrastructure", True, False, "p99 1.9 ms over 1,310 requests, limit 50 ms"),
            ("infrastructure", "infrastructure", True, False, "the real server loaded it and answered 262 known requests as offline scoring did"),
        ]  # fmt: skip
        for gate, blessing, passed, stamp, words in said:
            text = self.text(words) if passed else words.replace("not inferior", "NOT shown to be not inferior")
            evidence: JsonObject = {
                "said": text,
                "comparison": {"candidate": 0.3153, "other": 0.3127, "n": 262, "low": -0.004, "high": 0.009},
            }
            if blessing == "quality":
                evidence["power"] = "262 requests of 187 subjects can see a loss of 2.9 % in 80 of 100 cases"
            name = named_id("verdict", model, gate)
            self.store.releases.add_verdict(
                r.Verdict(
                    name,
                    model,
                    gate,
                    blessing,
                    passed,
                    stamp,
                    evidence,
                    digest(name.encode()),
                    START + version * 21 * DAY,
                )
            )

    # monitors -----------------------------------------------------------------------------------------------------

    def windows(self) -> None:
        end = NOW // DAY * DAY
        for i in range(120):
            start = end - (120 - i) * DAY
            n = round(11 + 5 * math.sin(i / 3.5) + self.random.random() * 4)
            self.platform(start, n)
            self.drift(start, i, n * 21)
            if i < 119:
                self.quality(start, i, n)

    def platform(self, start: Micros, n: int) -> None:
        p50 = 310 + self.random.randint(-20, 40)
        data = {
            "p50_us": p50,
            "p99_us": p50 * 4 + self.random.randint(0, 600),
            "cold": 0.06,
            "outcomes_waiting": 3,
            "which": [],
        }
        self.store.windows.add(r.Window("shop", "platform", start, start + DAY, n, data))

    def drift(self, start: Micros, i: int, n: int) -> None:
        columns: dict[str, JsonObject] = {}
        moved_now = i in (71, 72, 73, 117)
        for name in ("new items", "new customers", "item popularity", "quantity", "price", "country"):
            p = self.random.random() ** 1.3
            if moved_now and name in ("new items", "price"):
                p = 10 ** -(6.5 + self.random.random())
            before, after = (0.021, 0.094) if p < 1e-5 else (0.021, 0.024)
            columns[name] = {
                "p": p,
                "n": n,
                "x2": 4.0,
                "df": 3,
                "moved": 0.03,
                "distance": 0.05,
                "words": f"{self.text(name)} {before:.1%} -> {after:.1%}",
            }
        least = min(c["p"] for c in columns.values())
        which = ["new items", "price"] if moved_now else []
        data = {
            "model": "model:shop@6",
            "score": -math.log(least),
            "threshold": 11.2,
            "columns": columns,
            "which": which,
        }
        self.store.windows.add(r.Window("shop", "drift", start, start + DAY, n, data, moved_now))
        if i in (71, 117):
            what = [columns[c]["words"] for c in which]
            hurts = {
                "answer": "no" if i == 71 else "not known yet",
                "words": "recall@20 0.309 over 41 answers, promised 0.296 or more",
            }
            self.event(
                start + DAY,
                "alarm",
                "model:shop@6",
                monitor="drift",
                model="model:shop@6",
                columns=which,
                what=what,
                since=start,
                hurts=hurts,
                window=start + DAY,
            )

    def quality(self, start: Micros, i: int, n: int) -> None:
        mean = 0.306 + 0.02 * math.sin(i / 9) + self.random.uniform(-0.045, 0.045) - (0.06 if 100 < i < 106 else 0)
        half = 0.34 / math.sqrt(n)
        mature = 1.0 if i < 114 else 0.86 - 0.09 * (i - 114)
        measured = {
            name: [round(x, 4) for x in (mean * f, (mean - half) * f, (mean + half) * f)]
            for name, f in (("recall@20", 1.0), ("ndcg@10", 0.83))
        }
        data = {
            "model": "model:shop@6",
            "predictions": n,
            "mature": round(mature, 2),
            **measured,
            "evidence": 1.4,
            "limit": 91.0,
            "detector": {"model": "model:shop@6", "expected": 0.281},
        }
        self.store.windows.add(r.Window("shop", "quality", start, start + DAY, n, data))

    def decisions(self) -> None:
        end = NOW // DAY * DAY
        policy = {
            "drift": True,
            "decay": True,
            "new_share": 0.05,
            "schedules": ["0 3 * * 1"],
            "cooldown": 3 * DAY,
            "budget_cpu_s": 3600.0,
            "budget_span": 7 * DAY,
        }
        attempts: list[JsonObject] = []
        for i in range(120):
            at = end - (119 - i) * DAY
            version = {40: 5, 70: 6, 118: 8}.get(i)
            action = "retrain" if version else "none"
            reason = (
                f"drift since {to_iso(at - DAY)}: new items 2.1% -> 9.4%, price 2.1% -> 9.4%; new data 5.3% of 81212 rows"
                if version
                else "nothing calls for it (new data 1.2%, no new alarm)"
            )
            alarms = (
                [
                    {
                        "monitor": "drift",
                        "at": at,
                        "since": at - DAY,
                        "what": [self.text("new items 2.1% -> 9.4%")],
                        "hurts": "no",
                    }
                ]
                if version
                else []
            )
            evidence: JsonObject = {
                "at": at, "previous": at - DAY, "endpoint": "shop", "champion": "model:shop@6", "rows": {"now": 85_516, "trained": 81_212},
                "alarms": alarms, "attempts": list(attempts), "under_way": None,
            }  # fmt: skip
            name = named_id("decision", str(version or f"day{i}"))
            self.store.decisions.add(
                r.Decision(
                    name,
                    at,
                    action,
                    reason,
                    evidence,
                    evidence_digest(evidence),
                    policy,
                    self.run_id(version) if version else None,
                )
            )
            if version:
                attempts.append({"at": at, "rows": 81_000, "cpu_hours": 0.1, "status": "done"})
                self.event(at + 1, "retrain", f"decision:{name}", model=f"model:shop@{version}", reason=reason)

    # live ---------------------------------------------------------------------------------------------------------

    def predictions(self, n: int = 300) -> None:
        found, outcomes, events = [], [], []
        for i in range(n):
            at = NOW - (n - i) * 97 * 60 * SECOND
            subject = self.text(str(12_346 + i * 13 % 800)) if i % 9 == 0 else str(12_346 + i * 13 % 800)
            items = self.random.sample(ITEMS, 20)
            output = canonical({"items": items, "scores": [round(0.9 * 0.86**k, 5) for k in range(20)]})
            canary = at > NOW - 2 * DAY and i % 4 == 0
            version, release = (8, self.releases[6]) if canary else (6, self.releases[4])
            latency = round(260 + self.random.gammavariate(2, 90) + (2600 if i % 83 == 0 else 0))
            prediction = r.Prediction(
                named_id("pred", str(i)), "shop", at, subject, f"model:shop@{version}", release, "canary" if canary else "champion",
                output, b'{"k":20}', i, latency, cold=i % 17 == 0,
            )  # fmt: skip
            found.append(prediction)
            for k in range(self.random.randint(1, 6)):
                item = items[k * 3] if k % 3 else self.random.choice(ITEMS)
                outcomes.append(
                    r.Outcome(
                        f"{5_400_000 + i}/{k}",
                        at + 600 * SECOND,
                        subject,
                        self.text(item) if k == 4 else item,
                        2.0,
                        prediction.id,
                        at + DAY,
                    )
                )
                events.append(r.OnlineEvent(0, f"{5_400_000 + i}/{k}", subject, item, at + 600 * SECOND, 2.0))
        outcomes += [r.Outcome(f"lost/{k}", NOW - k * HOUR, "99", "20700", 1.0, None, NOW) for k in range(9)]
        self.p.live.append(found, outcomes, events)
        self.p.live.flush()
        joins: list[tuple[str, str | None, str]] = [
            (o.key, o.prediction, "id" if i % 3 else "subject") for i, o in enumerate(outcomes[:-40]) if o.prediction
        ]
        self.p.live.outcomes.join([*joins, *((f"lost/{k}", None, "unattributed") for k in range(9))])


def make_root(root: Path) -> Path:
    """The recipe's own project folder, without data files."""
    (root / "contracts").mkdir(parents=True)
    toml = (TEMPLATE / "noria.toml").read_text("utf-8").replace("{name}", "shop")
    (root / "noria.toml").write_text(toml, "utf-8")
    (root / "contracts" / "sales.yaml").write_text((TEMPLATE / "contracts" / "sales.yaml").read_text("utf-8"), "utf-8")
    return root


def tell(root: Path, hostile: bool = False) -> None:
    """Make the project with its whole story in this folder."""
    with open_project(make_root(root), clock=HeldClock(NOW)) as project:
        Story(project, hostile).tell()


def prediction_id(i: int = 299) -> str:
    return named_id("pred", str(i))
