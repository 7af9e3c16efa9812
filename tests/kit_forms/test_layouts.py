"""Layouts on the screens: lists, forms, quick create, cards, tabs and the menu, by role and never beyond rights."""

import re
from typing import Any

from crm.backoffice.lowcode.apply import apply
from crm.backoffice.lowcode.document import read
from tests.kit_forms.house import Browser, House, controls
from tests.statements import statements

ACCOUNT = """
fields:
  account: {nickname: {type: text, class: internal, label: {uk: Прізвисько, en: Nickname}}}
layouts:
  account:
    columns: [city, nickname, name, revenue]
    sort: -name
    sections:
      - {label: {uk: Головне, en: Main things}, fields: [revenue, name, {city: wide}, created_at]}
      - {label: {uk: Опис, en: Words}, fields: [{description: half}]}
    related: [deals]
    quick: [phone, name]
    menu: {area: sales, order: 1, icon: trophy}
    roles:
      seller: {rest: hidden, menu: {hidden: true}}
"""


def put(house: House, text: str) -> None:
    with house.system() as session:
        apply(session, read(text, session.catalog))
        session.commit()


def page(someone: Browser, path: str) -> str:
    answer = someone.get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    return answer.get_data(as_text=True)


def heads(someone: Browser, path: str) -> list[str]:
    return re.findall(r'<th[^>]*data-field="(\w+)"', page(someone, path))


def legends(text: str) -> dict[str, list[str]]:
    """The sections of a form by their words, each with its fields."""
    parts = re.findall(r"<legend>([^<]*)</legend>(.*?)</fieldset>", text, re.S)
    return {label: re.findall(r'data-field="(\w+)"', inside) for label, inside in parts}


def cards(text: str) -> dict[str, str]:
    """The sections of a card by their words, each with its HTML."""
    parts = re.findall(r'<section class="b-sec"[^>]*>(.*?)</section>', text, re.S)
    found = [(re.search(r"<h2[^>]*>([^<]*)</h2>", part), part) for part in parts]
    return {head[1]: part for head, part in found if head}


def test_a_list_opens_with_the_columns_and_order_of_the_layout(house: House, browser: Any) -> None:
    house.make_many("account", [{"name": name} for name in ("Аґрус", "Вишня", "Береза")])
    put(house, ACCOUNT)
    owner, blind = browser("Olena"), browser("Bohdan")
    assert heads(owner, "/account/") == ["city", "nickname", "name", "revenue"]
    assert heads(blind, "/account/") == ["city", "nickname", "name"], "what rights hide no layout shows"
    assert re.findall(r"Аґрус|Вишня|Береза", page(owner, "/account/").split("<tbody", 1)[1])[0] == "Вишня"
    offered = owner.get("/account/columns").get_json()
    assert offered["standard"] == ["city", "nickname", "name", "revenue"] and "kind" in {one["key"] for one in offered["columns"]}
    assert blind.get("/account/columns").get_json()["standard"] == ["city", "nickname", "name"]


def test_a_made_field_without_a_layout_stands_in_the_last_section_and_is_offered_as_a_column(house: House, browser: Any) -> None:
    put(house, "fields: {account: {nickname: {type: text, class: internal, label: {uk: Прізвисько, en: Nickname}}}}")
    number = house.make("account", name="Лан", nickname="Ланок")
    owner = browser("Olena", "uk")
    assert legends(page(owner, f"/account/{number}/edit/"))["Інше"] == ["nickname"]
    assert "Ланок" in cards(page(owner, f"/account/{number}/"))["Інше"] and "nickname" not in heads(owner, "/account/")
    assert "nickname" in {one["key"] for one in owner.get("/account/columns").get_json()["columns"]}
    assert owner.submit(f"/account/{number}/edit/", {"nickname": "Поле"}).status_code == 303
    assert house.stored("account", number)["nickname"] == "Поле"


def test_forms_and_cards_stand_in_the_sections_of_the_layout(house: House, browser: Any) -> None:
    put(house, ACCOUNT)
    number = house.make("account", name="Лан", city="Київ", nickname="Ланок", description="Слово", phone="+380441234567")
    owner, blind = browser("Olena"), browser("Bohdan")
    form = page(owner, f"/account/{number}/edit/")
    assert list(legends(form).items())[:2] == [("Main things", ["revenue", "name", "city"]), ("Words", ["description"])]
    assert {"nickname", "phone", "currency"} <= set(legends(form)["Other"])
    assert re.search(r'class="b-field is-wide" data-field="city"', form) and re.search(r'class="b-field" data-field="description"', form)
    assert legends(page(blind, f"/account/{number}/edit/"))["Main things"] == ["name", "city"]
    card = cards(page(owner, f"/account/{number}/"))
    assert "Київ" in card["Main things"] and "Created" in card["Main things"] and "Created by" in card["Record"] and ">Created<" not in card["Record"]
    assert "Ланок" in card["Other"] and "Yearly revenue" not in cards(page(blind, f"/account/{number}/"))["Main things"]
    assert "Головне" in cards(page(browser("Olena", "uk"), f"/account/{number}/"))
    assert "Київ" in page(owner, f"/account/{number}/?drawer=1") and "Main things" in page(owner, f"/account/{number}/?drawer=1")


