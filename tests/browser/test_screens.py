"""Every real screen: nothing for axe-core to find, nothing that scrolls sideways, no script that fails, no policy that is broken."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest
from playwright.sync_api import Page, expect

from tests.browser.accessibility import check
from tests.browser.conftest import Desk
from tests.browser.firm import Firm
from tests.browser.steps import address, cell, open_list, picker

OURS = {"field": "code", "op": "starts", "value": "T-"}
Look = Callable[[Page, Firm], None]


def at(url: str) -> Look:
    return lambda page, firm: page.goto(url) and None


def deals(page: Page) -> Page:
    """A few rows: what holds for eight holds for two hundred."""
    few = {"field": "amount", "op": "lt", "value": 20_000}
    return open_list(page, address("deal", {"all": [OURS, {"field": "expected_on", "op": "within", "value": "this_quarter"}, few]}, sort="name,-amount"))


def drawer(page: Page, firm: Firm) -> None:
    deals(page).get_by_role("link", name="Угода 004", exact=True).click()
    expect(page.locator("#drawer-body h2").first).to_have_text("Угода 004")


def builder(page: Page, firm: Firm) -> None:
    deals(page).evaluate("document.querySelector('[data-edit-filter=\"0\"]').click()")
    dialog = page.get_by_role("dialog", name="Filter")
    dialog.get_by_role("button", name="group").click()
    dialog.get_by_label("Field", exact=True).last.select_option(label="Company →")
    expect(dialog.locator(".b-cond-way")).to_be_visible()


def columns(page: Page, firm: Firm) -> None:
    deals(page).get_by_role("button", name="Columns").click()
    expect(page.get_by_role("dialog", name="Columns")).to_be_visible()


def preview(page: Page, firm: Firm) -> None:
    deals(page).get_by_role("checkbox", name="Select all on this page").check()
    page.locator("[data-bulk]").click()
    page.locator("#bulk-field").select_option("stage")
    page.locator("#bulk-value").select_option(label="Lost")
    page.get_by_role("button", name="Preview").click()
    expect(page.locator(".b-reasons")).to_be_visible()


def selection(page: Page, firm: Firm) -> None:
    deals(page).get_by_role("checkbox", name="Select all on this page").check()
    expect(page.locator("[data-selected-sum]")).to_contain_text("UAH")


def wrong_cell(page: Page, firm: Firm) -> None:
    number = int(deals(page).locator("[data-list] tbody tr").first.get_attribute("data-id") or 0)
    amount = cell(page, number, "amount")
    amount.dblclick()
    expect(amount.locator("[name=value]")).to_be_focused()
    page.keyboard.type("x")
    page.keyboard.press("Enter")
    expect(amount.get_by_role("alert")).to_be_visible()


def picking(page: Page, firm: Firm) -> None:
    page.goto("/deal/new/")
    picker(page, "Company").click()
    page.keyboard.type("смерека 1")
    expect(page.get_by_role("option", name="ТОВ «Смерека 12»")).to_be_visible()


def sheet(page: Page, firm: Firm) -> None:
    page.goto("/deal/new/")
    picker(page, "Company").click()
    page.keyboard.type("Ще одна")
    page.get_by_text("Create “Ще одна”").click()
    expect(page.locator("#s-name")).to_be_visible()


def refused_form(page: Page, firm: Firm) -> None:
    page.goto("/deal/new/")
    page.get_by_label("Amount").fill("багато")
    page.keyboard.press("Control+s")
    expect(page.locator(".b-errors")).to_be_focused()


def conflict(page: Page, firm: Firm) -> None:
    (deal,) = firm.make("deal", {"name": "Двоє", "stage": firm.stage("lead"), "next_step": "а"})
    page.goto(f"/deal/{deal}/edit/")
    page.get_by_label("Next step", exact=True).fill("б")
    firm.change("deal", deal, next_step="в")
    page.keyboard.press("Control+s")
    expect(page.get_by_role("heading", name="Two versions")).to_be_visible()


def undone(page: Page, firm: Firm) -> None:
    (deal,) = firm.make("deal", {"name": "Скасувати", "stage": firm.stage("lead"), "amount": 5})
    page.goto(f"/deal/{deal}/edit/")
    page.get_by_label("Amount").fill("6")
    page.keyboard.press("Control+s")
    expect(page.locator(".b-toast")).to_contain_text("Saved.")


def recycle(page: Page, firm: Firm) -> None:
    firm.remove("deal", *firm.make("deal", {"name": "Зайва", "stage": firm.stage("lead")}))
    page.goto("/recycle/?entity=deal")
    expect(page.get_by_role("row").filter(has_text="Зайва").first).to_be_visible()


def palette(page: Page, firm: Firm) -> None:
    deals(page).keyboard.press("Control+k")
    page.keyboard.type("Смерека")
    expect(page.get_by_role("option", name="ТОВ «Смерека 1»").first).to_be_visible()


def keys(page: Page, firm: Firm) -> None:
    deals(page).keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()


def tab(page: Page, firm: Firm) -> None:
    page.goto("/account/4/?tab=deals")
    expect(page.locator("#count-deals")).to_have_text("4")
    expect(page.locator("[data-on-card] [data-foot][data-count='4']")).to_be_attached()


def report(page: Page, firm: Firm) -> None:
    page.goto("/report/win_rate?by=owner")
    expect(page.locator("[data-chart] svg")).to_be_visible()


def rates(page: Page, firm: Firm) -> None:
    if not page.goto("/rates/") or not page.get_by_role("link", name="USD", exact=True).count():
        days = (date(2026, 11, 24), date(2026, 11, 25))
        firm.make("exchange_rate", *({"currency": code, "day": day, "rate": Decimal("41.2345")} for code in ("USD", "EUR") for day in days))
    page.goto("/rates/")
    expect(page.get_by_role("link", name="USD", exact=True)).to_be_visible()


SCREENS: dict[str, Look] = {
    "home": at("/"),
    "list": lambda page, firm: deals(page) and None,
    "list without records": at(address("deal", {"field": "name", "op": "eq", "value": "немає"})),
    "drawer": drawer,
    "filter builder": builder,
    "columns": columns,
    "selection": selection,
    "bulk preview": preview,
    "cell with an error": wrong_cell,
    "details": at("/deal/4/"),
    "related list": tab,
    "form": at("/account/4/edit/"),
    "refused form": refused_form,
    "remote picker": picking,
    "quick create": sheet,
    "conflict": conflict,
    "message with undo": undone,
    "journal": at("/deal/4/journal"),
    "who sees this and why": at("/deal/4/explain"),
    "recycle bin": recycle,
    "reports": at("/report/"),
    "report": report,
    "exchange rates": rates,
    "profile": at("/profile/"),
    "sign-ins": at("/profile/sessions/"),
    "users": at("/user/"),
    "palette": palette,
    "keys": keys,
    "no such record": at("/deal/999999/"),
    "wrong condition": at("/deal/?where=%7B"),
}


@pytest.mark.parametrize("name", SCREENS)
def test_a_screen_has_no_fault(desk: Desk, firm: Firm, name: str) -> None:
    page = desk()
    SCREENS[name](page, firm)
    assert check(page) == []


@pytest.mark.parametrize("url", ["/sign-in", "/forgot"])
def test_a_page_before_signing_in_has_no_fault(desk: Desk, url: str) -> None:
    page = desk()
    page.context.clear_cookies()
    page.goto(f"{url}?lang=uk")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert check(page) == []
