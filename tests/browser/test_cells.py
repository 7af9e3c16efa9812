"""Typing in the grid: by mouse and keyboard, errors at their cells, ranges from and to a spreadsheet, taking back."""

import re
from decimal import Decimal
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Desk
from tests.browser.firm import TODAY, Firm
from tests.browser.steps import address, cell, only, open_list, paste, text_of, toast

COLUMNS = "name,amount,account,stage,expected_on,next_step,code"


@pytest.fixture
def deals(firm: Firm) -> list[int]:
    """Three open deals of this test's own."""
    return firm.make("deal", *({"name": f"Рядок {n}", "amount": 100 * n, "stage": firm.stage("lead"), "next_step": f"крок {n}"} for n in (1, 2, 3)))


def grid(page: Page, numbers: list[int], columns: str = COLUMNS) -> Page:
    return open_list(page, address("deal", only(*numbers), sort="name", columns=columns))


def typed(place: Locator) -> Locator:
    """The control of a cell that is being edited."""
    return place.locator("[name=value]")


def amounts(firm: Firm, numbers: list[int]) -> list[Any]:
    return [firm.stored("deal", number)["amount"] for number in numbers]


def test_double_click_types_and_tab_saves_and_goes_on(desk: Desk, firm: Firm, deals: list[int]) -> None:
    page = grid(desk(), deals)
    amount = cell(page, deals[0], "amount")
    amount.dblclick()
    expect(typed(amount)).to_be_focused()
    expect(amount).to_contain_text("was 100.00")
    page.keyboard.type("1,250.5")
    page.keyboard.press("Tab")
    expect(amount).to_have_text("1,250.50")
    expect(cell(page, deals[0], "account").locator("[data-cell-form]")).to_be_visible()
    assert firm.stored("deal", deals[0])["amount"] == Decimal("1250.5")
    expect(page.locator("[data-foot]")).to_contain_text("1,750.50 UAH")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    toast(page, "Saved: Amount.").get_by_role("button", name="Undo").click()
    expect(amount).to_have_text("100")
    assert firm.stored("deal", deals[0])["amount"] == 100


def test_arrows_move_f2_opens_escape_forgets_and_enter_saves(desk: Desk, firm: Firm, deals: list[int]) -> None:
    page = grid(desk(), deals)
    cell(page, deals[0], "next_step").click()
    page.keyboard.press("ArrowDown")
    step = cell(page, deals[1], "next_step")
    expect(step).to_be_focused()
    page.keyboard.press("F2")
    expect(typed(step)).to_have_value("крок 2")
    page.keyboard.type("зовсім інше")
    page.keyboard.press("Escape")
    expect(step).to_have_text("крок 2")
    expect(step).to_be_focused()
    page.keyboard.press("F2")
    expect(typed(step)).to_be_focused()
    page.keyboard.type("узгодити ціну")
    page.keyboard.press("Enter")
    expect(step).to_have_text("узгодити ціну")
    expect(step).to_be_focused()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("F2")
    page.keyboard.press("Shift+Tab")
    expect(cell(page, deals[0], "expected_on").locator("[data-cell-form]")).to_be_visible()
    assert [firm.stored("deal", number)["next_step"] for number in deals] == ["крок 1", "узгодити ціну", "крок 3"]


def test_what_is_refused_stays_typed_with_its_reason_at_the_cell(desk: Desk, firm: Firm, deals: list[int]) -> None:
    page = grid(desk(language="uk"), deals)
    amount = cell(page, deals[0], "amount")
    amount.dblclick()
    expect(typed(amount)).to_be_focused()  # letters beyond the keyboard's layout come as text, which needs a control to go to
    page.keyboard.type("сто")
    page.keyboard.press("Enter")
    expect(amount.get_by_role("alert")).to_contain_text("«сто»")
    expect(typed(amount)).to_have_value("сто")
    expect(typed(amount)).to_have_attribute("aria-invalid", "true")
    page.keyboard.press("Control+a")
    page.keyboard.type("200")
    page.keyboard.press("Enter")
    expect(amount).to_have_text("200")
    stage = cell(page, deals[0], "stage")
    stage.dblclick()
    typed(stage).select_option(label="Програно")
    page.keyboard.press("Enter")
    expect(stage.get_by_role("alert")).to_be_visible()
    page.keyboard.press("Escape")
    expect(stage).to_have_text("Звернення")
    assert firm.stored("deal", deals[0])["stage"] == firm.stage("lead")


def test_a_click_elsewhere_saves_too(desk: Desk, firm: Firm, deals: list[int]) -> None:
    page = grid(desk(), deals)
    step = cell(page, deals[0], "next_step")
    step.dblclick()
    expect(typed(step)).to_be_focused()
    page.keyboard.type("дзвінок")
    cell(page, deals[2], "amount").click()
    expect(step).to_have_text("дзвінок")
    assert firm.stored("deal", deals[0])["next_step"] == "дзвінок"


