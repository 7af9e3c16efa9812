"""The whole list on the card of the record whose rows it shows, in a real browser: it behaves as on its own page, and the card stays where it is."""

from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.accessibility import check
from tests.browser.conftest import Desk
from tests.browser.firm import Firm
from tests.browser.traffic import quiet

CARD = "/account/4/?tab=deals"  # four deals, two of each seller


def opened(page: Page, address: str = CARD) -> Page:
    page.goto(address)
    expect(page.locator("[data-on-card] [data-foot][data-count]")).to_be_attached()
    return page


def grid(page: Page) -> dict[str, str]:
    """The words of the list in the address of the card."""
    kept = parse_qs(urlsplit(page.url).query).get("grid", [""])[0]
    return {key: values[0] for key, values in parse_qs(kept).items()}


def shown(page: Page) -> list[str]:
    return page.locator("[data-on-card] tbody a.b-main-text").all_text_contents()


def test_order_search_pages_and_back_stay_on_the_card(desk: Desk) -> None:
    page = opened(desk("Olena"))
    page.evaluate("window.same = true")  # the page is never left
    assert len(shown(page)) == 4
    amount = page.get_by_role("columnheader", name="Amount").get_by_role("link")
    amount.click()
    expect(page.locator("th[aria-sort='descending'][data-field='amount']")).to_be_attached()
    assert grid(page) == {"sort": "-amount"}
    expect(amount).to_be_focused()
    largest = shown(page)
    page.keyboard.press("Enter")
    expect(page.locator("th[aria-sort='ascending'][data-field='amount']")).to_be_attached()
    assert shown(page) == largest[::-1]
    search = page.get_by_role("searchbox", name="Search in this list")
    search.fill(largest[0])
    search.press("Enter")
    expect(page.locator("[data-on-card] tbody tr")).to_have_count(1)
    expect(search).to_be_focused()
    expect(page.locator("[data-card-status]")).to_have_text("1 row on this page")
    page.go_back()
    expect(page.locator("[data-on-card] tbody tr")).to_have_count(4)
    assert grid(page) == {"sort": "amount"}
    assert page.evaluate("window.same")
    page.reload()  # its address says it all
    expect(page.locator("th[aria-sort='ascending'][data-field='amount']")).to_be_attached()
    page.get_by_role("link", name="As a list").click()
    expect(page.get_by_role("group", name="Filter")).to_contain_text("Company is ТОВ «Смерека 4»")
    assert "sort=amount" in page.url


def test_a_condition_a_group_and_columns_are_chosen_there(desk: Desk) -> None:
    page = opened(desk("Olena"))
    page.keyboard.press("f")
    builder = page.get_by_role("dialog", name="Filter")
    builder.get_by_label("Field", exact=True).select_option(label="Amount")
    builder.get_by_label("How").last.select_option(value="ge")
    builder.get_by_label("Amount: Value").fill("60000")
    builder.get_by_role("button", name="Show").click()
    expect(page.locator("[data-on-card] tbody tr")).to_have_count(2)
    page.get_by_role("link", name="Drop the condition").click()
    expect(page.locator("[data-on-card] tbody tr")).to_have_count(4)
    page.get_by_role("button", name="Group").click()
    page.get_by_role("group", name="Filter").get_by_role("link", name="Owner", exact=True).click()
    page.get_by_role("button", name="Records of the group").first.click()
    expect(page.locator("[data-on-card] tr[data-id]").first).to_be_visible()
    page.get_by_role("group", name="Filter").get_by_role("button", name="Owner", exact=True).click()
    page.get_by_role("link", name="Without groups").click()
    page.get_by_role("button", name="Columns").click()
    page.get_by_role("dialog", name="Columns").get_by_label("Stage", exact=True).uncheck()
    page.get_by_role("dialog", name="Columns").get_by_role("button", name="Show").click()
    expect(page.locator("[data-on-card] th[data-field='stage']")).to_have_count(0)
    page.get_by_role("button", name="Columns").click()
    page.get_by_role("button", name="Standard ones").click()
    expect(page.locator("[data-on-card] th[data-field='stage']")).to_have_count(1)


