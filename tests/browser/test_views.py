"""Kept views and groups in a real browser: by keyboard, among favourites, with widths; and nothing for axe-core to find."""

import re

from playwright.sync_api import Page, expect

from tests.browser.accessibility import check
from tests.browser.conftest import Desk
from tests.browser.steps import address, names, open_list, shows, toast

OURS = {"field": "code", "op": "starts", "value": "T-"}
FEW = {"all": [OURS, {"field": "amount", "op": "lt", "value": 20_000}]}


def keep(page: Page, name: str) -> None:
    """Keeps what the list shows by the keyboard."""
    page.keyboard.press("v")
    page.get_by_role("button", name="Keep as a new view…").press("Enter")
    page.keyboard.type(name)
    page.keyboard.press("Enter")
    toast(page, "The view is kept.")


def tab(page: Page, name: str) -> None:
    expect(page.get_by_role("navigation", name="Views").get_by_role("link", name=name)).to_have_attribute("aria-current", "page")


def test_a_view_is_kept_led_elsewhere_brought_back_and_starred(desk: Desk) -> None:
    page = open_list(desk("Mykola"), address("deal", FEW, sort="-amount", columns="name,amount,stage"))
    first = names(page)
    page.evaluate("localStorage.setItem('brama.widths/deal/', JSON.stringify({amount: 222}))")
    page.reload()
    keep(page, "Дрібні")
    tab(page, "Дрібні")
    shows(page, first)
    expect(page.locator("colgroup col").nth(2)).to_have_attribute("width", "222")
    page.get_by_role("columnheader", name="Name").get_by_role("link").click()
    expect(page).to_have_url(re.compile(r"sort="))
    tab(page, "Дрібні")
    assert names(page) != first
    page.get_by_role("link", name="Дрібні").click()
    expect(page).to_have_url(re.compile(r"\?view=\d+$"))
    shows(page, first)
    page.get_by_role("link", name=re.compile("Drop the condition “Amount")).click()
    expect(page).to_have_url(re.compile("where="))
    page.get_by_role("link", name="Дрібні").click()
    page.get_by_role("button", name="Keep among favourites", exact=True).click()
    expect(page.locator("#favourites a")).to_have_attribute("href", re.compile(r"^/deal/\?view=\d+$"))
    page.evaluate("localStorage.clear(); sessionStorage.clear()")
    page.goto("/profile/")
    expect(page.locator("#favourites a")).to_have_text("Дрібні")  # kept by the server, whatever the browser forgets
    page.keyboard.press("Control+k")
    page.keyboard.type("дрібні")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/deal/\?view=\d+$"))


def test_a_group_opens_closes_and_is_looked_at_alone(desk: Desk) -> None:
    page = open_list(desk("Mykola"), address("deal", FEW, columns="name,amount,stage"))
    whole = sorted(names(page))
    page.get_by_role("button", name="Group", exact=True).click()
    page.get_by_role("group", name="Filter").get_by_role("link", name="Stage", exact=True).click()
    heads = page.locator("[data-group-open]")
    expect(heads.first).to_be_visible()
    assert page.locator("[data-list] tbody tr[data-id]").count() == 0
    for n in range(heads.count()):
        heads.nth(n).click()
        expect(heads.nth(n)).to_have_attribute("aria-expanded", "true")
    rows = page.locator("[data-list] tbody tr[data-id]")
    assert sorted(text.strip() for text in rows.locator(".pk").all_inner_texts()) == whole
    heads.first.scroll_into_view_if_needed()  # a row half under the head would stand too near to what is in the head
    assert check(page) == []
    heads.first.click()
    expect(heads.first).to_have_attribute("aria-expanded", "false")
    assert rows.count() < len(whole)


def test_the_menu_of_a_view_and_the_page_of_notices_have_nothing_to_find(desk: Desk) -> None:
    page = open_list(desk("Mykola"), address("deal", FEW, columns="name,amount"))
    keep(page, "Для огляду")
    page.keyboard.press("v")
    expect(page.get_by_role("button", name="Tell me when a record enters").first).to_be_visible()
    assert check(page) == []
    page.keyboard.press("Escape")
    page.goto("/notices/")
    assert check(page) == []
