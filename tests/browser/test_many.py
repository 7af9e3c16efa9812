"""Many records at once: choosing, also all that match; a change seen before it is made; removal and the recycle bin; undo of each."""

import re
from uuid import uuid4

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Desk
from tests.browser.firm import Firm
from tests.browser.steps import address, cell, names, open_list, text_of, toast

MANY = 31


@pytest.fixture
def mark() -> str:
    """What the codes of this test's own deals begin with."""
    return f"M{uuid4().hex[:6]}-"


@pytest.fixture
def deals(firm: Firm, mark: str) -> list[int]:
    stage = firm.stage("lead")
    return firm.make("deal", *({"name": f"Партія {n:02d}", "code": f"{mark}{n}", "stage": stage, "amount": 10, "next_step": "чекаємо"} for n in range(MANY)))


def grid(page: Page, mark: str) -> Page:
    ours = {"field": "code", "op": "starts", "value": mark}
    return open_list(page, address("deal", ours, sort="name", size="25", columns="name,stage,amount,next_step,owner"))


def bar(page: Page) -> Locator:
    return page.get_by_role("toolbar", name="Actions on the selected")


def numbers(panel: Locator) -> dict[str, str]:
    """The figures of the preview by what they count."""
    return dict(zip(panel.locator(".b-preview-numbers dt").all_inner_texts(), panel.locator(".b-preview-numbers dd").all_inner_texts(), strict=True))


def steps(firm: Firm, deals: list[int]) -> set[str]:
    return {firm.stored("deal", number)["next_step"] for number in deals}


def test_all_that_match_are_chosen_explicitly_changed_after_a_preview_and_taken_back(desk: Desk, firm: Firm, deals: list[int], mark: str) -> None:
    firm.change("deal", deals[0], next_step="зателефонувати")
    page = grid(desk(), mark)
    page.get_by_role("checkbox", name="Select all on this page").check()
    expect(bar(page)).to_contain_text("Selected: 25")
    bar(page).get_by_role("button", name=f"Select all {MANY} that match").click()
    expect(bar(page)).to_contain_text(f"All {MANY} that match are selected")
    bar(page).get_by_role("button", name="Change…").click()
    panel = page.get_by_role("dialog", name=f"Change {MANY} records")
    panel.get_by_label("Field", exact=True).select_option(label="Next step")
    panel.get_by_label("Next step").fill("зателефонувати")
    panel.get_by_role("button", name="Preview").click()
    expect(panel.get_by_role("status")).to_be_visible()
    assert numbers(panel) == {"will change": "30", "are so already": "1", "are refused": "0"}
    assert text_of(panel.locator(".b-diff li").first) == "Партія 01 чекаємо → зателефонувати"
    assert steps(firm, deals[1:]) == {"чекаємо"}
    panel.get_by_role("button", name="Change 30 records").click()
    expect(cell(page, deals[1], "next_step")).to_have_text("зателефонувати")
    expect(bar(page)).to_be_hidden()
    assert steps(firm, deals) == {"зателефонувати"}
    toast(page, "30 records changed.").get_by_role("button", name="Undo").click()
    expect(cell(page, deals[1], "next_step")).to_have_text("чекаємо")
    assert steps(firm, deals[1:]) == {"чекаємо"}


def test_a_preview_names_what_refuses_and_the_rest_is_changed(desk: Desk, firm: Firm, deals: list[int], mark: str) -> None:
    firm.change("deal", deals[1], loss_reason=firm.option("loss_reason", "price"))
    page = grid(desk(), mark)
    for name in ("Партія 00", "Партія 01", "Партія 02"):
        page.get_by_role("checkbox", name=f"Select {name}").check()
    expect(bar(page)).to_contain_text("Selected: 3")
    expect(page.locator("[data-selected-sum]")).to_have_text(" · 30 UAH · weighted 1.50 UAH")
    bar(page).get_by_role("button", name="Change…").click()
    panel = page.get_by_role("dialog", name="Change 3 records")
    panel.get_by_label("Field", exact=True).select_option(label="Stage")
    panel.get_by_label("Stage").select_option(label="Lost")
    panel.get_by_role("button", name="Preview").click()
    expect(panel.locator(".b-reasons li")).to_have_count(2)
    assert numbers(panel) == {"will change": "1", "are so already": "0", "are refused": "2"}
    expect(panel.locator(".b-reasons")).to_contain_text("Партія 00")
    panel.get_by_role("button", name="Change 1 record").click()
    toast(page, "1 record changed. 2 were left as they are.")
    assert [firm.stored("deal", n)["stage"] for n in deals[:3]] == [firm.stage("lead"), firm.stage("lost"), firm.stage("lead")]


