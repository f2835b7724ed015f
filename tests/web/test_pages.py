"""Pages over a real project, asked through the real server's application."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import os
import re
from collections.abc import Callable
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from msgspec import structs

from tests.serve.asking import Asker, alive
from tests.web.serving import app as make_app
from tests.web.story import ALARM, NOW, prediction_id
from tidemill import web
from tidemill.access import tokens as auth
from tidemill.config.sections import GoalSection
from tidemill.errors import NotFound
from tidemill.monitor import quality
from tidemill.ops import releases, snapshot
from tidemill.scope.project import Project
from tidemill.store import records as r
from tidemill.store.payloads import Look, ReleaseEvidence, Shadow
from tidemill.testing import records as sample
from tidemill.types import DAY, JsonObject, named_id
from tidemill.web.actions import csrf
from tidemill.web.app import PAGES, PULSE, Web
from tidemill.web.pages import trace
from tidemill.web.pages.live import JOINED
from tidemill.web.pages.models import beside
from tidemill.web.render import POLICY

ROOT = Path(web.__file__).parent
FIXED = [p.path for p in PAGES if "{" not in p.path]
OF_RECORDS = [
    "/data/sales/34",
    f"/runs/{named_id('run', '4')}?step=train",
    "/models/shop@6",
    f"/releases/{named_id('rel', '7')}",
    f"/decisions/{named_id('decision', '8')}",
    f"/trace?id={prediction_id()}",
    "/decisions?all=1",
    "/events?kind=alarm",
    "/models?metric=ndcg@10",
    "/live?days=30",
    f"/alarms/{ALARM}",
]


def asked(project: Project, work: Callable[[Asker], Any], scopes: tuple[str, ...] = ("read", "operate")) -> Any:
    async def main() -> Any:
        app = make_app(project)
        async with alive(app, auth.issue(project.store, "test", scopes)) as ask:
            return await work(ask)

    return asyncio.run(main())


def get(project: Project, path: str, **more: Any) -> Any:
    return asked(project, lambda ask: ask("GET", path, **more))


def test_a_project_with_nothing_has_every_page(empty: Project) -> None:
    async def work(ask: Asker) -> None:
        for path in FIXED:
            heard = await ask("GET", path)
            assert heard.status == 200, (path, heard.body[:300])
            assert heard.headers["content-security-policy"] == POLICY
        assert b"Nothing runs here yet." in (await ask("GET", "/")).body
        assert b"Nothing has happened yet: <code>tidemill run</code>" in (await ask("GET", "/")).body
        assert b"no time column" not in (await ask("GET", "/data")).body

    asked(empty, work)


def test_every_page_of_a_history(told: Project) -> None:
    async def work(ask: Asker) -> None:
        for path in [*FIXED, *OF_RECORDS]:
            heard = await ask("GET", path)
            assert heard.status == 200, (path, heard.body[:300])
            text = heard.body.decode()
            assert " style=" not in text and "<style" not in text and " onclick" not in text
            assert text.count("<script") == 1

    asked(told, work)


def test_what_the_overview_says(told: Project) -> None:
    text = get(told, "/").body.decode()
    assert "Needs a look." in text and "drift of new items, price this week" in text
    assert "shop@4 waits for approval" in text
    assert "Data: all right. 72," in text
    assert "Rolled back" in text and "Forced past the gates" in text


def test_a_policy_that_cannot_be_kept_to_is_on_the_overview(empty: Project) -> None:
    rule = '[approval.production]\nroles = ["ml-engineer"]\n'
    (empty.root / "policy.toml").write_text(rule)
    page = get(empty, "/").body.decode()
    assert "cannot be kept to" in page and "[approval.production]" in page
    (empty.root / "policy.toml").write_text("[approval.production")
    assert "Policy" in get(empty, "/").body.decode()


def test_the_ledger_says_who_has_no_account_and_what_to_type(empty: Project) -> None:
    empty.store.events.add(sample.event())
    page = get(empty, "/ledger").body.decode()
    assert "tidemill ledger head" in page and 'principal=-"' not in page


def test_the_people_page_says_how_somebody_is_added(empty: Project) -> None:
    assert "tidemill people add NAME" in get(empty, "/people").body.decode()


def test_the_goal_stands_where_people_decide(told: Project) -> None:
    goal = "revenue per visit; owner: head of the shop; a gain below 2 % is not worth a release"
    assert f"What it is for: <bdi>{goal}</bdi>" in get(told, "/").body.decode()
    (held,) = told.store.releases.list(status="held")
    text = get(told, f"/releases/{held.id}").body.decode()
    assert f"<bdi>{goal}</bdi>. No gate measures this" in text
    assert "<dt>Owner</dt><dd><bdi>head of the shop</bdi></dd>" in text
    ended = next(iter(told.store.releases.list(status="superseded")))
    text = get(told, f"/releases/{ended.id}").body.decode()
    assert "No gate measures this" not in text and "<dt>Least useful</dt><dd><bdi>2 %</bdi></dd>" in text
    plain = replace(told, config=structs.replace(told.config, goal=GoalSection(measure="<b>joy</b>")))
    assert "<bdi>&lt;b&gt;joy&lt;/b&gt;</bdi>" in get(plain, "/").body.decode()
    none = replace(told, config=structs.replace(told.config, goal=GoalSection()))
    assert "What it is for" not in get(none, "/").body.decode()


def test_a_loop_that_does_not_stay_up_is_said_on_the_overview(empty: Project) -> None:
    trouble = {"loop": {"crashes": 3, "since": "2011-01-01T00:00:00Z", "reason": "no room in the ark"}}
    up = {"pid": os.getpid(), "trouble": trouble}
    (empty.state / "up.json").write_text(json.dumps(up))
    page = get(empty, "/").body.decode()
    assert "Something is wrong." in page and "no room in the ark" in page and "ended 3 times" in page
    (empty.state / "up.json").write_text(json.dumps({**up, "trouble": {}}))
    assert "Something is wrong." not in get(empty, "/").body.decode()


@pytest.mark.parametrize(
    "path", ["/models/shop@99", "/runs/run_nothing", "/data/sales/99", "/data/none/1", "/releases/x", "/decisions/x"]
)
def test_what_is_not_there_says_so(told: Project, path: str) -> None:
    heard = get(told, path)
    assert heard.status == 404
    assert b"Not here" in heard.body and b"<main" in heard.body


def test_a_number_that_is_none(told: Project) -> None:
    assert get(told, "/releases?before=rel_9").status == 404
    assert get(told, "/data?sales_before=9999999999999").status == 400


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/events?kind=alram", "There is no kind 'alram', so it narrows nothing here; did you mean 'alarm'?"),
        ("/live?days=9", "There is no days '9'"),
        ("/models?metric=recall", "did you mean 'recall@20'?"),
        (f"/runs/{named_id('run', '6')}?step=trian", "did you mean 'train'?"),
    ],
)
def test_a_filter_that_is_none_is_told(told: Project, path: str, said: str) -> None:
    assert said in unescape(get(told, path).body.decode())
    plain = path.partition("?")[0]
    assert "There is no" not in get(told, plain).body.decode()


def test_every_route_needs_the_right_to_it(told: Project) -> None:
    release = named_id("rel", "8")
    web = Web(make_app(told).serving)
    gets = [route.path for route in web.handlers if route.method == "GET" and "{" not in route.path]
    posts = [route.path for route in web.handlers if route.method == "POST"]
    named = {
        "{release}": release,
        "{alarm}": ALARM,
        "{approval}": "approval_1",
        "{comment}": "comment_1",
        "{person}": "principal_1",
    }
    posts = [re.sub(r"{[a-z]+}", lambda found: named[found[0]], path) for path in posts]
    assert len(posts) == 15

    async def nobody(ask: Asker) -> None:
        for path in [*gets, *OF_RECORDS, "/static/tidemill.css", "/export/runs"]:
            assert (await ask("GET", path, token=None)).status == 401
        for path in posts:
            assert (await ask("POST", path, raw=b"", token=None)).status == 401

    async def reader(ask: Asker) -> None:
        for path in posts:
            assert (await ask("POST", path, raw=b"reason=x")).status == 403

    async def elsewhere(ask: Asker) -> None:
        for path in gets:
            assert (await ask("GET", path)).status == 403

    asked(told, nobody)
    asked(told, reader, ("read",))
    asked(told, elsewhere, ("predict", "feedback"))
    assert told.store.releases.get(release).status == "canary"


@pytest.mark.parametrize("path", [f"/releases/{named_id('rel', '8')}/halt", f"/alarms/{ALARM}/close"])
def test_a_form_without_its_mark_changes_nothing(told: Project, path: str) -> None:
    heard = asked(told, lambda ask: ask("POST", path, raw=b"csrf=0&reason=because"))
    assert heard.status == 403 and b"does not belong to your session" in heard.body
    assert told.store.releases.get(named_id("rel", "8")).status == "canary"
    assert told.store.alarms.get(ALARM).closed is None


def test_an_alarm_is_closed_on_its_page(told: Project) -> None:
    """By who may operate, with a reason; on the page is what it says, and its form until it is closed."""
    text = get(told, f"/alarms/{ALARM}").body.decode()
    assert f'action="/alarms/{ALARM}/close"' in text and "undecidable" in text
    assert f'href="/alarms/{ALARM}"' in get(told, "/live").body.decode()
    reading = asked(told, lambda ask: ask("GET", f"/alarms/{ALARM}"), ("read",)).body.decode()
    assert "/close" not in reading
    early = asked(told, lambda ask: ask("GET", f"/alarms/{ALARM}?done=close")).body.decode()
    assert 'class="notice ok"' not in early, "it is open, whatever the address says"

    async def close(ask: Asker) -> Any:
        (session,) = [t for t in told.store.tokens.list() if t.name == "test" and "operate" in t.scopes][-1:]
        form = urlencode({"csrf": csrf(session), "reason": "a fair was in town"}).encode()
        assert (await ask("POST", f"/alarms/{ALARM}/close", raw=form.partition(b"&")[0])).status == 400, "no reason"
        return await ask("POST", f"/alarms/{ALARM}/close", raw=form)

    done = asked(told, close)
    assert (done.status, done.headers["location"]) == (303, f"/alarms/{ALARM}?done=close")
    (event,) = told.store.events.list(kind="alarm_closed")
    assert (event.data["reason"], told.store.alarms.get(ALARM).ended) == ("a fair was in town", "by_hand")
    assert event.principal and "/close" not in get(told, f"/alarms/{ALARM}").body.decode()


def test_a_browser_without_a_session_is_told_how_to_log_in(told: Project) -> None:
    heard = get(told, "/", token=None, headers={"accept": "text/html,*/*"})
    assert heard.status == 401 and heard.headers["content-type"].startswith("text/html")
    assert b"tidemill login" in heard.body and b"/login?code=" in heard.body
    lost = get(told, "/nowhere", headers={"accept": "text/html"})
    assert lost.status == 404 and b"Not here" in lost.body
    program = get(told, "/", token=None)
    assert program.headers["content-type"] == "application/problem+json"


def test_the_pulse_sends_only_what_changed(told: Project) -> None:
    async def work(ask: Asker) -> None:
        first = (await ask("GET", "/", headers={PULSE.decode(): ""})).json
        assert set(first["fragments"]) == {"live_answer", "live_endpoints", "live_wheel", "live_figures", "live_week"}
        assert (await ask("GET", "/", headers={PULSE.decode(): first["stamp"]})).status == 204
        told.store.events.add(
            r.Event("event_new", NOW, "alarm", "model:shop@6", {"what": ["price fell"], "monitor": "drift"})
        )
        again = await ask("GET", "/", headers={PULSE.decode(): first["stamp"]})
        assert again.status == 200 and "price fell" in again.json["fragments"]["live_week"]
        assert len(again.body) < 40_000

    asked(told, work)


def test_each_live_part_is_a_block_of_its_page(told: Project) -> None:
    async def work(ask: Asker) -> None:
        for path in [*FIXED, *OF_RECORDS]:
            page = (await ask("GET", path)).body.decode()
            parts = (await ask("GET", path, headers={PULSE.decode(): "?"})).json["fragments"]
            for name, html in parts.items():
                assert f'data-live="{name}"' in page, (path, name)
                assert html in page, (path, name)
            assert page.count("data-live=") == len(parts), path

    asked(told, work)


def test_static_files_are_named_by_what_is_in_them(told: Project) -> None:
    page = get(told, "/").body.decode()
    address = page.partition('href="/static/tidemill.css')[2].partition('"')[0]
    found = get(told, f"/static/tidemill.css{address}")
    assert found.status == 200 and "immutable" in found.headers["cache-control"]
    assert found.headers["content-type"] == "text/css; charset=utf-8"
    assert get(told, "/static/app.py").status == 404


def test_a_list_of_many_is_walked_by_key(empty: Project) -> None:
    one = r.Prediction("", "shop", 0, "7", "model:shop@1", "rel_1", "champion", b'{"items":["a"]}', b"{}", 0, 9)
    empty.live.append([replace(one, id=f"pred_{i:06}", at=NOW - i // 2) for i in range(2_500)], [], [])
    empty.live.flush()

    async def work(ask: Asker) -> list[str]:
        path, seen = "/predictions", []
        while path:
            text = (await ask("GET", path)).body.decode()
            rows = [part.partition('"')[0] for part in text.split("/trace?id=")[1:]]
            assert len(rows) <= 25
            seen += rows
            older = text.partition('" rel="next"')[0].rpartition('href="')[2] if 'rel="next"' in text else ""
            path = older.replace("&amp;", "&")
        return seen

    seen = asked(empty, work)
    assert len(seen) == len(set(seen)) == 2_500
    rows = list(csv.DictReader(io.StringIO(get(empty, "/export/predictions").body.decode())))
    assert [row["id"] for row in rows] == seen
    assert rows[0]["at"].startswith("2011-06-20T09:")


def test_every_way_of_joining_is_counted_among_the_outcomes(empty: Project) -> None:
    ways = ("id", "subject", "", "unattributed", "revokes")
    empty.live.append([], [sample.outcome(f"o{n}", how=how) for n, how in enumerate(ways)], [])
    empty.live.flush()
    text = get(empty, "/live").body.decode()
    assert "5 in all" in text and "taken back <b>1</b>" in text
    assert set(JOINED) == set(ways)


def test_every_table_can_be_exported(told: Project) -> None:
    for table, least in (
        ("runs", 39),
        ("events", 20),
        ("decisions", 120),
        ("models", 8),
        ("releases", 8),
        ("versions/sales", 34),
        ("drift", 120),
        ("quarantine/sales@34", 3),
        ("profile/sales@34", 3),
        (f"history/{prediction_id()}", 9),
        (f"reasons/{prediction_id()}", 20),
    ):
        heard = get(told, f"/export/{table}")
        rows = list(csv.DictReader(io.StringIO(heard.body.decode())))
        assert len(rows) >= least, table
        assert heard.headers["content-disposition"].startswith("attachment")
    for none in ("tokens", "quarantine", "quarantine/sales", "quarantine/sales@99", "history/pred_none"):
        assert get(told, f"/export/{none}").status == 404, none


def test_a_trace_names_the_places_and_says_what_it_leaves_out(told: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    path = f"/trace?id={prediction_id()}"
    text = get(told, path).body.decode()
    assert "data/sales/2011-04.parquet</bdi></td>" in text and "live, not in a file yet" in text
    assert "data/sales/2011-04.parquet</bdi>, row 44</span>" in text, "a row that weighs is named by its place too"
    assert "<p>9 rows</p>" in text and f"/export/history/{prediction_id()}" in text
    monkeypatch.setattr(trace, "ROWS", 4)
    text = get(told, path).body.decode()
    assert "the last 4 of 9 rows" in text and "Export all 9 rows as CSV" in text
    rows = list(csv.DictReader(io.StringIO(get(told, f"/export/history/{prediction_id()}").body.decode())))
    assert [row["path"] for row in rows][:2] == ["data/sales/2011-09.parquet", "data/sales/2011-08.parquet"]


def test_an_alarm_is_told_with_what_has_been_judged_since(told: Project) -> None:
    """When it was raised 41 answers were judged; whether it hurts is asked anew each time somebody looks."""
    first = told.store.events.page(kind="alarm", limit=6)[-1]
    assert first.data["hurts"]["words"].endswith("over 41 answers, promised 0.296 or more")
    since = [w for w in told.store.windows.list(endpoint="shop", monitor="quality") if w.start >= first.data["since"]]
    text = get(told, "/live").body.decode()
    assert f"over {sum(w.n for w in since)} answers" in text and "over 41 answers" not in text


def test_the_command_line_says_of_alarms_what_the_page_says(told: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the labels of now: one that was opened before any came is affected, or not, all the same."""
    from click.testing import CliRunner

    from tidemill.cli.decisions import alarms

    waiting = [a for a in told.store.alarms.list() if a.hurts == "not known yet"]
    assert waiting
    monkeypatch.setattr(quality, "hurts", lambda *_: {"answer": "perhaps", "words": "by the labels of now"})
    said = CliRunner().invoke(alarms, ["--project", str(told.root)]).output
    assert said.count("perhaps") == len([a for a in told.store.alarms.list() if a.hurts != "yes"]) > 0
    assert "by the labels of now" in get(told, "/live").body.decode()


