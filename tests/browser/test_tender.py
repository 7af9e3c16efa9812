"""The Tender register, from nothing to a filtered list, a board and a report: by clicking in Ukrainian, by the keyboard alone in English."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import inspect

from crm.backoffice.catalog import load_catalog
from tests.browser.building import looked_at, press, published, reach
from tests.browser.conftest import Desk
from tests.browser.firm import Firm, serving
from tests.browser.steps import address, names, picker, text_of, toast


@pytest.fixture
def works(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Firm]:
    """A company of its own for each: what is built stays in its menus."""
    made = Firm(tmp_path_factory.mktemp("works"), sqlite_template)
    made.make("account", {"name": "ТОВ «Смерека»"}, {"name": "ТОВ «Явір»"})
    with serving(made):
        yield made


def test_a_register_is_built_by_clicking_and_used_at_once(desk: Desk, works: Firm) -> None:
    page = desk("Olena", language="uk", at=works)
    page.goto("/configuration/")
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
        page.wait_for_load_state()  # a button that is pressed before its script has come does nothing
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
    add("date", "Відкриття", "Opens on")
    done("Відкриття")
    add("file", "Умови", "Terms")
    done("Умови")
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
    works.make("tender", {"budget": 7, "result": works.option("tender.result", "lost")})
    page.goto(address("tender", {"field": "result", "op": "eq", "value": "won"}))
    assert len(names(page)) == 1
    page.get_by_role("link", name="Дошка", exact=True).click()
    won = page.locator(".b-col[data-label='Виграно']")
    expect(won.locator(".b-card[data-id]")).to_have_count(1)
    expect(page.locator(".b-col[data-label='Програно'] .b-n")).to_have_text("0")
    page.goto("/tender/")
    page.get_by_role("link", name="Звіт", exact=True).click()
    page.locator("select[name=by]").select_option(label="Підсумок")
    rows = page.locator("table.b-report tbody tr")
    expect(rows).to_have_count(2)
    looked_at(page)
    assert kind.fields["fee"].type == "money"
    stands_in_the_database(works, "customer", "budget", "opens_on", "terms", "result", "fee")


def stands_in_the_database(works: Firm, *keys: str) -> None:
    """Real columns, the foreign key and its index, as the database itself tells."""
    kind, told = load_catalog(works.engine).entity("tender"), inspect(works.engine)
    column = {key: kind.fields[key].attribute for key in keys}
    assert set(column.values()) <= {one["name"] for one in told.get_columns(kind.table.name)}
    assert (column["customer"], "account") in {(key["constrained_columns"][0], key["referred_table"]) for key in told.get_foreign_keys(kind.table.name)}
    assert column["customer"] in {index["column_names"][0] for index in told.get_indexes(kind.table.name)}


def test_the_same_register_is_built_and_used_by_the_keyboard_alone(desk: Desk, works: Firm) -> None:
    page = desk("Olena", at=works)
    page.goto("/configuration/")
    press(page, "c")
    typed(page, "#label_uk", "Тендер")
    typed(page, "#label_en", "Tender")
    typed(page, "#plural_en", "Tenders")
    typed(page, "#area", "Sales")
    agreed(page, "New kind of records: “Tenders”")

    def add(type_: str, uk: str, en: str) -> None:
        expect(page.get_by_role("heading", level=1)).to_have_text("Tenders")
        press(page, "c")
        expect(page.get_by_role("heading", level=1)).to_have_text("What kind of field?")
        reach(page, f"a.b-made-tile[href$='/add/{type_}/']")
        press(page, "Enter")
        typed(page, "#label_uk", uk)
        typed(page, "#label_en", en)

    def done(en: str) -> None:
        agreed(page, f"New field “{en}” on “Tenders”")

    add("reference", "Замовник", "Customer")
    typed(page, "#to", "Companies")
    done("Customer")
    add("money", "Бюджет", "Budget")
    done("Budget")
    add("picklist", "Підсумок", "Result")
    typed(page, "[name=opt-uk-0]", "Виграно")
    typed(page, "[name=opt-en-0]", "Won")
    typed(page, "[name=opt-colour-0]", "Green")
    reach(page, "button[value=opt-add]")
    press(page, "Enter")
    expect(page.locator("[name=opt-uk-1]")).to_be_focused()
    page.keyboard.type("Програно")
    typed(page, "[name=opt-en-1]", "Lost")
    done("Result")
    add("formula", "Внесок", "Fee")
    typed(page, "#formula", "budget * 0.02")
    done("Fee")
    stands_in_the_database(works, "customer", "budget", "result", "fee")

    for customer, budget, result in (("Смерека", "1500.50", "Won"), ("Явір", "7", "Lost")):
        page.goto("/tender/")
        press(page, "c")
        reach(page, "input[id$='customer-ts-control']")
        page.keyboard.type(customer)
        expect(page.get_by_role("option", name=customer)).to_be_visible()
        page.keyboard.press("Enter")
        typed(page, "[name=budget]", budget)
        typed(page, "select[name=result]", result)
        press(page, "Control+s")
        expect(page).to_have_url(re.compile(r"/tender/\d+/"))
    expect(page.locator("main")).to_contain_text("0.14")

    page.goto("/tender/")
    press(page, "f")
    builder = page.get_by_role("dialog", name="Filter")
    expect(builder).to_be_visible()
    typed(page, "dialog[open] select[aria-label=Field]", "Result")
    expect(builder.get_by_label("Result: Value")).to_be_visible()
    typed(page, "dialog[open] select[aria-label='Result: Value']", "Won")
    reach(page, "dialog[open] button[type=submit]")
    press(page, "Enter")
    expect(page.locator("[data-foot][data-count='1']")).to_be_attached()
    reach(page, "main a[href^='/board/tender']")
    press(page, "Enter")
    expect(page.locator(".b-col[data-label='Won'] .b-card[data-id]")).to_have_count(1)
    page.goto("/tender/")
    reach(page, "main a[href^='/report/records']")
    press(page, "Enter")
    typed(page, "select[name=by]", "Result")
    press(page, "Enter")
    rows = page.locator("table.b-report tbody tr")
    expect(rows).to_have_count(2)
    assert {text_of(row) for row in rows.all()} == {"Won 1 1,500.50", "Lost 1 7.00"}


def typed(page: Page, selector: str, text: str) -> None:
    """Tab until the control, then type; of a list the option that begins so is chosen."""
    reach(page, selector)
    page.keyboard.press("Control+a")
    page.keyboard.type(text)


def agreed(page: Page, words: str) -> None:
    """The plan of what was typed says `words`; it is published."""
    press(page, "Control+s")
    expect(page.locator(".b-plan")).to_contain_text(words)
    reach(page, "button[value=publish]")
    press(page, "Enter")
    toast(page, "Published")