def test_a_reference_is_chosen_by_a_click_and_filled_by_typing(desk: Desk, firm: Firm, deals: list[int]) -> None:
    page = grid(desk(), deals)
    account = cell(page, deals[0], "account")
    account.dblclick()
    expect(page.get_by_role("option", name="ТОВ «Смерека 10»")).to_be_visible()
    # Faster than the server answers: what counts is what was typed.
    page.keyboard.type("смерека 21")
    page.keyboard.press("Tab")
    expect(account).to_have_text("ТОВ «Смерека 21»")
    page.keyboard.press("Escape")
    account.click(position={"x": 100, "y": 5})
    page.keyboard.press("F2")
    expect(page.get_by_role("option", name="ТОВ «Смерека 10»")).to_be_visible()
    page.keyboard.type("смерека 12")
    page.keyboard.press("Enter")
    expect(page.locator("[data-editing] .ts-control .item")).to_have_text("ТОВ «Смерека 12»")
    page.keyboard.press("Enter")
    expect(account).to_have_text("ТОВ «Смерека 12»")
    assert firm.stored("deal", deals[0])["account"].id == 12
    account.get_by_role("link").click()
    expect(account).to_be_focused()
    assert "/deal/" in page.url
    account.locator("[data-go]").click()
    page.wait_for_url(re.compile(r"/account/\d+/"))
    expect(page.get_by_role("heading", level=1)).to_have_text("ТОВ «Смерека 12»")


def test_a_cell_that_may_not_be_changed_says_so(desk: Desk, deals: list[int]) -> None:
    page = grid(desk(), deals, "name,created_at")
    cell(page, deals[0], "created_at").dblclick()
    expect(page.locator("[data-grid-status]")).to_have_text("This cell cannot be changed.")
    expect(page.locator("[data-cell-form]")).to_have_count(0)


def test_a_range_from_a_spreadsheet_is_pasted_and_taken_back(desk: Desk, firm: Firm, deals: list[int]) -> None:
    page = grid(desk(language="uk"), deals, "name,amount,expected_on,next_step")
    cell(page, deals[0], "amount").click()
    paste(page, '1 000,50\t24.11.2030\t"крок\nу двох рядках"\n2000\t2030-11-25\tдругий\n')
    toast(page, "Змінено 2 записи")
    expect(cell(page, deals[0], "amount")).to_have_text("1\xa0000,50")
    expect(cell(page, deals[1], "expected_on")).to_have_text("25 лист. 2030")
    assert amounts(firm, deals) == [Decimal("1000.5"), 2000, 300]
    assert firm.stored("deal", deals[0])["next_step"] in ("крок у двох рядках", "крок\nу двох рядках")
    page.get_by_role("button", name="Скасувати зміну").or_(page.locator(".b-toast [data-undo]")).first.click()
    expect(cell(page, deals[0], "amount")).to_have_text("100")
    assert amounts(firm, deals) == [100, 200, 300]


def test_of_a_range_with_errors_nothing_is_saved_until_one_says_so(desk: Desk, firm: Firm, deals: list[int]) -> None:
    page = grid(desk(), deals)
    cell(page, deals[0], "amount").click()
    paste(page, "1\n two \n3")
    bad = cell(page, deals[1], "amount")
    expect(bad).to_have_class(re.compile("is-bad"))
    assert "two" in text_of(bad)
    expect(bad).to_have_attribute("title", re.compile("not a number"))
    assert amounts(firm, deals) == [100, 200, 300]
    page.locator(".b-toast").get_by_role("button", name="Save the others").click()
    expect(cell(page, deals[2], "amount")).to_have_text("3")
    expect(bad).to_have_class(re.compile("is-bad"))
    assert amounts(firm, deals) == [1, 200, 3]
    page.keyboard.press("Escape")
    expect(bad).to_have_text("200")


def test_one_value_fills_a_chosen_range_and_the_first_row_is_filled_down(desk: Desk, firm: Firm, deals: list[int]) -> None:
    page = grid(desk(), deals)
    cell(page, deals[0], "amount").click()
    cell(page, deals[2], "amount").click(modifiers=["Shift"])
    paste(page, "77")
    expect(cell(page, deals[2], "amount")).to_have_text("77")
    assert amounts(firm, deals) == [77, 77, 77]
    cell(page, deals[0], "next_step").click()
    page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("Control+d")
    expect(cell(page, deals[2], "next_step")).to_have_text("крок 1")
    assert [firm.stored("deal", number)["next_step"] for number in deals] == ["крок 1"] * 3
    # The last deed is taken back first, by key, then the one before it.
    page.keyboard.press("Control+z")
    expect(cell(page, deals[2], "next_step")).to_have_text("крок 3")
    page.keyboard.press("Control+z")
    expect(cell(page, deals[2], "amount")).to_have_text("300")
    assert amounts(firm, deals) == [100, 200, 300]


