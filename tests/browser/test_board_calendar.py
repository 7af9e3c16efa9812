"""The calendar of deals: moved by keys, by the menu of a phone and by dragging; the forecast by months beside it."""

from datetime import date, timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.browser import accessibility
from tests.browser.conftest import Desk
from tests.browser.firm import Firm

DAY = date(2031, 5, 14)  # far from the firm's own


def expected(firm: Firm, name: str, day: date = DAY) -> int:
    return firm.make("deal", {"name": name, "stage": firm.stage("proposal"), "amount": 900_000, "expected_on": day, "owner": firm.people["Mykola"]})[0]


def item(page: Page, day: date, name: str) -> None:
    expect(page.locator(f"[data-day='{day}']").get_by_role("link", name=name, exact=True)).to_be_visible()


@pytest.mark.parametrize(("language", "width", "theme"), [("en", 1280, "light"), ("uk", 390, "dark")])
def test_the_calendar_is_accessible_and_a_deal_moves_by_keys_and_by_its_menu(firm: Firm, desk: Desk, language: str, width: int, theme: str) -> None:
    deal = expected(firm, "Дах")
    page = desk("Mykola", language=language, width=width, theme=theme)
    page.goto("/board/deal/calendar?from=2031-05")
    item(page, DAY, "Дах")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing scrolls sideways"
    if width > 760:
        page.get_by_role("link", name="Дах", exact=True).focus()
        page.keyboard.press("Shift+ArrowRight")
        item(page, DAY + timedelta(days=1), "Дах")
        expect(page.get_by_role("link", name="Дах", exact=True)).to_be_focused()
        expect(page.locator("[data-board-status]")).to_have_text("“Дах” moved to “15 May”.")
        page.locator(f".b-cal-item[data-id='{deal}']").drag_to(page.locator(f"[data-day='{DAY + timedelta(days=7)}'] [data-items]"))
        item(page, DAY + timedelta(days=7), "Дах")
        expect(page.locator("[data-board-status]")).to_have_text("“Дах” moved to “21 May”.")  # the card stands there before it is saved
        assert firm.stored("deal", deal)["expected_on"] == DAY + timedelta(days=7)
    else:
        assert accessibility.check(page) == []  # at a desk's width too
        page.set_viewport_size({"width": width, "height": 900})
        page.get_by_role("button", name="Перемістити: Дах").tap()
        page.get_by_role("button", name="На тиждень пізніше").tap()
        item(page, DAY + timedelta(days=7), "Дах")
        assert firm.stored("deal", deal)["expected_on"] == DAY + timedelta(days=7)


def test_list_board_calendar_and_forecast_are_one_set(firm: Firm, desk: Desk) -> None:
    expected(firm, "Дах")
    page = desk("Mykola")
    page.goto("/deal/?search=Дах")
    ways = page.get_by_role("navigation", name="The same records as")
    for way, told in (("Board", "Proposal"), ("Calendar", "Today"), ("Forecast", "later")):
        ways.get_by_role("link", name=way, exact=True).click()
        expect(page.locator("[data-whole]").first).to_have_text("1 record · 900,000 UAH · weighted 360,000 UAH")
        expect(page.locator("body")).to_contain_text(told)
    ways.get_by_role("link", name="List", exact=True).click()
    expect(page.locator("[data-foot][data-count='1']")).to_contain_text("weighted 360,000")
