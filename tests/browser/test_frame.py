"""The frame in a real browser: drawer, keys, palette, messages, questions, look, phone, accessibility."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.accessibility import check
from tests.browser.stage import State
from tests.browser.traffic import quiet

PAGES = ("/product/", "/refused/403", "/refused/500")  # what no real screen shows by itself; those are looked at in test_screens


def ready(page: Page, url: str) -> Page:
    page.goto(url)
    quiet(page)
    return page


def test_a_click_on_a_title_opens_the_record_beside_the_list_and_the_address_keeps_it(page: Page) -> None:
    ready(page, "/deal/").get_by_role("link", name="Cold room 2", exact=True).click()
    expect(page.locator("#drawer-body h2")).to_have_text("Cold room 2")
    assert page.url.endswith("/deal/#42")
    page.reload()
    expect(page.locator("#drawer-body h2")).to_have_text("Cold room 2")


def test_arrows_walk_through_the_list_and_escape_gives_the_focus_back(page: Page) -> None:
    ready(page, "/deal/").get_by_role("link", name="Cold room 4", exact=True).click()
    expect(page.locator("#drawer-body h2")).to_have_text("Cold room 4")
    page.keyboard.press("ArrowDown")
    expect(page.locator("#drawer-body h2")).to_have_text("Cold room 5")
    assert page.url.endswith("#45")
    page.keyboard.press("ArrowUp")
    expect(page.locator("#drawer-body h2")).to_have_text("Cold room 4")
    page.keyboard.press("Escape")
    expect(page.locator("#drawer")).to_be_hidden()
    assert "#" not in page.url
    expect(page.get_by_role("link", name="Cold room 4", exact=True)).to_be_focused()


def test_the_back_button_closes_the_drawer_and_stays_on_the_list(page: Page) -> None:
    ready(page, "/deal/").get_by_role("link", name="Cold room 2", exact=True).click()
    expect(page.locator("#drawer-body h2")).to_be_visible()
    page.go_back()
    expect(page.locator("#drawer")).to_be_hidden()
    assert page.url.endswith("/deal/")


def test_enter_opens_the_whole_page_of_the_record_in_the_drawer(page: Page) -> None:
    ready(page, "/deal/").get_by_role("link", name="Cold room 2", exact=True).click()
    expect(page.locator("#drawer-body h2")).to_be_visible()
    page.keyboard.press("Enter")
    page.wait_for_url("**/deal/42/?within=list**")


def test_a_record_that_is_not_there_is_said_in_a_message_and_no_drawer_stays(page: Page) -> None:
    ready(page, "/deal/").get_by_role("link", name="Cold room 3", exact=True).click()
    expect(page.locator(".b-toast")).to_contain_text("There is no such record.")
    expect(page.locator("#drawer")).to_be_hidden()


def test_letters_move_select_and_open_rows(page: Page) -> None:
    ready(page, "/deal/")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    expect(page.locator("tr.is-cursor")).to_have_attribute("data-id", "41")
    page.keyboard.press("x")
    expect(page.locator("tr.is-cursor [data-pick]")).to_be_checked()
    page.keyboard.press("o")
    expect(page.locator("#drawer-body h2")).to_have_text("Cold room 1")


@pytest.mark.parametrize(("key", "code"), [("с", "KeyC"), ("c", "KeyC")])
def test_letters_are_the_same_on_the_ukrainian_layout(page: Page, key: str, code: str) -> None:
    ready(page, "/deal/")
    page.evaluate("([key, code]) => document.body.dispatchEvent(new KeyboardEvent('keydown', {key, code, bubbles: true, cancelable: true}))", [key, code])
    page.wait_for_url("**/deal/new/")


def test_go_keys_lead_to_the_entries_of_the_rail(page: Page) -> None:
    ready(page, "/product/")
    page.keyboard.press("g")
    page.keyboard.press("d")
    page.wait_for_url("**/deal/")


def test_letters_do_nothing_while_one_types(page: Page) -> None:
    ready(page, "/deal/new/").get_by_label("Name").press_sequentially("c/?gd")
    expect(page.get_by_label("Name")).to_have_value("c/?gd")
    assert page.url.endswith("/deal/new/")


def test_single_letter_keys_can_be_switched_off(page: Page) -> None:
    ready(page, "/deal/").keyboard.press("?")
    page.get_by_label("Single-letter keys").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    expect(page.locator("tr.is-cursor")).to_have_count(0)
    page.keyboard.press("Control+k")
    expect(page.locator("#palette")).to_be_visible()


def test_the_list_of_keys_names_what_this_screen_has(page: Page) -> None:
    ready(page, "/deal/").keyboard.press("?")
    expect(page.locator("#keys")).to_contain_text("Columns")
    expect(page.locator("#keys")).to_contain_text("In the list")
    ready(page, "/product/").keyboard.press("?")
    expect(page.locator("#keys").get_by_text("In the list")).to_be_hidden()


def test_the_palette_finds_records_screens_and_actions(page: Page) -> None:
    ready(page, "/deal/").keyboard.press("Control+k")
    page.keyboard.type("room 12")
    expect(page.get_by_role("option", name="Cold room 12")).to_be_visible()
    page.locator("#palette input").fill("prod")
    expect(page.get_by_role("option", name="Products")).to_be_visible()
    page.locator("#palette input").fill("dark")
    page.get_by_role("option", name="Dark theme").click()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")


def test_enter_in_the_palette_opens_what_is_chosen(page: Page) -> None:
    ready(page, "/deal/").keyboard.press("/")
    page.keyboard.type("room 12")
    expect(page.get_by_role("option", name="Cold room 12")).to_be_visible()
    page.keyboard.press("Enter")
    page.wait_for_url("**/deal/52/")


def test_an_ended_session_is_told_with_the_way_back(page: Page, state: State) -> None:
    ready(page, "/deal/").keyboard.press("Control+k")
    state.person = None
    page.keyboard.type("room")
    link = page.locator(".b-toast a")
    expect(link).to_have_attribute("href", "/sign-in?next=%2Fdeal%2F")


def test_undo_of_a_message_posts_and_says_so(page: Page, state: State) -> None:
    ready(page, "/deal/new/").get_by_label("Name").fill("Freezer")
    page.get_by_role("button", name="Save").click()
    page.locator(".b-toast").get_by_role("button", name="Undo").click()
    quiet(page)
    assert state.posted[-1][0] == "/undo/b1"


def test_what_asks_first_is_sent_only_after_yes(page: Page, state: State) -> None:
    ready(page, "/deal/").locator("#own").click()
    page.get_by_role("button", name="Sign out everywhere").click()
    page.locator("#question").get_by_role("button", name="Cancel").click()
    assert state.posted == []
    page.locator("#own").click()
    page.get_by_role("button", name="Sign out everywhere").click()
    with page.expect_request("**/sign-out-everywhere"):
        page.locator("#question").get_by_role("button", name="Sign out everywhere").click()


def test_theme_density_and_the_folded_rail_are_kept(page: Page, state: State) -> None:
    ready(page, "/deal/").get_by_role("button", name="Theme").click()
    page.get_by_role("menuitemradio", name="Dark").click()
    page.locator("#own").click()
    with page.expect_response("**/profile/look"):
        page.get_by_role("menuitemradio", name="Compact").click()
    page.get_by_role("button", name="Fold the menu").click()
    assert [values for path, values in state.posted if path == "/profile/look"] == [{"theme": "dark"}, {"density": "compact"}]
    ready(page, "/product/")
    for name, value in (("data-bs-theme", "dark"), ("data-density", "compact"), ("data-rail", "icons")):
        expect(page.locator("html")).to_have_attribute(name, value)


def test_the_persons_own_theme_comes_before_that_of_the_browser(page: Page, state: State) -> None:
    assert state.person is not None
    state.person.theme = "dark"
    expect(ready(page, "/deal/").locator("html")).to_have_attribute("data-bs-theme", "dark")


def test_favourites_stand_on_top_for_their_person_alone(page: Page, state: State) -> None:
    ready(page, "/deal/?search=a").get_by_role("button", name="Keep among favourites", exact=True).click()
    expect(ready(page, "/product/").locator("#favourites a")).to_have_attribute("href", "/deal/?search=a")
    assert state.person is not None
    state.person.id = 8
    expect(ready(page, "/product/").locator("#favourites")).to_be_hidden()


def test_on_a_phone_the_rail_is_behind_a_button_and_a_row_opens_over_the_list(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    ready(page, "/deal/")
    rail = page.get_by_role("navigation", name="Areas")
    expect(rail).to_be_hidden()
    page.get_by_role("navigation", name="Quick actions").get_by_role("button", name="Menu").click()
    expect(rail).to_be_visible()
    page.keyboard.press("Escape")
    expect(rail).to_be_hidden()
    page.locator("tr[data-id='44'] .p2").click()
    expect(page.locator("#drawer-body h2")).to_have_text("Cold room 4")


@pytest.mark.parametrize("url", PAGES)
def test_a_page_has_no_fault_in_any_width_and_theme(page: Page, url: str) -> None:
    assert check(ready(page, url)) == []
