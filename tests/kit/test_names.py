"""Records that have a name in English are called by it on an English screen, and by their own name on a Ukrainian one."""

import re
from collections.abc import Callable

import pytest

from crm.backoffice.lowcode.apply import apply
from crm.backoffice.lowcode.document import read
from crm.organization.founding import give_role
from tests.kit.conftest import Browser, House, where
from tests.kit.test_list import at, titles

SignIn = Callable[..., Browser]

CURIOUS = """
roles:
  curious:
    label: {uk: Допитливий, en: Curious}
    rules:
      - {entity: user, actions: [read], scope: all, fields: {"*": read}}
      - {entity: role, actions: [read], scope: all, fields: {"*": read, name_en: hidden}}
      - {entity: membership, actions: [read], scope: all, fields: {"*": read}}
"""


def number(house: House, entity: str, code: str) -> int:
    table = house.catalog.entity(entity).table
    with house.engine.connect() as connection:
        return int(connection.execute(table.select().where(table.c.code == code)).mappings().one()["id"])


@pytest.mark.parametrize(("language", "shown"), [("en", "Administrator"), ("uk", "Адміністратор")])
def test_a_role_is_called_in_the_readers_language_wherever_it_stands(house: House, browser: SignIn, language: str, shown: str) -> None:
    other = {"Administrator": "Адміністратор", "Адміністратор": "Administrator"}[shown]
    someone, role, person = browser("Olena", language), number(house, "role", "administrator"), house.people["Andrii"]
    assert shown in titles(someone.page("/role/?columns=name,code"))
    card = someone.page(f"/role/{role}/")
    assert re.search(rf"<h1[^>]*>\s*{shown}", card)
    for address in (f"/user/{person}/?related=memberships", "/membership/", f"/role/{role}/journal", at("/membership/", where=where("role", "eq", role))):
        page = someone.page(address)
        assert shown in page, address
        assert other not in page, address
    found = [(one["text"], one["code"]) for one in someone.get(f"/role/lookup?q={shown[:6]}").get_json()]
    assert found == [(shown, "administrator")]
    assert [one["text"] for one in someone.get(f"/search?q={shown[:6]}").get_json() if one["entity"] == "role"] == [shown]


def test_stages_pipelines_and_products_have_english_names_too_and_what_has_none_keeps_its_own(house: House, browser: SignIn) -> None:
    house.make("product", name="Камера", name_en="Camera", code="P-CAM")
    house.make("product", name="Кабель", code="P-CAB")
    deal = house.make("deal", name="Склад", pipeline=next(iter(house.catalog.configured["pipeline"])), stage=house.stage("won"))
    for code in ("P-CAM", "P-CAB"):
        house.make("deal_line", deal=deal, product=number(house, "product", code))
    english, ukrainian = browser("Olena"), browser("Olena", "uk")
    assert sorted(titles(english.page("/product/"))) == ["Camera", "Кабель"]
    assert sorted(titles(ukrainian.page("/product/"))) == ["Кабель", "Камера"]
    lines = english.page(f"/deal/{deal}/?related=lines")
    assert "Camera" in lines
    assert "Кабель" in lines
    assert "Камера" not in lines
    stage = house.stage("won")
    row = house.stored("stage", stage)
    assert re.search(rf"<h1[^>]*>\s*{row['name_en']}", english.page(f"/stage/{stage}/"))
    assert re.search(rf"<h1[^>]*>\s*{row['name']}", ukrainian.page(f"/stage/{stage}/"))


def test_an_english_name_that_is_hidden_names_nothing(house: House, browser: SignIn) -> None:
    with house.system() as session:
        apply(session, read(CURIOUS.encode(), session.catalog))
        session.commit()
    with house.system() as session:
        give_role(session, house.people["Roman"], "curious")
        session.commit()
    page = browser("Roman").page("/membership/")
    assert "Адміністратор" in page
    assert "Administrator" not in page
    assert browser("Roman").get("/role/lookup?q=Without").get_json() == []
    assert [one["code"] for one in browser("Olena").get("/role/lookup?q=Without").get_json()] == ["blind"]


def test_a_pasted_english_name_is_the_record_that_is_shown_so(house: House, browser: SignIn) -> None:
    first = house.make("product", name="Камера", name_en="Camera", code="P-CAM")
    house.make("product", name="Принтер", name_en="Printer", code="P-PRN")
    second = house.make("product", name="Ноутбук", code="P-NB")
    found = house.stored("product", second)
    body = {"columns": ["goes_with"], "rows": [{"id": second, "row_version": found["row_version"], "values": ["Camera; Принтер"]}]}
    answer = browser("Olena").send("/product/paste", body)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    assert first in [ref.id for ref in house.stored("product", second)["goes_with"]]
    # The cell of the name gives back what is stored, so that a copy of it pastes as it was.
    assert 'data-text="Камера">Camera</a>' in browser("Olena").page("/product/?columns=name,code")


def test_a_card_is_listed_by_its_own_name_for_a_reader_of_both(house: House, browser: SignIn) -> None:
    category = house.make("product_category", name="Кіно", code="PC-KINO")
    house.make("product", name="Камера", name_en="Camera", code="P-CAM", category=category)
    assert "Camera" in browser("Olena").page(f"/product_category/{category}/?related=products")
    assert "Камера" in browser("Olena", "uk").page(f"/product_category/{category}/?related=products")