def test_what_a_role_does_not_see_in_its_layout_is_kept_and_may_still_be_given(house: House, browser: Any) -> None:
    put(house, ACCOUNT)
    seller = browser("Sofiia")
    form = controls(page(seller, "/account/new/"))
    assert {"name", "city", "description"} <= set(form) and "phone" not in form and "Other" not in legends(page(seller, "/account/new/"))
    answer = seller.submit("/account/new/", {"name": "Лан", "city": "Київ"})
    number = int(answer.headers["Location"].rstrip("/").split("/")[-1])
    stored = house.stored("account", number)
    assert stored["owner"].id == house.people["Sofiia"] and stored["currency"] == "UAH", "what a form begins with holds where it is not shown"
    house.change("account", number, phone="+380441234567")
    assert seller.submit(f"/account/{number}/edit/", {"city": "Львів"}).status_code == 303
    assert (house.stored("account", number)["city"], house.stored("account", number)["phone"]) == ("Львів", "+380441234567")
    assert "Other" not in cards(page(seller, f"/account/{number}/"))
    assert controls(page(seller, "/account/new/?phone=0441234567"))["phone"], "what the address fills is shown"
    assert page(seller, f"/account/{number}/cell/phone"), "and a cell is edited wherever it stands"


def test_a_sheet_asks_for_the_fields_of_quick_create_and_for_what_is_needed(house: House, browser: Any) -> None:
    put(house, ACCOUNT)
    owner = browser("Olena")
    sheet = controls(page(owner, "/account/new/?drawer=1"))
    assert [key for key in sheet if key in house.catalog.entity("account").fields] == ["phone", "name"]
    answer = owner.submit("/account/new/?drawer=1", {"name": "Лан", "phone": "044 123 45 67"})
    stored = house.stored("account", answer.get_json()["id"])
    assert (stored["name"], stored["phone"], stored["owner"].id, stored["currency"]) == ("Лан", "+380441234567", house.people["Olena"], "UAH")
    put(house, "layouts: {account: {quick: [phone]}, deal: {quick: [amount]}}")
    assert {"phone", "name"} <= set(controls(page(owner, "/account/new/?drawer=1"))), "without a name there is no company"
    assert owner.submit("/account/new/?drawer=1", {"phone": "044 123 45 67"}).status_code == 422
    assert {"amount", "account"} <= set(controls(page(owner, "/deal/new/?drawer=1&account=" + str(answer.get_json()["id"]))))
    assert "city" in controls(page(owner, "/account/new/")), "the whole form asks for everything"


def test_tabs_and_the_menu_follow_the_layout(house: House, browser: Any) -> None:
    number = house.make("account", name="Лан", owner=house.people["Sofiia"])
    owner, seller = browser("Olena"), browser("Sofiia")
    assert 'data-nav="account" data-icon="building"' in page(owner, "/deal/")
    before = re.findall(r"tab=(\w+)", page(owner, f"/account/{number}/"))
    put(house, ACCOUNT)
    after = re.findall(r"tab=(\w+)", page(owner, f"/account/{number}/"))
    assert after[0] == "deals" and before[0] != "deals" and set(after) == set(before)
    rail = page(owner, "/deal/")
    assert re.findall(r'data-nav="(account|contact|deal)" data-icon="(\w+)"', rail) == [("contact", "users"), ("account", "trophy"), ("deal", "coins")]
    assert 'data-nav="account"' not in page(seller, "/deal/") and seller.get("/account/").status_code == 200, "the menu is no right"


def test_a_layout_asks_the_database_nothing(house: House, browser: Any) -> None:
    number = house.make("account", name="Лан", owner=house.people["Sofiia"])
    seller = browser("Sofiia")

    def sent(path: str) -> int:
        page(seller, path)
        with statements(house.engine) as told:
            page(seller, path)
        return len(told)

    paths = ("/account/?columns=name", f"/account/{number}/", f"/account/{number}/edit/", "/account/new/")
    before = [sent(path) for path in paths]
    put(house, ACCOUNT.partition("layouts:")[1] + ACCOUNT.partition("layouts:")[2].replace("nickname, ", ""))
    assert all(now <= then for now, then in zip([sent(path) for path in paths], before, strict=True))
