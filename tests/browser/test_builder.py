"""A register built in a browser: from nothing to a filtered list, by clicking and by the keyboard alone."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from crm.backoffice.catalog import load_catalog
from tests.browser.accessibility import check
from tests.browser.conftest import Desk
from tests.browser.firm import Firm, serving
from tests.browser.steps import address, names, picker, toast


@pytest.fixture(scope="module")
def works(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Firm]:
    """A company of its own: what is built here stays in its menus."""
    made = Firm(tmp_path_factory.mktemp("works"), sqlite_template)
    made.make("account", {"name": "ТОВ «Смерека»"}, {"name": "ТОВ «Явір»"})
    with serving(made):
        yield made


def looked_at(page: Page) -> None:
    """Both widths and themes."""
    assert check(page) == []
    page.set_viewport_size({"width": 1280, "height": 800})


def published(page: Page, words: str, done: str) -> None:
    """The plan says `words`; it is published."""
    expect(page.get_by_role("heading", level=1)).to_have_text("Що зміниться")
    expect(page.locator(".b-plan")).to_contain_text(words)
    page.get_by_role("button", name="Опублікувати").click()
    toast(page, done)


def test_a_register_is_built_by_clicking_and_used_at_once(desk: Desk, works: Firm) -> None:
    page = desk("Olena", language="uk", at=works)
    page.goto("/configuration/")
    looked_at(page)
    page.get_by_role("link", name="Новий вид записів").click()
    page.get_by_label("Назва одного, українською").fill("Тендер")
    page.get_by_label("Назва одного, англійською").fill("Tender")
    expect(page.get_by_label("Ключ")).to_have_value("tender")
    page.get_by_label("Назва багатьох, українською").fill("Тендери")
    page.get_by_label("Розділ меню").select_option("sales")
    page.get_by_role("radio", name="Кубок").check(force=True)
    looked_at(page)
    page.get_by_role("button", name="Показати, що зміниться").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Що зміниться")
    looked_at(page)
    published(page, "Новий вид записів: «Тендери»", "Опубліковано")

    def add(type_: str, uk: str, en: str) -> None:
        page.locator("header").get_by_role("link", name="Додати поле").click()
        page.locator(f"a.b-made-tile[href$='/add/{type_}/']").click()
        page.get_by_label("Назва українською").fill(uk)
        page.get_by_label("Назва англійською").fill(en)

    def done(uk: str) -> None:
        page.get_by_role("button", name="Показати, що зміниться").click()
        published(page, f"Нове поле «{uk}» у «Тендери»", "Опубліковано")

    page.locator("header").get_by_role("link", name="Додати поле").click()
    looked_at(page)
    page.go_back()
    add("reference", "Замовник", "Customer")
    page.get_by_label("На що посилається").select_option("account")
    done("Замовник")
    add("money", "Бюджет", "Budget")
    done("Бюджет")
    add("picklist", "Підсумок", "Result")
    page.get_by_label("Значення 1 українською").fill("Виграно")
    page.get_by_label("Значення 1 англійською").fill("Won")
    page.locator("[name=opt-colour-0]").select_option("green")
    expect(page.locator("[data-swatch]").first).to_have_class("b-tag is-green")
    page.get_by_role("button", name="Додати значення").click()
    page.keyboard.type("Програно")  # the new row has the focus
    looked_at(page)
    page.locator("[name=opt-uk-1]").press("Tab")
    page.keyboard.type("Lost")
    page.locator(".b-option").nth(1).get_by_role("button", name="Вище").click()
    done("Підсумок")
    add("formula", "Внесок", "Fee")
    page.get_by_role("button", name="Бюджет budget").click()
    page.keyboard.type(" * 0.02")
    expect(page.locator("#formula-gives")).to_have_text("Дає: Гроші")
    looked_at(page)
    done("Внесок")
    works.catalog = load_catalog(works.engine)
    kind = works.catalog.entity("tender")
    assert [o.key for o in works.catalog.picklists["tender.result"].options] == ["lost", "won"]
    looked_at(page)

    page.goto("/tender/new/")
    field = picker(page, "Замовник")
    field.fill("Смерека")
    page.get_by_role("option", name="Смерека").click()
    page.get_by_label("Бюджет").fill("1500,50")
    page.get_by_label("Підсумок").select_option(str(works.option("tender.result", "won")))
    page.get_by_role("button", name="Зберегти", exact=False).first.click()
    expect(page).to_have_url(re.compile(r"/tender/\d+/"))
    expect(page.locator("main")).to_contain_text("30,01")
    works.make("tender", {"budget": 7})
    page.goto(address("tender", {"field": "result", "op": "eq", "value": "won"}))
    assert len(names(page)) == 1
    assert kind.fields["fee"].type == "money"


def test_a_field_is_added_and_taken_back_by_the_keyboard_alone(desk: Desk, works: Firm) -> None:
    page = desk("Olena", at=works)
    page.goto("/configuration/account/")
    press(page, "c")
    expect(page.get_by_role("heading", level=1)).to_have_text("What kind of field?")
    reach(page, "a.b-made-tile[href$='/add/decimal/']")
    press(page, "Enter")
    reach(page, "#label_uk")
    page.keyboard.type("Ризик")
    page.keyboard.press("Tab")
    page.keyboard.type("Risk")
    expect(page.locator("#key")).to_have_value("risk")
    reach(page, "[name=class]:checked")
    page.keyboard.press("ArrowUp")
    expect(page.get_by_role("radio", name="Internal")).to_be_checked()
    press(page, "Control+s")
    expect(page.locator(".b-plan")).to_contain_text("New field “Risk” on “Companies”")
    reach(page, "button[value=publish]")
    press(page, "Enter")
    toast(page, "Published")
    assert "risk" in load_catalog(works.engine).entity("account").fields
    press(page, "Control+z")
    expect(page.get_by_role("link", name="Risk")).to_have_count(0)
    assert "risk" not in load_catalog(works.engine).entity("account").fields
    page.goto("/configuration/all-versions/")
    looked_at(page)


def press(page: Page, keys: str) -> None:
    page.wait_for_load_state("load")
    page.keyboard.press(keys)


def reach(page: Page, selector: str) -> None:
    """Tab until the focus is there: whatever cannot be reached so fails."""
    wanted: Any = page.locator(selector).first
    expect(wanted).to_be_attached()
    for _ in range(120):
        if wanted.evaluate("(one) => one === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{selector} is out of the keyboard's reach")
