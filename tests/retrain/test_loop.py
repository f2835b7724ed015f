"""Ticks on a small real shop: ingest, join, windows, alarms, decisions; each once, whatever is killed in between."""

from __future__ import annotations

import re
from dataclasses import asdict
from itertools import pairwise
from typing import Any

import polars as pl
import pytest

from tidemill.config.decode import load
from tidemill.data.contract.freshness import stale_now
from tidemill.monitor.quality import of_quality
from tidemill.ops.status import Health, status
from tidemill.release.gates.compare import Comparison
from tidemill.retrain import loop, worker
from tidemill.retrain.failed import failing
from tidemill.retrain.loop import next_due, state_of, tick
from tidemill.retrain.replay import replay
from tidemill.scope.project import open_project
from tidemill.store.records import Event, Outcome
from tidemill.types import DAY, SECOND, to_iso

from .conftest import Shop, add_model, add_release

SQL_AT = (
    "      - name: price\n",
    "      - name: price\n        quality: [{ type: sql, query: SELECT 1, mustBe: 1 }]\n",
)
"""In the shop's contract, and with a rule that this version does not build."""


def policy(shop: Shop, *on: str, cooldown: str = "3 days") -> None:
    """Another ``[retrain]``, as the loop would read it from tidemill.toml."""
    toml = shop.project.root / "tidemill.toml"
    text = re.sub(r"\non = .*", f"\non = [{', '.join(on)}]", toml.read_text())
    toml.write_text(re.sub(r'\ncooldown = ".*"', f'\ncooldown = "{cooldown}"', text))
    object.__setattr__(shop.project, "config", load(toml))
    vars(shop.project).pop("endpoints", None)


def kinds(events: list[Event]) -> list[str]:
    return [e.kind for e in events]


def everything(shop: Shop) -> dict[str, Any]:
    """All that a story is made of, to be compared."""
    store = shop.project.store
    return {
        "events": [e for e in store.events.list() if e.data.get("monitor") != "platform"],
        "decisions": [(d.id, d.at, d.action, d.reason, d.evidence_digest) for d in store.decisions.list()],
        "windows": [w for m in ("drift", "quality") for w in store.windows.list(endpoint="shop", monitor=m)],
        "outcomes": shop.project.live.outcomes.count(),
        "rows": store.datasets.get("sales").rows,
        "models": [m.ref for m in store.models.list()],
    }


def test_a_quiet_week(shop: Shop) -> None:
    policy(shop, '"drift"', '"decay"')
    before = shop.project.store.datasets.get("sales").rows
    for day in shop.days[:7]:
        shop.play(day)
        events = tick(shop.project, shop.jobs)
        assert not [e for e in events if e.kind in ("failed", "retrain")]
        assert state_of(shop.project) == {"clock": day.end, "idle": True, "next_due": day.end + DAY}
    store = shop.project.store
    assert store.datasets.get("sales").rows > before
    drift, quality = (store.windows.list(endpoint="shop", monitor=m) for m in ("drift", "quality"))
    assert [w.start for w in drift] == [d.start for d in shop.days[:7]]
    assert [w.start for w in quality] == [d.start for d in shop.days[:6]], "labels are mature a day later"
    assert [w.n > 0 for w in drift] == [d.rows.height > 0 for d in shop.days[:7]]
    assert {d.action for d in store.decisions.list()} == {"none"} and len(store.decisions.list()) == 7
    assert shop.jobs.trained == 0
    assert sum(w.n for w in quality) == sum(bool(v.truth) for d in shop.days[:6] for v in d.visits)


