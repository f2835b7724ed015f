"""Three people log in by name and password, each finishes three tasks on the page, and is refused three others."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.browser.conftest import Site, Watched, serve
from tests.browser.test_page import CONTRAST
from tests.web.story import ALARM, NOW, prediction_id, tell
from tidemill.access import passwords
from tidemill.scope.project import open_project
from tidemill.store.people import Password, Principal
from tidemill.types import HeldClock, named_id

pytestmark = pytest.mark.browser

WORD = "a long enough word for tests"
PEOPLE = {"dora": "data-protection-officer", "omar": "devops", "sara": "data-scientist", "adam": "administrator"}
CANARY, HELD = named_id("rel", "8"), named_id("rel", "4")
Opener = Callable[..., Watched]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The shop with four accounts."""
    root = tmp_path_factory.mktemp("people") / "shop"
    tell(root)
    with open_project(root, clock=HeldClock(NOW)) as project:
        for name, role in PEOPLE.items():
            one = Principal(named_id("principal", name), name, "person", (role,), NOW, display=name.capitalize())
            project.store.principals.add(one)
            project.store.passwords.put(Password(one.id, passwords.hashed(WORD), NOW))
    yield from serve(root)


@pytest.fixture
def as_(site: Site, open_page: Opener) -> Callable[..., Watched]:
    """Somebody who has logged in as a person does: by name and password, without a mouse."""

    def log_in(name: str, **more: Any) -> Watched:
        w = open_page(site, login=False, **more)
        w.go("/")
        assert w.page.evaluate(CONTRAST) == []
        assert w.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        key = w.page.keyboard
        w.page.get_by_label("Name").focus()
        key.type(name)
        key.press("Tab")
        key.type(WORD)
        with w.page.expect_navigation():
            key.press("Enter")
        w.page.get_by_text(name.capitalize(), exact=True).wait_for()
        w.said.clear()  # the page was asked for before the log-in: 401
        return w

    return log_in


def refused(w: Watched, path: str, permission: str, **fields: str) -> None:
    """A form that the page does not show, sent with its session's own mark, is refused with what is missing."""
    action = w.page.evaluate(
        """async ([path, fields]) => {
            const csrf = document.querySelector("[name=csrf]").value;
            const answer = await fetch(path, { method: "POST", redirect: "manual", body: new URLSearchParams({ csrf, ...fields }),
                                               headers: { accept: "text/html" } });
            return [answer.status, await answer.text()];
        }""",
        [path, fields],
    )
    assert action[0] == 403 and permission in action[1], action
    w.said[:] = [text for text in w.said if "403" not in text]


def not_let_in(w: Watched, path: str) -> None:
    """A page that is not in the navigation is not opened by its address either."""
    assert w.page.locator(f".nav a[href='{path}']").count() == 0
    assert w.go(path).status == 403
    w.said[:] = [text for text in w.said if "403" not in text]
    w.go("/")


def test_the_data_protection_officer(site: Site, as_: Callable[..., Watched]) -> None:
    w = as_("dora")
    page = w.page
    assert page.locator("h2").all_inner_texts() == ["Who was asked about?", "What is due?", "Who looked?"]
    # 1. What is kept of one person, back to its rows.
    page.get_by_role("link", name="Trace").click()
    page.locator("#id").fill(prediction_id())
    with page.expect_navigation():
        page.locator("#id").press("Enter")
    assert "1. Known of the subject at that moment" in page.inner_text("main")
    # 2. Who looked: it was herself, and of whom is said without a name.
    w.go("/")
    looked = page.get_by_role("region", name="Who looked?", exact=True)
    assert "dora" in looked.inner_text()
    asked = page.get_by_role("region", name="Who was asked about?", exact=True).inner_text()
    with open_project(site.root, clock=HeldClock(NOW)) as project:
        assert project.live.predictions.get(prediction_id()).subject not in asked
    # 3. The ledger holds.
    page.get_by_role("link", name="Ledger").click()
    page.get_by_role("link", name="Verify all of it").click()
    page.get_by_role("heading", name="It holds").wait_for()

    w.go(f"/releases/{CANARY}")
    assert page.get_by_role("button", name="Roll back").count() == 0
    w.go(f"/alarms/{ALARM}")
    assert page.get_by_role("button", name="Close").count() == 0
    refused(w, f"/releases/{CANARY}/rollback", "roll a release back", reason="x")
    refused(w, f"/alarms/{ALARM}/close", "close an alarm", reason="x")
    refused(w, "/me/view", "devops", view="devops")


