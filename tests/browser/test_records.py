"""One record in a real browser: its page, its form, what is made on the way, two people at one form, its journal."""

import re
from datetime import date

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Desk
from tests.browser.firm import Firm
from tests.browser.steps import picker, text_of, toast


@pytest.fixture
def deal(firm: Firm) -> int:
    """An open deal of this test's own."""
    values = {"name": "Камера для молока", "amount": 1000, "stage": firm.stage("lead"), "account": 3, "next_step": "виїзд", "expected_on": date(2030, 5, 4)}
    return firm.make("deal", values)[0]


def field(page: Page, label: str) -> Locator:
    """The value of a field on the card."""
    return page.locator(".b-fields > div").filter(has=page.locator("dt", has_text=re.compile(f"^{label}$"))).locator("dd")


def test_the_card_tells_facts_fields_relations_and_history(desk: Desk, deal: int) -> None:
    page = desk()
    page.goto(f"/deal/{deal}/")
    facts = page.locator("#facts")
    for text in ("ТОВ «Смерека 3»", "1,000 UAH", "виїзд"):
        expect(facts).to_contain_text(text)
    expect(page.locator(".b-stages [aria-current]")).to_have_text("Lead")
    assert text_of(field(page, "Expected on")) == "4 May 2030"
    expect(page.locator(".b-side")).to_contain_text("Added")
    page.locator(".b-tabs").get_by_role("link", name="Lines").click()
    page.get_by_role("link", name="Add", exact=True).click()
    page.wait_for_url(f"**/deal_line/new/?deal={deal}")
    picker(page, "Product").click()
    page.keyboard.type("Холодильник 2")
    page.keyboard.press("Enter")
    page.get_by_label("Price").fill("1500")
    page.keyboard.press("Control+s")
    page.wait_for_url(f"**/deal/{deal}/")
    expect(page.locator("#count-lines")).to_have_text("1")
    page.locator(".b-tabs").get_by_role("link", name="Lines").click()
    expect(page.locator("[data-on-card] [data-list]")).to_contain_text("Холодильник 2")


def test_a_field_is_edited_where_it_stands_and_rules_show_at_once(desk: Desk, firm: Firm, deal: int) -> None:
    page = desk()
    page.goto(f"/deal/{deal}/")
    field(page, "Stage").dblclick()
    field(page, "Stage").locator("select").select_option(label="Proposal")
    page.keyboard.press("Enter")
    expect(page.locator(".b-stages [aria-current]")).to_have_text("Proposal")
    expect(field(page, "Probability")).to_contain_text("40%")
    amount = field(page, "Amount")
    amount.get_by_role("button", name="Edit: Amount").click()
    expect(amount.locator("input[name=value]")).to_be_focused()
    page.keyboard.type("ten")
    page.keyboard.press("Enter")
    expect(amount.get_by_role("alert")).to_contain_text("not a number")
    page.keyboard.press("Control+a")
    page.keyboard.type("2500")
    page.keyboard.press("Enter")
    expect(amount).to_contain_text("2,500 UAH")
    expect(page.locator("#facts")).to_contain_text("2,500 UAH")
    expect(page.locator(".b-side")).to_contain_text("Amount: 1,000 → 2,500")
    assert firm.stored("deal", deal)["amount"] == 2500


def test_a_deal_goes_on_by_the_stage_bar_and_a_lost_one_needs_its_reason(desk: Desk, firm: Firm, deal: int) -> None:
    page = desk()
    page.goto(f"/deal/{deal}/")
    page.locator(".b-stages").get_by_role("button", name="Negotiation").click()
    expect(page.locator(".b-stages [aria-current]")).to_have_text("Negotiation")
    page.locator(".b-stages").get_by_role("button", name="Lost").click()
    summary = page.get_by_role("alert").filter(has_text="Nothing was saved")
    expect(summary).to_be_focused()
    expect(summary).to_contain_text("Loss reason")
    page.get_by_label("Loss reason").select_option(label="Price")
    page.keyboard.press("Control+s")
    page.wait_for_url(f"**/deal/{deal}/")
    expect(page.locator(".b-stages [aria-current]")).to_have_text("Lost")
    assert firm.stored("deal", deal)["closed_on"]


def test_a_new_record_with_a_company_made_on_the_way(desk: Desk) -> None:
    page = desk("Mykola")
    page.goto("/deal/new/")
    page.keyboard.press("Control+s")
    summary = page.get_by_role("alert").filter(has_text="Nothing was saved")
    expect(summary).to_be_focused()
    expect(summary).to_contain_text("“Name” is required.")
    page.get_by_label("Name").fill("Льодогенератор")
    picker(page, "Company").click()
    page.keyboard.type("ТОВ «Цілком нова»")
    page.get_by_text("Create “ТОВ «Цілком нова»”").click()
    sheet = page.locator("#sheet")
    expect(sheet.get_by_label("Name").first).to_have_value("ТОВ «Цілком нова»")
    sheet.get_by_role("button", name="Save").click()
    expect(sheet).to_be_hidden()
    expect(page.locator(".ts-control .item").first).to_have_text("ТОВ «Цілком нова»")
    page.get_by_label("Amount").fill("12,500.50")
    page.keyboard.press("Control+s")
    page.wait_for_url(re.compile(r"/deal/\d+/$"))
    toast(page, "Added: Льодогенератор.")
    expect(page.locator("#facts")).to_contain_text("ТОВ «Цілком нова»")
    expect(page.locator("#facts")).to_contain_text("12,500.50 UAH")


