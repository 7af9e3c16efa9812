"""Beside the form of a new record: what may be the same one already."""

from collections.abc import Callable

import pytest

from tests.kit.conftest import Browser
from tests.kit_forms.house import House

Sign = Callable[[str], Browser]


def test_a_company_typed_in_latin_letters_is_found_and_named(house: House, browser: Sign) -> None:
    number = house.make("account", name="ТОВ «Криниця»", phone="+380441234567")
    olena = browser("Olena")
    assert 'hx-post="/account/alike"' in olena.page("/account/new/")
    page = olena.post("/account/alike", {"name": "Krynytsia", "phone": "044 123 45 67"}).get_data(as_text=True)
    assert f'href="/account/{number}/"' in page and "ТОВ «Криниця»" in page and "Name, Phone" in page


def test_nothing_alike_is_an_empty_answer(house: House, browser: Sign) -> None:
    house.make("account", name="Обрій")
    answer = browser("Olena").post("/account/alike", {"name": "Криниця"})
    assert (answer.status_code, answer.get_data(as_text=True).strip()) == (200, "")


@pytest.mark.parametrize("form", [{}, {"name": ""}, {"name": "x" * 5000}, {"phone": "не телефон"}, {"email": "@"}, {"row_version": "1"}, {"name": "!!!"}])
def test_what_does_not_read_finds_nothing(house: House, browser: Sign, form: dict[str, str]) -> None:
    answer = browser("Olena").post("/account/alike", form)
    assert (answer.status_code, answer.get_data(as_text=True).strip()) == (200, "")


def test_a_hidden_field_finds_nothing(house: House, browser: Sign) -> None:
    house.make("account", name="Обрій", phone="+380441234567")
    assert "Обрій" not in browser("Bohdan").post("/account/alike", {"phone": "+380441234567"}).get_data(as_text=True)


def test_who_may_not_create_is_told_nothing(house: House, browser: Sign) -> None:
    assert browser("Roman").post("/account/alike", {"name": "Криниця"}).status_code == 403
    assert browser("Olena").post("/deal/alike", {"name": "Криниця"}).status_code == 404
