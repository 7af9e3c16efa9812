"""The figures of a file beside those of the records it became; every expected figure is worked out by hand."""

import html
import re
from collections.abc import Callable
from decimal import Decimal

from sqlalchemy import select

from tests.importing_screen.conftest import Desk
from tests.kit_forms.house import Browser, House

DEALS = """name,stage,amount,currency,owner
Вітрина,won,1000.50,UAH,Olena
Склад,won,2000,UAH,Sofiia
Полиця,lost,300,EUR,Olena
Зайвий,won,багато,UAH,Olena
"""


def lines(page: str) -> list[tuple[str, ...]]:
    """Every line of the tables: what it is of, there, here, difference."""
    found = []
    for head, cells in re.findall(r'<tr><th scope="row"[^>]*>([^<]*)</th>((?:<td[^>]*>[^<]*</td>){3})</tr>', page):
        texts = re.findall(r"<td[^>]*>([^<]*)</td>", cells)
        found.append(tuple(re.sub(r"\s+", " ", html.unescape(text).replace("\u00a0", " ")).strip() for text in (head, *texts)))
    return found


def imported(house: House, desk: Callable[..., Desk], work: Callable[[], int]) -> Desk:
    at = desk("Olena", "deal").bring(DEALS)
    at.send(match=[])
    at.run(partial=True)
    work()
    at.look()
    assert at.url.startswith("/imports/")
    return at


def figures(at: Desk) -> str:
    assert at.browser.post(f"{at.url}figures", {}).status_code == 303
    return at.browser.get(f"{at.url}figures").get_data(as_text=True)


def test_figures_agree_after_an_import(house: House, desk: Callable[..., Desk], work: Callable[[], int]) -> None:
    at = imported(house, desk, work)
    assert f'href="{at.url}figures"' in at.page
    assert "Not compared yet" in at.browser.get(f"{at.url}figures").get_data(as_text=True)
    page = figures(at)
    assert "Everything agrees." in page
    told = lines(page)
    assert told[0] == ("Records", "3", "3", "")
    sums = {line[0]: line[1:] for line in told if line[0].startswith("Amount")}
    assert {name[-3:]: [re.sub(r"[^\d.]", "", text) for text in values[:2]] for name, values in sums.items()} == {
        "UAH": ["3000.50", "3000.50"], "EUR": ["300", "300"]}
    assert ("Won", "2", "2", "") in told
    assert ("Lost", "1", "1", "") in told
    assert ("Olena", "2", "2", "") in told
    assert ("Sofiia", "1", "1", "") in told


def test_what_differs_is_named_and_leads_to_the_record(house: House, desk: Callable[..., Desk], work: Callable[[], int]) -> None:
    at = imported(house, desk, work)
    with house.system(write=False) as session:
        deal = session.table("deal")
        numbers = {name: number for number, name in session.execute(select(deal.id, deal["name"]).where(deal.visible))}
    house.change("deal", numbers["Вітрина"], amount=Decimal("900.50"), stage=house.stage("lost"), loss_reason=house.option("loss_reason", "price"))
    house.remove("deal", numbers["Полиця"])
    page = figures(at)
    assert "Not everything agrees." in page
    told = lines(page)
    assert told[0] == ("Records", "3", "2", "−1")
    hryvnias = next(line for line in told if line[0].endswith("UAH"))
    assert [re.sub(r"[^\d.−+]", "", text) for text in hryvnias[1:]] == ["3000.50", "2900.50", "−100"]
    assert ("Won", "2", "1", "−1") in told
    assert ("Lost", "0", "1", "+1") in told
    assert "Rows of the file: 4" in page
    row = re.search(rf'<a href="/deal/{numbers["Вітрина"]}/">.*?</a>', page, re.S)
    assert row
    assert "Amount" in row[0]
    assert "row 2" in row[0]


def test_figures_are_of_who_imported(house: House, desk: Callable[..., Desk], work: Callable[[], int], browser: Callable[..., Browser]) -> None:
    at = imported(house, desk, work)
    for name in ("Sofiia", "Andrii"):
        other = browser(name)
        assert other.get(f"{at.url}figures").status_code == 404
        assert other.post(f"{at.url}figures", {}).status_code == 404
        assert other.get(f"{at.url}figures/state").status_code == 404
    assert at.browser.get(f"/imports/{'0' * 32}/figures").status_code == 404
    at.browser.post(f"{at.url}undo", {})
    assert at.browser.get(f"{at.url}figures").status_code == 404