def test_a_wrong_value_is_told_in_the_panel_and_stays(desk: Desk, firm: Firm, deals: list[int], mark: str) -> None:
    page = grid(desk(language="uk"), mark)
    page.locator("[data-list] tbody [data-pick]").first.check()
    page.locator("[data-bulk]").click()
    panel = page.locator("#bulk-dialog")
    panel.locator("#bulk-field").select_option("amount")
    panel.locator("#bulk-value").fill("багато")
    panel.locator("[type=submit]").first.click()
    expect(panel.get_by_role("alert")).to_contain_text("багато")
    expect(panel.locator("#bulk-value")).to_have_value("багато")
    page.keyboard.press("Escape")
    assert firm.stored("deal", deals[0])["amount"] == 10


def test_rows_between_are_chosen_with_shift_and_let_go_with_escape(desk: Desk, deals: list[int], mark: str) -> None:
    page = grid(desk(), mark)
    boxes = page.locator("[data-list] tbody [data-pick]")
    boxes.nth(2).click()
    boxes.nth(6).click(modifiers=["Shift"])
    expect(bar(page)).to_contain_text("Selected: 5")
    expect(page.get_by_role("checkbox", name="Select all on this page")).to_be_checked(indeterminate=True)
    page.keyboard.press("Escape")
    expect(bar(page)).to_be_hidden()
    expect(boxes.nth(4)).not_to_be_checked()


def test_removed_records_come_back_by_undo_or_from_the_recycle_bin(desk: Desk, firm: Firm, deals: list[int], mark: str) -> None:
    page = grid(desk(), mark)
    for name in ("Партія 00", "Партія 01"):
        page.get_by_role("checkbox", name=f"Select {name}").check()
    bar(page).get_by_role("button", name="Remove").click()
    question = page.get_by_role("dialog").filter(has_text="Remove 2 records?")
    question.get_by_role("button", name="Cancel").click()
    assert names(page)[:2] == ["Партія 00", "Партія 01"]
    bar(page).get_by_role("button", name="Remove").click()
    question.get_by_role("button", name="Remove").click()
    expect(page.locator("[data-list] tbody .pk").first).to_have_text("Партія 02")
    expect(page.locator("[data-foot]")).to_have_attribute("data-count", str(MANY - 2))
    toast(page, "2 records removed.").get_by_role("button", name="Undo").click()
    expect(page.locator("[data-list] tbody .pk").first).to_have_text("Партія 00")

    page.goto(f"/deal/{deals[5]}/")
    page.get_by_role("button", name="More actions").click()
    page.get_by_role("button", name="Remove").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    page.wait_for_url(re.compile(r"/deal/$"))
    toast(page, "1 record removed.")
    page.goto("/recycle/?entity=deal")
    line = page.get_by_role("row").filter(has_text=f"{mark}5")
    expect(line).to_contain_text("Olena")
    line.get_by_role("button", name="Take back: Партія 05").click()
    line.get_by_role("link", name="Open").click()
    page.wait_for_url(f"**/deal/{deals[5]}/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Партія 05")


def test_who_may_not_remove_or_change_is_not_offered_it(desk: Desk, deals: list[int], mark: str) -> None:
    page = grid(desk("Vasyl"), mark)
    page.locator("[data-list] tbody [data-pick]").first.check()
    expect(bar(page)).to_be_visible()
    for name in ("Change…", "Remove"):
        expect(bar(page).get_by_role("button", name=name)).to_have_count(0)
    cell(page, deals[0], "next_step").dblclick()
    expect(page.locator("[data-cell-form]")).to_have_count(0)