def test_a_dialog_that_is_opened_while_the_list_comes_stays_until_it_is_closed(desk: Desk) -> None:
    page = opened(desk("Olena", alone=True))
    waiting: list[Route] = []
    page.route("**/deal/?*", lambda route: waiting.append(route))  # noqa: PLW0108  # the library marks what it is given
    page.get_by_role("columnheader", name="Amount").get_by_role("link").click()
    expect(page.locator("[data-on-card][aria-busy]")).to_be_attached()
    page.get_by_role("button", name="Columns").click()
    dialog = page.get_by_role("dialog", name="Columns")
    dialog.get_by_label("Owner", exact=True).uncheck()
    waiting.pop().continue_()
    quiet(page)
    expect(dialog.get_by_label("Owner", exact=True)).not_to_be_checked()
    page.unroute("**/deal/?*")
    page.keyboard.press("Escape")
    expect(page.locator("th[aria-sort='descending'][data-field='amount']")).to_be_attached()
    expect(page.locator("[data-on-card] th[data-field='owner']")).to_have_count(1)


def test_a_cell_a_selection_and_a_new_record(desk: Desk, firm: Firm) -> None:
    (account,) = firm.make("account", {"name": "Картка з угодами"})
    deals = firm.make("deal", *({"name": f"З картки {n}", "account": account, "stage": firm.stage("lead"), "amount": n} for n in (1, 2)))
    page = opened(desk("Olena"), f"/account/{account}/?tab=deals&grid=sort%3Dname")
    expect(page.locator("#count-deals")).to_have_text("2")
    cell = page.locator(f"tr[data-id='{deals[0]}'] td").nth(page.locator("th[data-field='amount']").evaluate("(head) => head.cellIndex"))
    cell.dblclick()
    cell.locator("[name=value]").fill("70")
    page.keyboard.press("Enter")
    expect(cell).to_contain_text("70")
    expect(page.locator("[data-foot]")).to_contain_text("72")
    page.get_by_role("checkbox", name="Select З картки 2").check()
    page.get_by_role("toolbar").get_by_role("button", name="Remove").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(page.locator("[data-on-card] tbody tr")).to_have_count(1)
    expect(page.locator("#count-deals")).to_have_text("1")
    page.locator("body").press("c")
    page.wait_for_url(f"**/deal/new/?account={account}")
    expect(page.locator("form[data-edit]")).to_contain_text("Картка з угодами")


def test_a_record_beside_it_goes_to_the_next_of_the_card_and_back_to_it(desk: Desk) -> None:
    page = opened(desk("Olena"), f"{CARD}&grid=sort%3Dname")
    names = shown(page)
    page.locator("[data-on-card] tbody a.b-main-text").first.focus()
    page.keyboard.press("j")
    page.keyboard.press("o")
    expect(page.locator(".b-drawer-name")).to_have_text(names[1])
    page.keyboard.press("ArrowDown")
    expect(page.locator(".b-drawer-name")).to_have_text(names[2])
    page.keyboard.press("Enter")
    page.wait_for_url("**/deal/*/?within=list*")
    expect(page.locator("h1")).to_have_text(names[2])
    page.keyboard.press("j")
    expect(page.locator("h1")).to_have_text(names[3])
    page.get_by_role("navigation", name="Where you are").get_by_role("link").click()
    expect(page.locator("[data-on-card] [data-foot][data-count='4']")).to_be_attached()
    assert grid(page) == {"sort": "name"}
    opened(page, f"{CARD}#4")  # an address of a record beside it
    expect(page.locator(".b-drawer-name")).to_have_text("Угода 004")


@pytest.mark.parametrize("entity", ["contact", "user"])  # cards of a company and of a deal are looked at among the screens
def test_the_card_with_its_list_has_no_fault(desk: Desk, firm: Firm, entity: str) -> None:
    number = firm.people["Oksana"] if entity == "user" else 1
    page = desk("Olena", language="uk")
    page.goto(f"/{entity}/{number}/?tab=interactions")
    expect(page.locator("[data-on-card] [data-filter]")).to_be_attached()
    assert check(page) == []


def test_on_a_phone_the_list_is_cards_below_the_facts(desk: Desk) -> None:
    page = opened(desk("Olena", width=390))
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.get_by_role("button", name="Expected on").or_(page.locator("[data-sort-sheet]")).first.click()
    page.get_by_role("dialog", name="Sort").get_by_role("link", name="Amount").click()
    expect(page.locator("th[aria-sort][data-field='amount']")).to_be_attached()
    page.locator("[data-on-card] tr[data-id]").first.click()
    expect(page.locator("#drawer")).to_be_visible()


def test_without_a_script_the_first_rows_and_the_way_to_all_stay(desk: Desk, firm: Firm) -> None:
    page = desk("Olena", alone=True)
    page.route("**/on_card.js*", lambda route: route.abort())
    page.goto(CARD)
    expect(page.locator(".b-related-rows tbody tr")).to_have_count(4)
    page.get_by_role("link", name="All", exact=True).click()
    expect(page.get_by_role("group", name="Filter")).to_contain_text("Company is ТОВ «Смерека 4»")
