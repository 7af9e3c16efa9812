"""How many queries a page sends: at most eight, however many rows it has and whatever happened to the record."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from tests.kit.conftest import Browser, House
from tests.statements import statements

MOST = 8


def sent_by(house: House, browser: Browser, path: str) -> list[str]:
    browser.page(path)  # what the first page of a process learns is learned
    with statements(house.engine) as sent:
        browser.page(path)
    return sent


@pytest.mark.parametrize("query", ["", "&sort=account,-amount", "&search=угода", '&where={"field":"account.city","op":"eq","value":"Київ"}'])
def test_a_list_sends_the_same_few_queries_whatever_its_size(house: House, browser: Callable[..., Browser], query: str) -> None:
    accounts = house.make_many("account", [{"name": f"Компанія {n}", "city": "Київ"} for n in range(40)])
    people = list(house.people.values())
    house.make_many("deal", [
        {"name": f"Угода {n}", "account": accounts[n % 40], "owner": people[n % len(people)], "amount": Decimal(n), "currency": "UAH"} for n in range(210)
    ])
    for name in ("Olena", "Oksana"):
        reader = browser(name)
        counts = []
        for size in (25, 50, 200):
            page = f"/deal/?size={size}{query}"
            if name == "Oksana" and "where" in query:
                page = f"/deal/?size={size}&where=" + '{"field":"amount","op":"ge","value":0}'
            assert reader.page(page).count("<tr data-id=") == size
            counts.append(len(sent_by(house, reader, page)))
        assert len(set(counts)) == 1, counts
        assert counts[0] <= MOST, (query, counts)


def test_the_page_of_a_record_sends_at_most_eight(house: House, browser: Callable[..., Browser]) -> None:
    olena, oksana = house.people["Olena"], house.people["Oksana"]
    first, second = house.make_many("account", [{"name": "Обрій"}, {"name": "Лан"}])
    person = house.make("contact", name="Марта Ткач")
    product = house.make("product", name="Насос", price=Decimal(100), currency="UAH")
    deal = house.make("deal", name="Насоси", account=first, owner=olena, amount=Decimal(5), currency="UAH", cost=Decimal(1))
    for n in range(3):
        house.make("deal_line", deal=deal, product=product, quantity=Decimal(n + 1), price=Decimal(100))
    house.change("deal", deal, account=second, contact=person, owner=oksana)
    house.change("deal", deal, account=first, owner=olena, cost=Decimal(2))
    house.change("account", first, owner=oksana, parent=second)
    house.change("contact", person, owner=olena)
    for name, pages in (
        ("Olena", (f"/deal/{deal}/", f"/account/{first}/", f"/contact/{person}/", f"/product/{product}/", f"/user/{oksana}/")),
        ("Oksana", (f"/deal/{deal}/", f"/user/{olena}/")),
    ):
        reader = browser(name)
        for page in pages:
            sent = sent_by(house, reader, page)
            assert len(sent) <= MOST, (name, page, *sent)
            assert ("Лан" in reader.page(page)) == (name == "Olena" and not page.startswith(("/contact", "/product", "/user")))
