"""The battle card on a deal: what we answer against each rival met in it, as far as its reader may see it."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from tests.kit.conftest import Browser, House

SignIn = Callable[..., Browser]


@pytest.fixture
def rivalled(house: House) -> tuple[House, int]:
    deal, other = house.make_many("deal", [{"name": name, "stage": house.stage("lead"), "amount": Decimal(100)} for name in ("Дах", "Кран")])
    arctic = house.make("competitor", name="Полярна Лінія", answers="Наші монтажники <b>в штаті</b>", weaknesses="Гарантія рік",
                        price_position=house.option("price_position", "lower"))
    glass = house.make("competitor", name="Вітрина-Люкс", answers="Запчастини на складі")
    for number, rival in ((deal, arctic), (other, glass)):
        house.make("deal_competitor", deal=number, competitor=rival, status=house.option("rival_status", "active"), threat=house.option("rival_threat", "high"),
                   offered_price=Decimal(90))
    return house, deal


def test_the_answers_to_each_rival_of_the_deal_stand_on_its_card(rivalled: tuple[House, int], browser: SignIn) -> None:
    _, deal = rivalled
    page = browser("Olena").page(f"/deal/{deal}/state")
    assert "Полярна Лінія" in page and "Наші монтажники &lt;b&gt;в штаті&lt;/b&gt;" in page and "Гарантія рік" in page and "We answer" in page
    assert "Вітрина-Люкс" not in page, "which is met elsewhere"
    assert "Що відповідаємо" not in page and "Відповідаємо" in browser("Olena", "uk").page(f"/deal/{deal}/state")


def test_of_a_rival_one_reads_what_one_may_see(rivalled: tuple[House, int], browser: SignIn) -> None:
    house, deal = rivalled
    own = {"entity": "deal", "actions": ["read"], "scope": "all", "fields": {"*": "read"}}
    rows = {"entity": "deal_competitor", "actions": ["read"], "scope": "all", "fields": {"*": "read"}}
    firm = {"entity": "competitor", "actions": ["read"], "scope": "all", "fields": {"*": "read", "answers": "hidden"}}
    for rules, told in (([own, rows, firm], "Полярна Лінія"), ([own, rows], ""), ([own, firm], "")):
        house.configure({"roles": {"own": {"label": {"uk": "Власні", "en": "Own"}, "rules": rules}}})
        page = browser("Oksana").page(f"/deal/{deal}/state")
        assert ("Полярна Лінія" in page) == bool(told) and "монтажники" not in page
    house.configure({"roles": {"own": {"label": {"uk": "Власні", "en": "Own"}, "rules": [own, rows, {**firm, "scope": "own"}]}}})
    assert "Against rivals" not in browser("Oksana").page(f"/deal/{deal}/state")
