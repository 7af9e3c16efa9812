"""The list in a real browser: filtering, sorting, searching, columns, pages, favourites, the drawer; each view has its address."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Desk
from tests.browser.firm import Firm
from tests.browser.steps import address, names, open_list, text_of

OURS = {"field": "code", "op": "starts", "value": "T-"}
TRADE = {"field": "account.industry", "op": "eq", "value": "trade"}
THIS_QUARTER = {"field": "expected_on", "op": "within", "value": "this_quarter"}


def words(page: Page) -> dict[str, str]:
    """The words of the address in the bar of the browser."""
    return {key: values[0] for key, values in parse_qs(urlsplit(page.url).query).items()}


def head(page: Page, name: str) -> Locator:
    """The link in the head of a column."""
    return page.get_by_role("columnheader", name=name).get_by_role("link")


def count(page: Page) -> int:
    return int(page.locator("[data-foot]").get_attribute("data-count") or -1)


def test_a_filter_reads_as_a_sentence_and_the_foot_adds_up_all_it_lets_through(desk: Desk) -> None:
    page = open_list(desk("Mykola"), address("deal", {"all": [TRADE, THIS_QUARTER]}))
    sentence = page.get_by_role("group", name="Filter")
    expect(sentence).to_contain_text("Deals where")
    expect(sentence).to_contain_text("Company · Industry is Trade")
    expect(sentence).to_contain_text("this quarter")
    assert count(page) == 10
    expect(page.locator("[data-foot]")).to_contain_text("620,005 UAH")
    page.get_by_role("link", name=re.compile("Drop the condition “Company")).click()
    expect(page.locator("[data-foot][data-count='30']")).to_be_attached()
    page.go_back()
    expect(page.locator("[data-foot][data-count='10']")).to_be_attached()


def test_the_builder_follows_a_relation_and_takes_relative_periods(desk: Desk) -> None:
    page = open_list(desk("Mykola"), "/deal/")
    page.keyboard.press("f")
    builder = page.get_by_role("dialog", name="Filter")
    builder.get_by_label("Field", exact=True).select_option(label="Company →")
    builder.get_by_label("Field", exact=True).select_option(label="Industry")
    builder.get_by_label("Industry: Value").select_option(label="Trade")
    builder.get_by_role("button", name="condition").click()
    builder.get_by_label("Field", exact=True).nth(1).select_option(label="Expected on")
    builder.get_by_label("How").nth(2).select_option(label="in the period")
    builder.get_by_label("Expected on: Value").select_option(label="this quarter")
    builder.get_by_role("button", name="Show").click()
    expect(page.locator("[data-foot][data-count='10']")).to_be_attached()
    # A chip opens the builder at its own line, and what it says can be turned round.
    page.get_by_role("button", name="Industry is Trade").click()
    builder.get_by_label("How").nth(1).select_option(label="does not equal")
    builder.get_by_role("button", name="Show").click()
    expect(page.locator("[data-foot][data-count='20']")).to_be_attached()
    expect(page.get_by_role("group", name="Filter")).to_contain_text("Industry is not Trade")


def test_a_group_of_conditions_of_which_one_is_enough(desk: Desk) -> None:
    page = open_list(desk("Mykola"), address("deal", OURS))
    page.keyboard.press("f")
    builder = page.get_by_role("dialog", name="Filter")
    builder.get_by_role("button", name="group").click()
    group = builder.locator(".b-cond-group")
    expect(group.get_by_label("How").first).to_have_value("any")
    for n, (how, value) in enumerate((("equals", "Угода 001"), ("starts with", "Угода 002"))):
        if n:
            group.get_by_role("button", name="condition").click()
        group.get_by_label("Field", exact=True).nth(n).select_option(label="Name")
        group.get_by_label("How").nth(n + 1).select_option(label=how)
        group.get_by_label("Name: Value").nth(n).fill(value)
    builder.get_by_role("button", name="Show").click()
    expect(page.locator("[data-foot][data-count='2']")).to_be_attached()
    expect(page.get_by_role("group", name="Filter")).to_contain_text("(Name is Угода 001 or Name starts with Угода 002)")


def test_sorting_by_two_keys_turning_round_and_letting_go(desk: Desk) -> None:
    page = open_list(desk(), address("deal", OURS, size="25"))
    head(page, "Stage").click()
    expect(page.get_by_role("columnheader", name="Stage")).to_have_attribute("aria-sort", "ascending")
    page.wait_for_load_state()  # the scripts of the page that has come listen from here on
    head(page, "Amount").click(modifiers=["Shift"])
    expect(page.get_by_role("columnheader", name="Amount")).to_have_attribute("aria-sort", "descending")
    page.wait_for_load_state()
    assert words(page)["sort"] == "stage,-amount"
    assert names(page)[:2] == ["Угода 120", "Угода 115"]
    head(page, "Amount").click(modifiers=["Shift"])
    expect(page.get_by_role("columnheader", name="Amount")).to_have_attribute("aria-sort", "ascending")
    page.wait_for_load_state()
    assert names(page)[:2] == ["Угода 005", "Угода 010"]
    head(page, "Amount").click(modifiers=["Shift"])
    expect(page.get_by_role("columnheader", name="Amount")).not_to_have_attribute("aria-sort", re.compile("."))
    assert words(page)["sort"] == "stage"


def test_pages_go_forward_and_back_and_the_sum_stays_that_of_all(desk: Desk) -> None:
    page = open_list(desk(), address("deal", OURS, sort="name", size="50"))
    total = page.locator("[data-foot] .b-total").first.inner_text()
    assert names(page)[0] == "Угода 001"
    for first in ("Угода 051", "Угода 101"):
        page.get_by_role("link", name="Next page").click()
        expect(page.locator("[data-list] tbody .pk").first).to_have_text(first)
        assert page.locator("[data-foot] .b-total").first.inner_text() == total
    expect(page.get_by_role("link", name="Next page")).to_be_disabled()
    page.get_by_role("link", name="Previous page").click()
    expect(page.locator("[data-list] tbody .pk").first).to_have_text("Угода 051")


def test_search_finds_whatever_the_case_and_can_be_cleared(desk: Desk) -> None:
    page = open_list(desk(), "/account/")
    page.get_by_role("searchbox", name="Search in this list").fill("СМЕРЕКА 30")
    page.keyboard.press("Enter")
    expect(page.locator("[data-list] tbody .pk")).to_have_text(["ТОВ «Смерека 30»"])
    page.get_by_role("link", name="Clear the search").click()
    expect(page.locator("[data-foot][data-count]")).not_to_have_attribute("data-count", "1")


def test_columns_are_chosen_ordered_and_remembered(desk: Desk) -> None:
    page = open_list(desk(), "/account/")
    page.get_by_role("button", name="Columns").click()
    choice = page.get_by_role("dialog", name="Columns")
    choice.get_by_label("Phone", exact=True).uncheck()
    choice.get_by_label("Employees", exact=True).check()
    for _ in range(2):
        choice.get_by_role("button", name="Move to the left: City").click()
    choice.get_by_role("button", name="Show").click()
    heads = page.locator("[data-list] thead th[data-field]")
    expect(heads.nth(1)).to_have_attribute("data-field", "city")
    shown = heads.evaluate_all("heads => heads.map((head) => head.dataset.field)")
    assert "employees" in shown
    assert "phone" not in shown
    open_list(page, "/account/")
    assert heads.evaluate_all("heads => heads.map((head) => head.dataset.field)") == shown
    page.get_by_role("button", name="Columns").click()
    choice.get_by_role("button", name="Standard ones").click()
    expect(heads.nth(4)).to_have_attribute("data-field", "phone")


def test_a_head_is_dragged_to_another_place_and_a_column_wider(desk: Desk) -> None:
    page = open_list(desk(), "/contact/")
    heads = page.locator("[data-list] thead th[data-field]")
    before = heads.evaluate_all("heads => heads.map((head) => head.dataset.field)")
    moved, target = heads.nth(3).bounding_box(), heads.nth(1).bounding_box()
    assert moved
    assert target
    page.mouse.move(moved["x"] + 20, moved["y"] + 10)
    page.mouse.down()
    page.wait_for_timeout(200)
    page.mouse.move(moved["x"], moved["y"] + 10, steps=4)
    for step in range(40):  # while another head still slides aside, the library does not look where the pointer is
        page.mouse.move(target["x"] + 10 + step % 2, target["y"] + 10, steps=8)
        if heads.nth(1).get_attribute("data-field") == before[3]:
            break
        page.wait_for_timeout(100)
    page.mouse.up()
    expect(heads.nth(1)).to_have_attribute("data-field", before[3])
    page.wait_for_timeout(500)  # the head goes to its place by an animation, or the page comes anew
    page.wait_for_load_state()
    wide = heads.nth(1).bounding_box()
    assert wide
    page.mouse.move(wide["x"] + wide["width"] - 3, wide["y"] + 10)
    page.mouse.down()
    page.mouse.move(wide["x"] + wide["width"] + 97, wide["y"] + 10, steps=4)
    page.mouse.up()
    assert abs((heads.nth(1).bounding_box() or wide)["width"] - wide["width"] - 100) < 6
    open_list(page, page.url)
    assert (heads.nth(1).bounding_box() or wide)["width"] > wide["width"] + 60


def test_a_filtered_list_is_kept_among_favourites_and_opened_again(desk: Desk) -> None:
    page = open_list(desk("Mykola"), address("deal", TRADE))
    page.get_by_role("button", name="Keep among favourites", exact=True).click()
    open_list(page, "/account/")
    kept = page.locator("#favourites a")
    expect(kept).to_have_text("Deals: Company · Industry is Trade")
    kept.click()
    expect(page.get_by_role("group", name="Filter")).to_contain_text("Industry is Trade")
    expect(kept).to_have_attribute("aria-current", "page")


def test_an_empty_result_says_which_condition_to_drop(desk: Desk) -> None:
    page = desk()
    page.goto(address("deal", {"all": [OURS, {"field": "name", "op": "eq", "value": "немає такої"}]}))
    expect(page.get_by_role("heading", name="Nothing fits these conditions")).to_be_visible()
    page.locator(".b-empty").get_by_role("link", name="Name is немає такої").click()
    expect(page.locator("[data-foot][data-count='120']")).to_be_attached()


def test_the_drawer_walks_through_the_whole_filter_beyond_the_page(desk: Desk) -> None:
    page = open_list(desk(), address("deal", OURS, sort="name", size="25"))
    page.get_by_role("link", name="Угода 024", exact=True).click()
    title = page.locator("#drawer-body h2").first
    expect(title).to_have_text("Угода 024")
    page.get_by_role("button", name="Next record").click()
    expect(title).to_have_text("Угода 025")
    page.keyboard.press("ArrowDown")
    expect(title).to_have_text("Угода 026")
    number = urlsplit(page.url).fragment
    page.reload()
    expect(title).to_have_text("Угода 026")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/deal/{number}/?within=list*")
    page.go_back()
    expect(title).to_have_text("Угода 026")


def test_keys_lead_through_the_list(desk: Desk) -> None:
    page = open_list(desk(), "/account/")
    page.keyboard.press("g")
    page.keyboard.press("d")
    page.wait_for_url("**/deal/")
    expect(page.locator("[data-foot][data-count]")).to_be_attached()
    page.keyboard.press("j")
    page.keyboard.press("j")
    second = page.locator("[data-list] tbody tr").nth(1)
    expect(second).to_have_class(re.compile("is-cursor"))
    page.keyboard.press("x")
    expect(second.locator("[data-pick]")).to_be_checked()
    page.keyboard.press("Escape")
    expect(second.locator("[data-pick]")).not_to_be_checked()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys of this screen")).to_contain_text("Paste a range from a spreadsheet")
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    page.keyboard.type("Смерека 12")
    page.get_by_role("option", name="ТОВ «Смерека 12»").wait_for()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/account/\d+/"))
    page.keyboard.press("e")
    page.wait_for_url(re.compile(r"/account/\d+/edit/"))
    page.go_back()
    page.keyboard.press("c")
    expect(page.get_by_role("menuitem").or_(page.locator(".dropdown-menu.show a")).first).to_be_visible()


def test_language_and_theme_are_switched_where_one_stands(desk: Desk) -> None:
    page = open_list(desk("Oksana"), address("deal", TRADE))
    page.get_by_role("button", name="Language: English").click()
    page.get_by_role("link", name="Українська").click()
    expect(page.get_by_role("heading", name="Угоди", level=1)).to_be_visible()
    expect(page.locator("[data-foot][data-count]")).to_be_attached()  # before that a script that hears the next click may still be on its way
    assert words(page)["where"]
    page.get_by_role("button", name="Тема").click()
    page.get_by_role("menuitemradio", name="Темна").click()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    open_list(page, "/account/?lang=en")
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    page.get_by_role("button", name="Theme").click()
    page.get_by_role("menuitemradio", name=re.compile("system")).click()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "light")


def test_days_and_amounts_are_said_as_people_say_them(desk: Desk, firm: Firm) -> None:
    (number,) = firm.make("deal", {"name": "Закупівля", "amount": "1234567.5", "currency": "USD", "stage": firm.stage("lead")})
    page = open_list(desk(language="uk"), address("deal", {"field": "id", "op": "eq", "value": number}))
    assert text_of(page.get_by_role("columnheader", name="Сума")) == "Сума, ₴"
    expect(page.locator("[data-list] tbody")).to_contain_text("1\xa0234\xa0567,50 USD")
    page.goto("/account/?columns=name,updated_at")
    moment = page.locator("[data-list] tbody time").first
    assert re.fullmatch(r"(учора, )?\d{1,2}:\d\d", moment.inner_text())  # it may be past midnight meanwhile
    assert re.match(r"\d\d\.\d\d\.\d{4}", moment.get_attribute("title") or "")


@pytest.mark.parametrize("language", ["en", "uk"])
def test_on_a_phone_rows_are_cards_chosen_by_a_long_touch(desk: Desk, language: str) -> None:
    page = open_list(desk("Mykola", width=390, language=language), address("deal", {"all": [OURS, THIS_QUARTER]}, sort="name"))
    row = page.locator("[data-list] tbody tr").first
    for text in ("Угода 004", "ТОВ «Смерека 5»", "Mykola"):
        expect(row).to_contain_text(text)
    box = row.bounding_box()
    assert box
    assert 50 < box["height"] < 110
    point = {"pointerType": "touch", "bubbles": True}
    row.dispatch_event("pointerdown", point)
    page.wait_for_timeout(600)
    row.dispatch_event("pointerup", point)
    expect(page.locator("[data-selected-count]")).to_contain_text("1")
    page.locator("[data-list] tbody tr").nth(2).locator(".p3").tap()
    expect(page.locator("[data-selected-count]")).to_contain_text("2")
    page.locator("[data-unselect]").tap()
    row.locator(".p3").tap()
    expect(page.locator("#drawer-body h2").first).to_have_text("Угода 004")


CUT = """heads => heads.map(head => head.querySelector('.b-cut') || head)
.filter(one => one.scrollWidth > one.clientWidth || one.scrollHeight > one.clientHeight + 1).map(one => one.textContent)"""


@pytest.mark.parametrize("language", ["uk", "en"])
@pytest.mark.parametrize("sort", ["-expected_on", "-probability"])
def test_the_head_of_a_column_is_read_whole(desk: Desk, language: str, sort: str) -> None:
    page = open_list(desk(language=language), address("deal", sort=sort))
    heads = page.locator("[data-list] thead th[data-field]")
    assert heads.evaluate_all(CUT) == []
    # The standard columns fit a window of 1280 pixels.
    assert page.locator("[data-list]").evaluate("list => list.scrollWidth - list.clientWidth") <= 0
    open_list(page, address("deal", sort=sort, columns="name,probability,expected_on,next_step_on,loss_reason,sales_channel,business_line,created_at"))
    assert heads.evaluate_all(CUT) == []
