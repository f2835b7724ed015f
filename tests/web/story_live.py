"""The right side of the wheel: releases, monitors, decisions, predictions and outcomes."""

from __future__ import annotations

import json
import math

from tests.web.teller import HOUR, ITEMS, NOW, START, Teller
from tidemill.retrain.decide import evidence_digest
from tidemill.store import records as r
from tidemill.store.payloads import AlarmRate, ColumnDrift, DriftWindow, PlatformWindow, QualityWindow, ReleaseEvidence
from tidemill.types import DAY, SECOND, JsonObject, Micros, canonical, digest, named_id, to_iso


class Living(Teller):
    """Tells what became of them."""

    # releases -----------------------------------------------------------------------------------------------------

    def rollouts(self) -> None:
        """Seven releases: superseded ones, a refused one, one override and rolled back, the champion in its bake, a canary, one held."""
        for version in range(1, 9):
            self.gates(version)
        stages = ({"share": 0.25, "span": 2 * DAY, "requests": 10}, {"share": 1.0, "span": 0, "requests": 0})
        plan = [
            (1, "superseded", None), (2, "superseded", None), (3, "refused", None), (5, "superseded", None), (6, "champion", None),
            (7, "rolled_back", self.text("the campaign must start on Friday")), (8, "canary", None), (4, "held", None),
        ]  # fmt: skip
        previous: str | None = None
        for i, (version, status, override) in enumerate(plan):
            made = NOW - (8 - i) * 15 * DAY if i < 5 else NOW - (9 - i) * DAY - 3 * HOUR
            if status == "champion":
                made = NOW - 9 * DAY
            name = named_id("rel", str(version))
            self.releases.append(name)
            started = made + HOUR if status in ("superseded", "champion", "rolled_back", "canary") else None
            ended = {"superseded": made + 15 * DAY, "rolled_back": made + DAY}.get(status)
            at_first = "held" if status == "champion" else status
            stage = 1 if status in ("superseded", "champion") else 0
            signed = tuple(v.attestation or "" for v in self.store.verdicts.list(model=f"model:shop@{version}"))
            decision = named_id("decision", str(version)) if version in (5, 6, 8) else None
            author = self.text("ana") if version in (4, 7) else ""
            self.store.releases.add(
                r.Release(
                    name, "shop", f"model:shop@{version}", at_first, stages, stage, started or made, made, started, ended,
                    previous, override, signed, decision, author, self.evidence(status, made),
                )
            )  # fmt: skip
            if status == "champion":
                self.store.releases.promote(name, made + HOUR)
                previous = name
            self.told(version, status, name, made, override)
        self.store.releases.update(named_id("rel", "6"), status="champion", previous=named_id("rel", "5"))

    def experiment(self) -> None:
        """An A/B that was stopped before any of its windows closed."""
        begun, models = NOW - 30 * DAY, ("model:shop@4", "model:shop@5")
        self.store.experiments.add(
            r.Experiment(
                "experiment_1", "shop", "", "ended", ("rel_a", "rel_b"), models, 0.5, "recall@20", 0.02, 0.05, 0.05, begun,
                begun + 20 * DAY, self.text("ana"), "tell", begun + HOUR, "stopped", self.text("by hand"),
            )
        )  # fmt: skip

    def evidence(self, status: str, made: Micros) -> ReleaseEvidence:
        finding = {
            "rule": "hit rate drops 20%",
            "broken": status == "rolled_back",
            "powered": status != "canary",
            "doubtful": False,
        }
        said = {
            "rolled_back": "hit rate drops 20%: 0.048 against 0.317, 19 answers to 17 subjects beside 52 to 44",
            "canary": "underpowered: 0.301 against 0.312, 6 answers to 6 subjects beside 21 to 19",
        }.get(status, "kept: 0.319 against 0.311, 24 answers to 21 subjects beside 70 to 58")
        errors = {"rule": "errors > 1%", "broken": False, "powered": True, "doubtful": False, "text": "kept: 0 of 31"}
        findings = [errors, {**finding, "text": said}]
        if status == "rolled_back":
            return ReleaseEvidence(rolled_back={"reason": said, "by": "rule", "findings": findings})
        if status == "champion":
            seen = {"stage": 0, "at": made + 2 * DAY, "findings": findings}
            return ReleaseEvidence(stages=(seen,), bake_until=NOW + 2 * DAY)
        seen = {"stage": 0, "at": made + DAY, "findings": findings}
        return ReleaseEvidence(stages=(seen,)) if status == "canary" else ReleaseEvidence()

    def told(self, version: int, status: str, name: str, made: Micros, override: str | None) -> None:
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
        if override:
            self.event(made, "override", ref, model=model, reason=override)
            self.event(
                made + DAY,
                "rolled_back",
                ref,
                model=model,
                reason="hit rate drops 20%: 0.048 against 0.317, 19 answers to 17 subjects beside 52 to 44",
            )

    def gates(self, version: int) -> None:
        model, first = f"model:shop@{version}", version == 1
        not_worse = "expected gain over model:shop@5 +0.8 % (own window +0.8 %, no past refits to go by); recall@20 0.3153 against 0.3127"
        better = "the candidate is better than popularity at 95%: recall@20 0.3153 against 0.0821"
        said = [
            ("method" if first else "refit", "quality", version not in (3, 7), not_worse),
            ("baseline", "quality", version != 7, better),
            ("latency", "infrastructure", True, "p99 1.9 ms over 1,310 requests, limit 50 ms"),
            ("infrastructure", "infrastructure", True, "the real server loaded it and answered 262 known requests as offline scoring did"),
        ]  # fmt: skip
        for gate, blessing, passed, words in said:
            text = self.text(words) if passed else words.replace("expected gain over", "worse than")
            evidence: JsonObject = {
                "said": text,
                "comparison": {"candidate": 0.3153, "other": 0.3127, "n": 262, "low": -0.004, "high": 0.009},
            }
            if blessing == "quality":
                evidence["power"] = "minimum detectable change 2.9 % (95 % confidence, 80 % power)"
            name = named_id("verdict", model, gate)
            self.store.verdicts.add(
                r.Verdict(
                    name,
                    model,
                    gate,
                    blessing,
                    passed,
                    {True: "promoted", False: "worse"}[passed] if blessing == "quality" else "",
                    evidence,
                    digest(name.encode()),
                    START + version * 21 * DAY,
                )
            )

    # monitors -----------------------------------------------------------------------------------------------------

    def windows(self) -> None:
        watched = ("new items", "new customers", "item popularity", "quantity", "price", "country")
        columns = [{"name": n, "labels": [*"abcd", "missing"], "counts": [90, 170, 280, 190, 95]} for n in watched]
        base = self.artifact(json.dumps({"columns": columns}).encode())
        self.store.baselines.put(r.Baseline("", "shop", "model:shop@6", base, START))
        end = NOW // DAY * DAY
        for i in range(120):
            start = end - (120 - i) * DAY
            n = round(11 + 5 * math.sin(i / 3.5) + self.random.random() * 4)
            self.platform(start, n)
            self.drift(start, i, n * 21)
            if i > 60:
                self.requests(start, i, n)
            if i < 119:
                self.quality(start, i, n)

    def platform(self, start: Micros, n: int) -> None:
        p50 = 310 + self.random.randint(-20, 40)
        data = PlatformWindow(p50, p50 * 4 + self.random.randint(0, 600))
        self.store.windows.put(r.Window("shop", "platform", start, start + DAY, n, data))

    def drift(self, start: Micros, i: int, n: int) -> None:
        columns: dict[str, ColumnDrift] = {}
        moved_now = i in (71, 72, 73, 117)
        for name in ("new items", "new customers", "item popularity", "quantity", "price", "country"):
            p = self.random.random() ** 1.3
            if moved_now and name in ("new items", "price"):
                p = 10 ** -(6.5 + self.random.random())
            before, after = (0.021, 0.094) if p < 1e-5 else (0.021, 0.024)
            text = f"{self.text(name)} {before:.1%} -> {after:.1%}"
            share = (1, 2, 3, 2, 1) if p > 1e-5 else (1, 1, 2, 3, 4)
            columns[name] = ColumnDrift(p, text, n, 4.0, 3, 0.03, counts=tuple(n * part // 11 for part in share))
        score = -math.log(min(c.p for c in columns.values()))
        which = ["new items", "price"] if moved_now else []
        data = DriftWindow("model:shop@6", AlarmRate(11.2, 1.0), columns, tuple(which), score)
        self.store.windows.put(r.Window("shop", "drift", start, start + DAY, n, data, moved_now))
        if i in (71, 117):
            what = [columns[c].words for c in which]
            hurts = {
                "answer": "no" if i == 71 else "not known yet",
                "words": "recall@20 0.309 over 41 answers, promised 0.296 or more",
            }
            self.alarm(start, which, what, hurts)

    def requests(self, start: Micros, i: int, n: int) -> None:
        """Of how much was known of who asked, and of what was answered; the last but one has no alarm, and moved."""
        labels = {
            "rows known of the subject": ("below 1", "1 to 2", "2 to 5", "5 to 10", "from 10", "missing"),
            self.text("popularity of answers"): tuple(f"items of popularity {k}/4" for k in range(1, 5)),
        }
        moved = i == 118
        columns = {
            name: ColumnDrift(
                0.0004 if moved else 0.1 + i % 8 / 10,
                f"requests, beside earlier windows: {name}",
                n,
                3.0,
                3,
                0.1,
                tuple(n * (len(bins) - k if moved else 1 + k) // len(bins) + 1 for k in range(len(bins))),
            )
            for name, bins in labels.items()
        }
        reasons = {self.text("country"): {"missing": 3, "unknown": 1}}
        known = AlarmRate(11.2, 1.0)
        data = DriftWindow(
            "model:shop@6", known, columns, source="requests", reasons=reasons, labels=labels, shown=0.21
        )
        self.store.windows.put(r.Window("shop", "requests", start, start + DAY, n, data))

    def alarm(self, start: Micros, which: list[str], what: list[str], hurts: JsonObject) -> None:
        at, model = start + DAY, "model:shop@6"
        more = {"columns": which, "hurts": hurts}
        name = self.event(at, "alarm", model, monitor="drift", model=model, what=what, since=start, window=at, **more)
        alarm = r.Alarm(
            name, "", "shop", "drift", "drift", model, at, at, start, tuple(what), hurts["answer"], False, dict(more)
        )
        self.store.alarms.add(alarm)
        settled = "right" if hurts["answer"] == "no" else "undecidable"
        of = ("", "shop", "alarm", "drift", f"alarm:{name}", model, "")
        told = (at, at + 29 * DAY, "recall@20", settled, "shown")
        self.store.settlements.add(r.Settlement(f"of {name}", *of, *told, None, 0.012, (0.001, 0.023), 210, 140))

    def quality(self, start: Micros, i: int, n: int) -> None:
        mean = 0.306 + 0.02 * math.sin(i / 9) + self.random.uniform(-0.045, 0.045) - (0.06 if 100 < i < 106 else 0)
        half = 0.34 / math.sqrt(n)
        mature = 1.0 if i < 114 else 0.86 - 0.09 * (i - 114)
        measured = {
            name: [round(x, 4) for x in (mean * f, (mean - half) * f, (mean + half) * f)]
            for name, f in (("recall@20", 1.0), ("ndcg@10", 0.83))
        }
        told = 0.3 + 0.02 * math.sin(i / 5)
        came = [round(told + x, 4) for x in (0.01, -0.05, 0.07)]
        both = {
            "no": {"predicted": 1 - told, "observed": [1 - came[0], 1 - came[2], 1 - came[1]]},
            self.text("yes"): {"predicted": told, "observed": came},
        }
        data = QualityWindow(
            "model:shop@6",
            "recall@20",
            predictions=n,
            mature=round(mature, 2),
            figures={**measured, "calibration": both},
            models={"model:shop@6": {"n": n, **measured}},
            promised=0.281,
        )
        self.store.windows.put(r.Window("shop", "quality", start, start + DAY, n, data))

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
                    "drift+new_data" if version else "quiet",
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
                        endpoint="shop",
                    )
                )
                events.append(
                    r.OnlineEvent(
                        0,
                        f"{5_400_000 + i}/{k}",
                        subject,
                        item,
                        at + 600 * SECOND,
                        2.0,
                        dataset="sales",
                        endpoint="shop",
                    )
                )
        outcomes += [
            r.Outcome(f"lost/{k}", NOW - k * HOUR, "99", "20700", 1.0, None, NOW, endpoint="shop") for k in range(9)
        ]
        self.p.live.append(found, outcomes, events)
        self.p.live.flush()
        joins: list[tuple[str, str | None, str]] = [
            (o.key, o.prediction, "id" if i % 3 else "subject") for i, o in enumerate(outcomes[:-40]) if o.prediction
        ]
        self.p.live.outcomes.join([*joins, *((f"lost/{k}", None, "unattributed") for k in range(9))], "shop")