def test_no_decision_reads_an_event(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Alarms, attempts and failures are records: a loop that finds no event in the timeline decides as ever."""
    policy(shop, '"drift"', cooldown="1 day")
    with monkeypatch.context() as patch:
        for name in ("list", "page"):
            patch.setattr(shop.project.store.events, name, lambda **asked: [])
        shop.jobs.fail["train"] = 1
        for day in shop.days[:4]:
            shop.play(day, frame=day.rows.with_columns(pl.lit("Brazil").alias("country")))
            tick(shop.project, shop.jobs)
    codes = [d.code for d in shop.project.store.decisions.list()]
    assert codes[0] == "drift" and codes[1] == "failed_job", codes


def test_outcomes_are_joined_and_measured(shop: Shop) -> None:
    for day in shop.days[:3]:
        shop.play(day, hits=3)
        tick(shop.project, shop.jobs)
    first = shop.project.store.windows.list(endpoint="shop", monitor="quality")[0]
    by_hand = [min(3, len(v.truth)) / min(20, len(v.truth)) for v in shop.days[0].visits if v.truth]
    assert of_quality(first).figures["recall@20"][0] == pytest.approx(sum(by_hand) / len(by_hand), abs=1e-4)
    low, high = of_quality(first).figures["recall@20"][1:]
    assert low <= of_quality(first).figures["recall@20"][0] <= high and of_quality(first).mature == 1.0
    counted = shop.project.live.outcomes.count()
    assert counted["id"] == sum(len(v.lines) for d in shop.days[:3] for v in d.visits if v.truth)


def test_a_killed_tick_done_again_changes_nothing(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole tick again, and again with everything up to each stage done twice, tells the same story."""
    spoilt = [d.rows.with_columns(pl.lit("Brazil").alias("country")) for d in shop.days[:5]]
    for i, day in enumerate(shop.days[:5]):
        shop.play(day, frame=spoilt[i])
        tick(shop.project, shop.jobs)
    once = everything(shop)
    trained = shop.jobs.trained
    assert trained >= 1 and "alarm" in kinds(once["events"])
    state = state_of(shop.project)
    shop.project.store.settings.set("loop", {**state, "clock": state["clock"] - DAY})
    assert tick(shop.project, shop.jobs) == []
    assert everything(shop) == once and shop.jobs.trained == trained


@pytest.mark.parametrize(
    "killed_in", ["_ingest", "_join", "_watch", "raise_alarms", "_look_at_rollout", "write_state", "release"]
)
def test_killed_in_the_middle_the_next_tick_ends_the_same(
    shop: Shop, killed_in: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def die(*args: Any, **more: Any) -> None:
        raise Killed

    policy(shop, '{ new_data = "1 rows" }')
    day = shop.days[0]
    shop.play(day, frame=day.rows.with_columns((pl.col("price") * 30).alias("price")))
    with monkeypatch.context() as patch, pytest.raises(Killed):
        if killed_in == "release":
            real = shop.jobs.run
            patch.setattr(shop.jobs, "run", lambda kind, *rest: die() if kind == "release" else real(kind, *rest))
        else:
            patch.setattr(f"tidemill.retrain.loop.{killed_in}", die)
        tick(shop.project, shop.jobs)
    assert state_of(shop.project) == {}, "not done: it is due again"
    tick(shop.project, shop.jobs)
    found = everything(shop)
    assert [d[2] for d in found["decisions"]] == ["retrain"]
    assert kinds(found["events"]).count("retrain") == kinds(found["events"]).count("alarm") == 1
    assert found["decisions"][0][1] == day.end and state_of(shop.project)["clock"] == day.end
    (decision,) = shop.project.store.decisions.list()
    assert decision.run == "run_of_" + decision.id


@pytest.mark.parametrize("killed_in", ["train", "release"])
def test_a_decision_that_was_killed_is_gone_on_with_though_the_clock_has_gone_on(
    shop: Shop, killed_in: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As outside a replay, where nobody holds the clock until another loop leads."""

    class Killed(BaseException):
        pass

    def run(kind: str, *rest: Any) -> Any:
        if kind == killed_in:
            raise Killed
        return real(kind, *rest)

    policy(shop, '{ new_data = "1 rows" }')
    shop.play(shop.days[0])
    real, store = shop.jobs.run, shop.project.store
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(shop.jobs, "run", run)
        tick(shop.project, shop.jobs)
    (before,) = store.decisions.list()
    assert before.action == "retrain" and before.run is None
    shop.at(shop.project.clock.now() + 20 * SECOND)
    tick(shop.project, shop.jobs)
    (after,) = store.decisions.list()
    assert (after.id, after.run) == (before.id, "run_of_" + before.id)
    assert kinds(store.events.list()).count("retrain") == 1
    assert sorted((j.kind, j.status) for j in store.jobs.list(endpoint="shop")) == [
        ("release", "done"),
        ("train", "done"),
    ]
    shop.at(shop.project.clock.now() + 20 * SECOND)
    tick(shop.project, shop.jobs)
    assert [d.action for d in store.decisions.list()] == ["retrain", "none"]


def test_drift_is_told_once_and_answered_once(shop: Shop) -> None:
    policy(shop, '"drift"')
    shop.jobs.fail["release"] = 99
    for day in shop.days[:8]:
        shop.play(day, frame=day.rows.with_columns((pl.col("price") * 30).alias("price")))
        tick(shop.project, shop.jobs)
    alarms = [e for e in shop.project.store.events.list(kind="alarm") if e.data["monitor"] == "drift"]
    assert len(alarms) == 1
    told = alarms[0].data
    assert "price" in told["columns"] and told["model"] == "model:shop@1"
    assert any(w.startswith("price ") and "->" in w for w in told["what"])
    assert told["since"] == shop.days[0].start and told["hurts"]["answer"] in ("no", "not known yet")
    assert told["false_alarms"]["promised"] == 1.0
    assert shop.jobs.trained == 4, "the failed job is tried again three times, not for ever"
    jobs = shop.project.store.jobs.list(endpoint="shop")
    assert [(j.kind, j.status) for j in jobs if j.kind == "train"] == [("train", "done")] * 4
    failed = [j for j in jobs if j.kind == "release"]
    assert [(j.status, j.code) for j in failed] == [("failed", "job_failed")] * 4
    assert {j.decision for j in failed} == {d.id for d in shop.project.store.decisions.list(action="retrain")}


def test_a_new_champion_is_compared_with_its_own_data(shop: Shop) -> None:
    policy(shop, '"drift"', cooldown="1 day")
    for day in shop.days[:8]:
        shop.play(day, frame=day.rows.with_columns((pl.col("price") * 30).alias("price")))
        tick(shop.project, shop.jobs)
    windows = shop.project.store.windows.list(endpoint="shop", monitor="drift")
    assert windows[-1].data.model != "model:shop@1"
    assert {w.data.model for w in windows} >= {"model:shop@1", "model:shop@2"}
    assert 1 <= shop.jobs.trained <= 5


def test_decay_is_seen_and_answered(shop: Shop) -> None:
    policy(shop, '"decay"')
    for day in shop.days[:30]:
        shop.play(day, hits=0)
        events = tick(shop.project, shop.jobs)
        if "retrain" in kinds(events):
            break
    alarm = next(e for e in shop.project.store.events.list(kind="alarm") if e.data["monitor"] == "decay")
    assert alarm.data["hurts"]["answer"] == "yes" and alarm.data["score"] >= alarm.data["threshold"]
    assert day.start < shop.days[10].start, "answers without a single hit are seen soon"
    assert shop.project.store.decisions.list(action="retrain")[0].reason.startswith("decay since ")


def test_good_answers_raise_no_alarm(shop: Shop) -> None:
    policy(shop, '"decay"')
    for day in shop.days[:12]:
        shop.play(day, hits=12)
        tick(shop.project, shop.jobs)
    assert not [e for e in shop.project.store.events.list(kind="alarm") if e.data["monitor"] == "decay"]


def test_new_data_and_cooldown(shop: Shop) -> None:
    policy(shop, '{ new_data = "2 %" }', cooldown="4 days")
    for day in shop.days[:9]:
        shop.play(day)
        tick(shop.project, shop.jobs)
    made = shop.project.store.decisions.list(action="retrain")
    assert len(made) >= 2 and all(b.at - a.at >= 4 * DAY for a, b in pairwise(made))
    assert all(d.reason.startswith("new data ") and d.run for d in made)
    assert [r.same for r in replay(shop.project)] == [True] * 9


def test_a_canary_is_left_alone_and_judged_on_live_quality(shop: Shop) -> None:
    policy(shop, '{ new_data = "1 %" }', cooldown="1 day")
    add_release(shop.project, add_model(shop.project).ref, "canary")
    seen: list[str] = []
    for day in shop.days[:12]:
        shop.play(day)
        seen += kinds(tick(shop.project, shop.jobs))
        if "promoted" in seen:
            break
        assert shop.jobs.trained == 0
    assert "promoted" in seen
    assert any(d.reason.startswith("model:shop@2 is under way (canary)") for d in shop.project.store.decisions.list())
    (promoted,) = shop.project.store.events.list(kind="promoted")
    assert promoted.data["model"] == "model:shop@2"


def test_a_canary_that_its_pairs_speak_against_goes_nowhere_between_two_looks(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A live loop ticks each minute, pairs come once a window: what they said stands until they say something else."""
    policy(shop, '"decay"')
    canary = add_release(shop.project, add_model(shop.project).ref, "canary")
    doubt = asdict(Comparison("recall@20", 0.285, 0.3, -0.05, 0.02, -0.09, -0.01, 300, 200))
    monkeypatch.setitem(worker.HANDLERS, "pairs", lambda project, params: {"comparison": doubt})
    told = 0
    for day in shop.days[:12]:
        shop.play(day)
        told += kinds(tick(shop.project, shop.jobs)).count("doubtful")
        looks = sum(kind == "pairs" for kind, _ in shop.jobs.done)
        shop.at(day.end + 60_000_000)
        tick(shop.project, shop.jobs)
        if shop.project.store.releases.get(canary.id).status == "halted":
            break
        assert sum(kind == "pairs" for kind, _ in shop.jobs.done) == looks, "nothing new is known a minute later"
    found = shop.project.store.releases.get(canary.id)
    assert (found.status, found.stage, told) == ("halted", 0, 1)


@pytest.mark.parametrize(("kind", "built"), [("method", [False, True]), ("refit", [False])])
def test_where_another_method_is_refused_the_champion_s_recipe_is_fitted_anew(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, kind: str, built: list[bool]
) -> None:
    """It has to be better at the same age, while the champion grows older; and an alarm of decay calls once."""
    trained: list[bool] = []
    real = shop.jobs.run

    def run(job: str, params: Any, seconds: float) -> Any:
        if job == "train":
            trained.append("only" in params)
            return {**real(job, params, seconds), "kind": "refit" if trained[-1] else kind}
        if job == "release" and not trained[-1]:
            made = add_release(shop.project, params["model"], "refused", decision=params["decision"])
            return {"release": made.id, "status": made.status}
        return real(job, params, seconds)

    monkeypatch.setattr(shop.jobs, "run", run)
    policy(shop, '{ new_data = "1 rows" }')
    shop.play(shop.days[0])
    tick(shop.project, shop.jobs)
    tick(shop.project, shop.jobs)
    assert trained == built, "once for a decision"
    (decision,) = shop.project.store.decisions.list(action="retrain")
    champion = shop.project.endpoint().champion()
    assert decision.run and champion is not None
    assert champion.model == ("model:shop@3" if kind == "method" else "model:shop@1")


def test_beside_a_candidate_that_is_refused_for_a_gap_a_mitigated_one_is_built(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only one, though it is another method than the champion's: what is refused as it is mitigated is not mitigated again."""
    trained: list[Any] = []
    real, fair = shop.jobs.run, {"method": "own", "mitigate": {"method": "thresholds"}}

    def run(job: str, params: Any, seconds: float) -> Any:
        if job == "train":
            trained.append(params.get("only"))
            return {**real(job, params, seconds), "kind": "method" if "only" in params else "refit"}
        if job == "release":
            made = add_release(shop.project, params["model"], "refused", decision=params["decision"])
            return {"release": made.id, "status": made.status}
        return real(job, params, seconds)

    monkeypatch.setattr(shop.jobs, "run", run)
    monkeypatch.setattr(loop, "_mitigated", lambda scope, release: fair)
    policy(shop, '{ new_data = "1 rows" }')
    shop.play(shop.days[0])
    tick(shop.project, shop.jobs)
    assert trained == [None, fair]


def test_a_bad_canary_is_rolled_back(shop: Shop) -> None:
    policy(shop, '"decay"')
    bad = add_release(shop.project, add_model(shop.project).ref, "canary")
    for day in shop.days[:12]:
        shop.play(day, hits=lambda visit: 0 if int(visit.customer) % 2 else 12)
        if "rolled_back" in kinds(tick(shop.project, shop.jobs)):
            break
    assert shop.project.store.releases.get(bad.id).status == "rolled_back"
    champion = shop.project.store.releases.champion("shop")
    assert champion is not None and champion.model == "model:shop@1"


@pytest.mark.parametrize("trouble", [pytest.param("damaged", marks=pytest.mark.nightly), "too few requests"])
def test_a_canary_that_can_never_end_by_its_answers_does_not_stop_the_loop(shop: Shop, trouble: str) -> None:
    policy(shop, '{ new_data = "1 %" }', cooldown="1 day")
    project = shop.project
    model = add_model(project)
    stages = ({"share": 0.25, "span": 2 * DAY, "requests": 10_000}, {"share": 1.0, "span": 0, "requests": 0})
    canary = add_release(project, model.ref, "canary", stages=stages)
    if trouble == "damaged":
        path = project.artifacts.path(model.bundle)
        path.chmod(0o600)
        path.write_bytes(path.read_bytes() + b" ")
    for day in shop.days[:26]:
        shop.play(day)
        tick(project, shop.jobs)
        if shop.jobs.trained:
            break
    (halted,) = project.store.events.list(kind="halted")
    assert halted.subject == f"release:{canary.id}" and halted.data["reason"].startswith(trouble)
    assert shop.jobs.trained > 0, "it is free to train again"
    assert all(d.at >= halted.at for d in project.store.decisions.list(action="retrain"))
    assert all(r.same for r in replay(project))


def test_bad_data_does_not_stop_the_rest(shop: Shop) -> None:
    shop.jobs.fail["ingest"] = 1
    shop.play(shop.days[0])
    events = tick(shop.project, shop.jobs)
    assert kinds(events)[0] == "failed" and events[0].data["job"] == "ingest"
    assert events[0].subject == "dataset:sales"
    assert state_of(shop.project)["clock"] == shop.days[0].end
    rows = shop.project.store.datasets.get("sales").rows
    shop.play(shop.days[1])
    assert "failed" not in kinds(tick(shop.project, shop.jobs))
    assert shop.project.store.datasets.get("sales").rows == rows + sum(
        d.rows.unique(["invoice", "stock_code"]).filter(pl.col("price") >= 0).height for d in shop.days[:2]
    )


def test_what_fails_at_every_tick_is_told_when_it_begins_and_counted(shop: Shop) -> None:
    store, first = shop.project.store, shop.days[0].end

    def tell_of(n: int) -> list[str]:
        shop.at(first + n * DAY)
        return kinds(tick(shop.project, shop.jobs))

    shop.jobs.fail["ingest"] = 4
    assert [tell_of(n).count("failed") for n in (0, 1, 1, 2)] == [1, 0, 0, 0], "one tick is done twice"
    (job,), (event,) = store.jobs.list(status="failed"), store.events.list(kind="failed")
    assert (job.kind, job.times, job.started, job.ended) == ("ingest", 3, first, first + 2 * DAY)
    assert event.at == first and event.subject == job.subject == "dataset:sales"
    found = {part.key: part for part in status(shop.project, Health({"shop": "ok"})).parts}["decide"]
    assert found.code == "job_failed" and "3 times" in found.detail
    assert [("failed" in tell_of(n), bool(failing(shop.project.endpoint(), first + n * DAY))) for n in (3, 4, 5)] == [
        *((False, True), (False, True)),
        (False, False),
    ]
    shop.jobs.fail["ingest"] = 1
    assert "failed" in tell_of(6) and len(store.events.list(kind="failed")) == 2, "it begins anew"


def test_a_source_that_dries_up_is_told_once_an_episode(shop: Shop) -> None:
    """No file comes for two weeks; the clock alone makes the data stale. New rows end the episode, and another may begin."""
    store, first = shop.project.store, shop.days[0]
    shop.play(first)
    tick(shop.project, shop.jobs)
    assert stale_now(shop.project, shop.project.clock.now()) == {}
    told = []
    for n in range(1, 14):
        shop.at(first.end + n * DAY)
        told += [(n, e) for e in tick(shop.project, shop.jobs) if e.kind == "stale"]
        assert [e for e in tick(shop.project, shop.jobs) if e.kind == "stale"] == [], "a tick done again tells nothing"
        assert bool(stale_now(shop.project, shop.project.clock.now())) == (n >= 7)
    ((day, event),) = told
    latest = store.datasets.get("sales").time_max
    assert latest is not None and first.start <= latest < first.end
    assert (day, event.subject) == (7, f"dataset:sales@{store.datasets.get('sales').version}")
    assert event.data == {"latest": latest, "since": latest + 7 * DAY, "late_us": event.at - latest - 7 * DAY}
    assert store.events.list(kind="stale") == [event]
    later = shop.days[15]
    shop.play(later)
    assert "stale" not in kinds(tick(shop.project, shop.jobs)) and store.settings.get("stale") == {}
    shop.at(later.end + 8 * DAY)
    assert "stale" in kinds(tick(shop.project, shop.jobs))
    assert len(store.events.list(kind="stale")) == 2


def test_rows_that_come_in_late_do_not_begin_another_episode(shop: Shop) -> None:
    shop.at(shop.days[0].start + 20 * DAY)
    assert "stale" in kinds(tick(shop.project, shop.jobs))
    shop.drop(shop.days[0])  # newer than what was there, and still two weeks old
    assert "stale" not in kinds(tick(shop.project, shop.jobs))
    assert len(shop.project.store.events.list(kind="stale")) == 1


@pytest.mark.parametrize("change", [("schema:", "schema: ["), SQL_AT], ids=["no YAML", "a rule not available yet"])
def test_while_the_contract_cannot_be_read_what_was_stale_goes_on(shop: Shop, change: tuple[str, str]) -> None:
    store, contract = shop.project.store, shop.project.root / "contracts/sales.yaml"
    whole = contract.read_text()
    start = shop.days[0].start
    seen = []
    for n, text in enumerate([whole, whole.replace(*change), whole, whole]):
        contract.write_text(text)
        shop.at(start + (20 + n) * DAY)
        seen.append([e.kind for e in tick(shop.project, shop.jobs) if e.kind in ("stale", "failed")])
    assert seen[0] == ["stale"] and seen[1] and set(seen[1]) == {"failed"} and seen[2:] == [[], []]
    assert len(store.events.list(kind="stale")) == 1


def test_an_episode_that_a_contract_ended_may_begin_again_by_the_same_row(shop: Shop) -> None:
    store, contract = shop.project.store, shop.project.root / "contracts/sales.yaml"
    whole = contract.read_text()
    start = shop.days[0].start
    seen = []
    for n, text in enumerate([whole, whole.partition("slaProperties")[0], whole, whole]):
        contract.write_text(text)
        shop.at(start + (20 + n) * DAY)
        seen.append([e.kind for e in tick(shop.project, shop.jobs) if e.kind == "stale"])
    assert seen == [["stale"], [], ["stale"], []]
    assert len({e.data["since"] for e in store.events.list(kind="stale")}) == 1


def test_when_the_next_is_due(shop: Shop) -> None:
    policy(shop, '{ schedule = "0 3 * * *" }')
    now = shop.days[0].start
    assert to_iso(next_due(shop.project, now)) == to_iso(now + DAY), "a replay knows the ends of windows only"
    shop.project.store.settings.set("mode", None)
    assert next_due(shop.project, now) == now + 60_000_000
    assert next_due(shop.project, now + 3 * 3_600_000_000 - 1) == now + 3 * 3_600_000_000


def test_without_a_champion_it_waits(shop: Shop) -> None:
    champion = shop.project.store.releases.champion("shop")
    assert champion is not None
    shop.project.store.releases.update(champion.id, status="superseded")
    shop.at(shop.days[0].end)
    tick(shop.project, shop.jobs)
    (decision,) = shop.project.store.decisions.list()
    assert (decision.action, decision.code) == ("none", "unreleased")


def test_the_budget_counts_what_short_jobs_took(shop: Shop) -> None:
    """Training and gates, each a few seconds; in a replay nothing, so that a story is decided alike each time."""
    from tidemill.retrain.decide import Policy, decide
    from tidemill.retrain.evidence import gather
    from tidemill.store.records import Run

    store, now = shop.project.store, shop.project.clock.now()
    policy(shop, '{ new_data = "1 rows" }', cooldown="1 s")
    shop.play(shop.days[0])
    tick(shop.project, shop.jobs)
    decision = store.decisions.list(action="retrain")[-1]
    for pipeline, seconds in (("model", 9.0), ("release", 8.9)):
        cost = {"cpu_s": seconds, "wall_s": 20.0}
        store.runs.add(Run(f"run_{pipeline}", pipeline, "k", "done", "o", now, parent=decision.id, cost=cost))
    later = decision.at + DAY
    assert gather(shop.project.endpoint(), later, None)["attempts"][-1]["cpu_hours"] is None
    store.settings.set("mode", "live")
    with open_project(shop.project.root) as live:
        found = gather(live.endpoint(), later, None)
    assert found["attempts"][-1]["cpu_hours"] == 0.005
    found["rows"]["now"] += 5
    found["fresh"] = True
    limited = Policy(new_rows=1, cooldown=1, budget_cpu_s=18.0)
    assert decide(limited, found)[1].startswith("budget spent: 0.0050 of 0.0050 cpu-hours")
    assert decide(Policy(new_rows=1, cooldown=1, budget_cpu_s=19.0), found)[0] == "retrain"


def test_outcomes_that_name_another_subjects_prediction_are_told(shop: Shop) -> None:
    """Somebody's ids are mixed up: they count for none, and a person can see that."""
    policy(shop, '"drift"', '"decay"')
    shop.play(shop.days[0])
    owner = shop.project.live.predictions.get(shop.asked[0]).subject
    at = shop.days[0].end
    false = [
        Outcome(f"false{n}", at, f"not{owner}", "22423", 1.0, shop.asked[0], at, endpoint="shop") for n in range(3)
    ]
    shop.project.live.append((), false, ())
    shop.project.live.flush()
    (event,) = [e for e in tick(shop.project, shop.jobs) if e.kind == "subject_mismatch"]
    assert event.data["count"] == 3 and event.data["reason"].startswith("3 outcomes named a prediction of another")
    assert [shop.project.live.outcomes.look_up(o.key, "shop", "").how for o in false] == ["unattributed"] * 3  # type: ignore[union-attr]
    assert tick(shop.project, shop.jobs) == [], "told once"
    assert [e.id for e in shop.project.store.events.list(kind="subject_mismatch")] == [event.id]
    shop.project.live.append(
        (), [Outcome("false3", at, f"not{owner}", "22423", 1.0, shop.asked[0], at, endpoint="shop")], ()
    )
    shop.project.live.flush()
    (more,) = tick(shop.project, shop.jobs)
    assert (more.kind, more.at, more.data["count"]) == ("subject_mismatch", event.at, 1), (
        "others, though at the same moment"
    )
