"""A report put together by keys, kept, and put on the home page; the home page arranged by keys."""

import re

from playwright.sync_api import expect

from tests.browser.accessibility import check
from tests.browser.conftest import Desk


def test_a_report_is_put_together_kept_and_stands_on_the_dashboard_where_keys_move_it(desk: Desk) -> None:
    page = desk("Mykola")
    page.goto("/reports/new/?entity=deal")
    answer = page.locator("[data-answer]")
    page.get_by_label("Split by").focus()
    page.keyboard.type("Stage")
    expect(answer.get_by_role("rowheader", name="Won")).to_be_visible()
    expect(page).to_have_url(re.compile("by=stage"))
    page.get_by_label("Shares").check()
    expect(answer.locator("[data-chart] svg")).to_be_visible()
    expect(page).to_have_url(re.compile("chart=share"))
    assert check(page) == []
    page.set_viewport_size({"width": 1280, "height": 800})
    page.get_by_role("button", name="Keep…").click()
    page.get_by_label("Name of the report").fill("Deals by stage")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Deals by stage", level=1)).to_be_visible()
    page.get_by_role("button", name="Keep the report").click()
    page.get_by_role("button", name="To my dashboard", exact=True).click()
    panel = page.locator("[data-part]").filter(has_text="Deals by stage")
    expect(panel.locator("[data-chart] svg")).to_be_visible()
    assert check(page) == []
    page.set_viewport_size({"width": 1280, "height": 800})
    page.get_by_role("link", name="Arrange").click()
    titles = page.locator("[data-arrange] h2")
    before = titles.all_inner_texts()
    page.get_by_role("button", name="Move “Deals by stage” towards the beginning").focus()
    page.keyboard.press("Enter")
    expect(titles.nth(len(before) - 2)).to_have_text("Deals by stage")
    assert check(page) == []
    page.set_viewport_size({"width": 1280, "height": 800})
    page.get_by_role("button", name="As my roles begin").click()
    page.get_by_role("button", name="Begin again").click()
    expect(page.get_by_role("heading", name="Deals by stage")).to_have_count(0)
    page.goto("/report/")
    page.get_by_role("link", name="Deals by stage").click()
    page.get_by_role("button", name="Keep the report").click()
    page.get_by_role("button", name="Remove the report").click()
    page.get_by_role("button", name="Remove", exact=True).click()
    expect(page).to_have_url(re.compile("/report/$"))