def test_roads_of_a_verdict(told: Project) -> None:
    text = get(told, f"/releases/{named_id('rel', '8')}").body.decode()
    assert "minimum detectable change 2.9 %" in text and "underpowered: 0.301 against 0.312" in text
    assert f"/releases/{named_id('rel', '8')}/halt" in text and "/approve" not in text
    assert "/approve" in get(told, f"/releases/{named_id('rel', '4')}").body.decode()
    only = asked(told, lambda ask: ask("GET", f"/releases/{named_id('rel', '4')}"), ("read",))
    assert b"/approve" not in only.body


def test_quarantine_shows_the_rows_and_why(told: Project) -> None:
    text = get(told, "/data/sales/34").body.decode()
    assert "REGENCY CAKESTAND" in text and "duplicate (invoice, stock_code)" in text and "price is not above 0" in text
    assert "Values of price" in text


def test_a_model_beside_its_baselines_and_its_card(told: Project) -> None:
    text = get(told, "/models/shop@6").body.decode()
    assert ">0.203 <" in text and "0.172 to 0.234" in text and ">0.045<" in text
    assert 'href="/models/shop%406/card"' in text and "visible" not in text


def test_each_part_of_a_model_s_page_is_in_its_line_of_anchors(told: Project) -> None:
    text = get(told, "/models/shop@6").body.decode()
    line = text.split('aria-label="On this page">')[1].split("</nav>")[0]
    named = re.findall(r'href="#([\w-]+)"', line)
    there = re.findall(r'<h2 id="([\w-]+)"', text)
    assert set(named) == set(there) and len(named) >= 5


