"""Layouts arranged in a browser: by the mouse, by the finger's size of screen, by the keyboard alone, and the screen beside them."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from crm.backoffice.catalog import load_catalog
from tests.browser.accessibility import check
from tests.browser.building import press, reach
from tests.browser.conftest import Desk
from tests.browser.firm import Firm, serving
from tests.browser.steps import toast

PAGE = "/configuration/account/layout/"


@pytest.fixture(scope="module")
def works(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Firm]:
    """A company of its own: what is arranged here stays."""
    made = Firm(tmp_path_factory.mktemp("arranged"), sqlite_template)
    made.make("account", {"name": "ТОВ «Смерека»", "city": "Київ", "revenue": 7654321}, {"name": "ТОВ «Явір»", "city": "Львів"})
    with serving(made):
        yield made


@pytest.fixture(autouse=True)
def as_standard(works: Firm) -> None:
    works.configure(json.dumps({"layouts": {"account": None}}))


def part(page: Page, name: str) -> Locator:
    return page.locator(f"[data-part={name}]")


def order(page: Page, name: str) -> list[str]:
    return [key for key in part(page, name).locator("[data-placed] > li").evaluate_all("all => all.map((one) => one.dataset.item)") if key]


def shown(page: Page) -> list[str]:
    """The fields of the screen beside, in order."""
    return page.locator("[data-look] [data-field]").evaluate_all("all => all.map((one) => one.dataset.field)")


def drag(page: Page, what: Locator, to: Locator, x: float = 0.5, y: float = 0.2) -> None:
    what.scroll_into_view_if_needed()
    start, steps = what.bounding_box(), 8
    assert start
    page.mouse.move(start["x"] + start["width"] / 2, start["y"] + start["height"] / 2)
    page.mouse.down()
    end = to.bounding_box()
    assert end
    page.mouse.move(end["x"] + end["width"] * x, end["y"] + end["height"] * y, steps=steps)
    page.mouse.up()


def open_part(page: Page, name: str) -> None:
    page.locator(f"[data-show={name}]").click()
    expect(part(page, name)).to_be_visible()


def publish(page: Page, words: str) -> None:
    page.get_by_role("button", name=re.compile("Show what changes|Показати, що зміниться")).click()
    expect(page.locator(".b-plan")).to_contain_text(words)
    page.locator("button[value=publish]").click()
    toast(page, re.compile("Published|Опубліковано"))


def test_columns_are_dragged_published_and_stand_so_in_the_list(desk: Desk, works: Firm) -> None:
    page = desk("Olena", at=works)
    page.goto(PAGE)
    open_part(page, "columns")
    usual = order(page, "columns")
    expect(page.locator("[data-look] th[data-field]")).to_have_count(len(usual))
    drag(page, part(page, "columns").locator("[data-item=city] [data-grip]"), part(page, "columns").locator("[data-item=name]"))
    assert order(page, "columns")[:2] == ["city", "name"]
    expect(page.locator("[data-look] th[data-field]").first).to_have_attribute("data-field", "city")
    drag(page, part(page, "columns").locator("[data-item=fax] .b-grow"), part(page, "columns").locator("[data-item=name]"), y=0.9)
    assert order(page, "columns")[:3] == ["city", "name", "fax"]
    drag(page, part(page, "columns").locator("[data-item=industry] [data-grip]"), part(page, "columns").locator(".b-left h3"))
    assert "industry" not in order(page, "columns")
    held, over = part(page, "columns").locator("[data-item=city] [data-grip]").bounding_box(), part(page, "columns").locator("[data-item=fax]").bounding_box()
    assert held and over
    page.mouse.move(held["x"] + 5, held["y"] + 5)
    page.mouse.down()
    page.mouse.move(over["x"] + 9, over["y"] + 20, steps=5)
    page.keyboard.press("Escape")
    page.mouse.up()
    assert order(page, "columns")[0] == "city", "Escape lets go"
    page.locator("[data-take-back]").click()
    assert "industry" in order(page, "columns")
    page.keyboard.press("Control+z")
    assert "fax" not in order(page, "columns") and order(page, "columns")[:2] == ["city", "name"]
    # A column of the screen itself may be dragged too.
    expect(page.locator("[data-look]:not([aria-busy]) th[data-field]")).to_have_count(len(usual))
    drag(page, page.locator("[data-look] th[data-field=city]"), page.locator("[data-look] th[data-field=name]"), x=0.9)
    assert order(page, "columns")[:2] == ["name", "city"]
    drag(page, part(page, "columns").locator("[data-item=city] [data-grip]"), part(page, "columns").locator("[data-item=name]"))
    publish(page, "Columns of the list: as standard → City, Name")
    page.goto("/account/")
    assert page.locator("thead th[data-field]").evaluate_all("all => all.map((one) => one.dataset.field)")[:2] == ["city", "name"]


def test_sections_are_arranged_by_the_keyboard_alone_and_read_out(desk: Desk, works: Firm) -> None:
    page = desk("Olena", at=works)
    page.goto(PAGE)
    expect(page.locator("[data-look] [data-field=name]")).to_be_visible()
    reach(page, "[data-part=row] [data-placed] [data-item=code] [data-grip]")
    press(page, "ArrowUp")
    expect(page.locator("[data-told]")).to_have_text("Code: place 1 of 12, section Particulars")
    assert order(page, "row")[:2] == ["code", "name"]
    press(page, "ArrowUp")
    expect(page.locator("[data-told]")).to_have_text("Code stays where it is")
    press(page, "ArrowDown")
    press(page, "Delete")
    expect(page.locator("[data-told]")).to_have_text("Code: taken out")
    expect(page.locator("[data-look] [data-field=code]")).to_have_count(1)  # it stands among the fields of no section
    reach(page, "[data-part=row] [data-left] [data-item=code] [data-grip]", "Shift+Tab")
    press(page, "Enter")
    expect(page.locator("[data-told]")).to_contain_text("section Whose it is")
    reach(page, "[data-part=row] [data-placed] .is-head [data-grip]", "Shift+Tab")
    press(page, "ArrowDown")
    assert page.locator("[data-part=row] .is-head [name^=row-en]").evaluate_all("all => all.map((one) => one.value)")[:2] == ["Reach", "Particulars"]
    assert order(page, "row")[0] == "phone", "a section goes with what stands in it"
    press(page, "Control+z")
    assert order(page, "row")[0] == "name"
    reach(page, "[data-part=row] [data-placed] [data-item=name] summary")
    press(page, "Enter")
    reach(page, "[name=help-uk-name]")
    page.keyboard.type("Як у реєстрі")
    reach(page, "[name=help-en-name]")
    page.keyboard.type("As in the register")
    expect(page.locator("[data-look] [data-field=name]")).to_contain_text("As in the register")
    press(page, "Control+s")
    expect(page.locator(".b-plan")).to_contain_text("Name “As in the register”")
    reach(page, "button[value=publish]")
    press(page, "Enter")
    toast(page, "Published")
    page.goto("/account/new/")
    expect(page.locator("[data-field=name]")).to_contain_text("As in the register")
    assert page.locator("form [data-field]").last.get_attribute("data-field") == "code"


def test_a_role_is_looked_at_in_either_language_and_nothing_of_it_can_be_used(desk: Desk, works: Firm) -> None:
    page = desk("Olena", at=works)
    page.goto(PAGE + "?role=seller")
    expect(page.locator("#look-as")).to_have_value("seller")
    expect(page.locator("[data-look]")).to_contain_text("Particulars")
    page.locator(".b-look [data-in=uk]").click()
    expect(page.locator("[data-look]")).to_contain_text("Реквізити")
    expect(page.locator("[data-look]").locator("a[href], form, [name], :is(input, select, textarea, button):enabled")).to_have_count(0)
    page.locator("#look-as").select_option("watcher")
    expect(page.locator("[data-look]")).to_contain_text("Ця роль таких записів не бачить")
    page.locator("#look-as").select_option("")
    page.locator(".b-look [data-screen=card]").click()
    expect(page.locator("[data-look]")).to_contain_text("ТОВ «Смерека»")
    picker = page.locator(".b-look-who .ts-wrapper input")
    picker.click()
    picker.fill("Явір")
    page.get_by_role("option", name="Явір").click()
    expect(page.locator("[data-look]")).to_contain_text("Львів")


def test_a_finger_arranges_by_buttons_what_the_mouse_drags(desk: Desk, works: Firm) -> None:
    page = desk("Olena", at=works, width=390, language="uk", theme="dark")
    page.goto(PAGE)
    expect(page.locator("[data-look] [data-field=name]")).to_be_visible()
    assert check(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    open_part(page, "quick")
    part(page, "quick").locator("[data-item=phone] [data-move=put]").click()
    part(page, "quick").locator("[data-item=name] [data-move=put]").click()
    part(page, "quick").locator("[data-placed] [data-item=name] [data-move=up]").click()
    expect(page.locator("[data-look] [data-field]")).to_have_count(2)
    expect(page.locator("[data-look] [data-field]").first).to_have_attribute("data-field", "name")
    assert shown(page) == ["name", "phone"]
    page.reload()
    expect(part(page, "quick").locator("[data-placed] > li")).to_have_count(2)  # a draft comes back as it was arranged
    assert order(page, "quick") == ["name", "phone"]
    publish(page, "Назва, Телефон")
    assert load_catalog(works.engine).layouts["account"][""]["quick"] == ["name", "phone"]
    page.goto(PAGE)
    page.get_by_role("button", name="Скинути").click()
    page.get_by_role("button", name="Цю розкладку").click()
    expect(page.locator(".b-plan")).to_contain_text("як заведено")
    page.locator("button[value=publish]").click()
    toast(page, re.compile("Published|Опубліковано"))
    assert "account" not in load_catalog(works.engine).layouts


def test_a_type_dragged_to_its_place_opens_the_form_of_a_field_that_will_stand_there(desk: Desk, works: Firm) -> None:
    page = desk("Olena", at=works)
    page.goto(PAGE)
    expect(page.locator("[data-look]:not([aria-busy]) [data-field=name]")).to_be_visible()
    page.locator("[data-types] summary").click()
    drag(page, page.locator("[data-type=date]"), page.locator("[data-look] [data-field=name]"), y=0.9)
    page.wait_for_url(re.compile(r"/add/date/\?place=after%3Aname"))
    expect(page.locator(".b-notice")).to_contain_text("stand after “Name”")
    page.goto(PAGE)
    page.locator("[data-types] summary").click()
    page.locator("[data-type=text]").focus()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/add/text/\?place=end"))
    page.locator("#label_uk").fill("Дільниця")
    page.locator("#label_en").fill("Ward")
    page.get_by_role("button", name="Show what changes").click()
    expect(page.locator(".b-plan")).to_contain_text("New field “Ward”")
    expect(page.locator(".b-plan")).to_contain_text("Companies")
    assert check(page) == []


def test_the_menu_is_seen_beside_as_it_will_be(desk: Desk, works: Firm) -> None:
    page = desk("Olena", at=works)
    page.goto(PAGE)
    open_menu = page.locator("[data-show=menu]")
    open_menu.click()
    expect(page.locator("[data-look] .b-look-menu .is-here")).to_have_text("Companies")
    page.locator("#hidden").select_option(label="no")
    expect(page.locator("[data-look]")).to_contain_text("It stands in no menu.")
    page.locator("[data-show=row]").click()
    expect(page.locator("[data-look] [data-field=name]")).to_be_visible()
