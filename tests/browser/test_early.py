"""What is pressed before the scripts of a page are there, and what a press on a card may not do besides."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Desk
from tests.browser.firm import Firm
from tests.browser.steps import text_of, toast


@contextmanager
def without_scripts(page: Page, url: str) -> Iterator[None]:
    """The page as it stands before its own scripts have come; at the end they come."""
    waiting: list[Route] = []
    page.route("**/static/**/js/main.js", lambda route: waiting.append(route))  # noqa: PLW0108  # the library marks what it is given
    with page.expect_request("**/static/**/js/main.js"):
        page.goto(url, wait_until="commit")
    expect(page.locator("dialog#question")).to_be_attached()
    assert len(waiting) == 1
    yield
    waiting[0].continue_()
    page.unroute("**/static/**/js/main.js")


def test_taking_back_that_is_pressed_before_the_scripts_are_there_is_done_once_they_are(desk: Desk, firm: Firm) -> None:
    (deal,) = firm.make("deal", {"name": "Зарано", "stage": firm.stage("lead")})
    firm.remove("deal", deal)
    page = desk(alone=True)
    line = page.get_by_role("row").filter(has_text="Зарано")
    with without_scripts(page, "/recycle/?entity=deal"):
        line.get_by_role("button", name="Take back: Зарано").click()
    expect(line.get_by_role("link", name="Open")).to_be_visible()
    assert "/recycle/" in page.url
    assert firm.stored("deal", deal)["name"] == "Зарано"


def test_a_question_is_asked_though_it_is_pressed_before_the_scripts_are_there(desk: Desk) -> None:
    page = desk("Vasyl", alone=True)
    with without_scripts(page, "/deal/"):
        page.locator("form[action='/sign-out-everywhere'] button").evaluate("button => button.click()")
        page.wait_for_timeout(200)
        assert page.url.endswith("/deal/")
    question = page.get_by_role("dialog").filter(has_text="Sign out on all devices")
    question.get_by_role("button", name="Cancel").click()
    page.goto("/deal/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Deals")


def test_a_link_of_a_list_needs_no_scripts(desk: Desk, firm: Firm) -> None:
    (deal,) = firm.make("deal", {"name": "Аарон", "stage": firm.stage("lead")})
    page = desk(alone=True)
    with without_scripts(page, "/deal/?sort=name"):
        page.get_by_role("link", name="Аарон", exact=True).click(no_wait_after=True)
        page.wait_for_url(re.compile(rf"/deal/{deal}/$"), wait_until="commit")
        return


def test_removing_on_a_card_leads_to_the_list_and_never_back_to_the_page_before(desk: Desk, firm: Firm) -> None:
    deals = firm.make("deal", *({"name": f"Геть {n}", "stage": firm.stage("lead")} for n in range(2)))
    page = desk(alone=True)
    page.goto("/account/")
    # The answer takes its time, as on a busy server: whatever else the press set off would come first.
    answered = threading.Event()
    page.route("**/deal/remove", lambda route: (answered.wait(0.5), route.continue_())[1])
    gone: list[str] = []
    page.on("framenavigated", lambda frame: gone.append(frame.url))
    for deal in deals:
        page.goto(f"/deal/{deal}/")
        gone.clear()
        page.get_by_role("button", name="More actions").click()
        page.get_by_role("button", name="Remove", exact=True).click()
        page.get_by_role("dialog").get_by_role("button", name="Remove").click()
        page.wait_for_url(re.compile(r"/deal/$"))
        assert text_of(toast(page, "1 record removed.").first).startswith("1 record removed.")
        assert [url for url in gone if not url.endswith("/deal/")] == []