def test_what_may_leak_is_shown_with_its_picture_and_decided_where_it_is_held(told: Project) -> None:
    text = get(told, "/models/shop@6").body.decode()
    assert "may leak" in text and "cents says what pounds says" in text and "share of yes by refund" in text
    release = told.store.releases.list(status="champion")[0]
    waits = replace(release.evidence, waits=("leakage",))
    held = replace(
        release, id=named_id("rel", "held"), model="model:shop@6", status="held", previous=release.id, evidence=waits
    )
    told.store.releases.add(held)
    text = get(told, f"/releases/{held.id}").body.decode()
    assert "share of yes by refund" in text and "cents" not in text and "approve with the reason" in text
    assert f'action="/releases/{held.id}/approve"' in text


def test_figures_beside_one_another_have_the_same_decimals(told: Project) -> None:
    model = replace(told.store.models.get("model:shop@6"), version=99)
    gain = {"mean": 0.0094, "low": 6.9e-4, "high": 0.018, "visible": 0.0123}
    metrics = {
        "above": {"popularity": {"recall@20": gain}},
        "baselines": {"popularity": {"recall@20": [0.31, 0.3, 0.32]}},
    }
    told.store.models.add(replace(model, metrics={**model.metrics, **metrics}))
    text = get(told, "/models/shop@99").body.decode()
    assert ">0.310<" in text and ">0.009 <" in text and "0.001 to 0.018" in text and ">0.012<" in text