def test_what_was_typed_is_there_again_when_one_comes_back(desk: Desk, deal: int) -> None:
    page = desk(alone=True)
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto(f"/deal/{deal}/edit/")
    page.get_by_label("Next step", exact=True).fill("не загубити")
    page.wait_for_timeout(400)
    page.goto("/account/")
    page.goto(f"/deal/{deal}/edit/")
    expect(page.get_by_label("Next step", exact=True)).to_have_value("не загубити")
    expect(page.get_by_text("Not saved yet")).to_be_visible()
    toast(page, "put back").get_by_role("button", name="Discard").click()
    page.locator("#question").get_by_role("button", name="Discard").click()
    expect(page.get_by_label("Next step", exact=True)).to_have_value("виїзд")


def test_two_people_at_one_form_choose_field_by_field(desk: Desk, firm: Firm, deal: int) -> None:
    page = desk()
    page.goto(f"/deal/{deal}/edit/")
    page.get_by_label("Next step", exact=True).fill("моя дія")
    page.get_by_label("Name").fill("Моя назва")
    page.get_by_label("Notes").fill("лише моє")
    firm.change("deal", deal, next_step="їхня дія", name="Їхня назва", sales_channel=firm.option("sales_channel", "online"))
    page.keyboard.press("Control+s")
    expect(page.get_by_role("heading", name="Two versions")).to_be_visible()
    for label, mine, theirs in (("Name", "Моя назва", "Їхня назва"), ("Next step", "моя дія", "їхня дія")):
        expect(page.get_by_role("group", name=label)).to_contain_text(mine)
        expect(page.get_by_role("group", name=label)).to_contain_text(theirs)
    expect(page.get_by_role("group", name="Sales channel")).to_have_count(0)
    expect(page.get_by_text("since only you changed them: Notes")).to_be_visible()
    page.get_by_role("group", name="Name").get_by_role("radio").nth(1).check()
    page.get_by_role("button", name="Save the choice").click()
    page.wait_for_url(f"**/deal/{deal}/")
    stored = firm.stored("deal", deal)
    assert (stored["name"], stored["next_step"], stored["description"]) == ("Їхня назва", "моя дія", "лише моє")
    assert stored["sales_channel"] == firm.option("sales_channel", "online")


def test_a_saved_form_offers_to_take_it_back_and_the_journal_tells_both(desk: Desk, firm: Firm, deal: int) -> None:
    page = desk()
    page.goto(f"/deal/{deal}/edit/")
    page.get_by_label("Next step", exact=True).fill("інша дія")
    page.keyboard.press("Control+s")
    page.wait_for_url(f"**/deal/{deal}/")
    toast(page, "Saved.").get_by_role("button", name="Undo").click()
    expect(field(page, "Next step")).to_contain_text("виїзд")
    assert firm.stored("deal", deal)["next_step"] == "виїзд"
    page.get_by_role("button", name="More actions").click()
    page.locator("#main").get_by_role("link", name="Journal").click()
    page.wait_for_url(f"**/deal/{deal}/journal")
    expect(page.locator("main")).to_contain_text("Next step: виїзд → інша дія")
    expect(page.locator("main")).to_contain_text("Next step: інша дія → виїзд")


def test_who_may_ask_why_is_told_by_which_rule_somebody_else_sees_a_field(desk: Desk, deal: int) -> None:
    page = desk()
    page.goto(f"/deal/{deal}/")
    page.get_by_role("button", name="More actions").click()
    page.get_by_role("link", name="Who sees this and why").click()
    picker(page, "Person").click()
    # Nobody waits for the server: what was typed is asked for, and the button means what Enter has chosen.
    page.keyboard.type("Vasyl")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Ask").click()
    line = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name="Amount", exact=True))
    expect(line).to_contain_text("visible")
    expect(line).to_contain_text("watcher")
    expect(page.get_by_role("row").filter(has=page.get_by_role("rowheader", name="Change", exact=True))).to_contain_text("no")


def test_a_page_walks_within_the_list_it_came_from_and_prints_without_buttons(desk: Desk) -> None:
    page = desk()
    page.goto("/deal/?sort=name")
    first, second = (page.locator("[data-list] tr[data-id]").nth(n).get_attribute("data-id") for n in (0, 1))
    page.goto(f"/deal/{first}/?within=list&sort=name")
    page.keyboard.press("j")
    page.wait_for_url(f"**/deal/{second}/?within=list&sort=name")
    page.keyboard.press("k")
    page.wait_for_url(f"**/deal/{first}/?within=list&sort=name")
    assert not page.locator(".b-letterhead").is_visible()
    page.emulate_media(media="print")
    assert page.locator(".b-letterhead").is_visible()
    assert page.locator("h1").is_visible()
    for pressed in (".b-rail", ".b-top", ".b-head .btn", ".b-tabs"):
        assert not page.locator(pressed).first.is_visible(), pressed