def test_a_copied_range_is_plain_text_that_can_be_pasted_again(desk: Desk, firm: Firm, deals: list[int]) -> None:
    firm.change("deal", deals[0], expected_on=TODAY, account=1)
    page = grid(desk(), deals, "name,amount,expected_on,owner,account")
    cell(page, deals[0], "amount").click()
    cell(page, deals[0], "account").click(modifiers=["Shift"])
    page.keyboard.press("Control+c")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.split("\t") == ["100", TODAY.isoformat(), "", "ТОВ «Смерека 1»"]
    cell(page, deals[1], "amount").click()
    page.keyboard.press("Control+v")
    expect(cell(page, deals[1], "account")).to_have_text("ТОВ «Смерека 1»")
    assert firm.stored("deal", deals[1])["expected_on"] == TODAY


def test_a_range_that_does_not_fit_is_told(desk: Desk, firm: Firm, deals: list[int]) -> None:
    page = grid(desk(), deals, "name,amount,created_at")
    cell(page, deals[0], "amount").click()
    paste(page, "1\t2")
    toast(page, "reaches a column that cannot be changed")
    cell(page, deals[2], "amount").click()
    paste(page, "5\n6\n7")
    toast(page, "2 rows did not fit")
    expect(cell(page, deals[2], "amount")).to_have_text("5")
    assert amounts(firm, deals) == [100, 200, 5]


def test_somebody_was_faster_and_both_values_are_shown_at_the_cell(desk: Desk, firm: Firm, deals: list[int]) -> None:
    page = grid(desk(), deals)
    for number, button, kept in ((deals[0], "Save mine", "моє"), (deals[1], "Keep theirs", "їхнє")):
        step = cell(page, number, "next_step")
        step.dblclick()
        expect(typed(step)).to_be_focused()
        firm.change("deal", number, next_step="їхнє")
        page.keyboard.type("моє")
        page.keyboard.press("Enter")
        expect(step.get_by_role("alert")).to_contain_text("Now it is: їхнє")
        step.get_by_role("button", name=button).click()
        expect(step.locator("[data-cell-form]")).to_have_count(0)
        assert firm.stored("deal", number)["next_step"] == kept
        expect(step).to_have_text(kept)


def test_another_field_changed_meanwhile_is_no_conflict(desk: Desk, firm: Firm, deals: list[int]) -> None:
    page = grid(desk(), deals)
    step = cell(page, deals[0], "next_step")
    step.dblclick()
    expect(typed(step)).to_be_focused()
    firm.change("deal", deals[0], amount=999)
    page.keyboard.type("моє")
    page.keyboard.press("Enter")
    expect(step).to_have_text("моє")
    expect(cell(page, deals[0], "amount")).to_have_text("999")


def test_undo_is_offered_on_the_next_page_too_and_only_to_whom_it_belongs(desk: Desk, firm: Firm, deals: list[int]) -> None:
    page = grid(desk(), deals)
    button = page.locator("[data-undo-last]")
    expect(button).to_be_hidden()
    amount = cell(page, deals[0], "amount")
    amount.dblclick()
    page.keyboard.type("5")
    page.keyboard.press("Enter")
    expect(amount).to_have_text("5")
    page.goto("/account/")
    expect(button).to_be_visible()
    expect(button).to_have_attribute("aria-label", "Undo: Saved: Amount.")
    button.click()
    toast(page, "1 record is as before.")
    expect(button).to_be_hidden()
    assert firm.stored("deal", deals[0])["amount"] == 100


def test_nothing_typed_is_lost_when_the_session_has_ended(desk: Desk, firm: Firm, deals: list[int]) -> None:
    # Petro is signed out from here on: no other test sits down as him.
    page = grid(desk("Petro"), deals)
    step = cell(page, deals[0], "next_step")
    step.dblclick()
    expect(typed(step)).to_be_focused()
    page.keyboard.type("важливе")
    firm.end_sign_ins("Petro")
    page.keyboard.press("Enter")
    expect(toast(page, "You are signed out").get_by_role("link")).to_have_attribute("href", re.compile("^/sign-in"))
    expect(typed(step)).to_have_value("важливе")


def test_letters_typed_before_the_cell_has_opened_are_not_lost(desk: Desk, firm: Firm, deals: list[int]) -> None:
    page = grid(desk(), deals)
    step = cell(page, deals[0], "next_step")
    step.click()
    page.keyboard.press("F2")
    page.keyboard.type("jkc call")
    page.keyboard.press("Enter")
    expect(step).to_have_text("jkc call")
    assert firm.stored("deal", deals[0])["next_step"] == "jkc call"