def test_an_error_is_better_by_what_it_is_smaller() -> None:
    gain = {"mean": -0.051, "low": -0.082, "high": -0.021, "visible": 0.044}
    (row,) = beside(
        {"above": {"constant": {"log_loss": gain}}, "baselines": {"constant": {"log_loss": [0.69, 0.68, 0.7]}}}
    )
    assert (row["mean"], row["low"], row["high"]) == ("0.051", "0.021", "0.082")


def test_latency_by_answer_has_whole_ticks_and_its_own_legend(empty: Project) -> None:
    one = r.Prediction("", "shop", 0, "7", "model:shop@1", "rel_1", "champion", b'{"items":["a"]}', b"{}", 0, 9)
    empty.live.append([replace(one, id=f"pred_{i}", at=NOW - i, latency_us=500 + i // 7) for i in range(9)], [], [])
    empty.live.flush()
    text = get(empty, "/live").body.decode()
    assert "Latency of the last answers" in text and "of the last 9 answers, handled" in text
    assert ">p99</li>" not in text and ">2.5</text>" not in text and "answers that took so long" in text


def test_a_time_that_is_not_known_and_a_list_of_nothing_are_said_to_be_so(empty: Project) -> None:
    """An answer of a batch takes no time in the server; rules may leave none of the items."""
    one = r.Prediction("pred_1", "shop", NOW, "7", "model:shop@1", "rel_1", "champion", b'{"items":[]}', b"{}", 0, 0)
    empty.live.append([one], [], [])
    empty.live.flush()
    for path in ("/live", "/predictions"):
        text = get(empty, path).body.decode()
        assert "<bdi>nothing</bdi>" in text and '<td class="num">–</td>' in text
    assert "0 µs" not in get(empty, "/live").body.decode()


def test_a_test_whose_first_window_is_open_says_so(empty: Project) -> None:
    terms = {"metric": "recall@20", "effect": 0.05, "alpha": 0.05}
    empty.store.experiments.add(sample.experiment("experiment_1", started=NOW, **terms))
    text = get(empty, "/experiments/experiment_1").body.decode()
    assert "no window has closed yet" in text and "<td>0</td><td>–</td>" in text


def test_what_answers_a_share_ends_there(told: Project) -> None:
    from tidemill.web.charts.rollout import track

    stage = {"share": 0.05, "salt": "holdout/shop", "span": 0}
    for status in ("arm", "holdout", "replaced"):
        held = sample.release(status=status, stages=(stage,), stage=0, started=NOW)
        assert "5 %" in str(track(held, NOW)) and "100 %" not in str(track(held, NOW)), status
    assert "100 %" in str(track(sample.release(status="canary", stages=({"share": 0.05, "span": 0},)), NOW))


def test_every_mark_of_a_legend_has_its_colour() -> None:
    """What a rule of the pictures paints is black in a legend that no rule names."""
    drawn = {
        found
        for file in (ROOT / "templates").glob("*.html")
        for key in re.findall(r'<ul class="key">.*?</ul>', file.read_text(), re.S)
        for found in re.findall(r'<(?:rect|circle|path) class="([\w-]+)[ "]', key)
        if not found.startswith("level-")  # coloured wherever they stand
    }
    sheet = (ROOT / "static" / "tidemill.css").read_text()
    assert drawn and [name for name in drawn if not re.search(rf"\.key \.{name}\b", sheet)] == []


def test_an_answer_of_a_table_is_told_in_words(empty: Project) -> None:
    output = json.dumps({"value": True, "probability": 0.82654453, "probabilities": {"false": 0.17, "true": 0.83}})
    one = r.Prediction("pred_1", "shop", NOW, "", "model:shop@1", "rel_1", "champion", output.encode(), b"{}", 0, 9)
    empty.live.append([one], [], [])
    empty.live.flush()
    text = unescape(get(empty, "/predictions").body.decode())
    assert "value true, probability 0.82654453, probabilities false 0.170, true 0.830" in text


def test_a_damaged_card_is_said_and_not_shown(told: Project) -> None:
    model = told.store.models.get("model:shop@6")
    assert model.card is not None
    path = told.artifacts.path(model.card)
    path.chmod(0o600)
    path.write_bytes(b"other bytes")
    assert get(told, "/models/shop@6").status == 200
    heard = get(told, "/models/shop@6/card")
    assert heard.status == 500 and b"other bytes" not in heard.body and b"damaged" in heard.body.lower()


def test_json_of_a_program_is_not_a_page(told: Project) -> None:
    heard = get(told, "/models/shop@99", headers={PULSE.decode(): "1"})
    assert heard.status == 404 and json.loads(heard.body)["code"] == "not_found"


def test_a_stage_runs_with_the_clock(told: Project) -> None:
    from tidemill.web.charts.rollout import track

    release = told.store.releases.get(named_id("rel", "8"))
    early, late = str(track(release, release.stage_since)), str(track(release, release.stage_since + DAY))
    assert early != late


def test_a_prediction_that_cannot_be_traced_is_shown_with_the_reason(
    told: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(project: Project, prediction: str) -> JsonObject:
        raise NotFound("no model version 'shop@1'")

    monkeypatch.setattr(trace, "_traced", lost)
    reply = get(told, f"/trace?id={prediction_id()}")
    assert reply.status == 200
    text = reply.body.decode()
    assert prediction_id() in text and "no model version" in text


def test_a_total_over_a_large_table_is_counted_seldom(told: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a clock that only counting moves: what took a second is not counted again for many."""
    clock, counted = [0.0], []

    def count() -> dict[str, int]:
        clock[0] += 1.0
        counted.append(clock[0])
        return {"id": 3_000_000}

    monkeypatch.setattr(told.live.outcomes, "count", count)
    monkeypatch.setattr(snapshot, "monotonic", lambda: clock[0])
    for path in ("/", "/live", "/"):
        assert get(told, path).status == 200
    assert len(counted) == 1
    clock[0] += 1_000.0
    assert "3,000,000 in all" in get(told, "/live").body.decode() and len(counted) == 2


def test_a_total_over_a_small_table_is_never_an_old_one(told: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """However long it took on a machine with much to do."""
    clock, rows = [0.0], [7]

    def count() -> dict[str, int]:
        clock[0] += 1.0
        return {"id": rows[0]}

    monkeypatch.setattr(told.live.outcomes, "count", count)
    monkeypatch.setattr(snapshot, "monotonic", lambda: clock[0])
    assert "7 in all" in get(told, "/live").body.decode()
    rows[0] = 8
    assert "8 in all" in get(told, "/live").body.decode()


def test_every_outcome_is_in_one_of_the_parts_that_the_live_page_names(
    told: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts = {"": 11, "id": 1_300, "revokes": 170, "subject": 190, "unattributed": 23}
    monkeypatch.setattr(told.live.outcomes, "count", lambda: counts)
    key = get(told, "/live").body.decode().partition('id="oh"')[2].partition("</ul>")[0]
    assert f"{sum(counts.values()):,} in all" in key
    assert sorted(re.findall(r"<b>([\d,]+)</b>", key)) == sorted(f"{n:,}" for n in counts.values())


def test_what_moved_is_drawn_over_what_the_champion_was_trained_on(told: Project) -> None:
    """The columns of the last alarm first; each bin says both shares."""
    text = get(told, "/live").body.decode()
    assert "the window of 17 Jun 2011 over what" in text
    drawn = re.findall(r'aria-label="([^"]+), trained on and now"', text)
    assert len(drawn) == 4 and set(drawn[:2]) == {"new items", "price"}
    assert re.search(r"<title>d: trained on 23 %, this window 27\.\d %</title>", text)


def test_what_was_asked_is_drawn_beside_earlier_windows(told: Project) -> None:
    """A strip a column, what moved over the model's earlier windows, and how many values were missing or unknown."""
    text = get(told, "/live").body.decode().partition('id="requests"')[2].partition("</section>")[0]
    assert "Requests by column and window" in text
    drawn = re.findall(r'aria-label="([^"]+), earlier and now"', text)
    assert set(drawn) == {"rows known of the subject", "popularity of answers"}
    assert re.search(r"<title>below 1: earlier \d+\.?\d* %, this window \d+\.?\d* %</title>", text)
    assert "was missing in" in text and "was unknown in" in text
    assert get(told, "/export/requests").body.startswith(b"endpoint,monitor,start")


def test_calibration_is_drawn_by_window(told: Project) -> None:
    """Of two labels the second: what was told on average, and how often it came true, with its interval as a band."""
    text = get(told, "/live").body.decode().partition('id="calibration"')[2].partition("</section>")[0]
    assert re.findall(r'aria-label="Calibration of (\w+) by window"', text) == ["yes"]
    assert "yes: told on average" in text and "yes: came true" in text
    assert 'class="band"' in text and "share of answers (%)" in text
    for window in told.store.windows.list(endpoint="shop", monitor="quality"):
        figures = {k: v for k, v in window.data.figures.items() if k != "calibration"}
        told.store.windows.put(replace(window, data=replace(window.data, figures=figures)))
    assert 'id="calibration"' not in get(told, "/live").body.decode(), "nothing of nothing"


def test_a_candidate_in_shadow_says_how_far_it_is(told: Project) -> None:
    name = named_id("rel", "4")
    look = Look(NOW - DAY, 155, "not_enough_data", "not decided against model:shop@6: +0.4 %", 0.004, 0.02, "sha256:d")
    dark = Shadow("refit", "recall@20", NOW - 10 * DAY, NOW + 18 * DAY, 233, (look,))
    told.store.releases.update(name, status="shadow", evidence=ReleaseEvidence(shadow=dark))
    for path in ("/releases", f"/releases/{name}"):
        shown = unescape(get(told, path).body.decode())
        assert "looked at 1 time" in shown and "looked at next at 233" in shown, path
    gone = replace(told.store.releases.get(name), endpoint="gone")
    assert releases.pairs_of(told, gone) is None, "an endpoint that tidemill.toml does not name any more"
    assert "155 pairs" in shown and look.said in shown and f'action="/releases/{name}/halt"' in shown
