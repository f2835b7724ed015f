"""The page in a real browser: quiet console, four sizes and lights, keyboard, live parts, hostile names, buttons, pictures."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import HERE, Site, Watched
from tests.tiers import both
from tests.web.story import ALARM, HOSTILE, NOW, prediction_id
from tidemill.scope.project import Project, open_project
from tidemill.store import records as r
from tidemill.types import HeldClock, named_id

pytestmark = pytest.mark.browser

PATHS = {
    "overview": "/",
    "role-data": "/as/data-engineer",
    "role-operator": "/as/devops",
    "role-owner": "/as/product-owner",
    "inbox": "/inbox",
    "ledger": "/ledger",
    "data": "/data",
    "data-version": "/data/sales/34",
    "runs": "/runs",
    "run": f"/runs/{named_id('run', '6')}?step=train",
    "run-failed": f"/runs/{named_id('run', '4')}",
    "models": "/models",
    "model": "/models/shop@6",
    "model-card": "/models/shop@6/card",
    "releases": "/releases",
    "release": f"/releases/{named_id('rel', '8')}",
    "release-held": f"/releases/{named_id('rel', '4')}",
    "experiments": "/experiments",
    "experiment": "/experiments/experiment_1",
    "live": "/live",
    "alarm": f"/alarms/{ALARM}",
    "predictions": "/predictions",
    "decisions": "/decisions",
    "decision": f"/decisions/{named_id('decision', '8')}",
    "trace": f"/trace?id={prediction_id()}",
    "events": "/events",
}
SIZES = [(light, *size) for light in ("light", "dark") for size in ((1280, 800), (390, 844))]
LOOKS = [
    pytest.param("light", 1280, 800, list(PATHS)[::2], id="light-1280-half"),
    pytest.param("dark", 390, 844, list(PATHS)[1::2], id="dark-390-half"),
    *(pytest.param(*size, list(PATHS), id=f"{size[0]}-{size[1]}-all", marks=pytest.mark.nightly) for size in SIZES),
]
"""Each page once each day, in the light of a desk or in the dark of a phone; by night all of them in each."""
KEPT = {"overview", "live", "models", "releases", "run", "trace"}
"""Pages whose picture goes into docs/images (TIDEMILL_SCREENSHOTS=1) as NAME.png; of the overview also NAME[-dark][-phone].png."""

CONTRAST = """() => {
  const parse = (c) => { const m = c.match(/[\\d.]+/g).map(Number); return m.length > 3 ? m : [...m, 1]; };
  const light = (c) => c.slice(0, 3).map(v => v / 255).map(v => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
    .reduce((a, v, i) => a + v * [.2126, .7152, .0722][i], 0);
  const ground = (e) => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor); if (c[3] > .99) return c; }
    return [255, 255, 255, 1]; };
  const bad = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const e = walk.currentNode.parentElement;
    if (!walk.currentNode.data.trim() || e.closest("svg, script, .unseen, .skip") || !e.getClientRects().length) continue;
    const a = light(parse(getComputedStyle(e).color)), b = light(ground(e));
    const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    if (ratio < 4.5) bad.push(`${ratio.toFixed(2)} ${walk.currentNode.data.trim().slice(0, 30)}`);
  }
  return [...new Set(bad)];
}"""

HIDE = """(hidden) => {
  Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
}"""

Opener = Callable[..., Watched]


def picture(name: str, light: str, width: int, tmp_path: Path) -> Path:
    """Where a screenshot goes: beside the documentation when they are made anew, else out of the way."""
    file = name + ("-dark" if light == "dark" else "") + ("-phone" if width < 500 else "") + ".png"
    if os.environ.get("TIDEMILL_SCREENSHOTS") == "1" and (
        name == "overview" or (name in KEPT and file == f"{name}.png")
    ):
        return HERE / "docs" / "images" / file
    return tmp_path / file


@pytest.mark.parametrize(("light", "width", "height", "names"), LOOKS)
def test_every_page_in_every_light(
    calm: Site, open_page: Opener, tmp_path: Path, light: str, width: int, height: int, names: list[str]
) -> None:
    w = open_page(calm, width, height, light)
    for name in names:
        path = PATHS[name]
        answer = w.go(path)
        assert answer.status == 200, path
        assert w.page.locator("main .card").count() > 0
        assert w.page.evaluate(CLOSE) == [], f"{name}: a card touches another"
        assert w.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{name} is wider than the screen"
        assert w.page.locator("h1").count() == 1
        assert w.page.locator("[id]").evaluate_all("all => all.length === new Set(all.map(e => e.id)).size"), name
        unnamed = "all => all.filter(e => !e.getAttribute('aria-label') || !e.querySelector('title')).length"
        assert w.page.locator("svg[role]").evaluate_all(unnamed) == 0, name
        assert w.page.evaluate(CONTRAST) == [], f"{name}: too little contrast"
        file = picture(name, light, width, tmp_path)
        file.parent.mkdir(parents=True, exist_ok=True)
        w.page.screenshot(path=str(file))
        assert file.stat().st_size > 10_000
        w.quiet()


def test_names_that_would_break_a_careless_page(hostile: Site, open_page: Opener) -> None:
    w = open_page(hostile)
    seen = 0
    for path in PATHS.values():
        assert w.go(path).status == 200, path
        assert w.page.locator("main script, main img").count() == 0, path
        assert w.page.locator("script").count() == 1
        text = w.page.inner_text("main")
        seen += "<script>alert('x')</script>" in text and "{{ 7*7 }}" in text
        assert "49" not in text.split("\"'><img src=x onerror=alert(1)>")[-1][:10]
        w.quiet()
    assert seen >= 8
    w.go("/trace?id=" + "%3Cscript%3Ealert(1)%3C/script%3E%22%27")
    assert w.page.input_value("#id") == "<script>alert(1)</script>\"'"
    assert w.go("/runs?before=%3Cscript%3E&step=%22").status == 404  # no such run
    assert w.page.locator("main script").count() == 0
    refusals(w, 404)


def test_every_section_by_keyboard(calm: Site, open_page: Opener) -> None:
    w = open_page(calm)
    key, page = w.page.keyboard, w.page
    focused = "() => document.activeElement.getAttribute('href') || document.activeElement.tagName"
    sections = ["/", "/inbox", "/data", "/runs", "/models", "/releases", "/live", "/decisions", "/trace"]
    w.go("/events")
    key.press("Tab")
    assert page.evaluate(focused) == "#main"
    assert page.locator(".skip").bounding_box()["y"] >= 0
    key.press("Tab")
    for section in sections:
        key.press("Tab")
        assert page.evaluate(focused) == section
    with page.expect_navigation():
        key.press("Enter")
    assert page.url == calm.url + sections[-1]
    w.go("/")
    key.press("Tab")
    key.press("Enter")
    for _ in range(page.locator(".roles a").count()):
        key.press("Tab")
    hrefs = []
    for _ in range(8):
        key.press("Tab")
        hrefs.append(page.evaluate("() => document.activeElement.getAttribute('aria-label')"))
    assert [text.split(":")[0] for text in hrefs] == [
        "Data",
        "Features",
        "Model",
        "Release",
        "Serve",
        "Monitor",
        "Feedback",
        "Decide",
    ]


def test_a_keyboard_alone_traces_a_prediction(calm: Site, open_page: Opener) -> None:
    w = open_page(calm)
    w.go("/predictions")
    link = w.page.locator("tbody a").first
    link.focus()
    with w.page.expect_navigation():
        w.page.keyboard.press("Enter")
    text = w.page.inner_text("main")
    assert "1. Known of the subject at that moment" in text and "3. Which rows weighed most" in text


def test_light_and_dark_are_chosen_and_kept(calm: Site, open_page: Opener) -> None:
    w = open_page(calm)
    w.go("/")
    button = w.page.get_by_role("button", name="Dark")
    ground = "() => getComputedStyle(document.body).backgroundColor"
    before = w.page.evaluate(ground)
    assert button.get_attribute("aria-pressed") == "false"
    button.click()
    dark = w.page.evaluate(ground)
    assert dark != before and button.get_attribute("aria-pressed") == "true"
    w.go("/live")
    assert w.page.evaluate(ground) == dark


def told(site: Site) -> Project:
    return open_project(site.root, clock=HeldClock(NOW))


def test_what_happens_appears_by_itself(calm: Site, open_page: Opener) -> None:
    w = open_page(calm)
    w.go("/")
    w.page.get_by_role("link", name="All that happened").focus()
    with told(calm) as project:
        name = named_id("event", "live")
        project.store.events.add(
            r.Event(name, NOW, "alarm", "model:shop@6", {"what": ["a flood of teapots"], "monitor": "drift"})
        )
    w.page.get_by_text("a flood of teapots").wait_for()
    assert w.page.evaluate("() => document.activeElement.textContent") == "All that happened"
    w.page.wait_for_function("() => document.documentElement.dataset.link === 'on'")


SIGNS = "() => [...document.querySelectorAll('.wheel .sign, .seal svg')].filter(e => e.getClientRects().length).length"
TONES = "() => new Set([...document.querySelectorAll('.wheel .bucket')].map(e => getComputedStyle(e).stroke)).size"


@pytest.mark.parametrize("width", both(390, 1280))
def test_without_the_server_nothing_is_said_to_be_all_right(calm: Site, open_page: Opener, width: int) -> None:
    w = open_page(calm, width)
    w.go("/")
    assert w.page.evaluate(SIGNS) == 9 and w.page.evaluate(TONES) > 1
    lost = w.page.get_by_role("alert").get_by_text("No connection.")
    assert not lost.is_visible()
    for seen in (".beat", ".about time"):
        assert w.page.locator(seen).is_visible()
    assert w.page.get_by_role("button", name="Log out").is_visible()
    w.page.context.set_offline(True)
    lost.wait_for()
    assert w.page.locator(".beat").inner_text() == "no connection"
    assert w.page.evaluate(SIGNS) == 0 and w.page.evaluate(TONES) == 1
    assert "Last known" in w.page.evaluate("() => getComputedStyle(document.querySelector('h1'), '::before').content")
    assert w.page.evaluate(CONTRAST) == []
    w.page.context.set_offline(False)
    lost.wait_for(state="hidden")  # the browser says that it is back: it is asked at once
    assert w.page.evaluate(SIGNS) == 9
    w.said[:] = [text for text in w.said if "ERR_INTERNET_DISCONNECTED" not in text]


def test_an_error_is_not_said_to_be_a_lost_connection(calm: Site, open_page: Opener) -> None:
    w = open_page(calm)
    w.go("/")
    w.page.route("**/*", lambda route: route.fulfill(status=500, body="{}"))
    alert = w.page.get_by_role("alert")
    alert.get_by_text("The server answers with an error.").wait_for()
    assert not alert.get_by_text("No connection.").is_visible()
    assert (w.page.locator(".beat").inner_text(), w.page.evaluate(SIGNS)) == ("an error", 0)
    w.page.unroute("**/*")
    w.page.evaluate("() => dispatchEvent(new Event('online'))")
    alert.get_by_text("The server answers with an error.").wait_for(state="hidden")
    refusals(w, 500)


def test_a_session_that_ended_is_said(calm: Site, open_page: Opener) -> None:
    w = open_page(calm)
    w.go("/live")
    w.page.context.clear_cookies()
    w.page.get_by_role("alert").get_by_text("The session has ended.").wait_for()
    refusals(w, 401)


@pytest.mark.parametrize("width", both(390, 1280))
def test_no_name_in_a_picture_leaves_it(hostile: Site, open_page: Opener, width: int) -> None:
    """As the browser measures it: the server only guesses how wide letters are."""
    w = open_page(hostile, width)
    out = """() => [...document.querySelectorAll('svg.picture:not(.graph) text')].filter(t => {
      const a = t.getBoundingClientRect(), b = t.closest('svg').getBoundingClientRect();
      return a.left < b.left - 1 || a.right > b.right + 1; }).map(t => t.textContent)"""
    for path in ("/live", "/data", "/data/sales/34", "/models", "/models/shop@6"):
        w.go(path)
        assert w.page.locator("svg.picture text").count() > 0
        assert w.page.evaluate(out) == [], path


CLOSE = """() => { const all = [...document.querySelectorAll('main .card')].map(e => e.getBoundingClientRect()).filter(b => b.height);
  return all.flatMap((a, i) => all.slice(i + 1).filter(b => a.left < b.right && b.left < a.right && a.top < b.bottom + 8 && b.top < a.bottom + 8
    || a.top < b.bottom && b.top < a.bottom && a.left < b.right + 8 && b.left < a.right + 8).map(b => [i, Math.round(b.top - a.bottom)])); }"""


@pytest.mark.nightly
def test_no_card_touches_another_on_a_wide_screen(calm: Site, open_page: Opener) -> None:
    """By night; each day of each page in one width: `test_every_page_in_every_light`."""
    w = open_page(calm, 1440)
    for path in PATHS.values():
        w.go(path)
        assert w.page.locator("main .card").count() > 0
        assert w.page.evaluate(CLOSE) == [], path


def test_a_line_of_a_figure_stays_in_its_card(calm: Site, open_page: Opener) -> None:
    w = open_page(calm, 390)
    w.go("/live")
    w.page.evaluate(HIDE, True)
    wide = """all => all.map(e => { e.innerHTML = "next at <time>30 Nov 2026 07:22 UTC</time>"; return e.scrollWidth > e.clientWidth; })"""
    found = w.page.locator(".figure .note").evaluate_all(wide)
    assert found and not any(found)


SMALLEST = 11  # CSS pixels: what a person reads without leaning forward
LETTERS = """() => [...document.querySelectorAll('svg.picture:not(.spark) text, svg.wheel text')]
  .filter(t => t.textContent.trim() && t.getClientRects().length).map(t => {
  const svg = t.closest('svg'), scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
  return [Math.round(parseFloat(getComputedStyle(t).fontSize) * scale * 10) / 10, t.textContent]; })"""
MARKS = """() => [...document.querySelectorAll('svg.lines, svg.bars, svg.strips, svg.intervals, svg.boxes')].map(s => {
  const box = s.getBoundingClientRect(); return [s.getAttribute('aria-label'), Math.round(box.width), Math.round(box.height)]; })"""


@pytest.mark.parametrize("width", [390, *both(2560, 1440)])
def test_every_picture_can_be_read(calm: Site, open_page: Opener, width: int) -> None:
    """Letters of no fewer pixels than a person reads, plots that are no strips, titles at every axis; nothing on another."""
    w = open_page(calm, width, 1_000)
    for path in ("/", "/live", "/data", "/data/sales/34", "/models", "/models/shop@6", PATHS["run"], "/releases"):
        w.go(path)
        assert [letter for letter in w.page.evaluate(LETTERS) if letter[0] < SMALLEST] == [], path
        for name, wide, high in w.page.evaluate(MARKS):
            assert wide >= (300 if width == 390 else 230) and high >= 60, (path, name, wide, high)
        untitled = "all => all.filter(s => s.querySelector('.tick') && !s.querySelector('.axis')).map(s => s.ariaLabel)"
        assert w.page.locator("svg.picture").evaluate_all(untitled) == [], path
    w.go(PATHS["decision"])
    cut = "all => all.filter(e => e.scrollWidth > e.clientWidth).length"
    assert w.page.locator(".wide, .facts").evaluate_all(cut) == 0, "a column is cut"
    w.go("/live")
    if width > 1_000:
        assert all(wide >= 480 for _, wide, _ in w.page.evaluate(MARKS))
    tops = (
        w.page.locator(".grid.two")
        .first.locator("> .card")
        .evaluate_all("all => all.map(e => Math.round(e.getBoundingClientRect().top))")
    )
    assert len(tops) == 7 and (width == 390 or [tops.count(top) for top in dict.fromkeys(tops)] == [2, 1, 1, 1, 2]), (
        "no card stands alone"
    )


def test_values_of_a_picture_by_pointer_and_by_keyboard(calm: Site, open_page: Opener) -> None:
    w = open_page(calm)
    w.go("/live")
    w.page.evaluate(HIDE, True)
    quality = w.page.locator("#quality svg.picture").first
    quality.focus()
    said = w.page.locator("#quality .readout")
    found = []
    for key in ("Home", "ArrowRight", "ArrowRight", "End"):
        w.page.keyboard.press(key)
        found.append(said.inner_text())
    assert len(set(found)) == 4 and "promoted" in found[0], found
    assert "recall@20" in found[-1] and ": 0." in found[-1], found
    cell = w.page.locator("svg.strips rect").first
    cell.hover()
    title = cell.locator("title").text_content()
    assert w.page.locator("svg.strips + .readout").inner_text() == title


def test_a_table_is_sorted_and_narrowed(calm: Site, open_page: Opener) -> None:
    w = open_page(calm)
    w.go("/models")
    w.page.evaluate(HIDE, True)
    table = w.page.locator(".wide table").first
    figures = "all => all.map(e => parseFloat(e.textContent)).filter(v => !isNaN(v))"
    head = table.get_by_role("button", name="recall@20")
    head.click()
    rising = table.locator("tbody td:nth-child(4)").evaluate_all(figures)
    assert rising == sorted(rising) and len(rising) > 3
    head.click()
    assert table.locator("tbody td:nth-child(4)").evaluate_all(figures) == rising[::-1]
    assert table.locator("th[aria-sort=descending]").count() == 1
    w.page.get_by_role("searchbox", name="Narrow the rows of Model versions").fill("shop@6")
    assert table.locator("tbody tr:visible").count() == 1


def test_on_a_phone_a_table_keeps_its_columns(calm: Site, open_page: Opener) -> None:
    """Each value under the name of its column, none beyond the edge of the screen."""
    w = open_page(calm, 390, 844)
    for path in ("/decisions?all=1", "/models", "/releases", "/predictions", "/events", "/data/sales/34"):
        w.go(path)
        beyond = "all => all.filter(e => e.getClientRects().length && e.getBoundingClientRect().right > innerWidth).map(e => e.textContent)"
        assert w.page.locator(".wide td").evaluate_all(beyond) == [], path
        named = "all => all.filter(e => !e.colSpan || e.colSpan === 1).every(e => e.dataset.column !== undefined)"
        assert w.page.locator(".wide td").evaluate_all(named), path
        assert w.page.locator(".wide").evaluate_all("all => all.every(e => e.scrollWidth <= e.clientWidth)"), path


def test_what_goes_on_beyond_its_edge_has_a_shadow(calm: Site, open_page: Opener) -> None:
    w = open_page(calm, 390, 844)
    w.go(PATHS["run"])
    w.page.evaluate(HIDE, True)  # no part is swapped between two pictures
    table = w.page.locator(".graph-box").first
    assert table.evaluate("e => e.scrollWidth > e.clientWidth")
    box = table.bounding_box()
    clip = {"x": box["x"] + box["width"] - 8, "y": box["y"] + 1, "width": 6, "height": 30}
    edge = "(colour) => document.documentElement.style.setProperty('--edge', colour)"

    def shadow_seen() -> bool:
        found = []
        for colour in ("rgb(200 0 0)", "transparent"):
            w.page.evaluate(edge, colour)
            found.append(w.page.screenshot(clip=clip))
        return found[0] != found[1]

    assert shadow_seen()
    table.evaluate("e => { e.scrollLeft = e.scrollWidth; }")
    assert not shadow_seen(), "at its end the edge is plain"


def test_nobody_looking_nothing_asked(calm: Site, open_page: Opener) -> None:
    w = open_page(calm)
    w.page.clock.install()
    w.go("/live")
    asked: list[str] = []
    w.page.on("request", lambda request: asked.append(request.url))
    with w.page.expect_response(lambda answer: answer.url.endswith("/live")):
        w.page.clock.run_for(2_100)
    w.page.evaluate(HIDE, True)
    before = len(asked)
    w.page.clock.run_for(60_000)
    assert len(asked) == before
    with w.page.expect_response(lambda answer: answer.url.endswith("/live")):
        w.page.evaluate(HIDE, False)


@pytest.mark.parametrize("paths", both(["/live", PATHS["run"]], list(PATHS.values())))
def test_without_script_every_page_is_whole(calm: Site, open_page: Opener, paths: list[str]) -> None:
    w = open_page(calm, java_script_enabled=False)
    for path in paths:
        assert w.go(path).status == 200
    w.go("/")
    assert "Needs a look." in w.page.inner_text("h1")
    assert w.page.get_by_role("button", name="Dark").count() == 0


def refusals(w: Watched, status: int) -> None:
    """Take out what chromium itself says about a page that was answered with an error, and nothing else."""
    assert w.said and all(f"status of {status}" in text for text in w.said), w.said
    w.said.clear()


def test_no_session_no_page(calm: Site, open_page: Opener) -> None:
    w = open_page(calm, login=False)
    address = calm.login()
    assert w.go("/live").status == 401
    assert w.page.inner_text("h1") == "Log in" and "tidemill login" in w.page.inner_text("main")
    refusals(w, 401)
    w.page.goto(address)
    assert w.page.inner_text("h1") == "Needs a look."
    cookie = next(c for c in w.page.context.cookies() if c["name"].startswith("tidemill_"))
    assert cookie["httpOnly"] and cookie["sameSite"] == "Strict"
    w.page.context.clear_cookies()
    assert w.page.goto(address).status == 401
    assert "used before" in w.page.inner_text("main")
    refusals(w, 401)


def test_what_is_not_there(calm: Site, open_page: Opener) -> None:
    w = open_page(calm, 390, 844)
    assert w.go("/models/shop@99").status == 404
    assert w.page.inner_text("h1") == "Not here"
    assert w.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "wider than a phone"
    assert w.go("/no/such/%3Cscript%3Ealert(1)%3C/script%3E").status == 404
    assert "<script>alert(1)</script>" in w.page.inner_text("main")
    refusals(w, 404)


def press(w: Watched, release: str, button: str, reason: str) -> None:
    """On the page of a release, or of this path."""
    w.go(release if release.startswith("/") else f"/releases/{release}")
    form = w.page.locator("form", has=w.page.get_by_role("button", name=button, exact=True))
    form.get_by_role("textbox").fill(reason)
    with w.page.expect_navigation():
        form.get_by_role("button").click()


def test_the_buttons(hostile: Site, open_page: Opener) -> None:
    """Changes its project: the last test of this site in the file."""
    w = open_page(hostile)
    canary, champion, before, held = (named_id("rel", n) for n in ("8", "6", "5", "4"))
    w.go(f"/releases/{canary}")
    w.page.evaluate("() => document.querySelectorAll('input[name=csrf]').forEach(i => i.value = 'x')")
    form = w.page.locator("form[action$=halt]")
    form.get_by_role("textbox").fill("because")
    with w.page.expect_navigation():
        form.get_by_role("button").click()
    assert "does not belong to your session" in w.page.inner_text("main")
    refusals(w, 403)

    press(w, f"/alarms/{ALARM}", "Close", HOSTILE)
    assert "Done: closed" in w.page.inner_text("main") and w.page.locator("form[action$=close]").count() == 0
    with told(hostile) as project:
        assert project.store.alarms.get(ALARM).ended == "by_hand"

    press(w, held, "Approve", HOSTILE)
    assert "Done: approved" in w.page.inner_text("main")
    with told(hostile) as project:
        assert project.store.releases.get(held).status == "canary"
        assert project.store.releases.get(canary).status == "halted"
    press(w, held, "Halt", "enough of it")
    assert "halted" in w.page.inner_text("h1")
    press(w, champion, "Roll back", "it hurts")
    assert "Done: rolled back" in w.page.inner_text("main")
    with told(hostile) as project:
        now = project.store.releases.champion("shop")
        assert now is not None and now.id == before
        assert project.store.releases.get(champion).evidence


def test_logging_out(calm: Site, open_page: Opener) -> None:
    w = open_page(calm)
    w.go("/")
    with w.page.expect_navigation():
        w.page.get_by_role("button", name="Log out").click()
    assert w.go("/").status == 401
    refusals(w, 401)


def test_a_table_is_exported(calm: Site, open_page: Opener, tmp_path: Path) -> None:
    w = open_page(calm)
    w.go("/releases")
    with w.page.expect_download() as waiting:
        w.page.get_by_role("link", name="Export as CSV").click()
    download: Any = waiting.value
    assert download.suggested_filename == "shop-releases.csv"
    download.save_as(tmp_path / "releases.csv")
    assert len((tmp_path / "releases.csv").read_text("utf-8").splitlines()) == 9


def test_a_model_card_is_printed_with_nothing_around_it(calm: Site, open_page: Opener) -> None:
    w = open_page(calm)
    w.go("/models/shop@6")
    with w.page.expect_navigation():
        w.page.locator("main a[href$='/card']").click()
    assert w.page.locator(".side").is_visible() and w.page.locator(".noprint").is_visible()
    w.page.emulate_media(media="print")
    assert not w.page.locator(".side").is_visible() and not w.page.locator(".noprint").is_visible()
    assert w.page.locator("article.sheet").is_visible()
    paper = w.page.pdf(format="A4", prefer_css_page_size=True)
    assert paper.startswith(b"%PDF") and len(paper) > 5_000
    w.quiet()