def test_an_operator_on_a_phone_in_the_dark(as_: Callable[..., Watched]) -> None:
    w = as_("omar", width=390, height=844, light="dark")
    page = w.page
    assert page.locator("h2").all_inner_texts() == ["Is it up?", "What is due?", "What is slow?"]
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth") and page.evaluate(CONTRAST) == []
    # 1. The canary is paused.
    w.go(f"/releases/{CANARY}")
    page.get_by_label("Why pause?").fill("the disk is being changed")
    page.get_by_role("button", name="Pause").click()
    page.get_by_text("Done: paused.").wait_for()
    # 2. It goes on.
    page.get_by_label("Why resume?").fill("it is changed")
    page.get_by_role("button", name="Resume").click()
    page.get_by_text("Done: resumed.").wait_for()
    # 3. An alarm that waits in the inbox is closed.
    page.get_by_role("link", name="Inbox").click()
    page.locator(f"a[href='/alarms/{ALARM}']").first.click()
    page.get_by_label("Why close?").fill("new items came on purpose")
    page.get_by_role("button", name="Close").click()
    page.get_by_text("Done: closed.").wait_for()

    w.go(f"/releases/{HELD}")
    assert page.get_by_role("button", name="Approve").count() == 0
    refused(w, f"/releases/{HELD}/approve", "approve or reject a release", reason="x")
    not_let_in(w, "/trace")
    not_let_in(w, "/export/predictions")


def test_a_data_scientist_writes_to_the_operator_by_keyboard_alone(as_: Callable[..., Watched]) -> None:
    w = as_("sara")
    page, key = w.page, w.page.keyboard
    assert page.locator("h2").all_inner_texts() == ["Is it better?", "Where is it wrong?", "What is there to try?"]
    # 1. From the question to the version that it is about.
    link = page.get_by_role("region", name="Is it better?", exact=True).get_by_role("link", name="shop@8")
    link.focus()
    with page.expect_navigation():
        key.press("Enter")
    # 2. A comment on it, which names the operator.
    page.get_by_label("Write a comment").focus()
    key.type("@omar: this one needs 2 GB more")
    key.press("Tab")
    with page.expect_navigation():
        key.press("Enter")
    assert "this one needs 2 GB more" in page.locator("#comments").inner_text()
    # 3. The loop instead of the questions, which the page remembers.
    w.go("/")
    page.get_by_role("button", name="The loop").focus()
    with page.expect_navigation():
        key.press("Enter")
    assert page.locator("svg.wheel").count() == 1 and "?" not in page.url
    page.get_by_role("button", name="Log out").click()
    page.get_by_text("logged_out").wait_for()
    page.goto("about:blank")
    w.said[:] = [text for text in w.said if "401" not in text]  # the browser asks for an icon of its own
    again = as_("sara")
    assert again.page.locator("svg.wheel").count() == 1

    operator = as_("omar")
    operator.go("/inbox")
    operator.page.get_by_text("this one needs 2 GB more").wait_for()

    again.go(f"/releases/{CANARY}")
    assert again.page.get_by_role("button", name="Halt").count() == 0
    refused(again, f"/releases/{CANARY}/halt", "halt a release", reason="x")
    refused(again, f"/alarms/{ALARM}/close", "close an alarm", reason="x")
    not_let_in(again, "/trace")


def test_a_wrong_password_says_neither_what_was_wrong_nor_lets_in(site: Site, open_page: Opener) -> None:
    w = open_page(site, login=False)
    for name in ("dora", "nobody"):
        w.go("/")
        w.page.get_by_label("Name").fill(name)
        w.page.get_by_label("Password").fill("something else")
        w.page.get_by_role("button", name="Log in").click()
        w.page.get_by_text("the name or the password is wrong").wait_for()
    w.page.goto("about:blank")  # what the console had to say is said
    w.said[:] = [text for text in w.said if "401" not in text]


@pytest.mark.nightly
def test_an_administrator_gives_a_role_and_takes_it_away(as_: Callable[..., Watched]) -> None:
    """By night: the verbs behind it are tried each day by tests/ops/test_people.py, who may by tests/api/test_roles.py."""
    w = as_("adam")
    page = w.page
    page.get_by_role("link", name="People").click()
    assert page.evaluate(CONTRAST) == []
    card = page.get_by_role("region", name="Sara")
    card.get_by_text("Change").click()
    card.get_by_label("Product owner").check()
    card.get_by_role("button", name="Keep these roles").click()
    page.get_by_text("Done: their roles are as you said.").wait_for()
    assert "Product owner" in page.get_by_role("region", name="Sara").inner_text()
    own = page.get_by_role("region", name="Adam")
    own.get_by_text("Change").click()
    with page.expect_navigation():
        own.get_by_role("button", name="Disable adam").click()  # nobody would be left who manages people
    assert page.locator("h1").inner_text() == "Not now"
    w.said[:] = [text for text in w.said if "409" not in text]
    officer = as_("dora")
    officer.go("/people")
    assert officer.page.get_by_text("Change").count() == 0
    officer.go("/")
    refused(officer, "/people/sara/roles", "change and disable principals", **{"role.viewer": "1"})
